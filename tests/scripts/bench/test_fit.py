"""Costs that were put in come out again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spikegram.scripts.bench.fit import cases, costs, fit, growth, read_results, slope


def test_fit_of_exact_and_of_disturbed_times() -> None:
    points = [(u * 2e-9 + e * 3e-9 + s * 1e-6, u, e, s) for u in (1e6, 1e8) for e in (0, 1e6, 1e8) for s in (1e3, 1e4)]
    found = fit(points)
    assert found["ns_per_update"] == pytest.approx(2) and found["ns_per_event"] == pytest.approx(3)
    assert found["us_per_step"] == pytest.approx(1) and found["largest_error"] < 1e-9 and found["points"] == 12
    disturbed = [(t * (1.1 if k % 2 else 0.9), *rest) for k, (t, *rest) in enumerate(points)]
    assert 0.05 < fit(disturbed)["largest_error"] < 0.25


def test_no_cost_is_negative() -> None:
    found = fit([(1.0, 1e8, 0, 1e4), (2.0, 1e8, 0, 1e3), (1.5, 1e8, 0, 5e3)])  # more steps, less time
    assert found["us_per_step"] == 0 and found["ns_per_update"] > 0


def test_too_few_points() -> None:
    with pytest.raises(ValueError, match="points: expected at least 3 for three costs, got 2"):
        fit([(1.0, 1, 1, 1)] * 2)


def test_slope() -> None:
    assert slope([(1000, 50_000), (100, 14_000), (500, None)]) == pytest.approx(40)
    assert slope([(100, 14_000)]) is None and slope([(100, 1), (100, 2)]) is None


def _case_row(sim_s: float, **more: float) -> dict:
    part = dict(rate=5.0, sim_s=sim_s, steps=1000, updates=10**6, spikes=5, events=5e3, us_per_step=1e3 * sim_s)
    return dict(label="a", case=dict(synapses=1e6, cells=1000), parts=[part], build_s=1.0, synapses=10**6, **more)


def test_cases_join_repeats() -> None:
    (found,) = cases([_case_row(0.3), _case_row(0.1, peak_bytes=7), _case_row(0.2), dict(label="b", error="x")])
    assert (found["runs"], found["sim_s"], found["sim_min_s"], found["us_per_step"]) == (3, 0.2, 0.1, 200)
    assert found["peak_bytes"] == 7 and found["bytes_per_synapse"] is None


def test_growth_of_result_files(tmp_path: Path) -> None:
    def system(n: float, synapses: float) -> dict:
        sim_s = 1e-9 * n * 1e4 + 2e-9 * synapses * 5 + 1e-6 * 1e4
        return dict(
            sim_s=sim_s, updates=n * 1e4, events=synapses * 5, steps=1e4, synapses=synapses, built_bytes=8 * synapses
        )

    for name, n, synapses in (("cuba4k", 4e3, 3e5), ("cuba40k", 4e4, 2e6), ("cuba400k", 4e5, 3e7)):
        content = dict(network=name, systems={"ours": system(n, synapses)})
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    (tmp_path / "growth.json").write_text("{}")
    results = read_results(tmp_path)
    assert set(results) == {"cuba4k", "cuba40k", "cuba400k"}
    found = growth(results)
    assert found["fits"]["cuba"]["ours"]["ns_per_event"] == pytest.approx(2)
    assert found["bytes_per_synapse"] == {"cuba": {"ours": pytest.approx(8)}, "scale": {}}
    assert growth({}) == dict(fits=dict(cuba={}, scale={}), bytes_per_synapse=dict(cuba={}, scale={}))


def test_runs_without_synapses_tell_events_from_updates() -> None:
    def content(n: float) -> dict:
        cells = 1e-9 * n * 1e4 + 1e-6 * 1e4
        both = dict(
            sim_s=cells + 3e-9 * n * 400, cells_s=cells, updates=n * 1e4, events=n * 400, steps=1e4, synapses=80 * n
        )
        return dict(systems={"ours": both})

    found = growth({"cuba4k": content(4e3), "cuba40k": content(4e4)})["fits"]["cuba"]["ours"]
    assert found["ns_per_event"] == pytest.approx(3) and found["ns_per_update"] == pytest.approx(1)
    assert costs(found) == "1 ns/update + 3 ns/event + 1 us/step (error 0 %)"


def test_results_come_in_the_order_of_the_catalogue(tmp_path: Path) -> None:
    for name in ("another", "scale", "cuba40k", "cuba4k"):
        (tmp_path / f"{name}.json").write_text(json.dumps(dict(network=name, systems={})))
    assert list(read_results(tmp_path)) == ["cuba4k", "cuba40k", "scale", "another"]
