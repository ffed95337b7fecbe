"""The experiment on learning of ELM neurons: its claims hold, what does not learn fails, the picture is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikegram.experiment import Report, run_script, scripts
from spikegram.scripts import elm_learning as script
from spikegram.scripts._training import Curve


def test_it_is_listed() -> None:
    assert scripts()["elm-learning"].title.startswith("ELM neurons learn to read digits")


def test_what_does_not_learn_fails() -> None:
    report = Report("elm-learning", None, show=False)
    chance = dict(zip(script.PLANS, (0.1, 1 / 6, 0.2, 0.2), strict=True))
    script.check(report, {name: Curve([0, 1], [s, s], 3079) for name, s in chance.items()})
    assert [c.ok for c in report.checks] == [False, True, False, False, False, True]


def test_a_short_training_shows_and_is_drawn(tmp_path: Path) -> None:
    curve = script.train(Report("elm-learning", tmp_path, show=False), script.DIGITS, 60, seed=0)
    assert curve.batches[0] == 0 and curve.batches[-1] == 60 and len(curve.scores) == 21
    assert curve.scores[0] < 0.25 and curve.scores[-1] > 0.4
    script.draw(tmp_path / "learning.png", dict.fromkeys(script.PLANS, curve))
    assert (tmp_path / "learning.png").stat().st_size > 10_000


def test_too_few_batches() -> None:
    with pytest.raises(ValueError, match="batches: expected at least 20, got 3"):
        script.run(Report("x", None), batches=3)


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    report = run_script("elm-learning", out=tmp_path, show=False)
    assert report.ok, report.table()
