"""The experiment lmu-learning: a short training gets better, claims are held, the picture is drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spikegram.experiment import Report, run_script, scripts
from spikegram.scripts import lmu_learning
from spikegram.scripts._training import Curve, learn
from spikegram.tasks import make_task

GOOD = {
    "whole cell": Curve([0, 10], [0.1, 0.97], 5),
    "without recurrence": Curve([0, 10, 20], [0.1, 0.5, 0.93], 5),
    "adding": Curve([0, 10], [1.0, 0.01], 5),
}


def test_it_is_listed() -> None:
    assert scripts()["lmu-learning"].title.startswith("Legendre Memory Units learn")


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    report = run_script("lmu-learning", out=tmp_path, show=False)
    assert report.ok and len(report.checks) == 5
    assert json.loads((report.folder / "result.json").read_text())["ok"] is True
    assert (report.folder / "learning.png").stat().st_size > 10_000


def test_a_short_training_gets_better(tmp_path: Path) -> None:
    task = make_task("sequential_digits", by="pixel")
    report = Report("lmu-learning", tmp_path, show=False)
    curve, _ = learn(report, "", task, lmu_learning.parallel, 120, 5e-3)
    assert curve.batches == [*range(0, 121, 6)] and len(curve.scores) == 21
    assert curve.scores[0] < 0.3 and curve.scores[-1] > 0.5
    assert curve.weights == (1 + 1 + 64 + 64 * 32 + 64) + 650


@pytest.mark.parametrize(
    "worse",
    [
        {"whole cell": Curve([0, 10], [0.1, 0.94], 5)},
        {"whole cell": Curve([0, 10, 20, 30], [0.1, 0.1, 0.1, 0.97], 5)},
        {"without recurrence": Curve([0, 20], [0.1, 0.8], 5)},
        {"adding": Curve([0, 10], [1.0, 0.1], 5)},
    ],
)
def test_claims_can_fail(tmp_path: Path, worse: dict) -> None:
    good = Report("lmu-learning", tmp_path, show=False)
    lmu_learning.check(good, GOOD)
    assert good.ok
    bad = Report("lmu-learning", tmp_path, show=False)
    lmu_learning.check(bad, GOOD | worse)
    assert not bad.ok


def test_picture(tmp_path: Path) -> None:
    from matplotlib.image import imread

    lmu_learning.draw(tmp_path / "learning.png", GOOD)
    picture = imread(tmp_path / "learning.png")
    dark = (picture[..., :3] < 0.9).any(-1)
    assert 0.01 < dark.mean() < 0.5


def test_too_few_batches(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="batches: expected at least 100, got 10"):
        lmu_learning.run(Report("lmu-learning", tmp_path, show=False), batches=10)
