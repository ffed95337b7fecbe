"""BCM: the online rule step by step, selective states and their threshold, fixed points, slow thresholds oscillate."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import AllToAll, Network
from spikegram.neurons import RateUnit
from spikegram.plasticity import BCM


def learn(rule, x: np.ndarray, start: np.ndarray, theta=0.0):
    """Present the rows of x [T, N], one a step, to units with the start weights [N, K]; also give rates over time."""
    net = Network(dt=1)
    inputs = net.population(x.shape[1], RateUnit, name="inputs")
    units = net.population(start.shape[1], RateUnit, name="units")
    net.inject(inputs, x)
    q = net.project(inputs, units, AllToAll(), weight=start.ravel(), synapse=rule, init=dict(theta=theta))
    net.record(units, "r")
    rates = net.run(len(x) + 1, backend="reference")["units"].r
    return q.get("w").reshape(start.shape), q.get("theta").reshape(start.shape), rates


def drawn(steps: int, k: int, rng: np.random.Generator) -> np.ndarray:
    """Orthonormal inputs, each once in k presentations, in random order."""
    return np.eye(k)[np.concatenate([rng.permutation(k) for _ in range(steps // k)])]


def test_the_network_is_the_online_rule(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, start = rng.random((150, 3)), rng.random((3, 2))
    w, theta, _ = learn(BCM(tau_w=60, tau_theta=15), x, start, theta=0.2)
    w1, h = start.copy(), np.full(2, 0.2 * (1 - 1 / 15))  # the first input needs a step
    for row in x:
        y = row @ w1
        w1 += row[:, None] * y * (y - h) / 60
        h += (y**2 - h) / 15
    assert w == pytest.approx(w1, abs=1e-12)
    assert theta == pytest.approx(np.tile(h, (3, 1)), abs=1e-12)  # the same in all synapses of a unit


@pytest.mark.parametrize("k", [2, 4])
def test_units_become_selective(k: int, seed: int) -> None:
    """The response that was largest becomes K, the others 0, theta K."""
    rng = np.random.default_rng(seed)
    start = 0.3 + 0.2 * rng.random((k, 6))
    start[np.arange(6) % k, np.arange(6)] += 0.4
    w, theta, _ = learn(BCM(tau_w=40 * k, tau_theta=8 * k), drawn(1600, k, rng), start, theta=1)
    answers = np.sort(w, axis=0)  # orthonormal inputs: the weights are the responses
    assert answers[-1] == pytest.approx(k, rel=0.1)
    assert np.abs(answers[:-1]).max() < 0.04 * k
    assert np.array_equal(np.argmax(w, axis=0), np.arange(6) % k)
    assert theta[0].mean() == pytest.approx(k, rel=0.2)


def test_the_selective_state_is_a_fixed_point_of_the_mean_rule() -> None:
    """Inputs in turn, a slow threshold: weights (K, 0, 0) and theta = K stay."""
    w, theta, _ = learn(BCM(tau_w=1e4, tau_theta=1e5), np.tile(np.eye(3), (200, 1)), np.array([[3.0], [0], [0]]), 3)
    assert w.ravel() == pytest.approx([3, 0, 0], abs=5e-3)
    assert theta.ravel() == pytest.approx([3] * 3, abs=0.02)


def test_without_selectivity_it_is_unstable() -> None:
    """All responses 1, theta 1 is a fixed point too; a small difference grows."""
    start = np.array([[1.0, 1.02], [1.0, 0.98]])
    w, _, _ = learn(BCM(tau_w=100, tau_theta=10), np.tile(np.eye(2), (500, 1)), start, theta=1)
    assert abs(w[0, 0] - w[1, 0]) < abs(w[0, 1] - w[1, 1])
    assert abs(w[0, 1] - w[1, 1]) == pytest.approx(2, abs=0.2)


def test_a_slow_threshold_oscillates() -> None:
    """One input, y' = y (y - theta)/tau_w: stable for tau_theta < tau_w, growing oscillation beyond."""
    ones = np.ones((1500, 1))
    fast = learn(BCM(tau_w=50, tau_theta=15), ones, np.array([[1.1]]), theta=1)[2][:, 0]
    slow = learn(BCM(tau_w=50, tau_theta=60), ones, np.array([[1.1]]), theta=1)[2][:, 0]
    assert fast[-400:] == pytest.approx(1, abs=1e-3)
    assert np.ptp(slow[-400:]) > 0.5


def test_no_input_no_change() -> None:
    w, theta, _ = learn(BCM(tau_theta=10), np.zeros((30, 2)), np.array([[0.3], [0.7]]), theta=2)
    assert w.ravel().tolist() == [0.3, 0.7]
    assert theta.ravel() == pytest.approx(2 * 0.9**31, rel=1e-12)
