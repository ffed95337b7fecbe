"""The experiment on films: claims at a small size, real films from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script
from spikegram.scripts import sparsey_sequences


def test_a_few_films_and_films_from_files(tmp_path: Path) -> None:
    """Blocks that go right or left, by three persons: the third is told from what the others showed."""
    for person, row in (("a", 8), ("b", 9), ("c", 10)):
        for action, way in (("go", 1), ("come", -1)):
            film = np.full((9, 32, 60), 90, np.uint8)
            for t in range(9):
                film[t, row : row + 12, 26 + 5 * way * (t - 4) : 34 + 5 * way * (t - 4)] = 220
            np.save(tmp_path / f"{person}_{action}.npy", film)
    report = run_script(
        "sparsey-sequences", out=tmp_path / "out", show=False, films=1, others=1, films_of=str(tmp_path)
    )
    came = {c.what: c for c in report.checks}
    for what in (
        *("one picture in four motions, with H: winners shared", "16 films seen once: winners recalled"),
        *("replayed from the first frame: winners", "in a novel order, all signals: G"),
        *("half speed, by hold and skip: winners", "in a novel order, hold and skip: G"),
    ):
        assert came[what].ok, report.table()
    assert report.numbers["actions"]["films"] == 6 and report.numbers["actions"]["accuracy"] > 0.5
    from matplotlib.image import imread

    picture = imread(tmp_path / "out" / "sequences.png")
    assert picture.shape == (1420, 1440, 4) and 0.01 < float((picture[..., :3] < 0.9).any(-1).mean()) < 0.6


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    report = run_script("sparsey-sequences", out=tmp_path, show=False)
    assert report.ok, report.table()


def test_wrong_options() -> None:
    with pytest.raises(ValueError, match="films: expected at least 1, got 0"):
        sparsey_sequences.run(Report("x", None), films=0)
