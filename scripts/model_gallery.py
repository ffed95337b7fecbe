"""Every cell, synapse and learning rule of the toolkit, each as a small picture of what it does.

Cells: the membrane potential under a step of current (ticks: spikes) and the response over the current: rate of
spikes, or value of a cell without spikes; random cells: their spikes; astrocytes: calcium. Plasticity: the change of
the weight over the distance of spikes, over the rate, or over time. Other synapses: the trace of what they do to a
cell, ticks being presynaptic spikes. Equations, parameters and references are in the docstring of each model.

What to see: which cells adapt, burst or fire from a threshold with a jump (HodgkinHuxley, ResonateAndFire); windows
with one sign on each side, symmetric ones (CA3STDP is not, InhibitorySTDP is), those that need pairs at a rate
(triplets, Clopath); short-term depression and facilitation with recovery; what an astrocyte senses and releases.

Every model that `neurons` and `plasticity` export must be in a table of `_gallery_cells` or `_gallery_synapses`: one
that is missing fails the run.

Files: one PNG per family, result.json.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from .. import neurons, plasticity
from ..experiment import Report
from ..networks.figure_style import BLUE, GREEN, INK, RED, figure_style, finish, new_figure
from ..neurons import NeuronModel
from ..plasticity import SynapseModel
from ._gallery_cells import CELLS, Curves, draw_cell
from ._gallery_elm import elm
from ._gallery_legendre import legendre, lmu
from ._gallery_synapses import (
    LEARNING,
    MATRIX,
    RESPONSES,
    RULES,
    WINDOWS,
    draw_learning,
    draw_response,
    draw_window,
    sanger,
)

__all__ = ["run"]

COLOURS = (BLUE, RED, GREEN)
COLUMNS = 4


def run(report: Report, only: str = "") -> None:
    """Simulate and draw all models, and say which are missing.

    Parameters
    ----------
    report : Report
    only : str
        Name of one model, or empty for all.
    """
    chosen = [(name, page, draw) for name, page, draw in panels() if not only or name == only]
    if not chosen:
        raise ValueError(f"only: expected the name of a model, got {only!r}")
    if not only:
        complete(report, [name for name, _, _ in chosen])
    pages: dict[str, list[Curves]] = {}
    drawn = {}
    for name, page, draw in report.progress(chosen, "drawing", unit="model"):
        made = draw()
        drawn[name] = made if isinstance(made, tuple) and not isinstance(made, Curves) else (made,)
        pages.setdefault(page, []).extend(drawn[name])
    judge(report, drawn)
    for page, curves in pages.items():
        draw_page(report.file(f"{page.replace(' ', '-')}.png", page), curves)


def panels() -> Iterable[tuple[str, str, Any]]:
    """Give (name of the model, page, function that gives its curves) of every panel."""
    yield from ((c.name, c.page, lambda c=c: draw_cell(c)) for c in CELLS)
    for table, draw in ((RESPONSES, draw_response), (WINDOWS, draw_window), (LEARNING, draw_learning)):
        yield from ((p.name, p.page, lambda p=p, draw=draw: draw(p)) for p in table)
    yield from ((name, RULES, sanger) for name in MATRIX)
    yield from (("elm_step", "leaky memories", elm), ("legendre_step", "leaky memories", legendre))
    yield "lmu_step", "leaky memories", lmu


def complete(report: Report, names: Iterable[str]) -> None:
    """Hold the panels against what the packages export."""
    for package, kind, what in ((neurons, NeuronModel, "cells"), (plasticity, SynapseModel, "synapses and rules")):
        public = [n for n in package.__all__ if isinstance(getattr(package, n), kind) or n.endswith("_step")]
        missing = sorted(set(public) - set(names))
        report.check(f"{what} without a panel", "none", ", ".join(missing) or "none")
        report.numbers[what] = len(public)


def judge(report: Report, drawn: dict[str, tuple[Curves, ...]]) -> None:
    """Enter what holds for every panel."""
    silent, strange, still = [], [], []
    for name, curves in drawn.items():
        trace = curves[0]
        model = getattr(neurons, name, None)
        if isinstance(model, NeuronModel) and model.threshold:
            spikes = trace.spikes if trace.raster is None else trace.raster[0]
            if not len(spikes):
                silent.append(name)
        lines = [y for c in curves for y in c.y.values()]
        if not all(np.isfinite(y).all() for y in lines):
            strange.append(name)
        if not any(np.ptp(y) > 0 for y in lines):
            still.append(name)
    report.check("spiking cells that do not fire under their drive", "none", ", ".join(silent) or "none")
    report.check("models with values that are not finite", "none", ", ".join(strange) or "none")
    report.check("models in whose panel nothing happens", "none", ", ".join(still) or "none")
    report.numbers["panels"] = sum(len(c) for c in drawn.values())


def draw_page(path: Path, curves: list[Curves]) -> None:
    """Draw panels in rows of four."""
    rows = -(-len(curves) // COLUMNS)
    with figure_style():
        figure = new_figure(9.0, 1.55 * rows + 0.1)
        axes = figure.subplots(rows, COLUMNS, squeeze=False)
        for ax, c in zip(axes.flat, curves, strict=False):
            draw_panel(ax, c)
        for ax in axes.flat[len(curves) :]:
            ax.set_axis_off()
        finish(figure, path)


def draw_panel(ax: Any, c: Curves) -> None:
    """Draw one pair of axes."""
    for (label, y), colour in zip(c.y.items(), COLOURS, strict=False):
        ax.plot(c.x, y, color=colour, label=label, lw=0.9, marker="o" if c.points else None, ms=2.2)
    if c.raster is not None:
        ax.plot(*c.raster, "|", color=BLUE, ms=3, mew=0.6)
    ax.set(xlabel=c.xlabel, ylabel=c.ylabel, xlim=(c.x.min(), c.x.max()))
    ax.set_title(c.title, loc="left", fontweight="bold")
    if c.xlabel.endswith("pre (ms)"):
        ax.axhline(0, color=INK, lw=0.4)
        ax.axvline(0, color=INK, lw=0.4, ls=(0, (2, 2)))
    if c.spikes is not None:
        low, high = ax.get_ylim()
        top = high + 0.16 * (high - low)
        ax.set_ylim(low, top)
        ax.vlines(c.spikes, high + 0.05 * (high - low), top, color=RED, lw=0.6)
    if len(c.y) > 1:
        room = (0, 0, 1, 1 if c.spikes is None else 0.86)  # below the spikes
        ax.legend(frameon=False, fontsize=6, loc="best", bbox_to_anchor=room, handlelength=1.0, borderaxespad=0.2)
