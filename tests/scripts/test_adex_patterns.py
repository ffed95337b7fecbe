"""The firing patterns of AdEx: all claims hold, the pictures are drawn, wrong patterns are found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikegram.experiment import Report, run_script
from spikegram.neurons import adex as presets
from spikegram.scripts import adex_patterns as script


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return run_script("adex-patterns", out=tmp_path_factory.mktemp("patterns"), show=False)


@pytest.mark.slow
def test_every_claim_holds(report: Report) -> None:
    assert [c for c in report.checks if not c.ok] == []
    found = {c.what: c.came for c in report.checks}
    counts = [found[f"{title}: spikes in 500 ms"] for title, *_ in script.PATTERNS.values()]
    assert counts == [51, 10, 10, 9, 36, 26, 1, 27]
    assert found["canonical: rest is lost at (pA, Hopf)"] == 627.2


@pytest.mark.slow
def test_another_cell_fails_the_run(report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "ADAPTING", presets.ADAPTING(b=0.12))
    for name in ("draw_potentials", "draw_phase"):
        monkeypatch.setattr(script, name, lambda *args: None)
    wrong = Report("adex-patterns", tmp_path, show=False)
    script.run(wrong)
    failed = [c.what for c in wrong.checks if not c.ok]
    assert failed and all(what.startswith("adapting") for what in failed)


def test_a_short_run_draws_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.image import imread

    monkeypatch.setattr(script, "DURATION", 25.0)
    report = run_script("adex-patterns", out=tmp_path, show=False, dt=0.05, backend="reference")
    assert not report.ok
    ok = {c.what for c in report.checks if c.ok}
    assert {"tonic: first spike (ms)", "canonical: rest is lost at (pA, Hopf)"} <= ok
    assert "delayed regular bursting: first spike (ms)" not in ok
    for name in ("potentials.png", "phase.png"):
        picture = imread(tmp_path / name)
        assert picture.shape[1] == 1440
        assert 0.01 < float((picture[..., :3] < 0.9).any(-1).mean()) < 0.9  # neither empty nor full


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"dt: expected a step above 0 and at most 0.05 ms, got 0.1"):
        script.run(Report("x", tmp_path), dt=0.1)
