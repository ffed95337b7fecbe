"""Exact random draws of pairs and of sets, in memory that grows with what is drawn: what the connectors share.

>>> hits = np.concatenate(list(successes(np.random.default_rng(1), 0.25, 100_000)))    # of so many trials
>>> 0.24 < len(hits) / 100_000 < 0.26 and bool((np.diff(hits) > 0).all())
True
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .connectors import FixedInDegree, FixedOutDegree

__all__ = [
    "BLOCK",
    "Ids",
    "choose",
    "distinct",
    "nobody",
    "refused_partners",
    "rows_at_once",
    "split",
    "successes",
    "without",
]

Ids = NDArray[np.int64]

BLOCK = 2**20  # random numbers, or pairs, handled at once


def rows_at_once(width: int) -> int:
    """So many rows of ``width`` pairs are handled in one go."""
    return max(1, BLOCK // width)


def nobody() -> tuple[Ids, Ids]:
    """No pair."""
    return np.empty(0, np.int64), np.empty(0, np.int64)


def split(flat: Ids, width: int) -> tuple[Ids, Ids]:
    """Rows and columns of pairs that are numbered row by row."""
    return np.divmod(flat, max(width, 1))


def refused_partners(ids: Ids, others: Ids, same: bool, autapses: bool) -> Ids:
    """For each of ``ids`` its position in ``others`` if that pair is a refused autapse, else -1."""
    found = np.full(ids.size, -1)
    if same and not autapses and others.size:
        order = np.argsort(others)
        place = order[np.searchsorted(others, ids, sorter=order).clip(max=others.size - 1)]
        mine = others[place] == ids
        found[mine] = place[mine]
    return found


def without(selves: Ids, rows: Ids, columns: Ids) -> tuple[Ids, Ids]:
    """The pairs that are no refused autapse."""
    if selves.size == 0 or selves.max() < 0:
        return rows, columns
    keep = selves[rows] != columns
    return rows[keep], columns[keep]


def successes(rng: np.random.Generator, p: float, total: int) -> Iterator[Ids]:
    """Yield, ascending and a block at a time, which of ``total`` trials succeed."""
    yield np.empty(0, np.int64)
    last = -1
    while p > 0 and last < total - 1:
        left = total - 1 - last
        size = int(left * p + 5 * (left * p) ** 0.5) + 10
        gaps = rng.geometric(p, min(size, BLOCK, 2**62 // total + 1))
        # A gap past the end stays past the end; the sum cannot overflow.
        hits = last + np.cumsum(np.minimum(gaps, left + 1))
        last = int(hits[-1])
        yield hits if last < total else hits[: np.searchsorted(hits, total)]


def choose(
    connector: FixedInDegree | FixedOutDegree,
    side: str,
    selves: Ids,
    size: int,
    rng: np.random.Generator,
) -> Ids:
    """Draw [N, n] of the ``size`` neurons on ``side``, n for each of N, leaving out ``selves``."""
    n = connector.n
    available = size - (selves >= 0)
    needed = min(n, 1) if connector.multapses else n
    if needed > available.min():
        raise ValueError(
            f"{type(connector).__name__}.n: expected at most {available.min()}, the number of "
            f"{side}synaptic neurons that a neuron can draw from (autapses={connector.autapses}, "
            f"multapses={connector.multapses}), got {n}"
        )
    chosen = np.empty((selves.size, n), np.int64)
    for loses_one in (False, True):
        rows = np.flatnonzero((selves >= 0) == loses_one)
        if rows.size == 0 or n == 0:
            continue
        if connector.multapses:
            drawn = rng.integers(0, size - loses_one, (rows.size, n))
        else:
            drawn = distinct(rng, rows.size, n, size - loses_one)
        if loses_one:
            drawn += drawn >= selves[rows, None]
        chosen[rows] = drawn
    return chosen


def distinct(rng: np.random.Generator, rows: int, n: int, available: int) -> Ids:
    """Draw, for each row, n different numbers below ``available``: [rows, n], each row ascending.

    Numbers are drawn until n different ones are there. Nothing in this prefers a number to another,
    so that all sets of n are equally likely.
    """
    if n > available // 16:
        return _distinct_dense(rng, rows, n, available)
    chosen = rng.integers(0, available, (rows, n))
    chosen.sort(axis=1)
    open_rows = np.arange(rows)
    while open_rows.size:
        part = chosen[open_rows]
        again = np.zeros(part.shape, bool)
        again[:, 1:] = part[:, 1:] == part[:, :-1]
        unfinished = again.any(axis=1)
        open_rows, part, again = open_rows[unfinished], part[unfinished], again[unfinished]
        part[again] = rng.integers(0, available, int(again.sum()))
        part.sort(axis=1)
        chosen[open_rows] = part
    return chosen


def _distinct_dense(rng: np.random.Generator, rows: int, n: int, available: int) -> Ids:
    """Do the same by ticking numbers off; where most are chosen, tick those that are left out."""
    most = 2 * n > available
    ticks = available - n if most else n
    chosen = np.empty((rows, n), np.int64)
    step = max(1, 4 * BLOCK // max(available, 1))
    for first in range(0, rows, step):
        count = min(step, rows - first)
        ticked = np.zeros((count, available), bool)
        missing = np.full(count, ticks)
        while missing.any():
            row = np.repeat(np.arange(count), missing)
            ticked[row, rng.integers(0, available, row.size)] = True
            missing = ticks - np.count_nonzero(ticked, axis=1)
        hits = np.flatnonzero(~ticked if most else ticked).reshape(count, n)
        chosen[first : first + count] = hits - np.arange(count)[:, None] * available
    return chosen
