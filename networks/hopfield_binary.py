"""Binary Hopfield networks: classic, polynomial and exponential dense associative memory.

States sigma in {-1, +1}^N, stored patterns xi^mu, mu = 1 ... K, overlaps X_mu = sum_i xi_i^mu sigma_i.

=========================  ==========================================================================================
`Classic`                  E = -1/2 sum_{i != j} J_ij sigma_i sigma_j, J_ij = 1/N sum_mu xi_i^mu xi_j^mu
                           = -(sum_mu X_mu^2 - N K) / (2 N)
`Polynomial` (n)           E = -N sum_mu F(X_mu / N), F(x) = x^n; rectified: 0 for x < 0
`Exponential`              E = -log sum_mu exp(X_mu)
=========================  ==========================================================================================

Krotov and Hopfield write the polynomial without N, Demircigil et al. the exponential without the logarithm; both are
increasing functions of what stands here, so at temperature 0 the dynamics are the same, and nothing overflows.

**Dynamics.** What spin i gains by staying as it is: g_i = E(sigma with spin i turned) - E(sigma). At temperature 0 it
stays if g_i >= 0 (ties keep the old spin); at T > 0 it stays with probability 1 / (1 + exp(-g_i / T)) (heat bath).
Asynchronous: spins are visited one after the other, in a new random order in each sweep (or 0, 1, 2, ...), and E never
rises at T = 0. Synchronous: all spins decide at once, on the same state; E may rise and cycles of two states occur.

With s_mu = xi_i^mu sigma_i, each form has g_i = ``scale`` * sum_mu (a(X_mu) + s_mu b(X_mu)), where a and b are half the
sum and half the difference of what pattern mu gains if s_mu is +1 and -1: they are tables over the overlap. Of the
polynomial they hold whole numbers, exact as long as 2 n K N^(n-1) < 2^53. Of the exponential they are relative to the
largest overlap, and g_i = -log(1 - r), r the sum divided by sum_mu exp(X_mu).

**Random numbers** of cue q and sweep t are those of `kernels.random` with stream 2 q (order) and 2 q + 1 (spins), index
the number of the spin, step t: they depend neither on threads nor on the backend.

**References.** J. J. Hopfield 1982; D. Krotov and J. J. Hopfield 2016, "Dense associative memory for pattern
recognition" (arXiv 1606.01164), equations 1 to 4; M. Demircigil, J. Heusel, M. Loewe, S. Upgang and F. Vermet 2017, "On
a model of associative memory with huge storage capacity" (arXiv 1702.01929).

>>> xi = np.array([[1, 1, 1, 1], [1, -1, 1, -1]], dtype=np.int8)
>>> [form.energy(overlaps(xi, xi[:1]), 4).round(4).tolist() for form in (Classic(), Polynomial(3), Exponential())]
[[-1.0], [-4.0], [-4.0181]]
>>> run(Polynomial(3), xi, np.array([[1, 1, 1, -1]], dtype=np.int8), steps=9, order="sequential").states.tolist()
[[1, -1, 1, -1]]
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..kernels.random import uniform
from .memory import check_count

__all__ = ["Classic", "Exponential", "Form", "Gains", "Polynomial", "Run", "gain", "overlaps", "run"]

LANES = 16  # sums over patterns run in so many lanes, here as in compiled code


class Gains(NamedTuple):
    """Tables a and b of the module's docstring over the overlap X, in the order X = -N ... N.

    If ``below_most`` the tables are over (largest overlap) - X instead, and ``scale`` is a / exp.
    """

    a: np.ndarray
    b: np.ndarray
    scale: float
    below_most: bool = False


@dataclass(frozen=True)
class Classic:
    """The network of 1982 without self-connections."""

    def energy(self, X: np.ndarray, N: int) -> np.ndarray:
        """E of states with the overlaps ``X`` [., K]."""
        X = X.astype(np.float64)
        return -((X * X).sum(-1) - N * X.shape[-1]) / (2 * N)

    def gains(self, N: int) -> Gains:
        """Tables of what a spin gains by staying."""
        return Gains(np.full(2 * N + 1, -1.0), np.arange(-N, N + 1.0), 2.0 / N)


@dataclass(frozen=True)
class Polynomial:
    """Separation function x^n.

    Parameters
    ----------
    n : int
        At least 2. An odd power without rectification punishes negative overlaps.
    rectified : bool
        Zero for negative overlaps.
    """

    n: int = 3
    rectified: bool = False

    def __post_init__(self) -> None:
        check_count(self.n, "Polynomial.n", 2)

    def energy(self, X: np.ndarray, N: int) -> np.ndarray:
        """E of states with the overlaps ``X`` [., K]."""
        x = X / N
        return -N * ((np.maximum(x, 0) if self.rectified else x) ** self.n).sum(-1)

    def gains(self, N: int) -> Gains:
        """Tables of what a spin gains by staying, in units in which they are whole numbers of at most 2^1000."""
        few = 0 if self.rectified else -N - 2
        power = [0 if x < few else x**self.n for x in range(-N - 2, N + 3)]  # exact, of any size
        less = max((2 * self.n * N ** (self.n - 1)).bit_length() - 1000, 0)  # divided by two to this power
        kept = [(power[k] - power[k - 2], power[k] - power[k + 2]) for k in range(2, 2 * N + 3)]
        a, b = (np.array([_half(p + sign * m, less) for p, m in kept]) for sign in (1, -1))
        return Gains(a, b, _ratio(2**less, N ** (self.n - 1)))


@dataclass(frozen=True)
class Exponential:
    """Separation function exp(x)."""

    def energy(self, X: np.ndarray, N: int) -> np.ndarray:
        """E of states with the overlaps ``X`` [., K]."""
        most = X.max(-1, keepdims=True)
        return -(most[..., 0] + np.log(np.exp((X - most).astype(np.float64)).sum(-1)))

    def gains(self, N: int) -> Gains:
        """Tables of what a spin gains by staying, relative to the largest overlap."""
        weight = np.exp(-np.arange(2 * N + 1.0))
        agree, differ = -math.expm1(-2.0), -math.expm1(2.0)
        a, b = (agree + differ) / 2, (agree - differ) / 2
        return Gains(a * weight, b * weight, a, below_most=True)


Form = Classic | Polynomial | Exponential


def _half(x: int, less: int) -> float:
    """x / 2 / 2^less with one rounding, whatever the size of x."""
    return _ratio(x, 2 ** (less + 1))


def _ratio(above: int, below: int) -> float:
    return above / below  # whole numbers of Python divide with one rounding


def overlaps(patterns: np.ndarray, states: np.ndarray) -> np.ndarray:
    """X [Q, K] of patterns [K, N] and states [Q, N], both int8; exact."""
    if states.shape[1] < 2**24:  # products of signs: exact in single precision, and a matrix product that is quick
        return (states.astype(np.float32) @ patterns.astype(np.float32).T).astype(np.int64)
    return states.astype(np.int64) @ patterns.astype(np.int64).T


def gain(table: Gains, X: np.ndarray, signs: np.ndarray, sign: int, N: int) -> tuple[float, float]:
    """Sum over patterns of a + s b for one spin, and of a alone.

    Parameters
    ----------
    table : Gains
    X : ndarray
        Overlaps [K].
    signs : ndarray
        The spin in each pattern [K].
    sign : int
        Its present state.
    N : int
    """
    place = X.max() - X if table.below_most else X + N
    A = _lane_sum(table.a[place])
    return A + sign * _lane_sum(table.b[place] * signs), A


def _lane_sum(x: np.ndarray) -> float:
    """Sum in `LANES` lanes, each in order, then over lanes in order."""
    padded = np.zeros(-(-len(x) // LANES) * LANES)
    padded[: len(x)] = x
    lanes = np.add.accumulate(padded.reshape(-1, LANES), axis=0)[-1]
    return float(np.add.accumulate(lanes)[-1])


class Run(NamedTuple):
    """What `run` gives: states int8 [Q, N]; sweeps, whether the last one changed nothing, flips: each [Q]."""

    states: np.ndarray
    steps: np.ndarray
    converged: np.ndarray
    flips: np.ndarray


def run(
    form: Form, patterns: np.ndarray, states: np.ndarray, steps: int, dynamics: str = "asynchronous",
    order: str = "random", temperature: float = 0.0, seed: int = 0,
) -> Run:  # fmt: skip
    """Reference of the dynamics: plain Python over spins.

    Parameters
    ----------
    form : Classic, Polynomial or Exponential
    patterns, states : ndarray
        int8 [K, N] with K > 0 and [Q, N].
    steps : int
        Most sweeps. At temperature 0 a state that did not change in a sweep is done.
    dynamics : str
        ``"asynchronous"`` or ``"synchronous"``.
    order : str
        ``"random"`` or ``"sequential"``; of asynchronous sweeps.
    temperature : float
        T in units of the energy.
    seed : int
    """
    Q, N = states.shape
    table = form.gains(N)
    result = Run(states.copy(), np.zeros(Q, np.int64), np.zeros(Q, bool), np.zeros(Q, np.int64))
    for q, sigma in enumerate(result.states):
        X = overlaps(patterns, sigma[None])[0]
        for t in range(steps):
            old = sigma.copy()
            spins = visiting_order(N, seed, 2 * q, t) if order == "random" else np.arange(N)
            draws = uniform(seed, 2 * q + 1, np.arange(N), t) if temperature else None
            for i in spins:
                total, A = gain(table, X, patterns[:, i], int(old[i]), N)  # its own spin is visited once in a sweep
                if draws is None:
                    stays = total >= 0
                else:
                    z = -math.log1p(-table.scale * total / A) if table.below_most else table.scale * total
                    stays = draws[i] < _logistic(z / temperature)
                if not stays:
                    if dynamics == "asynchronous":
                        X -= 2 * int(sigma[i]) * patterns[:, i].astype(np.int64)
                    sigma[i] = -sigma[i]
                    result.flips[q] += 1
            if dynamics == "synchronous":
                X = overlaps(patterns, sigma[None])[0]
            result.steps[q] = t + 1
            result.converged[q] = np.array_equal(old, sigma)
            if result.converged[q] and not temperature:
                break
    return result


def _logistic(z: float) -> float:
    if z >= 0:
        return 1.0 / (1.0 + math.exp(-z))
    e = math.exp(z)
    return e / (1.0 + e)


def visiting_order(N: int, seed: int, stream: int, step: int) -> np.ndarray:
    """0 ... N - 1 as Fisher and Yates shuffle them."""
    order = np.arange(N)
    draws = uniform(seed, stream, order, step)
    for k in range(N - 1, 0, -1):
        j = int(draws[k] * (k + 1))
        order[k], order[j] = order[j], order[k]
    return order
