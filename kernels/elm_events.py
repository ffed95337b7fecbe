"""Inputs that are mostly zero, listed: what `elm` and others add row by row instead of multiplying by zeros."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from .compiled_hints import line, lowest_bit, options
from .lanes import on_lanes
from .tiles import signs

__all__ = ["Events", "find_events"]


class Events(NamedTuple):
    """Inputs that are not zero: those of row t*B + b are ``start[row] ... stop[row] - 1``.

    Attributes
    ----------
    start, stop : ndarray
        [T*B] of int64.
    index : ndarray
        [E] of int32, input numbers, ascending within a row.
    value : ndarray
        [E] in the number type of the weights. There may be places that belong to no row.
    """

    start: np.ndarray
    stop: np.ndarray
    index: np.ndarray
    value: np.ndarray


@njit(**options)
def _collect(first, last, x, start, stop, index, value, place, end):
    """List what is not zero in rows first ... last - 1 from ``place`` on; False if that does not fit before ``end``."""
    B, N = x.shape[1], x.shape[2]
    for n in range(first, last):
        start[n] = place
        values = line(x, n // B, n % B)
        for begin in range(0, N, 64):
            bits = signs(values, begin, min(begin + 64, N))
            while bits != 0:
                if place == end:
                    return False
                at = begin + lowest_bit(bits)
                index[place], value[place] = at, values[at]
                place += 1
                bits &= bits - 1
        stop[n] = place
    return True


def find_events(x: np.ndarray, threads: int = 1, one_in: int = 1) -> Events | None:
    """List what is not zero in x [T, B, N] (last axis without gaps); None if that is more than about one in ``one_in``.

    Each thread has a share of the places: a batch whose activity comes in bursts may be found too dense sooner with
    more threads.
    """
    T, B, N = x.shape
    most = x.size // one_in
    found = Events(*(np.empty(T * B, np.int64) for _ in range(2)), np.zeros(most, np.int32), np.zeros(most, x.dtype))
    few = []

    def work(a: int, b: int) -> None:
        few.append(_collect(a, b, x, *found, a * N // one_in, b * N // one_in))

    on_lanes(work, T * B, threads)
    return found if all(few) else None
