"""The reference of dense Hebbian networks against sums written out term by term."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from spikegram.networks import dense_hebbian_steps as steps


def _written_out(a: np.ndarray, P: int, indices: str) -> float:
    if indices == "all":
        return float(a.sum()) ** P
    return math.factorial(P) * sum(math.prod(float(a[i]) for i in chosen) for chosen in combinations(range(len(a)), P))


@pytest.mark.parametrize("indices", ["all", "distinct"])
@pytest.mark.parametrize("P", [2, 4, 6])
def test_sums_and_differences(P: int, indices: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    W, states = rng.integers(-3, 4, (7, 5)), np.where(rng.random((3, 7)) < 0.5, -1, 1)
    p = steps.power_sums(W, states, P, indices)
    blocks = steps.power_sums(W, states, P, indices, block=7)
    assert all(np.array_equal(a, b) for a, b in zip(p, blocks, strict=True))
    found = steps.energy_sum(p, P, indices)
    assert np.allclose(steps.summed_energy(W, states, P, indices, block=20), found, rtol=1e-12)
    for q, state in enumerate(states):
        assert found[q] == pytest.approx(sum(_written_out(W[:, l] * state, P, indices) for l in range(5)))
        for i in range(7):
            up, down = state.copy(), state.copy()
            up[i], down[i] = 1, -1
            expected = [
                _written_out(W[:, l] * up, P, indices) - _written_out(W[:, l] * down, P, indices) for l in range(5)
            ]
            assert np.allclose(steps.difference([x[q] for x in p], W[i].astype(float), state[i], P, indices), expected)


def test_lane_sum() -> None:
    x = np.arange(1.0, 300.0)
    assert steps.lane_sum(x) == x.sum() and steps.lane_sum(x[:1]) == 1 and steps.lane_sum(x[:0]) == 0
    # numbers 0 and 128 share a partial sum: the small one is not lost beside the two large ones
    x = np.zeros(130)
    x[[0, 1, 128]] = 1e16, 1.0, -1e16
    assert steps.lane_sum(x) == 1.0


def test_orders_are_permutations_and_differ() -> None:
    first, second = (steps.shuffled(50, 7, 64, k) for k in (0, 1))
    assert sorted(first) == sorted(second) == list(range(50)) and first != second
    ends = np.bincount([steps.shuffled(3, 1, 0, k)[0] for k in range(600)])
    assert (abs(ends - 200) < 60).all()  # 5 standard deviations


def test_ties_keep_the_spin() -> None:
    W = np.array([[1], [1]], dtype=np.int8)  # with distinct indices and P = 4 two spins have no energy at all
    run = steps.reference_run(W, np.array([1, -1]), np.ones((1, 2)), 4, "distinct", -1.0, math.inf, True, 3, 0, 0, 0)
    assert run.state.tolist() == [1, -1] and (run.sweeps, run.changed) == (1, 0)


def test_heat_bath_probability() -> None:
    """One spin pair, H = -(N/2)(s1 + s2)^2/N^2: the second spin agrees with the first with 1/(1 + exp(-2 beta))."""
    W, beta, agree = np.ones((2, 1), dtype=np.int8), 0.7, 0
    state, n = np.array([1, 1], dtype=np.int8), 1500
    run = steps.reference_run(W, state, np.ones((1, 2)), 2, "all", -0.25, beta, True, n, 0, 5, 0)
    agree = (abs(run.overlaps[1:, 0]) == 1).mean()
    expected = 1 / (1 + math.exp(-beta))  # -1 against 0
    assert agree == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / n) * 1.5)
