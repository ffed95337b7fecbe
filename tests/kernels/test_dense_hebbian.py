"""The compiled Monte Carlo of dense Hebbian networks is its reference to the bit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.kernels import dense_hebbian as kernel
from spikegram.networks import DenseHebbian, dense_hebbian_steps
from spikegram.networks.dense_hebbian_data import noisy_examples, noisy_sums


@pytest.mark.parametrize("beta", [1.5, math.inf])
@pytest.mark.parametrize("dynamics", ["sequential", "parallel"])
@pytest.mark.parametrize("indices", ["all", "distinct"])
@pytest.mark.parametrize("P", [2, 4, 6])
def test_same_to_the_bit(P: int, indices: str, dynamics: str, beta: float, seed: int) -> None:
    """Rows fill neither one nor two rounds of partial sums; powers are too large to be exact for P = 6."""
    for supervised, K, M in ((True, 150, 9), (False, 20, 3)):
        xi, eta = noisy_examples(18, K, M, 0.7, seed)
        runs = []
        for backend in ("numba", "reference"):
            memory = DenseHebbian(18, P, supervised, indices, backend=backend)
            memory.store_examples(eta, 0.7)
            runs.append(memory.monte_carlo(xi[:2], beta, 3, xi[:3], dynamics, seed=seed))
        for a, b in zip(*runs, strict=True):
            assert np.array_equal(a, b)


@pytest.mark.slow  # a second compilation
def test_large_sums(seed: int) -> None:
    """Sums of many examples need more than a byte, and their powers more than 53 bits."""
    xi, sums = noisy_sums(30, 40, 3001, 0.1, seed)
    runs = []
    for backend in ("numba", "reference"):
        memory = DenseHebbian(30, 6, backend=backend)
        memory.store_sums(sums, 3001, 0.1)
        runs.append(memory.monte_carlo(xi[:2], 0.8, 3, xi[:2], seed=1))
    assert all(np.array_equal(a, b) for a, b in zip(*runs, strict=True))


def test_lanes_are_those_of_the_reference() -> None:
    assert kernel.LANES == dense_hebbian_steps.LANES
