"""LIFCond: constant conductances in closed form, bounds, order of convergence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import AllToAll, Network, SpikeArray
from spikegram.neurons import LIFCond

HOLD = dict(tau_syn_E=1e15, tau_syn_I=1e15, v_th=1e3)  # conductances that stay, no spikes


def free_potential(dt: float, duration: float = 8.0) -> float:
    """Potential under a decaying conductance."""
    net = Network(dt=dt)
    cell = net.population(1, LIFCond(tau_syn_E=4, v_th=1e3), init=dict(g_E=0.01, g_I=0.02))
    net.run(duration, backend="reference")
    return cell.get("v")[0]


def test_one_step_by_hand() -> None:
    net = Network(dt=0.5)
    cell = net.population(1, LIFCond, init=dict(v=-60, g_E=0.005, g_I=0.01))
    net.inject(cell, 0.1)
    net.run(0.5, backend="reference")
    g = 0.05 / 3 + 0.005 + 0.01  # uS
    v_inf = (0.05 / 3 * -70 + 0.01 * -85 + 0.1) / g
    assert cell.get("v")[0] == pytest.approx(v_inf + (-60 - v_inf) * math.exp(-0.5 * g / 0.25), abs=1e-12)
    assert cell.get("g_E")[0] == pytest.approx(0.005 * math.exp(-0.5 / 0.2), rel=1e-12)
    assert cell.get("g_I")[0] == pytest.approx(0.01 * math.exp(-0.5 / 2), rel=1e-12)


@pytest.mark.parametrize("dt", [0.1, 2.0])
def test_constant_conductances_are_exact(dt: float) -> None:
    """v relaxes to sum gE/sum g with C/sum g, whatever dt is."""
    net = Network(dt=dt)
    g_E, g_I = np.array([0, 0.01, 0.05, 0.05]), np.array([0, 0, 0.02, 0.2])
    cells = net.population(4, LIFCond(**HOLD), name="cells", init=dict(v=-75, g_E=g_E, g_I=g_I))
    net.record(cells, "v")
    v = net.run(40, backend="reference")["cells"].v
    g = 0.05 / 3 + g_E + g_I
    v_inf = (0.05 / 3 * -70 - 85 * g_I) / g
    t = np.arange(len(v))[:, None] * dt
    assert np.abs(v - (v_inf + (-75 - v_inf) * np.exp(-t * g / 0.25))).max() < 1e-9


def test_v_stays_between_the_reversal_potentials(seed: int) -> None:
    """Any barrage of positive conductances, at a dt that is far too large."""
    rng = np.random.default_rng(seed)
    net = Network(dt=1)
    cells = net.population(40, LIFCond(v_th=-30), name="cells", init=dict(v="-85*mV + 85*mV*rand()"))
    sources = [SpikeArray([np.flatnonzero(rng.random(200) < 0.3) for _ in range(20)]) for _ in "EI"]
    for array, target in zip(sources, ("g_E", "g_I"), strict=True):
        net.project(net.population(20, array), cells, AllToAll(), weight="0.5*uS*rand()", target=target)
    net.record(cells, ["v", "spikes"])
    record = net.run(200, backend="reference")["cells"]
    assert record.v.min() >= -85 and record.v.max() <= 0
    assert record.v.max() > -15 and record.v.min() < -80 and len(record.spikes) > 10


def test_order_of_convergence() -> None:
    fine = free_potential(0.0025)
    errors = [abs(free_potential(dt) - fine) for dt in (0.4, 0.2, 0.1)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(1, abs=0.15)
    assert math.log2(errors[1] / errors[2]) == pytest.approx(1, abs=0.15)


def test_conductances_decay_while_v_is_held() -> None:
    net = Network(dt=0.1)
    cell = net.population(1, LIFCond(tau_syn_E=2), name="cell", init=dict(v=-56, g_E=0.1))
    net.record(cell, ["v", "g_E", "spikes"])
    record = net.run(4, backend="reference")["cell"]
    first = round(record.spikes.times[0] / 0.1)
    held = record.v[first + 1 : first + 21, 0]
    assert np.all(held[:20] == -60.0) and record.v[first + 21, 0] > -60.0  # t_ref/dt - 1 steps stand still
    assert record.g_E[:, 0] == pytest.approx(0.1 * np.exp(-np.arange(40) * 0.1 / 2), rel=1e-12)
