"""Figure of a recording: raster with rates, and traces, over one time axis.

It is a `matplotlib.figure.Figure` built without pyplot, so neither a display nor a backend is
needed and nobody's open figures are touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .figure_style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PINK,
    RED,
    SKY,
    axis_label,
    figure_style,
    finish,
    new_figure,
    plain_text,
)
from .spiketrains import SpikeTrains, check_size, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .records import PopulationRecord, Trace
    from .result import Result

__all__ = ["plot_result"]

_WIDTH = 7.0  # inches, two columns of a journal
_SOURCE = "#6B6B6B"
_OTHERS = (GREEN, PINK, ORANGE, SKY, "#7A5195", "#8C6D31", "#882255", "#4C7A2E", "#332288", "#999933")
_SOURCE_NAMES = ("in", "input", "inputs", "source", "sources", "stimulus", "noise", "poisson")
_LEAST_BAND = 0.035  # share of the raster that the smallest population gets
_MANY = 20_000  # points from which a line or raster is stored as pixels in a PDF or SVG
_RATE_LINES = 4  # populations up to which each has its own line in the rate histogram
_FEW = 10  # neurons; the rate of fewer is spikes and gaps, not a rate
_MOST_PANELS = 9


def plot_result(
    result: Result,
    path: str | Path | None = None,
    what: str | Iterable[str] | None = None,
    start: float | None = None,
    stop: float | None = None,
    bin_ms: float | None = None,
    max_traces: int = 3,
    title: str = "",
) -> Figure:
    """Draw the raster of all populations, their rates, and the recorded traces, over one time axis.

    In the raster, the first population is on top and neuron 0 at the bottom of its band; the
    number of recorded neurons stands behind the name. Rates are per neuron; where larger
    populations are there, those of fewer than 10 neurons get no line. More than four populations
    are drawn as one mean rate.

    Parameters
    ----------
    result : Result
    path : str or Path, optional
        File to write; the suffix (``.png``, ``.pdf``, ``.svg``) decides the format.
    what : str or list of str, optional
        ``"spikes"``, the name of a variable (``"v"``), of a population, or both (``"exc.v"``);
        everything if None.
    start, stop : float, optional
        Part of the recording in ms.
    bin_ms : float, optional
        Bin of the rate histogram in ms, a multiple of dt; about 1/120 of the time shown if None.
    max_traces : int
        Neurons drawn per population and variable. What is left out is said beside the axis.
    title : str

    Raises
    ------
    ValueError
        If nothing that was asked for was recorded, or ``what`` names something unknown.
    """
    rasters, traces = _choose(result, what)
    panels, note = _trace_panels(traces, check_size(max_traces, "max_traces"))
    if not rasters and not panels:
        raise ValueError("nothing to plot: no spikes and no traces were recorded")
    span = (0.0 if start is None else start, result.duration if stop is None else stop)
    if not span[0] < span[1]:
        raise ValueError(f"start, stop: expected start < stop in ms, got {span[0]:g}, {span[1]:g}")
    colours = _colours(result)
    heights = []
    if rasters:
        rows = sum(spikes.recorded_ids.size for spikes in rasters.values())
        heights = [float(np.clip(0.1 * len(rasters) + 0.05 * rows, 1.2, 4.5)), 0.8]
    heights += [0.75 if len(panels) > 2 else 1.0] * len(panels)
    with figure_style():
        figure = new_figure(_WIDTH, sum(heights) + 0.5)
        grid = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)
        axes, lower = grid[:, 0], grid[len(heights) - len(panels) :, 0]
        if rasters:
            cut = {name: _cut(spikes, *span) for name, spikes in rasters.items()}
            _draw_raster(axes[0], cut, colours, heights[0])
            _draw_rates(axes[1], cut, colours, bin_ms)
        for ax, (record, trace, neuron) in zip(lower, panels, strict=True):
            _draw_trace(ax, record, trace, neuron, colours[record.name], span)
        _share_limits(lower, panels)
        axes[-1].set_xlim(*span)
        axes[-1].set_xlabel("time (ms)" + note)
        for ax in axes[:-1]:
            ax.tick_params(bottom=False)
            ax.spines["bottom"].set_visible(False)
        if title:
            axes[0].set_title(plain_text(title), loc="left")
        figure.align_ylabels(axes)
        return finish(figure, path)


def _choose(result: Result, what: Any) -> tuple[dict[str, SpikeTrains], list[tuple]]:
    """Spikes for the raster, and (population, trace) pairs, in the order of the result."""
    asked = None if what is None else {what} if isinstance(what, str) else set(what)
    known: set[str] = set()
    rasters, traces = {}, []
    for record in result.populations.values():
        items = [*(["spikes"] if record.spikes is not None else []), *record.traces]
        for item in items:
            names = {item, record.name, f"{record.name}.{item}"}
            known |= names
            if asked is not None and not names & asked:
                continue
            if item == "spikes" and record.spikes is not None:
                rasters[record.name] = record.spikes
            else:
                traces.append((record, record.traces[item]))
    if strange := sorted((asked or set()) - known):
        expected = ", ".join(sorted(known)) or "nothing, as nothing was recorded"
        raise ValueError(f"what: expected some of {expected}, got {strange[0]!r}")
    return rasters, traces


def _trace_panels(traces: list[tuple], most: int) -> tuple[list[tuple], str]:
    """Rows of (population, trace, neuron): every trace gets one before any gets a second."""
    rounds = [
        (turn, place, record, trace, int(trace.ids[turn]))
        for place, (record, trace) in enumerate(traces)
        for turn in range(min(most, trace.ids.size))
    ]
    chosen = sorted(sorted(rounds, key=lambda r: r[:2])[:_MOST_PANELS], key=lambda r: (r[1], r[0]))
    total = sum(trace.ids.size for _, trace in traces)
    note = f"    ({len(chosen)} of {total} recorded traces shown)" if len(chosen) < total else ""
    return [row[2:] for row in chosen], note


def _colours(result: Result) -> dict[str, str]:
    """Blue for excitatory, red for inhibitory, grey for input by name; others in turn."""
    colours, others = {}, 0
    for name in result:
        low = name.lower()
        if low.startswith("exc") or low == "e":
            colours[name] = BLUE
        elif low.startswith("inh") or low == "i":
            colours[name] = RED
        elif low in _SOURCE_NAMES:
            colours[name] = _SOURCE
        else:
            colours[name] = _OTHERS[others % len(_OTHERS)]
            others += 1
    return colours


def _cut(spikes: SpikeTrains, start: float, stop: float) -> SpikeTrains:
    return spikes.between(max(start, spikes.t_start), min(stop, spikes.t_stop))


def _draw_raster(ax: Axes, cut: dict[str, SpikeTrains], colours: dict[str, str], height: float) -> None:
    """One band per population, of a height that follows its size."""
    rows = np.array([max(s.recorded_ids.size, 1) for s in cut.values()], dtype=float)
    shares = np.maximum(rows / rows.sum(), _LEAST_BAND * (len(rows) > 1))
    shares /= shares.sum()
    floors = 1.0 - np.cumsum(shares)
    total = sum(len(s) for s in cut.values())
    ticks: list[tuple[float, str]] = []
    for (name, spikes), floor, share, n in zip(cut.items(), floors, shares, rows, strict=True):
        row = share / n
        row_points = row * height * 72
        place = np.searchsorted(spikes.recorded_ids, spikes.ids)
        if row_points >= 3:  # room for a stroke per spike
            look = dict(marker="|", ms=min(0.95 * row_points, 8), mew=1.2 if total < 2000 else 0.9)
        else:
            size = 1.8 * (4000 / max(total, 1)) ** 0.3
            look = dict(marker="o", ms=float(np.clip(size, 0.7, 1.8)), mew=0)
        ax.plot(
            spikes.times,
            floor + (place + 0.5) * row,
            ls="none",
            color=colours[name],
            rasterized=len(spikes) > _MANY,
            **look,
        )
        if floor > 1e-9:
            ax.axhline(floor, color="0.85", lw=0.5, zorder=0)
        recorded = f"{spikes.recorded_ids.size}"
        recorded += f" of {spikes.size}" if spikes.recorded is not None else ""
        _name_right(ax, floor + share / 2, f"{plain_text(name)} ({recorded})", colours[name])
        if n > 1:
            step = next(s for s in _nice_numbers() if s * row_points >= 20)
            above = share - 9 / (height * 72) if floor + share < 0.999 else share
            marked = [k for k in range(0, int(n), step) if k == 0 or (k + 0.5) * row < above]
            ids = spikes.recorded_ids
            ticks += [(floor + (k + 0.5) * row, str(ids[k])) for k in marked]
    ax.set_ylim(-0.005, 1.005)
    ax.set_yticks([t for t, _ in ticks], [label for _, label in ticks])
    ax.set_ylabel("neuron")


def _draw_rates(ax: Axes, cut: dict[str, SpikeTrains], colours: dict[str, str], bin_ms: float | None) -> None:
    """Firing rate per neuron over time: a line per population, or one mean if there are many."""
    highest = 0.0
    together: dict[tuple, list] = {}
    sizes = [spikes.recorded_ids.size for spikes in cut.values()]
    many = len(cut) > _RATE_LINES
    for name, spikes in cut.items():
        if not many and spikes.recorded_ids.size < _FEW <= max(sizes):
            continue
        width = _nice_bin(spikes) if bin_ms is None else bin_ms
        counts, edges = spikes.histogram(width)
        if counts.size == 0:
            continue
        together.setdefault(tuple(edges), []).append((name, counts, spikes.recorded_ids.size))
    for bins, parts in together.items():
        lines = [(colours[name], counts, n) for name, counts, n in parts]
        if many:
            lines = [(INK, sum(c for _, c, _ in parts), sum(n for _, _, n in parts))]
        for colour, counts, n in lines:
            rate = counts / np.diff(bins) / max(n, 1) * 1e3
            highest = max(highest, float(rate.max()))
            look = dict(fill=True, alpha=0.6) if many else dict(baseline=None, lw=0.9)
            ax.stairs(rate, bins, color=colour, **look)
    ax.set_ylim(0, highest * 1.05 or 1.0)
    ax.set_ylabel("rate (Hz)")
    if many:
        _name_right(ax, 0.5, "mean of all", INK, ax.transAxes)


def _draw_trace(
    ax: Axes,
    record: PopulationRecord,
    trace: Trace,
    neuron: int,
    colour: str,
    span: tuple[float, float],
) -> None:
    """One neuron's trace; of ``v`` also the threshold and, as strokes above it, the spikes."""
    shown = (trace.times >= span[0]) & (trace.times <= span[1])
    values = trace.of(neuron)[shown]
    ax.plot(trace.times[shown], values, color=colour, rasterized=values.size > _MANY)
    ax.set_ylabel(axis_label(trace.name, trace.unit))
    ax.yaxis.set_major_locator(require("matplotlib.ticker").MaxNLocator(3))
    _name_right(ax, 0.5, f"{plain_text(record.name)} {neuron}", colour, ax.transAxes)
    if trace.name != "v":
        return
    if record.threshold is not None:
        ax.axhline(record.threshold, color=INK, lw=0.6, ls=(0, (4, 3)), zorder=1)
    if record.spikes is not None and neuron in record.spikes.recorded_ids:
        times = record.spikes[neuron]
        times = times[(times >= span[0]) & (times < span[1])]
        ax.vlines(times, 0.86, 1.0, color=INK, lw=0.8, transform=ax.get_xaxis_transform())


def _share_limits(axes: Any, panels: list[tuple]) -> None:
    """Give the panels of one variable of one population the same range, with room for the spikes."""
    groups: dict[tuple[str, str], list[Axes]] = {}
    for ax, (record, trace, _) in zip(axes, panels, strict=True):
        groups.setdefault((record.name, trace.name), []).append(ax)
    for (_, variable), members in groups.items():
        low = min(ax.get_ylim()[0] for ax in members)
        high = max(ax.get_ylim()[1] for ax in members)
        for ax in members:
            ax.set_ylim(low, high + (0.2 * (high - low) if variable == "v" else 0.0))


def _nice_bin(spikes: SpikeTrains) -> float:
    """About 1/120 of the time: 1, 2 or 5 times a power of ten steps."""
    target = max((spikes.stop_step - spikes.start_step) / 120, 1.0)
    return next(n for n in _nice_numbers() if n >= 0.999 * target) * spikes.dt


def _nice_numbers() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50, ... without end."""
    return (factor * 10**power for power in count() for factor in (1, 2, 5))


def _name_right(ax: Axes, y: float, text: str, colour: str, transform: Any = None) -> None:
    where = ax.get_yaxis_transform() if transform is None else transform
    ax.text(1.01, y, text, color=colour, transform=where, va="center", ha="left", fontsize=7)
