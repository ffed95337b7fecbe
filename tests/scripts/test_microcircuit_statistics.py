"""Statistics of the microcircuit against NumPy, Elephant and cases that are known."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import SpikeTrains
from spikegram.scripts import _microcircuit_statistics as module
from spikegram.scripts._microcircuit_statistics import correlations, statistics, synchrony


def poisson(seed: int, size: int, rate: float, duration: float) -> SpikeTrains:
    rng = np.random.default_rng(seed)
    fired = rng.random((int(duration * 10), size)) < rate * 1e-4  # [T, N]
    steps, ids = np.nonzero(fired)
    return SpikeTrains(steps, ids, size, 0.1, duration)


def test_correlations_are_those_of_numpy(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    spikes = poisson(seed, 20, 40.0, 2000.0)
    counts = np.zeros((20, 1000))
    np.add.at(counts, (spikes.ids, spikes.steps // 20), 1)
    wanted = np.corrcoef(counts)[np.triu_indices(20, 1)]
    assert correlations(spikes) == pytest.approx(wanted, abs=1e-12)
    monkeypatch.setattr(module, "_BLOCK", 7)  # blocks change nothing
    assert correlations(spikes) == pytest.approx(wanted, abs=1e-12)


def test_silent_neurons_have_no_correlation_and_a_sample_is_drawn(seed: int) -> None:
    spikes = SpikeTrains([0, 0, 100], [1, 2, 2], size=5, dt=0.1, t_stop=20)
    assert correlations(spikes).shape == (1,)
    many = poisson(seed, 60, 20.0, 500.0)
    assert correlations(many, neurons=30).size == 30 * 29 / 2
    assert not np.array_equal(correlations(many, 1, 30), correlations(many, 2, 30))
    assert correlations(SpikeTrains([], [], 3, 0.1, 10)).size == 0


def test_synchrony_of_independent_and_of_equal_neurons(seed: int) -> None:
    independent = poisson(seed, 1000, 5.0, 20_000.0)
    assert synchrony(independent) == pytest.approx(1, abs=0.05)
    one = poisson(seed, 1, 5.0, 20_000.0)
    together = SpikeTrains(np.repeat(one.steps, 50), np.tile(np.arange(50), len(one)), 50, 0.1, 20_000.0)
    assert synchrony(together) == pytest.approx(50 * synchrony(one))
    assert np.isnan(synchrony(SpikeTrains([], [], 3, 0.1, 10)))


def test_all_of_a_population_that_begins_late(seed: int) -> None:
    late = poisson(seed, 30, 50.0, 3000.0).between(1000, 3000)
    found = statistics(late, seed)
    assert found.rates.mean() == pytest.approx(50, rel=0.1) and found.cv.size == 30
    assert found.means()["cv"] == pytest.approx(1, abs=0.05)
    assert abs(found.means()["correlation"]) < 0.01 and found.correlations.size == 435
    empty = statistics(SpikeTrains([], [], 3, 0.1, 10)).means()
    assert empty["rate"] == 0 and np.isnan(empty["cv"])
