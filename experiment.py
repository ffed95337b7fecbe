"""Run a script of `scripts/`: its options, its output folder, what was expected and what came, ``result.json``.

A script is a module with a docstring, whose first line is its title, and a function ``run(report, ...)``. The further
arguments of ``run`` are its options: each has a default, a type that a word can be turned into, and a line in the
"Parameters" section of its docstring. They are options of ``spikegram run NAME`` by the same names.

>>> report = Report("adding", folder=None)
>>> report.check("one and one", 2, 1 + 1)
>>> report.check("a third", "0.33 +- 0.01", 1 / 3, ok=abs(1 / 3 - 0.33) < 0.01)
>>> print(report.table())
              expected      came
one and one   2             2         ok
a third       0.33 +- 0.01  0.333333  ok
>>> report.ok
True
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import math
import os
import platform
import re
import shutil
import sys
import time
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from .versions import versions_of

__all__ = ["Check", "Option", "Report", "Script", "run_script", "scripts", "versions"]

_FOLDER = Path(__file__).parent / "scripts"
_LEAST = {"seed": 0, "threads": 1}  # of options that mean the same in every script
_PLAIN = (bool, int, float, str, Path)
_PACKAGES = (
    *("spikegram", "numpy", "scipy", "numba", "brian2", "sympy", "torch", "matplotlib", "h5py", "neo", "scikit-learn"),
)


class Check(NamedTuple):
    """One claim: what it is about, what was expected, what came, and whether that is well."""

    what: str
    expected: Any
    came: Any
    ok: bool


@dataclass
class Report:
    """What a script hands in while it runs.

    Attributes
    ----------
    name : str
        Of the script.
    folder : Path or None
        Where its files go; None writes nothing.
    options : dict
        With which it was called.
    checks : list of Check
    numbers : dict
        Further results for ``result.json``.
    files : dict
        Name -> what it shows.
    show : bool
        Show progress bars and what the script says.
    """

    name: str
    folder: Path | None
    options: Mapping[str, Any] = field(default_factory=dict)
    show: bool = True
    checks: list[Check] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    _clock: float = field(default_factory=time.perf_counter, repr=False)

    @property
    def ok(self) -> bool:
        """True if there are checks and all of them are well."""
        return bool(self.checks) and all(c.ok for c in self.checks)

    def check(self, what: str, expected: Any, came: Any, ok: bool | None = None) -> None:
        """Compare what came with what was expected; ``ok`` if they are not simply to be equal."""
        self.checks.append(Check(what, expected, came, bool(expected == came) if ok is None else bool(ok)))

    def file(self, name: str, what: str) -> Path:
        """Give the place of an output file (its folder exists) and note what it shows."""
        if self.folder is None:
            raise ValueError("this run has no folder to write to")
        self.files[name] = what
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def say(self, text: str) -> None:
        """Print a line for the user, unless there is to be no progress bar either."""
        if self.show:
            print(text, file=sys.stderr, flush=True)

    def progress(self, items: Iterable[Any], label: str, unit: str = "it") -> Iterator[Any]:
        """Go through ``items`` with a progress bar."""
        from tqdm import tqdm

        yield from tqdm(items, desc=label, unit=unit, disable=not self.show, dynamic_ncols=True)

    def table(self, width: int | None = None) -> str:
        """Lay the checks out in columns that fit into ``width`` characters (by default as wide as they are)."""
        rows = [("", "expected", "came", "")]
        rows += [(c.what, _short(c.expected), _short(c.came), "ok" if c.ok else "FAILED") for c in self.checks]
        widths = [max(len(row[k]) for row in rows) for k in range(4)]
        if width is not None:
            room = max(width - widths[0] - widths[3] - 6, 24)
            widest = max(room // 2, room - min(widths[1], widths[2]))
            widths[1:3] = [min(w, widest) for w in widths[1:3]]
        lines = ["  ".join(_cut(text, w).ljust(w) for text, w in zip(row, widths, strict=True)) for row in rows]
        return "\n".join(line.rstrip() for line in lines)

    def write(self) -> Path:
        """Write ``result.json``: configuration, versions, checks, numbers, files."""
        content = dict(
            script=self.name,
            ok=self.ok,
            started=self.started.isoformat(timespec="seconds"),
            seconds=round(time.perf_counter() - self._clock, 3),
            configuration=dict(self.options),
            checks=[c._asdict() for c in self.checks],
            numbers=self.numbers,
            files=self.files,
            versions=versions(),
            machine=dict(system=platform.platform(), processor=platform.machine(), cores=os.cpu_count()),
        )
        path = self.file("result.json", "this run: configuration, versions, what was expected and what came")
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps(content, indent=2, default=_plain) + "\n", encoding="utf-8")
        partial.replace(path)
        return path


class Option(NamedTuple):
    """An option of a script: ``type`` is bool, int, float, str, Path or a tuple of the allowed words."""

    name: str
    type: Any
    default: Any
    help: str


class Script(NamedTuple):
    """A module of `scripts/`, not yet imported."""

    name: str
    module: str
    title: str

    def load(self) -> Callable[..., None]:
        """Import the module and give its ``run``."""
        return importlib.import_module(self.module).run

    def options(self) -> list[Option]:
        """Read the options off the signature and the docstring of ``run``.

        Raises
        ------
        TypeError
            If an argument has no default or a type that no word can be turned into; the script is at fault.
        """
        run = self.load()
        hints, helps = typing.get_type_hints(run), _parameters(inspect.getdoc(run) or "")
        found = []
        for name, parameter in list(inspect.signature(run).parameters.items())[1:]:
            kind = _kind(hints.get(name))
            if kind is None or parameter.default is inspect.Parameter.empty:
                raise TypeError(f"{self.module}.run: {name}: an option needs a default and a plain type")
            found.append(Option(name, kind, parameter.default, helps.get(name, "")))
        return found

    def help(self) -> str:
        """Give the docstring of the module."""
        return inspect.getdoc(importlib.import_module(self.module)) or self.title


def scripts() -> dict[str, Script]:
    """Find the scripts by their files, in the order of their names; none is imported."""
    found = {}
    for file in sorted(_FOLDER.glob("*.py")):
        if file.stem.startswith("_"):
            continue
        title = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or file.stem).splitlines()[0]
        name = file.stem.replace("_", "-")
        found[name] = Script(name, f"spikegram.scripts.{file.stem}", title)
    return found


def run_script(name: str, out: str | Path | None = None, show: bool = True, **options: Any) -> Report:
    """Run a script and write its ``result.json``.

    Parameters
    ----------
    name : str
        As `scripts` gives it.
    out : str or Path
        Its folder, made if need be; by default ``runs/NAME``. Files of an earlier run are replaced.
    show : bool
        Show progress bars.
    **options
        Of the script.

    Returns
    -------
    Report
        `Report.ok` is false if a claim failed.

    Raises
    ------
    ValueError, TypeError
        An unknown script or option, a number that is not finite, a seed below 0, fewer than one thread.
    """
    known = scripts()
    if name not in known:
        raise ValueError(f"no script {name!r}; expected one of {', '.join(known)}")
    script = known[name]
    defaults = {o.name: o.default for o in script.options()}
    for given in options:
        if given not in defaults:
            raise ValueError(f"{name}: no option {given!r}; expected one of {', '.join(defaults) or '(it has none)'}")
    from .units import is_whole  # imports NumPy

    for given, value in options.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{given}: expected a finite number, got {value}")
    for given, least in _LEAST.items():  # before any work
        if given in options and not (is_whole(options[given]) and options[given] >= least):
            raise ValueError(f"{given}: expected a whole number >= {least}, got {options[given]!r}")
    folder = Path("runs", name) if out is None else Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").unlink(missing_ok=True)  # a run that fails leaves none
    report = Report(name, folder, {**defaults, **options}, show)
    script.load()(report, **report.options)
    report.write()
    return report


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on, as far as they are installed."""
    return {"python": platform.python_version()} | versions_of(*_PACKAGES)


def terminal_width() -> int:
    """Width of the terminal, 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns


def _kind(hint: Any) -> Any:
    if typing.get_origin(hint) is Literal and all(isinstance(v, str) for v in typing.get_args(hint)):
        return typing.get_args(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        inner = [a for a in typing.get_args(hint) if a is not type(None)]
        return _kind(inner[0]) if len(inner) == 1 else None
    return hint if hint in _PLAIN else None


def _parameters(doc: str) -> dict[str, str]:
    """Name -> text, from the "Parameters" section of a numpy docstring."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-+$|\Z)", doc, re.MULTILINE | re.DOTALL)
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section[1].splitlines() if section else []:
        if line[:1].strip():
            names = [n.strip() for n in line.split(" :")[0].split(",")]
        elif line.strip():
            found.update({n: f"{found.get(n, '')} {line.strip()}".strip() for n in names})
    return found


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(map(str, sorted(value))) + "}"
    return str(value)


def _cut(text: str, width: int) -> str:
    text = " ".join(text.split()) if "\n" in text else text
    return text if len(text) <= width else text[: max(width - 3, 0)] + "..."


def _plain(value: Any) -> Any:
    """Give what JSON can hold for what it cannot."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "tolist"):  # arrays and numbers of NumPy
        return value.tolist()
    return str(value)
