"""The systems that are compared, and what each needs to be there.

``run`` is ``"module:function"``, imported by the worker process only; the function takes a `task.Task` and gives a
`task.Outcome`. A system whose package is missing is skipped with a note.

>>> missing(SYSTEMS["spikegram"]) is None
True
>>> pick(["brian3"])
Traceback (most recent call last):
    ...
ValueError: peers: expected some of brian2, brian2-runtime, nest, hand-written, got 'brian3'
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import NamedTuple

from .catalogue import BenchNetwork

__all__ = ["OURS", "SYSTEMS", "System", "has", "missing", "pick"]

OURS = "spikegram"
_BENCH = "spikegram.scripts.bench"


class System(NamedTuple):
    """A simulator in one of its modes.

    ``networks`` names those it can run if it is no peer of theirs in the catalogue; ``usual`` systems are compared if
    the user names none.
    """

    title: str
    run: str
    module: str
    install: str
    dtypes: tuple[str, ...] = ("float64",)
    threads: tuple[int, ...] = (1, 2)
    networks: tuple[str, ...] = ()
    usual: bool = True


SYSTEMS: dict[str, System] = {
    OURS: System("spikegram", "", "spikegram", "pip install spikegram", ("float32", "float64"), (1, 2, 4, 8, 16)),
    "brian2": System(
        "Brian 2 C++ standalone", f"{_BENCH}.brian2_peer:run", "brian2",
        "pip install brian2, and a C++ compiler with make",
    ),
    "brian2-runtime": System(
        "Brian 2 runtime (Cython)", f"{_BENCH}.brian2_peer:run", "brian2", "pip install brian2", threads=(1,),
        usual=False,
    ),
    "nest": System("NEST", f"{_BENCH}.nest_peer:run", "nest", 'pip install "spikegram[nest]"'),
    "hand-written": System(
        "hand-written kernel", f"{_BENCH}.yardstick:run", f"{_BENCH}.yardstick", "a checkout that has it",
        ("float32",), networks=("cuba4k", "cuba40k", "brunel"), usual=False,
    ),
}  # fmt: skip


def pick(names: Iterable[str] | None) -> list[str]:
    """Give the peers of these names, or the usual ones."""
    peers = [name for name in SYSTEMS if name != OURS]
    if names is None:
        return [name for name in peers if SYSTEMS[name].usual]
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        if name not in peers:
            raise ValueError(f"peers: expected some of {', '.join(peers)}, got {name!r}")
    return chosen


def has(name: str, network: BenchNetwork) -> bool:
    """Tell whether the system can run this network."""
    return name == OURS or name in network.peers or network.name in SYSTEMS[name].networks


def missing(system: System) -> str | None:
    """Say what to install, or None if the system is there."""
    import shutil

    try:
        found = importlib.util.find_spec(system.module) is not None
    except ModuleNotFoundError:
        found = False
    if not found:
        return f"{system.title} is not installed: {system.install}"
    if system.title == SYSTEMS["brian2"].title and not (shutil.which("make") and shutil.which("g++")):
        return f"{system.title} needs a C++ compiler and make, which were not found"
    return None
