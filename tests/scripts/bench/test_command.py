"""``spikegram bench``: options, errors, the result file, the exit status."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spikegram.cli import main
from spikegram.scripts.bench import machine, runner, systems
from spikegram.scripts.bench.catalogue import NETWORKS
from spikegram.scripts.bench.works import SUITES


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Answer every task at once, with numbers made from it; the tasks."""
    tasks: list[Any] = []

    def answer(task: Any, limit: float) -> dict[str, Any]:
        tasks.append(task)
        if task.system == "nest" and task.threads == 2:
            return dict(error="MemoryError: too much")
        factor = dict(spikegram=1.0, brian2=3.0).get(task.system, 10.0)
        rate = 5.5 if task.system != "brian2" else 9.0
        misses = [] if rate == 5.5 else ["rate_E 9 outside 4.9 ... 6.1"]
        return dict(
            sim_s=0.1 * factor / task.threads, build_s=1.0, ready_s=2.0, updates=4e7, events=1e6, steps=1e4,
            synapses=10, rate_E=rate, misses=misses, in_range=not misses, other_load=0.9, spikes=7,
        )  # fmt: skip

    monkeypatch.setattr(runner, "execute", answer)
    monkeypatch.setattr(machine, "load", lambda: 2.5)
    monkeypatch.setattr(systems, "missing", lambda system: "not there" if "runtime" in system.title else None)
    return tasks


def test_result_file_and_verdict(faked: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["bench", "cuba4k", "--repeats", "2", "--peer-repeats", "1", "--out", str(tmp_path)]
    assert main([*args, "--peers", "brian2,brian2-runtime,nest"]) == 1
    out, err = capsys.readouterr()
    assert "skipped: not there" in out and "load 2.50" in err and "failed: MemoryError: too much" in out
    assert "WRONG: cuba4k: Brian 2 C++ standalone, 1 thread, seed 2: rate_E 9 outside 4.9 ... 6.1" in err
    assert "WRONG: cuba4k: NEST, 2 threads, seed 2: failed: MemoryError: too much" in err
    assert len(faked) == 2 * 4 + 4
    found = json.loads((tmp_path / "cuba4k.json").read_text())
    assert found["network"] == "cuba4k" and found["cells"] == 4000 and found["in_range"] is False
    assert found["machine"]["load_at_start"] == 2.5 and found["machine"]["cores"] and found["versions"]["numba"]
    assert found["settings"]["repeats"] == 2 and found["seconds"] == 1.0 and found["goals"] == NETWORKS["cuba4k"].goals
    assert len(found["runs"]) == 12 and found["disturbed_runs"] == 11 and len(found["complaints"]) == 3
    ratio = next(r for r in found["ratios"] if r["peer"] == "nest" and r["equal_threads"])
    assert ratio["median"] == pytest.approx(10) and ratio["ours"] == "spikegram float32, 1 thread"
    assert (tmp_path / "ratios.png").is_file() and json.loads((tmp_path / "growth.json").read_text())["fits"]


def test_all_is_well_without_peers(faked: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "cuba4k", "--no-peers", "--dtype", "float32", "--threads", "2", "--out", str(tmp_path)]) == 0
    assert [(t.system, t.dtype, t.threads, t.seed) for t in faked] == [
        ("spikegram", "float32", 2, k) for k in (2, 3, 4)
    ]
    assert "in range" in capsys.readouterr().out


def test_which_networks(faked: list[Any], tmp_path: Path) -> None:
    common = ["--no-peers", "--repeats", "1", "--dtype", "float32", "--threads", "1", "--out", str(tmp_path)]

    def names(*args: str) -> list[str]:
        faked.clear()
        main(["bench", *args, *common])
        return list(dict.fromkeys(t.network for t in faked))

    assert names() == ["cuba4k", "coba4k", "brunel"]
    assert names("--quick") == ["cuba4k", "coba4k", "scale"]
    assert [t.case["synapses"] for t in faked if t.network == "scale"] == [1e6]
    assert set(names("all")) == {n for n, network in NETWORKS.items() if network.usual}
    assert names("brunel-het", "cuba4k", "brunel_het") == ["brunel_het", "cuba4k"]
    faked.clear()
    main(["bench", "cuba4k", "--seconds", "10", *common])
    assert {t.seconds for t in faked} == {10.0}


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(NETWORKS) + len(SUITES)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["cuba5k"], "network: expected one of brunel, "),
        (
            ["cuba4k", "--peers", "brian3"],
            "peers: expected some of brian2, brian2-runtime, nest, hand-written, got 'brian3'",
        ),
        (["cuba4k", "--peers", "nest", "--no-peers"], "peers: expected either --peers or --no-peers, got both"),
        (["cuba4k", "--threads", "x"], "threads: expected numbers such as 1,2, got 'x'"),
        (["cuba4k", "--threads", "0,1"], "threads: expected numbers such as 1,2, got '0,1'"),
        (["coba40k", "--seconds", "10"], "seconds: coba40k is defined for 1 s, got 10"),
        (["cuba5k"], " (or a suite: layers, memories), got 'cuba5k'"),
        (["cuba4k", "layers"], "layers: expected before the names of its works, got cuba4k layers"),
        (["layers", "--seconds", "1"], "--seconds: the works of layers have no such option; it is one of networks"),
        (["memories", "--no-peers"], "--no-peers: the works of memories have no such option"),
        (["cuba4k", "--repeats", "0"], "0 is not in the range x>=1"),
        (["cuba4k", "--dtype", "float16"], "'float16' is not one of"),
    ],
)
def test_errors(args: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *args]) == 2
    err = capsys.readouterr().err
    assert words in err and err.count("\n") == 1


def test_published_times_are_shown_apart(
    faked: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = replace(NETWORKS["cuba4k"], name="elsewhere", published={"NEST, 128 cores": 0.5}, peers=())
    monkeypatch.setitem(NETWORKS, "elsewhere", network)
    assert main(["bench", "elsewhere", "--repeats", "1", "--out", str(tmp_path)]) == 0
    assert "NEST, 128 cores (published): 0.5 x real time" in capsys.readouterr().out
    assert json.loads((tmp_path / "elsewhere.json").read_text())["published"] == {"NEST, 128 cores": 0.5}
