"""Oja's rule: the online rule step by step, first eigenvector of length 1, presentations of several steps."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import AllToAll, Network
from spikegram.neurons import LIF, RateUnit
from spikegram.plasticity import Oja, RateStatic

AXIS = np.array([0.8, 0.6])


def cloud(steps: int, rng: np.random.Generator) -> np.ndarray:
    """Inputs [T, 2] of variance 1 along `AXIS` and 0.2 across, mean 0."""
    return rng.normal(size=(steps, 1)) * AXIS + 0.2**0.5 * rng.normal(size=(steps, 1)) * np.array([-0.6, 0.8])


def learn(synapse, x: np.ndarray, start: np.ndarray, interval: float = 1, init=None):
    """Present the rows of x to units with the start weights [N, K]; give the projection and the last responses."""
    net = Network(dt=1)
    inputs = net.population(x.shape[1], RateUnit, name="inputs")
    units = net.population(start.shape[1], RateUnit, name="units")
    net.inject(inputs, x, interval=interval)
    q = net.project(inputs, units, AllToAll(), weight=start.ravel(), synapse=synapse, init=init)
    net.run(len(x) * interval + 1, backend="reference")
    return q, units


def test_the_network_is_the_online_rule(seed: int) -> None:
    """dw = eta y (x - y w), y = w.x, one input a step: the same to rounding."""
    rng = np.random.default_rng(seed)
    x, start = rng.normal(size=(200, 3)), rng.normal(size=(3, 2))
    q, units = learn(Oja(tau_w=40), x, start)
    w = start.copy()
    for row in x:
        y = row @ w
        w += y * (row[:, None] - y * w) / 40
    assert q.weights.reshape(3, 2) == pytest.approx(w, abs=1e-12)
    assert units.get("r") == pytest.approx(y, abs=1e-12)


def test_first_eigenvector_of_length_one(seed: int) -> None:
    """From four starts, weights end at plus or minus the axis of largest variance."""
    start = np.array([[1.5, -0.2, -0.5, 0.1], [-1.0, 0.3, -0.5, -0.05]])
    q, _ = learn(Oja(tau_w=150), cloud(1800, np.random.default_rng(seed)), start)
    w = q.weights.reshape(2, 4)
    assert np.linalg.norm(w, axis=0) == pytest.approx(1, abs=0.12)
    assert np.abs(AXIS @ w) / np.linalg.norm(w, axis=0) == pytest.approx(1, abs=0.02)
    assert set(np.sign(AXIS @ w)) == {-1, 1}


def test_a_presentation_of_several_steps_counts_as_often() -> None:
    x, start = np.array([[1.0, 0.5], [-0.3, 0.8]]), np.array([[0.4], [0.2]])
    one, _ = learn(Oja(tau_w=50), np.repeat(x, 5, axis=0), start)
    long, _ = learn(Oja(tau_w=50), x, start, interval=5)
    assert np.array_equal(one.weights, long.weights)


def test_order_of_convergence() -> None:
    """Constant input 1: w' = w (1 - w^2)/tau_w, so w^2 = 1/(1 + (1/w0^2 - 1) exp(-2 t/tau_w))."""
    errors = []
    for tau in (20, 40, 80):  # in steps; over the same number of time constants
        q, _ = learn(Oja(tau_w=tau), np.ones((tau, 1)), np.array([[0.3]]))
        errors.append(abs(q.weights[0] - (1 + (1 / 0.09 - 1) * np.exp(-2)) ** -0.5))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(1, abs=0.1)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(1, abs=0.05)


def test_static_weights_sum_rates() -> None:
    q, units = learn(RateStatic, np.array([[1.0, 2.0]] * 2), np.array([[3.0, 0], [0.5, -1]]))
    assert units.get("r").tolist() == [4.0, -2.0] and q.weights.tolist() == [3, 0, 0.5, -1]


def test_no_input_no_change() -> None:
    q, _ = learn(Oja, np.zeros((50, 2)), np.array([[0.3], [0.7]]))
    assert q.weights.tolist() == [0.3, 0.7]


def test_cells_without_a_rate_are_refused() -> None:
    net = Network(dt=1)
    units, cells = net.population(1, RateUnit), net.population(1, LIF)
    with pytest.raises(ValueError, match="the target cell has no variable 'r'|the target has no variable 'drive'"):
        net.project(units, cells, AllToAll(), weight=1, synapse=Oja)
