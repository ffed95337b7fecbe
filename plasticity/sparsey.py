"""Synapses of Sparsey: set by one co-activity, decaying by a table of age unless repeated, frozen when enough are set.

**Rule.** A synapse from an active input to a winning cell goes to w_max, and its age (in learned frames) to 0. With
``decay`` it also has a stiffness s = 0, 1, 2; its weight is a table of s and age:

====  ===============  ===============  ===============  ===========
s     w_max below      120 below        50 below         afterwards
====  ===============  ===============  ===============  ===========
0     2000             3000             4000             0
1     4000             6000             8000             0
2     for ever: permanent
====  ===============  ===============  ===============  ===========

Another co-activity while the age is below the first limit, but at least the persistence delta of the code, raises s by
one; one at an age at which the weight has come to 0 sets s back to 0; any sets the age to 0 (`coactive`). Without
``decay`` what is set stays.

**Freezing** (critical period). When more than ``saturation`` of the synapses of a bundle (all synapses of one kind, U,
H or D, onto a mac; or onto a cell) were ever increased, those that are not back at 0 become permanent and the bundle
changes no more.

**Reference.** G. J. Rinkus 2014, "Sparsey: event recognition via deep hierarchical sparse distributed codes",
Front. Comput. Neurosci. 8:160; the table is that of the author's program.

>>> rule = SparseyRule(decay=True)
>>> [int(weight(0, age, rule)) for age in (1999, 2000, 3999, 4000)]
[127, 120, 50, 0]
>>> s, last = coactive(np.array([0]), np.array([0]), 100, rule)
>>> s, last = coactive(s, last, 200, rule)
>>> int(s[0]), int(weight(s[0], 10**6, rule))
(2, 127)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

__all__ = ["NEVER", "SparseyRule", "coactive", "weight"]

NEVER = -1  # time of the last co-activity of a synapse that had none
PERMANENT = 2


@dataclass(frozen=True, slots=True)
class SparseyRule:
    """How a synapse changes.

    Parameters
    ----------
    decay : bool
        Weights follow the table; without, they are set once.
    weights : tuple of three int
        Weights before the three limits; the first is w_max, at most 127.
    ages : tuple of two tuples of three int
        The limits in learned frames for stiffness 0 and 1.
    freeze : str, optional
        ``"mac"`` or ``"cell"``: the bundle that freezes when saturated; None never freezes.
    saturation : float
        Part of the synapses of a bundle above which it freezes.

    Raises
    ------
    ValueError
        A value out of range.
    """

    decay: bool = False
    weights: tuple[int, int, int] = (127, 120, 50)
    ages: tuple[tuple[int, int, int], tuple[int, int, int]] = ((2000, 3000, 4000), (4000, 6000, 8000))
    freeze: Literal["mac", "cell"] | None = None
    saturation: float = 0.5

    def __post_init__(self) -> None:
        whole = all(isinstance(w, int | np.integer) for w in self.weights)
        if len(self.weights) != 3 or not whole or not 127 >= self.weights[0] >= self.weights[1] >= self.weights[2] > 0:
            raise ValueError(f"SparseyRule.weights: expected 127 >= a >= b >= c > 0, got {self.weights!r}")
        for row in self.ages:
            if len(row) != 3 or not 0 < row[0] <= row[1] <= row[2] < 2**29:
                raise ValueError(f"SparseyRule.ages: expected rows 0 < a <= b <= c < 2**29, got {self.ages!r}")
        if len(self.ages) != 2:
            raise ValueError(f"SparseyRule.ages: expected two rows, got {len(self.ages)}")
        if self.freeze not in (None, "mac", "cell"):
            raise ValueError(f"SparseyRule.freeze: expected 'mac', 'cell' or None, got {self.freeze!r}")
        if not 0 < self.saturation < 1:
            raise ValueError(f"SparseyRule.saturation: expected a number in (0, 1), got {self.saturation!r}")


def weight(stiffness: Any, age: Any, rule: SparseyRule) -> np.ndarray:
    """Weight of synapses with this stiffness and age in frames (any one shape)."""
    if not rule.decay:
        return np.full(np.broadcast(stiffness, age).shape, rule.weights[0], np.uint8)
    s, age = np.asarray(stiffness), np.asarray(age)
    first = s == 0
    w = np.zeros(np.broadcast(s, age).shape, np.uint8)
    for value, early, late in reversed(list(zip(rule.weights, *rule.ages, strict=True))):
        w = np.where(age < np.where(first, early, late), np.uint8(value), w)
    return np.where(s >= PERMANENT, np.uint8(rule.weights[0]), w)


def coactive(
    stiffness: np.ndarray, last: np.ndarray, now: int, rule: SparseyRule, persistence: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Stiffness and time of the last co-activity (`NEVER` before the first) after one at time ``now``, in frames."""
    age, first = now - last, stiffness == 0
    new = (last == NEVER) | (age >= np.where(first, rule.ages[0][2], rule.ages[1][2]))
    again = (age >= persistence) & (age < np.where(first, rule.ages[0][0], rule.ages[1][0]))
    s = np.where(new, 0, np.where(again, stiffness + 1, stiffness))
    s = np.where(stiffness >= PERMANENT, PERMANENT, s) if rule.decay else np.zeros_like(stiffness)
    return s.astype(stiffness.dtype), np.full_like(last, now)
