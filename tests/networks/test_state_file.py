"""Saving and restoring: bit for bit at any moment, and refusal of damaged and foreign files."""

from __future__ import annotations

import io
import os
import pickle
import zipfile

import numpy as np
import pytest
import sample_networks as samples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spikegram.networks import Network, OneToOne, SpikeArray
from spikegram.plasticity import SynapseModel

STEPS = 300  # of the run without a break


@pytest.fixture(scope="module")
def whole():
    """The run without a break: what it recorded, and what it left behind."""
    net = samples.busy()
    return net.run(STEPS * 0.1), samples.state_of(net)


def later(result, first):
    """Spikes and samples from step ``first`` on."""
    found = {}
    for name in result:
        record = result[name]
        if record.spikes is not None:
            keep = record.spikes.steps >= first
            found[name] = record.spikes.steps[keep].tobytes() + record.spikes.ids[keep].tobytes()
        for key, trace in record.traces.items():
            found[name, key] = trace.values[np.round(trace.times / 0.1) >= first].tobytes()
    return found


# -- the same bits ----------------------------------------------------------------------------------------------------
@example(137, 2, 3, True)
@settings(max_examples=5)
@given(st.integers(0, STEPS), st.integers(1, 3), st.integers(1, 3), st.booleans())
def test_a_run_goes_on_bit_for_bit(whole, tmp_path_factory, step, before, after, used):
    path = tmp_path_factory.mktemp("state") / "s.npz"
    first = samples.busy()
    first.run(step * 0.1, threads=before)
    first.save_state(path)
    here = samples.state_of(first)
    second = samples.busy()
    if used:  # a network that has been elsewhere meanwhile
        second.run(7.7)
        second.projections["stdp"].set(w=0.01)
    second.restore_state(path)
    assert second.step == step
    assert samples.state_of(second) == here
    result = second.run((STEPS - step) * 0.1, threads=after)
    assert samples.state_of(second) == whole[1]
    assert later(result, step) == later(whole[0], step)
    assert result["exc"].spikes.t_start == pytest.approx(step * 0.1)
    first.run((STEPS - step) // 2 * 0.1, threads=before)  # that it was saved has not disturbed it
    first.run((STEPS - first.step) * 0.1, threads=after)
    assert samples.state_of(first) == whole[1]


@pytest.mark.slow
@settings(max_examples=40)
@given(st.integers(0, STEPS), st.integers(1, 3), st.integers(1, 3), st.booleans())
def test_a_run_goes_on_from_many_moments(whole, tmp_path_factory, step, before, after, used):
    test_a_run_goes_on_bit_for_bit.hypothesis.inner_test(whole, tmp_path_factory, step, before, after, used)


def test_weights_before_are_those_of_the_restored_state(tmp_path):
    net = samples.busy()
    net.run(30)
    net.save_state(tmp_path / "s.npz")
    learned = net.projections["stdp"].weights
    net.reset()
    net.restore_state(tmp_path / "s.npz")
    record = net.run(10).projections["stdp"]
    assert np.array_equal(record.weights_before, learned)
    assert not np.array_equal(record.weights, learned)


def test_save_restore_save_run(whole, tmp_path):
    """A state that was read and written again without a run in between has lost nothing."""
    net = samples.busy()
    net.run(12.5)
    net.save_state(tmp_path / "a.npz")
    middle = samples.busy()
    middle.restore_state(tmp_path / "a.npz")
    middle.save_state(tmp_path / "b.npz")
    last = samples.busy()
    last.restore_state(tmp_path / "b.npz")
    last.run(17.5)
    assert samples.state_of(last) == whole[1]


@pytest.mark.parametrize("backend", ["reference", pytest.param("numba", marks=pytest.mark.slow)])
def test_float32(tmp_path, backend):
    net = samples.busy(dtype="float32")
    net.run(4, backend=backend)
    net.save_state(tmp_path / "s.npz")
    other = samples.busy(dtype="float32")
    other.restore_state(tmp_path / "s.npz")
    assert samples.state_of(other) == samples.state_of(net)
    for n in (net, other):
        n.run(4, backend=backend)
    assert samples.state_of(other) == samples.state_of(net)


def test_the_other_backend(tmp_path):
    slow = samples.busy()
    slow.run(3, backend="reference")
    slow.save_state(tmp_path / "r.npz")
    other = samples.busy()
    other.restore_state(tmp_path / "r.npz")
    fast, slow = other.run(7), slow.run(7, backend="reference")
    assert np.allclose(fast["exc"].v, slow["exc"].v[30:], rtol=0, atol=1e-9)


def test_spikes_given_later_are_part_of_the_state(tmp_path):
    def make():
        net = Network(dt=0.1)
        source = net.population(3, SpikeArray([[0.1], [0.2], []]), name="source")
        net.record(source, "spikes")
        return net, source

    net, source = make()
    net.add_spikes(source, [0.3, 0.7], [2, 1])
    net.run(0.4, backend="reference")
    net.save_state(tmp_path / "s.npz")
    other, _ = make()
    other.restore_state(tmp_path / "s.npz")
    assert other.run(1, backend="reference")["source"].spikes.steps.tolist() == [7]
    other.reset()
    assert other.run(1, backend="reference")["source"].spikes.steps.tolist() == [1, 2]


def test_a_network_that_never_ran(tmp_path):
    net = samples.busy()
    net.populations["exc"].set(v=-55.5)
    net.save_state(tmp_path / "s.npz")
    other = samples.busy()
    other.run(3)
    other.restore_state(tmp_path / "s.npz")
    assert (other.step, other.time) == (0, 0)
    assert np.all(other.populations["exc"].get("v") == -55.5)
    other.population(1, samples.NOISY, name="may still be added")


# -- refusals ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def saved(tmp_path):
    net = samples.busy(sizes=(6, 3))
    net.run(5)
    net.save_state(tmp_path / "s.npz")
    return net, tmp_path / "s.npz"


def refuse(net, path, match):
    """The file is refused and the network is as it was, in the middle of its run."""
    before = samples.state_of(net)
    with pytest.raises(ValueError, match=match) as caught:
        net.restore_state(path)
    assert str(path) in str(caught.value)
    assert samples.state_of(net) == before
    assert net.step == 50


@settings(max_examples=60)
@given(st.data())
def test_damaged_files(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damaged")
    net = samples.busy(sizes=(6, 3))
    net.run(5)
    net.save_state(folder / "s.npz")
    good = (folder / "s.npz").read_bytes()
    here = samples.state_of(net)
    net.run(2)
    there = samples.state_of(net)
    kind = data.draw(st.sampled_from(["cut", "flip", "insert"]))
    place = data.draw(st.integers(0, len(good) - 1))
    if kind == "cut":
        bad = good[:place]
    elif kind == "flip":
        bad = good[:place] + bytes([good[place] ^ data.draw(st.integers(1, 255))]) + good[place + 1 :]
    else:
        bad = good[:place] + data.draw(st.binary(min_size=1, max_size=9)) + good[place:]
    (folder / "s.npz").write_bytes(bad)
    try:
        net.restore_state(folder / "s.npz")
    except ValueError as error:
        assert "s.npz" in str(error)
        assert samples.state_of(net) == there
        net.run(1)
    else:  # a byte that does not matter, such as a date
        assert samples.state_of(net) == here


def test_other_files(saved, tmp_path):
    net, _ = saved
    bad = tmp_path / "bad.npz"
    for content in (b"", b"PK", b"hello", os.urandom(100), pickle.dumps({"a": 1})):
        bad.write_bytes(content)
        refuse(net, bad, "not a readable state file")
    np.save(tmp_path / "one.npy", np.zeros(3))
    refuse(net, tmp_path / "one.npy", "not a readable state file")
    np.savez(bad, a=np.zeros(3))
    refuse(net, bad, "expected a file of the format 'spikegram state 1', got None")
    np.savez(bad, format=np.array("spikegram state 1"))
    refuse(net, bad, "another network")
    refuse(net, tmp_path, "not a readable state file")
    with pytest.raises(FileNotFoundError):
        net.restore_state(tmp_path / "nothing.npz")


class _Trap:
    def __reduce__(self):
        return os.mkdir, ("trapped",)


def test_a_pickle_inside_is_not_run(saved, tmp_path, monkeypatch):
    net, path = saved
    monkeypatch.chdir(tmp_path)
    trap = io.BytesIO()
    np.save(trap, np.array([_Trap()], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "trap.npz", "w") as new:
        for name in old.namelist():
            new.writestr(name, trap.getvalue() if name == "p0/state.npy" else old.read(name))
    refuse(net, tmp_path / "trap.npz", "not a readable state file .*allow_pickle")
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"p0/state": None}, r"p0/state: expected float64 \[4, 6\], got nothing"),
        ({"p0/state": np.zeros((4, 7))}, r"p0/state: expected float64 \[4, 6\], got float64 \[4, 7\]"),
        ({"p0/state": np.zeros((4, 6), dtype="U3")}, "p0/state: expected float64"),
        ({"p1/last": np.zeros(3)}, r"p1/last: expected int64 \[3\], got float64"),
        ({"p1/free": np.zeros(3)}, "p1/free: expected bool"),
        ({"step": np.array(-3)}, "step: expected a number >= 0, got -3"),
        ({"step": np.array(1.5)}, "step: expected int64"),
        ({"q0/values": np.zeros((1, 1))}, "q0/values: expected"),
        ({"q0/when": np.zeros(3, dtype=np.int64)}, "q0/when: expected"),
        ({"q1/when": None}, "q1/when: expected"),
        ({"q1/axonal": "+1"}, "the axonal side of projection 'up' differs: other wiring or delays"),
        ({"q1/post": "+1"}, "the post side of projection 'up' differs"),
        ({"p0/history_ids": None}, "p0/history_ids: expected int32"),
        ({"p0/history_ids": "+1000"}, "p0/history_ids: expected neurons 0 ... 5"),
        ({"p0/arrivals/I": np.zeros((2, 2))}, r"p0/arrivals/I: expected float64 \[None, 6\]"),
        ({"p2/spike_times": np.array([1.0]), "p2/spike_ids": np.array([9])}, "expected spikes of 5 spike sources"),
        ({"p2/spike_times": np.array([-1.0]), "p2/spike_ids": np.array([0])}, "times >= 0"),
        ({"p2/spike_times": np.array([0.05]), "p2/spike_ids": np.array([0])}, "not a multiple of the time step"),
        ({"p2/spike_times": np.array([0.5])}, "SpikeArray.times"),
        ({"p0/spike_times": np.array([0.5]), "p0/spike_ids": np.array([0])}, "'exc' has cells"),
    ],
)  # fmt: skip
def test_tampered_arrays(saved, tmp_path, change, match):
    net, path = saved
    net.run(0.5)  # so that something waits and is on its way
    net.save_state(path)
    with np.load(path) as archive:
        arrays = dict(archive)
    for name, value in change.items():
        if value is None:
            del arrays[name]
        elif isinstance(value, str):
            whole = arrays[name] if arrays[name].size else np.zeros(1, arrays[name].dtype)
            arrays[name] = whole + whole.dtype.type(int(value))
            if name == "p0/history_ids" and not arrays["p0/history_steps"].size:
                arrays["p0/history_steps"] = np.zeros(1, dtype=np.int64)
        else:
            arrays[name] = value
    np.savez(tmp_path / "t.npz", **arrays)
    before = samples.state_of(net)
    with pytest.raises(ValueError, match=match):
        net.restore_state(tmp_path / "t.npz")
    assert samples.state_of(net) == before
    assert net.step == 55


def test_sums_that_are_missing_are_told_at_the_run(saved, tmp_path):
    net, path = saved
    with np.load(path) as archive:
        arrays = {n: a for n, a in archive.items() if n != "p0/arrivals/I"}
    np.savez(tmp_path / "t.npz", **arrays)
    net.restore_state(tmp_path / "t.npz")
    for _ in range(2):
        with pytest.raises(ValueError, match="p0/arrivals/I: expected"):
            net.run(1)
    net.reset()
    net.run(1)


def test_states_of_other_networks(saved):
    net, path = saved
    for other, word in (
        (samples.busy(seed=2, sizes=(6, 3)), "seed 2"),
        (samples.busy(sizes=(6, 4)), "population 'inh': 4 x"),
        (samples.busy(sizes=(6, 3), dtype="float32"), "float32"),
    ):
        before = samples.state_of(other)
        with pytest.raises(ValueError, match=r"(?s)another network.*in the file.*here.*" + word):
            other.restore_state(path)
        assert samples.state_of(other) == before
    other = samples.busy(sizes=(6, 3))
    other.population(1, samples.COUNTER, name="more")
    with pytest.raises(ValueError, match="another network"):
        other.restore_state(path)


def test_other_equations_and_other_parameters(tmp_path):
    def make(on_pre="target_post += w", **values):
        net = Network(dt=0.1)
        cells = net.population(2, samples.COUNTER)
        rule = SynapseModel("w : 1", on_pre=on_pre, parameters=dict(k=1), name="rule")(**values)
        net.project(cells, cells, OneToOne(), weight=1, target="x", synapse=rule)
        return net

    net = make()
    net.run(1, backend="reference")
    net.save_state(tmp_path / "s.npz")
    other = make(k=2)  # the state does not hold parameters: a network may go on with others
    other.restore_state(tmp_path / "s.npz")
    assert other.step == 10
    make(on_pre="\n  target_post   += w\n").restore_state(tmp_path / "s.npz")
    with pytest.raises(ValueError, match="equations"):
        make(on_pre="target_post += 2*w").restore_state(tmp_path / "s.npz")


def test_structure_is_closed_after_restoring_a_started_run(saved):
    net, path = saved
    other = samples.busy(sizes=(6, 3))
    other.restore_state(path)
    with pytest.raises(ValueError, match="before the first run or after reset.*, not at t = 5 ms"):
        other.population(1, samples.NOISY)
    other.reset()
    other.population(1, samples.NOISY)


def test_the_old_file_survives_a_failed_save(saved, monkeypatch):
    net, path = saved
    good = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space left"):
        net.save_state(path)
    assert path.read_bytes() == good
    assert list(path.parent.iterdir()) == [path]
