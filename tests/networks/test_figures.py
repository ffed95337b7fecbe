"""The figure of a recording: what is drawn where, choices, refusals, no pyplot state."""

import subprocess
import sys

import numpy as np
import pytest

from spikegram.networks.figures import plot_result
from spikegram.networks.records import PopulationRecord, Trace
from spikegram.networks.result import Result
from spikegram.networks.spiketrains import SpikeTrains


def spikes(n, steps, ids, **more):
    return SpikeTrains(steps, ids, size=n, dt=1.0, t_stop=100, **more)


def trace(name, ids, unit="mV", low=-60.0):
    times = np.arange(100.0)
    return Trace(name, times, ids, np.tile(low + times[:, None] / 10, (1, len(ids))), unit)


@pytest.fixture
def result():
    exc = PopulationRecord(
        "exc",
        20,
        spikes(20, [10, 10, 30, 99], [0, 19, 2, 2]),
        {"v": trace("v", [2, 5, 7, 9]), "g": trace("g", [2], "uS", 0.0)},
        threshold=-51.0,
    )
    inh = PopulationRecord("inh", 10, spikes(10, [50, 60], [9, 3]))
    return Result({"exc": exc, "inh": inh}, meta=dict(dt=1.0, duration=100.0))


def texts(ax):
    return [t.get_text() for t in ax.texts]


def panels(figure):
    return [texts(ax)[0] for ax in figure.axes if ax.get_ylabel() not in ("neuron", "rate (Hz)")]


def test_raster_has_a_band_per_population(result):
    raster = plot_result(result, what="spikes").axes[0]
    assert texts(raster) == ["exc (20)", "inh (10)"]
    exc, inh = (line for line in raster.lines if line.get_linestyle() == "None")
    assert exc.get_xdata().tolist() == [10.0, 10.0, 30.0, 99.0]
    # 30 rows: exc has the upper 20, neuron 0 at the bottom of its band
    np.testing.assert_allclose(np.multiply(exc.get_ydata(), 30), [10.5, 29.5, 12.5, 12.5])
    np.testing.assert_allclose(np.multiply(inh.get_ydata(), 30), [9.5, 3.5])
    assert exc.get_color() != inh.get_color()


def test_raster_ticks_are_neuron_numbers(result):
    raster = plot_result(result, what="spikes").axes[0]
    for position, label in zip(raster.get_yticks(), raster.get_yticklabels(), strict=True):
        row = position * 30 - 0.5
        assert int(label.get_text()) == pytest.approx(row - 10 if row > 9.9 else row)


def test_a_partly_recorded_population_shows_its_rows_only():
    some = spikes(1000, [5, 6], [700, 40], recorded=[40, 300, 700])
    result = Result({"p": PopulationRecord("p", 1000, some)}, meta=dict(dt=1.0, duration=100.0))
    raster = plot_result(result).axes[0]
    assert texts(raster) == ["p (3 of 1000)"]
    np.testing.assert_allclose(raster.lines[0].get_ydata(), [2.5 / 3, 0.5 / 3])


def test_small_populations_stay_visible():
    records = {
        "big": PopulationRecord("big", 5000, spikes(5000, [1], [0])),
        "one": PopulationRecord("one", 1, spikes(1, [3], [0])),
    }
    raster = plot_result(Result(records, meta=dict(dt=1.0, duration=100.0))).axes[0]
    floor = raster.lines[1].get_ydata()[0]  # the line between the bands
    assert floor == pytest.approx(0.035 / 1.0348, rel=1e-3)


def test_rate_histogram_counts_per_neuron(result):
    rates = plot_result(result, what="spikes", bin_ms=20).axes[1]
    exc, inh = (patch.get_data() for patch in rates.patches)
    # 2 spikes of 20 neurons in 20 ms are 5 Hz, 2 of 10 neurons in two bins likewise
    assert exc.values.tolist() == pytest.approx([5.0, 2.5, 0.0, 0.0, 2.5])
    assert inh.values.tolist() == pytest.approx([0.0, 0.0, 5.0, 5.0, 0.0])
    assert exc.edges.tolist() == [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]


def test_many_populations_share_one_mean_rate():
    records = {f"p{k}": PopulationRecord(f"p{k}", 4, spikes(4, [k], [0])) for k in range(6)}
    rates = plot_result(Result(records, meta=dict(dt=1.0, duration=100.0)), bin_ms=50).axes[1]
    (mean,) = rates.patches
    # 6 spikes of 24 neurons in 50 ms
    assert mean.get_data().values.tolist() == pytest.approx([5.0, 0.0])
    assert texts(rates) == ["mean of all"]


def test_few_neurons_get_no_rate_beside_many(result):
    records = {**result.populations, "in": PopulationRecord("in", 1, spikes(1, [5], [0]))}
    figure = plot_result(Result(records, meta=result.meta), what="spikes")
    assert len(figure.axes[1].patches) == 2


def test_traces_have_threshold_and_spikes(result):
    figure = plot_result(result, what="exc.v", max_traces=2)
    first, second = figure.axes
    assert first.get_ylabel() == "v (mV)"
    assert panels(figure) == ["exc 2", "exc 5"]
    values, threshold = first.lines
    assert values.get_ydata()[:3].tolist() == [-60.0, -59.9, -59.8]
    assert threshold.get_ydata() == [-51.0, -51.0]
    assert [s[0][0] for s in first.collections[0].get_segments()] == [30.0, 99.0]
    assert second.collections[0].get_segments() == []
    assert first.get_ylim() == second.get_ylim()
    assert "(2 of 4 recorded traces shown)" in second.get_xlabel()


def test_only_v_gets_a_threshold(result):
    (ax,) = plot_result(result, what="g").axes
    assert ax.get_ylabel() == "g (µS)"
    assert (len(ax.lines), len(ax.collections)) == (1, 0)
    assert ax.get_xlabel() == "time (ms)"


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (None, ["exc 2", "exc 5", "exc 7", "exc 2"]),
        ("v", ["exc 2", "exc 5", "exc 7"]),
        (["g", "inh"], ["exc 2"]),
        ("exc", ["exc 2", "exc 5", "exc 7", "exc 2"]),
        ("inh", []),
        (["spikes", "exc.g"], ["exc 2"]),
    ],
)
def test_what_chooses(result, what, expected):
    assert panels(plot_result(result, what=what)) == expected


def test_every_trace_gets_a_panel_before_any_gets_two():
    records = {f"p{k}": PopulationRecord(f"p{k}", 5, traces={"v": trace("v", [0, 1, 2])}) for k in range(5)}
    figure = plot_result(Result(records, meta=dict(dt=1.0, duration=100.0)))
    shown = panels(figure)
    assert shown == ["p0 0", "p0 1", "p1 0", "p1 1", "p2 0", "p2 1", "p3 0", "p3 1", "p4 0"]
    assert "(9 of 15 recorded traces shown)" in figure.axes[-1].get_xlabel()


def test_part_of_the_time(result):
    figure = plot_result(result, start=20, stop=60)
    assert figure.axes[0].lines[0].get_xdata().tolist() == [30.0]
    assert figure.axes[-1].get_xlim() == (20.0, 60.0)
    assert figure.axes[2].lines[0].get_xdata()[[0, -1]].tolist() == [20.0, 60.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(what="w"), "what: expected some of exc, exc.g, exc.spikes, exc.v, .*, got 'w'"),
        (dict(what=["spikes", "inh.v"]), "what: expected some of .*, got 'inh.v'"),
        (dict(what=[]), "nothing to plot"),
        (dict(start=50, stop=50), "start, stop: expected start < stop in ms, got 50, 50"),
        (dict(bin_ms=0.5), "bin_ms: expected a multiple of dt"),
        (dict(max_traces=-1), "max_traces: expected at least 0, got -1"),
    ],
)
def test_wrong_choices_are_named(result, arguments, message):
    with pytest.raises(ValueError, match=message):
        plot_result(result, **arguments)


def test_nothing_recorded():
    empty = Result({"a": PopulationRecord("a", 3)}, meta=dict(dt=1.0, duration=100.0))
    with pytest.raises(ValueError, match="nothing to plot: no spikes and no traces were recorded"):
        plot_result(empty)


def test_silent_and_empty_populations_can_be_drawn(tmp_path):
    records = {
        "silent": PopulationRecord("silent", 3, spikes(3, [], [])),
        "none": PopulationRecord("none", 0, spikes(0, [], [])),
    }
    result = Result(records, meta=dict(dt=1.0, duration=100.0))
    figure = plot_result(result, tmp_path / "silent.png")
    assert texts(figure.axes[0]) == ["silent (3)", "none (0)"]


def test_names_are_no_formulas(tmp_path):
    record = PopulationRecord("$\\frac{", 3, spikes(3, [1], [0]))
    result = Result({"$\\frac{": record}, meta=dict(dt=1.0, duration=100.0))
    plot_result(result, tmp_path / "figure.png")


def test_large_rasters_are_pixels_in_vector_files():
    rng = np.random.default_rng(0)
    many = SpikeTrains(rng.integers(0, 1000, 30_000), rng.integers(0, 500, 30_000), 500, 1.0, 1000)
    few = many.select(np.arange(10))
    records = {"many": PopulationRecord("many", 500, many), "few": PopulationRecord("few", 500, few)}
    raster = plot_result(Result(records, meta=dict(dt=1.0, duration=1000.0))).axes[0]
    marks = [line for line in raster.lines if line.get_linestyle() == "None"]
    assert [line.get_rasterized() for line in marks] == [True, False]


def test_pyplot_and_settings_are_left_alone():
    code = """
import sys, matplotlib
before = dict(matplotlib.rcParams)
from spikegram.networks.result import *
spikes = SpikeTrains([1], [0], 2, 1.0, 10)
Result({"a": PopulationRecord("a", 2, spikes)}, meta=dict(dt=1.0, duration=10.0)).plot()
print("matplotlib.pyplot" in sys.modules, before == dict(matplotlib.rcParams))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
