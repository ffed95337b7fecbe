"""Pictures of all results in a folder: ``ratios.png`` and ``growth.png``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .fit import costs, growth, read_results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["bars", "draw", "draw_growth", "draw_ratios"]

_COLOURS = {"float32": "#1f6f8b", "float64": "#99c1d6"}
_LINES = ("#1f6f8b", "#c8553d", "#588157", "#6d597a", "#bc8034", "#333333")
_CUBA = ("cuba4k", "cuba40k", "cuba400k")


def draw(folder: Path) -> list[str]:
    """Draw what the result files of a folder allow; names of the files written."""
    results = read_results(folder)
    return [
        name
        for name, make in (("ratios.png", draw_ratios), ("growth.png", draw_growth))
        if make(results, folder / name)
    ]


def bars(results: Mapping[str, Mapping[str, Any]], peer: str) -> list[dict[str, Any]]:
    """Ratios of ours to a peer, each with its better number of threads: one entry per network and precision.

    A network's goal is one for single precision.
    """
    found = []
    for name, content in results.items():
        rows = [r for r in content.get("ratios", ()) if r["peer"] == peer and not r["equal_threads"]]
        goal = content.get("goals", {}).get(peer)
        for dtype in dict.fromkeys(r["dtype"] for r in rows):
            best = max((r for r in rows if r["dtype"] == dtype), key=lambda r: r["median"])
            mine = goal if dtype == "float32" else None
            found.append(dict(best, network=name, seconds=content["seconds"], goal=mine))
    return found


def draw_ratios(results: Mapping[str, Mapping[str, Any]], path: Path) -> bool:
    """Draw how many times faster ours is than each peer; False if there is nothing to compare."""
    peers = list(dict.fromkeys(r["peer"] for c in results.values() for r in c.get("ratios", ())))
    if not peers:
        return False
    from matplotlib.figure import Figure

    from .systems import SYSTEMS

    tables = {peer: bars(results, peer) for peer in peers}
    rows = max(len({e["network"] for e in t}) for t in tables.values())
    figure = Figure(figsize=(5.2 * len(peers), 1.6 + 0.62 * rows), layout="constrained")
    keys: dict[str, Any] = {}
    for axes, peer in zip(figure.subplots(1, len(peers), squeeze=False)[0], peers, strict=True):
        _panel(axes, tables[peer])
        handles, labels = axes.get_legend_handles_labels()
        keys |= dict(zip(labels, handles, strict=True))
        axes.set_title(f"against {SYSTEMS[peer].title}", fontsize=10)
    figure.legend(keys.values(), keys, loc="outside lower center", ncols=len(keys), fontsize=8, frameon=False)
    machine = next(iter(results.values()))["machine"]
    named = f"{machine['processor']}, {machine['core']}" if "core" in machine else machine["processor"]
    figure.suptitle(f"time of the peer / time of spikegram, each with its better number of threads "
                    f"({named}, {machine['cores']} cores)", fontsize=11)  # fmt: skip
    figure.savefig(path, dpi=130)
    return True


def _panel(axes: Axes, entries: list[dict[str, Any]]) -> None:
    networks = list(dict.fromkeys(e["network"] for e in entries))
    kinds = [d for d in _COLOURS if any(e["dtype"] == d for e in entries)]
    height = 0.8 / max(len(kinds), 1)
    right = max([e["median"] for e in entries] + [e["goal"] or 1.0 for e in entries] + [1.5])
    seen: set[str] = set()
    for e in entries:
        y = networks.index(e["network"]) + (kinds.index(e["dtype"]) - (len(kinds) - 1) / 2) * height
        label = e["dtype"]
        axes.barh(
            y, e["median"], height * 0.92, color=_COLOURS[label], label="" if label in seen else label,
            hatch=None if e["in_range"] else "///", edgecolor="white",
        )  # fmt: skip
        axes.plot(e["minimum"], y, ".", color="#333333", ms=5, label="" if "min" in seen else "ratio of the minima")
        axes.text(max(e["median"], e["minimum"]) + right * 0.02, y, f"{e['median']:.2g}" if e["median"] < 100
                  else f"{e['median']:.0f}", va="center", fontsize=8)  # fmt: skip
        if e["goal"]:
            ends = [y - 0.52 * height, y + 0.52 * height]
            axes.plot([e["goal"]] * 2, ends, color="#c8553d", lw=1.6, label="" if "goal" in seen else "goal")
            seen.add("goal")
        seen |= {label, "min"}
    axes.axvline(1, color="#888888", lw=0.8, ls=":")
    axes.set_yticks(range(len(networks)), networks)
    axes.set_ylim(len(networks) - 0.4, -0.6)
    axes.set_xlim(0, right * 1.15)
    axes.set_xlabel("times faster")
    axes.spines[["top", "right"]].set_visible(False)


def draw_growth(results: Mapping[str, Mapping[str, Any]], path: Path) -> bool:
    """Draw the cost of a step against cells, synapses, rate and delays, each if it was measured at several values.

    False if there is nothing to draw.
    """
    scale, spread = results.get("scale", {}).get("cases", []), results.get("delays", {}).get("cases", [])
    sizes, fits = [results[name] for name in _CUBA if name in results], growth(results)["fits"]
    label = next(iter(_ours(e["label"] for e in scale + spread)), "")
    one, two = ([e for e in cases if e["label"] == label] for cases in (scale, spread))
    panels: list[tuple[Callable[..., None], Any, Any]] = [(_draw_cells, sizes, fits["cuba"])] if len(sizes) > 1 else []
    if len({e["synapses"] for e in one}) > 1:
        panels.append((_draw_synapses, one, fits["scale"].get(label)))
    if len({e["rate"] for e in one}) > 1:
        panels.append((_draw_rates, one, label))
    if len({e["case"]["delays"] for e in two}) > 1:
        panels.append((_draw_delays, two, label))
    if not panels:
        return False
    from matplotlib.figure import Figure

    rows = 1 if len(panels) < 4 else 2
    columns = -(-len(panels) // rows)
    figure = Figure(figsize=(5.5 * columns, 3.8 * rows), layout="constrained")
    every = figure.subplots(rows, columns, squeeze=False).flat
    for axes, (panel, entries, more) in zip(every, panels, strict=False):
        panel(axes, entries, more)
    for axes in list(figure.axes)[len(panels) :]:
        axes.set_visible(False)
    figure.savefig(path, dpi=130)
    return True


def _draw_cells(axes: Axes, sizes: list[Mapping[str, Any]], fits: Mapping[str, Any]) -> None:
    for k, label in enumerate(_ours(label for c in sizes for label in c["systems"])):
        points = [
            (c["cells"], 1e6 * c["systems"][label]["sim_s"] / c["systems"][label]["steps"])
            for c in sizes if label in c["systems"]
        ]  # fmt: skip
        text = label + (f": {costs(fits[label])}" if label in fits else "")
        axes.loglog(*zip(*points, strict=True), "o-", color=_LINES[k % 6], label=text)
    _finish(axes, "cells", "cuba")


def _draw_synapses(axes: Axes, entries: list[dict[str, Any]], fit: Mapping[str, Any] | None) -> None:
    for k, hz in enumerate(sorted({e["rate"] for e in entries})):
        points = sorted((e["synapses"], e["us_per_step"]) for e in entries if e["rate"] == hz)
        axes.loglog(*zip(*points, strict=True), "o-", color=_LINES[k % 6], label=f"{hz:g} Hz")
    _finish(axes, "synapses (1,000 a cell)", f"scale, {entries[0]['label']}")
    if fit is not None:
        axes.text(0.02, 0.98, costs(fit), transform=axes.transAxes, va="top", fontsize=8)


def _draw_rates(axes: Axes, entries: list[dict[str, Any]], label: str) -> None:
    for k, size in enumerate(sorted({e["synapses"] for e in entries})):
        found = sorted((e["rate"], e["us_per_step"]) for e in entries if e["synapses"] == size)
        rates, times = zip(*found, strict=True)
        axes.plot(rates, [t / times[0] for t in times], "o-", color=_LINES[k % 6], label=f"{size:.2g} synapses")
    _finish(axes, "rate of each cell (Hz)", f"scale, {label}", "step / step at the lowest rate")
    axes.set_ylim(bottom=0)


def _draw_delays(axes: Axes, entries: list[dict[str, Any]], label: str) -> None:
    for k, hz in enumerate(sorted({e["rate"] for e in entries})):
        points = sorted((e["case"]["delays"], e["us_per_step"]) for e in entries if e["rate"] == hz)
        axes.plot(*zip(*points, strict=True), "o-", color=_LINES[k % 6], label=f"{hz:g} Hz")
    _finish(axes, "different delays", f"delays, {label}")
    axes.set_ylim(bottom=0)


def _ours(labels: Any) -> list[str]:
    """Different labels of ours, in the order in which they come."""
    return [label for label in dict.fromkeys(labels) if label.startswith("spikegram")]


def _finish(axes: Axes, x: str, title: str, y: str = "time of a step (us)") -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(fontsize=7, frameon=False)
