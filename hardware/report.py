"""What an export says: what survived, what was rounded, what was refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["ExportError", "ExportReport", "Finding"]


class Finding(NamedTuple):
    """One line of a report: the population or projection it is about, and what is said of it."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class ExportError(ValueError):
    """The target cannot hold the network; ``refused`` lists every reason."""

    def __init__(self, target: str, refused: list[Finding]) -> None:
        self.target, self.refused = target, tuple(refused)
        count = f"{len(refused)} reasons" if len(refused) != 1 else "1 reason"
        super().__init__(
            f"{target} cannot hold this network, for {count}:\n" + "\n".join(f"  {finding}" for finding in refused)
        )


@dataclass(frozen=True)
class ExportReport:
    """What was written, and how true it is.

    Attributes
    ----------
    target : str
    path : Path
        The folder.
    files : tuple of str
        Relative to the folder.
    kept, rounded, refused, notes : tuple of Finding
        What is the same there; what is stored with an error; what is left out (only with ``strict=False``); what else
        one should know, such as conventions that differ.
    limits : dict
        The limits that were applied, with their sources.
    """

    target: str
    path: Path
    files: tuple[str, ...]
    kept: tuple[Finding, ...] = ()
    rounded: tuple[Finding, ...] = ()
    refused: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    limits: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Give everything but the place as plain values."""
        lists = {k: [dict(f._asdict()) for f in getattr(self, k)] for k in ("kept", "rounded", "refused", "notes")}
        return {"target": self.target, "files": list(self.files), **lists, "limits": self.limits}

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(self.to_json(), indent=2) + "\n", encoding="utf-8")

    def table(self) -> str:
        """Give the four lists as text."""
        titles = dict(kept="Survives", rounded="Rounded", refused="Refused and left out", notes="Notes")
        out = []
        for key, title in titles.items():
            findings = getattr(self, key)
            places: dict[str, list[str]] = {}  # what is said of several parts is said once
            for f in findings:
                places.setdefault(f.what, []).append(f.where)
            out += [f"{title}:"] if findings else [f"{title}: nothing"]
            out += [f"  {', '.join(where)}: {what}" for what, where in places.items()]
        return "\n".join(out)

    def __str__(self) -> str:
        return f"{self.target} -> {self.path}\n{self.table()}"
