"""Projections: weights, delays, bounds, targets, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.networks import AllToAll, FixedInDegree, FromList, Network, OneToOne, SpikeArray
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel

CELL = NeuronModel("ge : siemens\nx : 1\nI : amp (input)", threshold="x > 1", reset="pass", name="cell")
BOUNDED = SynapseModel(
    "w : weight\nu : 1", "target_post += w", parameters=dict(w_max="2*weight"), init=dict(u=0),
    bounds=dict(w=(0, "w_max"), u=(-1, 0.1)), name="bounded",
)  # fmt: skip


@pytest.fixture
def net():
    net = Network(dt=0.1, seed=2)
    net.population(4, CELL, name="a", positions=np.arange(4) * 1e-3)
    net.population(3, CELL, name="b", positions=np.arange(3) * 1e-3)
    return net


def connect(net, connector=None, **arguments):
    arguments = dict(weight=1.0, target="ge", name="q") | arguments
    return net.project(net.populations["a"], net.populations["b"], connector or AllToAll(), **arguments)


# -- values -----------------------------------------------------------------------------------------------------------
def test_weights_in_the_unit_of_the_target(net):
    q = connect(net, weight=0.5)
    assert q.weights.tolist() == [0.5] * 12
    assert q.values["w"] == pytest.approx([0.5e-6] * 12)
    assert q.unit() == "uS"
    assert connect(net, weight="3*nS", name="r").weights == pytest.approx([3e-3] * 12)
    assert connect(net, weight=2, target="I", delay=0.1, name="s").unit() == "nA"
    assert connect(net, weight=2, target="x", name="t").unit() == ""
    assert len(q) == q.size == 12
    assert repr(q) == "Projection('q', 12 x static -> ge)"


def test_weights_from_arrays_and_expressions(net):
    pairs = [(3, 0), (0, 2), (3, 0)]
    q = connect(net, FromList(pairs), weight=[1, 2, 3], delay=[0.1, 0.2, 0])
    assert q.weights == pytest.approx([1, 2, 3])
    assert q.delays == pytest.approx([0.1, 0.2, 0])
    q = connect(net, FromList(pairs), weight="(10*i + j)*nS", delay="0.1*ms + d/(1*mm)*0.1*ms", name="r")
    assert q.weights == pytest.approx([0.03 * 1, 0.002, 0.03])
    assert q.delays == pytest.approx([0.4, 0.3, 0.4])
    gain = SynapseModel("w : weight", parameters=dict(g="2*weight"))
    assert connect(net, FromList(pairs), weight="g*(1 + i)", synapse=gain, name="s").weights == pytest.approx([8, 2, 8])
    part = net.project(net.populations["a"][2:], net.populations["b"][1:], AllToAll(), weight="i + j/10", target="x")
    assert part.weights == pytest.approx([2.1, 2.2, 3.1, 3.2])  # numbers within the whole populations


def test_random_weights_and_wiring_depend_on_the_seed():
    def make(seed):
        net = Network(seed=seed)
        a = net.population(30, SpikeArray([]))
        b = net.population(20, CELL)
        return net.project(a, b, FixedInDegree(5), weight="rand()", delay="0.1*ms*floor(20*rand())", target="x")

    one, same, other = make(1), make(1), make(2)
    for name in ("pre_ids", "post_ids", "axonal_steps", "weights"):
        assert np.array_equal(getattr(one, name), getattr(same, name))
        assert not np.array_equal(getattr(one, name), getattr(other, name)) or name == "post_ids"
    # weight and delay come from different streams
    assert abs(np.corrcoef(one.weights, one.delays)[0, 1]) < 0.5


def test_set(net):
    q = connect(net, FromList([(0, 0), (1, 1)]), synapse=BOUNDED, weight=[1, 2])
    q.set(w=[0.5, 1.5], u="-0.5*i")
    assert q.weights == pytest.approx([0.5, 1.5])
    assert q.get("u").tolist() == [0, -0.5]
    with pytest.raises(ValueError, match=r"projection 'q': weight: 'bounded' keeps w in \[0, 2\] uS, got 2.5"):
        q.set(w=2.5)
    with pytest.raises(ValueError, match="projection 'q': no variable 'v'; expected one of w, u"):
        q.set(v=1)
    with pytest.raises(ValueError, match="projection 'q': w: expected one value or 2 values"):
        q.set(w=[1, 1, 1])
    with pytest.raises(ValueError, match="projection 'q': no variable 'w_max'"):
        q.get("w_max")
    assert q.weights == pytest.approx([0.5, 1.5])
    q.set(w="1*uS*rand()")
    drawn = q.weights
    net.run(0.1, backend="reference")
    q.set(w="1*uS*rand()")  # in a run, and other numbers at another time
    assert not np.any(q.weights == drawn)
    net.reset()
    assert q.weights == pytest.approx([1, 2])


def test_changes_are_felt_by_the_run(net):
    a, b = net.populations["a"], net.populations["b"]
    a.set(x=2)  # spikes in every step
    q = connect(net, FromList([(0, 0), (3, 2), (0, 1)]), weight=[1, 2, 4], target="x", delay=[0.2, 0, 0.1])
    net.run(0.1, backend="reference")
    assert b.get("x").tolist() == [0, 0, 2]
    q.set(w=[10, 20, 40])
    net.run(0.2, backend="reference")
    assert b.get("x").tolist() == [10, 80, 42]
    assert q.weights.tolist() == [10, 20, 40]


def test_parameters_and_init(net):
    q = connect(net, synapse=BOUNDED, weight=2.5, parameters=dict(w_max=3), init=dict(u="-i/4"))
    assert q.synapse.parameters["w_max"].value == pytest.approx(3e-6)
    assert BOUNDED.parameters["w_max"].value == 2
    assert q.get("u")[-1] == -0.75


# -- delays -----------------------------------------------------------------------------------------------------------
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=8))
def test_delays_split_into_axon_and_dendrite(rows):
    net = Network(dt=0.1)
    cells = net.population(2, CELL)
    axonal, dendritic = np.array(rows).T
    pairs = FromList([(0, 1)] * len(rows))
    q = net.project(
        cells, cells, pairs, weight=1, target="x", delay=0.1 * (axonal + dendritic), dendritic_delay=0.1 * dendritic
    )
    assert q.axonal_steps.tolist() == axonal.tolist()
    assert q.dendritic_steps.tolist() == dendritic.tolist()
    assert q.delays == pytest.approx(0.1 * (axonal + dendritic))


def test_rounded_delays(net):
    q = connect(net, FromList([(0, 0)] * 3), delay=[0.14, 0.16, 0.3], round_delays=True)
    assert (q.axonal_steps + q.dendritic_steps).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (dict(delay=-0.1), "delay: expected times >= 0, got -0.1 ms"),
        (dict(delay=0.25), "delay: 0.25 ms is not a multiple of the time step dt = 0.1 ms"),
        (dict(delay="0.1*ms*rand()"), "delay: .* is not a multiple"),
        (dict(delay=float("nan")), "delay: NaN"),
        (dict(delay=float("inf")), "delay: expected finite numbers, got inf"),
        (dict(delay=1e12), "delay: .* is too long|delay: .* at most"),
        (dict(delay="1*mV"), r"delay: expected second, '1\*mV' is in volt"),
        (dict(delay=[1, 2]), "delay: expected one value or 12 values"),
        (dict(dendritic_delay=0.1), r"dendritic_delay: it is a part of the delay \(0 ms\) .* got 0.1 ms"),
        (dict(delay=0.5, dendritic_delay=0.55), "dendritic_delay: 0.55 ms is not a multiple"),
        (dict(delay=0.5, dendritic_delay=-0.1), "dendritic_delay: expected times >= 0"),
        (dict(delay=1, dendritic_delay="0.1*ms*(i*5)"), r"dendritic_delay: it is a part .*\(1 ms\) .* got 1.5 ms"),
        (dict(target="I"), r"delay: an input variable \('I'\) needs at least one step \(0.1 ms\), got 0"),
        (dict(target="I", delay="0.1*ms*i"), "delay: an input variable"),
    ],
)
def test_wrong_delays(net, arguments, match):
    with pytest.raises(ValueError, match=f"^projection 'q': {match}"):
        connect(net, **arguments)


# -- refusals ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (dict(weight=None), ValueError, "weight: expected a value in uS"),
        (dict(weight=float("nan")), ValueError, "weight: NaN"),
        (dict(weight=[float("inf")] * 12), ValueError, "weight: expected finite numbers"),
        (dict(weight="5*mV"), ValueError, "weight: expected siemens"),
        (dict(weight=[1, 2]), ValueError, r"weight: expected one value or 12 values, got an array of shape \(2,\)"),
        (dict(weight=np.ones((4, 3))), ValueError, r"weight: .*shape \(4, 3\)"),
        (dict(weight="open('x')"), ValueError, "weight: .*unknown function 'open'"),
        (dict(weight="i.__class__"), ValueError, "weight: .*Attribute is not part"),
        (dict(weight="k*uS"), ValueError, "weight: unknown name 'k'"),
        (dict(weight={}), TypeError, "weight: expected a number"),
        (dict(weight=-1, synapse=BOUNDED), ValueError, r"weight: 'bounded' keeps w in \[0, 2\] uS, got -1"),
        (dict(weight="3*uS*rand()", synapse=BOUNDED), ValueError, r"weight: 'bounded' keeps w .*got 2\.\d+"),
        (dict(synapse=BOUNDED, init=dict(u=0.2)), ValueError, r"u: 'bounded' keeps u in \[-1, 0.1\] , got 0.2"),
        (dict(init=dict(z=1)), ValueError, "init: no variable 'z'; expected one of w"),
        (dict(synapse=BOUNDED, parameters=dict(tau=1)), ValueError, "no parameter 'tau'; expected one of w_max"),
        (dict(target="v"), ValueError, "target: model 'cell' has no variable 'v'; expected one of ge, x, I"),
        (dict(synapse="stdp"), TypeError, "synapse: expected a SynapseModel, got str"),
        (dict(connector="all"), TypeError, "connector: expected one such as FixedProbability"),
        (dict(connector=FromList([(0, 3)])), ValueError, "FromList.synapses: row 0"),
        (dict(connector=OneToOne()), ValueError, "OneToOne: expected two sides of equal size"),
        (dict(synapse=SynapseModel("u : 1", "x_post += u")), ValueError, "target: .* itself; leave it out"),
        (
            dict(synapse=SynapseModel("u : 1", "x_post += u"), target=None), ValueError,
            "weight: .*has no variable 'w' to be set",
        ),
    ],
)  # fmt: skip
def test_refusals(net, arguments, error, match):
    words = match if match.startswith(("FromList", "OneToOne")) else f"(projection 'q'|synapse model).*{match}"
    with pytest.raises(error, match=words):
        connect(net, **arguments)
    assert not net.projections


def test_spike_arrays_receive_nothing(net):
    source = net.population(3, SpikeArray([]), name="s")
    with pytest.raises(ValueError, match="projection 'q': post: a spike array receives nothing"):
        net.project(net.populations["b"], source, OneToOne(), weight=1, target="x", name="q")


def test_synapses_that_name_their_variables(net):
    rule = SynapseModel("u : 1", "x_post += u\nu = u + 1")
    q = connect(net, synapse=rule, target=None, weight=None, init=dict(u=3))
    assert repr(q).endswith("-> variables of its own)")
    assert q.get("u").tolist() == [3] * 12


@pytest.mark.parametrize("bound", [0.1, 0.3, 0.7, 1.1, 2.3])
def test_a_weight_on_its_bound_is_allowed(net, bound):
    """0.3/1e6 and 0.3*1e-6 are not the same number."""
    both = SynapseModel("w : weight", bounds=dict(w=(bound, "top")), parameters=dict(top=f"{bound}*weight"))
    assert connect(net, weight=bound, synapse=both).weights == pytest.approx([bound] * 12)
    below = SynapseModel("w : weight", bounds=dict(w=(-2 * bound, -bound)))
    assert connect(net, weight=-bound, synapse=below, name="r").weights == pytest.approx([-bound] * 12)
    with pytest.raises(ValueError, match="keeps w in"):
        connect(net, weight=-bound * 0.999, synapse=below, name="s")
    free = SynapseModel("w : weight", bounds=dict(w=(0, float("inf"))))
    assert connect(net, weight=1e9, synapse=free, name="t").size == 12
    with pytest.raises(ValueError, match=r"keeps w in \[0, inf\] uS, got -0.001"):
        connect(net, weight=-0.001, synapse=free, name="u")


def test_a_projection_without_synapses_is_not_checked_for_bounds(net):
    assert connect(net, FromList([]), weight=-1, synapse=BOUNDED).size == 0
