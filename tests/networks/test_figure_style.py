"""Colours, labels and files that all figures share."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import pytest
from seen import hidden, saved_figures

from spikegram.networks.figure_style import axis_label, figure_style, finish, new_figure, plain_text


def test_settings_are_put_back() -> None:
    before = dict(matplotlib.rcParams)
    with figure_style({"font.size": 5}):
        assert (matplotlib.rcParams["font.size"], matplotlib.rcParams["axes.spines.top"]) == (5, False)
    assert dict(matplotlib.rcParams) == before


def test_labels_are_no_formulas() -> None:
    assert axis_label("a$b$", "") == plain_text("a$b$") == "a\\$b\\$"
    assert axis_label("g", "uS") == "g (µS)" and axis_label("R", "MOhm") == "R (MΩ)"


def test_a_figure_is_written_in_its_size(tmp_path: Path) -> None:
    figure = new_figure(2, 1)
    assert finish(figure, tmp_path / "figure.png") is figure is finish(figure, None)
    assert matplotlib.image.imread(tmp_path / "figure.png").shape[:2] == (200, 400)
    with pytest.raises(ValueError, match="path: expected a suffix out of .*png.*, got 'xyz'"):
        finish(figure, tmp_path / "figure.xyz")


@pytest.mark.parametrize(("suffix", "head"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_file_formats(tmp_path: Path, suffix: str, head: bytes) -> None:
    path = tmp_path / f"figure.{suffix}"
    finish(new_figure(1, 1), path)
    assert path.read_bytes().startswith(head)


def test_what_a_reader_cannot_see_is_found() -> None:
    with figure_style(), saved_figures() as figures:
        figure = new_figure(3, 3)
        ax = figure.subplots()
        ax.plot([0, 1], [0, 1], label="line")
        ax.plot([0, 1], [0.5, 0.5], "o", label="points")
        ax.vlines([0.2, 0.85], 0.8, 0.85, label="ticks")
        ax.set_title("clear")
        ax.legend(loc="upper right")
        assert finish(figure, None) is figure and figures == []
        assert hidden(figure) == ["'line' behind the legend", "'ticks' behind the legend"]
        ax.legend(loc="lower right")
        assert hidden(figure) == []
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
        ax.text(0.2, 0.6, "one")
        ax.text(0.21, 0.61, "two")
        assert hidden(figure) == ["'one' on 'two'"]
