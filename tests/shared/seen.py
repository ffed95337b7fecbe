"""What of a figure a reader cannot see: lines behind a legend, texts on top of each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from spikegram.networks.figure_style import figure_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@contextmanager
def saved_figures() -> Iterator[list[Figure]]:
    """Collect the figures that are saved meanwhile."""
    from matplotlib.figure import Figure

    kept, save = [], Figure.savefig

    def savefig(figure: Figure, *args: Any, **options: Any) -> None:
        kept.append(figure)
        save(figure, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", savefig)
        yield kept


def hidden(figure: Figure) -> list[str]:
    """Name the lines that pass behind the legend of their axes, and texts that lie on each other."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(200)  # ticks depend on it, and on the style
    with figure_style():
        FigureCanvasAgg(figure).draw()  # lays it out
        found = [f"{label!r} behind the legend" for ax in figure.axes for label in _behind(ax)]
        boxes = _texts(figure)
    for (text, a), (other, b) in combinations(boxes, 2):
        across, along = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        if min(across, along) > 1.5 and text != other:
            found.append(f"{text!r} on {other!r}")
    return found


def _texts(figure: Figure) -> list[tuple[str, Any]]:
    """All texts that are drawn, each with its box."""
    from matplotlib.text import Text

    outside = {id(t) for ax in figure.axes for t in _beyond(ax)}
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and id(t) not in outside]
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts]
    return [(text, box) for text, box in boxes if box.width > 0]


def _beyond(ax: Axes) -> Iterator[Any]:
    """Labels of ticks that are not drawn, as they lie outside the axis."""
    for k, axis in enumerate((ax.xaxis, ax.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for label in [*axis.get_majorticklabels(), *axis.get_minorticklabels()]:
            if not ax.axison or not axis.get_visible() or not low <= label.get_position()[k] <= high:
                yield label


def _behind(ax: Axes) -> Iterator[str]:
    from matplotlib.transforms import Bbox

    if (legend := ax.get_legend()) is None:
        return
    box = Bbox.intersection(legend.get_window_extent(), ax.bbox)
    if box is None or box.width <= 0 or box.height <= 0:
        return
    for line in ax.lines:
        path = line.get_transform().transform_path(line.get_path())
        joined = line.get_linestyle() not in ("None", "", " ")
        if len(path.vertices) and (path.intersects_bbox(box, filled=False) if joined else _any_in(path.vertices, box)):
            yield line.get_label()
    for group in ax.collections:
        if _any_in(_points(group), box):
            yield group.get_label()


def _points(group: Any) -> np.ndarray:
    """Where the points of a scatter, or the ends of lines, lie on the page."""
    if hasattr(group, "get_segments"):
        ends = [s for s in group.get_segments() if len(s)]
        return group.get_transform().transform(np.concatenate(ends)) if ends else np.empty((0, 2))
    return group.get_offset_transform().transform(np.asarray(group.get_offsets(), float))


def _any_in(points: np.ndarray, box: Any) -> bool:
    return bool(((points > box.min) & (points < box.max)).all(axis=1).any())
