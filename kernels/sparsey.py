"""Sparsey's frames, compiled: `networks.sparsey_reference` code by code, from packed synapses.

Synapses that are set once are bits: the active rows of a bundle are counted 64 cells at a time by carry-save adders,
eight rows in one go, and only the counts are spread to numbers. Synapses that decay are 32-bit stamps whose weight is
looked up while rows are summed. Only rows of active inputs are touched, so time does not grow with what is stored.

The denominators of the sigmoid, one exponential and one power for each different V, are kept in a table of 512 places
for each mac. A mac that has only U, from one source, works with counts: V and mu are looked up by the count. All sums
run in the order of the reference, and so winners, familiarities and synapses are the same.

The file is long because a frame of a mac is one chain of steps that all need the same arrays.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from . import sparsey_columns as c
from .compiled import uniform
from .compiled_hints import part, same_bits
from .sparsey_synapses import add_up, coactive, count, inner, ones, options, weight

__all__ = ["run"]

_Q, _K, _MODULE, _CELL, _LEVEL, _LEAST, _MOST, _DELTA = c.Q, c.K, c.MODULE, c.CELL, c.LEVEL, c.LEAST, c.MOST, c.DELTA
_FIXED, _EXPECTED, _SIGMOID, _MOST_HYPOTHESES, _POWER = c.FIXED, c.EXPECTED, c.SIGMOID, c.MOST_HYPOTHESES, c.POWER
_POWER_FIRST, _FREEZE, _HARD_FROZEN, _DECAY, _WEIGHT = c.POWER_FIRST, c.FREEZE, c.HARD_FROZEN, c.DECAY, c.WEIGHT
_AGE_0, _AGE_1, _BEGIN, _END, _START = c.AGE_0, c.AGE_1, c.BEGIN, c.END, c.START
_HEARD, _POSSIBLE = c.HEARD, c.POSSIBLE
_G_MINUS, _GAMMA, _CHI, _SIGMA, _V_ZETA, _GAIN, _SATURATION = (
    *(c.G_MINUS, c.GAMMA, c.CHI, c.SIGMA, c.V_ZETA, c.GAIN, c.SATURATION),
)
_HASH, _55 = np.uint64(0x9E3779B97F4A7C15), np.uint64(55)


@njit(**inner)
def _collect(m, x, t, first, tables, codes, frames, rows, ends, gains):
    """List the active rows of a bundle, source by source; gives how many sources are active."""
    ints, sources, row = tables.ints, tables.sources, tables.row
    n, found = 0, 0
    if x > 0 and first:
        return found
    if x == 0 and ints[m, _LEVEL] == 0:
        begin = ints[m, _BEGIN]
        for s in range(begin, ints[m, _END]):
            if frames[t, sources[s]]:
                rows[n] = s - begin
                n += 1
        if n:
            ends[0], gains[0] = n, 1.0
            found = 1
        return found
    side = t + 1 if x == 0 else t
    for s in range(ints[m, _BEGIN + x], ints[m, _END + x]):
        source = sources[s]
        if codes.ages[side, source] > 0:
            K = ints[source, _K]
            for q in range(ints[source, _Q]):
                rows[n] = row[s] + K * q + codes.codes[side, source, q]
                n += 1
            ends[found], gains[found] = n, codes.gains[side, source]
            found += 1
    return found


@njit(**inner)
def _own_row(m, x, t, first, tables, codes):
    """First row of a bundle that comes from the mac itself, -1 if there is none or the mac was silent."""
    if x == 1 and not first and codes.ages[t, m] > 0:
        for s in range(tables.ints[m, _BEGIN + 1], tables.ints[m, _END + 1]):
            if tables.sources[s] == m:
                return np.int64(tables.row[s])
    return np.int64(-1)


@njit(**inner)
def _full(m, x, heard, loud, ints):
    """The sum that stands for a signal of 1."""
    if ints[m, _FIXED]:
        if x == 0 and ints[m, _LEVEL] == 0:
            heard = ints[m, _EXPECTED]
        else:
            heard = (max(loud, ints[m, _LEAST]) if x == 0 else loud) * ints[m, _HEARD + x]
    return float(heard * ints[m, _WEIGHT])


@njit(**inner)
def _lone(m, first, found, tables, memory, rows, ends, gains, planes, eights, acc, V):
    """U from one source and nothing else: ``acc`` gets counts, ``V`` the local support of each count; gives G."""
    ints = tables.ints
    Q, K, n = ints[m, _Q], ints[m, _K], ends[0]
    count(memory.bits, ints[m, _START], (Q * K + 63) // 64, rows, 0, n, planes, eights, acc)
    full, F, unit = _full(m, 0, n, found, ints), gains[0], float(ints[m, _WEIGHT])
    power = ints[m, _POWER_FIRST] if first else ints[m, _POWER]
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
def _signal(m, x, t, first, now, found, tables, memory, codes, rows, ends, gains, planes, eights, acc, signals):
    """Normalise the sums of a bundle into ``signals[x]``; gives whether the signal is present."""
    ints = tables.ints
    cells = ints[m, _Q] * ints[m, _K]
    words, start = (cells + 63) // 64, ints[m, _START + x]
    heard, loud, at = np.int64(0), np.int64(0), np.int64(0)  # not literals, each of which has its own compiled form
    total = part(signals, x, 0, cells)
    counts = part(acc, 0, 0, cells)
    for k in range(found):
        n = ends[k] - at
        if gains[k] > 0:
            if ints[m, _DECAY]:
                add_up(memory.stamps, start, cells, rows, at, n, now, ints, m, acc)
                unit = 1.0
            else:
                count(memory.bits, start, words, rows, at, n, planes, eights, acc)
                unit = float(ints[m, _WEIGHT])
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
    own = _own_row(m, x, t, first, tables, codes)
    if own >= 0 and codes.gains[t, m] > 0:
        heard -= 1
    if heard == 0:
        return False
    full = _full(m, x, heard, loud, ints)
    for i in range(cells):
        total[i] = min(1.0, total[i] / full)
    return True


@njit(**inner)
def _support(m, mask, first, tables, signals, V):
    """V of the signals in a mask, and its familiarity."""
    ints = tables.ints
    Q, K = ints[m, _Q], ints[m, _K]
    out = part(V, 0, 0, Q * K)
    begun = False
    for x in range(3):
        if not mask >> x & 1:
            continue
        power = ints[m, _POWER_FIRST] if x == 0 and first else ints[m, _POWER + x]
        signal = part(signals, x, 0, Q * K)
        if begun:
            for i in range(Q * K):
                y = signal[i]
                for _ in range(power - 1):
                    y = y * signal[i]
                out[i] = out[i] * y
        else:
            for i in range(Q * K):
                out[i] = signal[i]
            for _ in range(power - 1):
                for i in range(Q * K):
                    out[i] = out[i] * signal[i]
            begun = True
    total = 0.0
    for q in range(Q):
        best = out[q * K]
        for k in range(1, K):
            best = max(best, out[q * K + k])
        total += best
    return total / Q


@njit(**inner)
def _choose_signals(m, whole, first, tables, signals, V, thresholds, allowed):
    """`SparseyBackoff`: gives the mask that supplies V, which is left in place, and G."""
    for size in range(3, 0, -1):
        best, chosen, last = -1.0, 0, 0
        for mask in range(1, 8):
            bits = (mask & 1) + (mask >> 1 & 1) + (mask >> 2)
            if bits == size and mask & whole == mask and (mask == whole or allowed[mask]):
                G = _support(m, mask, first, tables, signals, V)
                last = mask
                if G > best:
                    best, chosen = G, mask
        if chosen and best >= thresholds[3 - size]:
            if last != chosen:
                best = _support(m, chosen, first, tables, signals, V)
            return chosen, best
    return whole, _support(m, whole, first, tables, signals, V)


@njit(**inner)
def _denominator(V, m, kind, v0, tables, memory):
    """What the height of the sigmoid is divided by, from the table if it is there."""
    key = same_bits(V, np.int64)
    place = np.int64((np.uint64(key) * _HASH) >> _55)
    if memory.keys[m, place] == key:
        return memory.values[m, place]
    floats = tables.floats
    a, b = floats[m, _SIGMA], floats[m, _SIGMA + 1]
    z, d = floats[m, _SIGMA + 2], floats[m, _SIGMA + 3]
    if kind == 0:
        y = (1.0 + a * math.exp(-b * (V - z))) ** d
    elif kind == 1:
        y = 1.0 + (a * math.exp(-b * (V - z))) ** d
    elif kind == 2:
        y = 1.0 + math.exp(-a * (V - v0))
    else:
        y = 1.0 + math.exp(-(z * V + d))
    memory.keys[m, place], memory.values[m, place] = key, y
    return y


@njit(**inner)
def _raise_inflection(m, tables, memory, V):
    cells = tables.ints[m, _Q] * tables.ints[m, _K]
    mean = 0.0
    for i in range(cells):
        mean += V[i]
    mean = mean / cells
    floats = tables.floats
    low, high, threshold = floats[m, _SIGMA + 1], floats[m, _SIGMA + 2], floats[m, _SIGMA + 3]
    v0, largest = memory.inflection[m, 0], memory.inflection[m, 1]
    if mean > threshold and mean > largest and v0 < high:
        memory.inflection[m, 0], memory.inflection[m, 1] = min(v0 + (high - low) / 100, high), mean
        for k in range(memory.keys.shape[1]):
            memory.keys[m, k] = -1


@njit(**inner)
def _winners(m, t, G, hard, seed, stream, step, tables, memory, codes, V, number, index, weights, mu):
    """Win weights, winners and gain of the code; cell i has the local support ``V[index[i]]``, one of ``number``."""
    ints, floats = tables.ints, tables.floats
    Q, K, kind = ints[m, _Q], ints[m, _K], ints[m, _SIGMOID]
    v0 = memory.inflection[m, 0]
    if kind == 3:
        height = floats[m, _SIGMA] * G ** floats[m, _SIGMA + 1]
    else:
        rise = max(0.0, (G - floats[m, _G_MINUS]) / (1.0 - floats[m, _G_MINUS]))
        height = 1.0 + rise ** floats[m, _GAMMA] * floats[m, _CHI] * K
        if kind < 2:
            height = height - 1.0
    for k in range(number):
        y = height / _denominator(V[k], m, kind, v0, tables, memory)
        weights[k] = max(y, 1.0) if kind == 2 else y + 1.0
    supported, limit = 0, floats[m, _V_ZETA]
    for q in range(Q):
        u = uniform(seed, stream, ints[m, _MODULE] + q, step)
        places = part(index, 0, q * K, K)
        total, best, tied, winner = 0.0, -1.0, 0, 0
        for k in range(K):
            y = weights[places[k]]
            supported += V[places[k]] > limit
            total += y
            mu[k] = y if hard else total
        if hard:
            for k in range(K):
                best = max(best, mu[k])
            for k in range(K):
                tied += mu[k] == best
            left = min(np.int64(u * tied), tied - 1)
            while mu[winner] != best or left > 0:
                left -= mu[winner] == best
                winner += 1
        else:
            goal = u * total
            while winner < K - 1 and mu[winner] <= goal:
                winner += 1
        codes.codes[t + 1, m, q] = winner
    zeta = (2 * supported + Q) // (2 * Q)
    F = 1.0
    if zeta > 1:
        F = 0.0 if zeta > ints[m, _MOST_HYPOTHESES] else float(zeta) ** floats[m, _GAIN]
    codes.gains[t + 1, m] = F


@njit(**inner)
def _freeze(m, x, cell, now, tables, memory):
    """Freeze the synapses of one kind onto a cell."""
    ints = tables.ints
    memory.frozen[x, ints[m, _CELL] + cell] = 1
    memory.still[m, x] += 1
    if ints[m, _DECAY]:
        cells = ints[m, _Q] * ints[m, _K]
        rows = ints[m, _POSSIBLE + x] + (ints[m, _K] if _hears_itself(m, x, tables) else 0)
        for r in range(rows):
            place = ints[m, _START + x] + r * cells + cell
            if weight(memory.stamps[place], now, ints, m) > 0:
                memory.stamps[place] = (memory.stamps[place] & ~np.uint32(3)) | np.uint32(2)


@njit(**inner)
def _hears_itself(m, x, tables):
    if x == 1:
        for s in range(tables.ints[m, _BEGIN + 1], tables.ints[m, _END + 1]):
            if tables.sources[s] == m:
                return True
    return False


@njit(**inner)
def _learn(m, x, t, first, now, tables, memory, codes, frames, rows, ends, gains, eights):
    """Strengthen the synapses from all active rows to the winners; freeze what is saturated."""
    ints = tables.ints
    Q, K, cell0, start = ints[m, _Q], ints[m, _K], ints[m, _CELL], ints[m, _START + x]
    found = _collect(m, x, t, first, tables, codes, frames, rows, ends, gains)
    if found == 0:
        return
    n, cells = ends[found - 1], Q * K
    words, own = (cells + 63) // 64, _own_row(m, x, t, first, tables, codes)
    grown = 0
    in_words = ints[m, _DECAY] == 0 and ints[m, _FREEZE] != 2
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
        if ints[m, _DECAY]:
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
                grown += ones(wins[w] & ~held[w])
                held[w] |= wins[w]
            wins[cell >> 6] ^= bit
    memory.total[m, x] += grown
    if ints[m, _FREEZE] == 0 or memory.still[m, x] == cells:
        return
    share = tables.floats[m, _SATURATION]
    if ints[m, _FREEZE] == 1:
        if memory.total[m, x] > share * (ints[m, _POSSIBLE + x] * Q) * K:
            for cell in range(cells):
                _freeze(m, x, cell, now, tables, memory)
    else:
        for q in range(Q):
            cell = q * K + codes.codes[t + 1, m, q]
            if not memory.frozen[x, cell0 + cell] and memory.grown[x, cell0 + cell] > share * ints[m, _POSSIBLE + x]:
                _freeze(m, x, cell, now, tables, memory)


@njit(**options)
def run(
    macs, begin, end, frames, starts, learn, hard, thresholds, allowed, replay, seed, stream, step, now,
    tables, memory, codes, rows, ends, gains, planes, eights, acc, signals, V, mu, weights, same,
):  # fmt: skip
    """Let macs, in this order, go through the frames from ``begin`` to ``end``.

    ``starts`` marks the first frames of sequences, ``step`` and ``now`` are the numbers of frame 0 in the random
    stream and in learned time; ``allowed`` [8] combinations of signals (all 0: no back-off). The last line are work
    arrays, each of the size of the largest mac.
    """
    ints = tables.ints
    back_off = False
    for mask in range(8):
        back_off |= allowed[mask] != 0
    for t in range(begin, end):
        first = starts[t] != 0
        time = now + t if learn else now
        for m in macs:
            Q = ints[m, _Q]
            on = 0 if first else codes.ages[t, m]
            new = not (0 < on < ints[m, _DELTA])
            if not new:
                for q in range(Q):
                    codes.codes[t + 1, m, q] = codes.codes[t, m, q]
                codes.gains[t + 1, m], codes.ages[t + 1, m] = codes.gains[t, m], on + 1
                codes.G[t + 1, m], codes.used[t + 1, m] = codes.G[t, m], codes.used[t, m]
            else:
                lone = ints[m, _DECAY] == 0 and ints[m, _SIGMOID] != 2
                lone &= first or (ints[m, _BEGIN + 1] == ints[m, _END + 1] and ints[m, _BEGIN + 2] == ints[m, _END + 2])
                lone &= ints[m, _LEVEL] == 0 or ints[m, _END] - ints[m, _BEGIN] == 1
                number, G = ints[m, _Q] * ints[m, _K], 0.0
                whole, sees, asleep = np.int64(0), True, False
                for x in range(3):
                    found = _collect(m, x, t, first, tables, codes, frames, rows, ends, gains)
                    if x == 0:
                        features = found if ints[m, _LEVEL] > 0 or found == 0 else ends[0]
                        sees = ints[m, _LEAST] <= features <= ints[m, _MOST]
                        asleep = not sees and not (replay and features == 0)
                    if asleep or (x == 0 and not sees) or found == 0:
                        continue
                    if lone:
                        if gains[0] > 0:
                            G = _lone(m, first, found, tables, memory, rows, ends, gains, planes, eights, acc, V)
                            whole, number = whole | 1, ends[0] + 1
                        continue
                    there = _signal(
                        m, x, t, first, time, found, tables, memory, codes, rows, ends, gains, planes, eights, acc,
                        signals,
                    )  # fmt: skip
                    whole |= there << x
                if whole == 0:
                    for q in range(Q):
                        codes.codes[t + 1, m, q] = -1
                    codes.gains[t + 1, m], codes.ages[t + 1, m] = 0.0, 0
                    codes.G[t + 1, m], codes.used[t + 1, m] = np.nan, 0
                    continue
                mask = whole
                if lone:
                    pass
                elif back_off:
                    mask, G = _choose_signals(m, whole, first, tables, signals, V, thresholds, allowed)
                else:
                    G = _support(m, whole, first, tables, signals, V)
                if learn and ints[m, _SIGMOID] == 2:
                    _raise_inflection(m, tables, memory, V)
                settled = learn and ints[m, _HARD_FROZEN] and memory.still[m, 0] == Q * ints[m, _K]
                _winners(
                    m, t, G, hard or settled, seed, stream, step + t, tables, memory, codes, V, number,
                    acc if lone else same, weights, mu,
                )  # fmt: skip
                codes.ages[t + 1, m], codes.G[t + 1, m], codes.used[t + 1, m] = 1, G, mask
            if learn:
                for x in range(3):
                    if new or x != 1:
                        _learn(m, x, t, first, time, tables, memory, codes, frames, rows, ends, gains, eights)
