"""The classes of Izhikevich's cell: all claims hold, the pictures are drawn, wrong counts are found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikegram.experiment import Report, run_script
from spikegram.scripts import izhikevich_classes as script


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return run_script("izhikevich-classes", out=tmp_path_factory.mktemp("classes"), show=False)


@pytest.mark.slow
def test_every_claim_holds(report: Report) -> None:
    assert [c for c in report.checks if not c.ok] == []
    found = {c.what: c.came for c in report.checks}
    assert [found[f"{n}: spikes in 1 s, Euler 0.01 ms"] for n in script.NAMES] == [23, 34, 87, 136, 78, 195]
    assert found["RS: spikes in 1 s, scheme of 1 ms"] == 20
    assert len(report.checks) == 25


def test_a_short_run_draws_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.image import imread

    monkeypatch.setattr(script, "DURATION", 100)
    report = run_script("izhikevich-classes", out=tmp_path, show=False, dt=0.1, backend="reference")
    assert not report.ok
    assert next(c for c in report.checks if c.what == "RS: step of the first spike, scheme").ok
    for name in ("potentials.png", "intervals.png"):
        picture = imread(tmp_path / name)
        assert picture.shape[1] == 1400
        assert 0.01 < float((picture[..., :3] < 0.9).any(-1).mean()) < 0.9  # neither empty nor full


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"dt: expected a step above 0 and at most 0.1 ms, got 0.2"):
        script.run(Report("x", tmp_path), dt=0.2)
