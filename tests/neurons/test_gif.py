"""GIF: escape noise (survivor function, hazard, likelihood), both filters, and the deterministic limit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import GIF, LIF

HELD = dict(v_rest=-35, v_reset=-35, t_ref=0)  # v stays at the threshold


def survivor_distance(intervals: np.ndarray, hazard_dt: float) -> float:
    """Largest distance of the measured survivor function from exp(-hazard T), at the steps."""
    k = np.arange(1, intervals.max() + 1)
    measured = (intervals[None, :] > k[:, None]).mean(1)
    return float(np.abs(measured - np.exp(-hazard_dt * k)).max())


def test_one_step_by_hand() -> None:
    net = Network(dt=0.5)
    cell = net.population(1, GIF(lambda_0=0), init=dict(v=-60, I=0.05, eta_2=0.02, gamma_2=3))
    net.inject(cell, 0.01)
    net.run(0.5, backend="reference")
    e_m, e_s, e_a = (math.exp(-0.5 / tau) for tau in (20, 2, 10))  # tau_m = 80 pF/4 nS
    v = -70 + 10 * e_m + 250 * 0.01 * (1 - e_m)
    v += 0.05 / 0.08 * 20 * 2 / (20 - 2) * (e_m - e_s) - 0.02 / 0.08 * 20 * 10 / (20 - 10) * (e_m - e_a)
    assert cell.get("v")[0] == pytest.approx(v, abs=1e-11)
    assert cell.get("eta_2")[0] == pytest.approx(0.02 * e_a, rel=1e-12)
    assert cell.get("gamma_2")[0] == pytest.approx(3 * e_a, rel=1e-12)


def test_a_spike_adds_to_both_filters_and_holds_v() -> None:
    jumps = {f"a_eta_{k}": 0.01 * k for k in (1, 2, 3)} | {f"a_gamma_{k}": 1.5 * k for k in (1, 2, 3)}
    net = Network(dt=1)
    cell = net.population(1, GIF(**jumps), name="cell", init=dict(v=0, gamma_3=2))  # 30 mV above: spikes for certain
    net.record(cell, ["spikes", "v", "theta", *(f"{s}_{k}" for s in ("eta", "gamma") for k in (1, 2, 3))])
    record = net.run(7, backend="reference")["cell"]
    assert record.spikes.times.tolist() == [0.0]
    assert np.all(record.v[1:5, 0] == -55) and record.v[5, 0] < -55  # t_ref/dt - 1 steps after that of the spike
    t = np.arange(6)
    for k, tau in ((1, 1), (2, 10), (3, 100)):
        before = 2 * math.exp(-1 / tau) if k == 3 else 0
        assert record.trace(f"eta_{k}").values[1:, 0] == pytest.approx(0.01 * k * np.exp(-t / tau), rel=1e-12)
        assert record.trace(f"gamma_{k}").values[1:, 0] == pytest.approx((before + 1.5 * k) * np.exp(-t / tau))
    threshold = -35 + sum(record.trace(f"gamma_{k}").values for k in (1, 2, 3))
    assert np.allclose(record.theta, threshold, atol=1e-12)


def test_survivor_function(seed: int) -> None:
    """v held: a silent interval T has the chance exp(-hazard T); Kolmogorov-Smirnov at 1 %, 5000 intervals each."""
    net = Network(dt=1, seed=seed)
    groups = {1.0: 100.0, math.e: 20.0, math.exp(-2): 300.0}  # exp((v - theta)/delta_v) and lambda_0 in Hz
    for factor, lambda_0 in groups.items():
        v = -35 + 0.5 * math.log(factor)
        cell = GIF(lambda_0=lambda_0, v_rest=v, v_reset=v, t_ref=0)
        net.record(net.population(150, cell, name=f"{lambda_0:g} Hz"), "spikes")
    result = net.run(1000, backend="reference")
    for factor, lambda_0 in groups.items():
        intervals = np.rint(result[f"{lambda_0:g} Hz"].spikes.isi()).astype(int)
        assert len(intervals) > 5000
        assert survivor_distance(intervals, factor * lambda_0 * 1e-3) < 1.63 / math.sqrt(len(intervals))


def test_hazard_and_likelihood_under_adaptation(seed: int) -> None:
    """Spikes come as often as the hazard says, whatever it is, and the likelihood is largest at the true lambda_0."""
    dt, lambda_0, tau = 1.0, 200.0, 10.0
    net = Network(dt=dt, seed=seed)
    cells = net.population(100, GIF(lambda_0=lambda_0, a_gamma_2=0.7, **HELD), name="cells")
    net.record(cells, ["spikes", "gamma_2", "v"])
    record = net.run(600, backend="reference")["cells"]
    assert np.allclose(record.v, -35, atol=1e-9)
    fired = np.zeros((600, 100), dtype=bool)
    fired[record.spikes.steps, record.spikes.ids] = True
    gamma = record.gamma_2 * math.exp(-dt / tau)  # at the end of each step, before its spike
    exposure = np.exp(-gamma / 0.5) * dt * 1e-3  # integral of hazard/lambda_0
    p = -np.expm1(-lambda_0 * exposure)
    for low, high in ((0, 0.02), (0.02, 0.05), (0.05, 0.1), (0.1, 0.2)):
        part = (p > low) & (p <= high)
        assert part.sum() > 1000
        assert fired[part].sum() == pytest.approx(p[part].sum(), abs=4 * math.sqrt((p * (1 - p))[part].sum()))

    def log_likelihood(rate: float) -> float:
        return float(np.log(-np.expm1(-rate * exposure))[fired].sum() - (rate * exposure)[~fired].sum())

    best = max(np.linspace(0.8, 1.25, 46), key=lambda f: log_likelihood(f * lambda_0))
    assert best == pytest.approx(1, abs=4 / math.sqrt(fired.sum()))


def test_a_sharp_threshold_is_that_of_the_lif() -> None:
    same = dict(v_rest=-70, v_reset=-55, v_th=-35, t_ref=4)
    net = Network(dt=0.1)
    for cell in (GIF(delta_v=1e-6, lambda_0=1e4, **same), LIF(tau_m=20, R=250, **same)):
        cells = net.population(3, cell, name=cell.name, parameters=dict(i_offset=[0.17, 0.2, 0.4]))
        net.record(cells, "spikes")
    result = net.run(120, backend="reference")
    assert result["LIF"].spikes.counts().min() >= 3
    assert result["GIF"].spikes == result["LIF"].spikes


def test_a_moving_threshold_makes_spikes_rarer(seed: int) -> None:
    net = Network(dt=0.5, seed=seed)
    cells = net.population(3, GIF(i_offset=0.2), parameters=dict(a_gamma_3=[0, 4, 0], a_eta_3=[0, 0, 0.03]), name="c")
    net.record(cells, "spikes")
    counts = net.run(400, backend="reference")["c"].spikes.counts()
    assert counts[0] > 1.3 * counts[1] > 0 and counts[0] > 1.3 * counts[2] > 0


def test_exact_does_not_depend_on_dt() -> None:
    values = []
    for dt in (4.0, 1.0, 0.1):
        net = Network(dt=dt)
        start = dict(v=-50, I=0.1, eta_1=0.1, eta_2=0.05, eta_3=-0.02)
        cell = net.population(1, GIF(lambda_0=0), init=start)
        net.run(20, backend="reference")
        values.append(cell.get("v")[0])
    assert max(values) - min(values) < 1e-11


def test_far_above_the_threshold_the_hazard_stays_finite() -> None:
    net = Network(dt=0.1)
    cell = net.population(1, GIF(delta_v=1e-3), name="cell", init=dict(v=100))
    net.record(cell, ["spikes", "hazard"])
    record = net.run(0.2, backend="reference")["cell"]
    assert len(record.spikes) == 1 and record.hazard[0, 0] == pytest.approx(math.exp(50))
