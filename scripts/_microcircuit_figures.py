"""Pictures of the microcircuit: a raster, and rates, irregularity, correlations and synchrony beside published values.

One hue per layer, dark for the excitatory and light for the inhibitory population, L2/3E on top.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..networks import SpikeTrains
from ..networks.figure_style import INK, figure_style, finish, new_figure
from ._microcircuit_statistics import Statistics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["COLOURS", "draw_raster", "draw_statistics"]

COLOURS = {
    "L2/3E": "#1B4B91", "L2/3I": "#7FB0EA", "L4E": "#1A7A4C", "L4I": "#7CCB9F",
    "L5E": "#B4501A", "L5I": "#F2A66A", "L6E": "#5D3A8E", "L6I": "#B79BE0",
}  # fmt: skip
SHOWN = 8000  # neurons in the raster
TITLES = {
    "rate": "firing rate\n(Hz)",
    "cv": "irregularity\n(CV of intervals)",
    "correlation": "correlation of pairs\n(spike counts, 2 ms)",
    "synchrony": "synchrony (variance/mean\nof spike counts, 3 ms)",
}


def draw_raster(path: Path, spikes: Mapping[str, SpikeTrains], start: float, stop: float) -> None:
    """Spikes of evenly chosen neurons from ``start`` to ``stop`` ms; below, rates of the excitatory populations."""
    sizes = {name: s.size for name, s in spikes.items()}
    share = min(1.0, SHOWN / sum(sizes.values()))
    rows = {name: max(1, int(n * share)) for name, n in sizes.items()}
    with figure_style():
        figure = new_figure(7.0, 6.2)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[4.6, 1.4])
        top, total = 0, sum(rows.values())
        size = float(np.clip(1.7 * (3000 / total) ** 0.5, 0.8, 3.0))
        for name, s in spikes.items():
            cut = s.between(start, stop)
            every = s.size / rows[name]
            row = np.floor(cut.ids / every).astype(int)
            # one neuron of each row
            first = np.ceil(row * every).astype(int) == cut.ids
            upper.plot(
                cut.times[first], top + row[first] + 0.5, ls="none", marker="o", ms=size, mew=0, color=COLOURS[name],
                rasterized=True,
            )  # fmt: skip
            middle = top + rows[name] / 2
            upper.text(-0.01, middle, name, color=COLOURS[name], transform=upper.get_yaxis_transform(), ha="right",
                       va="center", fontsize=8, fontweight="bold")  # fmt: skip
            top += rows[name]
            upper.axhline(top, color="0.88", lw=0.5, zorder=0)
        upper.set(ylim=(total, 0), yticks=[], xlim=(start, stop))
        upper.spines["left"].set_visible(False)
        upper.tick_params(bottom=False, labelbottom=False)
        upper.spines["bottom"].set_visible(False)
        part = "all neurons" if share == 1 else f"{total:,} of {sum(sizes.values()):,} neurons"
        upper.set_title(f"spikes of {part}", loc="left")
        _rates(lower, spikes, start, stop)
        finish(figure, path)


def _rates(ax: Axes, spikes: Mapping[str, SpikeTrains], start: float, stop: float) -> None:
    """Population rates in bins of 2 ms, the excitatory populations as lines."""
    for name, s in spikes.items():
        if not name.endswith("E"):
            continue
        counts, edges = s.between(start, stop).histogram(2.0)
        ax.stairs(counts / np.diff(edges) / s.size * 1e3, edges, color=COLOURS[name], lw=0.9, label=name, baseline=None)
    ax.set(xlabel="time (ms)", ylabel="population rate\n(Hz, 2 ms)", ylim=(0, None))
    ax.legend(frameon=False, ncols=4, fontsize=7, loc="upper right", handlelength=1.2, borderaxespad=0)
    ax.margins(y=0.25)


def draw_statistics(
    path: Path, found: Mapping[str, Statistics], published: Mapping[str, Mapping[str, np.ndarray]], title: str
) -> None:
    """Boxes over neurons (or pairs) of each population (whiskers: 5 and 95 %), their means, and published means.

    A published CV of longer windows lies above that of slow neurons here.

    Parameters
    ----------
    path : Path
    found : mapping of str to Statistics
        By population.
    published : mapping
        Label -> statistic ("rate", "cv", "correlation", "synchrony") -> values [8]; a label may lack some.
    title : str
    """
    names = list(found)
    with figure_style():
        figure = new_figure(7.2, 4.6)
        axes = figure.subplots(1, 4, sharey=True)
        for ax, what in zip(axes, TITLES, strict=True):
            _panel(ax, what, found)
            for (label, values), (shift, look) in zip(published.items(), _LOOKS, strict=False):
                if what in values:
                    ax.plot(values[what], np.arange(len(names)) + shift, ls="none", label=label, zorder=5, **look)
            ax.set_xlabel(TITLES[what])
            ax.tick_params(axis="y", length=0)
            ax.grid(axis="x", color="0.9", lw=0.5)
            ax.set_axisbelow(True)
            ax.spines["left"].set_visible(False)
        axes[0].set(yticks=range(len(names)), ylim=(len(names) - 0.4, -0.6))
        axes[0].set_yticklabels(names, fontweight="bold")
        for label, name in zip(axes[0].get_yticklabels(), names, strict=True):
            label.set_color(COLOURS[name])
        axes[0].set_xlim(left=0)
        axes[1].set_xlim(0.2, 1.4)
        axes[3].set_xlim(left=0)
        handles = {}
        for ax in axes:
            handles.update({label: handle for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)})
        look = dict(loc="outside lower center", ncols=len(handles), frameon=False, fontsize=7.5)
        figure.legend(handles.values(), handles.keys(), **look)
        figure.suptitle(title, fontsize=8.5, x=0.01, ha="left")
        finish(figure, path)


_HALF = 0.31  # half the height of a box
_LOOKS = (  # place within the row, and marker
    (-0.17, dict(marker="D", ms=4.5, mfc="white", mec=INK, mew=1.0)),
    (0.17, dict(marker="X", ms=5.5, mfc=INK, mec="white", mew=0.5)),
)


def _panel(ax: Axes, what: str, found: Mapping[str, Statistics]) -> None:
    for row, (name, s) in enumerate(found.items()):
        colour = COLOURS[name]
        mean = s.means()[what]
        if what == "synchrony":
            ax.barh(row, mean, height=2 * _HALF, color=colour, lw=0)
            continue
        values = {"rate": s.rates, "cv": s.cv, "correlation": s.correlations}[what]
        if not values.size:
            continue
        ax.boxplot(
            [values], positions=[row], orientation="horizontal", widths=2 * _HALF, showfliers=False, whis=(5, 95),
            patch_artist=True, boxprops=dict(facecolor=colour, lw=0), medianprops=dict(color="white", lw=1.2),
            whiskerprops=dict(color=colour, lw=1.0), capprops=dict(color=colour, lw=1.0), manage_ticks=False,
        )  # fmt: skip
        label = "mean of this run" if row == 0 else None
        ax.plot([mean, mean], [row - _HALF, row + _HALF], lw=1.6, color=INK, label=label, zorder=4)
