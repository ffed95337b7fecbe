"""The astrocyte-modulated spiking unit: its rule by hand, without astrocyte a LIF, bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import AMSU

STEPS, UNITS = 200, 30


def by_the_rule(x: np.ndarray, tau_v: float, tau_a: float, gain: float, shift: float) -> dict:
    """v, s and a [T, N] of units with inputs x [T, N]."""
    v = s = a = np.zeros(x.shape[1])
    kept = dict(v=[], s=[], a=[])
    for now in x:
        v = math.exp(-1 / tau_v) * v * (1 - s) + now * (1 + gain * a)
        s = (v >= 1 - shift * a).astype(float)
        a = math.exp(-1 / tau_a) * a + (1 - math.exp(-1 / tau_a)) * s
        for name, value in (("v", v), ("s", s), ("a", a)):
            kept[name].append(value)
    return {name: np.array(rows) for name, rows in kept.items()}


def run(x: np.ndarray, **parameters) -> dict:
    net = Network(dt=1)
    units = net.population(x.shape[1], AMSU(**parameters), "units")
    net.inject(units, x)
    net.record(units, ["v", "s", "a", "spikes"])
    result = net.run(len(x) + 1, backend="reference")["units"]
    return {n: result.trace(n).values[1:] for n in ("v", "s", "a")} | {"spikes": result.spikes}


@pytest.fixture
def x(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.2, 0.6, (STEPS, UNITS))


@pytest.mark.parametrize(("gain", "shift"), [(0, 0), (0.8, 0), (0, 0.5), (0.8, 0.5), (-0.5, -0.3)])
def test_the_rule(x: np.ndarray, gain: float, shift: float) -> None:
    expected, found = by_the_rule(x, 7, 40, gain, shift), run(x, tau_v=7, tau_a=40, gain=gain, shift=shift)
    for name in ("v", "s", "a"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-14)
    assert 0 < expected["s"].mean() < 1
    steps, units = np.nonzero(expected["s"])
    assert np.array_equal(found["spikes"].steps, steps) and np.array_equal(found["spikes"].ids, units)


def test_gain_and_shift_change_what_it_does(x: np.ndarray) -> None:
    count = {k: len(run(x, gain=k[0], shift=k[1])["spikes"]) for k in ((0, 0), (1, 0), (0, 0.5))}
    assert count[1, 0] > count[0, 0] < count[0, 0.5]


def test_without_gain_and_shift_it_is_a_lif(x: np.ndarray) -> None:
    """The same spikes as a leaky integrator that is reset to 0, written without an astrocyte."""
    v, expected = np.zeros(UNITS), []
    for t, now in enumerate(x):
        v = math.exp(-1 / 5) * v + now
        expected += [(t, int(i)) for i in np.flatnonzero(v >= 1)]
        v[v >= 1] = 0
    spikes = run(x)["spikes"]
    assert list(zip(spikes.steps.tolist(), spikes.ids.tolist(), strict=True)) == expected != []


def test_the_trace_of_a_unit_that_always_fires() -> None:
    a = run(np.full((STEPS, 1), 2.0), tau_a=30)["a"][:, 0]
    np.testing.assert_allclose(a, 1 - np.exp(-np.arange(1, STEPS + 1) / 30), rtol=1e-12)


def test_the_trace_stays_within_0_and_1(seed: int) -> None:
    x = np.random.default_rng(seed).normal(0, 5, (STEPS, UNITS))
    a = run(x, tau_a=2, gain=3, shift=2)["a"]
    assert 0 <= a.min() and 0.5 < a.max() <= 1
