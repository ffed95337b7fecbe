"""Merged arrays: groups, bundles, classes of delay, owners, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
import sample_networks as samples
from hypothesis import given
from hypothesis import strategies as st

from spikegram.networks import AllToAll, Network, OneToOne, SpikeArray
from spikegram.networks.layout import Layout, state_dims
from spikegram.neurons import LIF, NeuronModel
from spikegram.plasticity import SynapseModel
from spikegram.units import CURRENT, VOLTAGE


def layout_of(net, target="reference"):
    return Layout(list(net.populations.values()), list(net.projections.values()), net.dt_si, net.dtype, target)


def finished(net):
    layout = layout_of(net)
    for group in layout.groups:
        group.finish(net.dt_si)
    return layout


# -- groups -----------------------------------------------------------------------------------------------------------
def test_populations_of_one_model_are_one_group():
    net = Network()
    a = net.population(3, samples.NOISY, name="a", init=dict(v="i*mV"))
    other = net.population(2, samples.COUNTER, name="other")
    b = net.population(4, samples.NOISY(tau_m=3, name="renamed"), name="b", init=dict(v="10*mV + i*mV"))
    s, t = net.population(2, SpikeArray([])), net.population(1, SpikeArray([]))
    slow = net.population(1, samples.NOISY(refractory="2*t_ref"), name="slow")  # other equations
    layout = layout_of(net)
    assert [[p.name for p in g.populations] for g in layout.groups] == [
        ["a", "b"], ["other"], [s.name, t.name], ["slow"]
    ]  # fmt: skip
    group = layout.groups[0]
    assert (group.size, group.start.tolist(), group.name) == (7, [0, 3, 7], "a + b")
    row = group.rows.index("v")
    assert group.state[row, :7] == pytest.approx(np.array([0, 1, 2, 10, 11, 12, 13]) * 1e-3)
    group.state[row, 4] = 0.5  # the populations look at the same memory
    assert b.get("v")[1] == 500
    a.set(v=7)
    assert group.state[row, :3] == pytest.approx([7e-3] * 3)
    assert layout.group_of[id(slow)].number == 3
    assert layout.group_of[id(other)].size == 2


def test_one_value_for_all_or_one_for_each():
    net = Network()
    net.population(2, samples.NOISY, name="a")
    net.population(3, samples.NOISY(t_ref=2), name="b", parameters=dict(tau_m=[1, 2, 4]))
    group = finished(net).groups[0]
    names = group.module.VECTORS
    for k, n in enumerate(names):  # what depends on tau_m has a value per neuron, those of `a` all the same
        assert group.vectors[k, 0] == group.vectors[k, 1]
        assert len(set(group.vectors[k, 2:])) == 3, n
    assert group.scalars.shape == (2, len(group.module.SCALARS))
    assert group.refractory.tolist() == [10, 10, 20, 20, 20]


@given(st.integers(0, 40), st.integers(1, 7))
def test_threads_own_disjoint_neurons(size, threads):
    net = Network()
    net.population(size // 3, SpikeArray([]))
    net.population(0, SpikeArray([]))
    net.population(size - size // 3, SpikeArray([]))
    group = finished(net).groups[0]
    edge = group.bounds(threads)
    assert (edge[0], edge[-1], len(edge)) == (0, size, threads + 1)
    assert np.ptp(np.diff(edge)) <= 1
    arrays = group.arrays(threads, 5, 3, 0)
    lo, hi = arrays.lo, arrays.hi
    owned = [i for t in range(threads) for s in range(3) for i in range(lo[t, s], hi[t, s])]
    assert sorted(owned) == list(range(size))
    for s in range(3):
        mine = [i for t in range(threads) for i in range(lo[t, s], hi[t, s])]
        assert sorted(mine) == list(range(group.start[s], group.start[s + 1]))


# -- bundles ----------------------------------------------------------------------------------------------------------
def test_kinds_and_sides_make_bundles():
    net = Network(dt=0.1)
    a, b = net.population(2, samples.COUNTER), net.population(2, samples.COUNTER)
    s = net.population(2, SpikeArray([]))
    common = dict(connector=OneToOne(), weight=1)
    for pre, post in ((a, a), (a, b), (b, a)):
        net.project(pre, post, target="x", **common)
    net.project(a, b, target="z", **common)
    net.project(s, b, target="x", **common)
    net.project(s, a, target="x", **common)
    net.project(a, b, target="z", synapse=samples.COUNTING, **common)
    net.project(a, b, target="z", synapse=samples.COUNTING(tau_q=5), **common)
    bundles = layout_of(net).bundles
    assert [len(x.projections) for x in bundles] == [3, 1, 2, 2]
    assert [(x.source.number, x.target.number) for x in bundles] == [(0, 0), (0, 0), (1, 0), (0, 0)]


def test_a_variable_is_summed_by_one_model_only():
    net = Network(dt=0.1)
    cells = net.population(3, samples.NOISY, name="cells")
    other = net.population(2, samples.NOISY, name="other")
    net.project(cells, cells, AllToAll(), weight=1, synapse=samples.GAP)
    net.project(other, cells, AllToAll(), weight=1, synapse=samples.GAP)  # the same model: one sum
    layout_of(net)
    twice = SynapseModel("w : 1\npull_post = 2*w*(v_pre - v_post) : volt (summed)", on_pre="")
    net.project(cells, cells, AllToAll(), weight=1, synapse=twice, name="twice")
    with pytest.raises(ValueError, match="projection 'twice': the summed variable 'pull' is already set by another"):
        net.run(1, backend="reference")


def test_sums_reach_only_the_populations_that_are_targets():
    """Two populations of one model share arrays; what sums into one must not clear the other's variable."""
    net = Network(dt=0.1)
    a = net.population(2, samples.NOISY, name="a", init=dict(pull="7*mV"))
    b = net.population(2, samples.NOISY, name="b", init=dict(pull="5*mV", v="i*mV"))
    net.project(b, b, AllToAll(), weight=1, synapse=samples.GAP)
    net.run(0.1, backend="reference")
    assert a.get("pull").tolist() == [7, 7]
    assert b.get("pull") == pytest.approx([1, -1])


# -- the plan ---------------------------------------------------------------------------------------------------------
def test_the_plan_is_the_same_for_other_sizes():
    small, large = samples.busy(sizes=(3, 3)), samples.busy(sizes=(30, 9), seed=5)
    assert layout_of(small).plan() == layout_of(large).plan()
    assert layout_of(small).plan() != layout_of(small, "numba").plan()
    single = samples.busy(dtype="float32")
    assert layout_of(single, "numba").plan() != layout_of(small, "numba").plan()


def test_the_plan_tells_groups_apart():
    net = Network()
    net.population(1, samples.COUNTER)
    net.population(1, SpikeArray([]))
    net.population(1, NeuronModel("u : 1", name="mute"))
    plan = layout_of(net).plan()
    assert [(bool(g.module), g.has_inputs, g.has_reset) for g in plan.groups] == [
        (True, True, False), (False, False, False), (True, False, False)
    ]  # fmt: skip
    assert plan.synapses == ()


def test_what_synapses_see():
    net = Network()
    p = net.population(1, samples.NOISY)
    assert state_dims(p) == dict(v=VOLTAGE, I=CURRENT, pull=VOLTAGE, drive=CURRENT)
    assert state_dims(net.population(1, SpikeArray([]))) == {}


def test_populations_with_equal_constants_are_one_stretch() -> None:
    def cuts(model: NeuronModel, **parameters: list[float]) -> list[int]:
        net = Network(dt=0.1, seed=1)
        for k in range(4):
            net.population(3, model, name=f"p{k}", parameters={n: v[k] for n, v in parameters.items()})
        net.run(0)
        return net._engine.layout.groups[0].cuts.tolist()

    assert cuts(LIF(v_th=-50)) == [0]
    assert cuts(LIF(v_th=-50), tau_m=[10, 10, 20, 20]) == [0, 2]
    numbered = NeuronModel("dv/dt = -v/(10*ms) + i/second : 1", threshold="v > 1", reset="v = 0")
    assert cuts(numbered) == [0, 1, 2, 3]
    noisy = NeuronModel("dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = rand()")
    assert cuts(noisy) == [0, 1, 2, 3]


@pytest.mark.parametrize("threads", [1, 2])
def test_many_populations_are_the_one_that_they_were_cut_from(threads: int) -> None:
    def spikes(sizes: list[int]) -> np.ndarray:
        net, first, found = Network(dt=0.1, seed=1), 0, []
        for n in sizes:
            start = np.linspace(-65, -45, 60)[first : first + n]
            net.record(net.population(n, LIF(i_offset=0.3, R=100), name=f"p{first}", init={"v": start}))
            first += n
        result = net.run(50, threads=threads)
        for name, record in result.populations.items():
            found += [
                (int(s), int(i) + int(name[1:])) for s, i in zip(record.spikes.steps, record.spikes.ids, strict=True)
            ]
        return np.array(sorted(found))

    whole = spikes([60])
    assert len(whole) > 60 and np.array_equal(whole, spikes([7, 1, 20, 32]))
