"""Sparsey's frame step in plain NumPy: every mac of every level, from the lowest level on.

In a frame each mac in turn

1. keeps its code if that has been on for fewer than delta frames; else it becomes active if the number of active
   features in its window lies in its band, and is silent otherwise (all winners -1);
2. sums U over its active inputs of this frame, H and D over the codes of the frame before, each code times its gain,
   and chooses a code by `neurons.sparsey`; recognition may leave signals out (`SparseyBackoff`);
3. learns by `plasticity.sparsey`: U and D in every frame in which its code is on, H in the first.

The first frame of a sequence has neither H nor D. ``norm="fixed"`` divides by the expected number of active inputs
(level 0), else by the number of active macs (of U at least ``least``) times the Q of a mac that is heard.

One uniform number per module decides, in the order of macs and modules: of stream `DRAWS` for learning and
`RECALLS` for recognition, at the number of the module and the number of the frame (`kernels.random`).

Time and weights: the state of the codes goes in and comes out; the synapses are changed in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..kernels import random
from ..neurons import sparsey as csa
from ..plasticity.sparsey import NEVER, PERMANENT, coactive, weight
from .sparsey_layout import SIGNALS, D, H, SparseyLayout, U

__all__ = ["DRAWS", "RECALLS", "SparseyBackoff", "SparseyState", "Synapses", "frame", "initial", "new_synapses"]

DRAWS, RECALLS = 0, 1  # random streams


@dataclass(frozen=True, slots=True)
class SparseyBackoff:
    """How a recognising mac leaves signals out: all of them, else the best pair, else the best single one.

    The first of these steps in which a familiarity reaches its threshold supplies the local support, with the largest
    G in it. If none does, all signals that are present are used.

    Parameters
    ----------
    thresholds : tuple of three float
        For three, two and one signals.
    allowed : tuple of str
        Combinations that may be tried beside that of all signals present. Without ``"U"``, a novel order of known
        frames looks as novel as it is.

    Raises
    ------
    ValueError
        An unknown combination or threshold.
    """

    thresholds: tuple[float, float, float] = (0.9, 0.7, 0.5)
    allowed: tuple[str, ...] = ("UH", "UD", "HD", "U", "H", "D")

    def __post_init__(self) -> None:
        if len(self.thresholds) != 3 or not all(0 <= g <= 1 for g in self.thresholds):
            raise ValueError(f"SparseyBackoff.thresholds: expected three numbers in 0 ... 1, got {self.thresholds!r}")
        for word in self.allowed:
            if not word or set(word) - set(SIGNALS) or len(set(word)) != len(word):
                raise ValueError(f"SparseyBackoff.allowed: expected combinations of U, H and D, got {word!r}")

    @property
    def masks(self) -> tuple[int, ...]:
        """The combinations as bits: 1 for U, 2 for H, 4 for D."""
        return tuple(sum(1 << SIGNALS.index(letter) for letter in word) for word in self.allowed)


class SparseyState(NamedTuple):
    """Codes that are on: ``codes`` int32 [M, Q], -1 if silent; ``gains`` [M]; ``ages`` int32 [M], frames for which a
    code has been on, 0 if silent; ``G`` [M], nan if silent; ``used`` uint8 [M], bits of the signals that chose it."""

    codes: np.ndarray
    gains: np.ndarray
    ages: np.ndarray
    G: np.ndarray
    used: np.ndarray


class Synapses(NamedTuple):
    """What is learned: per mac and signal [M][3] ``last`` int64 and ``stiffness`` uint8 [rows, Q, K], ``frozen`` bool
    [Q, K]; ``inflection`` [M, 2], v0 and the largest mean V (``sigmoid="java"``)."""

    last: list[list[np.ndarray]]
    stiffness: list[list[np.ndarray]]
    frozen: list[list[np.ndarray]]
    inflection: np.ndarray


def initial(layout: SparseyLayout) -> SparseyState:
    """All macs silent."""
    M = len(layout.level_of)
    return SparseyState(
        np.full((M, layout.modules), -1, np.int32), np.zeros(M), np.zeros(M, np.int32), np.full(M, np.nan),
        np.zeros(M, np.uint8),
    )  # fmt: skip


def new_synapses(layout: SparseyLayout) -> Synapses:
    """All weights 0."""
    macs = [layout.level(m).mac for m in range(len(layout.level_of))]
    shapes = [[(int(n), p.modules, p.cells) for n in rows] for p, rows in zip(macs, layout.rows, strict=True)]
    return Synapses(
        [[np.full(s, NEVER, np.int64) for s in three] for three in shapes],
        [[np.zeros(s, np.uint8) for s in three] for three in shapes],
        [[np.zeros(s[1:], bool) for s in three] for three in shapes],
        np.array([[p.shape[1], 0.0] for p in macs]),
    )


def frame(
    state: SparseyState, synapses: Synapses, layout: SparseyLayout, inputs: np.ndarray, first: bool, learn: bool,
    seed: int, step: int, now: int, hard: bool = False, backoff: SparseyBackoff | None = None, replay: bool = False,
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
    """
    before = initial(layout) if first else state
    after = SparseyState(*(a.copy() for a in initial(layout)))
    offset = 0
    for m, k in enumerate(layout.level_of):
        level = layout.levels[k]
        p, Q = level.mac, level.mac.modules
        module = np.arange(offset, offset + Q)
        offset += Q
        new = not 0 < before.ages[m] < p.persistence
        if not new:
            for now_on, was_on in zip(after, before, strict=True):
                now_on[m] = was_on[m]
            after.ages[m] += 1
        else:
            V = _support(m, before, after, synapses, layout, inputs, first, now, backoff, replay)
            if V is None:
                continue
            V, G, after.used[m] = V
            v0, largest = synapses.inflection[m]
            if learn and p.sigmoid == "java":
                v0, largest = synapses.inflection[m] = csa.raise_inflection(V, v0, largest, p)
            mu = csa.win_weights(V, G, p, v0)
            u = random.uniform(seed, DRAWS if learn else RECALLS, module, step)
            choose = csa.most_likely if hard or (learn and _settled(synapses, layout, m)) else csa.draw
            after.codes[m, :Q] = choose(mu, u)
            after.gains[m] = csa.gain(csa.hypotheses(V, p), p)
            after.ages[m], after.G[m] = 1, G
        if learn:
            for x in (U, H, D) if new else (U, D):
                _learn(m, x, before, after, synapses, layout, inputs, now)
    return after


def _settled(synapses: Synapses, layout: SparseyLayout, m: int) -> bool:
    return layout.level(m).hard_when_frozen and bool(synapses.frozen[m][U].all())


def _active(
    m: int, x: int, before: SparseyState, after: SparseyState, layout: SparseyLayout, inputs: np.ndarray
) -> list[tuple[np.ndarray, float, int]]:  # fmt: skip
    """Rows of a bundle that are active, the gain of each source, and how many of its rows each cell hears."""
    sources = layout.sources[m][x]
    if x == U and layout.level_of[m] == 0:
        rows = np.flatnonzero(inputs[sources])
        return [(rows, 1.0, len(rows))] if rows.size else []
    side, found, row = after if x == U else before, [], 0
    for s in sources:
        p = layout.level(s).mac
        if side.ages[s] > 0:
            rows = row + p.cells * np.arange(p.modules) + side.codes[s, : p.modules]
            found.append((rows, float(side.gains[s]), p.modules - (x == H and s == m)))
        row += p.modules * p.cells
    return found


def _support(
    m: int, before: SparseyState, after: SparseyState, synapses: Synapses, layout: SparseyLayout, inputs: np.ndarray,
    first: bool, now: int, backoff: SparseyBackoff | None, replay: bool,
) -> tuple[np.ndarray, float, int] | None:  # fmt: skip
    """Local support, familiarity and signals used; None if the mac stays silent."""
    level = layout.level(m)
    p, w_max = level.mac, level.rule.weights[0]
    signals: dict[int, tuple[np.ndarray, int]] = {}
    for x, power in ((U, p.first_power if first else p.lambda_u), (H, p.lambda_h), (D, p.lambda_d)):
        active = _active(m, x, before, after, layout, inputs)
        if x == U:
            features = sum(len(rows) for rows, _, _ in active) if layout.level_of[m] == 0 else len(active)
            silent = not p.least <= features <= (features if p.most is None else p.most)
            if silent and not (replay and features == 0):
                return None
            if silent:
                continue
        active = [(rows, F, n) for rows, F, n in active if F > 0]
        heard = sum(n for _, _, n in active)
        if not heard:
            continue
        last, stiffness = synapses.last[m][x], synapses.stiffness[m][x]
        total = np.zeros((p.modules, p.cells))
        for rows, F, _ in active:
            w = np.where(last[rows] == NEVER, 0, weight(stiffness[rows], now - last[rows], level.rule))
            total = total + F * w.sum(0, dtype=np.int64)
        if p.norm == "fixed":
            heard = _fixed(m, x, len(active), layout)
        signals[x] = csa.normalise(total, heard * w_max), power
    if not signals:
        return None

    def support(mask: int) -> tuple[np.ndarray, float, int]:
        V = csa.local_support(s for x, s in signals.items() if mask >> x & 1)
        return V, csa.familiarity(V), mask

    whole = sum(1 << x for x in signals)
    if backoff is None:
        return support(whole)
    for size, threshold in zip((3, 2, 1), backoff.thresholds, strict=True):
        masks = [c for c in range(1, 8) if c.bit_count() == size and c & whole == c]
        tried = [support(c) for c in masks if c == whole or c in backoff.masks]
        if tried and (best := max(tried, key=lambda t: t[1]))[1] >= threshold:
            return best
    return support(whole)


def _fixed(m: int, x: int, active: int, layout: SparseyLayout) -> int:
    p, k = layout.level(m).mac, int(layout.level_of[m])
    if x == U and k == 0:
        return int(p.expected or 0)
    heard = layout.levels[k + (x == D) - (x == U)].mac.modules
    return (max(active, p.least) if x == U else active) * heard


def _learn(
    m: int, x: int, before: SparseyState, after: SparseyState, synapses: Synapses, layout: SparseyLayout,
    inputs: np.ndarray, now: int,
) -> None:  # fmt: skip
    """Strengthen the synapses from what is active to the winners; freeze the bundle when it is saturated."""
    level = layout.level(m)
    p, rule = level.mac, level.rule
    active = _active(m, x, before, after, layout, inputs)
    if not active:
        return
    last, stiffness, frozen = synapses.last[m][x], synapses.stiffness[m][x], synapses.frozen[m][x]
    rows = np.concatenate([r for r, _, _ in active])
    own = _own_rows(m, x, layout)
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


def _own_rows(m: int, x: int, layout: SparseyLayout) -> np.ndarray:
    """Module of the mac itself that each row of a bundle comes from, -1 if it comes from elsewhere."""
    own = np.full(layout.rows[m, x], -1)
    if x == H:
        row = 0
        for s in layout.sources[m][x]:
            p = layout.level(s).mac
            if s == m:
                own[row : row + p.modules * p.cells] = np.repeat(np.arange(p.modules), p.cells)
            row += p.modules * p.cells
    return own
