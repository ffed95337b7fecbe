"""Where dense Hebbian networks retrieve: critical loads, spinodals, phase diagrams.

All follows from the equations of `dense_hebbian_theory.py`. The load is not searched for by iterating them, which slows
down where retrieval ends, but given as a function of the overlap n, of which it is the maximum (`retrieval_branch`).

>>> alpha, m = critical_load(P=2)
>>> round(alpha, 3), round(m, 3)                       # Amit, Gutfreund, Sompolinsky 1985
(0.138, 0.967)
>>> round(first_order(8) / math.log(2), 4)
2.0
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .dense_hebbian_theory import (
    Indices,
    at_least,
    check_indices,
    check_order,
    covariance,
    field_averages,
    free_energy,
    rs_solve,
    signal,
)

__all__ = [
    "Branch",
    "PhaseDiagram",
    "critical_load",
    "first_order",
    "glass_load",
    "phase_diagram",
    "retrieval_branch",
    "spinodal",
]


class Branch(NamedTuple):
    """All retrieval solutions at one temperature, by falling n: first the stable ones, up to the largest load."""

    alpha: np.ndarray
    m: np.ndarray
    q: np.ndarray
    n: np.ndarray


class PhaseDiagram(NamedTuple):
    """Loads at each temperature.

    Retrieval states exist up to ``retrieval``, are those of lowest free energy up to ``ground``; without retrieval,
    spins freeze (q > 0) above ``glass``. NaN: nowhere.
    """

    temperature: np.ndarray
    retrieval: np.ndarray
    ground: np.ndarray
    glass: np.ndarray


def retrieval_branch(P: int, beta: float, rho: float = 0.0, indices: Indices = "all", n: ArrayLike = ()) -> Branch:
    """Give the load that belongs to each overlap ``n`` (by default 80 of them): no iteration, no slowing down.

    For given n the signal A is known; the variance of the field is found by bisection so that the equation of n holds,
    and the load follows from it. Overlaps that no load has are left out.
    """
    P = check_order(P)
    check_indices(indices)
    beta, rho = float(at_least(beta, "beta", 0, strict=True)), float(at_least(rho, "rho", 0))
    n = np.sort(np.asarray(n, dtype=float).ravel() if np.size(n) else np.linspace(0.0125, 0.9999999, 80))[::-1]
    A, b = signal(P, np.float64(rho), n), np.full(n.shape, beta)

    def excess(variance: np.ndarray) -> np.ndarray:
        m, _, chi = field_averages(b, A, variance)
        return m + rho * A * chi - (1 + rho) * n

    low, high = A**2 * rho, A**2 * rho + 1.0
    reached = excess(low) >= 0  # else no load, not even none, gives this n
    while (short := excess(high) > 0).any():
        high = np.where(short, 4 * high, high)
    for _ in range(48):
        middle = 0.5 * (low + high)
        above = excess(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    variance = 0.5 * (low + high)
    m, q, chi = field_averages(b, A, variance)
    per_load = q / np.where(chi < 1, 1 - chi, 1.0) ** 2 if P == 2 else covariance(P, q, indices, 1) / 4
    alpha = (variance - A**2 * rho) / per_load
    held = reached & (chi < 1 if P == 2 else True)
    return Branch(alpha[held], m[held], q[held], n[held])


def critical_load(P: int, beta: float = math.inf, rho: float = 0.0, indices: Indices = "all") -> tuple[float, float]:
    """Give the largest load alpha = K/N^(P-1) with a retrieval state, and its overlap m there; (0, 0) if none."""
    branch = retrieval_branch(P, beta, rho, indices)
    for _ in range(4):
        if not len(branch.alpha):
            return 0.0, 0.0
        k = int(np.argmax(branch.alpha))
        around = branch.n[[min(k + 1, len(branch.n) - 1), max(k - 1, 0)]]
        if around[0] == around[1]:
            break
        branch = retrieval_branch(P, beta, rho, indices, np.linspace(*around, 21))
    k = int(np.argmax(branch.alpha))
    return float(branch.alpha[k]), float(branch.m[k])


def spinodal(P: int) -> tuple[float, float]:
    """Give the smallest beta with a retrieval state at alpha = rho = 0, and its m; (1, 0) for P = 2."""
    from scipy.optimize import minimize_scalar

    P = check_order(P)
    if P == 2:
        return 1.0, 0.0
    found = minimize_scalar(
        lambda m: 2 * math.atanh(m) / (P * m ** (P - 1)), bounds=(0.3, 1 - 1e-9), method="bounded",
        options=dict(xatol=1e-10),
    )  # fmt: skip
    return float(found.fun), float(found.x)


def first_order(P: int) -> float:
    """Give the beta above which retrieval has the lowest free energy at alpha = rho = 0; it tends to 2 ln 2."""
    from scipy.optimize import brentq

    P = check_order(P)
    if P == 2:
        return 1.0

    def gain(beta: float) -> float:
        m = rs_solve(P, beta).m
        return float(free_energy(P, beta, 0, 0, m, m**2) + math.log(2) / beta)

    return float(brentq(gain, spinodal(P)[0] * 1.01, 2.0, xtol=1e-9))


def glass_load(P: int, temperature: ArrayLike, indices: Indices = "all") -> np.ndarray:
    """Give the load above which spins freeze without retrieving: T^2 = alpha C''(0)/4; NaN if q = 0 stays stable.

    For P = 2 it is (T - 1)^2 above T = 1; below that spins are frozen at any load.
    """
    P, T = check_order(P), at_least(temperature, "temperature", 0)
    if P == 2:
        return np.where(T > 1, (T - 1) ** 2, 0.0)
    curvature = float(covariance(P, 0.0, indices, 2))
    return 4 * T**2 / curvature if curvature else np.full(T.shape, np.nan)


def phase_diagram(P: int, temperature: ArrayLike, rho: float = 0.0, indices: Indices = "all") -> PhaseDiagram:
    """Give the lines of the (load, temperature) plane.

    Parameters
    ----------
    P : int
    temperature : array
        Values of 1/beta, > 0.
    rho : float
    indices : str
    """
    T = np.atleast_1d(at_least(temperature, "temperature", 0, strict=True))
    retrieval, ground = np.full(T.shape, np.nan), np.full(T.shape, np.nan)
    for k, t in enumerate(T):
        top, _ = critical_load(P, 1 / t, rho, indices)
        if top <= 0:
            continue
        retrieval[k] = top
        ground[k] = _ground(P, 1 / t, rho, indices, top)
    return PhaseDiagram(T, retrieval, ground, glass_load(P, T, indices))


def _ground(P: int, beta: float, rho: float, indices: Indices, top: float) -> float:
    """Largest load at which the stable retrieval state has the lower free energy."""
    alpha = np.linspace(0.0, 0.999 * top, 25)[1:]
    here = rs_solve(P, beta, rho, alpha, indices, tolerance=1e-9)
    frozen = (
        _frozen_pairs(beta, alpha)
        if P == 2
        else rs_solve(P, beta, 0.0, alpha, indices, m0=0.0, damping=0.0, tolerance=1e-9, most=3000).q
    )
    gain = free_energy(P, beta, rho, alpha, here.n, here.q, indices)
    gain -= free_energy(P, beta, 0.0, alpha, 0.0, frozen, indices)
    lower = np.flatnonzero(gain < 0)
    if not len(lower):
        return math.nan
    k = int(lower[-1])
    if k == len(gain) - 1:
        return top
    return float(alpha[k] + gain[k] / (gain[k] - gain[k + 1]) * (alpha[1] - alpha[0]))


def _frozen_pairs(beta: float, alpha: np.ndarray) -> np.ndarray:
    """q of the glass for P = 2 below T = 1, by bisection of the field's deviation s: iteration oscillates there."""
    low, high = np.zeros(alpha.shape), np.full(alpha.shape, 10.0)
    b, none = np.full(alpha.shape, beta), np.zeros(alpha.shape)
    for _ in range(60):
        s = 0.5 * (low + high)
        _, q, chi = field_averages(b, none, s**2)
        below = (chi >= 1) | (s**2 * (1 - chi) ** 2 < alpha * q)
        low, high = np.where(below, s, low), np.where(below, high, s)
    return field_averages(b, none, high**2)[1]
