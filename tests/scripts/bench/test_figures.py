"""Pictures from result files written by hand."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.image import imread

from spikegram.scripts.bench.figures import bars, draw


def _ratio(peer: str, dtype: str, threads: int, median: float, equal: bool = False) -> dict:
    return dict(
        ours=f"spikegram {dtype}", against="", peer=peer, dtype=dtype, threads=threads, equal_threads=equal,
        median=median, minimum=0.9 * median, in_range=True,
    )  # fmt: skip


def _result(name: str, cells: int, sim_s: float) -> dict:
    system = dict(
        sim_s=sim_s, updates=1e4 * cells, events=400 * cells, steps=1e4, synapses=80 * cells, built_bytes=None
    )
    same = [
        _ratio(p, d, t, 2.0 * t, t == 2) for p in ("brian2", "nest") for d in ("float32", "float64") for t in (1, 2)
    ]
    return dict(
        network=name, seconds=1.0, cells=cells, goals=dict(brian2=5),
        machine=dict(processor="a processor", core="znver4", cores=2),
        systems={"spikegram float32, 2 threads": system},
        ratios=[*same, _ratio("nest", "float32", 2, 8.0)],
    )  # fmt: skip


def test_bars_are_of_the_better_number_of_threads() -> None:
    result = _result("cuba4k", 4000, 0.1)
    assert [(b["dtype"], b["threads"], b["median"], b["goal"]) for b in bars(dict(cuba4k=result), "nest")] == [
        ("float32", 2, 8.0, None), ("float64", 1, 2.0, None),
    ]  # fmt: skip
    result["ratios"].append(_ratio("brian2", "float64", 1, 3.0))
    assert [(b["threads"], b["median"], b["goal"]) for b in bars(dict(cuba4k=result), "brian2")] == [
        (1, 2.0, 5), (1, 3.0, None),
    ]  # fmt: skip


def test_draw(tmp_path: Path) -> None:
    assert draw(tmp_path) == []
    for name, cells, sim_s in (("cuba4k", 4000, 0.1), ("cuba40k", 40_000, 1.1), ("cuba400k", 400_000, 15.0)):
        (tmp_path / f"{name}.json").write_text(json.dumps(_result(name, cells, sim_s)))
    label = "spikegram float32, 2 threads"
    entry = dict(label=label, steps=1e3, events=1e6, updates=1e6, built_bytes=1e7)
    cases = [
        dict(entry, case=dict(cells=s / 1e3), synapses=s, rate=r, sim_s=1e-3 * (1 + r), us_per_step=s / 1e6 * (1 + r))
        for s in (1e6, 1e7) for r in (0.0, 1.0, 5.0)
    ]  # fmt: skip
    spread = [dict(entry, case=dict(delays=d), synapses=1e7, rate=5.0, sim_s=1.0, us_per_step=10.0) for d in (1, 5, 21)]
    for name, rows in (("scale", cases), ("delays", spread)):
        (tmp_path / f"{name}.json").write_text(json.dumps(dict(network=name, systems={}, cases=rows)))
    assert draw(tmp_path) == ["ratios.png", "growth.png"]
    for name in ("ratios.png", "growth.png"):
        image = imread(tmp_path / name)
        assert image.shape[0] > 200 and image.std() > 0.05
