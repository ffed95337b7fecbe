"""The cell of voltage-based plasticity: length of a spike, averages, after-current, threshold, agreement with AdEx."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import AdEx, ClopathAdEx


def traced(model, names, duration, dt=0.1, current=0.0, **init):
    net = Network(dt=dt)
    cell = net.population(1, model, name="cell", init=init)
    net.inject(cell, current, target="I_ext")
    net.record(cell, ["spikes", *names])
    return net.run(duration, backend="reference")["cell"]


def test_a_spike_lasts_as_long_as_it_is_clamped() -> None:
    for dt in (0.1, 0.05):
        result = traced(ClopathAdEx, ["v"], 30, dt, 3.0)
        first = round(result.spikes.times[0] / dt)
        v = result.v[:, 0]
        length = round(2 / dt)
        assert v[first + 1 : first + 1 + length] == pytest.approx(np.full(length, 33))
        assert v[first + length + 1] == pytest.approx(-49.6, abs=1e-9)


def test_after_current_threshold_and_adaptation_of_a_spike() -> None:
    """What the reset sets, and how it fades by Euler steps."""
    result = traced(ClopathAdEx(a=0), ["z", "V_T", "w"], 20, 0.1, [300.0])
    k = 100
    assert result.z[1 + k, 0] == pytest.approx(0.4 * (1 - 0.1 / 40) ** k, rel=1e-9)
    assert result.V_T[1 + k, 0] == pytest.approx(-50.4 + 80.8 * (1 - 0.1 / 50) ** k, rel=1e-9)
    assert result.w[1 + k, 0] == pytest.approx(0.0805 * (1 - 0.1 / 144) ** k, rel=1e-9)


def test_averages_follow_the_potential() -> None:
    """A cell without leak or spikes is held at -50.6: both averages tend there with their time constants."""
    held = ClopathAdEx(g_L=0, a=0, v_th=900)
    result = traced(held, ["u_minus", "u_plus", "u_long"], 60, 0.01, v=-50.6, w=0, V_T=900)
    t = 30
    for name, tau in (("u_minus", 10), ("u_plus", 7)):
        assert getattr(result, name)[t * 100, 0] == pytest.approx(-50.6 - 20 * math.exp(-t / tau), abs=0.01)
    slow = -50.6 - 20 * (1000 * math.exp(-t / 1000) - 10 * math.exp(-t / 10)) / 990
    assert result.u_long[t * 100, 0] == pytest.approx(slow, abs=0.01)


def test_below_threshold_it_is_adex() -> None:
    one = traced(ClopathAdEx, ["v", "w"], 200, 0.1, 0.4)
    other = traced(AdEx, ["v", "w"], 200, 0.1, 0.4)
    assert len(one.spikes) == len(other.spikes) == 0
    assert np.abs(one.v - other.v).max() < 1e-9 and np.abs(one.w - other.w).max() < 1e-9


def test_a_current_fires_it() -> None:
    result = traced(ClopathAdEx, ["v"], 500, 0.1, 1.0)
    intervals = np.diff(result.spikes.times)
    assert len(intervals) >= 3 and intervals.min() > 2.1
    assert intervals[-1] > intervals[0]  # adaptation
