"""The tripartite synapse: all claims at a small size, what makes a claim fail, releases by hand, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script
from spikegram.scripts import tripartite_synapse as script

RATES = np.logspace(-1, 2, 20)


@pytest.mark.slow
def test_every_claim_holds(tmp_path: Path) -> None:
    from matplotlib.image import imread

    report = run_script("tripartite-synapse", out=tmp_path, show=False, synapses=20, rates=20, duration=60_000)
    assert report.ok, report.table()
    for name in ("release", "rates"):
        assert 0.01 < float((imread(tmp_path / f"{name}.png")[..., :3] < 0.9).any(-1).mean()) < 0.9


def found(closed: float = 0.2, events: int = 8) -> dict[str, script.Loops]:
    """Curves as the figure shows them; a factor of the closed loop at middle rates, its events there."""
    spikes, f = np.rint(RATES * 100).astype(int), RATES
    alone = 0.6 / (1 + f / 3.4)
    factor = np.where((f > 1) & (f < 10), closed, np.where(f < 1, 0.6, 0.9))
    some = np.where(f < 1, np.minimum(spikes, 2), np.where(f < 10, events, 0))
    between = 0.09 * np.exp(-(np.log(f / 6) ** 2) / 8)
    return {
        script.ALONE: script.Loops(alone, spikes, np.zeros(20, dtype=int)),
        script.OPEN: script.Loops(between, spikes, np.full(20, 8)),
        script.CLOSED: script.Loops(alone * factor, spikes, some),
    }


def failed(loops: dict[str, script.Loops]) -> list[str]:
    report = Report("tripartite-synapse", None)
    script.check_filters(report, RATES, loops, 120_000)
    return [c.what for c in report.checks if not c.ok]


def test_wrong_filters_fail() -> None:
    assert failed(found()) == []
    assert len(failed(found(closed=0.7))) == 1  # as much as at other rates
    assert len(failed(found(events=0))) == 1
    assert len(failed(found(events=10_000))) == 1  # more than spikes
    assert failed(found() | {script.OPEN: found()[script.ALONE]})


def test_releases_without_an_astrocyte() -> None:
    """Two spikes by hand: 0.6, then u = 0.6 exp(-3.33 D) + 0.6 (1 - 0.6 exp(-3.33 D)), x = 1 - 0.6 exp(-2 D)."""
    u = 0.6 * np.exp(-0.333)
    first, second = script.by_formula(np.array([3.0, 3.1]))
    assert first == pytest.approx(0.6)
    assert second == pytest.approx((u + 0.6 * (1 - u)) * (1 - 0.6 * np.exp(-0.2)))


def test_structure() -> None:
    """All three kinds get the same spikes; only the closed loop is sensed, both loops are answered."""
    net, kinds = script.loops(np.full(5, 3.0), 1)
    assert sorted(net.populations) == sorted(["source", *kinds, *filter(None, kinds.values())])
    models = [q.synapse.name for q in net.projections.values()]
    assert [models.count(n) for n in ("Tripartite", "Gliotransmission", "GlialSensing")] == [3, 2, 1]
    assert all(q.pre is net.populations["source"] for q in net.projections.values() if q.synapse.name == "Tripartite")


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="synapses: expected at least 20, got 3"):
        script.run(Report("x", tmp_path), synapses=3)
    with pytest.raises(ValueError, match="duration: expected at least 30000, got 10"):
        script.run(Report("x", tmp_path), duration=10)
