"""Willshaw's memory: sparse binary patterns in binary synapses.

Patterns x^mu in {0, 1}^N with few ones. A synapse is on if both its cells were ever active together:

    W_ij = 1 if x_i^mu = x_j^mu = 1 for some mu, else 0                          (the diagonal included)
    recall: h_i = sum_j W_ij c_j;   x_i = 1 where h_i >= theta

With ``threshold="all"`` theta is the number of ones of the cue (a cell answers if all active cells tell it to: finds
every bit of a pattern of which the cue is a part); with ``"winners"`` the k cells with the largest h are on (all that
tie with the last one), which also stands cues with wrong bits.

With P patterns of a ones, a share p = 1 - (1 - a (a - 1) / (N (N - 1)))^P of the synapses between different cells is
on, and a complete cue calls (N - a) p^a wrong bits on average. That is one bit at p = (N - a)^(-1/a), which is the
capacity here. Half of the synapses are on at P = ln 2 (N / a)^2; as a ~ log2 N, the memory then holds ln 2 = 0.69 bits
a synapse.

Kept are N^2 bits, in words of 64; storing a pattern writes a rows, recall reads as many rows as the cue has ones.

**References.** D. J. Willshaw, O. P. Buneman and H. C. Longuet-Higgins 1969, "Non-holographic associative memory",
Nature 222, 960; G. Palm 1980, "On associative memory", Biological Cybernetics 36, 19.

>>> memory = Willshaw(6)
>>> memory.store([[1, 1, 0, 0, 1, 0], [0, 1, 1, 0, 0, 1]])
>>> memory.recall([[1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, 0]])[0].astype(int).tolist()
[[1, 1, 0, 0, 1, 0], [1, 1, 1, 0, 1, 1]]
>>> memory.load_of_synapses()
0.4722222222222222
"""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np

from .memory import AssociativeMemory, RecallInfo, check_bits, check_choice, check_count, pack_bits, unpack_bits

__all__ = ["Willshaw"]


class Willshaw(AssociativeMemory):
    """Complete sparse binary patterns.

    Parameters
    ----------
    size : int
        Number of cells N; N^2 / 8 bytes are needed.
    """

    def __init__(self, size: int) -> None:
        self.size = check_count(size, "size")
        self._rows = np.zeros((self.size, -(-self.size // 64)), dtype=np.uint64)
        self._ones: list[int] = []  # of each stored pattern

    def store(self, patterns: Any) -> None:
        """Add patterns [P, N] of 0 and 1 (or bool).

        Raises
        ------
        ValueError
            If a pattern has no ones: it would leave no trace.
        """
        patterns = check_bits(patterns, "patterns", self.size)
        ones = patterns.sum(1)
        if not ones.all():
            raise ValueError(f"patterns: expected at least one 1 in each, got none in pattern {int(ones.argmin())}")
        for bits, row in zip(patterns, pack_bits(patterns), strict=True):
            self._rows[bits] |= row
        self._ones += ones.tolist()

    @property
    def weights(self) -> np.ndarray:
        """The synapses W: bool [N, N]."""
        return unpack_bits(self._rows, self.size)

    def __len__(self) -> int:
        return len(self._ones)

    def __repr__(self) -> str:
        return f"Willshaw({self.size}; {len(self)} patterns, {self.load_of_synapses():.1%} of the synapses on)"

    def recall(
        self, cues: Any, steps: int = 1, threshold: str = "all", active: int | None = None
    ) -> tuple[np.ndarray, RecallInfo]:
        """Complete each cue.

        Parameters
        ----------
        cues : array_like
            [Q, N] of 0 and 1 (or bool). A cue without ones calls nothing.
        steps : int
            Most updates; a cue is done when an update changes nothing.
        threshold : str
            ``"all"`` or ``"winners"``.
        active : int, optional
            Number of winners; by default the mean number of ones of the stored patterns, rounded.

        Returns
        -------
        states : ndarray
            bool [Q, N].
        info : RecallInfo
        """
        states = check_bits(cues, "cues", self.size).copy()
        check_count(steps, "steps")
        check_choice(threshold, "threshold", ("all", "winners"))
        if threshold == "all" and active is not None:
            raise ValueError(f"active: belongs to threshold='winners', got {active} with 'all'")
        if threshold == "winners":
            if active is None:
                self._need_patterns()
                active = round(float(np.mean(self._ones)))
            if check_count(active, "active") > self.size:
                raise ValueError(f"active: expected at most {self.size}, got {active}")
        info = RecallInfo(np.zeros(len(states), np.int64), np.zeros(len(states), bool))
        for q, state in enumerate(states):
            while info.steps[q] < steps and not info.converged[q]:
                fresh = self._update(state, active)
                info.steps[q] += 1
                info.converged[q] = np.array_equal(fresh, state)
                state[:] = fresh
        return states, info

    def _update(self, state: np.ndarray, active: int | None) -> np.ndarray:
        rows = self._rows[state]
        if not len(rows):
            return np.zeros(self.size, dtype=bool)
        if active is None:
            return unpack_bits(np.bitwise_and.reduce(rows, axis=0)[None], self.size)[0]
        h = unpack_bits(rows, self.size).sum(0)
        least = max(np.partition(h, self.size - active)[self.size - active], 1)
        return h >= least

    def load_of_synapses(self) -> float:
        """Share of the synapses that are on."""
        return float(np.bitwise_count(self._rows).sum()) / self.size**2

    def capacity(self, active: int | None = None) -> float:
        """How many random patterns can be stored until a complete cue calls one wrong bit on average.

        Parameters
        ----------
        active : int, optional
            Ones of a pattern; by default the mean of the stored ones, rounded.
        """
        if active is None:
            self._need_patterns()
            active = round(float(np.mean(self._ones)))
        a, N = check_count(active, "active"), self.size
        if a >= N:
            raise ValueError(f"active: expected less than size = {N}, got {active}")
        p = float(N - a) ** (-1 / a)
        return math.log1p(-p) / math.log1p(-a * (a - 1) / (N * (N - 1))) if a > 1 else math.inf

    def _need_patterns(self) -> None:
        if not len(self):
            raise ValueError("active: nothing is stored from which to take the number of ones")

    def _content(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return {"size": self.size}, {"rows": self._rows, "ones": np.array(self._ones, dtype=np.int64)}

    @classmethod
    def _from_content(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        made = cls(**settings)
        if arrays["rows"].shape != made._rows.shape or arrays["rows"].dtype != np.uint64:
            raise ValueError(f"rows: expected uint64 {list(made._rows.shape)}, got {list(arrays['rows'].shape)}")
        made._rows, made._ones = arrays["rows"], arrays["ones"].tolist()
        return made
