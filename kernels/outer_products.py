"""Sums of outer products over many rows, ``a' b``: gradients of weights. Of ``a`` what is zero costs nothing if listed.

Each number is one chain of multiply-adds in the order of the rows, whether ``a`` is listed or not and however the work
is shared out, so results do not depend on it.

>>> import numpy as np
>>> a, b = np.array([[0.0, 2.0], [1.0, 0.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
>>> outer_sum(a[:, None], b[:, None]).tolist()
[[3.0, 4.0], [2.0, 4.0]]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from .compiled_hints import options, part
from .elm_events import Events, find_events
from .lanes import on_lanes, shares
from .tiles import add_product

__all__ = ["Outer", "add_outer", "outer_sum"]

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


class Outer(NamedTuple):
    """``a' b``, to be added to ``total`` [N, M].

    Attributes
    ----------
    a : ndarray or Events
        [R, N], or what is not zero of more rows, of which row0, row0 + 1, ... are meant.
    b : ndarray
        [R, M] without gaps in a row.
    """

    a: np.ndarray | Events
    b: np.ndarray
    total: np.ndarray
    row0: int = 0

    def parts(self, threads: int) -> list[tuple[int, int]]:
        """Columns (of listed rows) or rows of ``total`` for each thread."""
        if isinstance(self.a, Events):
            return shares(self.b.shape[1], threads, 16)
        return shares(len(self.total), threads, 4)

    def add(self, first: int, last: int) -> None:
        """Do one of the parts."""
        if isinstance(self.a, Events):
            _listed(first, last, self.row0, tuple(self.a), self.b, self.total)
        else:
            _all(first, last, self.a, self.b, self.total)


def add_outer(products: Sequence[Outer], threads: int = 1) -> None:
    """Add all the products to their totals, each shared out to the threads, which meet once."""
    cut = [(p, p.parts(threads)) for p in products]

    def work(first: int, last: int) -> None:
        for k in range(first, last):
            for p, parts in cut:
                if k < len(parts):
                    p.add(*parts[k])

    on_lanes(work, threads, threads)


def outer_sum(a: np.ndarray, b: np.ndarray, threads: int = 1) -> np.ndarray:
    """Give ``sum_tb a[t, b]' b[t, b]`` [N, M] of a [T, B, N] and b [T, B, M], both without gaps."""
    T, B, N = a.shape
    total = np.zeros((N, b.shape[2]), b.dtype)
    events = find_events(a, threads, DENSE)
    given = a.reshape(T * B, N) if events is None else events
    add_outer([Outer(given, b.reshape(T * B, b.shape[2]), total)], threads)
    return total
