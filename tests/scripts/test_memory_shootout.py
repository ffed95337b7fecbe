"""All memories on the same digits: claims hold in a short run, the picture is there, the scores are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script, scripts
from spikegram.scripts import memory_shootout as script


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("shootout")
    return run_script("memory-shootout", out=folder, show=False, patterns=50, cues=20, ca3=False)


def test_it_is_listed() -> None:
    assert scripts()["memory-shootout"].title.startswith("The same digits and the same damaged cues")


def test_every_claim_holds(report: Report) -> None:
    assert report.ok and len(report.checks) >= 9


def test_picture(report: Report) -> None:
    from matplotlib.image import imread

    picture = imread(report.folder / "shootout.png")
    assert picture.shape[:2] == (1120, 1440)
    dark = (picture[..., :3] < 0.9).any(-1)
    assert all(0.01 < part.mean() < 0.5 for part in np.array_split(dark, 2))


def test_scores_by_hand() -> None:
    stored = np.eye(3, 64, dtype=bool)
    cues, which = script.erase(stored, 0.0, 1, np.random.default_rng(0))
    same = script.score(script.Memory(lambda c: c, 30), stored, cues, which, 9)
    assert (same.exact, same.nearest, same.nbytes) == (1.0, 1.0, 10.0)
    blank = script.score(script.Memory(np.zeros_like, 30), stored, cues, which, 9)
    assert (blank.exact, blank.nearest) == (0.0, 0.0)  # as near to the others


def test_damage() -> None:
    rng, images = np.random.default_rng(0), np.tile(np.arange(64) < 20, (2, 1))
    cues, which = script.erase(images, 0.5, 3, rng)
    assert which.tolist() == [0, 0, 0, 1, 1, 1] and (cues.sum(1) == 10).all() and not cues[:, 20:].any()
    cues, _ = script.turn(images, 0.25, 1, rng)
    assert ((cues != images).sum(1) == 16).all()


def test_digits_are_different() -> None:
    images = script.load(3)
    assert len(np.unique(images, axis=0)) == len(images) > 1000


@pytest.mark.slow
def test_spiking_memory_takes_part(tmp_path: Path) -> None:
    report = run_script("memory-shootout", out=tmp_path, show=False, patterns=10, cues=20)
    assert report.ok and any(c.what.startswith("CA3") for c in report.checks)


def test_options_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="patterns: expected 10 to 1000, got 5"):
        script.run(Report("memory-shootout", tmp_path), patterns=5)
    with pytest.raises(ValueError, match="cues: expected at least 10, got 9"):
        script.run(Report("memory-shootout", tmp_path), cues=9)
