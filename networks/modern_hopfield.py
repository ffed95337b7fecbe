"""`ModernHopfield`: real patterns, retrieved by softmax or a sparse relative of it; millions of patterns.

Equations and the reference are those of `hopfield_forms.py`, bounds and capacities those of `hopfield_theory.py`.

Products of queries and patterns are made in blocks and never kept whole:

- softmax walks over blocks of patterns with a running maximum and sum for each query. A pattern whose weight could not
  change the last bit of the result is left out of the second product (together they weigh less than half a unit in the
  last place), so that retrieval of separated patterns costs half as much;
- the sparse activations need all overlaps of a query at once; queries are taken a few at a time. Only the patterns
  within the margin of the best one can have weight, and only they are sorted.

>>> memory = ModernHopfield(16, beta=8.0)
>>> memory.store(np.eye(16))
>>> states, info = memory.recall(np.eye(16)[:1])
>>> round(float(states[0, 0]), 5), info.steps.tolist(), memory.separation()[0].item()
(0.99499, [1], 1.0)
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Self

import numpy as np

from ..kernels.lanes import on_lanes
from . import hopfield_theory as theory
from .hopfield_forms import Activation, activate, activation_named, conjugate
from .memory import AssociativeMemory, RecallInfo, check_choice, check_count, check_number, check_real

__all__ = ["Mixture", "ModernHopfield"]

_QUERIES, _TILE = 256, 2**19  # queries and products of a block: small enough for the cache, large enough for BLAS
_ARRAYS = 10  # as large as all weights of a query, while these are sorted and summed up
_SAMPLE, _WORTH = 16, 0.9  # one pattern in so many is looked at first, and what share must have weight to take all


class Mixture(NamedTuple):
    """What a state is made of, for each query [Q].

    Attributes
    ----------
    k : ndarray
        Fewest patterns whose weights sum to the asked share: near P the state is an average of everything, a few name
        a metastable state, 1 a single pattern.
    entropy : ndarray
        -sum p log p of the weights.
    largest : ndarray
        The largest weight.
    best : ndarray
        The pattern that has it.
    """

    k: np.ndarray
    entropy: np.ndarray
    largest: np.ndarray
    best: np.ndarray


class ModernHopfield(AssociativeMemory):
    """Complete real patterns by the update xi <- X' p(beta X xi).

    Parameters
    ----------
    size : int
        Length of a pattern N.
    beta : float
        Inverse temperature; larger ones tell more similar patterns apart, small ones give averages.
    activation : str or tuple
        ``"softmax"``, ``"sparsemax"``, ``"entmax15"``, ``"normmax"``, ``("entmax", a)`` or ``("normmax", g)``.
    dtype : str
        ``"float64"`` or ``"float32"`` of patterns and products.
    budget : int
        Bytes that may be used for products of queries and patterns.

    Raises
    ------
    ValueError, TypeError
        Arguments out of range, patterns that are not finite or of another size.
    """

    def __init__(
        self, size: int, beta: float = 1.0, activation: Any = "softmax", dtype: str = "float64", budget: int = 2**28
    ) -> None:
        self.size = check_count(size, "size")
        self.beta = check_number(beta, "beta", 0, above=True)
        self.activation = activation_named(activation)
        self.dtype = np.dtype(check_choice(dtype, "dtype", ("float32", "float64")))
        self.budget = check_count(budget, "budget")
        self.patterns = np.zeros((0, self.size), dtype=self.dtype)
        self._largest = 0.0  # squared norm

    def store(self, patterns: Any) -> None:
        """Add patterns [P, N]."""
        fresh = check_real(patterns, "patterns", self.size, self.dtype)
        self.patterns = np.concatenate([self.patterns, fresh]) if len(self.patterns) else fresh.copy()
        square = np.einsum("ij,ij->i", fresh, fresh, dtype=np.float64)
        self._largest = max(self._largest, float(square.max(initial=0.0)))

    def __len__(self) -> int:
        return len(self.patterns)

    def __repr__(self) -> str:
        kind = self.activation.kind + (f" {self.activation.order:g}" if self.activation.kind != "softmax" else "")
        return f"ModernHopfield({self.size}, beta={self.beta:g}, {kind}, {self.dtype}; {len(self)} patterns)"

    # -- dynamics -----------------------------------------------------------------------------------------------------
    def recall(
        self, cues: Any, steps: int | None = 1, eps: float = 1e-4, stop_on: str = "p", threads: int | None = None
    ) -> tuple[np.ndarray, RecallInfo]:
        """Update each cue.

        Parameters
        ----------
        cues : array_like
            [Q, N].
        steps : int or None
            Most updates: 1 is the single one of the paper (in layers ``update_steps_max=0``); None goes on until each
            cue has converged.
        eps : float
            A cue is done when the norm of its change is at most this.
        stop_on : str
            ``"p"``: the change of the weights, which takes two updates at least and room for all weights of a query.
            ``"state"``: that of the state.
        threads : int, optional
            Share the patterns out between so many, each with products of its own; of softmax where p is not compared.
            Answers differ by rounding only. By default the products use as many threads as the library of NumPy does.

        Returns
        -------
        states : ndarray
            [Q, N] of the memory's dtype.
        info : RecallInfo
        """
        states = check_real(cues, "cues", self.size, self.dtype)
        most = None if steps is None else check_count(steps, "steps")
        eps = check_number(eps, "eps", 0)
        check_choice(stop_on, "stop_on", ("p", "state"))
        if threads is not None:
            check_count(threads, "threads")
        self._need_patterns()
        if stop_on == "p" and most != 1:
            return self._until_weights_stay(states, most, eps)
        info = RecallInfo(np.zeros(len(states), np.int64), np.zeros(len(states), bool))
        on = np.arange(len(states))
        states = states.copy()
        while on.size and (most is None or info.steps[on[0]] < most):
            fresh = self._update(states[on], threads)
            change = np.linalg.norm(fresh - states[on], axis=1)
            states[on] = fresh
            info.steps[on] += 1
            if stop_on == "state":
                info.converged[on] = change <= eps
            on = on[~info.converged[on]]
        return states, info

    def weights(self, cues: Any) -> np.ndarray:
        """Give the weights p [Q, P] of one update: the whole matrix."""
        return activate(self._overlaps(check_real(cues, "cues", self.size, self.dtype)), self.activation)

    def mixture(self, cues: Any, mass: float = 0.9) -> Mixture:
        """Tell how many patterns the next update of each cue [Q, N] mixes.

        Parameters
        ----------
        cues : array_like
        mass : float
            Share of the weights that `Mixture.k` patterns have together.
        """
        cues = check_real(cues, "cues", self.size, self.dtype)
        mass = check_number(mass, "mass", 0, 1, above=True)
        self._need_patterns()
        parts = []
        for rows in self._query_blocks(len(cues), _ARRAYS, np.float64):
            p = activate(self._overlaps(cues[rows]), self.activation).astype(np.float64)
            cumulated = np.cumsum(-np.sort(-p, axis=1), axis=1)
            k = np.minimum((cumulated < mass * cumulated[:, -1:]).sum(1) + 1, p.shape[1])
            entropy = -(p * np.log(np.where(p > 0, p, 1))).sum(1)
            parts.append((k, entropy, p.max(1), p.argmax(1)))
        return Mixture(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    # -- theory -------------------------------------------------------------------------------------------------------
    def energy(self, states: Any) -> np.ndarray:
        """Energy of each state [Q, N]: float64 [Q]."""
        states = check_real(states, "states", self.size, self.dtype)
        self._need_patterns()
        star = np.zeros(len(states))
        if self.activation.kind == "softmax":
            for rows in _blocks(len(states)):
                most, total, _ = self._walk(states[rows], 0, len(self), weigh=False)
                star[rows] = most + np.log(total / len(self))
        else:
            for rows in self._query_blocks(len(states), _ARRAYS, np.float64):
                star[rows] = conjugate(self._overlaps(states[rows]).astype(np.float64), self.activation)
        return -star / self.beta + (states.astype(np.float64) ** 2).sum(1) / 2 + self._largest / 2

    def separation(self) -> np.ndarray:
        """Delta_i of each stored pattern; see `hopfield_theory.separation`."""
        return theory.separation(self.patterns)

    def exact(self) -> np.ndarray:
        """Tell for each pattern whether it is an exact fixed point: its separation is at least the margin / beta."""
        return self.separation() >= self.activation.margin / self.beta

    def capacity(self, failure: float = 0.001, radius: float | None = None) -> float:
        """How many random patterns on a sphere are stored, each with a fixed point of its own (a lower bound).

        Parameters
        ----------
        failure : float
            Probability that this fails.
        radius : float, optional
            Of the sphere; by default the largest norm of what is stored.

        Raises
        ------
        ValueError
            If nothing is stored and no radius given, or the theorem says nothing for these numbers.
        """
        if radius is None:
            self._need_patterns()
            radius = math.sqrt(self._largest)
        check_number(radius, "radius", 0, above=True)
        check_count(self.size, "size", 2)
        found = theory.sphere_capacity(self.beta, radius / math.sqrt(self.size - 1), self.size, failure)
        if not found.valid:
            raise ValueError(
                f"capacity: the theorem needs a larger beta, radius or size; got beta={self.beta:g}, "
                f"radius={radius:g}, size={self.size} (c = {found.base:.3g})"
            )
        return found.patterns

    # -- products in blocks -------------------------------------------------------------------------------------------
    def _overlaps(self, cues: np.ndarray) -> np.ndarray:
        return (self.dtype.type(self.beta) * cues) @ self.patterns.T

    def _query_blocks(self, queries: int, arrays: int, dtype: Any = None) -> list[slice]:
        """Queries that are handled together when so many arrays [queries, P] are held at a time."""
        row = arrays * len(self) * np.dtype(dtype or self.dtype).itemsize
        block = self.budget // row
        if block < 1:
            raise ValueError(
                f"budget: the weights of one query need {row} bytes, got {self.budget}; softmax with "
                f"stop_on='state' needs less"
            )
        return [slice(k, min(k + block, queries)) for k in range(0, max(queries, 1), block)]

    def _update(self, states: np.ndarray, threads: int | None) -> np.ndarray:
        fresh = np.empty_like(states)
        if self.activation.kind == "softmax":
            for rows in _blocks(len(states)):
                if threads is None:
                    _, total, fresh[rows] = self._walk(states[rows], 0, len(self))
                else:
                    total, fresh[rows] = self._walk_together(states[rows], threads)
                fresh[rows] /= total[:, None]
        else:
            for rows in self._query_blocks(len(states), 3):
                for q, z in enumerate(self._overlaps(states[rows]), rows.start):
                    few, p = _sparse_weights(z, self.activation)
                    fresh[q] = p @ self.patterns[few]
        return fresh

    def _walk_together(self, states: np.ndarray, threads: int) -> tuple[np.ndarray, np.ndarray]:
        """Share the patterns out between threads and join what they found."""
        from threadpoolctl import threadpool_limits

        parts: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

        def part(first: int, last: int) -> None:
            parts[first] = self._walk(states, first, last)

        with threadpool_limits(1, "blas"):
            on_lanes(part, len(self), threads)
        found = [parts[first] for first in sorted(parts)]
        most = np.max([m for m, _, _ in found], axis=0)
        total, summed = np.zeros_like(most), np.zeros_like(states)
        for m, t, x in found:
            shrink = np.exp(m - most)
            total += shrink * t
            summed += shrink[:, None] * x
        return total, summed

    def _walk(
        self, states: np.ndarray, begin: int, end: int, weigh: bool = True
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Walk over patterns in blocks: the largest overlap m, sum of exp(z - m), and if ``weigh`` of exp(z - m) x."""
        query = self.dtype.type(self.beta) * states
        block = max(min(_TILE, self.budget // (3 * self.dtype.itemsize)) // max(len(query), 1), 1)
        most = np.full(len(query), -np.inf, dtype=self.dtype)
        total, summed = np.zeros(len(query), dtype=self.dtype), np.zeros_like(states)
        # weights below this share of the largest sum to less than half a unit in the last place
        least = self.dtype.type(math.log(len(self)) - math.log(np.finfo(self.dtype).eps / 4))
        lowest = self.dtype.type(math.log(np.finfo(self.dtype).tiny) + 1)
        room, part = np.empty((len(query), min(block, end - begin)), dtype=self.dtype), np.empty_like(states)
        for first in range(begin, end, block):
            X = self.patterns[first : min(first + block, end)]
            z = np.matmul(query, X.T, out=room[:, : len(X)])
            higher = np.maximum(most, z.max(1))
            z -= higher[:, None]
            if weigh and (z[:, ::_SAMPLE] > -least).any(0).mean() < _WORTH:
                seen = (z > -least).any(0)
                z, X = z[:, seen], X[seen]
            shrink = np.exp(most - higher)
            np.maximum(z, lowest, out=z)  # numbers below the smallest normal one would slow the product down
            np.exp(z, out=z)
            total = total * shrink + z.sum(1)
            if weigh:
                summed *= shrink[:, None]
                if len(X):
                    summed += np.matmul(z, X, out=part)
            most = higher
        return most, total, summed

    def _until_weights_stay(self, cues: np.ndarray, most: int | None, eps: float) -> tuple[np.ndarray, RecallInfo]:
        """Repeat the update until the weights change by at most ``eps``."""
        states, info = cues.copy(), RecallInfo(np.zeros(len(cues), np.int64), np.zeros(len(cues), bool))
        for rows in self._query_blocks(len(cues), _ARRAYS):
            on, p = np.arange(rows.start, rows.stop), None
            while on.size and (most is None or info.steps[on[0]] < most):
                q = activate(self._overlaps(states[on]), self.activation)
                states[on] = q @ self.patterns
                info.steps[on] += 1
                if p is not None:
                    info.converged[on] = np.linalg.norm(q - p, axis=1) <= eps
                    q = q[~info.converged[on]]
                on, p = on[~info.converged[on]], q
        return states, info

    # -- help ---------------------------------------------------------------------------------------------------------
    def _need_patterns(self) -> None:
        if not len(self):
            raise ValueError("nothing is stored: call store(patterns) first")

    def _content(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        settings = {
            "size": self.size, "beta": self.beta, "activation": list(self.activation), "dtype": self.dtype.name,
            "budget": self.budget,
        }  # fmt: skip
        return settings, {"patterns": self.patterns}

    @classmethod
    def _from_content(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        made = cls(**settings)
        made.store(arrays["patterns"])
        return made


def _blocks(queries: int) -> list[slice]:
    return [slice(k, min(k + _QUERIES, queries)) for k in range(0, queries, _QUERIES)]


def _sparse_weights(z: np.ndarray, activation: Activation) -> tuple[np.ndarray, np.ndarray]:
    """Patterns that can have weight, and their weights; the others are further from the best than the margin."""
    few = np.flatnonzero(z > z.max() - activation.margin)
    return few, activate(z[few], activation)
