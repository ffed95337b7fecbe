"""The experiment with half digits: known shares, pictures, other numbers fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script, scripts
from spikegram.scripts import hopfield_digits as script


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return run_script("hopfield-digits", out=tmp_path_factory.mktemp("digits"), show=False)


def test_it_is_listed() -> None:
    assert scripts()["hopfield-digits"].title.startswith("Half a digit calls the whole one")


def test_every_claim_holds(report: Report) -> None:
    assert report.ok and len(report.checks) == 9


def test_pictures(report: Report) -> None:
    from matplotlib.image import imread

    for name, least in (("completed.png", 0.3), ("identity.png", 0.02)):
        picture = imread(report.folder / name)
        assert picture.shape[1] == 1400 and (picture[..., :3] < 0.9).any(-1).mean() > least


def test_nearest_image(seed: int) -> None:
    X = np.random.default_rng(seed).standard_normal((30, 8))
    states = X[::-1] + 0.1
    assert np.array_equal(script.nearest(X, states), ((states[:, None] - X[None]) ** 2).sum(-1).argmin(1))


def test_other_numbers_fail(tmp_path: Path) -> None:
    report = Report("hopfield-digits", tmp_path, show=False)
    wrong = {(kind, norm): [0.9, *[0.5] * 8] for kind in script.KINDS for norm in (False, True)}
    script.check(report, wrong, 200, 4)
    assert len(report.checks) == 9 and not any(c.ok for c in report.checks)


def test_options_are_checked(tmp_path: Path) -> None:
    for options, message in ((dict(digits=5), "digits: expected 20 to 1797"), (dict(rows=8), "rows: expected 1 to 7")):
        with pytest.raises(ValueError, match=message):
            script.run(Report("hopfield-digits", tmp_path), **options)
