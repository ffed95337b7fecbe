"""Theory of multitasking Hebbian networks: amplitudes of several diluted patterns at once, regimes, thresholds.

The network is that of `multitasking.py`: K patterns (finite) with letters 0 (probability d) and -1, +1 ((1-d)/2 each),
noise 1/beta, data-set entropy rho = (1 - r^2)/(M r^2). With letters xi and a standard normal number z

    g = beta/(1-d) sum_v n_v xi_v (1 + sqrt(rho) z_v)
    m_u = E[xi_u tanh g]       (1+rho) n_u = m_u + rho beta/(1-d) n_u E[xi_u^2 (1 - tanh(g)^2)]

m are the overlaps with the archetypes, n those with the examples, normalised. The mean over letters is an exact sum of
3^K terms; given the letters, g is normal with variance rho (beta/(1-d))^2 sum_v (n_v xi_v)^2, so that one integral is
left, for any K. The equations are the same with and without a teacher.

Regimes at low noise: **hierarchical** (sigma_i is the first letter of spin i that is not 0, m_k = (1-d) d^(k-1)), which
holds while each signal is stronger than all later ones together, 1 - 2 d + d^K > 0; **parallel** (all m equal) for
strong dilution and some noise; **pure** (one pattern only) and **ergodic** (none) at more noise.

References: E. Agliari, A. Alessandrelli, A. Barra, F. Ricci-Tersenghi 2023, "Parallel learning by multitasking neural
networks", J. Stat. Mech. 113401; E. Agliari, A. Barra, A. Galluzzi, F. Guerra, F. Moauro 2012, Phys. Rev. Lett. 109,
268101. The equations are derived anew; factors 1 - d in beta may differ from theirs.

>>> hierarchical_amplitudes(K=3, d=0.5).tolist(), round(critical_dilution(3), 5)       # the golden ratio
([0.5, 0.25, 0.125], 0.61803)
>>> regime(mean_field(K=3, d=0.8, beta=2).m)
'parallel'
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .dense_hebbian_theory import field_averages
from .memory import check_count, check_number

__all__ = [
    "Amplitudes",
    "critical_dilution",
    "hierarchical_amplitudes",
    "mean_field",
    "one_step",
    "parallel_amplitude",
    "regime",
]

_MOST = 8  # 3^8 letters
_SILENT = 1e-3  # amplitude below which a pattern is not recalled
_STARTS = ("hierarchical", "pure", "parallel")


class Amplitudes(NamedTuple):
    """Overlaps with archetypes ``m`` and, normalised, with examples ``n``: [K] each."""

    m: np.ndarray
    n: np.ndarray
    converged: bool


def _check(K: int, d: float, most: int | None = None) -> tuple[int, float]:
    K = check_count(K, "K")
    if most is not None and most < K:
        raise ValueError(f"K: expected at most {most} patterns (3^K letters are summed), got {K}")
    if not 0 <= check_number(d, "d") < 1:
        raise ValueError(f"d: expected a number in [0, 1), got {d!r}")
    return K, float(d)


def hierarchical_amplitudes(K: int, d: float) -> np.ndarray:
    """Give m_k = (1-d) d^(k-1): each pattern has the spins that those before it leave free."""
    K, d = _check(K, d)
    return (1 - d) * d ** np.arange(K)


def critical_dilution(K: int) -> float:
    """Give the dilution above which the hierarchy of K patterns is not stable at T = 0; 1 for K <= 2.

    It is the root of 1 - 2 d + d^K = (1 - d) (1 - d - d^2 - ... - d^(K-1)).
    """
    from scipy.optimize import brentq

    K = check_count(K, "K")
    if K <= 2:
        return 1.0
    return float(brentq(lambda d: 1 - sum(d**k for k in range(1, K)), 0.4, 1.0, xtol=1e-14))


def parallel_amplitude(K: int, d: float) -> float:
    """Give the amplitude at T = 0 if all are equal and sign(0) = 0: (1-d) (P(T=0) + P(T=1)), T a sum of K-1 letters."""
    K, d = _check(K, d)
    letter, p = np.array([(1 - d) / 2, d, (1 - d) / 2]), np.ones(1)
    for _ in range(K - 1):
        p = np.convolve(p, letter)
    return float((1 - d) * p[K - 1 : K + 1].sum())


def _letters(K: int, d: float) -> tuple[np.ndarray, np.ndarray]:
    xi = np.array(list(itertools.product((-1, 0, 1), repeat=K)), dtype=float)
    weight = np.where(xi == 0, d, (1 - d) / 2).prod(1)
    return xi, weight


def _averages(
    n: np.ndarray, xi: np.ndarray, weight: np.ndarray, d: float, beta: float, rho: float
) -> tuple[np.ndarray, np.ndarray]:
    """m and the next n."""
    A = xi @ n / (1 - d)
    A[abs(A) < 1e-10 * abs(n).sum()] = 0.0  # a tie, but for rounding
    if rho == 0:
        t = np.sign(A) if math.isinf(beta) else np.tanh(beta * A)
        m = xi.T @ (weight * t)
        return m, m
    variance = rho * (xi**2 @ n**2) / (1 - d) ** 2
    t, _, chi = field_averages(np.full(len(A), beta), A, variance)
    m = xi.T @ (weight * t)
    return m, (m + rho / (1 - d) * n * ((xi**2).T @ (weight * chi))) / (1 + rho)


def mean_field(
    K: int, d: float, beta: float = math.inf, rho: float = 0.0, init: str | ArrayLike = "hierarchical",
    damping: float = 0.5, tolerance: float = 1e-12, most: int = 20_000,
) -> Amplitudes:  # fmt: skip
    """Solve the equations by damped iteration.

    Parameters
    ----------
    K : int
        Number of patterns, at most 8.
    d : float
        Dilution, the share of zeros, in [0, 1).
    beta : float
        Inverse noise; infinity (the default) is T = 0 with sign(0) = 0.
    rho : float
        Data-set entropy; 0: the patterns themselves.
    init : str or array
        ``"hierarchical"``, ``"pure"``, ``"parallel"``, or n [K].
    damping, tolerance, most
        Share of the old value kept; largest change at rest; iterations.
    """
    K, d = _check(K, d, _MOST)
    beta = beta if beta == math.inf else check_number(beta, "beta", 0, above=True)
    rho = check_number(rho, "rho", 0)
    if not 0 <= check_number(damping, "damping") < 1:
        raise ValueError(f"damping: expected a number in [0, 1), got {damping!r}")
    if isinstance(init, str):
        if init not in _STARTS:
            raise ValueError(f"init: expected one of {', '.join(_STARTS)} or {K} numbers, got {init!r}")
        starts = dict(
            hierarchical=hierarchical_amplitudes(K, d), pure=(1 - d) * np.eye(K)[0], parallel=np.full(K, (1 - d) / 2)
        )
        n = starts[init]
    else:
        n = np.asarray(init, dtype=float)
        if n.shape != (K,):
            raise ValueError(f"init: expected {K} numbers, got shape {list(n.shape)}")
    letters, change = _letters(K, d), math.inf
    for _ in range(most):
        _, new = _averages(n, *letters, d, beta, rho)
        change, n = float(abs(new - n).max()), damping * n + (1 - damping) * new
        if change < tolerance:
            break
    return Amplitudes(_averages(n, *letters, d, beta, rho)[0], n, change < tolerance)


def one_step(K: int, d: float, rho: float = 0.0) -> np.ndarray:
    """Give the amplitudes [K] after one parallel update at T = 0 from the hierarchical state of the archetypes.

    For K = 1 it is (1-d) erf(1/sqrt(2 rho)), which is above 0.683 (1-d) while rho <= 1: M >= (1 - r^2)/r^2 examples,
    for any dilution and with or without a teacher.
    """
    K, d = _check(K, d, _MOST)
    rho = check_number(rho, "rho", 0)
    return _averages(hierarchical_amplitudes(K, d), *_letters(K, d), d, math.inf, rho)[0]


def regime(m: ArrayLike, tol: float = 0.02) -> str:
    """Name the regime of amplitudes [K], in any order and of either sign.

    ``"ergodic"``: all are 0; ``"pure"``: one is not; ``"parallel"``: all are equal within ``tol`` of their mean;
    ``"hierarchical"``: each of those that are not 0 is more than all smaller ones together; else ``"intermediate"``.
    """
    m = np.sort(abs(np.asarray(m, dtype=float)))[::-1]
    if m.ndim != 1 or not len(m):
        raise ValueError(f"m: expected K numbers, got shape {list(m.shape)}")
    heard = m[m > _SILENT]
    if len(heard) < 2:
        return "pure" if len(heard) else "ergodic"
    if len(heard) == len(m) and heard[0] - heard[-1] < tol * heard.mean():
        return "parallel"
    later = np.append(np.cumsum(heard[::-1])[::-1][1:], 0.0)
    return "hierarchical" if (heard > later).all() else "intermediate"
