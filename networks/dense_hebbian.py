"""Dense (P-spin) Hebbian network, trained on noisy examples of its archetypes, with a teacher or without.

**What it computes.** N spins sigma = -1, +1. K archetypes xi^mu are known through M examples eta^{mu,a} each, of
quality r = E[eta xi]; S^mu is their mean. With x_mu = S^mu.sigma/N, x_{mu,a} = eta^{mu,a}.sigma/N and R = r^2 +
(1 - r^2)/M

    supervised     H = -(N/2) R^(-P/2) sum_mu x_mu^P
    unsupervised   H = -(N/2) R^(-P/2) (1/M) sum_{mu,a} x_{mu,a}^P

A teacher tells which examples belong together. With r = 1 both are the dense Hopfield network -(N/2) sum_mu m_mu^P,
with P = 2 the classic one. Energy, update and draws are written out in `dense_hebbian_steps.py`; an update leaves the
spin's own part out of the field, without which any state is stable at high load.

================ =========== =======================================================================================
argument         default     meaning
================ =========== =======================================================================================
size                         number of spins N
order            4           P, even: larger stores more (K ~ N^(P-1)) or survives poorer examples
supervised       True        mean of the examples of a class, or every example for itself
indices          ``"all"``   ``"distinct"`` leaves out terms in which a spin occurs twice: no linear noise at high load
beta_convention  ``"half"``  H as above; ``"unit"``: H without the 1/2, so that beta is half as large
backend          ``"numba"`` or ``"reference"``: the same to the bit
threads          1           replicas (cues) that are simulated at the same time
================ =========== =======================================================================================

**Cost** of an update: O(K), unsupervised O(K M), by overlaps that are kept up to date; memory N K bytes.

**Left out.** Odd P (no symmetry under sigma -> -sigma); the Onsager term of the mean-field scheme.

References: see `dense_hebbian_theory.py`.

>>> memory = DenseHebbian(size=6, order=4, backend="reference")
>>> memory.store([[1, 1, 1, -1, -1, -1], [1, -1, 1, -1, 1, -1]])
>>> states, info = memory.recall([[1, 1, 1, -1, -1, 1]])
>>> states.tolist(), info.converged.tolist(), memory.energy(states).round(6).tolist()      # -3 (1 + 1/3^4)
([[1, 1, 1, -1, -1, -1]], [True], [-3.037037])
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

import numpy as np

from . import dense_hebbian_phases as phases
from . import dense_hebbian_theory as theory
from .dense_hebbian_run import check_beta
from .dense_hebbian_steps import difference, power_sums
from .example_memory import ExampleMemory
from .memory import BACKENDS, check_choice, check_count, check_number, check_signs

__all__ = ["DenseHebbian", "DenseRecall"]

_DYNAMICS = ("sequential", "parallel", "plefka")


class DenseRecall(NamedTuple):
    """How a recall ended, for each cue: sweeps, whether the last changed nothing, the energy."""

    steps: np.ndarray
    converged: np.ndarray
    energy: np.ndarray


class DenseHebbian(ExampleMemory):
    """Store archetypes or examples of them, recall by P-body interactions, simulate at any noise.

    Parameters
    ----------
    size, order, supervised, indices, beta_convention, backend, threads
        See the table of the module.

    Raises
    ------
    ValueError, TypeError
        Arguments out of range.
    """

    def __init__(
        self, size: int, order: int = 4, supervised: bool = True, indices: Literal["all", "distinct"] = "all",
        beta_convention: Literal["half", "unit"] = "half", backend: str = "numba", threads: int = 1,
    ) -> None:  # fmt: skip
        self.size = check_count(size, "size")
        self.order = theory.check_order(order, "order")
        if not isinstance(supervised, bool):
            raise TypeError(f"supervised: expected True or False, got {supervised!r}")
        self.supervised = supervised
        self.indices: Any = check_choice(indices, "indices", ("all", "distinct"))
        self.beta_convention = check_choice(beta_convention, "beta_convention", ("half", "unit"))
        self.backend = check_choice(backend, "backend", BACKENDS)
        self.threads = check_count(threads, "threads")
        self._quality: float | None = None  # as given, r
        self._M = 0
        self._W = np.zeros((self.size, 0), dtype=np.int8)

    # -- learning ---------------------------------------------------------------------------------------------------
    def store_examples(self, examples: Any, r: float | None = None) -> None:
        """Learn from M examples of each archetype.

        Parameters
        ----------
        examples : array
            -1 and +1 [K, M, N]; M as in earlier calls.
        r : float, optional
            Their quality in (0, 1]; by default it is estimated from all that is stored, R being the mean of S^2.
        """
        examples = self._examples(examples)
        self._append(self._rows_of(examples), examples.shape[1], r)

    def store_sums(self, sums: Any, M: int, r: float | None = None) -> None:
        """Learn from the sum [K, N] of M examples of each archetype; only with a teacher, who knows no more."""
        if not self.supervised:
            raise ValueError("sums: the unsupervised network needs every example, see store_examples")
        M, sums = check_count(M, "M"), np.asarray(sums)
        if sums.ndim != 2 or sums.shape[1] != self.size:
            raise ValueError(f"sums: expected shape [K, N = {self.size}], got {list(sums.shape)}")
        if sums.dtype.kind not in "iu":
            raise TypeError(f"sums: expected whole numbers, got {sums.dtype}")
        if sums.size and (abs(sums).max() > M or ((sums - M) % 2).any()):
            raise ValueError(f"sums: expected sums of {M} numbers -1 and +1, got other numbers")
        self._append(sums, M, r)

    def _append(self, rows: np.ndarray, M: int, r: float | None) -> None:
        if r is not None:
            r = check_number(r, "r", 0, 1, above=True)
        if self._W.shape[1] and (M, r) != (self._M, self._quality):
            raise ValueError(f"M, r: expected those of what is stored, {self._M} and {self._quality}, got {M} and {r}")
        largest = M if self.supervised else 1
        if largest * self.size > 2**31:
            raise ValueError(f"M: expected at most {2**31 // self.size}, got {M}")
        kind = np.int8 if largest < 128 else np.int32
        self._M, self._quality = M, r
        self._W = np.ascontiguousarray(np.concatenate([self._W.astype(kind), rows.T.astype(kind)], axis=1))

    @property
    def normaliser(self) -> float:
        """R, the mean of S^2: r^2 + (1 - r^2)/M if r was given, else from what is stored."""
        self._needs_patterns()
        if self._quality is not None:
            return self._quality**2 + (1 - self._quality**2) / self._M
        W = self._W if self.supervised else self._W.reshape(self.size, -1, self._M).sum(2, dtype=np.int64)
        return float(np.mean(np.square(W, dtype=np.float64))) / self._M**2

    @property
    def quality(self) -> float:
        """r, as given or estimated from the mean product of two examples of one class; NaN if M = 1 tells nothing."""
        if self._quality is not None:
            return self._quality
        if self._M < 2:
            return math.nan
        return math.sqrt(max((self._M * self.normaliser - 1) / (self._M - 1), 0.0))

    def capacity(self, criterion: str | None = None) -> float:
        """Give the largest number of archetypes with examples of the quality and number of those stored.

        Parameters
        ----------
        criterion : str, optional
            ``"critical"``: retrieval states exist at T = 0 (replica-symmetric theory, supervised only).
            ``"one-step"``: one update from the archetype leaves the overlap above 0.683 (Theta = 1, all indices).
            ``"error-free"``: N^(P-1)/(2 (2P-3)!! ln N), no wrong spin after one update (perfect examples only).
            By default the first for a supervised network, the second for the other.
        """
        P, N, most = self.order, self.size, float(self.size) ** (self.order - 1)
        criterion = check_choice(
            criterion or ("critical" if self.supervised else "one-step"), "criterion",
            ("critical", "one-step", "error-free"),
        )  # fmt: skip
        r, M = (self.quality, self._M) if self._M else (1.0, 1)
        if criterion == "error-free":
            if r != 1:
                raise ValueError(f"criterion: 'error-free' holds for perfect examples, got r = {r:g}")
            return most / (2 * theory.double_factorial(2 * P - 3) * math.log(N))
        if not r > 0:
            raise ValueError(f"capacity: the quality of the examples is not known (r = {r}); give r when storing")
        if criterion == "one-step":
            rho, one = float(theory.entropy_of_data(r, M)), theory.snr_theta(P, r, M, 1.0, self.supervised)
            return most * max(1 - rho, 0.0) / (one - rho)
        if not self.supervised:
            raise ValueError("criterion: 'critical' is known for the supervised network only; use 'one-step'")
        return most * phases.critical_load(P, math.inf, float(theory.entropy_of_data(r, M)), self.indices)[0]

    # -- energy -----------------------------------------------------------------------------------------------------
    @property
    def _interaction(self) -> tuple[int, str]:
        return self.order, self.indices

    @property
    def _per_overlap(self) -> float:
        return self.quality / self.normaliser

    def _letters(self, values: Any, what: str, size: int | None = None) -> np.ndarray:
        return check_signs(values, what, size)

    @property
    def _factor(self) -> float:
        rows, half = (self._M if self.supervised else 1), (0.5 if self.beta_convention == "half" else 1.0)
        c = self.normaliser ** (-self.order / 2) / (1 if self.supervised else self._M)
        return -half * self.size * c / (float(self.size) * rows) ** self.order

    # -- dynamics ---------------------------------------------------------------------------------------------------
    def recall(
        self, cues: Any, beta: float = math.inf, sweeps: int = 100, dynamics: str = "sequential", seed: int = 0,
        threads: int | None = None,
    ) -> tuple[np.ndarray, DenseRecall]:  # fmt: skip
        """Let the network run from each cue.

        Parameters
        ----------
        cues : array
            -1 and +1 [Q, N].
        beta : float
            Inverse noise; infinity is T = 0, where ties keep the spin and a run ends when nothing changes.
        sweeps : int
            Most updates of the whole state.
        dynamics : str
            ``"sequential"`` in random order, ``"parallel"``, or ``"plefka"``: `plefka` and one sample of it.
        seed : int
        threads : int, optional
            By default those of the memory.

        Returns
        -------
        states : ndarray
            int8 [Q, N].
        info : DenseRecall
        """
        if check_choice(dynamics, "dynamics", _DYNAMICS) == "plefka":
            v, steps, converged = self.plefka(check_signs(cues, "cues", self.size), beta, sweeps)
            u = np.stack([_uniforms(seed, q, self.size) for q in range(len(v))]) if len(v) else v
            states = np.where(v + 2 * u - 1 >= 0, 1, -1).astype(np.int8)
        else:
            done = self.monte_carlo(cues, beta, sweeps, dynamics=dynamics, seed=seed, threads=threads, what="cues")
            states, steps, converged = done.states, done.sweeps, done.changed == 0
        return states, DenseRecall(steps, converged, self.energy(states))

    def plefka(
        self, states: Any, beta: float, steps: int = 100, damping: float = 0.5, tolerance: float = 1e-9
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Iterate the mean-field equations v_i = tanh(beta h_i(v)) of all spins at once (first order of Plefka).

        Parameters
        ----------
        states : array
            Start magnetisations in [-1, 1], [Q, N].
        beta : float
        steps : int
            Most iterations.
        damping : float
            Share of the old value that is kept, in [0, 1).
        tolerance : float
            Largest change at rest.

        Returns
        -------
        v : ndarray
            Magnetisations [Q, N].
        steps : ndarray
            int [Q]: iterations made.
        converged : ndarray
            bool [Q].
        """
        self._needs_patterns()
        v = np.array(states, dtype=np.float64)
        if v.ndim != 2 or v.shape[1] != self.size or not (abs(v) <= 1).all():
            raise ValueError(f"states: expected numbers in [-1, 1] of shape [Q, N = {self.size}], got {list(v.shape)}")
        beta = check_beta(beta)
        if not 0 <= check_number(damping, "damping") < 1:
            raise ValueError(f"damping: expected a number in [0, 1), got {damping!r}")
        made, change = np.zeros(len(v), dtype=np.int64), np.full(len(v), np.inf)
        for _ in range(check_count(steps, "steps", 0)):
            moving = np.flatnonzero(change >= tolerance)
            if not len(moving):
                break
            for q in moving:
                h = self._mean_field(v[q])
                target = np.tanh(beta * h) if beta != math.inf else np.where(h == 0, v[q], np.sign(h))
                new = damping * v[q] + (1 - damping) * target
                change[q], v[q] = abs(new - v[q]).max(), new
                made[q] += 1
        return v, made, change < tolerance

    def _mean_field(self, v: np.ndarray, block: int = 2**20) -> np.ndarray:
        """-dH/2 of each spin [N], the others at their magnetisations."""
        sums = [x[0] for x in power_sums(self._W, v[None], self.order, self.indices)]
        h, step = np.zeros(self.size), max(block // self.size, 1)
        for first in range(0, self._W.shape[1], step):
            here = slice(first, first + step)
            w = self._W[:, here].astype(np.float64)
            h += difference([p[here] for p in sums], w, v[:, None], self.order, self.indices).sum(1)
        return -self._factor / 2 * h

    # -- files ------------------------------------------------------------------------------------------------------
    def _content(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        settings = dict(
            size=self.size, order=self.order, supervised=self.supervised, indices=self.indices,
            beta_convention=self.beta_convention, backend=self.backend, threads=self.threads, M=self._M,
            r=self._quality,
        )  # fmt: skip
        return settings, {"rows": self._W.T}

    def __repr__(self) -> str:
        kind = "supervised" if self.supervised else "unsupervised"
        return (
            f"DenseHebbian(size={self.size}, order={self.order}, {kind}, indices={self.indices!r}; "
            f"{self.patterns_stored} archetypes, {self._M} examples of each)"
        )


def _uniforms(seed: int, replica: int, N: int) -> np.ndarray:
    """Numbers by which a mean-field state is made a state of spins."""
    from ..kernels.random import uniform

    return uniform(seed, 64 * replica + 2, np.arange(N), 0)
