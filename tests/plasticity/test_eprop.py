"""e-prop against backpropagation through time, written out for one layer without recurrence."""

from __future__ import annotations

import numpy as np
import pytest
import spike_pairs as spikes

from spikegram.networks import AllToAll, Network, SpikeArray
from spikegram.neurons import LIF, BellecALIF, extend
from spikegram.plasticity import LEARNING_SIGNAL, EProp

CELL = extend(BellecALIF, **LEARNING_SIGNAL)
T, INPUTS, N, OUTPUTS = 150, 12, 5, 2
ALPHA, RHO, KAPPA, GAMMA = np.exp(-1 / 20), np.exp(-1 / 200), np.exp(-1 / 20), 0.3


class Layer:
    """Forward and backward in plain NumPy: inputs, adaptive cells, leaky readout, squared error."""

    def __init__(self, seed: int, beta: float) -> None:
        rng = np.random.default_rng(seed)
        self.beta = beta
        self.times = spikes.trains(rng, INPUTS, T - 1, 0.08)
        self.x = np.zeros((T, INPUTS))  # as it arrives, a step later
        for k, row in enumerate(self.times):
            self.x[row.astype(int) + 1, k] = 1
        self.w = rng.uniform(0.05, 0.35, (N, INPUTS))
        self.w_out = rng.standard_normal((OUTPUTS, N))
        self.goal = np.sin(np.arange(T)[:, None] / 9 + np.arange(OUTPUTS))
        self.forward()

    def forward(self) -> None:
        v, a, z, y = np.zeros(N), np.zeros(N), np.zeros(N), np.zeros(OUTPUTS)
        self.v, self.a, self.z, self.y = (np.zeros((T, n)) for n in (N, N, N, OUTPUTS))
        for t in range(T):
            v = ALPHA * v + self.w @ self.x[t] - z
            a = RHO * a + z
            z = (v > 1 + self.beta * a).astype(float)
            y = KAPPA * y + self.w_out @ z
            self.v[t], self.a[t], self.z[t], self.y[t] = v, a, z, y
        self.psi = GAMMA * np.maximum(0, 1 - np.abs(self.v - 1 - self.beta * self.a))

    @property
    def signal(self) -> np.ndarray:
        """L of each cell in each step [T, N], with the readout's own weights."""
        return (self.y - self.goal) @ self.w_out

    def gradient(self) -> np.ndarray:
        """Backpropagation through time, the reset a constant [N, INPUTS]."""
        g_y, g_v, g_a = np.zeros(OUTPUTS), np.zeros(N), np.zeros(N)
        total = np.zeros((N, INPUTS))
        for t in range(T - 1, -1, -1):
            g_y = self.y[t] - self.goal[t] + KAPPA * g_y
            g_z = g_y @ self.w_out + g_a
            g_v = self.psi[t] * g_z + ALPHA * g_v
            g_a = -self.beta * self.psi[t] * g_z + RHO * g_a
            total += np.outer(g_v, self.x[t])
        return total


def engine(layer: Layer, eta: float = 0.0, backend: str = "reference"):
    net = Network(dt=1)
    source = net.population(INPUTS, SpikeArray(layer.times))
    cells = net.population(N, CELL(beta=layer.beta), name="cells")
    rule = EProp(beta=layer.beta, eta=eta)
    weights = layer.w.T.ravel()  # the synapses of an input lie together
    q = net.project(source, cells, AllToAll(), weight=weights, delay=1, target="x", synapse=rule)
    net.inject(cells, layer.signal, target="learn")
    net.record(cells, ["spikes", "v"])
    return q, net.run(T, backend=backend)["cells"]


def matrix(q, variable: str) -> np.ndarray:
    found = np.zeros((N, INPUTS))
    found[q.post_ids, q.pre_ids] = q.get(variable)
    return found


@pytest.mark.parametrize("beta", [0.0, 0.2], ids=["LIF", "ALIF"])
def test_the_gradient_is_that_of_backpropagation_through_time(beta: float, seed: int) -> None:
    layer = Layer(seed, beta)
    q, cells = engine(layer)
    fired = np.zeros((T, N))
    fired[cells.spikes.steps, cells.spikes.ids] = 1
    assert np.array_equal(fired, layer.z) and layer.z.sum() > 20
    assert np.array_equal(matrix(q, "w"), layer.w)  # eta = 0
    expected = layer.gradient()
    assert np.abs(matrix(q, "grad") - expected).max() < 1e-9 * np.abs(expected).max()


def test_the_adaptation_matters_for_the_gradient(seed: int) -> None:
    """The second factor of ALIF cells is not small: leaving it out gives another gradient."""
    layer = Layer(seed, 0.2)
    full, _ = engine(layer)
    net = Network(dt=1)
    source, cells = net.population(INPUTS, SpikeArray(layer.times)), net.population(N, CELL(beta=0.2))
    rule = EProp(beta=0.2, tau_a=1e-3)
    q = net.project(source, cells, AllToAll(), weight=layer.w.T.ravel(), delay=1, target="x", synapse=rule)
    net.inject(cells, layer.signal, target="learn")
    net.run(T, backend="reference")
    difference = np.abs(matrix(q, "grad") - matrix(full, "grad")).max()
    assert difference > 0.01 * np.abs(matrix(full, "grad")).max()


def test_learning_descends_the_error(seed: int) -> None:
    """Eight batches with the gradient of each: the error falls by a fifth and more."""
    layer = Layer(seed, 0.0)
    first = ((layer.y - layer.goal) ** 2).sum()
    for _ in range(8):
        q, _ = engine(layer)
        gradient = matrix(q, "grad")
        layer.w = layer.w - 0.03 * gradient / np.abs(gradient).max()
        layer.forward()
    assert ((layer.y - layer.goal) ** 2).sum() < 0.8 * first


def test_weights_follow_the_signal_online(seed: int) -> None:
    """With a small eta, the weights change by - eta grad."""
    layer = Layer(seed, 0.1)
    q, _ = engine(layer, eta=1e-9)
    still, _ = engine(layer)
    change = (matrix(q, "w") - layer.w) / 1e-9
    expected = -matrix(still, "grad")
    assert np.abs(change - expected).max() < 1e-5 * np.abs(expected).max()


def test_without_a_learning_signal_nothing_changes(seed: int) -> None:
    layer = Layer(seed, 0.1)
    layer.goal = layer.y
    q, _ = engine(layer, eta=0.1)
    assert np.array_equal(matrix(q, "w"), layer.w) and not matrix(q, "grad").any()


@pytest.mark.slow
def test_numba_agrees(seed: int) -> None:
    layer = Layer(seed, 0.2)
    both = [engine(layer, eta=1e-4, backend=b)[0] for b in ("reference", "numba")]
    for name in ("w", "grad", "ebar", "eps"):
        one, other = (matrix(q, name) for q in both)
        assert np.abs(one - other).max() < 1e-9 * np.abs(one).max()


def test_other_cells_are_refused() -> None:
    net = Network(dt=1)
    source, cells = net.population(1, SpikeArray([[1.0]])), net.population(1, LIF)
    with pytest.raises(ValueError, match="the target cell has no variable '(learn|a)'"):
        net.project(source, cells, AllToAll(), weight=1, delay=1, target="I", synapse=EProp)
