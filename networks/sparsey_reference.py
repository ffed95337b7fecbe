"""Sparsey's frame step in plain NumPy: every mac of every level, from the lowest level on.

In a frame each mac in turn

1. keeps its code if that has been on for fewer than delta frames; else it becomes active if the number of active
   features in its window lies in its band, and is silent otherwise (all winners -1);
2. sums U over its active inputs of this frame, H and D over the codes of the frame before, each code times its gain,
   and chooses a code by `neurons.sparsey`; recognition may leave signals out (`SparseyBackoff`);
3. learns by `plasticity.sparsey`: U and D in every frame in which its code is on, H in the first.

The first frame of a sequence has neither H nor D. ``norm="fixed"`` divides by the expected number of active inputs
(level 0), else by the number of active macs (of U at least ``least``) times the Q of a mac that is heard.

One uniform number per module decides, in the order of macs and modules: of stream `DRAWS` for learning, `RECALLS`
for recognition and `AHEAD` for codes that are skipped, at the number of the module and of the frame (`kernels.random`).

Time and weights: the state of the codes goes in and comes out; the synapses are changed in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..kernels import random
from ..neurons import sparsey as csa
from ..plasticity.sparsey import NEVER, PERMANENT, coactive, weight
from .sparsey_layout import SIGNALS, D, H, SparseyLayout, U

__all__ = [
    "AHEAD", "DRAWS", "HELD", "RECALLS", "SKIPPED", "SparseyBackoff", "SparseyState", "Synapses", "frame", "initial",
    "new_synapses",
]  # fmt: skip

DRAWS, RECALLS, AHEAD = 0, 1, 2  # random streams
HELD, SKIPPED = 8, 16  # bits of ``used`` beside those of the signals
WARPS = ("hold", "skip")


@dataclass(frozen=True, slots=True)
class SparseyBackoff:
    """How a recognising mac leaves signals out: all of them, else the best pair, else the best single one.

    The first of these steps in which a familiarity reaches its threshold supplies the local support, with the largest
    G in it. If none does, all signals that are present are used.

    Time warps come after all signals together and before any of them is left out, for the same threshold. A sequence
    that runs slower or faster than it was learned keeps its codes by them, and a novel order stays novel:

    - ``"hold"``: the code that is on stays for one frame more. Its G is the mean of its winners' local support by the
      present U and by the H and D that chose it (of the first code of a sequence: by U alone).
    - ``"skip"``: H comes from the codes that would be next, which the macs that are heard choose by H alone. Where D
      fails, since the codes above last for frames and not for steps, it is tried once more for U and H if they are
      allowed without D.

    Parameters
    ----------
    thresholds : tuple of three float
        For three, two and one signals.
    allowed : tuple of str
        Combinations that may be tried beside that of all signals present. Without ``"U"``, a novel order of known
        frames looks as novel as it is.
    warps : tuple of str
        ``"hold"``, ``"skip"``, both or none; for macs that hear U and H.

    Raises
    ------
    ValueError
        An unknown combination, threshold or warp.
    """

    thresholds: tuple[float, float, float] = (0.9, 0.7, 0.5)
    allowed: tuple[str, ...] = ("UH", "UD", "HD", "U", "H", "D")
    warps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.thresholds) != 3 or not all(0 <= g <= 1 for g in self.thresholds):
            raise ValueError(f"SparseyBackoff.thresholds: expected three numbers in 0 ... 1, got {self.thresholds!r}")
        for word in self.allowed:
            if not word or set(word) - set(SIGNALS) or len(set(word)) != len(word):
                raise ValueError(f"SparseyBackoff.allowed: expected combinations of U, H and D, got {word!r}")
        if isinstance(self.warps, str) or set(self.warps) - set(WARPS):
            raise ValueError(f"SparseyBackoff.warps: expected some of {', '.join(WARPS)}, got {self.warps!r}")

    @property
    def masks(self) -> tuple[int, ...]:
        """The combinations as bits: 1 for U, 2 for H, 4 for D."""
        return tuple(sum(1 << SIGNALS.index(letter) for letter in word) for word in self.allowed)


class SparseyState(NamedTuple):
    """Codes that are on: ``codes`` int32 [M, Q], -1 if silent; ``gains`` [M]; ``ages`` int32 [M], frames for which a
    code has been on, 0 if silent; ``G`` [M], nan if silent; ``used`` uint8 [M], bits of the signals that chose it,
    with `SKIPPED` if its H was one step ahead and `HELD` once it was held."""

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
            found = _support(
                m, before, after, synapses, layout, inputs, first, now, backoff, replay, past, seed, step
            )  # fmt: skip
            if found is None:
                continue
            V, G, used = found
            if V is None:
                for now_on, was_on in zip(after, before, strict=True):
                    now_on[m] = was_on[m]
                after.ages[m] += 1
                after.G[m], after.used[m] = G, used
                continue
            after.used[m] = used
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
    first: bool, now: int, backoff: SparseyBackoff | None, replay: bool, past: Sequence[SparseyState], seed: int,
    step: int,
) -> tuple[np.ndarray | None, float, int] | None:  # fmt: skip
    """Local support (None: the code that is on is held), familiarity and signals used; None if the mac stays silent."""
    p = layout.level(m).mac
    powers = (p.first_power if first else p.lambda_u, p.lambda_h, p.lambda_d)
    signals: dict[int, np.ndarray] = {}
    for x in (U, H, D):
        active = _active(m, x, before, after, layout, inputs)
        if x == U:
            features = sum(len(rows) for rows, _, _ in active) if layout.level_of[m] == 0 else len(active)
            silent = not p.least <= features <= (features if p.most is None else p.most)
            if silent and not (replay and features == 0):
                return None
            if silent:
                continue
        signal = _signal(m, x, active, synapses, layout, now)
        if signal is not None:
            signals[x] = signal
    if not signals:
        return None

    def support(mask: int, h: np.ndarray | None = None) -> tuple[np.ndarray, float, int]:
        given = signals if h is None else {**signals, H: h}
        V = csa.local_support((given[x], powers[x]) for x in given if mask >> x & 1)
        return V, csa.familiarity(V), mask

    whole = sum(1 << x for x in signals)
    if backoff is None:
        return support(whole)
    for size, threshold in zip((3, 2, 1), backoff.thresholds, strict=True):
        masks = [c for c in range(1, 8) if c.bit_count() == size and c & whole == c]
        tried: list[tuple[np.ndarray | None, float, int]] = [
            support(c) for c in masks if c == whole or c in backoff.masks
        ]
        if tried and (best := max(tried, key=lambda t: t[1]))[1] >= threshold:
            return best
        mask = 7 if size == 3 else 3  # U and H, and D of three
        if size == 1 or mask & whole != mask or (mask != whole and mask not in backoff.masks):
            continue
        tried = []
        if "hold" in backoff.warps and mask == whole:
            tried += _held(m, signals[U], before, synapses, layout, inputs, now, past, seed, step)
        if "skip" in backoff.warps:
            skipped = _ahead(m, before, synapses, layout, inputs, now, seed, step)
            h = _signal(m, H, _active(m, H, skipped, after, layout, inputs), synapses, layout, now)
            if h is not None:
                V, G, _ = support(mask, h)
                tried.append((V, G, mask | SKIPPED))
        if tried and (best := max(tried, key=lambda t: t[1]))[1] >= threshold:
            return best
    return support(whole)


def _signal(
    m: int, x: int, active: list[tuple[np.ndarray, float, int]], synapses: Synapses, layout: SparseyLayout, now: int
) -> np.ndarray | None:  # fmt: skip
    """Normalised sums [Q, K] of a bundle over its active rows; None if none is heard."""
    level = layout.level(m)
    p = level.mac
    active = [(rows, F, n) for rows, F, n in active if F > 0]
    heard = sum(n for _, _, n in active)
    if not heard:
        return None
    last, stiffness = synapses.last[m][x], synapses.stiffness[m][x]
    total = np.zeros((p.modules, p.cells))
    for rows, F, _ in active:
        w = np.where(last[rows] == NEVER, 0, weight(stiffness[rows], now - last[rows], level.rule))
        total = total + F * w.sum(0, dtype=np.int64)
    if p.norm == "fixed":
        heard = _fixed(m, x, len(active), layout)
    return csa.normalise(total, heard * level.rule.weights[0])


def _held(
    m: int, u: np.ndarray, before: SparseyState, synapses: Synapses, layout: SparseyLayout, inputs: np.ndarray,
    now: int, past: Sequence[SparseyState], seed: int, step: int,
) -> list[tuple[np.ndarray | None, float, int]]:  # fmt: skip
    """Familiarity of the code that is on, by the present U and the H and D that chose it; [] if there is none."""
    p, age, used = layout.level(m).mac, int(before.ages[m]), int(before.used[m])
    if not 0 < age <= len(past) or not used >> U & 1:
        return []
    chosen_from = past[len(past) - age]
    signals = [(u, p.first_power if age == len(past) else p.lambda_u)]
    for x, power in ((H, p.lambda_h), (D, p.lambda_d)):
        if used >> x & 1:
            heard = chosen_from
            if x == H and used & SKIPPED:
                heard = _ahead(m, chosen_from, synapses, layout, inputs, now, seed, max(step - age, 0))
            signal = _signal(m, x, _active(m, x, heard, heard, layout, inputs), synapses, layout, now)
            if signal is not None:
                signals.append((signal, power))
    winners = before.codes[m, : p.modules]
    V = csa.local_support((s[np.arange(p.modules), winners][:, None], power) for s, power in signals)
    return [(None, csa.familiarity(V), used | HELD)]


def _ahead(
    m: int, state: SparseyState, synapses: Synapses, layout: SparseyLayout, inputs: np.ndarray, now: int, seed: int,
    step: int,
) -> SparseyState:  # fmt: skip
    """What the macs that a mac hears by H would have on next, chosen by H alone; a code that persists stays."""
    after = initial(layout)
    for s in layout.sources[m][H]:
        p = layout.level(s).mac
        if state.ages[s] == 0:
            continue
        if state.ages[s] < p.persistence:
            after.codes[s], after.gains[s], after.ages[s] = state.codes[s], state.gains[s], 1
            continue
        h = _signal(s, H, _active(s, H, state, state, layout, inputs), synapses, layout, now)
        if h is None:
            continue
        V = csa.local_support([(h, p.lambda_h)])
        mu = csa.win_weights(V, csa.familiarity(V), p, synapses.inflection[s][0])
        begin = sum(layout.level(k).mac.modules for k in range(s))
        number = random.uniform(seed, AHEAD, np.arange(begin, begin + p.modules), step)
        after.codes[s, : p.modules] = csa.most_likely(mu, number)
        after.gains[s], after.ages[s] = csa.gain(csa.hypotheses(V, p), p), 1
    return after


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
