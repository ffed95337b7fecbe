"""Functions of the equation language for one number inside a compiled loop; they keep single precision single."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types
from numba.extending import overload

from .compiled_hints import options, same_bits, where

__all__ = ["clip", "exp", "exprel", "mod"]

# exp(x) = 2**k * exp(r) with x = k ln 2 + r and |r| <= (ln 2)/2; exp(r) is its Taylor series up to an error below the
# number type's. Adding 1.5 * 2**52 (2**23) rounds to a whole number and leaves it in the lowest bits, from where a
# shift makes it an exponent; in two halves, so that results may be subnormal or infinite. ln 2 comes in two parts, the
# first of which has so few digits that k times it is exact (W. J. Cody and W. Waite 1980).
_SERIES = tuple(1.0 / math.factorial(n) for n in range(14))
_64 = np.float64, np.int64, 6755399441055744.0, 52, 1023, 6.93147180369123816490e-01, 1.90821492927058770002e-10, 1400.0
_32 = np.float32, np.int32, 12582912.0, 23, 127, 0.693359375, -2.12194440e-4, 150.0


def _make_exp(real, whole, magic, shift, bias, high, low, most, degree):
    magic, high, low, most = real(magic), real(high), real(low), real(most)
    log2e, half, shift, bias = real(1.4426950408889634), real(0.5), whole(shift), whole(bias)
    series = tuple(real(c) for c in _SERIES[: degree + 1])

    @njit(forceinline=True, **options)
    def power(k):
        bits = same_bits(real(k + magic), whole)
        return same_bits(whole(whole(bits + bias) << shift), real)

    @njit(forceinline=True, **options)
    def exponential(x):
        x = real(x)
        bounded = where(x > most, most, where(x < -most, -most, x))
        k = real(real(bounded * log2e + magic) - magic)
        r = real(real(bounded - k * high) - k * low)
        y = series[degree]
        for n in range(degree - 1, -1, -1):
            y = real(y * r + series[n])
        first = real(real(k * half + magic) - magic)
        return real(real(y * power(first)) * power(real(k - first)))

    return exponential


_exp64, _exp32 = _make_exp(*_64, 13), _make_exp(*_32, 7)


def exp(x):
    """The exponential function without a branch or a call, so that loops over neurons are vectorised.

    Within 2 units in the last place of NumPy's; NaN stays NaN.
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
