"""Rows of synapses that are drawn anew whenever they are needed, from a counter-based stream: nothing is stored.

A rule is a row of a table of whole numbers: first source, end of sources, first target, number of targets, out-degree
(-1: a chance for each pair), 1 if a neuron never reaches itself, stream. Neurons have their numbers within the merged
groups of a run. A row depends on the seed, the stream and the source's place within the rule, not on threads.

With a chance p for each pair the gaps between one target and the next are geometric (Devroye 1986, X.2): floor(ln u /
ln(1 - p)). Every 8,192 targets a count of its own begins, so that a thread need not go through those of others.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from .compiled import _block
from .compiled_hints import options

__all__ = ["RULE", "draw_row", "row_lengths", "rows_of"]

RULE = ("first_source", "end_of_sources", "first_target", "targets", "degree", "no_autapses", "stream")
_SPAN = 8192
_32, _11 = np.uint64(32), np.uint64(11)


@njit(inline="always", **options)
def _unit(high, low):
    return np.float64(((high << _32) | low) >> _11) * 2.0**-53


@njit(**options)
def draw_row(rules, scales, r, source, first, end, seed, out):
    """Write those targets of a source that lie in ``first`` ... ``end - 1`` to ``out``, counted from ``first`` on.

    It gives how many there are. ``scales`` holds 1/ln(1 - p) of each rule.
    """
    first_source, _, post, size, degree, never_self, stream = rules[r]
    low, high = max(first - post, 0), min(end - post, size)
    me = source - post if never_self and post <= source < post + size else -1
    index, key, scale, found = source - first_source, np.uint64(stream), scales[r], 0
    if degree >= 0:
        left = size - (me >= 0)
        for d in range(degree if low < high else 0):
            if d % 2 == 0:
                w0, w1, w2, w3 = _block(seed, key, index, d // 2)
            j = np.int64((_unit(w0, w1) if d % 2 == 0 else _unit(w2, w3)) * left)
            j += 1 if me >= 0 and j >= me else 0
            if low <= j < high:
                out[found] = j + post - first
                found += 1
        return found
    for span in range(low // _SPAN, (high + _SPAN - 1) // _SPAN):
        j, stop, draws = span * _SPAN, min((span + 1) * _SPAN, high), 0
        while True:
            if draws % 2 == 0:
                w0, w1, w2, w3 = _block(seed, key, index, (span << 16) + draws // 2)
            u = 1.0 - (_unit(w0, w1) if draws % 2 == 0 else _unit(w2, w3))
            draws += 1
            j += np.int64(min(math.log(u) * scale, 2.0 * _SPAN))
            if j >= stop:
                break
            if j >= low and j != me:
                out[found] = j + post - first
                found += 1
            j += 1
    return found


@njit(nogil=True, cache=True)
def row_lengths(rules, scales, seed, scratch, out):
    """Count the targets of each source of the one rule in the table."""
    for i in range(out.shape[0]):
        out[i] = draw_row(rules, scales, 0, rules[0, 0] + i, 0, rules[0, 2] + rules[0, 3], seed, scratch)


@njit(nogil=True, cache=True)
def rows_of(rules, scales, seed, row, out):
    """Write the targets of all sources of the one rule in the table, sorted; source i has those from ``row[i]`` on."""
    for i in range(row.shape[0] - 1):
        mine = out[row[i] : row[i + 1]]
        draw_row(rules, scales, 0, rules[0, 0] + i, 0, rules[0, 2] + rules[0, 3], seed, mine)
        if rules[0, 4] >= 0:
            mine.sort()
