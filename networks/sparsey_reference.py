"""Sparsey's frame step in plain NumPy: every mac of every level, from the lowest level on.

In a frame each mac in turn

1. keeps its code if that has been on for fewer than delta frames; else it becomes active if the number of active
   features in its window lies in its band, and is silent otherwise (all winners -1);
2. sums U over its active inputs of this frame, H and D over the codes of the frame before (`sparsey_signals`), and
   chooses a code by `neurons.sparsey`; recognition may leave signals out (`sparsey_backoff`);
3. learns by `plasticity.sparsey`: U and D in every frame in which its code is on, H in the first.

The first frame of a sequence has neither H nor D.

One uniform number per module decides, in the order of macs and modules: of stream `DRAWS` for learning, `RECALLS`
for recognition and `AHEAD` for codes that are skipped (`kernels.sparsey_columns`), at the number of the module and of
the frame (`kernels.random`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..kernels import random
from ..kernels.sparsey_columns import DRAWS, RECALLS
from ..neurons import sparsey as csa
from ..plasticity.sparsey import NEVER, PERMANENT, coactive, weight
from .sparsey_backoff import SparseyBackoff, choose_signals
from .sparsey_layout import D, H, SparseyLayout, U
from .sparsey_signals import active, own_rows, signal
from .sparsey_state import Moment, SparseyState, Synapses, initial

__all__ = ["frame"]


def frame(
    state: SparseyState, synapses: Synapses, layout: SparseyLayout, inputs: np.ndarray, first: bool, learn: bool,
    seed: int, step: int, now: int, hard: bool = False, backoff: SparseyBackoff | None = None, replay: bool = False,
    past: Sequence[SparseyState] = (),
) -> SparseyState:  # fmt: skip
    """Give the codes after one frame.

    Parameters
    ----------
    state : SparseyState
        Codes of the frame before.
    synapses : Synapses
        Changed in place if ``learn``.
    layout : SparseyLayout
    inputs : ndarray
        bool [N].
    first : bool
        The first frame of a sequence.
    learn : bool
        Draw codes and learn; else recognise.
    seed, step : int
        Of the uniform numbers.
    now : int
        Number of frames learned before.
    hard : bool
        Take the most likely cells.
    backoff : SparseyBackoff, optional
        Of recognition.
    replay : bool
        A mac without active features goes on by H and D alone.
    past : sequence of SparseyState
        All states of the sequence before ``state``, from the silent one on; only ``"hold"`` looks at them.
    """
    at = Moment(layout, synapses, inputs, now, seed, step)
    before = initial(layout) if first else state
    after = initial(layout)
    offset = 0
    for m, k in enumerate(layout.level_of):
        level = layout.levels[k]
        p, Q = level.mac, level.mac.modules
        module = np.arange(offset, offset + Q)
        offset += Q
        new = not 0 < before.ages[m] < p.persistence
        if not new:
            _keep(m, before, after)
        else:
            signals = _signals(m, before, after, replay, at)
            if not signals:
                continue
            V, G, used = choose_signals(m, signals, before, past, first, backoff, at)
            if V is None:
                _keep(m, before, after)
                after.G[m], after.used[m] = G, used
                continue
            v0, largest = synapses.inflection[m]
            if learn and p.sigmoid == "java":
                v0, largest = synapses.inflection[m] = csa.raise_inflection(V, v0, largest, p)
            mu = csa.win_weights(V, G, p, v0)
            u = random.uniform(seed, DRAWS if learn else RECALLS, module, step)
            settled = learn and level.hard_when_frozen and synapses.frozen[m][U].all()
            after.codes[m, :Q] = (csa.most_likely if hard or settled else csa.draw)(mu, u)
            after.gains[m] = csa.gain(csa.hypotheses(V, p), p)
            after.ages[m], after.G[m], after.used[m] = 1, G, used
        if learn:
            for x in (U, H, D) if new else (U, D):
                _learn(m, x, before, after, at)
    return after


def _keep(m: int, before: SparseyState, after: SparseyState) -> None:
    """Leave a code on for one frame more."""
    for now_on, was_on in zip(after, before, strict=True):
        now_on[m] = was_on[m]
    after.ages[m] += 1


def _signals(
    m: int, before: SparseyState, after: SparseyState, replay: bool, at: Moment
) -> dict[int, np.ndarray]:  # fmt: skip
    """Signals that are present, in the order U, H, D; {} if the mac stays silent."""
    p = at.layout.level(m).mac
    signals: dict[int, np.ndarray] = {}
    for x in (U, H, D):
        sources = active(m, x, after if x == U else before, at)
        if x == U:
            features = sum(len(s.rows) for s in sources) if at.layout.level_of[m] == 0 else len(sources)
            silent = not p.least <= features <= (features if p.most is None else p.most)
            if silent and not (replay and features == 0):
                return {}
            if silent:
                continue
        if (found := signal(m, x, sources, at)) is not None:
            signals[x] = found
    return signals


def _learn(m: int, x: int, before: SparseyState, after: SparseyState, at: Moment) -> None:
    """Strengthen the synapses from what is active to the winners; freeze the bundle when it is saturated."""
    level, synapses, now = at.layout.level(m), at.synapses, at.now
    p, rule = level.mac, level.rule
    sources = active(m, x, after if x == U else before, at)
    if not sources:
        return
    last, stiffness, frozen = synapses.last[m][x], synapses.stiffness[m][x], synapses.frozen[m][x]
    rows = np.concatenate([s.rows for s in sources])
    own = own_rows(m, x, at.layout)
    modules = np.arange(p.modules)
    winners = after.codes[m, : p.modules]
    for q, c in zip(modules, winners, strict=True):
        if not frozen[q, c]:
            r = rows[own[rows] != q]
            stiffness[r, q, c], last[r, q, c] = coactive(stiffness[r, q, c], last[r, q, c], now, rule, p.persistence)
    if rule.freeze is None:
        return
    possible = own[:, None] != modules  # [rows, Q]
    grown = (last != NEVER).sum(0)  # [Q, K]
    if rule.freeze == "mac":
        full = np.full(grown.shape, grown.sum() > rule.saturation * possible.sum() * p.cells)
    else:
        full = grown > rule.saturation * possible.sum(0)[:, None]
    full &= ~frozen
    if full.any():
        if rule.decay:
            stiffness[(last != NEVER) & full & (weight(stiffness, now - last, rule) > 0)] = PERMANENT
        frozen |= full
