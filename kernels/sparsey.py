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
from .compiled_hints import inner, options, part, same_bits
from .popcount import popcount
from .sparsey_synapses import add_up, coactive, count, weight

__all__ = ["run"]

_Q, _K, _MODULE, _CELL, _LEVEL, _LEAST, _MOST, _DELTA = c.Q, c.K, c.MODULE, c.CELL, c.LEVEL, c.LEAST, c.MOST, c.DELTA
_FIXED, _EXPECTED, _SIGMOID, _MOST_HYPOTHESES, _POWER = c.FIXED, c.EXPECTED, c.SIGMOID, c.MOST_HYPOTHESES, c.POWER
_POWER_FIRST, _FREEZE, _HARD_FROZEN, _DECAY, _WEIGHT = c.POWER_FIRST, c.FREEZE, c.HARD_FROZEN, c.DECAY, c.WEIGHT
_AGE_0, _AGE_1, _BEGIN, _END, _START = c.AGE_0, c.AGE_1, c.BEGIN, c.END, c.START
_HEARD, _POSSIBLE = c.HEARD, c.POSSIBLE
_G_MINUS, _GAMMA, _CHI, _SIGMA, _V_ZETA, _GAIN, _SATURATION = (
    *(c.G_MINUS, c.GAMMA, c.CHI, c.SIGMA, c.V_ZETA, c.GAIN, c.SATURATION),
)
_AHEAD = np.uint64(2)  # random stream of codes that are skipped
_HELD, _SKIPPED = 8, 16
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
    full, F, unit = _full(m, np.int64(0), n, found, ints), gains[0], float(ints[m, _WEIGHT])
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
def _signal(m, x, out, t, first, now, found, tables, memory, codes, rows, ends, gains, planes, eights, acc, signals):
    """Normalise the sums of a bundle into ``signals[out]``; gives whether the signal is present."""
    ints = tables.ints
    cells = ints[m, _Q] * ints[m, _K]
    words, start = (cells + 63) // 64, ints[m, _START + x]
    heard, loud, at = np.int64(0), np.int64(0), np.int64(0)  # not literals, each of which has its own compiled form
    total = part(signals, out, 0, cells)
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
def _support(m, mask, first, h, tables, signals, V):
    """V of the signals in a mask, with H of ``signals[h]``, and its familiarity."""
    ints = tables.ints
    Q, K = ints[m, _Q], ints[m, _K]
    out = part(V, 0, 0, Q * K)
    begun = False
    for x in range(3):
        if not mask >> x & 1:
            continue
        power = ints[m, _POWER_FIRST] if x == 0 and first else ints[m, _POWER + x]
        signal = part(signals, h if x == 1 else x, 0, Q * K)
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
def _choose_signals(m, t, whole, first, warps, now, seed, step, tables, memory, codes, work, thresholds, allowed):
    """`SparseyBackoff`: gives the mask that supplies V, which is left in place, and G; `_HELD` if the code stays.

    ``work`` are the frames, their starts and the work arrays of `run`.
    """
    signals, V = work[8], work[9]
    h = np.int64(1)
    for size in range(3, 0, -1):
        best, chosen, last = -1.0, np.int64(0), np.int64(0)
        for mask in range(1, 8):
            bits = (mask & 1) + (mask >> 1 & 1) + (mask >> 2)
            if bits == size and mask & whole == mask and (mask == whole or allowed[mask]):
                G = _support(m, mask, first, h, tables, signals, V)
                last = mask
                if G > best:
                    best, chosen = G, mask
        if chosen and best >= thresholds[3 - size]:
            if last != chosen:
                best = _support(m, chosen, first, h, tables, signals, V)
            return chosen, best
        mask = np.int64(7 if size == 3 else 3)  # U and H, and D of three
        if warps and size > 1 and mask & whole == mask and (mask == whole or allowed[mask]):
            if mask == whole:
                kinds = warps
            else:
                kinds = warps & 2
            chosen, best = _warp(m, t, mask, first, kinds, now, seed, step, tables, memory, codes, work)
            if chosen and best >= thresholds[3 - size]:
                return chosen, best
    return whole, _support(m, whole, first, h, tables, signals, V)


@njit(**inner)
def _warp(m, t, mask, first, warps, now, seed, step, tables, memory, codes, work):
    """The better of holding and skipping: a mask and G, of skipping with V in place; 0 if neither can be."""
    frames, _, rows, ends, gains, planes, eights, acc, signals, V, _, _, _, ahead = work
    best, chosen, spare, one, never = -1.0, np.int64(0), np.int64(3), np.int64(1), t < 0
    if warps & 1:
        best = _held(m, t, now, seed, step, tables, memory, codes, work)
        if best >= 0:
            chosen = np.int64(_HELD)
    if warps & 2:
        _go_ahead(m, t, now, seed, step, tables, memory, codes, work)
        found = _collect(m, one, one, never, tables, ahead, frames, rows, ends, gains)
        if _signal(
            m, one, spare, one, never, now, found, tables, memory, ahead, rows, ends, gains, planes, eights, acc,
            signals,
        ):  # fmt: skip
            G = _support(m, mask, first, spare, tables, signals, V)
            if G > best:
                best, chosen = G, mask | _SKIPPED
    return chosen, best


@njit(**inner)
def _held(m, t, now, seed, step, tables, memory, codes, work):
    """Familiarity of the code that is on, by the present U and the H and D that chose it; -1 if there is none."""
    frames, starts, rows, ends, gains, planes, eights, acc, signals, _, _, weights, _, ahead = work
    ints, used, begun = tables.ints, codes.used[t, m], t - codes.ages[t, m]
    if begun == t or begun < 0 or used & 1 == 0:
        return -1.0
    Q, K, spare, never = ints[m, _Q], ints[m, _K], np.int64(3), t < 0
    power = ints[m, _POWER_FIRST] if starts[begun] else ints[m, _POWER]
    if used & _SKIPPED:
        _go_ahead(m, begun, now, seed, step, tables, memory, codes, work)
    for q in range(Q):
        x = signals[0, q * K + codes.codes[t, m, q]]
        y = x
        for _ in range(power - 1):
            y = y * x
        weights[q] = y
    for bundle in range(1, 3):
        if not used >> bundle & 1:
            continue
        side, row = codes, begun
        if bundle == 1 and used & _SKIPPED:
            side, row = ahead, np.int64(1)
        found = _collect(m, bundle, row, never, tables, side, frames, rows, ends, gains)
        if _signal(
            m, bundle, spare, row, never, now, found, tables, memory, side, rows, ends, gains, planes, eights, acc,
            signals,
        ):  # fmt: skip
            power = ints[m, _POWER + bundle]
            for q in range(Q):
                x = signals[3, q * K + codes.codes[t, m, q]]
                y = x
                for _ in range(power - 1):
                    y = y * x
                weights[q] = weights[q] * y
    total = 0.0
    for q in range(Q):
        total += weights[q]
    return total / Q


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
def _go_ahead(m, t, now, seed, step, tables, memory, codes, work):
    """Write into ``ahead`` what the macs heard by H would have on after those of row t, chosen by H alone."""
    frames, _, rows, ends, gains, planes, eights, acc, signals, V, mu, weights, same, ahead = work
    ints, spare, one, never, hard = tables.ints, np.int64(3), np.int64(1), t < 0, t >= 0
    number = max(step + t, 0)
    for k in range(ints[m, _BEGIN + 1], ints[m, _END + 1]):
        s = np.int64(tables.sources[k])
        on = codes.ages[t, s]
        ahead.ages[1, s] = 0
        if on == 0:
            continue
        if on < ints[s, _DELTA]:
            for q in range(ints[s, _Q]):
                ahead.codes[1, s, q] = codes.codes[t, s, q]
            ahead.gains[1, s], ahead.ages[1, s] = codes.gains[t, s], 1
            continue
        found = _collect(s, one, t, never, tables, codes, frames, rows, ends, gains)
        if _signal(
            s, one, spare, t, never, now, found, tables, memory, codes, rows, ends, gains, planes, eights, acc, signals
        ):  # fmt: skip
            G = _support(s, np.int64(2), never, spare, tables, signals, V)
            cells = ints[s, _Q] * ints[s, _K]
            _winners(
                s, np.int64(0), G, hard, seed, _AHEAD, number, tables, memory, ahead, V, cells, same, weights, mu
            )  # fmt: skip
            ahead.ages[1, s] = 1


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
                grown += np.int64(popcount(wins[w] & ~held[w]))
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
    macs, begin, end, frames, starts, learn, hard, thresholds, allowed, warps, replay, seed, stream, step, now,
    tables, memory, codes, rows, ends, gains, planes, eights, acc, signals, V, mu, weights, same, ahead,
):  # fmt: skip
    """Let macs, in this order, go through the frames from ``begin`` to ``end``.

    ``starts`` marks the first frames of sequences, ``step`` and ``now`` are the numbers of frame 0 in the random
    stream and in learned time; ``allowed`` [8] combinations of signals (all 0: no back-off), ``warps`` 1 for holding,
    2 for skipping. The last line are work arrays, each of the size of the largest mac, and codes that are skipped.
    """
    ints = tables.ints
    work = (frames, starts, rows, ends, gains, planes, eights, acc, signals, V, mu, weights, same, ahead)
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
                        m, x, x, t, first, time, found, tables, memory, codes, rows, ends, gains, planes, eights, acc,
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
                    mask, G = _choose_signals(
                        m, t, whole, first, warps, time, seed, step, tables, memory, codes, work, thresholds, allowed
                    )  # fmt: skip
                else:
                    G = _support(m, whole, first, np.int64(1), tables, signals, V)
                if mask == _HELD:
                    for q in range(Q):
                        codes.codes[t + 1, m, q] = codes.codes[t, m, q]
                    codes.gains[t + 1, m], codes.ages[t + 1, m] = codes.gains[t, m], on + 1
                    codes.G[t + 1, m], codes.used[t + 1, m] = G, codes.used[t, m] | _HELD
                    continue
                if learn and ints[m, _SIGMOID] == 2:
                    _raise_inflection(m, tables, memory, V)
                settled = learn and ints[m, _HARD_FROZEN] != 0 and memory.still[m, 0] == Q * ints[m, _K]
                _winners(
                    m, t, G, hard or settled, seed, stream, step + t, tables, memory, codes, V, number,
                    acc if lone else same, weights, mu,
                )  # fmt: skip
                codes.ages[t + 1, m], codes.G[t + 1, m], codes.used[t + 1, m] = 1, G, mask
            if learn:
                for x in range(3):
                    if new or x != 1:
                        _learn(m, x, t, first, time, tables, memory, codes, frames, rows, ends, gains, eights)
