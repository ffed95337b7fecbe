"""Regimes of astrocytes: the claims hold at a small size, a wrong value is found out, the files can be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script
from spikegram.scripts import astrocyte_regimes as script


def picture_is_drawn(path: Path) -> bool:
    from matplotlib.image import imread

    return 0.01 < float((imread(path)[..., :3] < 0.9).any(-1).mean()) < 0.95


def test_the_regimes_of_the_table(tmp_path: Path) -> None:
    report = Report("astrocyte-regimes", tmp_path, show=False)
    script.regimes(report, 200_000, "numba")
    assert report.ok and len(report.checks) == 20
    assert picture_is_drawn(tmp_path / "regimes.png")


def test_a_ring(tmp_path: Path) -> None:
    report = Report("astrocyte-regimes", tmp_path, show=False)
    script.waves(report, 100_000, "reference")
    assert report.ok and len(report.checks) == 5
    assert picture_is_drawn(tmp_path / "ring.png")


@pytest.mark.slow
def test_all_of_it(tmp_path: Path) -> None:
    assert run_script("astrocyte-regimes", out=tmp_path, show=False).ok
    assert all(picture_is_drawn(tmp_path / f"{name}.png") for name in ("regimes", "activated", "ring"))


def test_periods() -> None:
    t = np.arange(0, 100, 0.05)
    assert script.period_of(0.2 + 0.1 * np.sin(2 * np.pi * t / 12.5)) == pytest.approx(12.5, abs=0.01)
    assert script.period_of(0.2 + 1e-3 * np.sin(t)) is None


def test_a_wrong_regime_fails() -> None:
    report = Report("astrocyte-regimes", None)
    t = np.arange(0, 150, 0.05)
    wave = 0.2 + 0.1 * np.sin(2 * np.pi * t / 12.5)
    script.compare(report, "rest", 0.2, wave)
    script.compare(report, "period", (0.1, 0.3, 13.0), wave)
    script.compare(report, "size", (0.1, 0.4, 12.5), wave)
    script.compare(report, "level", 0.2, np.full(3000, 0.21))
    script.compare(report, "right", (0.1, 0.3, 12.5), wave)
    script.compare(report, "right", 0.2, np.full(3000, 0.2))
    assert [c.ok for c in report.checks] == [False] * 4 + [True] * 2


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="duration: expected at least 200,000 ms, got 1000"):
        script.run(Report("x", tmp_path), duration=1000)
    with pytest.raises(ValueError, match="ring: expected at least 100,000 ms, got 10"):
        script.run(Report("x", tmp_path), ring=10)
