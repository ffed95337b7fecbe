"""Learning of a Sparsey mac, compiled: synapses from active rows to winners, and bundles that freeze."""

from __future__ import annotations

import numpy as np
from numba import njit

from . import sparsey_columns as c
from .compiled_hints import inner, part
from .popcount import popcount
from .sparsey_rows import active_rows, own_row, rows_of_itself
from .sparsey_synapses import coactive, weight

__all__ = ["learn_bundle"]


@njit(**inner)
def learn_bundle(m, x, t, first, now, tables, memory, codes, frames, rows, ends, gains, eights):
    """Strengthen the synapses from all active rows to the winners; freeze what is saturated."""
    ints = tables.ints
    Q, K, cell0, start = ints[m, c.Q], ints[m, c.K], ints[m, c.CELL], ints[m, c.START + x]
    found = active_rows(m, x, t, first, tables, codes, frames, rows, ends, gains)
    if found == 0:
        return
    n, cells = ends[found - 1], Q * K
    words, own = (cells + 63) // 64, own_row(m, x, t, first, tables, codes)
    grown = 0
    in_words = ints[m, c.DECAY] == 0 and ints[m, c.FREEZE] != 2
    wins = part(eights, 0, 0, words)
    for w in range(words):
        wins[w] = 0
    for q in range(Q):
        cell = q * K + codes.codes[t + 1, m, q]
        if memory.frozen[x, cell0 + cell]:
            continue
        if in_words:
            wins[cell >> 6] |= np.uint64(1) << np.uint64(cell & 63)
            continue
        more = 0
        if ints[m, c.DECAY]:
            for r in range(n):
                if own < 0 or not own + q * K <= rows[r] < own + q * K + K:
                    place = start + rows[r] * cells + cell
                    more += memory.stamps[place] == 0
                    memory.stamps[place] = coactive(memory.stamps[place], now, ints, m)
        else:
            bit, base = np.uint64(1) << np.uint64(cell & 63), start + (cell >> 6)
            for r in range(n):
                if own < 0 or not own + q * K <= rows[r] < own + q * K + K:
                    place = base + rows[r] * words
                    more += (memory.bits[place] & bit) == 0
                    memory.bits[place] |= bit
        memory.grown[x, cell0 + cell] += more
        grown += more
    if in_words:
        for r in range(n):
            cell, bit = 0, np.uint64(0)
            if own >= 0 and own <= rows[r] < own + cells:  # no synapses from a module to itself
                q = (rows[r] - own) // K
                cell = q * K + codes.codes[t + 1, m, q]
                bit = wins[cell >> 6] & (np.uint64(1) << np.uint64(cell & 63))
                wins[cell >> 6] ^= bit
            held = part(memory.bits, 0, start + rows[r] * words, words)
            for w in range(words):
                grown += np.int64(popcount(wins[w] & ~held[w]))
                held[w] |= wins[w]
            wins[cell >> 6] ^= bit
    memory.total[m, x] += grown
    if ints[m, c.FREEZE] == 0 or memory.still[m, x] == cells:
        return
    share = tables.floats[m, c.SATURATION]
    if ints[m, c.FREEZE] == 1:
        if memory.total[m, x] > share * (ints[m, c.POSSIBLE + x] * Q) * K:
            for cell in range(cells):
                _freeze(m, x, cell, now, tables, memory)
    else:
        for q in range(Q):
            cell = q * K + codes.codes[t + 1, m, q]
            if not memory.frozen[x, cell0 + cell] and memory.grown[x, cell0 + cell] > share * ints[m, c.POSSIBLE + x]:
                _freeze(m, x, cell, now, tables, memory)


@njit(**inner)
def _freeze(m, x, cell, now, tables, memory):
    """Freeze the synapses of one kind onto a cell."""
    ints = tables.ints
    memory.frozen[x, ints[m, c.CELL] + cell] = 1
    memory.still[m, x] += 1
    if ints[m, c.DECAY]:
        cells = ints[m, c.Q] * ints[m, c.K]
        rows = ints[m, c.POSSIBLE + x] + (ints[m, c.K] if rows_of_itself(m, x, tables) >= 0 else 0)
        for r in range(rows):
            place = ints[m, c.START + x] + r * cells + cell
            if weight(memory.stamps[place], now, ints, m) > 0:
                memory.stamps[place] = (memory.stamps[place] & ~np.uint32(3)) | np.uint32(2)
