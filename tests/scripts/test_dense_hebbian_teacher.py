"""The experiment on teachers: its claims hold, a network that learns as well without one fails."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script, scripts
from spikegram.scripts import dense_hebbian_teacher as script


def test_it_is_listed() -> None:
    assert scripts()["dense-hebbian-teacher"].title.startswith("What a teacher is worth")


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    from matplotlib.image import imread

    report = run_script("dense-hebbian-teacher", out=tmp_path, show=False, threads=1)
    assert report.ok and len(report.checks) == 19
    assert json.loads((tmp_path / "result.json").read_text())["ok"] is True
    picture = imread(tmp_path / "teacher.png")[..., :3]
    height, width = (s // 2 for s in picture.shape[:2])
    for rows in (slice(0, height), slice(height, None)):
        for columns in (slice(0, width), slice(width, None)):
            assert 0.01 < (picture[rows, columns] < 0.9).any(-1).mean() < 0.5


def test_slopes() -> None:
    report = Report("x", None, show=False)
    script.check_slopes(report)
    assert report.ok and len(report.checks) == 4


def test_one_simulated_point() -> None:
    """r = 0.5 at the load of the script: theory asks for 8.3 examples without a teacher."""
    few, many = (np.mean([script.one_step(64, 262, M, 0.5, False, s, 1) for s in range(3)]) for M in (4, 20))
    assert few < script.LEARNED < many
    assert script.expected_examples(0.5, False, 64) == pytest.approx(8.3, abs=0.1)


def test_crossing() -> None:
    M = np.array([2, 4, 8])
    assert script.crossing(M, np.array([0.5, script.LEARNED - 0.1, script.LEARNED + 0.1])) == pytest.approx(32**0.5)
    assert math.isnan(script.crossing(M, np.zeros(3))) and math.isnan(script.crossing(M, np.ones(3)))


def test_no_difference_fails() -> None:
    report = Report("x", None, show=False)
    same = np.array([script.expected_examples(r, True, 64) for r in script.QUALITIES])
    flat = np.full(len(script.NUMBERS), 0.9)
    script.check_simulation(report, 64, {True: same, False: same}, {True: flat, False: flat})
    verdict = {c.what: c.ok for c in report.checks}
    assert not any(ok for what, ok in verdict.items() if "without" in what or "worth" in what or "none" in what)
    assert all(ok for what, ok in verdict.items() if "with a teacher" in what)
    digits = {(P, s): np.full(len(script.IMAGES), 0.5) for P in script.DIGIT_ORDERS for s in (True, False)}
    report = Report("x", None, show=False)
    script.check_digits(report, digits, 0.55)
    assert not any(c.ok for c in report.checks)


def test_errors() -> None:
    with pytest.raises(ValueError, match="n: expected at least 48, got 8"):
        script.run(Report("x", None), n=8)
