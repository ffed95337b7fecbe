"""The phase diagram of dense Hebbian networks: its claims hold in a short run, wrong simulations fail."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spikegram.experiment import Report, run_script, scripts
from spikegram.networks.dense_hebbian_phases import PhaseDiagram
from spikegram.scripts import dense_hebbian_phase_diagram as script


def test_it_is_listed() -> None:
    assert scripts()["dense-hebbian-phase-diagram"].title.startswith("Where a dense Hebbian network retrieves")


@pytest.mark.slow
def test_every_claim_holds(tmp_path) -> None:  # noqa: ANN001
    from matplotlib.image import imread

    report = run_script("dense-hebbian-phase-diagram", out=tmp_path, show=False, threads=1)
    assert report.ok and len(report.checks) == 9
    assert json.loads((tmp_path / "result.json").read_text())["ok"] is True
    picture = imread(tmp_path / "phases.png")[..., :3]
    height, width = (s // 2 for s in picture.shape[:2])
    for rows in (slice(0, height), slice(height, None)):
        for columns in (slice(0, width), slice(width, None)):
            assert 0.01 < (picture[rows, columns] < 0.9).any(-1).mean() < 0.5


def test_networks_that_lose_or_keep_everything_fail() -> None:
    """Simulated overlaps of 0.5 everywhere: wrong inside, and right beyond; of 1 everywhere: the other way round."""
    lines = PhaseDiagram(np.array([0.05, 0.95]), np.array([0.0135, 0.002]), np.array([0.008, np.nan]), np.zeros(2))
    shape = (len(script.TEMPERATURES), len(script.LOADS), 3)
    verdicts = {}
    for m in (0.5, 1.0):
        report = Report("dense-hebbian-phase-diagram", None, show=False)
        cuts = {name: np.full((len(script.CUT_LOADS), 3), m) for name in script.DATA}
        script.check_simulation(report, lines, script.Simulated(np.full(shape, m), cuts))
        verdicts[m] = [c.ok for c in report.checks]
    assert verdicts[0.5] == [False, True, False, False]
    assert verdicts[1.0][1] is False


def test_a_small_simulation_has_the_right_shape() -> None:
    found = script.simulate(Report("x", None, show=False), 32, 3, 10, 1, 0)
    assert found.map.shape == (6, 9, 3) and set(found.cuts) == set(script.DATA)
    assert found.map[0, 0].mean() > 0.95 and found.map[-1, -1].mean() < 0.6


def test_errors() -> None:
    with pytest.raises(ValueError, match="n: expected at least 32, got 8"):
        script.run(Report("x", None), n=8)
    with pytest.raises(ValueError, match="draws: expected at least 3, got 1"):
        script.run(Report("x", None), draws=1)
