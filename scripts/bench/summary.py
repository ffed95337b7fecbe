"""From the rows of a network to medians, ratios and a table.

``ratio`` = time of the peer / time of ours: above 1 ours is faster. It is taken of medians and of minima, with as many
threads on both sides, and against the better of the peer's settings.

>>> rows = [dict(label="spikegram float32, 1 thread", system="spikegram", dtype="float32", threads=1, sim_s=0.5)]
>>> rows += [dict(label="NEST, 2 threads", system="nest", dtype="float64", threads=2, sim_s=s) for s in (2.0, 3.0, 4.0)]
>>> [(r["against"], r["median"], r["minimum"]) for r in ratios(systems(rows))]
[('NEST, better setting', 6.0, 4.0)]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from .systems import OURS, SYSTEMS

__all__ = ["case_table", "ratios", "systems", "table"]

_MEDIANS = (
    "build_s", "compile_s", "ready_s", "rtf", "steps", "synapses", "updates", "spikes", "events", "peak_bytes",
    "built_bytes", "bytes_per_synapse", "other_load", "rate_E", "rate_I", "cv_E", "cv_I", "fano3ms", "corr5ms_E",
    "w_mean", "w_std", "plastic_updates", "draw_s", "layout_s",
)  # fmt: skip
_Systems = Mapping[str, Mapping[str, Any]]


def systems(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Label -> medians and minima over the runs with synapses and compiled code on disk."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    alone: dict[str, list[float]] = {}
    cold: dict[str, float] = {}
    for row in rows:
        if "error" in row or row.get("case"):
            continue
        if row.get("cold"):
            cold[row["dtype"]] = row["ready_s"]
        elif not row.get("delivery", True):
            alone.setdefault(row["label"], []).append(row["sim_s"])
        else:
            groups.setdefault(row["label"], []).append(row)
    found = {}
    for label, members in groups.items():
        first = members[0]
        sim = [m["sim_s"] for m in members]
        entry = {name: first[name] for name in ("system", "dtype", "threads")}
        entry |= dict(runs=len(members), sim_s=median(sim), sim_min_s=min(sim), sim_max_s=max(sim))
        for name in _MEDIANS:
            values = [m[name] for m in members if m.get(name) is not None]
            if values:
                entry[name] = median(values)
        verdicts = [m["in_range"] for m in members if m.get("in_range") is not None]
        entry["in_range"] = all(verdicts) if verdicts else None
        if label in alone:
            entry |= _split(entry, median(alone[label]))
        if entry["system"] == OURS and first["dtype"] in cold and entry["threads"] == 1:
            entry["ready_cold_s"] = cold[first["dtype"]]
        found[label] = entry
    return found


def _split(entry: Mapping[str, Any], alone: float) -> dict[str, float]:
    """Cost of a cell's update, from the run without synapses, and what is left for each synaptic event."""
    split = dict(cells_s=alone, ns_neuron=1e9 * alone / entry["updates"])
    if entry.get("events"):
        split["ns_event"] = 1e9 * (entry["sim_s"] - alone) / entry["events"]
    return split


def ratios(found: _Systems) -> list[dict[str, Any]]:
    """Compare each setting of ours with each peer: with as many threads, and with its better setting."""
    table = []
    peers = dict.fromkeys(e["system"] for e in found.values() if e["system"] != OURS)
    for label, mine in found.items():
        if mine["system"] != OURS:
            continue
        for peer in peers:
            settings = {k: e for k, e in found.items() if e["system"] == peer}
            for other, theirs in settings.items():
                if theirs["threads"] == mine["threads"]:
                    table.append(_ratio(label, mine, other, [theirs], peer, True))
            table.append(_ratio(label, mine, f"{SYSTEMS[peer].title}, better setting", settings.values(), peer, False))
    return table


def _ratio(
    label: str, mine: Mapping[str, Any], against: str, theirs: Iterable[Mapping[str, Any]], peer: str, equal: bool
) -> dict[str, Any]:
    theirs = list(theirs)
    return dict(
        ours=label, against=against, peer=peer, dtype=mine["dtype"], threads=mine["threads"], equal_threads=equal,
        median=min(t["sim_s"] for t in theirs) / mine["sim_s"],
        minimum=min(t["sim_min_s"] for t in theirs) / mine["sim_min_s"],
        in_range=mine.get("in_range") is not False and all(t.get("in_range") is not False for t in theirs),
    )  # fmt: skip


def table(found: _Systems) -> str:
    """Lay the systems of a network out in lines: times, memory, ratios to each peer's better setting."""
    better: dict[str, dict[str, float]] = {r["ours"]: {} for r in ratios(found)}
    for r in ratios(found):
        if not r["equal_threads"]:
            better[r["ours"]][r["peer"]] = r["median"]
    peers = list(dict.fromkeys(p for row in better.values() for p in row))
    head = ["", "runs", "sim s", "min", "x real", "build s", "ready s", "peak MB", "B/syn", "ns/cell", "ns/event"]
    lines = [[*head, *(f"x {p}" for p in peers), ""]]
    for label, e in found.items():
        numbers = [
            str(e["runs"]), _text(e["sim_s"]), _text(e["sim_min_s"]), _text(e.get("rtf")), _text(e.get("build_s")),
            _text(e.get("ready_s")), _text(e.get("peak_bytes"), 1e-6), _text(e.get("bytes_per_synapse")),
            _text(e.get("ns_neuron")), _text(e.get("ns_event")),
        ]  # fmt: skip
        verdict = {False: "OUT OF RANGE", None: "", True: "in range"}[e.get("in_range")]
        lines.append([label, *numbers, *(_text(better.get(label, {}).get(p)) for p in peers), verdict])
    return _columns(lines)


def case_table(entries: Iterable[Mapping[str, Any]]) -> str:
    """Lay the cases of a network out in lines: size, rate, cost of a step, building, memory."""
    lines = [["", "cells", "synapses", "delays", "Hz", "us/step", "min", "ns/cell", "build s", "B/syn", "peak MB"]]
    for e in entries:
        case = e["case"]
        lines.append([
            e["label"], f"{case['cells']:g}", f"{e['synapses']:.4g}", f"{case.get('delays', 1)}", f"{e['rate']:g}",
            _text(e["us_per_step"]), _text(1e6 * e["sim_min_s"] / e["steps"]), _text(1e9 * e["sim_s"] / e["updates"]),
            _text(e["build_s"]), _text(e["bytes_per_synapse"]), _text(e["peak_bytes"], 1e-6),
        ])  # fmt: skip
    return _columns(lines)


def _columns(lines: list[list[str]]) -> str:
    """Align: the first column to the left, the others to the right."""
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    words = (
        [w.ljust(n) if not k else w.rjust(n) for k, (w, n) in enumerate(zip(line, widths, strict=True))]
        for line in lines
    )
    return "\n".join("  ".join(line).rstrip() for line in words)


def _text(value: float | None, scale: float = 1.0) -> str:
    if value is None:
        return "-"
    return f"{value * scale:.3g}" if value * scale < 100 else f"{value * scale:.0f}"
