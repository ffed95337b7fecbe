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
from typing import Any

import numpy as np

from . import multitasking_theory as theory
from .dense_hebbian import DenseRecall
from .example_memory import ExampleMemory
from .memory import BACKENDS, check_choice, check_count, check_letters, check_number

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


class MultitaskingHebbian(ExampleMemory):
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
    def store_examples(self, examples: Any, r: float) -> None:
        """Learn from M examples of each pattern, -1, 0, +1 [K, M, N], of quality ``r`` in (0, 1]; M as before."""
        examples = self._examples(examples)
        zero = examples == 0
        if (zero != zero[:, :1]).any():
            raise ValueError("examples: expected zeros in the same places in all examples of a pattern")
        self._append(self._rows_of(examples), examples.shape[1], r)

    def _append(self, rows: np.ndarray, M: int, r: float) -> None:
        r = check_number(r, "r", 0, 1, above=True)
        if self._W.shape[1] and (M, r) != (self._M, self._r):
            raise ValueError(f"M, r: expected those of what is stored, {self._M} and {self._r}, got {M} and {r}")
        kind = np.int8 if not self.supervised or M < 128 else np.int32
        self._M, self._r = check_count(M, "M"), r
        self._W = np.ascontiguousarray(np.concatenate([self._W.astype(kind), rows.T.astype(kind)], axis=1))

    def capacity(self) -> int:
        """Give the most patterns that a hierarchy at T = 0 holds: it is stable, and the last one has a spin of its own.

        The first is 1 - 2 d + d^K > 0, the second (1-d) d^(K-1) N >= 1.
        """
        K, d = 1, self.dilution
        while theory.hierarchical_amplitudes(K + 1, d)[-1] * self.size >= 1 and d < theory.critical_dilution(K + 1):
            K += 1
        return K

    # -- energy -----------------------------------------------------------------------------------------------------
    @property
    def _interaction(self) -> tuple[int, str]:
        return 2, "all"

    @property
    def _per_overlap(self) -> float:
        return self._r / self.normaliser

    def _letters(self, values: Any, what: str, size: int | None = None) -> np.ndarray:
        return check_letters(values, what, size)

    @property
    def normaliser(self) -> float:
        """R = r^2 + (1 - r^2)/M, the mean of S^2 where the pattern is not 0."""
        self._needs_patterns()
        return self._r**2 + (1 - self._r**2) / self._M

    @property
    def _factor(self) -> float:
        rows = self._M**2 if self.supervised else self._M
        return -1 / (2 * self.size * rows * self.normaliser * ((1 - self.dilution) if self.normalise else 1))

    # -- dynamics ---------------------------------------------------------------------------------------------------
    def recall(
        self, cues: Any, beta: float = math.inf, sweeps: int = 100, dynamics: str = "sequential", seed: int = 0,
        threads: int | None = None,
    ) -> tuple[np.ndarray, DenseRecall]:  # fmt: skip
        """Let the network run from each cue -1, +1 [Q, N]; arguments and results are those of `DenseHebbian.recall`."""
        done = self.monte_carlo(cues, beta, sweeps, dynamics=dynamics, seed=seed, threads=threads, what="cues")
        return done.states, DenseRecall(done.sweeps, done.changed == 0, self.energy(done.states))

    # -- files ------------------------------------------------------------------------------------------------------
    def _content(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        settings = dict(
            size=self.size, dilution=self.dilution, supervised=self.supervised, normalise=self.normalise,
            backend=self.backend, threads=self.threads, M=self._M, r=self._r,
        )  # fmt: skip
        return settings, {"rows": self._W.T}

    def __repr__(self) -> str:
        kind = "supervised" if self.supervised else "unsupervised"
        return (
            f"MultitaskingHebbian(size={self.size}, dilution={self.dilution:g}, {kind}; "
            f"{self.patterns_stored} patterns, {self._M} examples of each)"
        )
