"""The experiment with rate rules: its claims hold in a short run, its picture is there, a wrong rule fails."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script, scripts
from spikegram.scripts import bcm_oja


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return run_script(
        "bcm-oja", out=tmp_path_factory.mktemp("rules"), show=False, backend="reference", presentations=6000
    )


def test_it_is_listed() -> None:
    assert scripts()["bcm-oja"].title.startswith("Hebbian rules between rates")


@pytest.mark.slow
def test_every_claim_holds(report: Report) -> None:
    assert report.ok and len(report.checks) == 12
    assert json.loads((report.folder / "result.json").read_text())["ok"] is True


@pytest.mark.slow
def test_picture(report: Report) -> None:
    from matplotlib.image import imread

    picture = imread(report.folder / "rules.png")
    assert picture.shape[:2] == (1200, 1440)
    dark = (picture[..., :3] < 0.9).any(-1)
    for rows in (slice(0, 600), slice(600, None)):
        for columns in (slice(0, 720), slice(720, None)):
            assert 0.01 < dark[rows, columns].mean() < 0.5


def test_rules_that_do_not_learn_fail(tmp_path: Path) -> None:
    report = Report("bcm-oja", tmp_path, show=False)
    start = np.ones((41, 2, 12))
    bcm_oja.check_oja(report, bcm_oja.Learned(np.arange(41), start, start))
    bcm_oja.check_sanger(report, dict.fromkeys(("Sanger", "subspace"), 0.1 * np.ones((41, 3, 5))))
    start = np.ones((41, 4, 12))
    bcm_oja.check_bcm(report, np.eye(4), bcm_oja.Learned(np.arange(41), start, start))
    bcm_oja.check_oscillation(report, {0.3: np.arange(100.0), 1.2: np.ones(100)})
    assert sum(not c.ok for c in report.checks) == 11  # 0.1 is not on its axis either


def test_too_few_presentations_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="presentations: expected at least 4000, got 10"):
        bcm_oja.run(Report("bcm-oja", tmp_path), presentations=10)
