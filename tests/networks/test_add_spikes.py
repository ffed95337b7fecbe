"""Spikes given to a network that is running: `Network.add_spikes`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sample_networks import COUNTER

from spikegram.networks import FromList, Network, OneToOne, SpikeArray
from spikegram.scripts.bench import ours

CELL = ours.cell_model("brunel")  # with two sources as in oracles/test_engine_exactness.py: compiled once
TIMES, IDS = [0, 3, 3, 7, 12, 12, 15, 21], [1, 0, 2, 1, 0, 1, 2, 0]


def build(source: SpikeArray | None = None) -> Network:
    net = Network(dt=1)
    sources = net.population(3, SpikeArray([], [], size=3) if source is None else source, name="source")
    late = net.population(2, SpikeArray([[4], [9]]), name="other")  # a second population in the same arrays
    cells = net.population(3, CELL, name="cells")
    net.project(sources, cells, OneToOne(), weight=30, delay=5, target="v")
    net.project(late, cells[:2], OneToOne(), weight=30, delay=1, target="v")
    for population in (sources, late, cells):
        net.record(population)
    return net


def raster(net: Network, name: str) -> list[tuple[int, int]]:
    spikes = net.result[name].spikes
    return [(int(t), int(i)) for t, i in zip(spikes.steps, spikes.ids, strict=True)]


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_the_same_as_spikes_that_were_there_from_the_start(backend: str) -> None:
    whole, piecewise = build(SpikeArray(TIMES, IDS)), build()
    whole.run(30, backend=backend)
    source = piecewise.populations["source"]
    piecewise.add_spikes(source, TIMES[:2], IDS[:2])  # before the first run
    piecewise.run(3, backend=backend)
    piecewise.add_spikes(source, TIMES[4:], IDS[4:])  # the later ones first
    piecewise.run(0, backend=backend)
    piecewise.add_spikes(source, TIMES[2:4], IDS[2:4])  # one of them at the present time
    piecewise.run(10, backend=backend)
    piecewise.run(17, backend=backend)
    for name in ("source", "other", "cells"):
        assert raster(piecewise, name) == raster(whole, name)
    assert raster(whole, "source") == sorted(zip(TIMES, IDS, strict=True))
    assert source.model.times.tolist() == TIMES and source.model.ids.tolist() == IDS


def test_one_time_or_one_neuron_stands_for_several() -> None:
    net = build()
    source = net.populations["source"]
    net.add_spikes(source, 2, [0, 2])
    net.add_spikes(source, [5, 9], 1)
    net.add_spikes(source, "11*ms", 0)
    net.add_spikes(source, [], [])
    net.run(12, backend="reference")
    assert raster(net, "source") == [(2, 0), (2, 2), (5, 1), (9, 1), (11, 0)]


def test_reset_forgets_them() -> None:
    net = build(SpikeArray([1], [0]))
    net.add_spikes(net.populations["source"], 2, 1)
    net.run(5, backend="reference")
    assert raster(net, "source") == [(1, 0), (2, 1)]
    net.reset()
    net.run(5, backend="reference")
    assert raster(net, "source") == [(1, 0)]


def test_a_saved_state_holds_them(tmp_path: Path) -> None:
    whole, first, second = build(SpikeArray(TIMES, IDS)), build(), build()
    first.add_spikes(first.populations["source"], TIMES, IDS)
    first.run(8, backend="reference")
    first.save_state(tmp_path / "state.npz")
    second.add_spikes(second.populations["source"], 10, [0, 1, 2])  # replaced by those of the file
    second.restore_state(tmp_path / "state.npz")
    second.run(22, backend="reference")
    whole.run(30, backend="reference")
    for name in ("source", "cells"):
        assert raster(second, name) == [(t, i) for t, i in raster(whole, name) if t >= 8]
    second.add_spikes(second.populations["source"], 30, 0)
    assert second.populations["source"].model.times.tolist() == [*TIMES, 30]


def test_many_short_runs_make_one_recording() -> None:
    whole, pieces = build(SpikeArray(TIMES, IDS)), build(SpikeArray(TIMES, IDS))
    for net in (whole, pieces):
        net.record(net.populations["cells"], "v")
    whole.run(30, backend="reference")
    for _ in range(30):
        pieces.run(1, backend="reference")
    assert raster(pieces, "cells") == raster(whole, "cells")
    np.testing.assert_array_equal(pieces.result["cells"].v, whole.result["cells"].v)
    np.testing.assert_array_equal(pieces.result["cells"].t("v"), np.arange(30.0))


@pytest.mark.parametrize(
    ("times", "ids", "words"),
    [
        (4, 0, r"times: expected at least 5 ms \(now\), got 4 ms"),
        (6, 3, r"ids: expected 0 to 2, got 3"),
        (6, -1, r"ids: expected whole numbers >= 0"),
        (6.5, 0, r"6.5 ms is not a multiple of the time step"),
        ([6, 6], 0, r"neuron 0 spikes twice in the step at 6 ms"),
        (8, 1, r"neuron 1 spikes twice in the step at 8 ms"),
        ([6, 7, 8], [0, 1], r"ids: expected as many as times, \(3,\), got \(2,\)"),
        (float("nan"), 0, "NaN"),
        ("6*mV", 0, "expected a value in"),
    ],
)
def test_refused_and_nothing_changed(times: object, ids: object, words: str) -> None:
    net = build(SpikeArray([8], [1]))
    net.run(5, backend="reference")
    with pytest.raises(ValueError, match=words):
        net.add_spikes(net.populations["source"], times, ids)
    net.run(5, backend="reference")
    assert raster(net, "source") == [(8, 1)]


def test_only_spike_arrays_of_this_network_take_spikes() -> None:
    net = build()
    with pytest.raises(ValueError, match="'cells' has cells, not a SpikeArray"):
        net.add_spikes(net.populations["cells"], 1, 0)
    with pytest.raises(TypeError, match="expected a population of this network"):
        net.add_spikes(build().populations["source"], 1, 0)
    with pytest.raises(TypeError, match="expected a population of this network"):
        net.add_spikes(net.populations["source"][:1], 1, 0)


def test_spikes_given_between_runs_are_as_if_given_first():
    times, ids = np.array([0.1, 0.4, 0.4, 0.7, 1.0, 1.2]), np.array([0, 1, 0, 1, 1, 0])
    results = []
    for cut in (6, 0, 2):
        net = Network(dt=0.1)
        cells = net.population(2, COUNTER, name="cells")
        source = net.population(2, SpikeArray(times[:cut], ids[:cut], size=2), name="source")
        net.project(
            source, cells, FromList([(0, 0), (0, 1), (1, 1)]), weight=[1, 2, 4], target="x", delay=[0, 0.5, 0.1]
        )
        net.record(cells, "x")
        net.record(source, "spikes")
        net.run(0.3, backend="reference")
        if cut == 2:
            with pytest.raises(ValueError, match="spikes twice in the step at 0.4 ms"):
                net.add_spikes(source, 0.4, 1)
        late = np.arange(cut, 6)
        net.add_spikes(source, times[late[times[late] >= 0.3]], ids[late[times[late] >= 0.3]])
        results.append(net.run(1.2, backend="reference"))
    assert results[0]["source"].spikes == results[2]["source"].spikes
    assert np.array_equal(results[0]["cells"].x, results[2]["cells"].x)
    assert results[1]["source"].spikes.steps.tolist() == [4, 4, 7, 10, 12]  # the one at 0.1 ms was past
    with pytest.raises(ValueError, match=r"add_spikes to 'source': times: expected at least 1.5 ms \(now\), got 1 ms"):
        net.add_spikes(source, 1, 0)
    with pytest.raises(ValueError, match="ids: expected 0 to 1, got 2"):
        net.add_spikes(source, 5, 2)
    with pytest.raises(ValueError, match="'cells' has cells, not a SpikeArray"):
        net.add_spikes(cells, 5, 0)
    with pytest.raises(TypeError, match="expected a population of this network"):
        net.add_spikes("source", 5, 0)
