"""What all figures share: colours, matplotlib's settings, labels, files.

Figures are built without pyplot, so neither a display nor a backend is needed and nobody's open figures are touched.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .spiketrains import require

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "INK",
    "ORANGE",
    "PINK",
    "RED",
    "SKY",
    "axis_label",
    "figure_style",
    "finish",
    "new_figure",
    "plain_text",
]

# colours that colour-blind readers can tell apart (Okabe and Ito, 2008), grey, and that of text
BLUE, RED, GREEN, PINK, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
GREY, INK = "#999999", "#333333"

_STYLE = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 0.8,
    "pdf.fonttype": 42,  # text stays text in PDF
    "svg.fonttype": "none",
    "svg.hashsalt": "spikegram",  # the same data give the same file
}
_DPI = 200


def axis_label(name: str, unit: str) -> str:
    """Name and unit as an axis shows them."""
    unit = {"uS": "µS", "MOhm": "MΩ"}.get(unit, unit)
    return f"{plain_text(name)} ({plain_text(unit)})" if unit else plain_text(name)


def plain_text(text: str) -> str:
    """Keep a dollar sign from starting a formula."""
    return text.replace("$", r"\$")


def figure_style(more: dict[str, Any] | None = None) -> AbstractContextManager:
    """Matplotlib's settings for all figures here, put back afterwards."""
    return require("matplotlib").rc_context({**_STYLE, **(more or {})})


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure of this size in inches."""
    return require("matplotlib.figure").Figure(figsize=(width, height), layout="constrained")


def finish(figure: Figure, path: str | Path | None) -> Figure:
    """Write the figure if there is a path; ValueError if its suffix is no known format."""
    if path is not None:
        known = sorted(figure.canvas.get_supported_filetypes())
        if (suffix := Path(path).suffix.lower().lstrip(".")) not in known:
            raise ValueError(f"path: expected a suffix out of {', '.join(known)}, got {suffix!r}")
        figure.savefig(path, dpi=_DPI)
    return figure
