"""Which runs are made in which order, and how a run that fails, hangs or is cold is treated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spikegram.scripts.bench import runner
from spikegram.scripts.bench.catalogue import NETWORKS, find
from spikegram.scripts.bench.runner import Settings, execute, plan, run
from spikegram.scripts.bench.task import Task


def test_systems_take_turns() -> None:
    settings = Settings(peers=("brian2", "nest"), repeats=2, peer_repeats=1, dtypes=("float32",), seed=5)
    found = [(k, t.system, t.threads, t.seed) for k, t in plan(find("cuba4k"), settings)]
    assert found == [
        (0, "spikegram", 1, 5), (0, "spikegram", 2, 5), (0, "brian2", 1, 5), (0, "brian2", 2, 5), (0, "nest", 1, 5),
        (0, "nest", 2, 5), (1, "spikegram", 1, 6), (1, "spikegram", 2, 6),
    ]  # fmt: skip


def test_peers_that_lack_a_network_or_a_setting() -> None:
    settings = Settings(peers=("brian2-runtime", "nest"), repeats=1, peer_repeats=3, dtypes=("float64",), threads=(2,))
    assert [t.system for _, t in plan(find("coba4k"), settings)] == ["spikegram", "nest", "nest", "nest"]
    assert [(t.system, t.threads) for _, t in plan(find("cuba4k"), settings)][:2] == [
        ("spikegram", 2), ("brian2-runtime", 1),
    ]  # fmt: skip
    assert {t.system for _, t in plan(find("scale"), settings)} == {"spikegram"}


def test_split_cold_and_seconds() -> None:
    settings = Settings(
        repeats=2, dtypes=("float32",), threads=(1,), split=True, cold=True, seconds=10.0, peer_repeats=0
    )
    found = [(t.delivery, t.cold, t.seconds) for _, t in plan(find("cuba4k"), settings)]
    assert found == [
        (True, False, 10.0),
        (False, False, 10.0),
        (True, True, 10.0),
        (True, False, 10.0),
        (False, False, 10.0),
    ]


def test_cases_up_to_the_largest() -> None:
    settings = Settings(repeats=1, dtypes=("float32",), threads=(1,), largest=1e7)
    assert [t.case["synapses"] for _, t in plan(find("scale"), settings)] == [1e6, 1e7]


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the name of a network whose run fails, hangs or tells its cache, as its file says."""
    (tmp_path / "bench_broken.py").write_text(
        "import os, time, tempfile\nfrom spikegram.scripts.bench.task import Outcome\n"
        "def run(task):\n"
        "    if task.seed == 1: raise ValueError('it is broken')\n"
        "    if task.seed == 2: time.sleep(60)\n"
        "    if task.seed == 3: os._exit(9)\n"
        "    return Outcome(0.1, 0.2, 0.3, 10, 5, more=dict(cache=os.environ['SPIKEGRAM_CACHE']))\n"
    )
    (tmp_path / "sitecustomize.py").write_text(
        "import spikegram.scripts.bench.catalogue as c\n"
        "c.register(c.BenchNetwork('broken', '', 'cuba', 4, 1, ours='bench_broken:run'))\n"
    )
    import os

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("SPIKEGRAM_CACHE", str(tmp_path))
    monkeypatch.setitem(NETWORKS, "broken", replace(find("cuba4k"), name="broken", ours="bench_broken:run", peers=()))
    return "broken"


def test_errors_are_told(broken: str, tmp_path: Path) -> None:
    assert execute(Task(broken, "spikegram", 0.1, seed=1))["error"] == "ValueError: it is broken"
    assert execute(Task(broken, "spikegram", 0.1, seed=2), limit=3.0)["error"] == "stopped after 3 s"
    assert execute(Task(broken, "spikegram", 0.1, seed=3))["error"] == "exit status 9"
    good = execute(Task(broken, "spikegram", 0.1, seed=4))
    assert (good["build_s"], good["sim_s"], good["synapses"]) == (0.1, 0.3, 5)
    assert good["cache"] == str(tmp_path)
    assert execute(Task(broken, "spikegram", 0.1, seed=4, cold=True))["cache"] != str(tmp_path)


def test_a_failed_system_is_not_tried_again(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Task] = []

    def answer(task: Task, limit: float) -> dict:
        calls.append(task)
        return dict(error="no") if task.threads == 2 else dict(sim_s=1.0)

    monkeypatch.setattr(runner, "execute", answer)
    told: list[bool] = []
    settings = Settings(repeats=3, peer_repeats=0, dtypes=("float32",))
    rows = run(find(broken), settings, lambda task, row: told.append("error" in row))
    assert [t.threads for t in calls] == [1, 2, 1, 1]
    assert told == [False, True, False, False]
    assert [r["repeat"] for r in rows] == [0, 0, 1, 2] and rows[0]["label"] == "spikegram float32, 1 thread"
