"""How cost grows: sim_s = a*(cell updates) + b*(synaptic events) + c*steps, and bytes per synapse by slope.

All three factors are held at 0 or above, and the error of each point counts in parts of its time.

>>> counts = (1e7, 1e6, 1e3), (1e8, 2e6, 1e4), (1e7, 0, 1e4)
>>> found = fit([(1e-9 * u + 2e-9 * e + 1e-6 * s, u, e, s) for u, e, s in counts])
>>> round(found["ns_per_update"], 6), round(found["ns_per_event"], 6), round(found["us_per_step"], 6)
(1.0, 2.0, 1.0)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from .catalogue import NETWORKS

__all__ = ["cases", "costs", "fit", "growth", "read_results", "slope"]

Point = tuple[float, float, float, float]  # sim_s, updates, events, steps


def fit(points: Sequence[Point]) -> dict[str, float]:
    """Give the three costs and the largest error in parts of a time; needs at least three points."""
    import numpy as np
    from scipy.optimize import nnls

    if len(points) < 3:
        raise ValueError(f"points: expected at least 3 for three costs, got {len(points)}")
    rows = np.array(points, float)
    sim, factors = rows[:, :1], rows[:, 1:]
    scale = np.maximum(factors.max(axis=0), 1.0)
    weights, _ = nnls(factors / scale / sim, np.ones(len(rows)))
    each = weights / scale
    worst = float(np.abs(factors @ each / sim[:, 0] - 1).max())
    return dict(
        ns_per_update=1e9 * float(each[0]), ns_per_event=1e9 * float(each[1]), us_per_step=1e6 * float(each[2]),
        largest_error=worst, points=len(rows),
    )  # fmt: skip


def costs(found: Mapping[str, float]) -> str:
    """Write a fit as one line."""
    return (
        f"{found['ns_per_update']:.2g} ns/update + {found['ns_per_event']:.2g} ns/event + "
        f"{found['us_per_step']:.2g} us/step (error {100 * found['largest_error']:.0f} %)"
    )


def slope(points: Iterable[tuple[float, float]]) -> float | None:
    """Give (bytes2 - bytes1)/(synapses2 - synapses1) between the smallest and the largest network."""
    ordered = sorted((s, b) for s, b in points if b is not None)
    if len(ordered) < 2 or ordered[0][0] == ordered[-1][0]:
        return None
    return (ordered[-1][1] - ordered[0][1]) / (ordered[-1][0] - ordered[0][0])


def cases(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Join the repeats of a network with cases: one entry per setting, case and rate."""
    groups: dict[tuple, list[tuple[Mapping, Mapping]]] = {}
    for row in rows:
        for part in row.get("parts") or ():
            key = row["label"], json.dumps(row["case"], sort_keys=True), part["rate"]
            groups.setdefault(key, []).append((row, part))
    found = []
    for (label, _, rate), members in groups.items():
        row, part = members[0]
        entry = dict(label=label, case=row["case"], rate=rate, runs=len(members))
        entry |= {k: part[k] for k in ("steps", "updates")}
        entry |= {k: median(p[k] for _, p in members) for k in ("sim_s", "us_per_step", "events", "spikes")}
        entry["sim_min_s"] = min(p["sim_s"] for _, p in members)
        for k in ("build_s", "draw_s", "layout_s", "built_bytes", "peak_bytes", "bytes_per_synapse", "synapses"):
            values = [r[k] for r, _ in members if r.get(k) is not None]
            entry[k] = median(values) if values else None
        found.append(entry)
    return found


def read_results(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the result files of a folder: network -> content, in the order of the catalogue."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        if "network" in content and "systems" in content:
            found[content["network"]] = content
    order = {name: k for k, name in enumerate(NETWORKS)}
    return dict(sorted(found.items(), key=lambda item: order.get(item[0], len(order))))


def growth(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Fit what the result files allow: ``cuba`` over its sizes, ``scale`` over sizes and rates.

    All sizes of ``cuba`` have about as many events per update, so the two can only be told apart with the runs without
    synapses (``--split``).

    Returns
    -------
    dict
        ``fits``: family -> label -> costs; ``bytes_per_synapse``: family -> label -> slope between two sizes.
    """
    points: dict[str, dict[str, list[Point]]] = {"cuba": {}, "scale": {}}
    memory: dict[str, dict[str, list[tuple[float, float]]]] = {"cuba": {}, "scale": {}}
    for name in ("cuba4k", "cuba40k", "cuba400k"):
        for label, e in results.get(name, {}).get("systems", {}).items():
            points["cuba"].setdefault(label, []).append((e["sim_s"], e["updates"], e["events"], e["steps"]))
            if "cells_s" in e:
                points["cuba"][label].append((e["cells_s"], e["updates"], 0.0, e["steps"]))
            memory["cuba"].setdefault(label, []).append((e["synapses"], e.get("built_bytes")))
    for e in results.get("scale", {}).get("cases", ()):
        points["scale"].setdefault(e["label"], []).append((e["sim_s"], e["updates"], e["events"], e["steps"]))
        memory["scale"].setdefault(e["label"], []).append((e["synapses"], e["built_bytes"]))
    return dict(
        fits={f: {k: fit(p) for k, p in rows.items() if len(p) >= 3} for f, rows in points.items()},
        bytes_per_synapse={
            f: {k: s for k, p in rows.items() if (s := slope(p)) is not None} for f, rows in memory.items()
        },
    )
