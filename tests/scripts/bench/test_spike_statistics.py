"""Statistics of spike trains made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.scripts.bench.spike_statistics import spike_statistics, weight_statistics

NOTHING = (np.array([]), np.array([], int))


def test_rates_use_the_window_only() -> None:
    times = [0.0, 199.9, 200.0, 700.0, 1199.9, 1200.0]
    found = spike_statistics({"E": (times, [0] * 6), "I": ([300.0, 400.0], [0, 1])}, {"E": 2, "I": 4}, 1.2)
    assert found["rate_E"] == pytest.approx(3 / 2 / 1.0)
    assert found["rate_I"] == pytest.approx(2 / 4 / 1.0)


def test_times_with_rounding_noise_count_as_those_of_their_step() -> None:
    found = spike_statistics({"E": ([200.0 - 1e-10, 1200.0 - 1e-10], [0, 0]), "I": NOTHING}, {"E": 1, "I": 1}, 1.2)
    assert found["rate_E"] == pytest.approx(1.0)


def test_cv_of_regular_and_of_alternating_intervals() -> None:
    regular = 200 + 10.0 * np.arange(11)
    gaps = np.array([10.0, 30.0] * 3)  # mean 20, standard deviation with n - 1: sqrt(6*100/5)
    other = 200 + np.concatenate([[0.0], np.cumsum(gaps)])
    few = np.array([200.0, 300.0, 500.0, 510.0, 900.0])  # 4 intervals: left out
    times = np.concatenate([other, few, regular])
    ids = np.repeat([2, 1, 7], [7, 5, 11])
    shuffled = np.random.default_rng(1).permutation(len(times))
    found = spike_statistics({"E": (times[shuffled], ids[shuffled]), "I": NOTHING}, {"E": 8, "I": 1}, 1.0)
    assert found["cv_E"] == pytest.approx((0 + np.sqrt(120) / 20) / 2)
    assert found["cv_I"] is None


def test_fano_of_counts_in_bins_of_3_ms() -> None:
    """Ten bins of all cells together: 2 spikes in every other one, so mean 1, variance 1."""
    edges = 200 + 3.0 * np.arange(0, 10, 2)
    spikes = {"E": (edges, np.zeros(5, int)), "I": (edges + 2.9, np.zeros(5, int))}
    assert spike_statistics(spikes, {"E": 1, "I": 1}, 0.23)["fano3ms"] == pytest.approx(1.0)
    spikes = {"E": (np.repeat(edges, 2), np.zeros(10, int)), "I": NOTHING}
    assert spike_statistics(spikes, {"E": 1, "I": 1}, 0.23)["fano3ms"] == pytest.approx(1.0)


def test_correlation_of_equal_opposite_and_three_trains() -> None:
    first, second = 201 + 10.0 * np.arange(20), 206 + 10.0 * np.arange(20)  # 5 ms bins in turn

    def value(*trains: np.ndarray) -> float | None:
        ids = np.repeat(np.arange(len(trains)), [len(t) for t in trains])
        spikes = {"E": (np.concatenate(trains), ids), "I": NOTHING}
        return spike_statistics(spikes, {"E": 9, "I": 1}, 0.4)["corr5ms_E"]

    assert value(first, first) == pytest.approx(1)
    assert value(first, second) == pytest.approx(-1)
    assert value(first, first, second) == pytest.approx(-1 / 3)
    assert value(first) is None


def test_correlation_takes_200_cells_that_fired() -> None:
    rng = np.random.default_rng(3)
    times, ids = 200 + 800 * rng.random(30_000), rng.integers(0, 1000, 30_000)
    found = spike_statistics({"E": (times, ids), "I": NOTHING}, {"E": 5000, "I": 1}, 1.0)["corr5ms_E"]
    assert abs(found) < 0.005  # independent: standard error about 1/sqrt(160 bins * 19900 pairs)
    assert found != 0


def test_a_poisson_process_has_cv_and_fano_1() -> None:
    rng = np.random.default_rng(5)
    n, rate, seconds = 400, 20.0, 10.2
    count = rng.poisson(n * rate * seconds)
    spikes = {"E": (1e3 * seconds * rng.random(count), rng.integers(0, n, count)), "I": NOTHING}
    found = spike_statistics(spikes, {"E": n, "I": 1}, seconds)
    assert found["rate_E"] == pytest.approx(rate, rel=0.02)
    assert found["cv_E"] == pytest.approx(1.0, abs=0.02)
    assert found["fano3ms"] == pytest.approx(1.0, abs=0.1)


def test_nothing_fired() -> None:
    found = spike_statistics({"E": NOTHING, "I": NOTHING}, {"E": 3, "I": 0}, 1.0)
    assert found == dict(rate_E=0.0, rate_I=None, cv_E=None, cv_I=None, fano3ms=None, corr5ms_E=None)


def test_too_short() -> None:
    with pytest.raises(ValueError, match="seconds: expected more than 0.2 s, which are discarded, got 0.2"):
        spike_statistics({"E": NOTHING, "I": NOTHING}, {"E": 1, "I": 1}, 0.2)


def test_weights() -> None:
    assert weight_statistics([0.0, 0.5, 0.5, 1.0], 0.0, 1.0) == pytest.approx(
        dict(w_mean=0.5, w_std=np.sqrt(0.125), w_low=0.25, w_high=0.25)
    )
