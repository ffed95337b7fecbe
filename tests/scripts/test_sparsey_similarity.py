"""The experiment on similarity: its claims hold, its picture is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from seen import hidden, saved_figures

from spikegram.experiment import Report, run_script
from spikegram.scripts import sparsey_similarity


def test_every_claim_holds(tmp_path: Path) -> None:
    with saved_figures() as figures:
        report = run_script("sparsey-similarity", out=tmp_path, show=False)
    assert report.ok, report.table()
    assert [hidden(figure) for figure in figures] == [[]]
    assert len(report.checks) == 13
    from matplotlib.image import imread

    picture = imread(tmp_path / "similarity.png")
    assert picture.shape[1] == 1440 and 0.01 < float((picture[..., :3] < 0.9).any(-1).mean()) < 0.5
    assert 39 < report.numbers["half_full"] < 40


def test_wrong_option() -> None:
    with pytest.raises(ValueError, match="trials: expected at least 1, got 0"):
        sparsey_similarity.run(Report("x", None), trials=0)
