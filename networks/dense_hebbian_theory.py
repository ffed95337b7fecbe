"""Theory of dense Hebbian networks: replica-symmetric equations, free energy, one-step formulas.

The network is that of `dense_hebbian.py`: N spins, K = alpha N^(P-1) archetypes, M examples of quality r of each, noise
1/beta, energy -(N/2) R^(-P/2) sum_mu x_mu^P. All that the examples do is in rho = (1 - r^2)/(M r^2).

**Self-consistency** (one retrieved archetype, a Gaussian field g with mean A and variance A^2 rho + v):

    A = (P/2) (1+rho)^(P/2-1) n^(P-1)
    m = E tanh(beta g)    q = E tanh(beta g)^2    (1+rho) n = m + rho beta A (1-q)
    v = (alpha/4) C'(q)                           for P >= 4
    v = alpha q/(1 - beta (1-q))^2                for P = 2 (Amit, Gutfreund, Sompolinsky 1985)

m is the overlap with the archetype, n the normalised overlap with the mean example, q that of two replicas. C(q) is the
covariance of N^(P/2) m^P of an unrelated pattern in two states with overlap q:

    C'(q) = P^2 E[g^(P-1) g'^(P-1)]  (g, g' standard normal, correlation q)    all indices;  96 q^3 + 144 q for P = 4
    C'(q) = P P! q^(P-1)                                                        distinct indices

**Free energy** per spin, stationary at the solution; for P >= 4

    f = (P-1)/2 (1+rho)^(P/2) n^P - (beta alpha/8) [C(1) - C(q) - (1-q) C'(q)] - E ln 2 cosh(beta g)/beta

**One step** at T = 0 from the archetype: m = erf(1/sqrt(2 Theta)), `snr_theta`. Retrieval is said to work while
Theta <= 1.

Left out: replica symmetry breaking (below the glass line the equations are approximate; compare with simulation where
the archetype is retrieved) and finite N. Loads at which retrieval ends: `dense_hebbian_phases.py`.

References: E. Agliari, L. Albanese, F. Alemanno, A. Alessandrelli, A. Barra, F. Giannotti, D. Lotito, D. Pedreschi,
"Dense Hebbian neural networks: a replica symmetric picture of supervised learning" (2022, arXiv 2212.00606) and "... of
unsupervised learning" (2023, Physica A 627, 129143); the equations are derived anew in the convention above, which may
differ from theirs by factors in alpha and beta. D. J. Amit, H. Gutfreund, H. Sompolinsky 1985, Phys. Rev. Lett. 55,
1530.

>>> round(float(rs_solve(P=4, beta=2, rho=0.2).m), 5)
0.92287
>>> snr_theta(P=4, r=1, M=1, alpha=1 / 15)           # ultra-storage: K = N^3/15
1.0
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike

__all__ = [
    "Indices",
    "Solution",
    "at_least",
    "check_indices",
    "check_order",
    "correlated_moment",
    "covariance",
    "double_factorial",
    "entropy_of_data",
    "field_averages",
    "finite_sample_solve",
    "free_energy",
    "one_step_overlap",
    "required_examples",
    "rs_solve",
    "signal",
    "snr_theta",
]

Indices = Literal["all", "distinct"]
# the trapezoidal rule is exact to 1e-14 for a smooth integrand that vanishes at the ends
_Z = np.linspace(-8.0, 8.0, 801)
_WEIGHTS = np.exp(-0.5 * _Z**2) * (_Z[1] - _Z[0]) / math.sqrt(2 * math.pi)


class Solution(NamedTuple):
    """Order parameters, with the shape of the arguments; ``converged`` says where the iteration came to rest."""

    m: np.ndarray
    q: np.ndarray
    n: np.ndarray
    converged: np.ndarray


# -- checks ----------------------------------------------------------------------------------------------------------
def check_order(P: int, name: str = "P") -> int:
    """Accept the even orders from 2 on."""
    if isinstance(P, bool) or int(P) != P or P < 2 or P % 2:
        raise ValueError(f"{name}: expected an even number >= 2, got {P!r}")
    return int(P)


def check_indices(indices: str) -> None:
    """Accept "all" and "distinct"."""
    if indices not in get_args(Indices):
        raise ValueError(f"indices: expected 'all' or 'distinct', got {indices!r}")


def at_least(value: ArrayLike, name: str, least: float, strict: bool = False) -> np.ndarray:
    """Accept numbers >= ``least``, or > it if ``strict``; NaN is neither."""
    array = np.asarray(value, dtype=float)
    if not (array > least if strict else array >= least).all():
        raise ValueError(f"{name}: expected numbers {'>' if strict else '>='} {least:g}, got {value!r}")
    return array


def _check_quality(r: ArrayLike) -> np.ndarray:
    array = at_least(r, "r", 0, strict=True)
    if not (array <= 1).all():
        raise ValueError(f"r: expected numbers in (0, 1], got {r!r}")
    return array


# -- moments ---------------------------------------------------------------------------------------------------------
def double_factorial(n: int) -> int:
    """Give n (n-2) (n-4) ...; 1 for n <= 0."""
    return math.prod(range(n, 0, -2))


def correlated_moment(order: int, c: ArrayLike) -> np.ndarray:
    """Give E[g^order g'^order] of two standard normal numbers with correlation ``c``: 9 c + 6 c^3 for order 3.

    The power is expanded in Hermite polynomials, which are orthogonal: sum_k binom(order, k)^2 (order-k-1)!!^2 k! c^k.
    """
    c = np.asarray(c, dtype=float)
    terms = (
        (math.comb(order, k) * double_factorial(order - k - 1)) ** 2 * math.factorial(k) * c**k
        for k in range(order % 2, order + 1, 2)
    )
    return sum(terms, np.zeros_like(c))


def covariance(P: int, q: ArrayLike, indices: Indices = "all", derivative: int = 0) -> np.ndarray:
    """Give C(q), C'(q) or C''(q); without the constant, which is the same for all states."""
    P, q = check_order(P), np.asarray(q, dtype=float)
    check_indices(indices)
    if derivative not in (0, 1, 2):
        raise ValueError(f"derivative: expected 0, 1 or 2, got {derivative!r}")
    falling = math.perm(P, derivative)
    if indices == "distinct":
        return math.factorial(P) * falling * q ** (P - derivative)
    moment = falling**2 * correlated_moment(P - derivative, q)
    return moment - float(correlated_moment(P, 0.0)) if derivative == 0 else moment


def entropy_of_data(r: ArrayLike, M: ArrayLike) -> np.ndarray:
    """Give rho = (1 - r^2)/(M r^2): 0 for perfect examples or infinitely many of them."""
    r, M = _check_quality(r), at_least(M, "M", 1)
    return (1 - r**2) / (M * r**2)


# -- self-consistency ------------------------------------------------------------------------------------------------
def field_averages(beta: np.ndarray, A: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """m, q and beta (1 - q) in a Gaussian field; ``beta`` may be infinite."""
    from scipy.special import erf

    s = np.sqrt(variance)
    cold = np.isinf(beta)
    t = np.tanh(np.where(cold, 0.0, beta)[..., None] * (A[..., None] + s[..., None] * _Z))
    m, q = np.where(A == 0, 0.0, t @ _WEIGHTS), (t * t) @ _WEIGHTS  # else rounding grows into retrieval
    chi = np.where(cold, 0.0, beta) * (1 - q)
    if cold.any():
        safe = np.where(s > 0, s, 1.0)
        frozen = np.where(s > 0, erf(A / (safe * math.sqrt(2))), np.sign(A))
        slope = np.where(s > 0, math.sqrt(2 / math.pi) / safe * np.exp(-0.5 * (A / safe) ** 2), 0.0)
        m, q, chi = np.where(cold, frozen, m), np.where(cold, 1.0, q), np.where(cold, slope, chi)
    return m, q, chi


def signal(P: int, rho: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Mean A of the field."""
    return P / 2 * (1 + rho) ** (P / 2 - 1) * n ** (P - 1)


def _noise(P: int, alpha: np.ndarray, q: np.ndarray, chi: np.ndarray, indices: Indices) -> np.ndarray:
    """Variance v of the field that the other patterns make."""
    if P == 2:
        return alpha * q / np.maximum(np.abs(1 - chi), 1e-12) ** 2  # iterations may pass through 1
    return alpha / 4 * covariance(P, q, indices, 1)


def rs_solve(
    P: int, beta: ArrayLike, rho: ArrayLike = 0.0, alpha: ArrayLike = 0.0, indices: Indices = "all",
    m0: ArrayLike = 1.0, damping: float = 0.5, tolerance: float = 1e-11, most: int = 20_000,
) -> Solution:  # fmt: skip
    """Solve the self-consistency equations by damped iteration from m = n = ``m0``, q = 1.

    Parameters
    ----------
    P : int
        Even order of the interaction.
    beta : float or array
        Inverse noise; infinity is allowed. ``beta``, ``rho``, ``alpha`` and ``m0`` are broadcast.
    rho : float or array
        `entropy_of_data`.
    alpha : float or array
        Load K/N^(P-1).
    indices : str
        ``"all"`` or ``"distinct"``.
    m0 : float or array
        1 finds the retrieval solution where there is one, 0 the glass or the paramagnet.
    damping : float
        Share of the old value kept in each iteration.
    tolerance : float
        Largest change of m, q and n at rest.
    most : int
        Iterations.

    Returns
    -------
    Solution
        For the supervised network, and for the unsupervised one at low load (alpha = 0), where examples of one
        archetype have the same overlap.
    """
    P = check_order(P)
    check_indices(indices)
    if not 0 <= damping < 1:
        raise ValueError(f"damping: expected a number in [0, 1), got {damping!r}")
    beta, rho = at_least(beta, "beta", 0, strict=True), at_least(rho, "rho", 0)
    beta, rho, alpha, m0 = np.broadcast_arrays(beta, rho, at_least(alpha, "alpha", 0), np.asarray(m0, dtype=float))
    state = np.stack([m0, np.ones(m0.shape), m0, np.zeros(m0.shape)]).reshape(4, -1)  # m, q, n, chi
    change, moving = np.full(m0.size, np.inf), np.arange(m0.size)
    beta, rho, alpha = beta.ravel(), rho.ravel(), alpha.ravel()
    for _ in range(most):
        b, x, (_, q, n, chi) = beta[moving], rho[moving], state[:, moving]
        A = signal(P, x, n)
        m_, q_, chi = field_averages(b, A, A**2 * x + _noise(P, alpha[moving], q, chi, indices))
        new = np.stack([m_, q_, (m_ + x * A * chi) / (1 + x)])
        change[moving] = abs(new - state[:3, moving]).max(0)
        state[:3, moving] = damping * state[:3, moving] + (1 - damping) * new
        state[3, moving] = chi
        moving = moving[change[moving] >= tolerance]
        if not len(moving):
            break
    m, q, n = state[:3].reshape(3, *m0.shape)
    return Solution(m[()], q[()], n[()], (change < tolerance).reshape(m0.shape)[()])


def finite_sample_solve(
    P: int, beta: float, r: float, M: int, m0: float = 1.0, damping: float = 0.5, tolerance: float = 1e-12
) -> Solution:
    """Solve the equations at low load with the exact, binomial distribution of the mean of M examples.

    S = (2 B - M)/M with B binomial; x = E[S tanh(beta (P/2) R^(-P/2) x^(P-1) S)], n = r x/R, m = E[tanh(...)].
    """
    from scipy.stats import binom

    P, r = check_order(P), float(_check_quality(r))
    M = int(at_least(M, "M", 1))
    beta = float(at_least(beta, "beta", 0, strict=True))
    S, weight = 2 * np.arange(M + 1) / M - 1, binom.pmf(np.arange(M + 1), M, (1 + r) / 2)
    R = r**2 + (1 - r**2) / M
    x, change = m0 * R / r, math.inf
    for _ in range(20_000):
        t = np.tanh(beta * P / 2 * R ** (-P / 2) * x ** (P - 1) * S)
        new = weight @ (S * t)
        x, change = damping * x + (1 - damping) * new, abs(new - x)
        if change < tolerance:
            break
    m, q, n = weight @ t, weight @ t**2, x * r / R
    return Solution(np.float64(m), np.float64(q), np.float64(n), np.bool_(change < tolerance))


def free_energy(
    P: int, beta: ArrayLike, rho: ArrayLike, alpha: ArrayLike, n: ArrayLike, q: ArrayLike, indices: Indices = "all"
) -> np.ndarray:
    """Give the free energy per spin as a function of n and q; ``beta`` finite, else as in `rs_solve`."""
    P = check_order(P)
    beta, rho = at_least(beta, "beta", 0, strict=True), at_least(rho, "rho", 0)
    arguments = (beta, rho, at_least(alpha, "alpha", 0), np.asarray(n, dtype=float), np.asarray(q, dtype=float))
    beta, rho, alpha, n, q = np.broadcast_arrays(*arguments)
    if np.isinf(beta).any():
        raise ValueError("beta: expected finite numbers, got infinity")
    A, chi = signal(P, rho, n), beta * (1 - q)
    v = _noise(P, alpha, q, chi, indices)
    g = beta[..., None] * (A[..., None] + np.sqrt(A**2 * rho + v)[..., None] * _Z)
    log = np.logaddexp(g, -g) @ _WEIGHTS
    kept = (P - 1) / 2 * (1 + rho) ** (P / 2) * n**P
    if P == 2:
        noise = -alpha / (2 * beta) * (np.log1p(-chi) - beta * q / (1 - chi)) - v * beta * (1 - q) / 2
        return kept - noise - log / beta
    rest = covariance(P, 1.0, indices) - covariance(P, q, indices) - (1 - q) * covariance(P, q, indices, 1)
    return kept - beta * alpha / 8 * rest - log / beta


# -- one step --------------------------------------------------------------------------------------------------------
def snr_theta(P: int, r: float, M: float, alpha: float = 0.0, supervised: bool = True, N: int | None = None) -> float:
    """Give Theta, the noise of the field over its signal, squared, in the state sigma = archetype.

        supervised     Theta = rho + alpha (2P-3)!! (1+rho)^P
        unsupervised   Theta = rho + alpha r^(-2P) [(2P-3)!!/M + (1 - 1/M) r^2 E(r^2)],   E(c) = E[g^(P-1) g'^(P-1)]

    With ``N`` the overlaps of single examples with the state are averaged over, which have the standard deviation
    sqrt((1-r^2)/N) about r (unsupervised only): it matters if r^2 N is not large.
    """
    P, r = check_order(P), float(_check_quality(r))
    M, alpha = float(at_least(M, "M", 1)), float(at_least(alpha, "alpha", 0))
    rho, odd = float(entropy_of_data(r, M)), double_factorial(2 * P - 3)
    if supervised:
        return rho + alpha * odd * (1 + rho) ** P
    noise = alpha * (odd / M + (1 - 1 / M) * r**2 * float(correlated_moment(P - 1, r**2)))
    if N is None:
        return rho + noise * r ** (-2 * P)
    y = r + math.sqrt((1 - r**2) / N) * _Z
    kept, square = float(y ** (P - 1) @ _WEIGHTS), float(y ** (2 * P - 2) @ _WEIGHTS)
    return (square / (r * kept) ** 2 - 1) / M + noise / (r * kept) ** 2


def one_step_overlap(
    P: int, r: float, M: float, alpha: float = 0.0, supervised: bool = True, N: int | None = None
) -> float:
    """Give m after one parallel update at T = 0 from the archetype: erf(1/sqrt(2 Theta)); see `snr_theta`."""
    theta = snr_theta(P, r, M, alpha, supervised, N)
    return math.erf(1 / math.sqrt(2 * theta)) if theta > 0 else 1.0


def required_examples(
    P: int, r: float, alpha: float = 0.0, supervised: bool = True, theta: float = 1.0, N: int | None = None
) -> float:
    """Give the number of examples M, a real number >= 1, from which on Theta <= ``theta``.

    Infinity if no number suffices: supervised if alpha (2P-3)!! >= theta; unsupervised if the noise that is common to
    all examples is too large, alpha r^(2-2P) E(r^2) >= theta, which for small r and P >= 4 is alpha >= r^(2P-4)/c. So
    M grows as r^(-2P) only while r^(2P-2) << alpha << r^(2P-4).

    >>> round(required_examples(P=4, r=0.5), 9), required_examples(P=4, r=0.5, alpha=0.01, supervised=False)
    (3.0, inf)
    """
    theta = float(at_least(theta, "theta", 0, strict=True))

    def enough(M: float) -> bool:
        return snr_theta(P, r, M, alpha, supervised, N) <= theta

    if enough(1):
        return 1.0
    high = 2.0
    while not enough(high):
        high *= 2
        if high > 1e18:
            return math.inf
    low = high / 2
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
