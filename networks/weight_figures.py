"""Figures of a projection: weight matrix and weight histogram."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .figure_style import BLUE, INK, axis_label, figure_style, finish, new_figure, plain_text
from .spiketrains import require

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .records import ProjectionRecord

__all__ = ["plot_weight_histogram", "plot_weights"]

_MATRIX_PIXELS = 400  # larger weight matrices are averaged to this many rows or columns


def plot_weights(projection: ProjectionRecord, path: str | Path | None = None) -> Figure:
    """Draw the weight matrix, presynaptic neurons downwards; before and after the run if known.

    Pairs without a synapse are white, or grey where weights have both signs. Several synapses of
    one pair are summed; of a matrix of more than 400 rows or columns, the mean over blocks of
    synapses is drawn.

    Parameters
    ----------
    projection : ProjectionRecord
    path : str or Path, optional
        File to write; the suffix (``.png``, ``.pdf``, ``.svg``) decides the format.
    """
    if projection.weights.size == 0:
        raise ValueError(f"projection {projection.name!r}: nothing to plot, it has no synapses")
    states = ["after"] if projection.weights_before is None else ["before", "after"]
    images = [_matrix_image(projection, state) for state in states]
    size = images[0][1]
    low = min(float(np.nanmin(image)) for image, _ in images)
    high = max(float(np.nanmax(image)) for image, _ in images)
    if low < 0 < high:
        look = dict(cmap="RdBu_r", vmin=-max(-low, high), vmax=max(-low, high))
    elif high <= 0 and low < 0:
        look = dict(cmap="Blues_r", vmin=low, vmax=0.0)
    else:
        look = dict(cmap="viridis", vmin=min(0.0, low), vmax=high or 1.0)
    aspect = float(np.clip(size[0] / size[1], 0.25, 1.5))
    stacked = len(states) > 1 and aspect < 0.6
    rows, columns = (len(states), 1) if stacked else (1, len(states))
    width = 5.0 if aspect < 0.6 else 3.0
    averaged = "mean weight" if max(size) > _MATRIX_PIXELS else "weight"
    with figure_style({"axes.spines.top": True, "axes.spines.right": True}):
        figure = new_figure(columns * width + 1.1, rows * (width * aspect + 0.3) + 0.5)
        axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for ax, state, (image, _) in zip(axes.flat, states, images, strict=True):
            extent = (-0.5, size[1] - 0.5, size[0] - 0.5, -0.5)
            drawn = ax.imshow(image, extent=extent, aspect="auto", interpolation="nearest", **look)
            ax.set_facecolor("0.88" if low < 0 < high else "white")  # no synapse is not weight 0
            ax.set_title(plain_text(projection.name) + f", {state}" * (len(states) > 1), loc="left")
            _whole_ticks(ax.xaxis)
            _whole_ticks(ax.yaxis)
        for ax in axes[-1]:
            ax.set_xlabel(f"post: {plain_text(projection.post)} neuron")
        for ax in axes[:, 0]:
            ax.set_ylabel(f"pre: {plain_text(projection.pre)} neuron")
        label = axis_label(averaged, projection.unit)
        bar = figure.colorbar(drawn, ax=axes, label=label, aspect=30, pad=0.02)
        bar.outline.set_visible(False)
        return finish(figure, path)


def plot_weight_histogram(projection: ProjectionRecord, path: str | Path | None = None, bins: int = 40) -> Figure:
    """Draw how many synapses have which weight; before the run as an outline if known."""
    if projection.weights.size == 0:
        raise ValueError(f"projection {projection.name!r}: nothing to plot, it has no synapses")
    before, after = projection.weights_before, projection.weights
    everything = after if before is None else np.concatenate([before, after])
    edges = np.histogram_bin_edges(everything, bins)
    with figure_style():
        figure = new_figure(3.5, 2.3)
        ax = figure.subplots()
        counts = np.histogram(after, edges)[0]
        ax.stairs(counts, edges, fill=True, color=BLUE, alpha=0.85, label="after")
        if before is not None:
            counts = np.histogram(before, edges)[0]
            ax.stairs(counts, edges, color=INK, lw=1.0, label="before")
            ax.legend(frameon=False, fontsize=7)
        ax.set_xlabel(axis_label("weight", projection.unit))
        ax.set_ylabel("synapses")
        ax.set_title(plain_text(projection.name), loc="left")
        _whole_ticks(ax.yaxis)
        return finish(figure, path)


def _matrix_image(projection: ProjectionRecord, which: str) -> tuple[np.ndarray, tuple[int, int]]:
    """Mean weight per pixel, NaN where there is no synapse, and the numbers of neurons."""
    pre, post = projection.pre_ids.astype(np.int64), projection.post_ids.astype(np.int64)
    n_pre = int(pre.max()) + 1 if projection.pre_size is None else projection.pre_size
    n_post = int(post.max()) + 1 if projection.post_size is None else projection.post_size
    if max(n_pre, n_post) <= _MATRIX_PIXELS:
        return projection.matrix(n_pre, n_post, which), (n_pre, n_post)
    rows, columns = min(n_pre, _MATRIX_PIXELS), min(n_post, _MATRIX_PIXELS)
    cell, total = pre * rows // n_pre * columns + post * columns // n_post, rows * columns
    synapses = np.bincount(cell, minlength=total).astype(float)
    synapses[synapses == 0] = np.nan
    mean = np.bincount(cell, projection.chosen_weights(which), minlength=total) / synapses
    return mean.reshape(rows, columns), (n_pre, n_post)


def _whole_ticks(axis: Any) -> None:
    axis.set_major_locator(require("matplotlib.ticker").MaxNLocator(6, integer=True))
