"""Gap junctions: coupling coefficient, exchange of charge, time constants, order of convergence, rectification."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import AllToAll, FromList, Network
from spikegram.neurons import LIF, LIFGap, NeuronModel
from spikegram.plasticity import GapJunction

PASSIVE = LIFGap(v_th=1e3, t_ref=0, name="passive")  # 0.01 uS, 20 ms
BOTH = FromList([(0, 1), (1, 0)])


def pair(weight, wiring=BOTH, dt=1.0, current=0.0, duration=300.0, cell=PASSIVE, start=(-60, -60)) -> np.ndarray:
    """Potentials above rest of two coupled cells: [T, 2] in mV."""
    net = Network(dt=dt)
    cells = net.population(2, cell, name="cells", init=dict(v=list(start)))
    net.inject(cells[0], current)
    net.project(cells, cells, wiring, weight=weight, target="I_gap", synapse=GapJunction)
    net.record(cells, "v")
    return net.run(duration, backend="reference")["cells"].v + 60


def test_one_step_by_hand() -> None:
    """10 mV apart, 0.005 uS: 0.05 nA; exact step of the leak with it."""
    v = pair(0.005, start=(-50, -60), duration=2)[1]
    decay = math.exp(-1 / 20)
    assert v == pytest.approx([10 * decay - 5 * (1 - decay), 5 * (1 - decay)], rel=1e-12)


@pytest.mark.parametrize("g", [0.001, 0.01, 0.03])
def test_coupling_coefficient(g: float) -> None:
    """Steady current into one passive cell: the other follows with g/(g + g_L)."""
    v = pair(g, current=0.02)[-1]
    assert v[1] / v[0] == pytest.approx(g / (g + 0.01), rel=1e-5)
    assert v[0] == pytest.approx(0.02 / (0.01 + 0.01 * g / (0.01 + g)), rel=1e-4)


def test_sum_and_difference_relax_with_their_own_time_constants() -> None:
    """The sum of the potentials does not feel the coupling; the difference decays with tau_m/(1 + 2 g R)."""
    fine = pair(0.02, dt=0.02, duration=10, start=(-52, -58))
    t = 0.02 * np.arange(len(fine))
    assert fine.sum(1) == pytest.approx(10 * np.exp(-t / 20), rel=1e-9)
    assert np.diff(fine)[:, 0] == pytest.approx(-6 * np.exp(-t / 20 * 5), abs=6 * 0.01)


def test_order_of_convergence() -> None:
    exact = -6 * math.exp(-8 / 20 * 5)
    errors = [
        abs(np.diff(pair(0.02, dt=dt, duration=8 + dt, start=(-52, -58))[-1])[0] - exact) for dt in (0.8, 0.4, 0.2)
    ]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(1, abs=0.2)
    assert math.log2(errors[1] / errors[2]) == pytest.approx(1, abs=0.1)


def test_currents_of_a_symmetric_network_add_up_to_nothing() -> None:
    net = Network(dt=0.5, seed=4)
    cells = net.population(12, PASSIVE, name="cells", init=dict(v="-60*mV + 20*mV*rand()"))
    q = net.project(
        cells, cells, AllToAll(autapses=False), weight="0.1*nS*(1 + (i + j)%3)", target="I_gap", synapse=GapJunction
    )
    net.record(cells, ["v", "I_gap"])
    found = net.run(20, backend="reference")["cells"]
    assert q.unit() == "uS"
    assert np.abs(found.I_gap[1:]).max() > 1e-4 and np.abs(found.I_gap.sum(1)).max() < 1e-14
    mean = found.v.mean(1) + 60
    assert mean == pytest.approx(mean[0] * np.exp(-np.arange(40) * 0.5 / 20), rel=1e-12)


def test_one_direction_alone_rectifies() -> None:
    v = pair(0.02, FromList([(0, 1)]), current=0.02)[-1]
    assert v[0] == pytest.approx(2, rel=1e-4)
    assert v[1] == pytest.approx(2 * 0.02 / 0.03, rel=1e-4)
    assert (pair(0.02, FromList([(1, 0)]), current=0.02)[:, 1] == 0).all()


def test_coupled_cells_fire_together() -> None:
    """Two LIF cells of slightly different drive: apart without, in step with a gap junction."""

    def spikes(g: float) -> np.ndarray:
        net = Network(dt=0.5)
        cells = net.population(
            2, LIFGap, name="cells", parameters=dict(i_offset=[0.14, 0.142]), init=dict(v=[-60, -56])
        )
        net.project(cells, cells, BOTH, weight=g, target="I_gap", synapse=GapJunction)
        net.record(cells, "spikes")
        return np.array([t[-5:] for t in net.run(350, backend="reference")["cells"].spikes.by_neuron().values()])

    apart, together = spikes(0), spikes(0.02)
    assert np.abs(np.diff(together, axis=0)).max() < 0.5 * np.abs(np.diff(apart, axis=0)).max()


def test_any_potential_and_unit_will_do() -> None:
    """A cell with a dimensionless target: the weight is in its unit per volt."""
    cell = NeuronModel("dv/dt = -v/(10*ms) : volt\nk : 1", init=dict(v="5*mV*i"), name="other")
    net = Network(dt=1)
    cells = net.population(2, cell, name="cells")
    net.project(cells, cells, BOTH, weight="2/volt", target="k", synapse=GapJunction)
    net.run(1, backend="reference")
    assert cells.get("k") == pytest.approx([0.01, -0.01], rel=1e-12)


def test_a_cell_without_a_free_variable_is_refused() -> None:
    net = Network(dt=1)
    cells = net.population(2, LIF)
    for target in ("I", "I_ext"):
        with pytest.raises(ValueError, match=rf"'{target}' of 'LIF' is set by the cell itself in each step"):
            net.project(cells, cells, BOTH, weight=0.01, target=target, synapse=GapJunction)
    with pytest.raises(ValueError, match="weight"):
        net.project(cells, net.population(2, LIFGap), BOTH, weight="1*nA", target="I_gap", synapse=GapJunction)
