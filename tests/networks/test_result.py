"""The whole recording: access by name, tables, Neo objects, plot methods."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

from spikegram.networks.records import PopulationRecord, ProjectionRecord, Trace
from spikegram.networks.result import Result
from spikegram.networks.spiketrains import SpikeTrains


@pytest.fixture
def result():
    exc = PopulationRecord(
        "exc",
        3,
        SpikeTrains([5, 40, 70], [2, 0, 2], size=3, dt=0.1, t_stop=10),
        {
            "v": Trace("v", [0.0, 0.5, 1.0], [2, 0], np.arange(6.0).reshape(3, 2), "mV"),
            "g": Trace("g", [0.0, 0.5, 2.0], [1], [[1.0], [2.0], [3.0]], "uS"),
            "x": Trace("x", [0.0], [1], [[7.0]], "metre^2 second^-1"),
        },
        threshold=-50,
    )
    inh = PopulationRecord("inh", 2, SpikeTrains([40], [1], size=2, dt=0.1, t_stop=10))
    silent = PopulationRecord("silent", 4)
    weights = ProjectionRecord("S1", "exc", "inh", [0, 2], [1, 0], [0.5, 1.5], unit="nA")
    return Result(
        {"exc": exc, "inh": inh, "silent": silent},
        {"S1": weights},
        dict(dt=0.1, duration=10.0, seed=np.int64(7), backend="numba"),
    )


def test_access_by_name(result):
    assert result["exc"].v[:, 1].tolist() == [1.0, 3.0, 5.0]
    assert result["exc"].rates().tolist() == [100.0, 0.0, 200.0]
    assert list(result) == list(result.keys()) == ["exc", "inh", "silent"]
    assert "inh" in result
    assert "S1" not in result
    assert len(result) == 3
    assert result.projections["S1"].weights.tolist() == [0.5, 1.5]
    assert (result.dt, result.duration, result.interrupted) == (0.1, 10.0, False)
    assert result.meta["seed"] == 7
    assert type(result.meta["seed"]) is int


def test_unknown_names_list_the_known_ones(result):
    with pytest.raises(ValueError, match="no population 'ex'; recorded: exc, inh, silent"):
        result["ex"]
    with pytest.raises(ValueError, match="no projection 'S2'; recorded: S1"):
        result.projections["S2"]
    with pytest.raises(ValueError, match="no projection 'S2'; recorded: S1"):
        result.plot_weights("S2")
    assert result.projections.get("S2") is None


def test_text_says_what_is_in_it(result):
    lines = str(result).splitlines()
    assert lines[0] == "Result of 10 ms at dt 0.1 ms"
    assert lines[1] == "  exc: 3 neurons, 3 spikes (100 Hz), v of 2, g of 1, x of 1"
    assert lines[3] == "  silent: 4 neurons"
    assert lines[4] == "  S1: 2 synapses from exc to inh"


def test_pickle(result):
    twin = pickle.loads(pickle.dumps(result))
    assert twin["exc"].spikes == result["exc"].spikes
    with pytest.raises(ValueError, match="no population 'ex'; recorded: exc"):
        twin["ex"]


def test_to_pandas_is_in_the_order_of_time(result):
    frame = result.to_pandas()
    assert list(frame.columns) == ["time", "population", "id"]
    assert frame.values.tolist() == [
        [5 * 0.1, "exc", 2],
        [4.0, "exc", 0],
        [4.0, "inh", 1],
        [70 * 0.1, "exc", 2],
    ]
    assert Result({}, meta=dict(dt=0.1, duration=0)).to_pandas().empty


def test_to_neo(result):
    block = result.to_neo()
    assert json.loads(block.annotations["meta"])["backend"] == "numba"
    (segment,) = block.segments
    trains = segment.spiketrains
    assert [(t.annotations["population"], t.annotations["id"]) for t in trains] == [
        ("exc", 0),
        ("exc", 1),
        ("exc", 2),
        ("inh", 0),
        ("inh", 1),
    ]
    assert trains[2].rescale("ms").magnitude.tolist() == [0.5, 7.0]
    v, x = segment.analogsignals
    assert v.annotations == {"population": "exc", "variable": "v"}
    assert v.array_annotations["id"].tolist() == [2, 0]
    assert v.rescale("V").magnitude[2].tolist() == pytest.approx([4e-3, 5e-3])
    assert v.times.rescale("ms").magnitude.tolist() == pytest.approx([0.0, 0.5, 1.0])
    assert x.units.dimensionality.string == "m**2/s"
    (g,) = segment.irregularlysampledsignals
    assert g.times.rescale("ms").magnitude.tolist() == [0.0, 0.5, 2.0]
    assert g.rescale("siemens").magnitude[:, 0].tolist() == pytest.approx([1e-6, 2e-6, 3e-6])


@pytest.mark.parametrize("unit", ["__import__('os')", "UnitQuantity", "metre^two", "mV*mV"])
def test_to_neo_never_evaluates_a_unit(unit):
    trace = Trace("x", [0.0, 1.0], [0], [[1.0], [2.0]], unit)
    record = PopulationRecord("a", 1, traces={"x": trace})
    signal = Result({"a": record}, meta=dict(dt=1, duration=2)).to_neo().segments[0].analogsignals[0]
    assert signal.dimensionality.string == "dimensionless"
    assert signal.annotations["unit"] == unit


def test_booleans_become_numbers_in_neo():
    trace = Trace("free", [0.0, 1.0], [0], np.array([[True], [False]]))
    record = PopulationRecord("a", 1, traces={"free": trace})
    signal = Result({"a": record}, meta=dict(dt=1, duration=2)).to_neo().segments[0].analogsignals[0]
    assert signal.magnitude[:, 0].tolist() == [1, 0]


def test_plot_methods_write_files(result, tmp_path):
    result.plot(tmp_path / "raster.png", start=0, stop=8)
    result.plot_weights("S1", tmp_path / "weights.png")
    result.plot_weight_histogram("S1", tmp_path / "histogram.png", bins=5)
    for name in ("raster", "weights", "histogram"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (({}, {}, {"dt": 0.1}), ValueError, "meta: expected 'duration' as a number of ms, got None"),
        (({}, {}, {"dt": True, "duration": 1}), ValueError, "meta: expected 'dt' as a number"),
        (({}, {}, [1]), TypeError, "meta: expected a dictionary"),
        (({"a": 5}, {}, {}), TypeError, "population 'a': expected a PopulationRecord, got 5"),
        (
            ({"a": PopulationRecord("b", 1)}, {}, {}),
            ValueError,
            "population 'a': its record has the name 'b'",
        ),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        Result(*arguments)


def test_import_is_light():
    code = (
        "import sys, spikegram.networks.result, spikegram.networks.result_file, "
        "spikegram.networks.figures, spikegram.networks.weight_figures\n"
        "heavy = {'matplotlib', 'h5py', 'neo', 'pandas', 'quantities', 'brian2', 'sympy', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
