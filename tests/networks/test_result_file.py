"""Files: exact round trips, whole or not at all, damaged and foreign files."""

import json
import os

import h5py
import numpy as np
import pytest

from spikegram.networks import result_file
from spikegram.networks.records import PopulationRecord, ProjectionRecord, Trace
from spikegram.networks.result import Result
from spikegram.networks.spiketrains import SpikeTrains


def build():
    rng = np.random.default_rng(1)
    steps = np.sort(rng.integers(100, 5000, 3000))
    spikes = SpikeTrains(
        steps,
        rng.integers(0, 40, 3000).astype(np.int32),
        size=50,
        dt=0.1,
        t_stop=500,
        t_start=10,
        recorded=np.arange(40),
    )
    values = rng.normal(-60, 3, (900, 2)).astype(np.float32)
    values[3, 1] = np.nan
    exc = PopulationRecord(
        "exc/α .1",
        50,
        spikes,
        {
            "v": Trace("v", np.arange(900) * 0.3, np.array([7, 2], np.int16), values, "mV"),
            "free": Trace("free", [0.1], [0], np.array([[True]])),
        },
        threshold=-50,
        meta={"model": "LIF", "tau": 0.1 + 0.2},
    )
    projection = ProjectionRecord(
        "S1",
        "exc/α .1",
        "aaa",
        rng.integers(0, 50, 900).astype(np.int32),
        rng.integers(0, 3, 900).astype(np.uint8),
        rng.random(900).astype(np.float32),
        delays=np.full(900, 1.5),
        unit="nA",
        weights_before=np.zeros(900, np.float32),
        pre_size=50,
        post_size=3,
    )
    bare = ProjectionRecord("bare", "aaa", "aaa", [0], [1], [-0.0])
    meta = dict(dt=0.1, duration=500.0, seed=7, versions={"numpy": np.__version__}, interrupted=True)
    populations = {"exc/α .1": exc, "aaa": PopulationRecord("aaa", 0), "..": PopulationRecord("..", 1)}
    return Result(populations, {"S1": projection, "bare": bare}, meta)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "run.h5"
    build().save(path)
    return path


def assert_same_array(a, b):
    assert (a is None) == (b is None)
    if a is not None:
        assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())


def assert_same(a, b):
    assert a.meta == b.meta
    assert list(a) == list(b)
    assert list(a.projections) == list(b.projections)
    for p, q in zip(a.populations.values(), b.populations.values(), strict=True):
        assert (p.name, p.size, p.threshold, p.meta) == (q.name, q.size, q.threshold, q.meta)
        assert (p.spikes is None) == (q.spikes is None)
        if p.spikes is not None:
            for key in ("steps", "ids", "recorded"):
                assert_same_array(getattr(p.spikes, key), getattr(q.spikes, key))
            for key in ("size", "dt", "start_step", "stop_step"):
                assert getattr(p.spikes, key) == getattr(q.spikes, key)
        assert list(p.traces) == list(q.traces)
        for key, trace in p.traces.items():
            assert trace.unit == q.traces[key].unit
            for part in ("times", "ids", "values"):
                assert_same_array(getattr(trace, part), getattr(q.traces[key], part))
    for p, q in zip(a.projections.values(), b.projections.values(), strict=True):
        for key in ("name", "pre", "post", "unit", "pre_size", "post_size"):
            assert getattr(p, key) == getattr(q, key)
        for key in ("pre_ids", "post_ids", "weights", "delays", "weights_before"):
            assert_same_array(getattr(p, key), getattr(q, key))


def test_round_trip_is_bit_for_bit(saved):
    assert_same(build(), Result.load(saved))


def test_empty_result(tmp_path):
    empty = Result({}, meta=dict(dt=0.1, duration=0.0))
    empty.save(tmp_path / "empty.h5")
    assert_same(empty, Result.load(str(tmp_path / "empty.h5")))


def test_save_replaces_and_leaves_no_draft(saved):
    Result({}, meta=dict(dt=1.0, duration=2.0)).save(saved)
    assert Result.load(saved).duration == 2.0
    assert os.listdir(saved.parent) == ["run.h5"]


def test_a_failed_save_leaves_the_old_file(saved, monkeypatch):
    old = saved.read_bytes()

    def fail(group, record):
        raise OSError("disk full")

    monkeypatch.setattr(result_file, "_write_population", fail)
    with pytest.raises(OSError, match="disk full"):
        build().save(saved)
    assert saved.read_bytes() == old
    assert os.listdir(saved.parent) == ["run.h5"]


def test_save_needs_a_folder_and_a_file_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder .*nowhere to write run.h5 to"):
        build().save(tmp_path / "nowhere" / "run.h5")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        build().save(tmp_path)


def test_missing_and_foreign_files(tmp_path):
    path = tmp_path / "x.h5"
    with pytest.raises(FileNotFoundError, match="no file .*x.h5"):
        Result.load(path)
    path.write_text("time,id\n1,2\n")
    with pytest.raises(ValueError, match="x.h5: not an HDF5 file, or a damaged one"):
        Result.load(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="x.h5: not an HDF5 file, or a damaged one"):
        Result.load(path)
    with pytest.raises(ValueError, match="not an HDF5 file, or a damaged one"):
        Result.load(tmp_path)
    with h5py.File(path, "w") as file:
        file["data"] = [1, 2]
    with pytest.raises(ValueError, match=r"x.h5: an HDF5 file, but not a spikegram result"):
        Result.load(path)


def test_newer_version(saved):
    with h5py.File(saved, "a") as file:
        file.attrs["version"] = 2
    with pytest.raises(ValueError, match="run.h5: version 2 of the format; this spikegram reads up"):
        Result.load(saved)


def test_truncated_files(saved):
    content = saved.read_bytes()
    for part in (0.1, 0.5, 0.9, 0.999):
        saved.write_bytes(content[: int(part * len(content))])
        with pytest.raises(ValueError, match="run.h5: not an HDF5 file, or a damaged one"):
            Result.load(saved)


def test_flipped_bits_never_pass_unseen(saved):
    content = bytearray(saved.read_bytes())
    rng = np.random.default_rng(5)
    expected = build()
    refused = 0
    for place in rng.integers(0, len(content), 150):
        content[place] ^= 0x55
        saved.write_bytes(content)
        try:
            found = Result.load(saved)
        except ValueError as error:
            assert "run.h5" in str(error)
            refused += 1
        else:  # an unused byte
            assert_same(expected, found)
        content[place] ^= 0x55
    assert refused > 50


def reseal(file):
    """Make the check sums fit again, as one who forges a file would."""

    def visit(name, member):
        if isinstance(member, h5py.Dataset) and member.dtype.kind in "biuf" and not member.external:
            if member.nbytes < 10**6:
                member.attrs["crc32"] = result_file._crc(member[()])

    file.visititems(visit)
    file.attrs["crc32"] = result_file._crc_of_attributes(file)


def put(path, values, **more):
    def change(file):
        del file[path]
        file.create_dataset(path, data=values, **more)

    return change


def link(path, target):
    def change(file):
        del file[path]
        file[path] = target

    return change


def announce_terabytes(file):
    del file["projections/bare/weights"]
    dataset = file.create_dataset("projections/bare/weights", (10**12,), "f8", chunks=(10**6,))
    dataset.attrs["crc32"] = 0


def rename_second(file):
    file["projections/bare"].attrs["name"] = "S1"


EXC = "populations/exc%2F%CE%B1 %2E1"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put(f"{EXC}/spikes/ids", np.full(3000, 50)), "/spikes: ids: expected 0 <= value < 50, got 50"),
        (put(f"{EXC}/spikes/steps", np.full(3000, -1)), "/spikes: steps: expected 100 <= value"),
        (put(f"{EXC}/spikes/steps", [200]), "/spikes: ids: expected as many as steps, 1, got 3000"),
        (put(f"{EXC}/traces/v/ids", [7, 90]), "trace 'v': ids: expected 0 to 49, got 90"),
        (put(f"{EXC}/traces/v/values", [[1.0]]), r"traces/v: .*expected shape \[T, K\] = \[900, 2\]"),
        (put("projections/S1/pre_ids", np.full(900, 50)), "/projections/S1: .*pre_ids: expected 0"),
        (put("projections/bare/weights", 1.0), "/projections/bare/weights: the values do not fit"),
        (put("projections/bare/weights", b"text"), "expected numbers stored in this file"),
        (lambda f: f.pop("projections"), "/projections is missing"),
        (lambda f: f.pop("projections/S1/pre_ids"), "/projections/S1/pre_ids is missing"),
        (link("projections/bare", h5py.SoftLink("/projections/S1")), "expected a group in this file"),
        (link("projections/bare", h5py.ExternalLink("o.h5", "/")), "expected a group in this file"),
        (
            put("projections/bare/weights", [0.0], external=[("other.bin", 0, 8)]),
            "expected numbers stored in this file",
        ),
        (announce_terabytes, "/projections/bare/weights: 8000000000000 bytes are announced but not"),
        (rename_second, "/projections/bare: expected the name of this group, got 'S1'"),
        (lambda f: f[EXC].attrs.pop("size"), "attribute 'size': expected int, got None"),
        (lambda f: f[EXC].attrs.create("size", 1.5), "attribute 'size': expected int, got"),
        (lambda f: f[EXC].attrs.modify("meta", "{"), "run.h5: "),
        (put("meta", "[1]"), "/meta: the text does not fit its check sum|'crc32': expected int"),
    ],
)
def test_forged_files_are_refused(saved, change, message, monkeypatch):
    monkeypatch.chdir(saved.parent)  # where an external data set would be written
    with h5py.File(saved, "a") as file:
        change(file)
        reseal(file)
    with pytest.raises(ValueError, match=message) as caught:
        Result.load(saved)
    assert str(saved) in str(caught.value)
    assert not isinstance(caught.value, json.JSONDecodeError)


def test_a_changed_number_is_seen(saved):
    with h5py.File(saved, "a") as file:
        file["projections/bare/weights"][0] = 3.0
    with pytest.raises(ValueError, match="bare/weights: the values do not fit their check sum"):
        Result.load(saved)


def test_a_changed_attribute_is_seen(saved):
    with h5py.File(saved, "a") as file:
        file[EXC]["spikes"].attrs["dt"] = 0.2
    with pytest.raises(ValueError, match="the attributes do not fit their check sum"):
        Result.load(saved)


@pytest.mark.parametrize("suffix", [".nix", ".mat"])
def test_save_neo_is_read_by_neo(tmp_path, suffix):
    neo = pytest.importorskip("neo")
    if suffix == ".nix":
        pytest.importorskip("nixio")
    spikes = SpikeTrains([5, 40, 70], [2, 0, 2], size=3, dt=0.1, t_stop=10)
    values = np.random.default_rng(0).normal(size=(4, 2))
    traces = {
        "v": Trace("v", np.arange(4) * 0.5, [2, 0], values, "mV"),
        "g": Trace("g", [0.0, 0.5, 2.0], [1], [[1.0], [2.0], [3.0]], "uS"),
    }
    record = PopulationRecord("exc", 3, spikes, traces)
    path = tmp_path / f"run{suffix}"
    Result({"exc": record}, meta=dict(dt=0.1, duration=10.0)).save_neo(path)
    assert os.listdir(tmp_path) == [path.name]

    segment = neo.io.get_io(str(path)).read_block().segments[0]
    trains = segment.spiketrains
    assert [t.rescale("ms").magnitude.tolist() for t in trains] == [[4.0], [], [0.5, 7.0]]
    assert [int(t.annotations["id"]) for t in trains] == [0, 1, 2]
    assert {t.annotations["population"] for t in trains} == {"exc"}
    assert [float(t.t_stop.rescale("ms")) for t in trains] == [10.0] * 3
    (v,) = segment.analogsignals
    np.testing.assert_array_equal(v.rescale("mV").magnitude, values)
    assert v.annotations["variable"] == "v"
    assert float(v.sampling_period.rescale("ms")) == pytest.approx(0.5)
    (g,) = segment.irregularlysampledsignals
    assert g.rescale("uS").magnitude.ravel().tolist() == [1.0, 2.0, 3.0]
    if suffix == ".nix":
        assert v.array_annotations["id"].tolist() == [2, 0]


def test_save_neo_refuses_other_formats(tmp_path):
    with pytest.raises(ValueError, match="path: expected a name that ends in .nix or .mat, got"):
        build().save_neo(tmp_path / "run.txt")
