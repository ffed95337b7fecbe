"""Colours, labels and files that all figures share."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import pytest

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
