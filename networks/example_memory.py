"""What the Hebbian networks share that learn patterns, or examples of them, as rows of whole numbers.

`DenseHebbian` and `MultitaskingHebbian` differ in what a pattern is, in the order of the interaction and in the factor
of the energy; the rows, the energy in terms of them, overlaps and the simulation of replicas are the same.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np

from .dense_hebbian_run import MonteCarlo, simulate
from .dense_hebbian_steps import difference, power_sums, summed_energy
from .memory import AssociativeMemory, check_count, check_signs

__all__ = ["ExampleMemory"]


class ExampleMemory(AssociativeMemory):
    """A network of N = ``size`` spins that learns from M examples of each of K patterns, with a teacher or without.

    ``_W`` [N, rows] holds sums of the examples of each pattern (supervised) or every example for itself.
    """

    size: int
    supervised: bool
    backend: str
    threads: int
    _M: int
    _W: np.ndarray

    # -- what a model says ------------------------------------------------------------------------------------------
    @property
    @abstractmethod
    def _interaction(self) -> tuple[int, str]:
        """Order P, and which indices the terms of the energy have."""

    @property
    @abstractmethod
    def _factor(self) -> float:
        """Energy per unit of the sum over rows of (w.sigma)^P."""

    @property
    @abstractmethod
    def _per_overlap(self) -> float:
        """The normalised overlap of a mean example that overlaps by 1."""

    @abstractmethod
    def _letters(self, values: Any, what: str, size: int | None = None) -> np.ndarray:
        """Check numbers of patterns, int8 [., N]."""

    @abstractmethod
    def _append(self, rows: np.ndarray, M: int, r: Any) -> None:
        """Learn rows [., N] that stand for M examples of quality r."""

    # -- learning ---------------------------------------------------------------------------------------------------
    def store(self, patterns: Any) -> None:
        """Learn patterns [P, N] themselves: one perfect example of each."""
        self._append(self._letters(patterns, "patterns", self.size), 1, 1.0)

    def _examples(self, examples: Any) -> np.ndarray:
        """Check examples: int8 [K, M, N]."""
        examples = np.asarray(examples)
        if examples.ndim != 3 or examples.shape[2] != self.size or not examples.shape[1]:
            raise ValueError(f"examples: expected shape [K, M, N = {self.size}], got {list(examples.shape)}")
        return self._letters(examples.reshape(-1, self.size), "examples").reshape(examples.shape)

    def _rows_of(self, examples: np.ndarray) -> np.ndarray:
        """The rows that are learned from examples [K, M, N]."""
        return examples.sum(1, dtype=np.int32) if self.supervised else examples.reshape(-1, self.size)

    @property
    def patterns_stored(self) -> int:
        """Number of patterns K."""
        return self._W.shape[1] // (1 if self.supervised else max(self._M, 1))

    def _needs_patterns(self) -> None:
        if not self._W.shape[1]:
            raise ValueError("nothing is stored yet; use store or store_examples")

    # -- energy -----------------------------------------------------------------------------------------------------
    def energy(self, states: Any) -> np.ndarray:
        """Give H of each state [Q, N] -> [Q]."""
        self._needs_patterns()
        states = check_signs(states, "states", self.size)
        return self._factor * summed_energy(self._W, states, *self._interaction)

    def energy_change(self, states: Any, spin: int) -> np.ndarray:
        """Give H with spin number ``spin`` at +1 less H with it at -1, the other spins as in ``states`` [Q, N]."""
        self._needs_patterns()
        states = check_signs(states, "states", self.size)
        if not 0 <= check_count(spin, "spin", 0) < self.size:
            raise ValueError(f"spin: expected 0 ... {self.size - 1}, got {spin}")
        sums, w = power_sums(self._W, states, *self._interaction), self._W[spin].astype(np.float64)
        now = states[:, spin, None].astype(np.float64)
        return self._factor * difference(sums, w, now, *self._interaction).sum(-1)

    def overlaps(self, states: Any) -> np.ndarray:
        """Give n, the normalised overlap of states [Q, N] with the mean example of each pattern: [Q, K]."""
        self._needs_patterns()
        states = check_signs(states, "states", self.size)
        x = power_sums(self._W, states, self._interaction[0], "all")[0] / self.size
        x = x / self._M if self.supervised else x.reshape(len(x), -1, self._M).mean(2)
        return self._per_overlap * x

    # -- dynamics ---------------------------------------------------------------------------------------------------
    def monte_carlo(
        self, states: Any, beta: float, sweeps: int, follow: Any = None, dynamics: str = "sequential", seed: int = 0,
        first_sweep: int = 0, threads: int | None = None, what: str = "states",
    ) -> MonteCarlo:  # fmt: skip
        """Simulate replicas and follow their overlaps with patterns.

        Parameters
        ----------
        states : array
            Start states -1 and +1 [Q, N], one replica each.
        beta, sweeps, dynamics, seed, threads
            As in `recall`.
        follow : array, optional
            Patterns [A, N]; none by default.
        first_sweep : int
            Number of the first sweep, by which its draws are made: a run that is continued with it is the one run.
        """
        self._needs_patterns()
        states = check_signs(states, what, self.size)
        follow = self._letters(np.zeros((0, self.size)) if follow is None else follow, "follow", self.size)
        workers = self.threads if threads is None else threads
        return simulate(
            self._W, states, follow, *self._interaction, self._factor, beta, dynamics, sweeps, first_sweep, seed,
            self.backend, workers,
        )  # fmt: skip

    # -- files ------------------------------------------------------------------------------------------------------
    @classmethod
    def _from_content(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        M, r, rows = settings.pop("M"), settings.pop("r"), arrays["rows"]
        made = cls(**settings)
        if rows.ndim != 2 or rows.shape[1] != made.size or rows.dtype.kind != "i":
            raise ValueError(f"rows: expected whole numbers [., {made.size}], got {rows.dtype} {list(rows.shape)}")
        if len(rows):
            made._append(rows, M, r)
        return made
