"""Functions of the equation language for one number inside a compiled loop; they keep single precision single."""

from __future__ import annotations

import math

from numba import njit

from .compiled import options

__all__ = ["clip", "exprel", "mod"]


@njit(inline="always", **options)
def clip(x, low, high):
    """NumPy's order: first the lower bound, then the upper one; NaN stays NaN."""
    y = low if x < low else x
    return high if y > high else y


@njit(inline="always", **options)
def mod(x, y):
    """The remainder with the sign of y, as in Python and NumPy."""
    return x % y


@njit(inline="always", **options)
def exprel(x):
    """(exp(x) - 1)/x, with its limit 1 at 0."""
    return math.expm1(x) / x if abs(x) >= 1e-16 else math.exp(x)  # which is 1, in the type of x
