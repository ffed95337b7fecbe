"""Recordings: which neurons, which variables, when; and what a run hands over."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_networks import COUNTER

from spikegram.networks import FromList, Network, OneToOne, SpikeArray
from spikegram.networks.recording import SpikeRecorder, TraceRecorder, collect
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel

# Counts its steps, so that a sample tells when it was taken; spikes in every third step.
CLOCK = NeuronModel(
    "n : 1\nv : volt\nI : amp (input)", update="n = n + 1\nv = n*mV", threshold="n % 3 < 0.5", reset="pass",
    name="clock",
)  # fmt: skip


@pytest.fixture
def net():
    return Network(dt=0.1)


@pytest.fixture
def cells(net):
    return net.population(4, CLOCK, name="cells", init=dict(n="i*100"))


# -- when -------------------------------------------------------------------------------------------------------------
@given(st.integers(1, 9), st.lists(st.integers(0, 20), min_size=1, max_size=6))
def test_samples_of_chunks_are_those_of_the_whole(every, chunks):
    recorder = TraceRecorder(None, "v", np.arange(2), every, 0)
    step, found = 0, []
    for n in chunks:
        count = recorder.samples(step, n)
        found += [recorder.first(step) + every * k for k in range(count)]
        step += n
    assert found == list(range(0, step, every))


@given(st.integers(1, 7), st.lists(st.integers(0, 15), min_size=1, max_size=4), st.integers(0, 20))
def test_a_trace_is_taken_at_the_start_of_the_step(every, pieces, begin):
    net = Network(dt=0.1)
    cells = net.population(2, CLOCK, name="cells", init=dict(n="i*100"))
    net.run(begin * 0.1, backend="reference")
    net.record(cells[[1, 0]], "n", interval=every * 0.1)
    for piece in pieces:
        result = net.run(piece * 0.1, backend="reference")
    end = begin + sum(pieces)
    expected = np.array([k for k in range(begin, end) if k % every == 0])
    trace = result["cells"].trace("n")
    assert trace.ids.tolist() == [1, 0]
    assert np.allclose(trace.times, expected * 0.1)
    assert np.array_equal(trace.values, np.stack([expected + 100, expected], axis=1))


def test_recording_that_begins_in_the_middle(net, cells):
    net.run(1, backend="reference")
    net.record(cells, "spikes")
    net.record(cells[2], ["n", "v"])
    result = net.run(1, backend="reference")
    assert result.duration == 2
    spikes = result["cells"].spikes
    assert (spikes.t_start, spikes.t_stop) == (1, 2)
    assert spikes.steps.min() >= 10
    # neuron i counts from 100 i, so 100 i + step + 1 divides by 3
    expected = [(k, i) for k in range(10, 20) for i in range(4) if (100 * i + k + 1) % 3 == 0]
    assert list(zip(spikes.steps.tolist(), spikes.ids.tolist(), strict=True)) == expected
    assert result["cells"].n[:, 0].tolist() == list(range(210, 220))
    assert result["cells"].v[:, 0] == pytest.approx(np.arange(210, 220))  # mV
    net.reset()
    result = net.run(0.5, backend="reference")
    assert result["cells"].spikes.t_start == 0
    assert result["cells"].n[:, 0].tolist() == list(range(200, 205))


def test_clear_recordings(net, cells):
    net.record(cells, ["spikes", "n"])
    first = net.run(1, backend="reference")
    kept = first["cells"].spikes.steps.copy()
    net.clear_recordings()
    second = net.run(1, backend="reference")
    assert second["cells"].spikes.t_start == 1
    assert second["cells"].spikes.steps.min() == 10
    assert second["cells"].n[:, 0].tolist() == list(range(10, 20))
    assert first["cells"].spikes.steps.tolist() == kept.tolist()  # what was handed over stays as it was
    assert first["cells"].n.shape == (10, 4)


# -- which ------------------------------------------------------------------------------------------------------------
def test_a_part_of_the_neurons(net, cells):
    net.record(cells[[3, 1]], "spikes")
    net.record(cells[[3, 1]], "n")
    record = net.run(1.5, backend="reference")["cells"]
    assert record.spikes.size == 4
    assert record.spikes.recorded_ids.tolist() == [1, 3]
    assert set(record.spikes.ids.tolist()) == {1, 3}
    assert record.trace("n").ids.tolist() == [3, 1]
    assert record.n[0].tolist() == [300, 100]


def test_nobody_and_nothing(net, cells):
    net.record(cells[[]], ["spikes", "n"])
    net.record(cells, [])
    record = net.run(1, backend="reference")["cells"]
    assert len(record.spikes) == 0
    assert record.n.shape == (10, 0)
    net.record(cells, "v")
    result = net.run(0, backend="reference")
    assert result["cells"].v.shape == (0, 4)
    assert list(result["cells"].traces) == ["n", "v"]


def test_several_populations_of_one_model(net, cells):
    others = net.population(2, CLOCK(name="other"), name="others", init=dict(n="1 + i*100"))
    silent = net.population(1, CLOCK, name="silent")
    net.record(cells, "spikes")
    net.record(others[1], "spikes")
    net.record(others, "n", interval=0.5)
    result = net.run(1, backend="reference")
    assert result["others"].spikes.steps.tolist() == [k for k in range(10) if (101 + k + 1) % 3 == 0]
    assert set(result["others"].spikes.ids.tolist()) == {1}
    assert result["others"].n.tolist() == [[1, 101], [6, 106]]
    assert set(result["cells"].spikes.ids.tolist()) == {0, 1, 2, 3}
    assert result["silent"].spikes is None
    assert result["silent"].meta["model"] == "clock"
    assert silent.get("n").tolist() == [10]


def test_inputs_are_recorded_as_what_the_last_step_held(net, cells):
    net.inject(cells[0], [1, 2, 3], interval=0.2)
    net.record(cells[0], "I")
    trace = net.run(1, backend="reference")["cells"].trace("I")
    assert trace.unit == "nA"
    assert trace.values[:, 0] == pytest.approx([0, 1, 1, 2, 2, 3, 3, 0, 0, 0])


# -- weights ----------------------------------------------------------------------------------------------------------
def test_weights_before_and_after(net):
    grow = SynapseModel("w : weight", "w = w + 1*nS", name="grow")
    target = net.population(2, NeuronModel("g : siemens", name="sink"), name="target")
    source = net.population(2, SpikeArray([[0.1, 0.2], [0.2]]), name="source")
    q = net.project(
        source, target, FromList([(0, 1), (1, 0), (0, 0)]), weight=[1, 2, 3], target="g", synapse=grow, name="q"
    )
    net.record(q, "weights")
    net.record(q)  # once more is once
    for end, expected in ((0.2, [1.001, 2, 3.001]), (0.3, [1.002, 2.001, 3.002])):
        record = net.run(end - net.time, backend="reference").projections["q"]
        assert record.weights == pytest.approx(expected)
        assert record.weights_before.tolist() == [1, 2, 3]
    assert (record.pre, record.post, record.unit) == ("source", "target", "uS")
    assert record.pre_ids.tolist() == [0, 1, 0]
    assert record.delays.tolist() == [0, 0, 0]
    net.clear_recordings()
    record = net.run(0.1, backend="reference").projections["q"]
    assert record.weights_before == pytest.approx([1.002, 2.001, 3.002])
    net.reset()
    record = net.run(0.1, backend="reference").projections["q"]
    assert record.weights_before.tolist() == record.weights.tolist() == [1, 2, 3]
    other = Network().population(1, CLOCK)
    assert "r" not in other.network.run(0, backend="reference").projections


# -- what is handed over ----------------------------------------------------------------------------------------------
def test_joined_keeps_everything_in_one_piece(net, cells):
    spikes = SpikeRecorder(cells, np.array([1, 2]), 0)
    assert [a.tolist() for a in spikes.joined()] == [[], []]
    spikes.add(np.array([3, 3, 4]), np.array([0, 2, 1], dtype=np.int32))
    spikes.add(np.array([5]), np.array([3], dtype=np.int32))
    spikes.add(np.array([6]), np.array([1], dtype=np.int32))
    for _ in range(2):
        assert [a.tolist() for a in spikes.joined()] == [[3, 4, 6], [2, 1, 1]]
        assert len(spikes.steps) == 1
    trace = TraceRecorder(cells, "v", np.array([1, 2]), 1, 0)
    assert [a.shape for a in trace.joined()] == [(0,), (0, 2)]
    for k in range(3):
        trace.steps.append(np.array([k]))
        trace.values.append(np.full((1, 2), float(k)))
    assert trace.joined()[1].tolist() == [[0, 0], [1, 1], [2, 2]]
    assert len(trace.values) == 1


def test_many_short_runs_are_one_long_run(net, cells):
    net.record(cells, ["spikes", "n"])
    for _ in range(25):
        result = net.run(0.2, backend="reference")
    twin = Network(dt=0.1)
    again = twin.population(4, CLOCK, name="cells", init=dict(n="i*100"))
    twin.record(again, ["spikes", "n"])
    whole = twin.run(5, backend="reference")
    assert result["cells"].spikes == whole["cells"].spikes
    assert np.array_equal(result["cells"].n, whole["cells"].n)


def test_meta(net, cells):
    import platform

    result = net.run(0.5, backend="reference")
    assert result.meta["dt"] == 0.1
    assert result.meta["duration"] == 0.5
    assert (result.meta["seed"], result.meta["backend"], result.meta["dtype"]) == (0, "reference", "float64")
    assert result.meta["versions"]["numpy"] == np.__version__
    assert result.meta["versions"]["python"] == platform.python_version()
    assert not result.interrupted
    assert collect(net, "reference", True).interrupted


def test_threshold_for_pictures(net):
    def threshold(condition, **parameters):
        model = NeuronModel("v : volt\nu : 1", threshold=condition, reset="pass", parameters=parameters)
        p = Network().population(2, model, name="p")
        return collect(p.network, "reference", False)["p"].threshold

    assert threshold("v > -50*mV") == pytest.approx(-50)
    assert threshold("v >= v_th", v_th="-40*mV") == pytest.approx(-40)
    assert threshold("v > v_th + 1*mV", v_th="-40*mV") is None
    assert threshold("u > 1") is None
    p = net.population(2, NeuronModel("v : volt", threshold="v > v_th", reset="pass", parameters=dict(v_th="1*mV")),
                       name="p", parameters=dict(v_th=[1, 3]))  # fmt: skip
    assert collect(net, "reference", False)["p"].threshold == pytest.approx(2)
    net.project(p, p, OneToOne(), weight=1, target="v")
    assert collect(net, "reference", False).projections == {}


def test_expressions_are_recorded_from_the_variables_they_read() -> None:
    cell = NeuronModel(
        """dv/dt = (I_tot*R - v)/tau : volt
           dI/dt = -I/tau : amp
           I_tot = I + I_leak + offset : amp
           I_leak = -v*g*k : amp
           nothing = 2*g : siemens
           late = v*int(not_refractory) : volt""",
        threshold="v > 1*volt", reset="v = 0*volt", refractory=1,
        parameters=dict(tau="10*ms", R="100*Mohm", g="1*nS", k=0.5, offset="0.1*nA"),
    )  # fmt: skip
    net = Network(dt=0.1)
    p = net.population(3, cell, name="p", init=dict(I="0.3*nA*i"), parameters=dict(k=[1, 2, 3]))
    net.record(p[1:], ["v", "I", "I_tot"], interval=0.5)
    net.run(4, backend="reference")
    record = net.run(6, backend="reference")["p"]
    expected = record.I - record.v * 1e-3 * np.array([2, 3]) + 0.1  # mV nS = pA
    np.testing.assert_allclose(record.I_tot, expected, rtol=1e-12)
    assert record.trace("I_tot").unit == "nA" and record.I_tot.shape == (20, 2)
    assert set(record.traces) == {"v", "I", "I_tot"}
    with pytest.raises(ValueError, match="'I_tot' of population 'p' is recorded already"):
        net.record(p, "I_tot")
    with pytest.raises(ValueError, match="reads no variable"):
        net.record(p, "nothing")
    with pytest.raises(ValueError, match="reads 'not_refractory'"):
        net.record(p, "late")


# -- refusals ---------------------------------------------------------------------------------------------------------
def test_wrong_recordings(net):
    cells = net.population(3, COUNTER, name="cells")
    net.record(cells, "x")
    for what, error, match in (
        ("w", ValueError, "population 'cells': 'w' is no state variable; expected one of x, z, go, y"),
        (5, TypeError, "record: what: expected 'spikes' or names of variables, got 5"),
        ([5], ValueError, "5 is no state variable"),
        ("x", ValueError, "'x' of population 'cells' is recorded already"),
        (["z", "z"], ValueError, "'z' of population 'cells' is recorded already"),
        (["spikes", "y", "x"], ValueError, "'x' of population 'cells' is recorded already"),
    ):
        with pytest.raises(error, match=match):
            net.record(cells, what)
    for interval, match in ((0, "at least dt = 0.1 ms, got 0"), (0.15, "0.15 ms is not a multiple"), (-1, ">= 0")):
        with pytest.raises(ValueError, match=f"record: interval: .*{match}"):
            net.record(cells, "y", interval=interval)
    with pytest.raises(ValueError, match="record: interval: all spikes are kept"):
        net.record(cells, "spikes", interval=1)
    mute = net.population(1, NeuronModel("u : 1", name="mute"))
    with pytest.raises(ValueError, match="model 'mute' of population 'mute' has no threshold and never spikes"):
        net.record(mute, "spikes")
    source = net.population(1, SpikeArray([]), name="source")
    with pytest.raises(ValueError, match="'source' is a spike array and has no variable 'v'"):
        net.record(source, "v")
    q = net.project(cells, cells, OneToOne(), weight=1, target="x", name="q")
    with pytest.raises(ValueError, match="record: projection 'q': expected 'weights', got 'x'"):
        net.record(q, "x")
    bare = net.project(cells, cells, OneToOne(), synapse=SynapseModel("u : 1", on_pre="u = u + 1"), name="bare")
    with pytest.raises(ValueError, match="record: projection 'bare': expected 'weights'"):
        net.record(bare, "weights")
    # nothing of a refused call is kept
    assert [(r.population.name, r.variable) for r in net._trace_recorders] == [("cells", "x")]
    assert net._spike_recorders == []
