"""The learning windows: the panels that are quick, the formulas, and (slow) the whole with its picture."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script
from spikegram.plasticity import STDP
from spikegram.scripts import stdp_windows


def test_the_quick_panels_hold() -> None:
    report = Report("stdp-windows", None, show=False)
    s, came, formula = stdp_windows.pair_window(report, "reference")
    stdp_windows.inhibitory_window(report, "reference")
    w, curves, balance = stdp_windows.weight_dependence(report, "reference")
    assert report.ok and len(report.checks) == 7
    assert s.size == came.size == formula.size == 800 and w.size == 99
    assert sorted(curves) == [0, 0.2, 0.5, 1] and sorted(balance) == [0.2, 0.5, 1]


def test_a_rule_that_errs_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = STDP(order=("pre", "post"))
    monkeypatch.setattr(stdp_windows, "STDP", lambda **values: wrong(**{**values, "tau_minus": 35}))
    report = Report("stdp-windows", None, show=False)
    stdp_windows.pair_window(report, "reference")
    assert not report.ok


def test_sums_over_triplets_of_two_pairs_by_hand() -> None:
    """Two pairs at +10 ms, 50 ms apart: two pairs' worth, a cross pair each way, and triplets."""
    (came,) = stdp_windows.triplet_sum(np.array([10.0]), 20, 2)
    r1 = [math.exp(-10 / 16.8), math.exp(-10 / 16.8) + math.exp(-60 / 16.8)]
    o1, r2, o2 = math.exp(-40 / 33.7), math.exp(-50 / 101), math.exp(-50 / 125)
    expected = r1[0] * 5e-10 + r1[1] * (5e-10 + 6.2e-3 * o2) - o1 * (7e-3 + 2.3e-4 * r2)
    assert came == pytest.approx(expected, rel=1e-12)


def test_too_short_a_time_is_refused() -> None:
    with pytest.raises(ValueError, match="seconds: expected at least 1 s, got 0"):
        stdp_windows.run(Report("x", None), seconds=0)


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    report = run_script("stdp-windows", out=tmp_path, show=False)
    assert report.ok and len(report.checks) == 16
    from matplotlib.image import imread

    picture = imread(tmp_path / "windows.png")
    assert picture.shape[:2] == (920, 1440)
    assert 0.01 < float((picture[..., :3] < 0.9).any(-1).mean()) < 0.5
