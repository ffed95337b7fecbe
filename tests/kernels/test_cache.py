"""Generated modules: where they lie, what names them, and that a second process generates nothing."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

from spikegram.kernels import cache, synapse_module
from spikegram.kernels.synapse_form import SynapseForm
from spikegram.plasticity import SynapseModel
from spikegram.units import VOLTAGE

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
COUNTS = """
from spikegram.kernels import loop_module
loop = loop_module(net._engine.plan).run
print(json.dumps([sum(c.values()) for c in (loop.stats.cache_misses, loop.stats.cache_hits)]))
"""


def run(folder: Path, tau: int, name: str, seed: int, size: int) -> list:
    done = subprocess.run(
        [sys.executable, "-P", "-c", CODE % (tau, name, seed, size) + COUNTS], check=True, capture_output=True,
        text=True, env={**os.environ, "SPIKEGRAM_CACHE": str(folder)},
    )  # fmt: skip
    first, counts = done.stdout.splitlines()
    return [*json.loads(first), json.loads(counts)]


def test_second_process_generates_and_compiles_nothing(tmp_path: Path) -> None:
    first = run(tmp_path, 10, "one", 1, 3)
    assert first[0] > 0 and first[1:] == [["brian2", "sympy"], [1, 0]]
    assert len(list(tmp_path.glob("*.py"))) == 3  # the cell twice (NumPy, Numba) and the loop
    before = {f: f.stat().st_mtime_ns for f in tmp_path.rglob("*") if f.is_file()}
    assert any(f.suffix == ".nbc" for f in before)
    # another name, seed, size and parameter value: the structure is the same
    second = run(tmp_path, 20, "two", 2, 500)
    assert second[0] > 0 and second[1:] == [[], [0, 1]]
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


def test_the_folder_is_the_one_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEGRAM_CACHE", str(tmp_path / "a" / "b"))
    assert cache.cache_folder() == tmp_path / "a" / "b" and cache.cache_folder().is_dir()
    monkeypatch.delenv("SPIKEGRAM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.cache_folder() == tmp_path / "xdg" / "spikegram"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache.cache_folder() == tmp_path / "home" / ".cache" / "spikegram"


def test_a_full_or_closed_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEGRAM_CACHE", str(tmp_path))
    for broken in ("tempfile.mkstemp", "os.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(
                f"spikegram.kernels.cache.{broken}", lambda *_, **__: (_ for _ in ()).throw(OSError("disk full"))
            )
            with pytest.raises(
                OSError, match=f"cannot write generated code to {tmp_path}: disk full; set SPIKEGRAM_CACHE to"
            ):
                cache.generated("test", {"key": "full"}, lambda: "X = 1\n")
        assert not list(tmp_path.iterdir())
    assert cache.generated("test", {"key": "full"}, lambda: "X = 1\n").X == 1


def test_a_changed_generator_reads_no_old_module(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.digest("key")
    monkeypatch.setattr(cache, "_generator_version", lambda: "another")
    assert cache.digest("key") != before


def test_no_generated_code_knows_of_kernels_written_by_hand() -> None:
    folder = Path(cache.__file__).parent
    words = {name: re.compile(rf"kernels\.{name}\b|from \.{name}\b") for name in cache._BY_HAND}
    assert all((folder / f"{name}.py").is_file() for name in words)
    for file in folder.glob("*.py"):
        if file.stem not in words:
            text = file.read_text(encoding="utf-8")
            assert not [name for name, word in words.items() if word.search(text)], file.name


def test_a_module_is_written_once_for_many_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEGRAM_CACHE", str(tmp_path))
    written, seen = [], []

    def slow() -> str:
        written.append(1)
        time.sleep(0.05)
        return "import time\ntime.sleep(0.05)\nX = 7\n"

    workers = [
        threading.Thread(target=lambda: seen.append(cache.generated("test", {"key": "threads"}, slow)))
        for _ in range(6)
    ]
    for w in workers:
        w.start()
    for w in workers:
        w.join(timeout=30)
    assert written == [1] and len(seen) == 6
    assert len({id(m) for m in seen}) == 1 and seen[0].X == 7


WRITES = """
import sys
from spikegram.kernels import cache

def write():
    print("writes", flush=True)
    sys.stdin.readline()
    return f"X = 7\\n{cache.CODE_FOLLOWS}def f():\\n    return 8\\n"

module = cache.generated("test", {"key": "both"}, write)
print(module.X, module.f())
"""


def test_processes_that_write_at_the_same_time(tmp_path: Path) -> None:
    environment = {**os.environ, "SPIKEGRAM_CACHE": str(tmp_path)}
    both = [
        subprocess.Popen(
            [sys.executable, "-P", "-c", WRITES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment,
        )
        for _ in range(2)
    ]  # fmt: skip
    assert [p.stdout.readline() for p in both] == ["writes\n"] * 2  # none has found a module on disk
    for p in both:
        p.stdin.write("\n")
        p.stdin.flush()
    assert [p.communicate(timeout=120)[0] for p in both] == ["7 8\n"] * 2 and [p.returncode for p in both] == [0, 0]
    assert len([f for f in tmp_path.iterdir() if f.is_file()]) == 2  # the two parts of one module, no leftovers


def test_programs_that_differ_in_names_share_their_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEGRAM_CACHE", str(tmp_path))

    def make(key: str, name: str, number: int) -> ModuleType:
        return cache.generated(
            "test", key, lambda: f"NAME = {name!r}\n{cache.CODE_FOLLOWS}def f():\n    return {number}\n"
        )

    one, two, other = make("share 1", "g_e", 7), make("share 2", "g_i", 7), make("share 3", "g_i", 8)
    assert (one.NAME, two.NAME) == ("g_e", "g_i") and one.f is two.f and one.CODE == two.CODE
    assert other.f() == 8 and other.CODE != one.CODE
    (tmp_path / f"{one.CODE}.py").unlink()
    for module in (f"spikegram_generated.{one.CODE}", one.__name__):
        del sys.modules[module]
    assert make("share 1", "g_e", 7).f() == 7  # written anew


def test_cells_share_the_code_of_synapses_onto_their_variables() -> None:
    static = [SynapseModel().bind(name, VOLTAGE) for name in ("g_e", "g_i")]
    form = SynapseForm(constant=("w",))
    modules = [synapse_module(model, {}, {"g_e": VOLTAGE, "g_i": VOLTAGE}, form=form) for model in static]
    assert modules[0].TARGETS == ("g_e",) and modules[1].TARGETS == ("g_i",)
    assert modules[0].on_pre is modules[1].on_pre
