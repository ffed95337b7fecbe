"""Projections as Brian 2 synapses: which pathways there are, when each of them runs, and what it does."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.bridges import to_brian2
from spikegram.bridges.brian2_cells import Order
from spikegram.bridges.brian2_synapses import added_variables, is_static, projection_problems, read_variables
from spikegram.networks import AllToAll, Network, SpikeArray
from spikegram.networks.projection import Projection
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel

QUIET = NeuronModel("v : 1\nI : 1 (input)\ngot : 1", update="got = I", name="quiet")
HOLD = NeuronModel("v : 1\nI : 1 (input)\ngot : 1", update="got = I", threshold="v > 1e9", reset="pass", name="hold")
FIRED = NeuronModel("v : 1\nI : 1 (input)", update="v = I", threshold="v > 0.5", reset="v = 0", name="fired")
STATIC = SynapseModel()
COUNTING = SynapseModel("w : weight\nn : 1", on_pre="target_post += w; n += 1", on_post="w += 1; n -= 0.5")
READING = SynapseModel("w : 1", on_pre="v_post += w*(1 - v_post) + v_pre")


def test_what_spikes_read_and_add_to() -> None:
    assert read_variables(READING) == {"v_post", "v_pre"} and added_variables(READING) == ["v"]
    own = SynapseModel("w : 1\nx_pre : 1", on_pre="v_post += w*x_pre; x_pre += 1", on_post="u_post -= w")
    assert read_variables(own) == set() and added_variables(own) == ["v", "u"]


@pytest.mark.parametrize(
    ("model", "static"),
    [
        (STATIC, True),
        (SynapseModel("w : 1\ng = 2*h : 1\nh = 3*w : 1", on_pre="v_post += g"), True),
        (SynapseModel("w : 1\ng = 2*h : 1\nh = 3*w : 1", on_pre="v_post += g", on_post="w += 1"), False),
        (SynapseModel("w : 1\nn : 1", on_pre="v_post += w", on_post="n += 1"), True),
        (SynapseModel("w : 1", on_pre="v_post += w; w *= 0.9"), False),
        (SynapseModel("w : 1", on_pre="v_post += w*t/ms"), False),
        (SynapseModel("w : 1\ndx/dt = -x/ms : 1 (event-driven)", on_pre="v_post += w*x"), False),
        (READING, False),
    ],
)
def test_static_synapses(model: SynapseModel, static: bool) -> None:
    assert is_static(model) is static


def wired(model, target="v", delay=3, dendritic=0, times=((1,),), cell=HOLD) -> tuple[Network, Projection]:
    net = Network(dt=1)
    source = net.population(1, SpikeArray(times), name="in")
    cells = net.population(1, cell, name="cells")
    weight = 1 if any(e.name == "w" for e in model.lines) else None
    q = net.project(
        source, cells, AllToAll(), weight=weight, delay=delay, dendritic_delay=dendritic, target=target, synapse=model,
        name="q",
    )  # fmt: skip
    net.record(cells, ["v", "got"])
    return net, q


def pathways(*args, **kwargs) -> dict[str, tuple[str, int, float]]:
    s = to_brian2(wired(*args, **kwargs)[0]).synapses["q"]
    return {p.objname: (p.when, p.order, round(float(p.variables["delay"].get_value()[0]) * 1e3)) for p in s._pathways}


def test_a_static_synapse_has_one_pathway_with_the_total_delay() -> None:
    assert pathways(STATIC, delay=3, dendritic=1) == {"pre": ("synapses", Order.FIRST, 3)}


def test_an_input_variable_is_reached_before_the_state_update() -> None:
    assert pathways(STATIC, "I", delay=3, dendritic=1) == {"pre_input": ("groups", Order.EARLY, 2)}
    assert pathways(COUNTING, "I", delay=3)["pre"] == ("groups", Order.EARLY, 2)


def test_the_order_of_events_is_the_models() -> None:
    assert pathways(COUNTING, delay=2) == {"pre": ("synapses", -1, 2), "post": ("synapses", 1, 0)}
    other = COUNTING(order=("post", "pre"))
    assert pathways(other, delay=2) == {"pre": ("synapses", 1, 2), "post": ("synapses", -1, 0)}


def test_cells_that_never_spike_have_no_pathway() -> None:
    assert pathways(COUNTING, delay=2, cell=QUIET) == {"pre": ("synapses", -1, 2)}


def test_the_dendritic_part_has_a_pathway_of_its_own() -> None:
    found = pathways(COUNTING, delay=5, dendritic=2)
    assert found == {"pre": ("synapses", -1, 3), "send": ("synapses", Order.SEND, 5), "post": ("synapses", 1, 2)}
    assert pathways(COUNTING, "I", delay=5, dendritic=2)["send_input"] == ("groups", Order.EARLY, 4)


def test_variables_of_both_kinds_of_target_have_two_pathways() -> None:
    both = SynapseModel("w : 1", on_pre="v_post += w; I_post += 2*w")
    found = pathways(both, None)
    assert found == {"pre": ("synapses", Order.FIRST, 3), "pre_input": ("groups", Order.EARLY, 2)}


@pytest.mark.parametrize("backend", ["brian2", "reference"])
@pytest.mark.parametrize("target", ["v", "I"])
def test_what_is_on_its_dendritic_way_does_not_learn(backend: str, target: str) -> None:
    """A presynaptic spike a step, the weight grows by one at each: amounts 1, 2, 3, ... arrive three steps later."""
    growing = SynapseModel("w : weight", on_pre="target_post += w; w += 1")
    net, q = wired(growing, target, delay=5, dendritic=3, times=[list(range(1, 8))])
    got = net.run(14, backend=backend)["cells"]
    # spikes at 1 ... 7; delivered in steps 6 ... 12, seen by a record at the start of the step after
    arrived = np.concatenate([np.zeros(7), np.arange(1, 8)])
    np.testing.assert_array_equal(got.v[:, 0], np.cumsum(arrived) if target == "v" else np.zeros(14))
    np.testing.assert_array_equal(got.got[:, 0], arrived if target == "I" else np.zeros(14))


@pytest.mark.parametrize("backend", ["brian2", "reference"])
@pytest.mark.parametrize("order", [("pre", "post"), ("post", "pre")])
def test_spikes_of_both_sides_that_meet_in_a_step(backend: str, order: tuple[str, str]) -> None:
    """The cell fires in step 3, its spike reaches the synapse in step 5, as a spike of the source does."""
    doubling = SynapseModel("w : weight", on_pre="target_post += w; w += 1", on_post="w *= 10", order=order)
    net = Network(dt=1)
    source = net.population(2, SpikeArray([[4], [2]]), name="in")
    cell = net.population(1, FIRED, name="cell")
    net.project(source[1], cell, AllToAll(), weight=1, delay=1, target="I")
    q = net.project(source[0], cell, AllToAll(), weight=2, delay=3, dendritic_delay=2, target="v", synapse=doubling)
    net.record(cell, "spikes")
    net.record(q, "weights")
    result = net.run(8, backend=backend)
    assert result["cell"].spikes.times.tolist() == [3]
    expected = {("pre", "post"): (2 + 1) * 10, ("post", "pre"): 2 * 10 + 1}
    assert result.projections[q.name].weights.tolist() == [expected[order]]


@pytest.mark.parametrize("backend", ["brian2", "reference"])
def test_all_spikes_of_a_step_read_the_value_before_it(backend: str) -> None:
    """v = 0.5, two synapses of weight 0.5 in one step: 0.5 + 2*0.5*(1 - 0.5), in whatever order they are taken."""
    closer = SynapseModel("w : 1", on_pre="v_post += w*(1 - v_post)")
    net = Network(dt=1)
    source = net.population(2, SpikeArray([[1], [1]]), name="in")
    cells = net.population(1, HOLD, name="cells", init=dict(v=0.5))
    net.project(source, cells, AllToAll(), weight=0.5, delay=1, synapse=closer)
    net.record(cells, "v")
    assert net.run(4, backend=backend)["cells"].v[:, 0].tolist() == [0.5, 0.5, 0.5, 1.0]


def test_an_input_needs_one_step_also_if_the_synapse_names_it() -> None:
    named = SynapseModel("w : 1", on_pre="I_post += w")
    with pytest.raises(ValueError, match="projection 'q': delay: an input variable .'I'. needs at least one step"):
        wired(named, None, delay=0)


def test_sums_into_what_the_cell_sets_itself_are_refused() -> None:
    with pytest.raises(ValueError, match="'I' of 'hold' is set by the cell itself.* declared as 'I : u"):
        wired(SynapseModel("w : 1\nI_post = w : 1 (summed)", on_pre=""), None)


def test_problems_name_the_projection_and_the_limit() -> None:
    net, q = wired(COUNTING, delay=70, dendritic=65)
    (problem,) = projection_problems(net, q)
    assert problem == (
        "projection 'q': dendritic_delay: a synapse that changes can keep what it sends for at most 64 steps (64 ms), "
        "got 65 ms"
    )
    assert projection_problems(*wired(STATIC, delay=70, dendritic=65)) == []
