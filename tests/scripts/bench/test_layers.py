"""`spikegram bench layers`: contenders take turns, results are written."""

from __future__ import annotations

import json

import pytest

from spikegram.scripts.bench.layers import WORKS, Work, measure, run_layers


def test_contenders_take_turns() -> None:
    order = []
    seconds = measure({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 3)
    assert order == ["a", "b"] * 3
    assert {k: len(v) for k, v in seconds.items()} == {"a": 3, "b": 3}


def test_results_are_told_and_written(tmp_path, monkeypatch) -> None:
    lines = []
    work = Work(lambda quick: {"spikegram": lambda: 1, "other": lambda: 2}, lambda answers: None)
    monkeypatch.setitem(WORKS, "made", work)
    run_layers(["made"], tmp_path, repeats=2, tell=lines.append)
    assert [line.split()[:2] for line in lines] == [["made", "spikegram"], ["made", "other"]]
    written = json.loads((tmp_path / "layers.json").read_text())
    assert len(written["works"]["made"]["other"]) == 2


def test_unknown_names_are_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match="expected names among lif"):
        run_layers(["nothing"], tmp_path)
