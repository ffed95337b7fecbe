"""LIFCond, LIFCondAlpha, LIFCondDelta: closed forms, bounds, order of convergence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import AllToAll, Network, SpikeArray
from spikegram.neurons import LIFCond, LIFCondAlpha, LIFCondDelta

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


# -- alpha-shaped conductances
def one_spike(model, weight: float, target: str, dt: float, duration: float = 30.0):
    """Send one spike and record from the first step that feels it."""
    net = Network(dt=dt)
    cell = net.population(1, model, name="cell")
    net.project(net.population(1, SpikeArray([[0.0]])), cell, AllToAll(), weight=weight, target=target, delay=dt)
    net.record(cell, ["v", *(["g_E", "g_I"] if "g_E" in model.states else [])])
    record = net.run(duration, backend="reference")["cell"]
    return np.arange(len(record.v) - 2) * dt, {n: record.trace(n).values[2:, 0] for n in record.traces}


def test_alpha_step_by_hand() -> None:
    net = Network(dt=0.1)
    cell = net.population(1, LIFCondAlpha, init=dict(v=-60, g_E=0.005, h_E=0.02, g_I=0.01, h_I=0.003))
    net.run(0.1, backend="reference")
    g = 0.05 / 3 + 0.005 + 0.01
    v_inf = (0.05 / 3 * -70 + 0.01 * -85) / g
    assert cell.get("v")[0] == pytest.approx(v_inf + (-60 - v_inf) * math.exp(-0.1 * g / 0.25), abs=1e-12)
    for g0, h0, tau, end in ((0.005, 0.02, 0.2, "E"), (0.01, 0.003, 2, "I")):
        e = math.exp(-0.1 / tau)
        assert cell.get(f"g_{end}")[0] == pytest.approx(math.e * h0 + (g0 - math.e * h0) * e, rel=1e-12)
        assert cell.get(f"h_{end}")[0] == pytest.approx(h0 * e, rel=1e-12)


def test_alpha_conductance_has_its_peak_at_tau_and_an_area_of_e_tau() -> None:
    errors = []
    for dt in (0.02, 0.01):
        t, record = one_spike(LIFCondAlpha(tau_syn_I=2), 0.004, "h_I", dt)
        expected = 0.004 * t / 2 * np.exp(1 - t / 2)
        errors.append(np.abs(record["g_I"] - expected).max())
        assert t[record["g_I"].argmax()] == pytest.approx(2, abs=2 * dt)
        assert record["g_I"].sum() * dt == pytest.approx(0.004 * math.e * 2, rel=dt)
        assert not record["g_E"].any()
    assert errors[1] < 0.004 * 0.01 and math.log2(errors[0] / errors[1]) == pytest.approx(1, abs=0.1)


# -- conductances of no length
def test_delta_step_by_hand() -> None:
    """Leak, current and pulses of one step act at once."""
    net = Network(dt=0.5)
    cell = net.population(1, LIFCondDelta, init=dict(v=-62))
    for target, amount in (("x_E", 0.02), ("x_I", 0.05), ("I_ext", 0.1)):
        net.inject(cell, amount, target=target)
    net.run(0.5, backend="reference")
    leak = 0.5 / 15
    v_inf = (leak * -70 + 0.02 * 0 + 0.05 * -85 + 0.5 * 0.1 / 0.25) / (leak + 0.07)
    assert cell.get("v")[0] == pytest.approx(v_inf + (-62 - v_inf) * math.exp(-leak - 0.07), abs=1e-12)


def test_delta_goes_a_part_of_the_way_and_is_the_limit_of_a_short_conductance() -> None:
    x = 0.1
    _, pulse = one_spike(LIFCondDelta(g_L=1e-12), x, "x_E", 0.1, 2)
    assert pulse["v"][-1] == pytest.approx(-70 * math.exp(-x), abs=1e-10)  # towards 0 mV
    _, inhibited = one_spike(LIFCondDelta(g_L=1e-12), x, "x_I", 0.1, 2)
    assert inhibited["v"][-1] == pytest.approx(-85 + 15 * math.exp(-x), abs=1e-10)
    for tau in (0.2, 0.1, 0.05):  # conductances of the same area x C_m; without leak only the area counts
        _, brief = one_spike(LIFCond(g_L=1e-12, tau_syn_E=tau), x * 0.25 / tau, "g_E", 0.005, 2)
        area = x * (0.005 / tau) / -math.expm1(-0.005 / tau)  # of the steps in which it is held
        assert brief["v"][-1] == pytest.approx(-70 * math.exp(-area), abs=1e-3)


def test_delta_never_leaves_the_reversal_potentials(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = Network(dt=1)
    cells = net.population(20, LIFCondDelta(v_th=-20), name="cells")
    for target in ("x_E", "x_I"):
        net.inject(cells, rng.exponential(1, (200, 20)) * (rng.random((200, 20)) < 0.3), target=target, interval=1)
    net.record(cells, ["v", "spikes"])
    record = net.run(200, backend="reference")["cells"]
    assert record.v.min() >= -85 and record.v.max() <= 0
    assert record.v.min() < -80 and len(record.spikes) > 10


def test_delta_is_lost_while_refractory() -> None:
    net = Network(dt=1)
    cell = net.population(1, LIFCondDelta, name="cell", init=dict(v=-50))
    net.inject(cell, 0.5, target="x_E", start=1, stop=2)
    net.record(cell, ["v", "spikes"])
    record = net.run(4, backend="reference")["cell"]
    assert record.spikes.times.tolist() == [0.0] and record.v[2, 0] == -60.0
