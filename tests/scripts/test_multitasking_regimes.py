"""The experiment with multitasking networks: its claims hold, states that do not fit fail."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script, scripts
from spikegram.networks.multitasking_theory import hierarchical_amplitudes
from spikegram.scripts import multitasking_regimes as script


def test_it_is_listed() -> None:
    assert scripts()["multitasking-regimes"].title.startswith("Several patterns at once")


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    from matplotlib.image import imread

    report = run_script("multitasking-regimes", out=tmp_path, show=False, threads=1)
    assert report.ok and len(report.checks) == 18
    assert json.loads((tmp_path / "result.json").read_text())["ok"] is True
    picture = imread(tmp_path / "regimes.png")[..., :3]
    height, width = (s // 2 for s in picture.shape[:2])
    for rows in (slice(0, height), slice(height, None)):
        for columns in (slice(0, width), slice(width, None)):
            assert 0.01 < (picture[rows, columns] < 0.9).any(-1).mean() < 0.95


def test_theory_and_map() -> None:
    report = Report("x", None, show=False)
    script.check_theory(report)
    assert report.ok and len(report.checks) == 7
    named = script.regime_map(report, np.array([0.3, 0.9]), np.array([0.1, 0.9, 1.1]))
    words = [[script.NAMES[k] for k in row] for row in named]
    assert words == [["hierarchical", "intermediate"], ["pure", "parallel"], ["ergodic", "ergodic"]]


def test_states_that_do_not_fit_fail() -> None:
    """Hierarchies everywhere, and a teacher who makes a difference."""
    h = {K: {d: hierarchical_amplitudes(K, d)[None] for d in (*script.DILUTIONS, *script.FIVE)} for K in (3, 5)}
    first = {(d, s): np.linspace(0.9, 1, len(script.NUMBERS)) for d in script.LEARN_D for s in (True, False)}
    learned = {True: h[3][0.3] - 0.1, False: h[3][0.3]}
    found = script.Simulated(h[3], {d: h[5][d] for d in script.FIVE}, h[3][0.8], learned, first)
    report = Report("x", None, show=False)
    script.check_simulation(report, found)
    verdict = [c.ok for c in report.checks]
    assert verdict == [False, True, False, False, False, False, False, False, False, False, False]


def test_errors() -> None:
    with pytest.raises(ValueError, match="n: expected at least 5000, got 8"):
        script.run(Report("x", None), n=8)
