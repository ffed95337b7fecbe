"""The experiment on capacities: its claims hold in a short run, its picture is there, other numbers fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from seen import hidden, saved_figures

from spikegram.experiment import Report, run_script, scripts
from spikegram.scripts import hopfield_capacity as script


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("capacity")
    with saved_figures() as figures:
        report = run_script("hopfield-capacity", out=folder, show=False, size=300, networks=2, cues=40, patterns=2000)
    assert [hidden(figure) for figure in figures] == [[]]
    return report


def test_it_is_listed() -> None:
    assert scripts()["hopfield-capacity"].title.startswith("How much binary Hopfield networks hold")


def test_every_claim_holds(report: Report) -> None:
    assert report.ok and len(report.checks) == 10


def test_picture(report: Report) -> None:
    from matplotlib.image import imread

    picture = imread(report.folder / "capacity.png")
    assert picture.shape[:2] == (1200, 1440)
    dark = (picture[..., :3] < 0.9).any(-1)
    for rows in (slice(0, 600), slice(600, None)):
        for columns in (slice(0, 720), slice(720, None)):
            assert 0.005 < dark[rows, columns].mean() < 0.5


def test_other_numbers_fail(tmp_path: Path) -> None:
    report, wrong = Report("hopfield-capacity", tmp_path, show=False), 0.8
    loads = [script.Point(x, wrong, 0.0) for x in script.LOADS]
    dense = {n: [script.Point(300 * n, wrong, 0.0)] * 2 for n in script.POWERS}
    damage = [script.Point(d, 0.5, 0.0) for d in script.DAMAGE]
    script.check(
        report, 300, {300: loads}, dense, {0.1: [script.Point(16, wrong, 0.0)]}, {"classic": damage, "exp": damage}
    )
    assert len(report.checks) == 9 and not any(c.ok for c in report.checks)


@pytest.mark.parametrize(("option", "least"), dict(size=200, networks=1, cues=1, patterns=16).items())
def test_too_few_are_refused(option: str, least: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"{option}: expected at least {least}, got {least - 1}"):
        script.run(Report("hopfield-capacity", tmp_path), **{option: least - 1})
