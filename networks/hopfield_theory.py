"""What theory says of Hopfield networks: capacities, overlaps, error bounds. All functions are closed forms or roots.

Binary networks of N spins and K random patterns
------------------------------------------------
- Classic, temperature 0, replica-symmetric (Amit, Gutfreund, Sompolinsky 1985): with alpha = K / N the overlap is
  m = erf(y), y the largest root of sqrt(2 alpha) = erf(y) / y - 2 / sqrt(pi) exp(-y^2). The right side has its maximum
  at the critical load: alpha_c = 0.1379, m = 0.967.
- Power n, one step from a pattern (Krotov and Hopfield 2016, equation 5): a bit turns with probability
  1/2 erfc sqrt(N^(n-1) / (2 (2n - 3)!! K)), so that K = alpha_n N^(n-1) for a given error, and all bits of one pattern
  stay with K = N^(n-1) / (2 (2n - 3)!! ln N). For n = 2 these are those of the classic network.
- Exponential (Demircigil et al. 2017, theorem 3): exp(alpha N) + 1 patterns come back in one step from a share
  rho < 1/2 of turned bits if alpha < I(1 - 2 rho) / 2, I(a) = ((1 + a) ln(1 + a) + (1 - a) ln(1 - a)) / 2.

Continuous network of P patterns x_i in R^N, M = max |x_i| (Ramsauer et al. 2021)
---------------------------------------------------------------------------------
- Separation Delta_i = min_{j != i} (x_i.x_i - x_i.x_j).
- One-step error |f(xi) - x_i| <= 2 (P - 1) M exp(-beta (Delta_i - 2 M |xi - x_i|)).
- x_i has a fixed point within 1 / (beta P M) of it if Delta_i >= 2 / (beta P) + ln(2 (P - 1) P beta M^2) / beta.
- |Jacobian| <= beta / 2 max |x_i - x_j|^2.
- Patterns at random on a sphere of radius k sqrt(N - 1): with probability 1 - p at least sqrt(p) c^((N - 1) / 4) can be
  stored, c = b / W0(exp(a + ln b)), a = 2 / (N - 1) (1 + ln(2 beta k^2 p (N - 1))), b = 2 k^2 beta / 5, if
  c >= (2 / sqrt(p))^(4 / (N - 1)).

>>> round(critical_load()[0], 4), round(critical_load()[1], 3)
(0.1379, 0.967)
>>> round(dense_capacity(100, 3)), round(dense_capacity(100, 4))
(362, 7238)
>>> sphere_capacity(1.0, 3.0, 20, 0.001).base.round(4).item(), sphere_capacity(1.0, 1.0, 75, 0.001).base.round(4).item()
(3.1546, 1.3719)
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .dense_hebbian_theory import double_factorial
from .memory import check_count, check_number, check_real

__all__ = [
    "SphereCapacity", "classic_overlap", "critical_load", "dense_bit_error", "dense_capacity", "exponential_capacity",
    "has_fixed_point", "jacobian_bound", "retrieval_error_bound", "separation", "sphere_capacity",
]  # fmt: skip


# -- binary -----------------------------------------------------------------------------------------------------------
def _slope(y: float) -> float:
    return math.erf(y) / y - 2 / math.sqrt(math.pi) * math.exp(-y * y)


@cache
def critical_load() -> tuple[float, float]:
    """Give alpha_c = K / N of the classic network at temperature 0, and the overlap there."""
    from scipy.optimize import minimize_scalar

    y = minimize_scalar(lambda y: -_slope(y), bracket=(1.0, 1.5, 2.0), options=dict(xtol=1e-12)).x
    return float(_slope(y) ** 2 / 2), math.erf(y)


def classic_overlap(load: float) -> float:
    """Overlap of the state next to a pattern at ``load`` = K / N and temperature 0; 0 above the critical load."""
    from scipy.optimize import brentq

    load = check_number(load, "load", 0)
    limit, least = critical_load()
    if load > limit:
        return 0.0
    if load < 1e-3:  # y > 22: 1 - m is below double precision
        return 1.0
    low = float(_inverse_erf(least))
    return math.erf(brentq(lambda y: _slope(y) - math.sqrt(2 * load), low, 40.0, xtol=1e-13))


def _inverse_erf(m: float) -> float:
    from scipy.special import erfinv

    return erfinv(m)


def dense_bit_error(N: int, K: int, n: int) -> float:
    """Probability that a bit of a stored pattern turns in one step, with the separation function x^n."""
    check_count(n, "n", 2)
    return math.erfc(math.sqrt(N ** (n - 1) / (2 * double_factorial(2 * n - 3) * K))) / 2


def dense_capacity(N: int, n: int, error: float | None = None) -> float:
    """Patterns that a network with x^n holds.

    Parameters
    ----------
    N : int
    n : int
        2 is the classic network.
    error : float, optional
        Probability per bit that is allowed, in (0, 1/2). By default a whole pattern is to be without an error, with
        probability near one for large N.
    """
    check_count(N, "N", 2)
    check_count(n, "n", 2)
    most = N ** (n - 1) / (2 * double_factorial(2 * n - 3))
    if error is None:
        return most / math.log(N)
    from scipy.special import erfcinv

    if not 0 < check_number(error, "error") < 0.5:
        raise ValueError(f"error: expected a probability between 0 and 1/2, got {error}")
    return most / float(erfcinv(2 * error)) ** 2


def exponential_capacity(N: int, turned: float = 0.0) -> float:
    """Patterns that come back in one step when a share ``turned`` < 1/2 of their bits is turned; 2^(N/2) + 1 for 0."""
    check_count(N, "N", 1)
    if not 0 <= check_number(turned, "turned") < 0.5:
        raise ValueError(f"turned: expected a share from 0 to below 1/2, got {turned}")
    a = 1 - 2 * turned
    rate = ((1 + a) * math.log1p(a) + ((1 - a) * math.log1p(-a) if a < 1 else 0.0)) / 2
    exponent = rate / 2 * N
    return math.exp(exponent) + 1 if exponent < 700 else math.inf


# -- continuous -------------------------------------------------------------------------------------------------------
def separation(patterns: Any, block: int = 1024) -> np.ndarray:
    """Delta_i of each pattern [P]; infinite for a single one.

    ``block`` rows of the matrix of products are held at a time.
    """
    X = check_real(patterns, "patterns")
    found = np.empty(len(X))
    for first in range(0, len(X), block):
        rows = slice(first, min(first + block, len(X)))
        product = X[rows] @ X.T
        own = np.arange(rows.start, rows.stop)
        product[own - first, own] = -np.inf
        found[rows] = (X[rows] ** 2).sum(1) - product.max(1)
    return found


def retrieval_error_bound(patterns: Any, state: Any, beta: float, i: int) -> float:
    """Give the bound on the distance between one update of ``state`` [N] and pattern ``i``."""
    X = check_real(patterns, "patterns")
    xi = check_real(np.asarray(state)[None], "state", X.shape[1])[0]
    others = np.delete(X, i, axis=0)
    delta = float(X[i] @ X[i] - (others @ X[i]).max()) if len(others) else math.inf
    M = float(np.linalg.norm(X, axis=1).max())
    exponent = -beta * (delta - 2 * M * float(np.linalg.norm(xi - X[i])))
    return 2 * len(others) * M * (math.exp(exponent) if exponent < 700 else math.inf) if len(others) else 0.0


def has_fixed_point(patterns: Any, beta: float) -> np.ndarray:
    """Tell for each pattern whether it is separated well enough to have a fixed point within 1 / (beta P M) of it."""
    X = check_real(patterns, "patterns")
    P, M2 = len(X), float((X**2).sum(1).max())
    if P == 1:
        return np.ones(1, dtype=bool)
    return separation(X) >= 2 / (beta * P) + math.log(2 * (P - 1) * P * beta * M2) / beta


def jacobian_bound(patterns: Any, beta: float) -> float:
    """Give the bound beta / 2 max |x_i - x_j|^2 of the Jacobian's norm; below 1 the update contracts everywhere."""
    X = check_real(patterns, "patterns")
    square = (X**2).sum(1)
    widest = 0.0
    for first in range(0, len(X), 1024):
        rows = slice(first, first + 1024)
        widest = max(widest, float((square[rows, None] + square - 2 * X[rows] @ X.T).max()))
    return beta / 2 * widest


class SphereCapacity(NamedTuple):
    """``patterns`` >= sqrt(p) base^((N - 1) / 4) can be stored; ``valid`` if the theorem's condition holds."""

    patterns: float
    base: np.float64
    valid: bool


def sphere_capacity(beta: float, k: float, N: int, p: float) -> SphereCapacity:
    """Number of random patterns on a sphere of radius k sqrt(N - 1) that are stored with probability 1 - p.

    Ramsauer et al. 2021, theorem 3. A pattern is stored if it has a fixed point of its own.
    """
    from scipy.special import lambertw

    check_number(beta, "beta", 0, above=True)
    check_number(k, "k", 0, above=True)
    check_count(N, "N", 2)
    check_number(p, "p", 0, 1, above=True)
    a = 2 / (N - 1) * (1 + math.log(2 * beta * k * k * p * (N - 1)))
    b = 2 * k * k * beta / 5
    c = np.float64(b / lambertw(math.exp(a + math.log(b))).real)
    exponent = (N - 1) / 4 * math.log(c)
    patterns = math.sqrt(p) * math.exp(exponent) if exponent < 700 else math.inf
    return SphereCapacity(patterns, c, bool(c >= (2 / math.sqrt(p)) ** (4 / (N - 1))))
