"""Multitasking Hebbian network: patterns with zeros are recalled several at once, in the spins that others leave free.

**What it computes.** K patterns (few) with letters 0, -1, +1 over N spins, known through M examples each of quality r,
in which zeros stay zeros. With S the mean example, x_mu = S^mu.sigma/N, R = r^2 + (1 - r^2)/M and the dilution d

    supervised     H = -(N/(2 (1-d) R)) sum_mu x_mu^2
    unsupervised   H = -(N/(2 (1-d) R M)) sum_{mu,a} x_{mu,a}^2          x_{mu,a} that of one example

This is the energy of `DenseHebbian` with P = 2 and another factor, and is simulated by the same code
(`dense_hebbian_steps.py`): heat bath at noise 1/beta, at T = 0 the sign of the field, and ties keep the spin. A spin's
own part, O(1/N), is left out of its field.

========== =========== ==============================================================================================
argument   default     meaning
========== =========== ==============================================================================================
size                   number of spins N
dilution               share of zeros d: mild gives a hierarchy of amplitudes (1-d) d^(k-1), strong equal ones
supervised True        mean of the examples of a class, or every example for itself
normalise  True        False: without the factor 1/(1-d) in H, so that recall ends at beta = 1/(1-d) instead of 1
backend    ``"numba"`` or ``"reference"``: the same to the bit
threads    1           replicas (cues) that are simulated at the same time
========== =========== ==============================================================================================

**Limits.** The theory (`multitasking_theory.py`, with the references) is for few patterns, K up to about log N. At
T = 0 ties keep what the state was, where the theory has sign(0) = 0: compare equal amplitudes at some noise.

>>> memory = MultitaskingHebbian(size=6, dilution=0.5, backend="reference")
>>> memory.store([[1, 1, 1, 0, 0, 0], [0, 0, 0, -1, 1, 1]])
>>> states, info = memory.recall([[1, 1, -1, -1, 1, -1]])
>>> states.tolist(), memory.overlaps(states).tolist()                                       # both at once
([[1, 1, 1, -1, 1, 1]], [[0.5, 0.5]])
"""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np

from . import multitasking_theory as theory
from .dense_hebbian import DenseRecall
from .dense_hebbian_run import MonteCarlo, restored, simulate
from .dense_hebbian_steps import difference, power_sums, summed_energy
from .memory import BACKENDS, AssociativeMemory, check_choice, check_count, check_letters, check_number, check_signs

__all__ = ["MultitaskingHebbian", "hierarchical_state"]


def hierarchical_state(patterns: Any, seed: int = 0) -> np.ndarray:
    """Give the state [N] in which each spin is its first letter that is not 0; spins without one are drawn.

    >>> hierarchical_state([[1, 0, 0], [-1, -1, 0], [1, 1, 1]]).tolist()
    [1, -1, 1]
    """
    patterns = check_letters(patterns, "patterns")
    state = np.random.default_rng(seed).choice(np.array([-1, 1], dtype=np.int8), patterns.shape[1])
    for pattern in patterns[::-1]:
        state = np.where(pattern != 0, pattern, state)
    return state


class MultitaskingHebbian(AssociativeMemory):
    """Store diluted patterns or examples of them, recall several at once.

    Parameters
    ----------
    size, dilution, supervised, normalise, backend, threads
        See the table of the module.

    Raises
    ------
    ValueError, TypeError
        Arguments out of range.
    """

    def __init__(
        self, size: int, dilution: float, supervised: bool = True, normalise: bool = True, backend: str = "numba",
        threads: int = 1,
    ) -> None:  # fmt: skip
        self.size = check_count(size, "size")
        if not 0 <= check_number(dilution, "dilution") < 1:
            raise ValueError(f"dilution: expected a number in [0, 1), got {dilution!r}")
        self.dilution = float(dilution)
        for value, name in ((supervised, "supervised"), (normalise, "normalise")):
            if not isinstance(value, bool):
                raise TypeError(f"{name}: expected True or False, got {value!r}")
        self.supervised, self.normalise = supervised, normalise
        self.backend = check_choice(backend, "backend", BACKENDS)
        self.threads = check_count(threads, "threads")
        self._r, self._M = 1.0, 0
        self._W = np.zeros((self.size, 0), dtype=np.int8)

    # -- learning ---------------------------------------------------------------------------------------------------
    def store(self, patterns: Any) -> None:
        """Learn patterns [P, N] of -1, 0, +1 themselves: one perfect example of each."""
        self._append(check_letters(patterns, "patterns", self.size), 1, 1.0)

    def store_examples(self, examples: Any, r: float) -> None:
        """Learn from M examples of each pattern, -1, 0, +1 [K, M, N], of quality ``r`` in (0, 1]; M as before."""
        examples = np.asarray(examples)
        if examples.ndim != 3 or examples.shape[2] != self.size or not examples.shape[1]:
            raise ValueError(f"examples: expected shape [K, M, N = {self.size}], got {list(examples.shape)}")
        K, M, N = examples.shape
        flat = check_letters(examples.reshape(K * M, N), "examples")
        zero = flat.reshape(K, M, N) == 0
        if (zero != zero[:, :1]).any():
            raise ValueError("examples: expected zeros in the same places in all examples of a pattern")
        self._append(flat.reshape(K, M, N).sum(1, dtype=np.int32) if self.supervised else flat, M, r)

    def _append(self, rows: np.ndarray, M: int, r: float) -> None:
        r = check_number(r, "r", 0, 1, above=True)
        if self._W.shape[1] and (M, r) != (self._M, self._r):
            raise ValueError(f"M, r: expected those of what is stored, {self._M} and {self._r}, got {M} and {r}")
        kind = np.int8 if not self.supervised or M < 128 else np.int32
        self._M, self._r = check_count(M, "M"), r
        self._W = np.ascontiguousarray(np.concatenate([self._W.astype(kind), rows.T.astype(kind)], axis=1))

    @property
    def patterns_stored(self) -> int:
        """Number of patterns K."""
        return self._W.shape[1] // (1 if self.supervised else max(self._M, 1))

    def capacity(self) -> int:
        """Give the most patterns that a hierarchy at T = 0 holds: it is stable, and the last one has a spin of its own.

        The first is 1 - 2 d + d^K > 0, the second (1-d) d^(K-1) N >= 1.
        """
        K, d = 1, self.dilution
        while theory.hierarchical_amplitudes(K + 1, d)[-1] * self.size >= 1 and d < theory.critical_dilution(K + 1):
            K += 1
        return K

    # -- energy -----------------------------------------------------------------------------------------------------
    def _needs_patterns(self) -> None:
        if not self._W.shape[1]:
            raise ValueError("nothing is stored yet; use store or store_examples")

    @property
    def normaliser(self) -> float:
        """R = r^2 + (1 - r^2)/M, the mean of S^2 where the pattern is not 0."""
        self._needs_patterns()
        return self._r**2 + (1 - self._r**2) / self._M

    @property
    def _factor(self) -> float:
        """Energy per unit of the sum over rows of (w.sigma)^2."""
        rows = self._M**2 if self.supervised else self._M
        return -1 / (2 * self.size * rows * self.normaliser * ((1 - self.dilution) if self.normalise else 1))

    def energy(self, states: Any) -> np.ndarray:
        """Give H of each state [Q, N] -> [Q]."""
        self._needs_patterns()
        states = check_signs(states, "states", self.size)
        return self._factor * summed_energy(self._W, states, 2, "all")

    def energy_change(self, states: Any, spin: int) -> np.ndarray:
        """Give H with spin number ``spin`` at +1 less H with it at -1, the other spins as in ``states`` [Q, N]."""
        self._needs_patterns()
        states = check_signs(states, "states", self.size)
        if not 0 <= check_count(spin, "spin", 0) < self.size:
            raise ValueError(f"spin: expected 0 ... {self.size - 1}, got {spin}")
        w, now = self._W[spin].astype(np.float64), states[:, spin, None].astype(np.float64)
        return self._factor * difference(power_sums(self._W, states, 2, "all"), w, now, 2, "all").sum(-1)

    def overlaps(self, states: Any) -> np.ndarray:
        """Give n = (r/R) x, the normalised overlap of states [Q, N] with the mean example of each pattern: [Q, K]."""
        self._needs_patterns()
        states = check_signs(states, "states", self.size)
        x = power_sums(self._W, states, 2, "all")[0] / self.size
        x = x / self._M if self.supervised else x.reshape(len(x), -1, self._M).mean(2)
        return self._r / self.normaliser * x

    # -- dynamics ---------------------------------------------------------------------------------------------------
    def recall(
        self, cues: Any, beta: float = math.inf, sweeps: int = 100, dynamics: str = "sequential", seed: int = 0,
        threads: int | None = None,
    ) -> tuple[np.ndarray, DenseRecall]:  # fmt: skip
        """Let the network run from each cue -1, +1 [Q, N]; arguments and results are those of `DenseHebbian.recall`."""
        done = self.monte_carlo(cues, beta, sweeps, dynamics=dynamics, seed=seed, threads=threads, what="cues")
        return done.states, DenseRecall(done.sweeps, done.changed == 0, self.energy(done.states))

    def monte_carlo(
        self, states: Any, beta: float, sweeps: int, follow: Any = None, dynamics: str = "sequential", seed: int = 0,
        first_sweep: int = 0, threads: int | None = None, what: str = "states",
    ) -> MonteCarlo:  # fmt: skip
        """Simulate replicas from ``states`` [Q, N] and follow their overlaps m with patterns [A, N] of -1, 0, +1.

        The other arguments are those of `DenseHebbian.monte_carlo`.
        """
        self._needs_patterns()
        states = check_signs(states, what, self.size)
        follow = check_letters(np.zeros((0, self.size)) if follow is None else follow, "follow", self.size)
        workers = self.threads if threads is None else threads
        return simulate(
            self._W, states, follow, 2, "all", self._factor, beta, dynamics, sweeps, first_sweep, seed, self.backend,
            workers,
        )  # fmt: skip

    # -- files ------------------------------------------------------------------------------------------------------
    def _content(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        settings = dict(
            size=self.size, dilution=self.dilution, supervised=self.supervised, normalise=self.normalise,
            backend=self.backend, threads=self.threads, M=self._M, r=self._r,
        )  # fmt: skip
        return settings, {"rows": self._W.T}

    @classmethod
    def _from_content(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        return restored(cls, settings, arrays)

    def __repr__(self) -> str:
        kind = "supervised" if self.supervised else "unsupervised"
        return (
            f"MultitaskingHebbian(size={self.size}, dilution={self.dilution:g}, {kind}; "
            f"{self.patterns_stored} patterns, {self._M} examples of each)"
        )
