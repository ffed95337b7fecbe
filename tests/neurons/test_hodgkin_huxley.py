"""HodgkinHuxley: rest, limits of the rates, counts, the spike condition."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import AdEx, HodgkinHuxley, Izhikevich

CURRENTS = [2, 6, 6.2, 6.3, 7, 10, 20]  # uA/cm2, nA for the default area
CARD = [0, 2, 3, 53, 58, 68, 87]  # gates by exponential Euler, v by Euler
# v by exponential Euler too, by a loop written apart from the package; steps of 0.001 ms give 0 2 3 53 59 69 87
OURS = [0, 2, 3, 52, 58, 68, 86]


def with_its_siblings(dt: float) -> Network:
    """An empty network of the structure that test_all_models.py has too, so that it is compiled once."""
    net = Network(dt=dt)
    for model in (AdEx, HodgkinHuxley, Izhikevich):
        net.population(0, model)
    return net


@pytest.fixture(scope="module")
def run():
    net = with_its_siblings(dt=0.01)
    cells = net.population(7, HodgkinHuxley, name="cells")
    net.inject(cells, np.array([CURRENTS]), interval=1000)
    net.record(cells, "spikes")
    net.record(cells[5], "v")
    return net.run(1000, backend="numba")["cells"]


def rates(v: float) -> dict[str, tuple[float, float]]:
    """alpha and beta in 1/ms as they are printed, away from the two limits."""
    return dict(
        m=(0.1 * (v + 40) / (1 - math.exp(-(v + 40) / 10)), 4 * math.exp(-(v + 65) / 18)),
        h=(0.07 * math.exp(-(v + 65) / 20), 1 / (1 + math.exp(-(v + 35) / 10))),
        n=(0.01 * (v + 55) / (1 - math.exp(-(v + 55) / 10)), 0.125 * math.exp(-(v + 65) / 80)),
    )


def test_one_step_by_hand() -> None:
    v, x = -50.3, dict(m=0.1, h=0.5, n=0.4)
    net = Network(dt=0.01)
    cell = net.population(1, HodgkinHuxley, init=dict(v=v, **x))
    net.inject(cell, 5)
    net.run(0.01, backend="reference")
    g_Na, g_K = 120 * 0.1**3 * 0.5, 36 * 0.4**4
    v_inf = (g_Na * 50 - g_K * 77 - 0.3 * 54.387 + 5) / (g_Na + g_K + 0.3)
    assert cell.get("v")[0] == pytest.approx(v_inf + (v - v_inf) * math.exp(-0.01 * (g_Na + g_K + 0.3)), abs=1e-10)
    for gate, (a, b) in rates(v).items():
        expected = a / (a + b) + (x[gate] - a / (a + b)) * math.exp(-0.01 * (a + b))
        assert cell.get(gate)[0] == pytest.approx(expected, abs=1e-13)


def test_rest_gates() -> None:
    net = Network(dt=0.01)
    cell = net.population(1, HodgkinHuxley)
    assert [cell.get(x)[0] for x in "mhn"] == pytest.approx([0.0529, 0.5961, 0.3177], abs=5e-5)
    assert [cell.get(x)[0] for x in "mhn"] == pytest.approx([a / (a + b) for a, b in rates(-65).values()], rel=1e-12)
    net.run(20, backend="reference")
    assert cell.get("v")[0] == pytest.approx(-65, abs=0.02)


@pytest.mark.parametrize(("v", "gate", "limit"), [(-40, "m", 1.0), (-55, "n", 0.1)])
def test_rates_at_0_over_0(v: float, gate: str, limit: float) -> None:
    """From a closed gate the first step is alpha dt to first order: alpha_m(-40) = 1, alpha_n(-55) = 0.1 per ms."""
    net = Network(dt=0.001)
    cells = net.population(3, HodgkinHuxley, init=dict(v=[v - 1e-6, v, v + 1e-6]))
    net.run(0.001, backend="reference")
    assert np.isfinite(cells.get(gate)).all()
    net.reset()
    cells.set(m=0, h=0, n=0)
    net.run(0.001, backend="reference")
    assert cells.get(gate) / 0.001 == pytest.approx([limit] * 3, rel=2e-3)


def test_counts(run) -> None:
    counts = run.spikes.counts()
    assert counts.tolist() == OURS
    assert np.abs(counts - CARD).max() <= 1
    assert run.spikes.isi(5)[-1] == pytest.approx(14.68, abs=0.04)
    assert run.v.max() == pytest.approx(40.3, abs=0.2)


def test_a_spike_is_one_crossing_from_below(run) -> None:
    v = run.v[:, 0]
    crossings = np.flatnonzero((v[:-1] <= 0) & (v[1:] > 0))  # the value at a step's end is the next one's start
    assert np.array_equal(np.rint(run.spikes[5] / 0.01).astype(int), crossings)
    assert len(crossings) == 68


def test_gates_stay_between_0_and_1(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 60, 1000)
    net = Network(dt=0.05)
    cell = net.population(1, HodgkinHuxley, name="cell")
    net.inject(cell, noise)
    net.record(cell, ["m", "h", "n", "v"])
    record = net.run(50, backend="reference")["cell"]
    for gate in (record.m, record.h, record.n):
        assert gate.min() >= 0 and gate.max() <= 1
    assert record.v.max() > 0 and record.v.min() > -120


def test_order_of_convergence() -> None:
    def potential(dt: float) -> float:
        net = Network(dt=dt)
        cell = net.population(1, HodgkinHuxley(i_offset=2))
        net.run(4, backend="reference")
        return cell.get("v")[0]

    fine = potential(0.00125)
    errors = [potential(dt) - fine for dt in (0.04, 0.02, 0.01)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(1, abs=0.15)
    assert math.log2(errors[1] / errors[2]) == pytest.approx(1, abs=0.25)


def test_area_scales_currents_only() -> None:
    net = Network(dt=0.05)
    cells = net.population(2, HodgkinHuxley, name="cells", parameters=dict(area=[1e-7, 2e-7], i_offset=[10, 20]))
    net.record(cells, "v")
    v = net.run(30, backend="reference")["cells"].v
    assert v.max() > 20 and np.abs(v[:, 0] - v[:, 1]).max() < 1e-6
