r"""Frequent and rare facts in one linear memory, learned by gradient descent, by signs, by Adam and by Muon.

A matrix W maps K orthonormal subjects E_k to scores of K orthonormal objects: f_W(E_k) = softmax(Et' W E_k). Fact k
(its object is number k) is seen with frequency p_k:

    loss      L(W) = -sum_k p_k log f_W(E_k)_k
    gradient  G = Et (P - I) diag(p) E',      P = [f_W(E_1) ... f_W(E_K)]

Every rule begins at W = 0 and subtracts ``rate`` times a step:

=============  ==========================================================  ============================================
optimiser      step                                                        what it does to rare facts
=============  ==========================================================  ============================================
``gd``         M                                                           learns each in proportion to its frequency
``sign``       sign(M)                                                     depends on the basis of the embeddings
``adam``       m / (sqrt(v) + 1e-8), corrected means (b1, b2) = ``betas``  with betas (0, 0) the same
``muon``       U V' of the thin SVD M = U S V' over non-zero S             gives every fact the same step
``muon_ns``    five Newton-Schulz steps towards it, from M / |M|           the form in practice, S in 0.7 ... 1.2
=============  ==========================================================  ============================================

M = G, or with ``momentum`` mu > 0 Nesterov's G + mu B after B <- mu B + G. `gd` and `muon` do not depend on the
orthonormal basis: with E and Et turned by Q1 and Q2 the memory is Q2 W Q1'.

Hebb's rule W = sum_k p_k Et_k E_k' (`hebb`) is the first step of ``gd`` up to a matrix of rank one; the delta rule
(`LinearAssociator`) writes every fact in full, however rare.

**Measures.** `balance`: the least probability of a fact when the best one first reaches 1 - eps. `spectrum`: with
q_i = S_i^2 / sum S^2, the entropy -sum q log q / log n, the effective rank exp(-sum q log q), the share of the first k
and the ratio of the quartiles of S^2.

**Limits.** One layer and exact gradients; rates are to be chosen for each rule, and balance is compared at equal
probability of the best fact, never at equal numbers of steps.

**Reference.** S. Wang, F. Zhang, J. Li, C. Du, C. Du, T. Pang, Z. Yang, M. Hong and V. Y. F. Tan 2026, "Muon
outperforms Adam in tail-end associative memory learning" (arXiv 2509.26030); coefficients of Newton-Schulz:
K. Jordan 2024, "Muon".

>>> E = np.eye(64)
>>> task = FactTask(E, E, two_level_frequencies(64, frequent=8, share=0.8))
>>> for optimiser, rate in (("gd", 20.0), ("muon", 0.2)):
...     found = balance(learn(task, optimiser, rate, 40).probabilities, eps=0.1)
...     print(optimiser, found.step, round(found.worst, 3))
gd 7 0.025
muon 32 0.904
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .memory import check_choice, check_count, check_number, check_real

__all__ = [
    "Balance", "FactTask", "Learned", "Spectrum", "balance", "hebb", "learn", "newton_schulz", "orthonormal", "polar",
    "power_law", "spectrum", "two_level_frequencies",
]  # fmt: skip

OPTIMISERS = ("gd", "sign", "adam", "muon", "muon_ns")


# -- tasks ------------------------------------------------------------------------------------------------------------
def two_level_frequencies(facts: int, frequent: int, share: float) -> np.ndarray:
    """Give p [K]: the first ``frequent`` facts have the ``share`` of all together, the others the rest."""
    check_count(facts, "facts", 2)
    if not 1 <= check_count(frequent, "frequent") < facts:
        raise ValueError(f"frequent: expected 1 ... {facts - 1}, got {frequent}")
    if not 0 < check_number(share, "share") < 1:
        raise ValueError(f"share: expected a number between 0 and 1, got {share}")
    p = np.full(facts, (1 - share) / (facts - frequent))
    p[:frequent] = share / frequent
    return p


def power_law(facts: int, exponent: float = 1.0) -> np.ndarray:
    """Give p [K] with p_k ~ k^-exponent."""
    p = np.arange(1, check_count(facts, "facts", 2) + 1, dtype=float) ** -check_number(exponent, "exponent", 0)
    return p / p.sum()


def orthonormal(size: int, facts: int, rng: np.random.Generator) -> np.ndarray:
    """Draw [d, K] with orthonormal columns, uniformly."""
    if check_count(facts, "facts") > check_count(size, "size"):
        raise ValueError(f"facts: expected at most size = {size}, got {facts}")
    q, r = np.linalg.qr(rng.standard_normal((size, facts)))
    return q * np.sign(np.diag(r))


@dataclass(frozen=True, slots=True)
class FactTask:
    """K facts: subjects ``E`` and objects ``Et`` [d, K] with orthonormal columns, frequencies ``p`` [K] of sum 1."""

    E: np.ndarray
    Et: np.ndarray
    p: np.ndarray

    def __post_init__(self) -> None:
        for name in ("E", "Et"):
            value = check_real(getattr(self, name), f"FactTask.{name}")
            if value.shape != np.shape(self.E):
                raise ValueError(f"FactTask.Et: expected the shape of E, {list(np.shape(self.E))}, got {value.shape}")
            off = np.abs(value.T @ value - np.eye(value.shape[1])).max()
            if off > 1e-8:
                raise ValueError(f"FactTask.{name}: expected orthonormal columns, got products off by {off:.2g}")
            object.__setattr__(self, name, value)
        p = np.asarray(self.p, float)
        if p.shape != (self.E.shape[1],) or not (p > 0).all() or abs(p.sum() - 1) > 1e-9:
            raise ValueError(f"FactTask.p: expected {self.E.shape[1]} numbers above 0 of sum 1, got {list(p.shape)}")
        object.__setattr__(self, "p", p)

    def probabilities(self, W: np.ndarray) -> np.ndarray:
        """Give P [K, K]: in column k the probability of each object for subject k."""
        z = self.Et.T @ W @ self.E
        e = np.exp(z - z.max(0))
        return e / e.sum(0)

    def loss(self, W: np.ndarray) -> float:
        """L(W)."""
        z = self.Et.T @ W @ self.E
        z = z - z.max(0)
        return float(self.p @ (np.log(np.exp(z).sum(0)) - np.diag(z)))

    def gradient(self, W: np.ndarray) -> np.ndarray:
        """G [d, d]."""
        P = self.probabilities(W)
        return self.Et @ ((P - np.eye(len(P))) * self.p) @ self.E.T


def hebb(task: FactTask) -> np.ndarray:
    """Give W = sum_k p_k Et_k E_k' [d, d]."""
    return (task.Et * task.p) @ task.E.T


# -- steps ------------------------------------------------------------------------------------------------------------
def polar(G: np.ndarray) -> np.ndarray:
    """U V' of the thin SVD of ``G``, without singular values up to 1e-10 of the largest."""
    U, s, Vt = np.linalg.svd(G, full_matrices=False)
    on = s > 1e-10 * s[0]
    return U[:, on] @ Vt[on]


def newton_schulz(G: np.ndarray, steps: int = 5) -> np.ndarray:
    """Come near `polar`: X <- a X + b X X'X + c (X X')^2 X with (a, b, c) = (3.4445, -4.7750, 2.0315)."""
    a, b, c = 3.4445, -4.7750, 2.0315
    norm = np.linalg.norm(G)
    X = G / norm if norm else G
    for _ in range(steps):
        A = X @ X.T
        X = a * X + (b * A + c * A @ A) @ X
    return X


class Learned(NamedTuple):
    """Probability of each fact after each step [steps, K], and the memory W [d, d]."""

    probabilities: np.ndarray
    W: np.ndarray


def learn(
    task: FactTask, optimiser: str, rate: float, steps: int, momentum: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.95),
) -> Learned:  # fmt: skip
    """Learn from W = 0.

    Parameters
    ----------
    task : FactTask
    optimiser : str
        See the table of the module.
    rate : float
        Above 0.
    steps : int
    momentum : float
        mu in [0, 1); not of ``adam``.
    betas : tuple of two float
        Of ``adam``.

    Raises
    ------
    ValueError, TypeError
        A value out of range.
    """
    check_choice(optimiser, "optimiser", OPTIMISERS)
    check_number(rate, "rate", 0, above=True)
    check_count(steps, "steps")
    for value, name in ((momentum, "momentum"), (betas[0], "betas"), (betas[1], "betas")):
        if not 0 <= check_number(value, name) < 1:
            raise ValueError(f"{name}: expected numbers in [0, 1), got {value!r}")
    if momentum and optimiser == "adam":
        raise ValueError(f"momentum: adam has betas, got momentum = {momentum}")
    W = np.zeros((len(task.Et), len(task.E)))
    B, v = np.zeros_like(W), np.zeros_like(W)
    found = np.empty((steps, len(task.p)))
    for t in range(steps):
        G = task.gradient(W)
        if optimiser == "adam":
            B = betas[0] * B + (1 - betas[0]) * G
            v = betas[1] * v + (1 - betas[1]) * G * G
            step: Any = B / (1 - betas[0] ** (t + 1)) / (np.sqrt(v / (1 - betas[1] ** (t + 1))) + 1e-8)
        else:
            B = momentum * B + G
            M = G + momentum * B if momentum else G
            step = {"gd": np.array, "sign": np.sign, "muon": polar, "muon_ns": newton_schulz}[optimiser](M)
        W = W - rate * step
        found[t] = np.diag(task.probabilities(W))
    return Learned(found, W)


# -- measures ---------------------------------------------------------------------------------------------------------
class Balance(NamedTuple):
    """After ``step`` steps the best fact first had 1 - eps; then the ``worst`` and ``all`` had these."""

    step: int
    worst: float
    all: np.ndarray


def balance(probabilities: np.ndarray, eps: float = 0.1) -> Balance:
    """Measure how evenly facts are learned, from the probabilities [steps, K] of `learn`.

    Raises
    ------
    ValueError
        If no fact reaches 1 - eps.
    """
    if not 0 < check_number(eps, "eps") < 1:
        raise ValueError(f"eps: expected a number between 0 and 1, got {eps}")
    best = probabilities.max(1)
    if best.max() < 1 - eps:
        raise ValueError(f"probabilities: expected a fact that reaches {1 - eps:g}, got at most {best.max():.3g}")
    t = int((best >= 1 - eps).argmax())
    return Balance(t + 1, float(probabilities[t].min()), probabilities[t])


class Spectrum(NamedTuple):
    """Entropy (1: all singular values equal), effective rank, energy of the first k, Q75/Q25 of the energies."""

    entropy: float
    effective_rank: float
    first: float
    quartiles: float


def spectrum(W: np.ndarray, k: int = 1) -> Spectrum:
    """Measure the singular values of ``W`` above 1e-10 of the largest."""
    s = np.linalg.svd(W, compute_uv=False)
    if not s[0] > 0:
        raise ValueError("W: expected a matrix that is not zero")
    q = s[s > 1e-10 * s[0]] ** 2
    q = q / q.sum()
    H = float(-(q * np.log(q)).sum())
    low, high = np.quantile(q, (0.25, 0.75))
    return Spectrum(H / np.log(len(q)) if len(q) > 1 else 0.0, float(np.exp(H)), float(q[:k].sum()), float(high / low))
