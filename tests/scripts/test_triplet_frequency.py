"""Pairs at growing rates: trains, the whole experiment without the cell, and (slow) with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script
from spikegram.scripts import triplet_frequency


def test_trains() -> None:
    first, second = triplet_frequency.trains(20, 3)
    assert first == [10, 30, 50] and second == [20, 40, 60]


def test_checked_rates_are_drawn() -> None:
    rates = [0.1, *(1000 / p for p in triplet_frequency.PERIODS)]
    assert set(triplet_frequency.CHECKED) <= set(rates)


def test_claims_about_triplets_hold(tmp_path: Path) -> None:
    report = run_script("triplet-frequency", out=tmp_path, show=False, voltage=False)
    assert report.ok and len(report.checks) == 5
    assert (tmp_path / "frequency.png").stat().st_size > 10_000


def test_other_numbers_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The computed values with the two sides swapped."""
    rates = np.array([*triplet_frequency.CHECKED])
    swapped = {n: (np.array(b), np.array(a)) for n, (a, b) in triplet_frequency.COMPUTED.items()}
    swapped["pair"] = np.zeros(5), -np.ones(5)
    monkeypatch.setattr(triplet_frequency, "frequency", lambda backend: (rates, swapped))
    monkeypatch.setattr(triplet_frequency, "draw", lambda *args: None)
    monkeypatch.setattr(Report, "file", lambda *args: None)
    report = Report("triplet-frequency", None, show=False)
    triplet_frequency.run(report, voltage=False)
    assert [c.ok for c in report.checks] == [False] * 4 + [True]


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    report = run_script("triplet-frequency", out=tmp_path, show=False)
    assert report.ok and len(report.checks) == 7
