"""The command line: lists, runs, errors in one line, exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import spikegram
from spikegram import experiment
from spikegram.cli import main
from spikegram.experiment import Script

TOY = '''"""A toy: three things to add."""
import warnings
from typing import Literal


def run(report, a: int = 1, how: Literal["sum", "product"] = "sum", fail: bool = False):
    """Add.

    Parameters
    ----------
    a : int
        A number.
    """
    if a == 13:
        raise ValueError("a: expected another number,\\n  got 13")
    if a == 14:
        raise KeyboardInterrupt
    if a == 15:
        raise ZeroDivisionError("a bug")
    if a == 16:
        warnings.warn("sixteen is\\nmuch", stacklevel=1)
    report.check("a", 1, a, ok=not fail)
    report.file("a.txt", f"a by {how}").write_text(str(a))
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty folder with one more script."""
    real = experiment.scripts
    (tmp_path / "spikegram_cli_toy.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(
        experiment,
        "scripts",
        lambda: {**real(), "a-toy": Script("a-toy", "spikegram_cli_toy", "A toy: things to add.")},
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(experiment.scripts())
    assert any(line.startswith("ca3-digits  ") for line in lines)
    assert any(line.split(maxsplit=1) == ["a-toy", "A toy: things to add."] for line in lines)


def test_run_passes_options_through_and_writes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "a-toy", "--a", "5", "--how", "product", "--out", "deep/er"]) == 0
    out = capsys.readouterr().out
    assert "all 1 claims hold" in out and "a by product" in out and "expected" in out
    found = json.loads((folder / "deep/er/result.json").read_text())
    assert found["configuration"] == dict(a=5, how="product", fail=False)


def test_default_folder_and_underscores(folder: Path) -> None:
    assert main(["run", "a_toy"]) == 0
    assert (folder / "runs/a-toy/a.txt").read_text() == "1"


def test_a_failed_claim_gives_status_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "a-toy", "--fail"]) == 1
    assert "1 of 1 claims FAILED" in capsys.readouterr().out
    assert json.loads((folder / "runs/a-toy/result.json").read_text())["ok"] is False
    assert main(["run", "a-toy", "--no-fail"]) == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["run", "a-toi"], "no script 'a-toi'; did you mean 'a-toy'?"),
        (["run", "zzz"], "no script 'zzz'; there are: "),
        (["run"], "which script? There are: "),
        (["frobnicate"], "No such command 'frobnicate'"),
        (["run", "a-toy", "--b", "1"], "No such option '--b'"),
        (["run", "a-toy", "--a", "x"], "'x' is not a valid integer"),
        (["run", "a-toy", "--how", "x"], "'x' is not one of 'sum', 'product'"),
        (["run", "a-toy", "--a", "13"], "a: expected another number, got 13"),
        (["run", "a-toy", "--out", "spikegram_cli_toy.py"], "is a file"),
        (["run", "a-toy", "--out", "spikegram_cli_toy.py/x"], "Not a directory"),
        (["run", "ca3-digits", "--gap", "9"], "gap: expected a whole number of ms >= 10"),
        (["run", "ca3-digits", "--forget", "10"], "forget: expected a digit 0 ... 9, got 10"),
    ],
)
def test_an_error_of_use_is_one_line_and_status_2(
    args: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(args) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("spikegram: error: ") and words in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("args", [["--debug", "run", "a-toy", "--a", "13"], ["run", "a-toy", "--a", "13", "--debug"]])
def test_debug_shows_the_traceback(args: list[str]) -> None:
    with pytest.raises(ValueError, match="a: expected another number"):
        main(args)


def test_a_bug_is_not_taken_for_an_error_of_use() -> None:
    with pytest.raises(ZeroDivisionError):
        main(["run", "a-toy", "--a", "15"])


@pytest.mark.filterwarnings("default")
def test_interrupt_and_warning(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "a-toy", "--a", "14"]) == 130
    assert capsys.readouterr().err.strip() == "interrupted"
    assert main(["run", "a-toy", "--a", "16"]) == 0
    assert "spikegram: warning: sixteen is much\n" in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    for args in ([], ["--help"]):
        assert main(args) == 0
        out = capsys.readouterr().out
        assert all(word in out for word in ("list", "run", "info", "--version"))
    assert main(["run", "-h"]) == 0
    assert "A toy: things to add." in capsys.readouterr().out
    assert main(["run", "a-toy", "-h"]) == 0
    out = capsys.readouterr().out
    assert "A toy: three things to add." in out and "A number." in out and "[default: 1]" in out
    assert "--how [sum|product]" in out and "--fail / --no-fail" in out and "--out DIR" in out


def test_version_and_info(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"spikegram {spikegram.__version__}\n"
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    for word in ("numpy", "numba", "brian2", "backends", "reference", "cores", "GPU", "code cache"):
        assert word in out


def test_as_a_program_it_is_light(folder: Path) -> None:
    code = "import sys; from spikegram.cli import main; status = main(['list']); "
    code += "print(sorted({'numba', 'brian2', 'sympy', 'matplotlib', 'torch'} & set(sys.modules)), status)"
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[] 0"
    run = subprocess.run(
        [sys.executable, "-m", "spikegram", "run", "nothing"], cwd=folder, capture_output=True, text=True
    )
    assert run.returncode == 2 and run.stderr.startswith("spikegram: error: run: no script 'nothing'; ")
