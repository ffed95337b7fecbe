"""The experiment on as many digits as MNIST has, at small sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikegram.experiment import Report, run_script
from spikegram.scripts import sparsey_mnist


def test_a_few_images(tmp_path: Path) -> None:
    report = run_script("sparsey-mnist", out=tmp_path, show=False, images=200, asked=60, threads=1)
    assert len(report.checks) == 4
    assert report.numbers["accuracy"]["counts"][-1] > 0.3 and len(report.numbers["seconds_per_image"]) == 10
    from matplotlib.image import imread

    picture = imread(tmp_path / "mnist.png")
    assert picture.shape == (1080, 1440, 4) and 0.01 < float((picture[..., :3] < 0.9).any(-1).mean()) < 0.5


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    report = run_script("sparsey-mnist", out=tmp_path, show=False)
    assert report.ok, report.table()


def test_wrong_options(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="images: expected at least 100, got 5"):
        sparsey_mnist.run(Report("x", None), images=5)
    with pytest.raises(NotADirectoryError, match="mnist: expected a folder with the four files of MNIST, got '.*none'"):
        sparsey_mnist.run(Report("x", None), mnist=str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match="expected train-images-idx3-ubyte"):
        sparsey_mnist.run(Report("x", None), mnist=str(tmp_path))
