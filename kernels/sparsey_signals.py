"""U, H and D of a Sparsey mac, compiled: sums over active rows, normalised, and the local support V they make.

A mac that has only U, from one source, works with counts: V is looked up by the count.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from . import sparsey_columns as c
from .compiled_hints import inner, part
from .sparsey_rows import own_row
from .sparsey_synapses import add_up, count

__all__ = ["lone_support", "signal", "support"]


@njit(**inner)
def _full(m, x, heard, loud, ints):
    """The sum that stands for a signal of 1."""
    if ints[m, c.FIXED]:
        if x == 0 and ints[m, c.LEVEL] == 0:
            heard = ints[m, c.EXPECTED]
        else:
            heard = (max(loud, ints[m, c.LEAST]) if x == 0 else loud) * ints[m, c.HEARD + x]
    return float(heard * ints[m, c.WEIGHT])


@njit(**inner)
def lone_support(m, first, found, tables, memory, rows, ends, gains, planes, eights, acc, V):
    """U from one source and nothing else: ``acc`` gets counts, ``V`` the local support of each count; gives G."""
    ints = tables.ints
    Q, K, n = ints[m, c.Q], ints[m, c.K], ends[0]
    count(memory.bits, ints[m, c.START], (Q * K + 63) // 64, rows, np.int64(0), n, planes, eights, acc)
    full, F, unit = _full(m, np.int64(0), n, found, ints), gains[0], float(ints[m, c.WEIGHT])
    power = ints[m, c.POWER_FIRST] if first else ints[m, c.POWER]
    for k in range(n + 1):
        x = min(1.0, F * (unit * k) / full)
        y = x
        for _ in range(power - 1):
            y = y * x
        V[k] = y
    total = 0.0
    for q in range(Q):
        counts = part(acc, 0, q * K, K)
        best = counts[0]
        for k in range(1, K):
            best = max(best, counts[k])
        total += V[best]
    return total / Q


@njit(**inner)
def signal(m, x, out, t, first, now, found, tables, memory, codes, rows, ends, gains, planes, eights, acc, signals):
    """Normalise the sums of a bundle into ``signals[out]``; gives whether the signal is present."""
    ints = tables.ints
    cells = ints[m, c.Q] * ints[m, c.K]
    words, start = (cells + 63) // 64, ints[m, c.START + x]
    heard, loud, at = np.int64(0), np.int64(0), np.int64(0)  # not literals, each of which has its own compiled form
    total = part(signals, out, 0, cells)
    counts = part(acc, 0, 0, cells)
    for k in range(found):
        n = ends[k] - at
        if gains[k] > 0:
            if ints[m, c.DECAY]:
                add_up(memory.stamps, start, cells, rows, at, n, now, ints, m, acc)
                unit = 1.0
            else:
                count(memory.bits, start, words, rows, at, n, planes, eights, acc)
                unit = float(ints[m, c.WEIGHT])
            F = gains[k]
            if loud == 0:
                for i in range(cells):
                    total[i] = F * (unit * counts[i])
            else:
                for i in range(cells):
                    total[i] += F * (unit * counts[i])
            loud += 1
            heard += n
        at = ends[k]
    own = own_row(m, x, t, first, tables, codes)
    if own >= 0 and codes.gains[t, m] > 0:
        heard -= 1
    if heard == 0:
        return False
    full = _full(m, x, heard, loud, ints)
    for i in range(cells):
        total[i] = min(1.0, total[i] / full)
    return True


@njit(**inner)
def support(m, mask, first, h, tables, signals, V):
    """V of the signals in a mask, with H of ``signals[h]``, and its familiarity."""
    ints = tables.ints
    Q, K = ints[m, c.Q], ints[m, c.K]
    out = part(V, 0, 0, Q * K)
    begun = False
    for x in range(3):
        if not mask >> x & 1:
            continue
        power = ints[m, c.POWER_FIRST] if x == 0 and first else ints[m, c.POWER + x]
        sums = part(signals, h if x == 1 else x, 0, Q * K)
        if begun:
            for i in range(Q * K):
                y = sums[i]
                for _ in range(power - 1):
                    y = y * sums[i]
                out[i] = out[i] * y
        else:
            for i in range(Q * K):
                out[i] = sums[i]
            for _ in range(power - 1):
                for i in range(Q * K):
                    out[i] = out[i] * sums[i]
            begun = True
    total = 0.0
    for q in range(Q):
        best = out[q * K]
        for k in range(1, K):
            best = max(best, out[q * K + k])
        total += best
    return total / Q
