"""The experiment on kinds of fixed points: its claims hold in a short run, its picture is there, other numbers fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script, scripts
from spikegram.scripts import hopfield_metastable as script


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return run_script("hopfield-metastable", out=tmp_path_factory.mktemp("metastable"), show=False, draws=6)


def test_it_is_listed() -> None:
    assert scripts()["hopfield-metastable"].title.startswith("Kinds of fixed points")


def test_every_claim_holds(report: Report) -> None:
    assert report.ok and len(report.checks) == 13


def test_picture(report: Report) -> None:
    from matplotlib.image import imread

    picture = imread(report.folder / "metastable.png")
    assert picture.shape[:2] == (1080, 1440)
    dark = (picture[..., :3] < 0.9).any(-1)
    assert all(0.01 < part.mean() < 0.5 for part in np.array_split(dark, 2))


def test_other_numbers_fail(tmp_path: Path) -> None:
    report = Report("hopfield-metastable", tmp_path, show=False)
    wrong = script.Found(np.array([2.0, 1.0]), np.array([0.1, 1.0]), np.array([2.0, 2.0]))
    script.check(report, dict.fromkeys(script.BETAS, wrong), {"sparsemax": (10, 9, False)})
    assert len(report.checks) == 12 and not any(c.ok for c in report.checks)


def test_few_draws_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="draws: expected at least 4, got 3"):
        script.run(Report("hopfield-metastable", tmp_path), draws=3)
