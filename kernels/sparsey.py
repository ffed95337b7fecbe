"""Sparsey's frames, compiled: `networks.sparsey_reference` code by code, from packed synapses.

Synapses that are set once are bits: the active rows of a bundle are counted 64 cells at a time by carry-save adders,
eight rows in one go, and only the counts are spread to numbers. Synapses that decay are 32-bit stamps whose weight is
looked up while rows are summed. Only rows of active inputs are touched, so time does not grow with what is stored. All
sums run in the order of the reference, and so winners, familiarities and synapses are the same.

A frame of a mac: `sparsey_rows` (what is active), `sparsey_signals` (U, H and D, and V and G of them, by way of
`sparsey_synapses`), `sparsey_backoff` (which of them to use), `sparsey_winners` (the code), `sparsey_learning`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from . import sparsey_columns as c
from .compiled_hints import inner, options
from .sparsey_backoff import choose_signals
from .sparsey_learning import learn_bundle
from .sparsey_rows import active_rows
from .sparsey_signals import lone_support, signal, support
from .sparsey_winners import raise_inflection, winners

__all__ = ["run"]


@njit(**inner)
def _keep(t, m, Q, codes):
    """Leave a code on for one frame more."""
    for q in range(Q):
        codes.codes[t + 1, m, q] = codes.codes[t, m, q]
    codes.gains[t + 1, m], codes.ages[t + 1, m] = codes.gains[t, m], codes.ages[t, m] + 1
    codes.G[t + 1, m], codes.used[t + 1, m] = codes.G[t, m], codes.used[t, m]


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
            Q = ints[m, c.Q]
            on = 0 if first else codes.ages[t, m]
            new = not (0 < on < ints[m, c.DELTA])
            if not new:
                _keep(t, m, Q, codes)
            else:
                lone = ints[m, c.DECAY] == 0 and ints[m, c.SIGMOID] != 2
                lone &= first or (ints[m, c.BEGIN_H] == ints[m, c.END_H] and ints[m, c.BEGIN_D] == ints[m, c.END_D])
                lone &= ints[m, c.LEVEL] == 0 or ints[m, c.END] - ints[m, c.BEGIN] == 1
                number, G = Q * ints[m, c.K], 0.0
                whole, sees, asleep = np.int64(0), True, False
                for x in range(3):
                    found = active_rows(m, x, t, first, tables, codes, frames, rows, ends, gains)
                    if x == 0:
                        features = found if ints[m, c.LEVEL] > 0 or found == 0 else ends[0]
                        sees = ints[m, c.LEAST] <= features <= ints[m, c.MOST]
                        asleep = not sees and not (replay and features == 0)
                    if asleep or (x == 0 and not sees) or found == 0:
                        continue
                    if lone:
                        if gains[0] > 0:
                            G = lone_support(m, first, found, tables, memory, rows, ends, gains, planes, eights, acc, V)
                            whole, number = whole | 1, ends[0] + 1
                        continue
                    there = signal(
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
                    mask, G = choose_signals(
                        m, t, whole, first, warps, time, seed, step, tables, memory, codes, work, thresholds, allowed
                    )  # fmt: skip
                else:
                    G = support(m, whole, first, np.int64(1), tables, signals, V)
                if mask == c.HELD:
                    _keep(t, m, Q, codes)
                    codes.G[t + 1, m], codes.used[t + 1, m] = G, codes.used[t, m] | c.HELD
                    continue
                if learn and ints[m, c.SIGMOID] == 2:
                    raise_inflection(m, tables, memory, V)
                settled = learn and ints[m, c.HARD_FROZEN] != 0 and memory.still[m, 0] == Q * ints[m, c.K]
                winners(
                    m, t, G, hard or settled, seed, stream, step + t, tables, memory, codes, V, number,
                    acc if lone else same, weights, mu,
                )  # fmt: skip
                codes.ages[t + 1, m], codes.G[t + 1, m], codes.used[t + 1, m] = 1, G, mask
            if learn:
                for x in range(3):
                    if new or x != 1:
                        learn_bundle(m, x, t, first, time, tables, memory, codes, frames, rows, ends, gains, eights)
