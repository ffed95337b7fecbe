"""ALIF and BellecALIF: one step by hand, fixed-rate limit, intervals, the limit without adaptation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import ALIF, LIF, BellecALIF


def spikes_and_traces(model, amplitude, *variables: str, dt: float = 0.1, duration: float = 400.0):
    net = Network(dt=dt)
    cell = net.population(1, model, name="cell")
    net.inject(cell, amplitude)
    net.record(cell, ["spikes", *variables])
    return net.run(duration, backend="reference")["cell"]


def test_map_by_hand() -> None:
    """v' = alpha v + x - z v_th, a' = rho a + z, spike if v > v_th + beta a."""
    x = [0.7, 0.9, 0.3, 1.5, 0.2, 0.4, 1.1]
    record = spikes_and_traces(BellecALIF(tau_m=10, tau_a=30), x, "v", "a", dt=1, duration=8)
    alpha, rho = math.exp(-1 / 10), math.exp(-1 / 30)
    v = a = z = 0.0
    values, fired = [], []
    for n, arriving in enumerate([*x, 0.0]):
        values.append((v, a))
        v, a = alpha * v + arriving - z * 1, rho * a + z
        z = float(v > 1 + 0.1 * a)
        fired += [n] * int(z)
    assert len(fired) >= 2
    assert record.spikes.times.tolist() == fired
    assert np.allclose(np.column_stack([record.v, record.a]), values, atol=1e-14)


def test_fixed_rate_limit() -> None:
    """At a fixed rate r per step the mean of a tends to r/(1 - rho)."""
    record = spikes_and_traces(BellecALIF(beta=0, tau_m=0.1, tau_a=20), [2, 0, 0, 0] * 75, "a", dt=1, duration=300)
    assert len(record.spikes) == 75
    assert record.a[-40:].mean() == pytest.approx(0.25 / (1 - math.exp(-1 / 20)), rel=1e-5)


def test_trace_of_the_equations_at_a_fixed_rate() -> None:
    """ALIF: right after each spike a is 1/(1 - exp(-T/tau_a)) at an interval of T."""
    record = spikes_and_traces(ALIF(beta=0, tau_a=50, i_offset=0.3), 0, "a", duration=600)
    steps = np.rint(record.spikes.times / 0.1).astype(int)
    interval = np.diff(steps)[-1] * 0.1
    assert len(set(np.diff(steps))) == 1
    assert record.a[steps[-1] + 1, 0] == pytest.approx(1 / (1 - math.exp(-interval / 50)), rel=1e-5)


def test_intervals_grow_to_a_limit() -> None:
    isi = spikes_and_traces(ALIF(tau_a=100, beta=1, v_th=-55), 0.4).spikes.isi(0)
    assert len(isi) > 15
    assert np.all(np.diff(isi) >= -1e-9)
    assert isi[-1] > isi[0] + 1 and isi[-1] == pytest.approx(isi[-5], abs=0.2)


def test_without_adaptation_it_is_the_lif_bit_for_bit(seed: int) -> None:
    current = np.random.default_rng(seed).normal(0.15, 0.3, 2000)
    one, other = (spikes_and_traces(m, current, "v", duration=200) for m in (ALIF(beta=0), LIF))
    assert len(one.spikes) > 3
    assert np.array_equal(one.v, other.v)
    assert np.array_equal(one.spikes.times, other.spikes.times)


def test_threshold_rises_by_beta_per_spike() -> None:
    """A pulse that passes the first threshold by 0.5 mV does not pass the second, 1 mV higher."""
    net = Network(dt=1)
    cell = net.population(2, ALIF(tau_m=1, tau_a=1e9, R=1, t_ref=1), name="cell", parameters=dict(beta=[0, 1]))
    pulse = 10.5 / (1 - math.exp(-1))  # nA, 1 ms
    net.inject(cell, [pulse] + 50 * [0] + [pulse])
    net.record(cell, "spikes")
    assert net.run(60, backend="reference")["cell"].spikes.counts().tolist() == [2, 1]
