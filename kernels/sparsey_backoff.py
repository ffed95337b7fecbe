"""Signals that a recognising Sparsey mac leaves out, compiled: `networks.sparsey_backoff`."""

from __future__ import annotations

import numpy as np
from numba import njit

from . import sparsey_columns as c
from .compiled_hints import inner
from .sparsey_rows import active_rows
from .sparsey_signals import signal, support
from .sparsey_winners import winners

__all__ = ["choose_signals"]

_AHEAD = np.uint64(c.AHEAD)


@njit(**inner)
def choose_signals(m, t, whole, first, warps, now, seed, step, tables, memory, codes, work, thresholds, allowed):
    """`SparseyBackoff`: gives the mask that supplies V, which is left in place, and G; `c.HELD` if the code stays.

    ``work`` are the frames, their starts and the work arrays of `run`.
    """
    signals, V = work[8], work[9]
    h = np.int64(1)
    for size in range(3, 0, -1):
        best, chosen, last = -1.0, np.int64(0), np.int64(0)
        for mask in range(1, 8):
            bits = (mask & 1) + (mask >> 1 & 1) + (mask >> 2)
            if bits == size and mask & whole == mask and (mask == whole or allowed[mask]):
                G = support(m, mask, first, h, tables, signals, V)
                last = mask
                if G > best:
                    best, chosen = G, mask
        if chosen and best >= thresholds[3 - size]:
            if last != chosen:
                best = support(m, chosen, first, h, tables, signals, V)
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
    return whole, support(m, whole, first, h, tables, signals, V)


@njit(**inner)
def _warp(m, t, mask, first, warps, now, seed, step, tables, memory, codes, work):
    """The better of holding and skipping: a mask and G, of skipping with V in place; 0 if neither can be."""
    frames, _, rows, ends, gains, planes, eights, acc, signals, V, _, _, _, ahead = work
    best, chosen, spare, one, never = -1.0, np.int64(0), np.int64(3), np.int64(1), t < 0
    if warps & 1:
        best = _held(m, t, now, seed, step, tables, memory, codes, work)
        if best >= 0:
            chosen = np.int64(c.HELD)
    if warps & 2:
        _go_ahead(m, t, now, seed, step, tables, memory, codes, work)
        found = active_rows(m, one, one, never, tables, ahead, frames, rows, ends, gains)
        if signal(
            m, one, spare, one, never, now, found, tables, memory, ahead, rows, ends, gains, planes, eights, acc,
            signals,
        ):  # fmt: skip
            G = support(m, mask, first, spare, tables, signals, V)
            if G > best:
                best, chosen = G, mask | c.SKIPPED
    return chosen, best


@njit(**inner)
def _held(m, t, now, seed, step, tables, memory, codes, work):
    """Familiarity of the code that is on, by the present U and the H and D that chose it; -1 if there is none."""
    frames, starts, rows, ends, gains, planes, eights, acc, signals, _, _, weights, _, ahead = work
    ints, used, begun = tables.ints, codes.used[t, m], t - codes.ages[t, m]
    if begun == t or begun < 0 or used & 1 == 0:
        return -1.0
    Q, K, spare, never = ints[m, c.Q], ints[m, c.K], np.int64(3), t < 0
    power = ints[m, c.POWER_FIRST] if starts[begun] else ints[m, c.POWER]
    if used & c.SKIPPED:
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
        if bundle == 1 and used & c.SKIPPED:
            side, row = ahead, np.int64(1)
        found = active_rows(m, bundle, row, never, tables, side, frames, rows, ends, gains)
        if signal(
            m, bundle, spare, row, never, now, found, tables, memory, side, rows, ends, gains, planes, eights, acc,
            signals,
        ):  # fmt: skip
            power = ints[m, c.POWER + bundle]
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
def _go_ahead(m, t, now, seed, step, tables, memory, codes, work):
    """Write into ``ahead`` what the macs heard by H would have on after those of row t, chosen by H alone."""
    frames, _, rows, ends, gains, planes, eights, acc, signals, V, mu, weights, same, ahead = work
    ints, spare, one, never, hard = tables.ints, np.int64(3), np.int64(1), t < 0, t >= 0
    number = max(step + t, 0)
    for k in range(ints[m, c.BEGIN + 1], ints[m, c.END + 1]):
        s = np.int64(tables.sources[k])
        on = codes.ages[t, s]
        ahead.ages[1, s] = 0
        if on == 0:
            continue
        if on < ints[s, c.DELTA]:
            for q in range(ints[s, c.Q]):
                ahead.codes[1, s, q] = codes.codes[t, s, q]
            ahead.gains[1, s], ahead.ages[1, s] = codes.gains[t, s], 1
            continue
        found = active_rows(s, one, t, never, tables, codes, frames, rows, ends, gains)
        if signal(
            s, one, spare, t, never, now, found, tables, memory, codes, rows, ends, gains, planes, eights, acc, signals
        ):  # fmt: skip
            G = support(s, np.int64(2), never, spare, tables, signals, V)
            cells = ints[s, c.Q] * ints[s, c.K]
            winners(
                s, np.int64(0), G, hard, seed, _AHEAD, number, tables, memory, ahead, V, cells, same, weights, mu
            )  # fmt: skip
            ahead.ages[1, s] = 1
