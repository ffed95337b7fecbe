"""Networks handed over to Brian 2: names, present values, one that was written by hand, and what is refused."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from brian2_networks import LIF, RULE, SCATTER, STDP, TOLERANCE, poisson

from spikegram.bridges import to_brian2
from spikegram.networks import CA3Memory, FixedProbability, Network, SpikeArray
from spikegram.networks.ca3 import Learn, Recall
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel


def test_a_script_for_brian2_written_by_hand() -> None:
    """STDP, delays, refractoriness and two kinds of synapse, 250 ms, without the help of `to_brian2`."""
    import brian2 as b
    from brian2.codegen.runtime.numpy_rt import NumpyCodeObject

    net = Network(dt=0.1, seed=5)
    given = poisson(40, 30, 6)
    source = net.population(40, given, name="in")
    cells = net.population(30, LIF, name="cells", parameters=dict(E_L=-52))
    learning = net.project(
        source, cells, FixedProbability(0.5), weight="0.4*nA*rand()", delay=SCATTER, target="I", synapse=STDP
    )
    inhibition = net.project(cells, cells, FixedProbability(0.2), weight="-0.2*nA*rand()", delay=0.8, target="I")
    net.record(cells, ["spikes", "v"])
    net.record(learning, "weights")
    start, before, others = cells.get("v"), learning.weights, inhibition.weights
    ours = net.run(250, backend="reference")

    made = dict(clock=b.Clock(0.1 * b.ms), codeobj_class=NumpyCodeObject)
    inputs = b.SpikeGeneratorGroup(40, given.ids, given.times * b.ms, **made)
    group = b.NeuronGroup(
        30, "dv/dt = (-52*mV - v)/(20*ms) + I/(0.2*nF) : volt (unless refractory)\ndI/dt = -I/(5*ms) : amp",
        threshold="v > -50*mV", reset="v = -62*mV", refractory=3 * b.ms, method="exact", **made,
    )  # fmt: skip
    group.v = start * b.mV
    plastic = b.Synapses(
        inputs, group, "w : amp\ndx/dt = -x/(20*ms) : 1 (event-driven)\ndy/dt = -y/(25*ms) : 1 (event-driven)",
        on_pre="I += w\nx += 0.05\nw = clip(w - 0.06*y*0.5*nA, 0*nA, 0.5*nA)",
        on_post="y += 1\nw = clip(w + x*0.5*nA, 0*nA, 0.5*nA)", **made,
    )  # fmt: skip
    plastic.connect(i=learning.pre_ids, j=learning.post_ids)
    plastic.w, plastic.pre.delay = before * b.nA, learning.delays * b.ms
    static = b.Synapses(group, group, "w : amp", on_pre="I += w", delay=0.8 * b.ms, **made)
    static.connect(i=inhibition.pre_ids, j=inhibition.post_ids)
    static.w = others * b.nA
    spikes = b.SpikeMonitor(group, codeobj_class=NumpyCodeObject)
    traces = b.StateMonitor(group, "v", True, **made)
    b.Network(inputs, group, plastic, static, spikes, traces).run(250 * b.ms)

    order = np.lexsort((spikes.i, np.rint(spikes.t / b.ms * 10)))
    np.testing.assert_array_equal(ours["cells"].spikes.ids, spikes.i[order])
    np.testing.assert_array_equal(ours["cells"].spikes.steps, np.rint(np.asarray(spikes.t / b.ms) * 10)[order])
    assert len(spikes.i) > 500
    np.testing.assert_allclose(ours["cells"].v, np.asarray(traces.v / b.mV).T, rtol=0, atol=TOLERANCE * 65)
    np.testing.assert_allclose(learning.weights, np.asarray(plastic.w / b.nA), rtol=0, atol=TOLERANCE * 0.5)


# -- what to_brian2 gives ---------------------------------------------------------------------------------------------
def pair() -> Network:
    net = Network(dt=0.1)
    cells = net.population(3, LIF, name="two words", init=dict(v="-60*mV + 4*mV*i"))
    source = net.population(2, SpikeArray([[1.0], [2.0, 4.0]]), name="in")
    net.population(0, LIF, name="nobody")
    net.project(source, cells, FixedProbability(1), weight=0.5, delay=1, target="I", name="->")
    net.project(cells, cells, FixedProbability(0), weight=1, delay=1, target="I", name="nothing")
    net.record(cells, ["spikes", "v"])
    net.record(net.populations["nobody"], ["spikes", "v"])
    net.record(net.projections["->"], "weights")
    return net


def test_groups_synapses_and_monitors_go_by_our_names() -> None:
    import brian2

    given = to_brian2(pair())
    assert set(given.groups) == {"two words", "in"} and set(given.synapses) == {"->"}
    assert set(given.monitors) == {("two words", "spikes"), ("two words", "v")}
    assert given.groups["two words"].name == "two_words" and given.groups["in"].N == 2
    np.testing.assert_allclose(given.groups["two words"].v / brian2.mV, [-60, -56, -52], rtol=1e-12)
    synapses = given.synapses["->"]
    assert (len(synapses), *np.unique(synapses.w / brian2.nA), *np.unique(synapses.pre.delay / brian2.ms)) == (
        6,
        0.5,
        1.0,
    )


def test_empty_populations_are_recorded_as_empty() -> None:
    result = pair().run(5, backend="brian2")
    assert len(result["nobody"].spikes) == 0 and result["nobody"].v.shape == (0, 0)
    assert result["two words"].v.shape == (50, 3) and result.duration == 5
    assert result.projections["->"].weights.tolist() == [0.5] * 6
    assert "brian2" in result.meta["versions"]


def test_a_run_goes_on() -> None:
    once, twice = to_brian2(pair()), to_brian2(pair())
    whole = once.run(30)
    assert twice.run("10*ms").duration == 10
    rest = twice.run(20)
    assert rest.duration == whole.duration == 30
    assert len(whole["two words"].spikes) >= 5 and rest["two words"].spikes == whole["two words"].spikes
    np.testing.assert_array_equal(rest["two words"].v, whole["two words"].v)


def test_present_values_are_handed_over_and_ours_stay() -> None:
    net = pair()
    net.populations["two words"].set(v=[-55, -54, -53])
    net.projections["->"].set(w=2)
    result = net.run(3, backend="brian2")
    assert result["two words"].v[0].tolist() == pytest.approx([-55, -54, -53], rel=1e-15)
    assert result.projections["->"].weights.tolist() == [2.0] * 6
    assert net.populations["two words"].get("v").tolist() == pytest.approx([-55, -54, -53], rel=1e-15)
    again = net.run(3, backend="reference")  # still at time 0
    np.testing.assert_allclose(again["two words"].v, result["two words"].v, rtol=1e-12)


def test_brian2_is_left_as_it_was() -> None:
    import brian2

    dt, target = brian2.defaultclock.dt, brian2.prefs.codegen.target
    text = brian2.prefs.as_file
    to_brian2(pair()).run(1)
    assert brian2.defaultclock.dt == dt and brian2.prefs.codegen.target == target and brian2.prefs.as_file == text


def test_single_precision_networks_run_in_double_precision() -> None:
    net = Network(dt=0.1, dtype="float32")
    cells = net.population(2, LIF, parameters=dict(E_L=-40))
    net.record(cells, "v")
    v = net.run(1, backend="brian2")["lif"].v
    assert v.dtype == np.float64
    assert v[1:, 0] == pytest.approx(-40 + (v[0, 0] + 40) * np.exp(-np.arange(1, 10) * 0.1 / 20), rel=1e-12)


# -- what is refused --------------------------------------------------------------------------------------------------
def test_the_list_of_what_cannot_be_handed_over_is_complete() -> None:
    noise = NeuronModel(
        "dv/dt = -v/tau + s*xi*tau**-0.5 : 1", method="euler", parameters=dict(tau="9*ms", s=0.1), name="ou"
    )
    jump = NeuronModel("v : 1", update="v = v + randn()", threshold="v > 3", reset="v = rand()", name="walk")
    lossy = SynapseModel(on_pre="target_post += w*int(rand() < 0.5)", name="lossy")
    net = Network(dt=0.1)
    a, b, c = net.population(2, noise, name="a"), net.population(2, jump, name="b"), net.population(2, LIF, name="c")
    net.project(b, a, FixedProbability(1), weight=1, delay=1, target="v", synapse=lossy, name="q")
    net.project(c, c, FixedProbability(1), weight=0.1, delay=9, dendritic_delay=8, target="I", synapse=STDP, name="far")
    net.run(1, backend="reference")
    with pytest.raises(ValueError) as caught:
        net.run(1, backend="brian2")
    text = str(caught.value)
    for part in (
        "network is at t = 1 ms; reset() it",
        "population 'a': model 'ou' draws random numbers (xi)",
        "population 'b': model 'walk' draws random numbers (randn)",
        "projection 'q': synapse model 'lossy' draws random numbers (rand)",
        "projection 'far': dendritic_delay: a synapse that changes can keep what it sends for at most 64 steps "
        "(6.4 ms), got 8 ms",
    ):
        assert part in text
    assert text.count("\n- ") == 5


def test_learning_synapses_onto_an_input_with_and_without_dendritic_delay_are_refused() -> None:
    net = Network(dt=1)
    cells = net.population(2, RULE)
    q = dict(weight=0.1, delay=2, target="I", synapse=STDP)
    net.project(cells, cells, FixedProbability(1), dendritic_delay="1*ms*(i%2)", name="both", **q)
    with pytest.raises(ValueError, match="projection 'both': dendritic_delay: onto an input variable"):
        to_brian2(net)
    net = Network(dt=1)
    cells = net.population(2, RULE)
    net.project(cells, cells, FixedProbability(1), dendritic_delay=1, **q)
    assert to_brian2(net).synapses


def test_another_device_of_brian2_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("brian2.devices.device"), "get_device", lambda: "a compiler")
    with pytest.raises(ValueError, match=r"Brian 2's device is str; set_device\('runtime'\) first"):
        to_brian2(pair())


def test_a_closed_form_that_does_not_exist_is_told() -> None:
    """Brian 2 divides by the difference of two time constants; our matrix exponential does not."""
    net = Network(dt=0.1)
    cells = net.population(1, LIF(tau_s=20), init=dict(I=0.1))
    net.record(cells, "v")
    assert np.isfinite(net.run(1, backend="reference")["lif"].v).all()
    net.reset()
    with pytest.raises(ValueError, match="population 'lif': 'v' is not finite in Brian 2.*equal time constants"):
        net.run(1, backend="brian2")


def test_the_ca3_memory_learns_and_recalls_in_brian2_too() -> None:
    """Three images learned, recalled by cue and by content, 250 ms: every spike of all ten populations."""
    bits = ({0, 3, 5}, {1, 3, 6, 7}, {2})
    work = [Learn(cue=k, bits=b) for k, b in enumerate(bits)] + [Recall(cue=k) for k in range(3)] + [Recall(bits={3})]
    memory, copy = (CA3Memory(cues=3, bits=8, backend="reference") for _ in range(2))
    ours = memory.schedule(work, duration=250)
    net = copy.network
    for name, p in memory.network.populations.items():
        if isinstance(p.model, SpikeArray):
            net.add_spikes(net.populations[name], p.model.times, p.model.ids)
    theirs = net.run(250, backend="brian2")
    assert len(ours["OUT"].spikes) > 30
    for name in ours:
        assert ours[name].spikes.first_difference(theirs[name].spikes) is None, name
