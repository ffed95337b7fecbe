"""Replicas: continued runs, threads, rest, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import DenseHebbian
from spikegram.networks.dense_hebbian_data import noisy_examples
from spikegram.networks.dense_hebbian_run import simulate


def test_runs_continue_and_threads_do_not_matter(seed: int) -> None:
    xi, memory = noisy_examples(40, 50, 1, 1.0, seed)[0], DenseHebbian(40)
    memory.store(xi)
    whole = memory.monte_carlo(xi[:5], 1.0, 8, xi[:2], seed=2, threads=2)
    half = memory.monte_carlo(xi[:5], 1.0, 5, xi[:2], seed=2)
    rest = memory.monte_carlo(half.states, 1.0, 3, xi[:2], seed=2, first_sweep=5)
    assert np.array_equal(whole.states, rest.states)
    assert np.array_equal(whole.overlaps, np.concatenate([half.overlaps, rest.overlaps[:, 1:]], axis=1))
    other = memory.monte_carlo(xi[:5], 1.0, 8, xi[:2], seed=3)
    assert not np.array_equal(whole.states, other.states)
    unit = DenseHebbian(40, beta_convention="unit")
    unit.store(xi)
    assert np.array_equal(unit.monte_carlo(xi[:5], 0.5, 8, seed=2).states, whole.states)


def test_replicas_that_rest_keep_their_overlaps() -> None:
    W = np.ones((4, 1), dtype=np.int8)
    done = simulate(
        W, np.array([[1, 1, 1, -1], [1, 1, 1, 1]]), np.ones((1, 4)), 4, "all", -1.0, np.inf, "sequential", 9
    )
    assert done.sweeps.tolist() == [2, 1] and done.overlaps.shape == (2, 10, 1)
    assert (done.overlaps[0, 1:] == 1).all() and done.overlaps[0, 0, 0] == 0.5
    none = simulate(W, np.ones((0, 4)), np.ones((1, 4)), 4, "all", -1.0, 1.0, "parallel", 2)
    assert none.states.shape == (0, 4) and none.overlaps.shape == (0, 3, 1)


def test_errors() -> None:
    W, one = np.ones((2, 1), dtype=np.int8), np.ones((1, 2))
    for beta in (-1.0, float("nan"), -np.inf):
        with pytest.raises(ValueError, match="beta: expected a finite number > 0"):
            simulate(W, one, one, 4, "all", -1.0, beta, "parallel", 2)
    with pytest.raises(ValueError, match="backend: expected one of numba, reference, got 'cuda'"):
        simulate(W, one, one, 4, "all", -1.0, 1.0, "parallel", 2, backend="cuda")
    with pytest.raises(ValueError, match="sweeps: expected at least 0, got -2"):
        simulate(W, one, one, 4, "all", -1.0, 1.0, "parallel", -2)
