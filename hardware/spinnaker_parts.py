"""The parts of an export for SpiNNaker: populations and projections in PyNN's words, and the limits of the target."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .report import Finding

__all__ = ["Plan", "PopulationPlan", "ProjectionPlan", "limits", "plain", "slug"]


@dataclass(eq=False)
class PopulationPlan:
    """A population in PyNN's words: ``parameters`` and ``v`` in its units, numbers or one per neuron.

    ``held`` is False for one that the target cannot hold; it is only there for what can still be said of its synapses.
    """

    name: str
    slug: str
    size: int
    cell: str
    parameters: dict[str, Any]
    model: str = ""
    v: Any = None
    same_step: bool = False
    steps: np.ndarray | None = None
    ids: np.ndarray | None = None
    held: bool = True


@dataclass(eq=False)
class ProjectionPlan:
    """Synapses of one receptor: weights in nA (negative if inhibitory) or uS [S], delays in steps [S]."""

    name: str
    slug: str
    pre: PopulationPlan
    post: PopulationPlan
    receptor: str
    pre_ids: np.ndarray
    post_ids: np.ndarray
    weights: np.ndarray
    steps: np.ndarray
    rule: dict[str, float] | None = None


@dataclass(eq=False)
class Plan:
    """All that is written, and the findings."""

    dt: float
    begin: int
    populations: list[PopulationPlan] = field(default_factory=list)
    projections: list[ProjectionPlan] = field(default_factory=list)
    kept: list[Finding] = field(default_factory=list)
    rounded: list[Finding] = field(default_factory=list)
    refused: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    def keep(self, where: str, what: str) -> None:
        """Say what is the same there."""
        self.kept.append(Finding(where, what))

    def rounds(self, where: str, what: str) -> None:
        """Say what is stored with an error."""
        self.rounded.append(Finding(where, what))

    def refuse(self, where: str, what: str) -> None:
        """Say what the target cannot hold."""
        self.refused.append(Finding(where, what))

    def note(self, where: str, what: str) -> None:
        """Say what else one should know."""
        self.notes.append(Finding(where, what))


@cache
def limits() -> dict[str, Any]:
    """Read the limits of the target, with their sources."""
    return tomllib.loads(Path(__file__).with_name("spinnaker_limits.toml").read_text(encoding="utf-8"))


def plain(value: Any) -> Any:
    """One float if all are the same (parameters are written with 15 digits, so they are rounded to those)."""
    array = np.asarray(value, dtype=float)
    rounded = np.array([float(f"{x:.15g}") for x in array.ravel()]).reshape(array.shape)
    return float(rounded.flat[0]) if rounded.size and np.all(rounded == rounded.flat[0]) else rounded


def slug(name: str, taken: set[str]) -> str:
    """A name for a file and a Python variable."""
    base = re.sub(r"\W+", "_", name.replace("->", "to"), flags=re.ASCII).strip("_").lower()[:60] or "part"
    base = base if base[0].isalpha() else f"p_{base}"
    base = f"pop_{base}" if base in _RESERVED else base
    found, k = base, 2
    while found in taken:
        found, k = f"{base}_{k}", k + 1
    taken.add(found)
    return found


_RESERVED = frozenset(  # Python's words, the names of the script, and files that Windows does not have
    """false none true and as assert async await break class continue def del elif else except finally for from global
    if import in is lambda nonlocal not or pass raise return try while with yield match case type
    sim np argparse path here dt shift later args recorded rows plastic parser read from_list pair_rule source_times
    nest_options importlib population projection name neuron found steps train lines message table wanted last
    i j t w step int float str list dict range zip set sorted print len events con aux prn nul""".split()
)
