"""From networks to plans: populations, sources, injected currents, where a network begins."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.hardware.spinnaker_plan import make_plan
from spikegram.networks import AllToAll, Network, OneToOne, SpikeArray
from spikegram.neurons import LIF, AdEx, Poisson
from spikegram.plasticity import STDP


def texts(findings: list) -> str:
    return "\n".join(map(str, findings))


def test_populations() -> None:
    net = Network(dt=0.1, seed=1)
    net.population(3, SpikeArray([[0.5], [], [0.0, 2.0]]), name="given")
    net.population(100, LIF(t_ref=2), name="cells", parameters=dict(tau_m="10*ms + i*ms"), init=dict(v="-60*mV + i*uV"))
    net.population(2, Poisson(rate=7), name="noise")
    net.population(0, LIF, name="nobody")
    plan = make_plan(net, from_start=False)
    given, cells, noise = plan.populations
    assert not plan.refused and "population 'nobody': no neurons: left out" in texts(plan.notes)
    assert (given.cell, given.steps.tolist(), given.ids.tolist()) == ("SpikeSourceArray", [0, 5, 20], [2, 0, 2])
    assert cells.cell == "IF_curr_exp" and cells.model == "LIF"
    np.testing.assert_allclose(cells.parameters["tau_m"], 10 + np.arange(100))
    assert cells.parameters["tau_refrac"] == pytest.approx(1.9)  # one step less than here
    np.testing.assert_allclose(cells.v, -60 + 1e-3 * np.arange(100))
    assert (noise.cell, noise.parameters["rate"]) == ("SpikeSourcePoisson", 7.0)
    assert "100 neurons of IF_curr_exp, about 2 cores" in texts(plan.kept)


def test_constant_injection_becomes_i_offset() -> None:
    net = Network(dt=1)
    cells = net.population(3, LIF(i_offset=0.05), name="cells")
    net.inject(cells, 0.1)
    net.inject(cells[1], 0.2)
    found = make_plan(net, False).populations[0].parameters["i_offset"]
    np.testing.assert_allclose(found, [0.15, 0.35, 0.15])


@pytest.mark.parametrize("more", [dict(stop=50), dict(start=1), dict(amplitude=[0.1, 0.2])])
def test_other_injections_are_refused(more: dict) -> None:
    net = Network(dt=1)
    cells = net.population(3, LIF, name="cells")
    net.inject(cells, **{"amplitude": 0.1, **more})
    plan = make_plan(net, False)
    assert (
        texts(plan.refused) == "population 'cells': what is injected into 'I_ext' changes in time; i_offset is constant"
    )
    assert not plan.populations


def test_input_that_does_not_start_at_zero() -> None:
    net = Network(dt=1)
    net.population(3, LIF, name="cells", init=dict(I="1*nA"))
    assert "'I' starts at values other than 0" in texts(make_plan(net, False).refused)


def test_given_times_off_the_grid() -> None:
    net = Network(dt=1)
    net.population(1, SpikeArray([[1.2, 3.0]], rounding=True), name="rounded")
    plan = make_plan(net, False)
    assert texts(plan.rounded) == "population 'rounded': 1 of 2 spike times, to whole steps"
    assert plan.populations[0].steps.tolist() == [1, 3]


def test_refused_populations_take_their_projections_along() -> None:
    net = Network(dt=1)
    cells, other = net.population(3, LIF, name="cells"), net.population(3, AdEx, name="other")
    hot = net.population(3, LIF(v_th="70*volt"), name="hot")
    net.project(cells, cells, OneToOne(), weight=1, delay=1, target="I", name="inside")
    net.project(other, cells, OneToOne(), weight=1, delay=1, target="I", name="from other")
    net.project(hot, cells, OneToOne(), weight=1, delay=1, target="I", name="from hot")
    net.project(cells, hot, OneToOne(), weight=1, delay=1, target="I", name="to hot")
    plan = make_plan(net, False)
    assert [p.name for p in plan.populations] == ["cells"] and [q.name for q in plan.projections] == ["inside"]
    assert {f.where for f in plan.refused} == {"population 'other'", "population 'hot'"}
    assert "v_thresh = 70000: outside of S16.15" in texts(plan.refused)


def test_where_a_network_begins() -> None:
    """After a run: its weights and only later input, or everything as at the start."""
    net = Network(dt=1, seed=4)
    source = net.population(1, SpikeArray([[2.0, 30.0]]), name="source")
    cell = net.population(1, LIF, name="cell", init=dict(v="-59*mV"))
    clock = net.population(1, SpikeArray([[5.0]]), name="clock")
    synapse = net.project(
        source,
        cell,
        AllToAll(),
        weight=0.5,
        delay=1,
        dendritic_delay=1,
        target="I",
        synapse=STDP(A_minus=0.1),
        name="s",
    )
    net.project(clock, cell, AllToAll(), weight=9, delay=1, target="I")
    net.run(20, backend="reference")
    learned = synapse.weights[0]
    assert learned != 0.5 and cell.get("I")[0] > 0
    now, start = make_plan(net, False), make_plan(net, True)
    assert not now.refused and not start.refused
    assert now.populations[0].steps.tolist() == [10] and start.populations[0].steps.tolist() == [2, 30]
    assert now.projections[0].weights.tolist() == pytest.approx([learned], rel=1e-12)
    assert start.projections[0].weights.tolist() == pytest.approx([0.5], rel=1e-12)
    assert now.populations[1].v == start.populations[1].v == -59.0
