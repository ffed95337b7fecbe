"""Monte Carlo of the dense Hebbian network (P = 4) beside NumPy: heat bath of replicas, same draws, same states.

The peers are written here, with the same energy differences, so that states must agree to the last spin:

- ``NumPy, direct``: the overlaps with all patterns are summed anew for each update, one product of N K numbers;
- ``NumPy, overlaps``: a flip updates the overlaps (as ours), an update is a few vectors of K numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from spikegram.kernels.random import uniform
from spikegram.networks import DenseHebbian
from spikegram.networks.dense_hebbian_data import noisy_examples
from spikegram.networks.dense_hebbian_steps import shuffled

from .works import Work, same

__all__ = ["WORKS"]

BETA, SEED = 2.0, 5


def make(threads: int = 1, quick: bool = False) -> Mapping[str, Callable[[], Any]]:
    """Give functions that sweep two replicas of a network with N spins and K patterns from stored patterns."""
    N, K, sweeps = (100, 100, 2) if quick else (1000, 1000, 3)
    patterns, start = noisy_examples(N, K, 2, 0.8, seed=3)
    cues = np.ascontiguousarray(start[:2, 0])  # a tenth of the bits are turned
    memory = DenseHebbian(N, threads=threads)
    memory.store(patterns)
    columns, factor = np.ascontiguousarray(patterns.T, dtype=np.float64), -0.5 * N / float(N) ** 4

    def ours() -> np.ndarray:
        return memory.monte_carlo(cues, BETA, sweeps, seed=SEED).states

    def peer(direct: bool) -> Callable[[], np.ndarray]:
        return lambda: np.array([_sweeps(columns, c, factor, sweeps, q, direct) for q, c in enumerate(cues)])

    return {"spikegram": ours, "NumPy, direct": peer(True), "NumPy, overlaps": peer(False)}


def _sweeps(
    columns: np.ndarray, cue: np.ndarray, factor: float, sweeps: int, replica: int, direct: bool
) -> np.ndarray:  # fmt: skip
    s, N = cue.astype(np.float64), len(cue)
    X = s @ columns
    for step in range(sweeps):
        u = uniform(SEED, 64 * replica + 1, np.arange(N), step)
        for k, i in enumerate(shuffled(N, SEED, 64 * replica, step)):
            if direct:
                X = s @ columns
            w = columns[i]
            y = X - s[i] * w
            up, down = (y + w) ** 2, (y - w) ** 2
            rise = factor * float((up * up - down * down).sum())
            x = BETA * rise
            new = 1.0 if u[k] < (0.0 if x > 700 else 1 / (1 + math.exp(x))) else -1.0
            if new != s[i]:
                if not direct:
                    X -= 2 * s[i] * w
                s[i] = new
    return s.astype(np.int8)


WORKS = [
    Work(
        "dense-monte-carlo", "dense Hebbian network, P = 4, 1,000 spins, 1,000 patterns: 3 sweeps of 2 replicas", make,
        same, {"NumPy, direct": 50.0},
    )
]  # fmt: skip
