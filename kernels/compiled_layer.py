"""Compiled pieces that the passes of a layer call."""

from __future__ import annotations

import math

from numba import njit

from .compiled_hints import inner, lowest_bit, options, part
from .compiled_views import table
from .tiles import add_product, signs

__all__ = ["add", "clear", "copy", "exprel_slope", "gather", "spread"]

_DEPTH = 128  # rows of the weights that are worked with at once
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


@njit(**inner)
def add(row, other):
    """Add a row to another."""
    for j in range(row.shape[0]):
        row[j] += other[j]


@njit(**inner)
def _add_times(row, other, factor):
    for j in range(row.shape[0]):
        row[j] += other[j] * factor


@njit(**inner)
def _add_both(row, one, its, other, factor):
    for j in range(row.shape[0]):
        row[j] = row[j] + one[j] * its + other[j] * factor


@njit(**inner)
def gather(spikes, weights, given, out, n):
    """``out = given + spikes @ weights`` for samples of n cells, by the rows of those that spiked."""
    for first in range(0, out.shape[0], n):
        row = part(out, 0, first, n)
        copy(part(given, 0, first, n), row)
        for begin in range(0, n, 64):
            bits = signs(spikes, first + begin, first + min(begin + 64, n))
            while bits != 0:
                j = begin + lowest_bit(bits)
                bits &= bits - 1
                one, its = part(weights, j, 0, n), spikes[first + j]
                if bits == 0:
                    _add_times(row, one, its)
                else:
                    j = begin + lowest_bit(bits)
                    bits &= bits - 1
                    _add_both(row, one, its, part(weights, j, 0, n), spikes[first + j])


@njit(**inner)
def spread(gradient, weights, out, n):
    """``out = gradient @ weights`` for samples of n cells."""
    clear(out)
    samples = out.shape[0] // n
    add_product(table(out, samples, n), table(gradient, samples, n), weights, _DEPTH)


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
