"""Sums of outer products over many rows, ``a' b``: gradients of weights. Of ``a`` what is zero costs nothing if listed.

Each number is one chain of multiply-adds in the order of the rows, whether ``a`` is listed or not and however the work
is shared out, so results do not depend on it.

>>> import numpy as np
>>> a, b = np.array([[0.0, 2.0], [1.0, 0.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
>>> outer_sum(a[:, None], b[:, None]).tolist()
[[3.0, 4.0], [2.0, 4.0]]
"""

from __future__ import annotations

import numpy as np
from numba import njit

from .compiled_hints import options, part
from .elm_events import Events, find_events
from .lanes import on_lanes
from .tiles import add_product

__all__ = ["add_outer", "outer_sum"]

DENSE = 5  # if more than one in so many numbers is not zero, the product over all of them is faster
_DEPTH = 64  # rows that are worked with at once


@njit(**options)
def _all(first, last, a, b, total):
    """``total[first:last] += a[:, first:last]' b``."""
    add_product(total[first:last], a[:, first:last].T, b, _DEPTH)


@njit(**options, fastmath={"contract"})
def _listed(first, last, row0, events, b, total):
    """``total[index, first:last] += value * b[row, first:last]`` over the events of rows row0, row0 + 1, ..."""
    start, stop, index, value = events
    n = last - first
    for r in range(b.shape[0]):
        given = part(b, r, first, n)
        for e in range(start[row0 + r], stop[row0 + r]):
            to, v = part(total, index[e], first, n), value[e]
            for j in range(n):
                to[j] += v * given[j]


def add_outer(a: np.ndarray | Events, b: np.ndarray, total: np.ndarray, threads: int = 1, row0: int = 0) -> None:
    """Add ``a' b`` to ``total`` [N, M].

    Parameters
    ----------
    a : ndarray or Events
        [R, N], or what is not zero of more rows, of which row0, row0 + 1, ... are meant.
    b : ndarray
        [R, M] without gaps in a row.
    """
    if isinstance(a, Events):
        on_lanes(lambda i, j: _listed(i, j, row0, tuple(a), b, total), b.shape[1], threads, grain=16)
    else:
        on_lanes(lambda i, j: _all(i, j, a, b, total), len(total), threads, grain=4)


def outer_sum(a: np.ndarray, b: np.ndarray, threads: int = 1) -> np.ndarray:
    """Give ``sum_tb a[t, b]' b[t, b]`` [N, M] of a [T, B, N] and b [T, B, M], both without gaps."""
    T, B, N = a.shape
    total = np.zeros((N, b.shape[2]), b.dtype)
    events = find_events(a, threads, DENSE)
    add_outer(a.reshape(T * B, N) if events is None else events, b.reshape(T * B, b.shape[2]), total, threads)
    return total
