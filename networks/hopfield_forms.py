"""The continuous (modern) Hopfield network: energy, update and retrieval, with softmax or a sparse relative of it.

Stored patterns are the rows x_i of X [P, N], the state is xi [N], beta > 0 the inverse temperature, z = beta X xi.

=============  =====================================  ==============================================  ==============
activation     Omega(p), p on the simplex             p(z) = argmax p.z - Omega(p)                    margin
=============  =====================================  ==============================================  ==============
softmax        sum p log p                            exp(z_i) / sum_j exp(z_j)                       none
entmax a       (sum p^a - 1) / (a (a - 1)), a > 1     [(a - 1) z_i - tau]_+ ^ (1 / (a - 1))           1 / (a - 1)
normmax g      |p|_g - 1, g > 1                       ~ [z_i - tau]_+ ^ (1 / (g - 1)),                1
                                                      sum_i [z_i - tau]_+ ^ (g / (g - 1)) = 1
=============  =====================================  ==============================================  ==============

tau is such that sum p = 1. ``"sparsemax"`` is entmax 2, ``"entmax15"`` entmax 1.5, ``"normmax"`` normmax 2; others are
written ``("entmax", 1.3)`` and ``("normmax", 5)``. Where z_i is larger than all others by the margin, p is exactly one
there and zero elsewhere. With Omega*(z) = max_p p.z - Omega(p) (softmax: log sum exp z):

- energy    E = -(Omega*(z) - Omega*(0)) / beta + |xi|^2 / 2 + max_i |x_i|^2 / 2,   0 <= E <= 2 max |x_i|^2 in the hull
- gradient  xi - X' p(z)
- update    xi <- X' p(z): the step of the concave-convex procedure, which never raises E

`retrieve` makes one update and then as many more as are asked for, or until p (or xi) changes by at most eps.

**References.** H. Ramsauer et al. 2021, "Hopfield networks is all you need" (arXiv 2008.02217), equations 2 and 3;
J. Y.-C. Hu et al. 2023, "On sparse modern Hopfield model" (arXiv 2309.12673); S. Santos, V. Niculae, D. McNamee and
A. Martins 2024, "Sparse and structured Hopfield networks" (arXiv 2402.13725); entmax: B. Peters, V. Niculae and
A. Martins 2019 (arXiv 1905.05702), algorithm 2.

>>> X = np.eye(16)
>>> xi, p = hopfield_update(X, X[0], beta=8.0)
>>> round(float(p[0]), 5), hopfield_update(X, X[0], 8.0, "sparsemax")[1][:2].tolist()
(0.99499, [1.0, 0.0])
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "Activation", "Retrieved", "activate", "activation_named", "conjugate", "entmax", "hopfield_energy",
    "hopfield_update", "normmax", "retrieve", "softmax", "sparsemax",
]  # fmt: skip


class Activation(NamedTuple):
    """One line of the table above: ``order`` is a or g, 1 for softmax."""

    kind: str
    order: float

    @property
    def margin(self) -> float:
        """Lead of one z over all others from which p is exactly one-hot."""
        return {"softmax": np.inf, "normmax": 1.0}.get(self.kind) or 1 / (self.order - 1)


_NAMED = {
    "softmax": Activation("softmax", 1.0),
    "sparsemax": Activation("entmax", 2.0),
    "entmax15": Activation("entmax", 1.5),
    "normmax": Activation("normmax", 2.0),
}


def activation_named(given: Any) -> Activation:
    """Read ``"softmax"``, ``"sparsemax"``, ``"entmax15"``, ``"normmax"``, ``("entmax", a)`` or ``("normmax", g)``."""
    if isinstance(given, str) and given in _NAMED:
        return _NAMED[given]
    if isinstance(given, tuple | list) and len(given) == 2 and given[0] in ("entmax", "normmax", "softmax"):
        kind, order = given
        if kind == "softmax" and order == 1:
            return _NAMED["softmax"]
        if not isinstance(order, bool) and isinstance(order, int | float) and 1 < order < np.inf and kind != "softmax":
            return Activation(kind, float(order))
    raise ValueError(
        f"activation: expected one of {', '.join(_NAMED)}, ('entmax', a) or ('normmax', g) with a number above 1, "
        f"got {given!r}"
    )


# -- p of z, over the last axis ---------------------------------------------------------------------------------------
def softmax(z: np.ndarray) -> np.ndarray:
    """exp(z) / sum exp(z); never overflows."""
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sparsemax(z: np.ndarray) -> np.ndarray:
    """Euclidean projection of z onto the simplex, by sorting."""
    z = z - z.max(-1, keepdims=True)
    s = -np.sort(-z, axis=-1)
    k, total = np.arange(1, z.shape[-1] + 1, dtype=z.dtype), np.cumsum(s, axis=-1)
    last = (1 + k * s > total).sum(-1, keepdims=True)
    tau = (np.take_along_axis(total, last - 1, -1) - 1) / last
    return np.maximum(z - tau, 0)


def entmax(z: np.ndarray, alpha: float) -> np.ndarray:
    """alpha-entmax, alpha > 1: by sorting for 1.5 and 2, by bisection of tau to the last bit else."""
    if alpha == 2:
        return sparsemax(z)
    z = (z - z.max(-1, keepdims=True)) * (alpha - 1)
    if alpha == 1.5:
        z = np.where(z <= -1, z.dtype.type(-2), z)  # p is 0 there, and not by rounding alone
        s = -np.sort(-z, axis=-1)
        k = np.arange(1, z.shape[-1] + 1, dtype=z.dtype)
        mean = np.cumsum(s, -1) / k
        rest = (1 - (np.cumsum(s * s, -1) - k * mean * mean)) / k  # (1 - sum of squares about the mean) / k
        taus = mean - np.sqrt(np.maximum(rest, 0))
        last = (taus <= s).sum(-1, keepdims=True)
        return np.maximum(z - np.take_along_axis(taus, last - 1, -1), 0) ** 2
    p = np.maximum(z - _tau(z, 1 / (alpha - 1)), 0) ** (1 / (alpha - 1))
    return p / p.sum(-1, keepdims=True)


def normmax(z: np.ndarray, gamma: float) -> np.ndarray:
    """gamma-normmax, gamma > 1; tau by bisection to the last bit."""
    z = z - z.max(-1, keepdims=True)
    p = np.maximum(z - _tau(z, gamma / (gamma - 1)), 0) ** (1 / (gamma - 1))
    return p / p.sum(-1, keepdims=True)


def _tau(z: np.ndarray, power: float) -> np.ndarray:
    """Root of sum [z - tau]_+ ^ power = 1 where max z = 0: it lies in [-1, -n^(-1 / power)]."""
    low = np.full((*z.shape[:-1], 1), -1.0)
    high = np.full_like(low, -(float(z.shape[-1]) ** (-1 / power)))
    for _ in range(60):
        middle = (low + high) / 2
        above = (np.maximum(z - middle, 0) ** power).sum(-1, keepdims=True) >= 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return low


def activate(z: np.ndarray, activation: Activation) -> np.ndarray:
    """p(z) along the last axis."""
    if activation.kind == "softmax":
        return softmax(z)
    return (entmax if activation.kind == "entmax" else normmax)(z, activation.order)


def conjugate(z: np.ndarray, activation: Activation) -> np.ndarray:
    """Omega*(z) - Omega*(0) along the last axis."""
    n, order = z.shape[-1], activation.order
    most = z.max(-1)
    if activation.kind == "softmax":
        return most + np.log(np.exp(z - most[..., None]).sum(-1)) - np.log(n)
    p = activate(z, activation)
    linear = most + (p * (z - most[..., None])).sum(-1)
    if activation.kind == "entmax":
        return linear - ((p**order).sum(-1) - float(n) ** (1 - order)) / (order * (order - 1))
    return linear - (p**order).sum(-1) ** (1 / order) + float(n) ** (1 / order - 1)


# -- the network ------------------------------------------------------------------------------------------------------
def hopfield_energy(X: np.ndarray, xi: np.ndarray, beta: float, activation: Any = "softmax") -> np.ndarray:
    """E of states ``xi`` [..., N] with the patterns ``X`` [P, N]."""
    star = conjugate(beta * (xi @ X.T), activation_named(activation))
    return -star / beta + (xi * xi).sum(-1) / 2 + (X * X).sum(-1).max() / 2


def hopfield_update(
    X: np.ndarray, xi: np.ndarray, beta: float, activation: Any = "softmax"
) -> tuple[np.ndarray, np.ndarray]:
    """Give the next states [..., N] and the weights p [..., P]."""
    p = activate(beta * (xi @ X.T), activation_named(activation))
    return p @ X, p


class Retrieved(NamedTuple):
    """States [..., N], weights [..., P] of the last update, updates [...], whether eps was reached [...]."""

    states: np.ndarray
    p: np.ndarray
    steps: np.ndarray
    converged: np.ndarray


def retrieve(
    X: np.ndarray, xi: np.ndarray, beta: float, max_extra_steps: int | None = 0, eps: float = 1e-4,
    stop_on: str = "p", activation: Any = "softmax",
) -> Retrieved:  # fmt: skip
    """Update once, and then until p or the state changes by at most ``eps`` (Euclidean norm), each state for itself.

    Parameters
    ----------
    X, xi : ndarray
        [P, N], [..., N].
    beta : float
    max_extra_steps : int or None
        Updates after the first; None: as many as it takes.
    eps : float
    stop_on : str
        ``"p"``: compare the weights of two updates, so that it takes two at least. ``"state"``.
    activation : str or tuple
    """
    old = xi
    states, p = hopfield_update(X, xi, beta, activation)
    steps = np.ones(xi.shape[:-1], dtype=np.int64)
    change = np.full(xi.shape[:-1], np.inf) if stop_on == "p" else np.linalg.norm(states - old, axis=-1)
    extra = 0
    while (max_extra_steps is None or extra < max_extra_steps) and (change > eps).any():
        on = change > eps
        fresh, q = hopfield_update(X, states[on], beta, activation)
        change = change.copy()
        change[on] = np.linalg.norm(q - p[on] if stop_on == "p" else fresh - states[on], axis=-1)
        states, p = states.copy(), p.copy()
        states[on], p[on] = fresh, q
        steps = steps + on
        extra += 1
    return Retrieved(states, p, steps, change <= eps)
