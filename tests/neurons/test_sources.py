"""Poisson, InhomogeneousPoisson and Regular: rates, statistics, dead time, begin and end, times to the nearest step."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import InhomogeneousPoisson, Poisson, Regular


def poisson(n: int, run_ms: float, dt: float = 1.0, seed: int = 7, **parameters):
    net = Network(dt=dt, seed=seed)
    cells = net.population(n, Poisson, name="cells", parameters=parameters)
    net.record(cells, "spikes")
    return net.run(run_ms, backend="reference")["cells"].spikes


def test_rate_is_that_of_one_spike_a_step() -> None:
    """p = 1 - exp(-rate dt) in each of n T/dt tries: within four standard deviations."""
    n, tries = 500, 400
    for rate in (20.0, 400.0):
        p = 1 - math.exp(-rate * 1e-3)
        spikes = poisson(n, tries, rate=rate)
        assert len(spikes) == pytest.approx(n * tries * p, abs=4 * math.sqrt(n * tries * p * (1 - p)))
        counts = spikes.counts()
        assert counts.var() == pytest.approx(tries * p * (1 - p), rel=0.3)


def test_intervals_are_geometric_and_steps_independent() -> None:
    """The chance of no spike in k steps is exp(-k rate dt); spikes of neighbouring steps are independent."""
    spikes = poisson(400, 500, rate=100)
    isi = spikes.isi()
    for k in (3, 10, 25):
        assert np.mean(isi > k) == pytest.approx(math.exp(-k * 0.1), abs=4 * 0.5 / math.sqrt(len(isi)) + 0.01)
    assert isi.std() / isi.mean() == pytest.approx(math.sqrt(math.exp(-0.1)), abs=0.03)  # geometric: CV^2 = 1 - p
    raster = np.zeros((500, 400))
    raster[spikes.steps, spikes.ids] = 1
    p = 1 - math.exp(-0.1)
    both = np.mean(raster[1:] * raster[:-1]), np.mean(raster[:, 1:] * raster[:, :-1])
    assert both == pytest.approx((p * p, p * p), abs=4 * p / math.sqrt(raster.size))


def test_each_neuron_has_its_rate_begin_and_length() -> None:
    spikes = poisson(
        6, 100, rate=[1e6, 1e6, 1e6, 0, -5, 1e6], start=[0, 20, 99, 0, 0, 200], duration=[10, 5, 1, 9, 9, 9]
    )
    expected = [np.arange(10), np.arange(20, 25), [99], [], [], []]
    assert all(np.array_equal(spikes[k], expected[k]) for k in range(6))


def test_rate_may_vary_in_time() -> None:
    net = Network(dt=1)
    cells = net.population(500, Poisson(rate=0), name="cells")
    net.inject(cells, [0, 200, 50], interval=100)
    net.record(cells, "spikes")
    spikes = net.run(300, backend="reference")["cells"].spikes
    counts = [len(spikes.between(t, t + 100)) for t in (0, 100, 200)]
    expected = 500 * 100 * (1 - np.exp([0, -0.2, -0.05]))
    assert np.all(np.abs(counts - expected) <= 4 * np.sqrt(expected))


def test_seed_decides_and_populations_differ() -> None:
    a, b, c = (poisson(20, 100, rate=100, seed=s) for s in (1, 1, 2))
    assert a == b and a != c
    net = Network(dt=1, seed=1)
    for name in "pq":
        net.record(net.population(20, Poisson(rate=100), name=name), "spikes")
    result = net.run(100, backend="reference")
    assert result["p"].spikes != result["q"].spikes


def sine(n: int, run_ms: float, seed: int = 7, **parameters):
    net = Network(dt=1, seed=seed)
    cells = net.population(n, InhomogeneousPoisson, name="cells", parameters=parameters)
    net.record(cells, "spikes")
    return net.run(run_ms, backend="reference")["cells"].spikes


@pytest.mark.parametrize(("amplitude", "phase"), [(40, 0), (40, 1), (120, 0)])
def test_rate_follows_the_sine(amplitude: float, phase: float) -> None:
    """Spikes in each tenth of the period: the integral of max(0, 50 + amplitude sin), within four deviations."""
    spikes = sine(400, 1000, rate=50, amplitude=amplitude, frequency=10, phase=phase)
    middle = (np.arange(1000) + 0.5) * 1e-3
    r = np.maximum(50 + amplitude * np.sin(2 * np.pi * 10 * middle + phase), 0)
    p = 400 * (1 - np.exp(-r * 1e-3)).reshape(10, 10, 10).sum((0, 2))
    came = np.bincount(spikes.steps % 100 // 10, minlength=10)
    assert np.all(np.abs(came - p) <= 4 * np.sqrt(p) + (p > 0) * 0.5)
    assert (came.min() == 0) == (amplitude > 100)


def test_time_rescaling() -> None:
    """Integrals of the rate between spikes are exponential with mean 1 (Kolmogorov-Smirnov at 1 %)."""
    spikes = sine(100, 3000, rate=60, amplitude=55, frequency=7)
    rate = 60 + 55 * np.sin(2 * np.pi * 7 * (np.arange(3000) + 0.5) * 1e-3)
    integral = np.concatenate([[0], np.cumsum(rate) * 1e-3])
    rng = np.random.default_rng(3)
    places = []
    for k in range(100):
        steps = np.rint(spikes[k]).astype(int)
        low, high = integral[steps], integral[steps + 1]
        # where in its step the spike falls: exponential, as far as it is known that it falls there
        place = low - np.log1p(rng.random(len(steps)) * np.expm1(low - high))
        places.append(place[1:] - high[:-1])  # the next one may come from the end of the step on
    u = np.sort(-np.expm1(-np.concatenate(places)))
    distance = np.abs(u - (np.arange(len(u)) + 0.5) / len(u)).max()
    assert len(u) > 10_000 and distance < 1.63 / math.sqrt(len(u))


def test_dead_time() -> None:
    spikes = sine(200, 1000, rate=200, amplitude=0, t_ref=10)
    isi = spikes.isi()
    p = 1 - math.exp(-0.2)
    assert isi.min() == 10
    assert isi.mean() == pytest.approx(10 - 1 + 1 / p, abs=5 * isi.std() / math.sqrt(len(isi)) + 0.05)
    assert isi.std() == pytest.approx(math.sqrt(1 - p) / p, rel=0.05)


def test_a_varying_rate_has_begin_length_and_injected_rates() -> None:
    net = Network(dt=1, seed=2)
    cells = net.population(3, InhomogeneousPoisson(rate=0, amplitude=0, start=20, duration=30), name="cells")
    net.inject(cells, np.array([[0, 1e6, -50]] * 60), interval=1)
    net.record(cells, "spikes")
    spikes = net.run(60, backend="reference")["cells"].spikes
    assert [len(spikes[k]) for k in range(3)] == [0, 30, 0] and spikes[1][0] == 20


def test_regular_on_the_grid() -> None:
    net = Network(dt=0.1)
    starts = [0, 0.3, 7.2]
    cells = net.population(3, Regular(interval=2.5), name="cells", parameters=dict(start=starts))
    net.record(cells, "spikes")
    spikes = net.run(30, backend="reference")["cells"].spikes
    for k, start in enumerate(starts):
        assert np.allclose(spikes[k], np.arange(start, 30, 2.5), atol=1e-9)


def test_regular_between_steps_keeps_its_mean_rate() -> None:
    net = Network(dt=0.1)
    net.record(net.population(1, Regular(interval=math.pi / 2, start=1), name="cell"), "spikes")
    times = net.run(200, backend="reference")["cell"].spikes.times
    given = 1 + math.pi / 2 * np.arange(len(times))
    assert len(times) == math.floor(199 / (math.pi / 2)) + 1
    assert np.abs(times - given).max() <= 0.05 + 1e-9


def test_regular_after_many_steps() -> None:
    """Rounding of t does not lose or shift a spike late in a run."""
    net = Network(dt=0.1)
    cell = net.population(1, Regular(interval=0.3, start=0.2), name="cell")
    net.record(cell, "spikes")
    net.step = 10**9  # as if 10^5 s had passed
    steps = net.run(30, backend="reference")["cell"].spikes.steps
    assert len(steps) == 100 and np.all(steps % 3 == 2)
