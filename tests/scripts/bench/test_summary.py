"""Medians, ratios, the split of cost and the tables, from rows written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from spikegram.scripts.bench.summary import case_table, ratios, systems, table


def row(system: str, sim_s: float, threads: int = 1, dtype: str = "float64", **more: Any) -> dict[str, Any]:
    label = f"{system} {dtype} {threads}"
    base = dict(label=label, system=system, dtype=dtype, threads=threads, sim_s=sim_s, delivery=True, cold=False)
    return {**base, "case": {}, "rtf": sim_s, "updates": 4e7, "events": 1e6, "in_range": True, **more}


ROWS = [
    *(row("spikegram", s, build_s=s, peak_bytes=None) for s in (0.4, 0.2, 0.3)),
    row("spikegram", 0.1, 2),
    row("spikegram", 0.1, delivery=False),
    row("spikegram", 0.1, cold=True, ready_s=7.0),
    *(row("nest", s, 1) for s in (6.0, 3.0)),
    row("nest", 2.0, 2, in_range=False),
    row("brian2", 1.5),
    dict(label="spikegram float64 1", system="spikegram", error="failed", dtype="float64", threads=1),
]


def test_medians_minima_and_the_split() -> None:
    found = systems(ROWS)
    mine = found["spikegram float64 1"]
    assert (mine["runs"], mine["sim_s"], mine["sim_min_s"], mine["sim_max_s"], mine["build_s"]) == (
        3,
        0.3,
        0.2,
        0.4,
        0.3,
    )
    assert "peak_bytes" not in mine
    assert mine["ns_neuron"] == pytest.approx(2.5)  # 0.1 s / 4e7
    assert mine["ns_event"] == pytest.approx(200)  # 0.2 s / 1e6
    assert mine["ready_cold_s"] == 7.0 and "ready_cold_s" not in found["spikegram float64 2"]
    assert found["nest float64 1"]["sim_s"] == 4.5
    assert [e["in_range"] for e in found.values()] == [True, True, True, False, True]


def test_ratios() -> None:
    found = {(r["ours"][-1], r["against"]): r for r in ratios(systems(ROWS))}
    assert found["1", "nest float64 1"]["median"] == pytest.approx(15)
    assert found["1", "nest float64 1"]["minimum"] == pytest.approx(15)
    assert found["2", "nest float64 2"]["median"] == pytest.approx(20)
    assert not found["2", "nest float64 2"]["in_range"]
    assert found["1", "NEST, better setting"]["median"] == pytest.approx(2 / 0.3)
    assert found["1", "NEST, better setting"]["minimum"] == pytest.approx(2 / 0.2)
    assert ("2", "brian2 float64 1") not in found
    assert found["2", "Brian 2 C++ standalone, better setting"]["median"] == pytest.approx(15)
    assert ratios(systems(ROWS[:4])) == []


def test_table() -> None:
    lines = table(systems(ROWS)).splitlines()
    assert lines[0].split()[-4:] == ["x", "nest", "x", "brian2"]
    assert lines[1].split()[-4:] == ["6.67", "5", "in", "range"]
    assert lines[4].endswith("OUT OF RANGE")


def test_case_table() -> None:
    entry = dict(
        label="spikegram float32, 1 thread", case=dict(cells=1000, synapses=1e6), synapses=999_000, rate=5.0,
        us_per_step=10.0, sim_s=0.02, sim_min_s=0.01, steps=2000, updates=2e6, build_s=0.5, bytes_per_synapse=None,
        peak_bytes=3e8,
    )  # fmt: skip
    words = case_table([entry]).splitlines()[1].split()
    assert words[4:] == ["1000", "9.99e+05", "1", "5", "10", "5", "10", "0.5", "-", "300"]
