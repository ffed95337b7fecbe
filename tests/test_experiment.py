"""Scripts, their options, and what a run leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

import spikegram
from spikegram import experiment
from spikegram.experiment import Option, Report, Script, run_script, scripts, versions

TOY = '''"""A toy: one claim.

More about it.
"""
from pathlib import Path
from typing import Literal


def run(report, value: float = 2.5, times: int = 1, loud: bool = False, mode: Literal["a", "b"] = "a",
        note: str | None = None, place: Path = Path("x")):
    """Multiply.

    Parameters
    ----------
    report : Report
    value : float
        What is multiplied,
        in mV.
    times, loud : int
        Shared text.

    Notes
    -----
    mode : not a parameter here
    """
    report.check("product", 2.5, value * times)
    report.numbers["product"] = value * times
    report.file("sub/data.txt", "the product").write_text(str(value * times))
'''


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "spikegram_toy_script.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(
        experiment, "scripts", lambda: {"toy": Script("toy", "spikegram_toy_script", "A toy: one claim.")}
    )
    monkeypatch.chdir(tmp_path)
    return "toy"


def test_scripts_are_found_by_their_files() -> None:
    found = scripts()
    assert "ca3-digits" in found
    assert found["ca3-digits"].module == "spikegram.scripts.ca3_digits"
    folder = Path(spikegram.__file__).parent / "scripts"
    assert len(found) == len([f for f in folder.glob("*.py") if not f.stem.startswith("_")])
    for script in found.values():
        assert script.title.endswith("."), f"{script.name}: the first line of its docstring is its title"
        assert callable(script.load())
        assert all(option.help for option in script.options()), f"{script.name}: an option without a word of help"


def test_options_are_read_off_the_signature(toy: str) -> None:
    assert Script(toy, "spikegram_toy_script", "").options() == [
        Option("value", float, 2.5, "What is multiplied, in mV."),
        Option("times", int, 1, "Shared text."),
        Option("loud", bool, False, "Shared text."),
        Option("mode", ("a", "b"), "a", ""),
        Option("note", str, None, ""),
        Option("place", Path, Path("x"), ""),
    ]
    assert Script(toy, "spikegram_toy_script", "").help() == "A toy: one claim.\n\nMore about it."


@pytest.mark.parametrize("signature", ["report, value", "report, value: list = ()", "report, value: Literal[1] = 1"])
def test_an_option_without_default_or_plain_type_is_the_scripts_fault(
    signature: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"spikegram_bad_{abs(hash(signature))}"
    (tmp_path / f"{name}.py").write_text(f"from typing import Literal\ndef run({signature}):\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TypeError, match="run: value: an option needs a default and a plain type"):
        Script("bad", name, "").options()


def test_a_run_writes_its_result(toy: str) -> None:
    report = run_script(toy, value=1.25, times=2, show=False)
    assert report.ok and report.folder == Path("runs", "toy")
    found = json.loads(Path("runs/toy/result.json").read_text())
    assert found["ok"] is True and found["script"] == "toy"
    assert found["configuration"] == dict(value=1.25, times=2, loud=False, mode="a", note=None, place="x")
    assert found["checks"] == [dict(what="product", expected=2.5, came=2.5, ok=True)]
    assert found["numbers"] == {"product": 2.5}
    assert list(found["files"]) == ["sub/data.txt", "result.json"]
    assert found["versions"]["spikegram"] == spikegram.__version__ and found["versions"]["numpy"] == np.__version__
    assert found["seconds"] >= 0 and found["started"].endswith("+00:00") and found["machine"]["cores"] >= 1
    assert Path("runs/toy/sub/data.txt").read_text() == "2.5"


def test_a_failed_claim_and_a_failed_run(toy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    report = run_script(toy, out="here", times=3, show=False)
    assert not report.ok
    assert json.loads(Path("here/result.json").read_text())["ok"] is False
    with pytest.raises(TypeError):
        run_script(toy, out="here", value=None, show=False)
    assert not Path("here/result.json").exists()  # that of the earlier run would be taken for this one's


def test_unknown_names(toy: str) -> None:
    with pytest.raises(ValueError, match="no script 'tor'; expected one of toy"):
        run_script("tor")
    with pytest.raises(ValueError, match="toy: no option 'colour'; expected one of value, times"):
        run_script(toy, colour="red")
    assert not Path("runs").exists()


@pytest.mark.parametrize(("option", "value"), [("seed", -1), ("seed", 1.5), ("threads", 0), ("threads", None)])
def test_a_seed_and_threads_are_checked_before_any_work(option: str, value: object, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"{option}: expected a whole number >= [01], got {value}"):
        run_script("dense-hebbian-phase-diagram", tmp_path / "none", **{option: value})
    assert not (tmp_path / "none").exists()


def test_numbers_are_finite(toy: str) -> None:
    for value in (float("nan"), float("inf"), -float("inf")):
        with pytest.raises(ValueError, match=f"value: expected a finite number, got {value}"):
            run_script(toy, value=value)
    assert not Path("runs").exists()


def test_checks_compare_unless_told() -> None:
    report = Report("x", None)
    assert not report.ok  # nothing was checked
    report.check("equal", {1, 2}, {2, 1})
    report.check("array", "about 1", np.float32(0.99), ok=np.bool_(True))
    assert report.ok
    report.check("other", 1, 2)
    assert not report.ok and [c.ok for c in report.checks] == [True, True, False]
    with pytest.raises(ValueError, match="this run has no folder"):
        report.file("a.txt", "")


def test_table_fits_the_terminal() -> None:
    report = Report("x", None)
    report.check("short", "3 of 3", "3 of 3")
    report.check("long", set(range(40)), 1 / 3)
    lines = report.table().splitlines()
    assert lines[0].split() == ["expected", "came"]
    assert lines[1].split() == ["short", "3", "of", "3", "3", "of", "3", "ok"]
    assert lines[2].endswith("39}  0.333333  FAILED")
    narrow = report.table(60).splitlines()
    assert max(map(len, narrow)) <= 60 and "...  0.333333  FAILED" in narrow[2]


def test_progress_and_words(capsys: pytest.CaptureFixture[str]) -> None:
    shown, silent = Report("x", None), Report("x", None, show=False)
    for report in (silent, shown):
        report.say("a word")
        assert list(report.progress(range(3), "counting")) == [0, 1, 2]
        if report is silent:
            assert capsys.readouterr().err == ""
    err = capsys.readouterr().err
    assert "a word" in err and "counting" in err and "3/3" in err


def test_results_that_json_cannot_hold_are_made_plain(tmp_path: Path) -> None:
    report = Report("x", tmp_path, {"place": Path("a")})
    report.check("set", {3, 1}, np.array([1, 3]), ok=True)
    report.numbers["n"] = np.int64(4)
    found = json.loads(report.write().read_text())
    assert found["checks"][0]["expected"] == [1, 3] == found["checks"][0]["came"]
    assert found["numbers"] == {"n": 4} and found["configuration"] == {"place": "a"}


def test_versions_name_what_results_depend_on() -> None:
    found = versions()
    assert list(found)[:3] == ["python", "spikegram", "numpy"]
    assert {"numba", "brian2", "scikit-learn"} <= set(found)


def test_kinds_of_options() -> None:
    assert experiment._kind(Literal["a", "b"]) == ("a", "b")
    assert experiment._kind(int | None) is int
    assert experiment._kind(int | str) is None and experiment._kind(list) is None
