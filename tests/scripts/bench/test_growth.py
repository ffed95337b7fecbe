"""The forced network: as many spikes as were asked for, synapses and delays of the case."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.scripts.bench.growth import build, run
from spikegram.scripts.bench.task import Task


def test_synapses_delays_and_weights(seed: int) -> None:
    net = build(dict(cells=500, synapses=25_000.0, delays=5), seed, "float32").net
    assert sum(q.size for q in net.projections.values()) == pytest.approx(25_000, rel=0.05)
    delays = np.concatenate([q.delays for q in net.projections.values()])
    assert np.unique(delays.round(6)).tolist() == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert np.bincount((delays * 10).round().astype(int)) == pytest.approx(len(delays) / 5, rel=0.1)
    assert {round(float(q.weights[0]), 4) for q in net.projections.values()} == {0.162, -0.9}


def test_rates_are_forced(seed: int) -> None:
    case = dict(cells=400, synapses=8000.0, rates=(0.0, 50.0, 200.0))
    outcome = run(Task("scale", "spikegram", 0.1, seed=seed, case=case))
    parts = outcome.more["parts"]
    assert [p["rate"] for p in parts] == [0, 50, 200] and outcome.more["misses"] == []
    assert parts[0]["spikes"] == parts[0]["events"] == 0
    for part, expected in zip(parts[1:], (2000, 8000), strict=True):
        assert part["spikes"] == pytest.approx(expected, abs=5 * expected**0.5)
        assert part["events"] / part["spikes"] == pytest.approx(20, rel=0.05)
        assert part["updates"] == 400 * 1000 and part["us_per_step"] == pytest.approx(1e3 * part["sim_s"])
    assert outcome.more["spikes"] == sum(p["spikes"] for p in parts)
    assert outcome.sim_s == pytest.approx(sum(p["sim_s"] for p in parts))
