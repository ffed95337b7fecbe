"""Rows of Sparsey's synapses that are active, compiled: those of inputs that are on, and of winners of codes."""

from __future__ import annotations

import numpy as np
from numba import njit

from . import sparsey_columns as c
from .compiled_hints import inner

__all__ = ["active_rows", "own_row", "rows_of_itself"]


@njit(**inner)
def active_rows(m, x, t, first, tables, codes, frames, rows, ends, gains):
    """List the active rows of a bundle, source by source; gives how many sources are active."""
    ints, sources, row = tables.ints, tables.sources, tables.row
    n, found = 0, 0
    if x > 0 and first:
        return found
    if x == 0 and ints[m, c.LEVEL] == 0:
        begin = ints[m, c.BEGIN]
        for s in range(begin, ints[m, c.END]):
            if frames[t, sources[s]]:
                rows[n] = s - begin
                n += 1
        if n:
            ends[0], gains[0] = n, 1.0
            found = 1
        return found
    side = t + 1 if x == 0 else t
    for s in range(ints[m, c.BEGIN + x], ints[m, c.END + x]):
        source = sources[s]
        if codes.ages[side, source] > 0:
            K = ints[source, c.K]
            for q in range(ints[source, c.Q]):
                rows[n] = row[s] + K * q + codes.codes[side, source, q]
                n += 1
            ends[found], gains[found] = n, codes.gains[side, source]
            found += 1
    return found


@njit(**inner)
def own_row(m, x, t, first, tables, codes):
    """First row of a bundle that comes from the mac itself, -1 if there is none or the mac was silent."""
    return rows_of_itself(m, x, tables) if not first and codes.ages[t, m] > 0 else np.int64(-1)


@njit(**inner)
def rows_of_itself(m, x, tables):
    """First row of a bundle that comes from the mac itself, -1 if there is none."""
    if x == 1:
        for s in range(tables.ints[m, c.BEGIN_H], tables.ints[m, c.END_H]):
            if tables.sources[s] == m:
                return np.int64(tables.row[s])
    return np.int64(-1)
