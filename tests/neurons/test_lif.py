"""LIF, LIFAlpha and LIFDelta against their closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import AllToAll, Network, SpikeArray
from spikegram.neurons import LIF, LIFAlpha, LIFDelta

CARD = dict(tau_m=20, R=10, v_rest=-65, v_reset=-70, v_th=-50, t_ref=2)
CURRENTS = [1.5, 1.6, 2, 3, 5]  # nA
CARD_RATES = [0, 15.9007, 29.2494, 52.7817, 90.5822]  # Hz


def one_spike(model, n, weight, target, parameters=None, dt=0.1, duration=200.0):
    """Send one spike to ``n`` cells and record them from the first step that feels it."""
    net = Network(dt=dt)
    cells = net.population(n, model, name="cells", parameters=parameters)
    net.project(net.population(1, SpikeArray([[0.0]])), cells, AllToAll(), weight=weight, target=target)
    net.record(cells, ["v", *(["I"] if "I" in model.states else [])])
    record = net.run(duration, backend="reference")["cells"]
    t = np.arange(len(record.v) - 1)[:, None] * dt
    return t, record.v[1:] + 60.0, record.I[1:] if "I" in model.states else None


def trajectory(model, dt, duration=20.0):
    net = Network(dt=dt)
    cell = net.population(1, model, init=dict(v=-70, I=0.1))
    net.run(duration, backend="reference")
    return cell.get("v")[0]


# (a) by hand
def test_one_step_by_hand() -> None:
    net = Network(dt=1)
    cell = net.population(1, LIF(i_offset=0.02), init=dict(v=-58, I=0.1))
    net.inject(cell, 0.01)
    net.run(1, backend="reference")
    e_m, e_s = math.exp(-1 / 20), math.exp(-1 / 5)
    v = -57 - 1 * e_m + 100 * 5 / (20 - 5) * (e_m - e_s) * 0.1
    assert cell.get("v")[0] == pytest.approx(v, abs=1e-12)
    assert cell.get("I")[0] == pytest.approx(0.1 * e_s, abs=1e-15)


def test_reset_and_both_refractory_counts() -> None:
    """Brian 2's count holds v in t_ref/dt - 1 steps after the spike, NEST's in t_ref/dt."""
    for refractory, held in (("t_ref", 4), ("t_ref + dt", 5)):
        net = Network(dt=1)
        cell = net.population(1, LIF(refractory=refractory, v_reset=-65, v_rest=-59), name="cell")
        net.inject(cell, 100, start=0, stop=1)
        net.record(cell, ["v", "spikes"])
        record = net.run(10, backend="reference")["cell"]
        assert record.spikes.times.tolist() == [0.0]
        assert (record.v[1:, 0] == -65.0).sum() == held + 1  # its start value, then the held ones


def test_delta_adds_at_once_and_loses_what_comes_while_refractory() -> None:
    net = Network(dt=1)
    cell = net.population(1, LIFDelta(tau_m=1e15), name="cell")
    spikes = net.population(1, SpikeArray([[1, 2, 3, 5, 7, 9]]))
    net.project(spikes, cell, AllToAll(), weight=5.5, target="v")
    net.record(cell, ["v", "spikes"])
    record = net.run(12, backend="reference")["cell"]
    # two jumps of 5.5 mV pass the threshold, seen in step 3; until step 8 it is refractory, so 3, 5 and 7 are lost
    assert record.spikes.times.tolist() == [3.0]
    assert np.allclose(record.v[:, 0], [-60, -60, -54.5, -49, -60, -60, -60, -60, -60, -60, -54.5, -54.5], atol=1e-9)


# (b) closed forms
def test_f_i_curve() -> None:
    net = Network(dt=0.1)
    cells = net.population(5, LIF(**CARD), name="cells", parameters=dict(i_offset=CURRENTS), init=dict(v="v_reset"))
    net.record(cells, "spikes")
    spikes = net.run(320, backend="reference")["cells"].spikes
    assert len(spikes[0]) == 0
    for k in range(1, 5):
        drive = -65 + 10 * CURRENTS[k]
        period = 2 + 20 * math.log((drive + 70) / (drive + 50))
        assert 1e3 / period == pytest.approx(CARD_RATES[k], abs=5e-5)
        isi = spikes.isi(k)
        assert len(isi) >= 4
        assert np.all((isi > period - 0.1 - 1e-9) & (isi <= period + 1e-9))  # Brian 2's count: at most dt short


def test_psp_and_its_peak() -> None:
    """The closed form for two time constants, and its limit where they are equal."""
    tau_s = np.array([5.0, 2.0, 20.0, 40.0])
    t, v, current = one_spike(LIF(tau_m=20), 4, 0.05, "I", dict(tau_syn=tau_s))
    with np.errstate(all="ignore"):
        expected = 0.05 * 100 * tau_s / (20 - tau_s) * (np.exp(-t / 20) - np.exp(-t / tau_s))
        t_peak = np.log(20 / tau_s) * 20 * tau_s / (20 - tau_s)
    expected[:, 2], t_peak[2] = 0.05 * 100 / 20 * t[:, 0] * np.exp(-t[:, 0] / 20), 20.0
    assert np.abs(v - expected).max() < 1e-11
    assert np.abs(current - 0.05 * np.exp(-t / tau_s)).max() < 1e-14
    assert np.abs(t[v.argmax(0), 0] - t_peak).max() <= 0.1
    assert v[:, 2].max() == pytest.approx(0.05 * 100 / math.e, rel=1e-6)


def test_alpha_current_and_psp() -> None:
    """Current w (t/tau) exp(1 - t/tau); with tau_m = tau_syn the PSP is w e R t^2/(2 tau^2) exp(-t/tau)."""
    t, v, current = one_spike(LIFAlpha(tau_m=5, tau_syn=5), 1, 0.05, "J")
    assert np.abs(current - 0.05 * t / 5 * np.exp(1 - t / 5)).max() < 1e-14
    assert np.abs(v - 0.05 * math.e * 100 * t**2 / 50 * np.exp(-t / 5)).max() < 1e-11
    assert current.max() == pytest.approx(0.05, rel=1e-12) and t[current.argmax(), 0] == pytest.approx(5)


# (c) convergence
@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("heun", 1), ("rk2", 2), ("rk4", 4)])
def test_order_of_convergence(method: str, order: int) -> None:
    """Brian 2's heun is for multiplicative noise; it takes the deterministic part as euler does."""
    exact = trajectory(LIF, 1.0)
    errors = [abs(trajectory(LIF(method=method), dt) - exact) for dt in (1.0, 0.5, 0.25)]
    for coarse, fine in zip(errors, errors[1:], strict=False):
        assert math.log2(coarse / fine) == pytest.approx(order, abs=0.2)


@pytest.mark.parametrize("model", [LIF, LIFAlpha], ids=["LIF", "LIFAlpha"])
def test_exact_does_not_depend_on_dt(model) -> None:
    values = [trajectory(model, dt) for dt in (5.0, 1.0, 0.1)]
    assert max(values) - min(values) < 1e-11


# (d) invariants
def test_rest_is_rest() -> None:
    net = Network(dt=0.5)
    cells = net.population(3, LIF, init=dict(v=[-90, -60, -51]))
    net.run(1000, backend="reference")
    assert np.abs(cells.get("v") + 60).max() < 1e-9


def test_permuting_neurons_permutes_results() -> None:
    drive, order = np.linspace(0.05, 0.4, 6), np.array([3, 0, 5, 1, 4, 2])
    trains = []
    for values in (drive, drive[order]):
        net = Network(dt=0.1)
        net.record(net.population(6, LIF, name="cells", parameters=dict(i_offset=values)), "spikes")
        trains.append(net.run(100, backend="reference")["cells"].spikes)
    assert all(np.array_equal(trains[1][k], trains[0][int(order[k])]) for k in range(6))


# (h) errors
def test_a_method_that_cannot_serve_dt_is_refused() -> None:
    net = Network(dt=10)
    net.population(1, LIF(method="euler"), name="slow steps")
    with pytest.raises(ValueError, match=r"slow steps.*'euler' cannot serve dt = 10 ms.*'I'.*5 ms"):
        net.run(10, backend="reference")


def test_a_refractory_period_between_two_steps_is_refused() -> None:
    net = Network(dt=0.1)
    net.population(1, LIF(t_ref=2.05))
    with pytest.raises(ValueError, match=r"refractory period.*2\.05 ms is not a multiple"):
        net.run(1, backend="reference")
