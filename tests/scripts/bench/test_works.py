"""Suites of works: medians, ratios, disagreements, the result file and the command."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikegram.cli import main
from spikegram.scripts.bench import works as module
from spikegram.scripts.bench.works import Work, bench_suite, measure


def fake(answer: int = 3, goal: float = 2.0) -> Work:
    def make(threads: int, quick: bool) -> dict[str, Any]:
        def slow() -> int:
            time.sleep(0.02)
            return answer

        return {"ours": lambda: 3, "slow": slow}

    def agree(answers: Any) -> None:
        if len(set(answers.values())) > 1:
            raise ValueError(f"answers differ: {answers}")

    return Work("adding", "one and two", make, agree, {"slow": goal})


def test_measure() -> None:
    row = measure(fake(), threads=1, repeats=3)
    assert row["ratios"]["slow"] > 2 and row["reached"] and not row["complaint"]
    assert len(row["seconds"]["slow"]) == 3 and row["median"]["slow"] >= 0.02 > row["cpu_median"]["slow"]
    assert not measure(fake(goal=1e9), repeats=1)["reached"]
    assert measure(fake(answer=4), repeats=1)["complaint"] == "answers differ: {'ours': 3, 'slow': 4}"


def test_memory_of_a_call() -> None:
    answer, held = module._with_peak(lambda: float(np.ones(4 * 2**20).sum()))
    assert answer == 4 * 2**20
    assert held is None or 30 * 2**20 < held < 45 * 2**20


def test_threads_of_products_are_limited_and_put_back() -> None:
    from threadpoolctl import threadpool_info

    seen: list[int] = []

    def make(threads: int, quick: bool) -> dict[str, Any]:
        return {"ours": lambda: seen.extend(p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas")}

    before = [p["num_threads"] for p in threadpool_info()]
    measure(Work("look", "threads", make), threads=1, repeats=1)
    assert set(seen) == {1} and [p["num_threads"] for p in threadpool_info()][: len(before)] == before


def test_command_and_result_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "works", lambda suite: [fake()])
    monkeypatch.setattr("spikegram.scripts.bench.machine.load", lambda: 2.5)
    assert main(["bench", "memories", "--repeats", "1", "--threads", "2", "--out", str(tmp_path)]) == 0
    out, _ = capsys.readouterr()
    assert "adding, 2 threads: one and two" in out and "goal 2: reached" in out and "the machine is busy" in out
    assert "2 threads: " in out and " times the arithmetic and " in out
    found = json.loads((tmp_path / "memories.json").read_text())
    assert (
        found["suite"] == "memories" and found["works"][0]["threads"] == 2 and found["machine"]["load_at_start"] == 2.5
    )
    assert found["machine"]["gain"]["2"]["arithmetic"] > 0
    monkeypatch.setattr(module, "works", lambda suite: [fake(answer=4)])
    assert bench_suite("memories", (1,), 1, folder=None, say=lambda line: None) == 1
    assert main(["bench", "memories", "cuba4k"]) == 2
    assert "names: expected works of memories (adding), got 'cuba4k'" in capsys.readouterr().err
    assert main(["bench", "memories", "adding", "--repeats", "1", "--threads", "1", "--out", str(tmp_path)]) == 1


def test_suites_are_known() -> None:
    assert main(["bench", "list"]) == 0
    with pytest.raises(ValueError, match="suite: expected one of memories, layers, got 'layers9'"):
        module.works("layers9")
    for suite in module.SUITES:
        names = [work.name for work in module.works(suite)]
        assert all(names) and len(set(names)) == len(names)
