"""Every module says what it is, and the examples in docstrings are true."""

from __future__ import annotations

import ast
import configparser
import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def modules() -> dict[str, Path]:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    found = {}
    for package in config["options"]["packages"].split():
        for file in sorted(ROOT.joinpath(*package.split(".")[1:]).glob("*.py")):
            name = package if file.stem == "__init__" else f"{package}.{file.stem}"
            found[name] = file
    return found


MODULES = modules()
WITH_EXAMPLES = [name for name, file in MODULES.items() if ">>>" in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", MODULES)
def test_module_has_a_docstring(name: str) -> None:
    docstring = ast.get_docstring(ast.parse(MODULES[name].read_text(encoding="utf-8")))
    assert docstring, f"{name}: no module docstring"


# By name: --doctest-modules would import each module a second time under another one.
@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    outcome = doctest.testmod(module, optionflags=FLAGS)
    assert outcome.failed == 0, capsys.readouterr().out
    assert outcome.attempted > 0, f"{name}: has >>> but no example that doctest finds"
