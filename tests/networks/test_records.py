"""Records of one population or projection: access by name, matrices, refusals."""

import copy
import pickle

import numpy as np
import pytest

from spikegram.networks.records import PopulationRecord, ProjectionRecord, Trace, plain_json
from spikegram.networks.spiketrains import SpikeTrains


def voltage(**more):
    given = dict(name="v", times=[0.0, 0.1, 0.2], ids=[4, 1], values=np.arange(6.0).reshape(3, 2))
    return Trace(**{**given, "unit": "mV", **more})


def population(**more):
    spikes = SpikeTrains([2, 4], [0, 1], size=5, dt=1.0, t_stop=10)
    return PopulationRecord(**{**dict(name="exc", size=5, spikes=spikes), **more})


def synapses(**more):
    given = dict(name="S1", pre="a", post="b", pre_ids=[0, 1, 1], post_ids=[2, 0, 0])
    return ProjectionRecord(**{**given, "weights": [0.5, 1.0, 2.0], "unit": "nA", **more})


def test_trace_of_one_neuron():
    assert voltage().of(1).tolist() == [1.0, 3.0, 5.0]
    with pytest.raises(ValueError, match=r"'v' was not recorded from neuron 3, but from \[4 1\]"):
        voltage().of(3)


@pytest.mark.parametrize("kind", ["float32", "float64", "int16", "bool"])
def test_trace_keeps_the_number_type(kind):
    assert voltage(values=np.zeros((3, 2), kind)).values.dtype == kind


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (dict(values=np.zeros((2, 3))), ValueError, r"shape \[T, K\] = \[3, 2\], got \[2, 3\]"),
        (dict(values=np.zeros(3)), TypeError, r"values: .* got float64 of shape \[3\]"),
        (dict(values=np.full((3, 2), "x")), TypeError, "values: expected number"),
        (dict(times=[0.0, 0.2, 0.1]), ValueError, "times: expected ascending times"),
        (dict(times=[0.0, 0.1, np.nan]), ValueError, "times: expected ascending times"),
        (dict(ids=[1, 1]), ValueError, r"ids: expected different neurons, all >= 0, got \[1 1\]"),
        (dict(ids=[-1, 1]), ValueError, "ids: expected different neurons"),
        (dict(ids=[0.5, 1]), TypeError, "ids: expected integer"),
        (dict(name=""), ValueError, "Trace.name: expected 1 to 200 printable characters"),
        (dict(name="a\n"), ValueError, "Trace.name: expected 1 to 200 printable characters"),
        (dict(name=3), TypeError, "Trace.name: expected a text, got 3"),
    ],
)
def test_wrong_traces_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        voltage(**change)


def test_traces_are_attributes():
    record = population(traces={"v": voltage()})
    assert record.v is record.trace("v").values
    assert record.t("v").tolist() == [0.0, 0.1, 0.2]
    assert record.trace("v").unit == "mV"
    assert "v" in dir(record)


def test_unknown_attribute_lists_what_was_recorded():
    record = population(traces={"v": voltage()})
    with pytest.raises(AttributeError, match="population 'exc': no 'w'; recorded: spikes, v"):
        _ = record.w
    with pytest.raises(ValueError, match="no 'w'; recorded: spikes, v"):
        record.trace("w")
    with pytest.raises(AttributeError, match="recorded: nothing"):
        _ = population(spikes=None).v


def test_rates_need_recorded_spikes():
    assert population().rates(0, 5).tolist() == [200.0, 200.0, 0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="population 'exc': no 'spikes'; recorded: v"):
        population(spikes=None, traces={"v": voltage()}).rates()


def test_records_can_be_copied_and_pickled():
    record = population(traces={"v": voltage()})
    for twin in (copy.deepcopy(record), pickle.loads(pickle.dumps(record))):
        assert twin.spikes == record.spikes
        np.testing.assert_array_equal(twin.v, record.v)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (dict(size=4), ValueError, "spikes: expected those of 4 neurons, got 5"),
        (dict(size=4, spikes=None), ValueError, "trace 'v': ids: expected 0 to 3, got 4"),
        (dict(size=-1), ValueError, "size: expected at least 0, got -1"),
        (dict(traces={"u": voltage()}), ValueError, "'u' holds the trace of 'v'"),
        (dict(meta={"model": object()}), TypeError, r"meta\['model'\]: expected what JSON can"),
    ],
)
def test_wrong_populations_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        population(**{"traces": {"v": voltage()}, **change})


def test_matrix_sums_parallel_synapses():
    matrix = synapses().matrix(2, 3)
    np.testing.assert_array_equal(matrix, [[np.nan, np.nan, 0.5], [3.0, np.nan, np.nan]])
    before = synapses(weights_before=[0.0, 0.0, 0.25], pre_size=2, post_size=3)
    np.testing.assert_array_equal(before.matrix(which="before"), [[np.nan, np.nan, 0.0], [0.25, np.nan, np.nan]])


def test_projection_keeps_float32_and_turns_whole_numbers_into_floats():
    assert synapses(weights=np.zeros(3, np.float32)).weights.dtype == np.float32
    assert synapses(weights=[1, 2, 3]).weights.dtype == np.float64


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: synapses().matrix(), "n_pre: expected at least 2 neurons, got None"),
        (lambda: synapses().matrix(2, 2), "n_post: expected at least 3 neurons, got 2"),
        (lambda: synapses().matrix(10**6, 10**6), "a matrix of 1000000 x 1000000 needs 8000.0 GB"),
        (lambda: synapses().matrix(2, 3, "before"), "the weights before were not recorded"),
        (lambda: synapses().matrix(2, 3, "now"), "which: expected 'before' or 'after', got 'now'"),
        (lambda: synapses(post_ids=[0]), r"post_ids: expected one per synapse, \[S\] = \[3\], got"),
        (lambda: synapses(delays=[1.0]), r"delays: expected one per synapse, \[S\] = \[3\], got"),
        (lambda: synapses(pre_size=1), "pre_ids: expected 0 <= id < 1, got 1"),
        (lambda: synapses(pre_ids=[0, -1, 1]), "pre_ids: expected 0 <= id < None, got -1"),
    ],
)
def test_wrong_projections_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_plain_json_keeps_values_exactly():
    given = {"a": np.float64(0.1), "b": (1, np.int32(2)), "c": np.arange(2), "d": {"e": None}}
    assert plain_json(given, "meta") == {"a": 0.1, "b": [1, 2], "c": [0, 1], "d": {"e": None}}
    with pytest.raises(TypeError, match="meta: expected texts as keys, got 1"):
        plain_json({1: 2}, "meta")
    with pytest.raises(TypeError, match="meta: expected a dictionary, got 5"):
        plain_json(5, "meta")
