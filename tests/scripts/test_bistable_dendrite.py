"""The bistable dendrite: all claims hold, the pictures are drawn, a dendrite that is no switch is found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikegram.experiment import Report, run_script
from spikegram.scripts import bistable_dendrite as script


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = tmp_path_factory.mktemp("dendrite")
    return run_script("bistable-dendrite", out=folder, show=False)


@pytest.mark.slow
def test_every_claim_holds(report: Report) -> None:
    assert [c for c in report.checks if not c.ok] == []
    assert len(report.checks) == 13
    assert report.numbers["folds_nA"] == pytest.approx((-0.16394, -0.12482), abs=2e-5)


@pytest.mark.slow
def test_pictures(report: Report) -> None:
    from matplotlib.image import imread

    for name in ("curves.png", "switch.png"):
        picture = imread(report.folder / name)
        assert picture.shape[1] == 1400
        assert 0.01 < float((picture[..., :3] < 0.9).any(-1).mean()) < 0.9  # neither empty nor full


@pytest.mark.slow
def test_too_weak_a_pulse_fails_the_run(report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "ON", 0.01)
    for name in ("draw_curves", "draw_switch"):
        monkeypatch.setattr(script, name, lambda *args: None)
    weak = Report("bistable-dendrite", tmp_path, show=False)
    script.run(weak)
    failed = [c.what for c in weak.checks if not c.ok]
    assert failed == ["while it is on, 670 ms after the pulse (Hz)", "dendrite on above off (mV)"]


@pytest.mark.parametrize(("options", "words"), [
    (dict(g=30), r"g: expected an NMDA conductance above 32\.06 and below 60 nS, got 30"),
    (dict(hold=0.9), r"hold: expected 0\.3 to 0\.7 of the way between the folds, got 0\.9"),
])  # fmt: skip
def test_what_is_refused(options: dict, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        script.run(Report("x", tmp_path), **options)
