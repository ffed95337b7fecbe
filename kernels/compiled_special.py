"""Functions of the equation language for one number inside a compiled loop; they keep single precision single."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types
from numba.extending import overload

from .compiled_hints import fused, options, same_bits, where

__all__ = ["clip", "exp", "exprel", "mod"]

# exp(x) = 2**k * exp(r) with x = k ln 2 + r and |r| <= (ln 2)/2. Adding 1.5 * 2**52 (2**23) rounds to a whole number
# and leaves it in the lowest bits; 2**k is multiplied in two halves, so that results may be subnormal or infinite. ln 2
# comes in two parts, the first of which has so few digits that k times it is exact (W. J. Cody and W. Waite 1980).
# exp(r) is 1 + r + r**2 * q(r), with q the polynomial through the Chebyshev nodes of the interval: an error of 1.7e-17
# (1.0e-8).
_Q64 = (
    0.50000000000000010262, 0.16666666666666667456, 0.041666666666623991516, 0.0083333333333300513464,
    0.0013888888917281793308, 0.00019841269863105968748, 0.000024801521190217727651, 2.7557268378684192873e-6,
    2.7620138719733995569e-7, 2.5100424157005066788e-8,
)  # fmt: skip
_Q32 = 0.5, 0.16666576845993976311, 0.041666554437685938899, 0.0083632029715758549465, 0.0013926213466332443037
_64 = np.float64, np.int64, 6755399441055744.0, 52, 1023, 6.93147180369123816490e-01, 1.90821492927058770002e-10, 1400.0
_32 = np.float32, np.int32, 12582912.0, 23, 127, 0.693359375, -2.12194440e-4, 150.0


def _make_exp(real, whole, magic, shift, bias, high, low, most, q):
    zero, magic, high, low, most = (
        whole(np.array(magic, real).view(whole)),
        *(real(c) for c in (magic, high, low, most)),
    )
    log2e, shift, bias = real(1.4426950408889634), whole(shift), whole(bias)
    series = tuple(real(c) for c in (1, 1, *q))

    @njit(forceinline=True, **options)
    def power(k):
        return same_bits(whole(whole(k + bias) << shift), real)

    @njit(forceinline=True, **options)
    def exponential(x):
        x = real(x)
        bounded = where(x > most, most, where(x < -most, -most, x))
        rounded = fused(bounded, log2e, magic)
        k = real(rounded - magic)
        r = fused(-k, low, fused(-k, high, bounded))
        y = series[-1]
        for n in range(len(series) - 2, -1, -1):
            y = fused(y, r, series[n])
        whole_k = whole(same_bits(rounded, whole) - zero)
        first = whole(whole_k >> whole(1))
        return real(real(y * power(first)) * power(whole(whole_k - first)))

    return exponential


_exp64, _exp32 = _make_exp(*_64, _Q64), _make_exp(*_32, _Q32)


def exp(x):
    """The exponential function without a branch or a call, so that loops over neurons are vectorised.

    Within one unit in the last place; NaN stays NaN.
    """
    return math.exp(x)


@overload(exp, jit_options={"forceinline": True, **options})
def _exp(x):
    return (lambda x: _exp32(x)) if x == types.float32 else (lambda x: _exp64(x))


@njit(forceinline=True, **options)
def clip(x, low, high):
    """NumPy's order: first the lower bound, then the upper one; NaN stays NaN."""
    y = low if x < low else x
    return high if y > high else y


@njit(forceinline=True, **options)
def mod(x, y):
    """The remainder with the sign of y, as in Python and NumPy."""
    return x % y


@njit(forceinline=True, **options)
def exprel(x):
    """(exp(x) - 1)/x, with its limit 1 at 0."""
    return math.expm1(x) / x if abs(x) >= 1e-16 else math.exp(x)  # which is 1, in the type of x
