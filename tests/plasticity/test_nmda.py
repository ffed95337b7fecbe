"""NMDA synapse: block, opening and closing against the exact solution, saturation, order of convergence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import AllToAll, Network, OneToOne, SpikeArray
from spikegram.neurons import LIF, LIFNMDA, NeuronModel
from spikegram.plasticity import NMDA

HELD = NeuronModel("v : volt\ng : siemens", name="held")  # voltage clamp


def conductance(trains, v=0.0, dt=0.1, duration=200.0, synapse=NMDA, init=None) -> np.ndarray:
    """g of one clamped cell for each train: [T, n] in uS, for a weight of 1 uS."""
    net = Network(dt=dt)
    source = net.population(len(trains), SpikeArray(trains))
    cells = net.population(len(trains), HELD, name="cells", init=dict(v=v))
    net.project(source, cells, OneToOne(), weight=1, target="g", synapse=synapse, init=init)
    net.record(cells, "g")
    return net.run(duration, backend="reference")["cells"].g


def exact(t: np.ndarray, tau_rise=2.0, tau_decay=100.0, alpha=0.5) -> np.ndarray:
    """s after one spike at 0, by the integrating factor and fine quadrature (ms)."""
    u = np.linspace(0, t.max(), 400001)
    # d/dt (s E) = alpha x E with E = exp(t/tau_decay + alpha tau_rise (1 - exp(-t/tau_rise)))
    E = np.exp(u / tau_decay + alpha * tau_rise * (1 - np.exp(-u / tau_rise)))
    f = alpha * np.exp(-u / tau_rise) * E
    sums = np.concatenate(([0], np.cumsum((f[1:] + f[:-1]) / 2 * np.diff(u))))
    return np.interp(t, u, sums / E)


# (a), (b)
def test_one_step_by_hand() -> None:
    """s = 0.3, x = 0.5 at 0 mV: ds/dt = -0.003 + 0.25*0.7 per ms, of rate 0.26 per ms; exponential Euler over 1 ms."""
    g = conductance([[]], dt=1, duration=2, init=dict(s=0.3, x=0.5))[:, 0]
    block = 1 / (1 + 1 / 3.57)
    settled = 0.25 / 0.26
    assert conductance([[]], dt=1, duration=1, init=dict(s=0.3))[0] == 0  # recorded before the first sum
    assert g[1] == pytest.approx(0.3 * block, rel=1e-12)
    g = conductance([[]], dt=1, duration=3, init=dict(s=0.3, x=0.5))[2, 0]
    assert g == pytest.approx(block * (settled + (0.3 - settled) * math.exp(-0.26)), rel=1e-12)


@pytest.mark.parametrize(("v", "Mg", "block"), [(0, 1, 0.7812), (-70, 1, 0.0445), (-70, 0, 1), (-40, 1, 0.2302)])
def test_block(v: float, Mg: float, block: float) -> None:
    """B(0) = 0.7812 and B(-70) = 0.0445 for 1 mM (Jahr and Stevens)."""
    g = conductance([[]], v=v, synapse=NMDA(Mg=Mg), init=dict(s=1), duration=0.2)[1, 0]
    assert g == pytest.approx(block, abs=5e-5)
    assert g == pytest.approx(1 / (1 + Mg * math.exp(-0.062 * v) / 3.57), rel=1e-12)


def test_time_course_of_one_spike() -> None:
    t = np.arange(0, 60, 0.05)
    g = conductance([[0]], dt=0.05, duration=62)[2:, 0] * (1 + 1 / 3.57)  # recorded two steps later
    assert g[: len(t)] == pytest.approx(exact(t), abs=0.01)
    assert exact(np.array([300.0]))[0] / exact(np.array([200.0]))[0] == pytest.approx(math.exp(-1), rel=1e-6)
    assert g.max() == pytest.approx(exact(t).max(), abs=0.01)


# (c)
def test_order_of_convergence() -> None:
    goal = exact(np.array([20.0]))[0]
    errors = []
    for dt in (0.4, 0.2, 0.1):
        g = conductance([[0]], dt=dt, duration=22, synapse=NMDA(Mg=0))[:, 0]
        errors.append(abs(g[round(20 / dt) + 2] - goal))
    assert math.log2(errors[0] / errors[1]) == pytest.approx(1, abs=0.15)
    assert math.log2(errors[1] / errors[2]) == pytest.approx(1, abs=0.1)


# (d)
def test_saturation() -> None:
    """Twenty times the rate cannot open more than all channels."""
    trains = [np.arange(0, 1000, T).tolist() for T in (100, 50, 5)]
    g = conductance(trains, dt=0.5, duration=1000, synapse=NMDA(Mg=0))
    slow, middle, fast = g[-400:].mean(0)
    assert 0 < slow < middle < fast < 1
    assert fast < 3 * slow
    assert (g >= 0).all()


def test_a_depolarised_cell_is_driven_more() -> None:
    """The same spikes: the current into a clamped cell is largest about -30 mV, between block and reversal."""
    v = np.array([-80.0, -60, -30, -10, 0])
    g = conductance([[5]] * 5, v=v, duration=30)[-1]
    current = -g * v
    assert np.argmax(current) == 2 and current[0] < current[1] < current[2] and current[4] == 0


def test_cells_hold_each_other_up() -> None:
    """Recurrent NMDA: a short input leaves a group of cells firing; without NMDA it stops."""

    def late(weight: float) -> int:
        net = Network(dt=0.5, seed=2)
        cells = net.population(10, LIFNMDA, name="cells", init=dict(v="-70*mV + 18*mV*rand()"))
        net.project(cells, cells, AllToAll(autapses=False), weight=weight, delay=0.5, target="g_nmda", synapse=NMDA)
        net.inject(cells, 1.0, stop=50)
        net.record(cells, "spikes")
        spikes = net.run(200, backend="reference")["cells"].spikes
        assert len(spikes.between(0, 50)) > 10
        return len(spikes.between(130, 200))

    assert late(0.012) > 20 and late(0) == 0


# (h)
def test_errors() -> None:
    net = Network(dt=1)
    cells, other = net.population(2, LIFNMDA), net.population(2, LIF)
    with pytest.raises(ValueError, match="'g_E' of 'LIFNMDA' is set by the cell itself in each step"):
        net.project(cells, cells, AllToAll(), weight=1, target="g_E", synapse=NMDA)
    with pytest.raises(ValueError, match="'LIF' has no variable 'g_nmda'"):
        net.project(cells, other, AllToAll(), weight=1, target="g_nmda", synapse=NMDA)
    with pytest.raises(ValueError, match=r"s: 'NMDA' keeps s in \[0, 1\].*got 1.5"):
        net.project(cells, cells, AllToAll(), weight=1, target="g_nmda", synapse=NMDA, init=dict(s=1.5))
