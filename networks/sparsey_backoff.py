"""Signals that a recognising mac leaves out where together they fit badly, and codes that it holds or skips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..kernels import random
from ..kernels.sparsey_columns import AHEAD, HELD, SKIPPED
from ..neurons import sparsey as csa
from .sparsey_layout import SIGNALS, D, H, U
from .sparsey_signals import Choice, active, powers, signal, support
from .sparsey_state import Moment, SparseyState, initial

__all__ = ["WARPS", "SparseyBackoff", "choose_signals"]

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


def choose_signals(
    m: int, signals: Mapping[int, np.ndarray], before: SparseyState, past: Sequence[SparseyState], first: bool,
    backoff: SparseyBackoff | None, at: Moment,
) -> Choice:  # fmt: skip
    """Give what the local support is made of.

    Parameters
    ----------
    m : int
        The mac.
    signals : mapping
        Those that are present.
    before : SparseyState
        Codes of the frame before.
    past : sequence of SparseyState
        All states of the sequence before those, for ``"hold"``.
    first : bool
        The first frame of a sequence.
    backoff : SparseyBackoff, optional
        None: all signals.
    at : Moment
    """
    exponents = powers(at.layout.level(m).mac, first)
    whole = sum(1 << x for x in signals)
    if backoff is None:
        return support(signals, exponents, whole)
    possible = {c for c in range(1, 8) if c & whole == c and (c == whole or c in backoff.masks)}
    for size, threshold in zip((3, 2, 1), backoff.thresholds, strict=True):
        tried = [support(signals, exponents, c) for c in sorted(possible) if c.bit_count() == size]
        if found := _best(tried, threshold):
            return found
        mask = {3: 7, 2: 3, 1: 0}[size]  # U and H, and D of three
        if mask not in possible:
            continue
        tried = []
        if "hold" in backoff.warps and mask == whole:
            tried += _held(m, signals[U], before, past, at)
        if "skip" in backoff.warps:
            h = signal(m, H, active(m, H, _ahead(m, before, at), at), at)
            if h is not None:
                V, G, _ = support({**signals, H: h}, exponents, mask)
                tried.append(Choice(V, G, mask | SKIPPED))
        if found := _best(tried, threshold):
            return found
    return support(signals, exponents, whole)


def _best(tried: list[Choice], threshold: float) -> Choice | None:
    """The most familiar one, of equals the first, if it reaches the threshold."""
    best = max(tried, key=lambda choice: choice.G, default=None)
    return best if best is not None and best.G >= threshold else None


def _held(
    m: int, u: np.ndarray, before: SparseyState, past: Sequence[SparseyState], at: Moment
) -> list[Choice]:  # fmt: skip
    """The code that is on, familiar by the present U and the H and D that chose it; [] if there is none."""
    p, age, used = at.layout.level(m).mac, int(before.ages[m]), int(before.used[m])
    if not 0 < age <= len(past) or not used >> U & 1:
        return []
    chosen_from, exponents = past[len(past) - age], powers(p, age == len(past))
    signals = [(u, exponents[U])]
    for x in (H, D):
        if used >> x & 1:
            heard = chosen_from
            if x == H and used & SKIPPED:
                heard = _ahead(m, chosen_from, at._replace(step=max(at.step - age, 0)))
            if (found := signal(m, x, active(m, x, heard, at), at)) is not None:
                signals.append((found, exponents[x]))
    winners = before.codes[m, : p.modules]
    V = csa.local_support((s[np.arange(p.modules), winners][:, None], power) for s, power in signals)
    return [Choice(None, csa.familiarity(V), used | HELD)]


def _ahead(m: int, codes: SparseyState, at: Moment) -> SparseyState:
    """What the macs that a mac hears by H would have on next, chosen by H alone; a code that persists stays."""
    layout, after = at.layout, initial(at.layout)
    for s in layout.sources[m][H]:
        p = layout.level(s).mac
        if codes.ages[s] == 0:
            continue
        if codes.ages[s] < p.persistence:
            after.codes[s], after.gains[s], after.ages[s] = codes.codes[s], codes.gains[s], 1
            continue
        h = signal(s, H, active(s, H, codes, at), at)
        if h is None:
            continue
        V = csa.local_support([(h, p.lambda_h)])
        mu = csa.win_weights(V, csa.familiarity(V), p, at.synapses.inflection[s][0])
        begin = sum(layout.level(k).mac.modules for k in range(s))
        number = random.uniform(at.seed, AHEAD, np.arange(begin, begin + p.modules), at.step)
        after.codes[s, : p.modules] = csa.most_likely(mu, number)
        after.gains[s], after.ages[s] = csa.gain(csa.hypotheses(V, p), p), 1
    return after
