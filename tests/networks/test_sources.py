"""Given spikes: lists, arrays, files, the grid, and every refusal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.networks import Network, SpikeArray

spikes = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 50)), unique=True, max_size=30)


def pairs(source):
    return list(zip(source.times.tolist(), source.ids.tolist(), strict=True))


@given(spikes)
def test_lists_and_arrays_are_the_same(given_spikes):
    rows = [[] for _ in range(51)]
    for step, i in given_spikes:
        rows[i].append(step / 8)
    lists = SpikeArray(rows)
    arrays = SpikeArray([s / 8 for s, _ in given_spikes], np.array([i for _, i in given_spikes], dtype=int), size=51)
    expected = sorted((s / 8, i) for s, i in given_spikes)
    assert pairs(lists) == pairs(arrays) == expected
    assert lists.size == arrays.size == 51
    steps, ids = lists.steps(0.125e-3)
    assert sorted(given_spikes) == list(zip(steps.tolist(), ids.tolist(), strict=True))


def test_sizes():
    assert SpikeArray([[], [], []]).size == 3
    assert SpikeArray([]).size == 0
    assert SpikeArray([], []).size == 0
    assert SpikeArray([1.0], [4]).size == 5
    assert SpikeArray([1.0], [4], size=9).size == 9
    assert SpikeArray([1.0], [4], size=np.int64(5)).size == 5


def test_values_are_kept_as_given():
    source = SpikeArray([[0.7, 0.3, 1.1]])
    assert source.times.tolist() == [0.3, 0.7, 1.1]
    assert source.times.dtype == np.float64
    assert source.ids.dtype == np.int64
    assert SpikeArray(2.5, 0).times.tolist() == [2.5]


def test_units():
    import brian2

    assert SpikeArray([1, 2] * brian2.second, [0, 0]).times == pytest.approx([1000, 2000])
    assert SpikeArray([[3] * brian2.ms, [1, 2] * brian2.ms]).times == pytest.approx([1, 2, 3])
    assert SpikeArray("2*second", 0).times == pytest.approx([2000])
    with pytest.raises(ValueError, match="SpikeArray.times: expected a value in second"):
        SpikeArray([[1] * brian2.mV])


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (dict(times=5), ValueError, "times: expected one list of times per neuron, or times and ids"),
        (dict(times=[1.0, 2.0]), ValueError, "times: expected one list of times per neuron"),
        (dict(times="abc"), ValueError, "times: expected one list"),
        (dict(times=["1*ms"]), ValueError, "times: expected one list"),
        (dict(times=[[1, [2, 3]]]), TypeError, "times: expected an array of numbers, got"),
        (dict(times=[["a"]]), TypeError, "times: expected an array of numbers"),
        (dict(times=[[[1, 2]]]), ValueError, r"times: expected a list of times, got shape \(1, 2\)"),
        (dict(times=np.ones((2, 2)), ids=np.ones((2, 2), int)), ValueError, r"times: .*got shape \(2, 2\)"),
        (dict(times=[[-1.0]]), ValueError, "times: expected times >= 0 ms and finite, got -1"),
        (dict(times=[[1.0], [np.inf]]), ValueError, "times: expected times >= 0 ms and finite, got inf"),
        (dict(times=[[1.0, np.nan]]), ValueError, "times: NaN"),
        (dict(times=[1, 2], ids=[0]), ValueError, r"ids: expected as many ids as times, \(2,\), got \(1,\)"),
        (dict(times=[1], ids=[0.0]), ValueError, r"ids: expected whole numbers >= 0, got array\(\[0\.\]\)"),
        (dict(times=[1], ids=[True]), ValueError, "ids: expected whole numbers"),
        (dict(times=[1], ids=[-1]), ValueError, r"ids: expected whole numbers >= 0, got array\(\[-1\]\)"),
        (dict(times=[1], ids=[3], size=3), ValueError, "size: expected a whole number >= 4, got 3"),
        (dict(times=[[1]], size=2.0), ValueError, "size: expected a whole number >= 1, got 2.0"),
        (dict(times=[[1]], size="2"), ValueError, "size: expected a whole number >= 1, got '2'"),
        (dict(times=[[1]], size=True), ValueError, "size: expected a whole number >= 1, got True"),
    ],
)  # fmt: skip
def test_refusals(arguments, error, match):
    with pytest.raises(error, match=f"^SpikeArray.{match}"):
        SpikeArray(**arguments)


# -- the grid ---------------------------------------------------------------------------------------------------------
def test_times_between_two_steps():
    between = [[0.1, 0.24], [0.26]]
    with pytest.raises(ValueError, match=r"SpikeArray.times: 0.24 ms is not a multiple of the time step dt = 0.1 ms"):
        SpikeArray(between).steps(1e-4)
    steps, ids = SpikeArray(between, rounding=True).steps(1e-4)
    assert (steps.tolist(), ids.tolist()) == ([1, 2, 3], [0, 0, 1])
    net = Network(dt=0.1)
    with pytest.raises(ValueError, match="0.24 ms is not a multiple"):  # told when it is given, not at the run
        net.population(2, SpikeArray(between))
    assert not net.populations
    net.population(2, SpikeArray(between, rounding=True))


def test_two_spikes_in_a_step():
    with pytest.raises(ValueError, match="SpikeArray: neuron 1 spikes twice in the step at 0.2 ms"):
        SpikeArray([[0.2], [0.2, 0.2]]).steps(1e-4)
    with pytest.raises(ValueError, match="neuron 0 spikes twice in the step at 0.3 ms"):
        SpikeArray([[0.26, 0.34]], rounding=True).steps(1e-4)
    assert SpikeArray([[0.2], [0.2]]).steps(1e-4)[0].tolist() == [2, 2]


def test_steps_from_a_time_on():
    source = SpikeArray([[0.1, 0.5], [0.3, 0.5]])
    assert [a.tolist() for a in source.steps(1e-4, start=0.3)] == [[3, 5, 5], [1, 0, 1]]
    assert len(source.steps(1e-4, start=0.6)[0]) == 0


@given(spikes, spikes)
def test_extended_is_all_of_them(first, second):
    second = [s for s in second if s not in first]
    one = SpikeArray(*([x[k] for x in first] for k in (0, 1))) if first else SpikeArray([], [])
    two = one.extended(*([x[k] for x in second] for k in (0, 1)))
    assert pairs(two) == sorted((float(s), i) for s, i in first + second)
    assert two.size == max([i + 1 for _, i in first + second], default=0)
    assert pairs(one) == sorted((float(s), i) for s, i in first)


# -- files ------------------------------------------------------------------------------------------------------------
def test_both_orders(tmp_path):
    path = tmp_path / "spikes.txt"
    path.write_text("# time neuron\n 2.5 1\n\n1.0\t0  # first\n2.5 0\n")
    source = SpikeArray.from_file(path)
    assert pairs(source) == [(1.0, 0), (2.5, 0), (2.5, 1)]
    assert source.size == 2
    path.write_text("1 2.5\n0 1.0\n0 2.5")
    assert pairs(SpikeArray.from_file(path, order="id_time")) == pairs(source)
    assert SpikeArray.from_file(str(path), size=7, order="id_time").size == 7
    with pytest.raises(ValueError, match=r"spikes.txt, line 1: expected 'time id', got '1 2.5'"):
        SpikeArray.from_file(path)  # never guessed
    path.write_text("")
    assert SpikeArray.from_file(path).size == 0


@pytest.mark.parametrize("line", ["1.0", "1.0 2 3", "x 1", "1.0 1.0", "1.0, 1", "1.0 -", "0x10 1"])
def test_wrong_lines(tmp_path, line):
    path = tmp_path / "spikes.txt"
    path.write_text(f"1.0 1\n{line}\n")
    with pytest.raises(ValueError, match=r"spikes.txt, line 2: expected 'time id', got"):
        SpikeArray.from_file(path)


def test_wrong_files(tmp_path):
    path = tmp_path / "spikes.bin"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(ValueError, match="spikes.bin: expected a text file with one spike a line"):
        SpikeArray.from_file(path)
    with pytest.raises(FileNotFoundError):
        SpikeArray.from_file(tmp_path / "nothing")
    with pytest.raises(ValueError, match="order: expected 'time_id' or 'id_time', got 'guess'"):
        SpikeArray.from_file(path, order="guess")
    path.write_text("nan 1\n")
    with pytest.raises(ValueError, match="NaN"):
        SpikeArray.from_file(path)
    path.write_text("1.0 -1\n")
    with pytest.raises(ValueError, match="ids: expected whole numbers >= 0"):
        SpikeArray.from_file(path)
