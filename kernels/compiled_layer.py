"""Compiled pieces that the passes of a layer call."""

from __future__ import annotations

import math

from numba import njit

from .compiled_hints import inner, options

__all__ = ["clear", "copy", "exprel_slope"]

_NEAR = 0.3  # below it the sum, of which 12 terms give full precision


@njit(forceinline=True, **inner)
def copy(source, target):
    """Copy one row onto another."""
    for j in range(target.shape[0]):
        target[j] = source[j]


@njit(forceinline=True, **inner)
def clear(row):
    """Set a row to 0."""
    for j in range(row.shape[0]):
        row[j] = 0


@njit(**options)
def exprel_slope(x):
    """The derivative of (exp(x) - 1)/x: sum of x**n/(n! (n + 2)), with 1/2 at 0."""
    one = type(x)(1)
    if abs(x) >= type(x)(_NEAR):
        return (x * math.exp(x) - math.expm1(x)) / (x * x)
    total, term = one / type(x)(2), one
    for n in range(1, 13):
        term *= x / type(x)(n)
        total += term / type(x)(n + 2)
    return total
