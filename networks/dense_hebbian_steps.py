"""Energy and dynamics of dense Hebbian networks in plain NumPy: what the compiled kernels are held against.

Rows w of whole numbers (sums of examples, or single ones) and spins sigma make, with a_i = w_i sigma_i, the energy

    H = -(N/2) c (N s)^(-P) sum_rows F(a)        F = (sum_i a_i)^P                            all indices
                                                 F = P! sum_{i1 < ... < iP} a_i1 ... a_iP     distinct indices

with s examples in a row and a factor c (see `dense_hebbian.py`). The second F is P! times the elementary symmetric
polynomial e_P, which Newton's identities give from the power sums p_k = sum_i a_i^k: k e_k = sum_j (-1)^(j-1) e_{k-j}
p_j. A spin is updated by the energy at +1 less the energy at -1, in which its own part is left out of the sums:

    all        (y + w)^P - (y - w)^P,   y = p_1 - w sigma
    distinct   2 w P! e_{P-1}(the others)

Heat bath: sigma = +1 with probability 1/(1 + exp(beta dH)); at T = 0 the sign of -dH, and ties keep the spin.

Numbers are drawn by counter (`kernels.random`): stream 64 q shuffles the spins of replica q (from the last to the
second, each changes places with one at or before it), stream 64 q + 1 decides; the index is the place in the order,
the step is the number of the sweep.

>>> w, sigma = np.array([[1.0], [-1.0], [1.0]]), np.array([[1, -1, 1]])
>>> p = power_sums(w, sigma, 4, "all")
>>> p[0], float(difference([x[0] for x in p], w[0], 1, 4, "all")[0])     # 3^4 - 1^4
(array([[3.]]), 80.0)
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..kernels.random import uniform

__all__ = [
    "LANES",
    "Run",
    "difference",
    "energy_sum",
    "lane_sum",
    "power_sums",
    "reference_run",
    "shuffled",
    "summed_energy",
]

LANES = 128


class Run(NamedTuple):
    """What a replica did: its state [N], overlaps [sweeps + 1, A], sweeps made, spins changed in the last one."""

    state: np.ndarray
    overlaps: np.ndarray
    sweeps: int
    changed: int


def power_sums(W: np.ndarray, states: np.ndarray, P: int, indices: str, block: int = 2**22) -> list[np.ndarray]:
    """Give p_1, and for distinct indices p_2 ... p_P too: [Q, rows] each; ``W`` [N, rows], ``states`` [Q, N]."""
    N, rows = W.shape
    step = max(block // max(N, 1), 1)
    powers = range(1, 2 if indices == "all" else P + 1)
    out = [np.empty((len(states), rows)) for _ in powers]
    v = [np.asarray(states, dtype=np.float64) ** k for k in powers]
    for first in range(0, rows, step):
        w = W[:, first : first + step].astype(np.float64)
        for k, p, x in zip(powers, out, v, strict=True):
            p[:, first : first + step] = x @ w**k
    return out


def energy_sum(p: list[np.ndarray], P: int, indices: str) -> np.ndarray:
    """Give the sum of F over rows (the last axis)."""
    if indices == "all":
        return (p[0] ** P).sum(-1)
    return math.factorial(P) * _symmetric(p, P).sum(-1)


def summed_energy(W: np.ndarray, states: np.ndarray, P: int, indices: str, block: int = 2**22) -> np.ndarray:
    """Give the sum of F over rows for each state [Q]; no more than about ``block`` numbers are held at once."""
    step, total = max(block // max(P * len(states), len(W)), 1), np.zeros(len(states))
    for first in range(0, W.shape[1], step):
        total += energy_sum(power_sums(W[:, first : first + step], states, P, indices), P, indices)
    return total


def _symmetric(p: list[np.ndarray], order: int) -> np.ndarray:
    """e_order by Newton's identities."""
    e = [np.ones_like(p[0])]
    for k in range(1, order + 1):
        total: Any = 0.0
        for j in range(1, k + 1):
            total = total + e[k - j] * p[j - 1] if j % 2 else total - e[k - j] * p[j - 1]
        e.append(total / k)
    return e[order]


def difference(p: list[np.ndarray], w: np.ndarray, spin: Any, P: int, indices: str) -> np.ndarray:
    """Give F at spin +1 less F at -1 for each row; ``p`` are the sums with the spin as it is now, ``spin``."""
    if indices == "all":
        y = p[0] - spin * w
        a, b = y + w, y - w
        u, v = a * a, b * b
        pu, pv = u, v
        for _ in range(P // 2 - 1):
            pu, pv = pu * u, pv * v
        return pu - pv
    a, power, others = w * spin, 1.0, []
    for k in range(P - 1):
        power = power * a
        others.append(p[k] - power)
    return math.factorial(P) * (2.0 * w * _symmetric(others, P - 1))


def lane_sum(x: np.ndarray) -> float:
    """Sum in the order of the compiled kernel: number j goes to partial sum j mod 128; these are added in halves."""
    padded = np.zeros((max(-(-len(x) // LANES), 1), LANES))
    padded.ravel()[: len(x)] = x
    sums = np.cumsum(padded, axis=0)[-1]
    while len(sums) > 1:
        half = len(sums) // 2
        sums = sums[:half] + sums[half:]
    return float(sums[0])


def shuffled(N: int, seed: int, stream: int, step: int) -> list[int]:
    """Give the order in which spins are updated."""
    order = list(range(N))
    u = uniform(seed, stream, np.arange(N), step)
    for k in range(N - 1, 0, -1):
        j = int(u[k] * (k + 1))
        order[k], order[j] = order[j], order[k]
    return order


def _choose(rise: float, spin: int, beta: float, u: float) -> int:
    if math.isinf(beta):
        return 1 if rise < 0 else (-1 if rise > 0 else spin)
    x = beta * rise
    return 1 if u < (0.0 if x > 700 else 1 / (1 + math.exp(x))) else -1


def reference_run(
    W: np.ndarray, state: np.ndarray, follow: np.ndarray, P: int, indices: str, factor: float, beta: float,
    sequential: bool, sweeps: int, first_sweep: int, seed: int, stream: int,
) -> Run:  # fmt: skip
    """Sweep one replica until ``sweeps`` are made or, at T = 0, nothing changes; ``factor`` is dH/d(sum of F)."""
    N, changed = len(state), 0
    w, state = W.astype(np.float64), state.astype(np.int64)
    p = [x[0] for x in power_sums(W, state[None], P, indices)]
    overlaps = [follow.astype(np.int64) @ state / N]
    for step in range(first_sweep, first_sweep + sweeps):
        order = shuffled(N, seed, stream, step) if sequential else range(N)
        u = uniform(seed, stream + 1, np.arange(N), step)
        fresh, changed = state.copy(), 0
        for k, i in enumerate(order):
            rise = factor * lane_sum(difference(p, w[i], float(state[i]), P, indices))
            fresh[i] = _choose(rise, int(state[i]), beta, u[k])
            if fresh[i] != state[i]:
                changed += 1
                if sequential:
                    p = _flipped(p, w[i], state[i])
                    state[i] = fresh[i]
        if not sequential:
            for i in np.flatnonzero(fresh != state):
                p = _flipped(p, w[i], state[i])
            state = fresh
        overlaps.append(follow.astype(np.int64) @ state / N)
        if not changed and math.isinf(beta):
            break
    return Run(state.astype(np.int8), np.array(overlaps), len(overlaps) - 1, changed)


def _flipped(p: list[np.ndarray], w: np.ndarray, spin: int) -> list[np.ndarray]:
    """Power sums once a spin has changed sign; even ones stay."""
    return [x if k % 2 else x - 2.0 * spin * w ** (k + 1) for k, x in enumerate(p)]
