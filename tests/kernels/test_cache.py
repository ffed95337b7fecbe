"""Generated modules: where they lie, what names them, and that a second process generates nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spikegram.kernels import cache

CODE = """
import json, sys
from spikegram.networks import Network
from spikegram.neurons import NeuronModel
cell = NeuronModel("dv/dt = (30*mV - v)/tau : volt", threshold="v > 10*mV", reset="v = 0*mV",
                   parameters=dict(tau="%s*ms"), name="%s")
net = Network(dt=0.1, seed=%d)
p = net.population(%d, cell)
net.record(p, "spikes")
spikes = len(net.run(50)[p.name].spikes)
print(json.dumps([spikes, sorted({"brian2", "sympy"} & set(sys.modules))]))
"""


def run(folder: Path, tau: int, name: str, seed: int, size: int) -> list:
    done = subprocess.run(
        [sys.executable, "-P", "-c", CODE % (tau, name, seed, size)], check=True, capture_output=True, text=True,
        env={**os.environ, "SPIKEGRAM_CACHE": str(folder)},
    )  # fmt: skip
    return json.loads(done.stdout)


def test_second_process_generates_and_compiles_nothing(tmp_path: Path) -> None:
    first = run(tmp_path, 10, "one", 1, 3)
    assert first[0] > 0 and first[1] == ["brian2", "sympy"]
    before = {f: f.stat().st_mtime_ns for f in tmp_path.rglob("*") if f.is_file()}
    assert any(f.suffix == ".nbc" for f in before)
    # another name, seed, size and parameter value: the structure is the same
    second = run(tmp_path, 20, "two", 2, 500)
    assert second[0] > 0 and second[1] == []
    assert {f: f.stat().st_mtime_ns for f in tmp_path.rglob("*") if f.is_file()} == before


def test_key_and_generator_name_a_module() -> None:
    assert cache.digest({"a": 1}) == cache.digest({"a": 1})
    assert cache.digest({"a": 1}) != cache.digest({"a": 2})


def test_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SPIKEGRAM_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(OSError, match="SPIKEGRAM_CACHE"):
        cache.cache_folder()


def test_half_a_module_is_never_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEGRAM_CACHE", str(tmp_path))

    def fail() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.generated("test", {"key": "never"}, fail)
    assert not list(tmp_path.iterdir())
    module = cache.generated("test", {"key": "made"}, lambda: "X = 3\n")
    assert module.X == 3
    assert not list(tmp_path.glob("*.part"))


def test_module_that_does_not_run_is_not_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEGRAM_CACHE", str(tmp_path))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            cache.generated("test", {"key": "broken"}, lambda: "1/0\n")
