"""The row of a run: what is derived from an outcome, and a whole run in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spikegram.scripts.bench.catalogue import find
from spikegram.scripts.bench.runner import execute
from spikegram.scripts.bench.task import Outcome, Task
from spikegram.scripts.bench.worker import load, main, row


def outcome(**more: object) -> Outcome:
    each = np.arange(32_000)  # ten spikes of each of 3,200 cells, 20 ms apart
    spikes = {"E": (210.0 + 20.0 * (each // 3200), each % 3200), "I": (np.full(800, 500.0), np.arange(800))}
    return Outcome(1.0, 2.0, 0.5, 10_000, 320_000, spikes, built_bytes=3_200_000, peak_bytes=7, **more)


def test_derived_numbers() -> None:
    found = row(Task("cuba4k", "nest", 1.0), outcome(ready_s=3.0))
    assert (found["rtf"], found["spikes"], found["updates"], found["bytes_per_synapse"]) == (0.5, 32_800, 4e7, 10)
    assert found["events"] == pytest.approx(32_800 * 80)  # mean out-degree
    assert found["rate_E"] == pytest.approx(10 / 0.8) and found["peak_bytes"] == 7 and found["ready_s"] == 3.0
    assert found["in_range"] is False
    assert (
        "rate_E 12.5 outside 4.6 ... 6.4" in found["misses"]
        and "cv_I not defined outside 0.455 ... 0.61" in found["misses"]
    )


def test_mean_out_degree_of_fixed_in_degrees() -> None:
    found = row(Task("brunel_stdp", "nest", 1.0), outcome(weights=(np.full(4, 0.5), 0.0, 1.0)))
    assert found["events"] == 32_800 * 250  # each source: 200/2000 or 50/500 of 2500 targets
    assert (found["w_mean"], found["w_std"], found["w_low"]) == (0.5, 0.0, 0.0)


def test_counted_events_and_what_is_not_checked() -> None:
    assert row(Task("cuba4k", "spikegram", 1.0), outcome(events=5.0))["events"] == 5.0
    alone = row(Task("cuba4k", "spikegram", 1.0, delivery=False), outcome())
    assert alone["events"] == 0 and alone["in_range"] is None and "rate_E" not in alone
    short = row(Task("cuba4k", "spikegram", 0.5), outcome())
    assert short["in_range"] is None and short["rate_E"] > 0
    other = row(Task("cuba4k", "spikegram", 0.5), outcome(more=dict(misses=["no"])))
    assert other["in_range"] is False


def test_load_gives_the_system_of_the_task() -> None:
    assert load(Task("cuba4k", "spikegram", 1.0)).__module__ == "spikegram.scripts.bench.ours"
    assert load(Task("cuba4k", "brian2", 1.0)).__module__ == "spikegram.scripts.bench.brian2_peer"
    assert load(Task("cuba4k", "nest", 1.0)).__module__ == "spikegram.scripts.bench.nest_peer"
    assert load(Task("scale", "spikegram", 1.0)).__module__ == "spikegram.scripts.bench.growth"


def test_main_writes_the_row(tmp_path: Path) -> None:
    path = tmp_path / "row.json"
    case = dict(cells=200, synapses=2000.0, rates=[100.0])
    main([Task("scale", "spikegram", 0.05, case=case).to_json(), str(path)])
    found = json.loads(path.read_text())
    assert found["in_range"] and found["parts"][0]["spikes"] == pytest.approx(1000, abs=160)
    assert found["whole_s"] > found["sim_s"] > 0


def test_a_whole_run() -> None:
    found = execute(Task("cuba4k", "spikegram", 0.3))
    assert "error" not in found, found
    assert found["synapses"] == pytest.approx(320_000, rel=0.01)
    assert found["events"] / found["spikes"] == pytest.approx(80, rel=0.02)
    assert 3 < found["rate_E"] < 9
    assert found["peak_bytes"] > found["built_bytes"] > 0
    assert found["process_s"] > found["ready_s"] > found["build_s"] > 0 and found["other_load"] >= 0
    assert find("cuba4k").ranges.get(0.3) is None and found["in_range"] is None
