"""LIFNoise, LIFCondNoise: stationary moments and correlation of the noise, what it does to v, its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import LIF, LIFCond, LIFCondNoise, LIFNoise, NeuronModel
from spikegram.neurons.lif_noise import OU_CURRENT, OU_PARAMETERS

SILENT = 1e6  # mV


def free_run(model, n: int, duration: float, variables: list[str], dt: float, seed: int, **more):
    net = Network(dt=dt, seed=seed)
    cells = net.population(n, model, name="cells", **more)
    net.record(cells, variables)
    return net.run(duration, backend="reference")["cells"]


def test_moments_and_correlation_of_the_current(seed: int) -> None:
    """Euler steps: variance sigma^2/(1 - dt/2 tau), correlation (1 - dt/tau)^k over k steps."""
    record = free_run(LIFNoise(mu_noise=0.05, v_th=SILENT), 400, 100, ["I_noise"], 0.5, seed)
    noise = record.I_noise
    independent = 400 * 100 / 10  # about; two correlation times
    assert noise.mean() == pytest.approx(0.05, abs=4 * 0.1 / math.sqrt(independent))
    sigma = 0.1 / math.sqrt(1 - 0.5 / 10)
    assert noise[10:].std() == pytest.approx(sigma, rel=4 / math.sqrt(2 * independent))
    for k in (1, 5, 20):
        correlation = np.mean((noise[k:] - 0.05) * (noise[:-k] - 0.05)) / sigma**2
        assert correlation == pytest.approx(0.9**k, abs=0.06)


def test_neurons_draw_their_own_noise_and_the_seed_decides(seed: int) -> None:
    a, b, c = (free_run(LIFNoise(v_th=SILENT), 50, 20, ["I_noise"], 0.5, s).I_noise for s in (seed, seed, seed + 1))
    assert np.array_equal(a, b) and not np.array_equal(a, c)
    increments = np.diff(a, axis=0) - (-0.1 * a[:-1])
    correlation = np.corrcoef(increments.T)[np.triu_indices(50, 1)]
    assert np.abs(correlation.mean()) < 0.02 and np.abs(correlation).max() < 0.8
    assert increments.std() == pytest.approx(0.1 * math.sqrt(2 * 0.5 / 5), rel=0.1)


def test_spread_of_the_potential(seed: int) -> None:
    """Var v = (R sigma)^2 tau_n/(tau_n + tau_m), for each correlation time."""
    tau = np.repeat([5.0, 20.0, 60.0], 300)
    start = dict(v="-60*mV + 3*mV*randn()")
    record = free_run(
        LIFNoise(v_th=SILENT, sigma_noise=0.05), 900, 400, ["v"], 0.5, seed, parameters=dict(tau_noise=tau), init=start
    )
    v = record.v[400:].reshape(-1, 3, 300)
    for k, tau_n in enumerate((5, 20, 60)):
        assert v[:, k].var() == pytest.approx(25 * tau_n / (tau_n + 20), rel=0.12)
        assert v[:, k].mean() == pytest.approx(-60, abs=0.5)


@pytest.mark.parametrize(("noisy", "quiet", "off"), [
    (LIFNoise, LIF, dict(sigma_noise=0)), (LIFCondNoise, LIFCond, dict(sigma_E=0, sigma_I=0, mu_E=0, mu_I=0)),
], ids=["current", "conductance"])  # fmt: skip
def test_without_noise_it_is_the_quiet_cell(noisy: NeuronModel, quiet: NeuronModel, off: dict) -> None:
    common = {n: p.value for n, p in noisy.parameters.items() if n in quiet.parameters}
    common = {n: f"{value!r}{_unit(quiet, n)}" for n, value in common.items()}
    net = Network(dt=0.1)
    for model in (noisy(**off), quiet(method="euler", **common)):
        cell = net.population(1, model, name=model.name)
        net.inject(cell, 0.6)
        net.record(cell, ["spikes", "v"])
    a, b = net.run(60, backend="reference").populations.values()
    assert len(a.spikes) >= 2 and a.spikes == b.spikes
    assert np.abs(a.v - b.v).max() < 1e-9


def _unit(model: NeuronModel, name: str) -> str:
    from spikegram.units import dims_expression

    return f"*({dims_expression(model.dims(name))})"


def test_noise_makes_spikes_below_the_least_current(seed: int) -> None:
    net = Network(dt=0.1, seed=seed)
    cells = net.population(40, LIFNoise, name="cells", parameters=dict(sigma_noise=[0.0, 0.2] * 20, i_offset=0.08))
    net.record(cells, "spikes")
    spikes = net.run(200, backend="reference")["cells"].spikes
    assert spikes.counts()[::2].sum() == 0 and spikes.counts()[1::2].sum() > 40
    isi = np.concatenate([spikes.isi(k) for k in range(1, 40, 2)])
    assert isi.std() / isi.mean() > 0.3


def test_conductances_in_vivo(seed: int) -> None:
    """Means and deviations of table 1 of the paper; v as far as linear theory goes: -65.3 mV, 1.6 mV."""
    record = free_run(LIFCondNoise(v_th=SILENT), 400, 150, ["v", "n_E", "n_I"], 0.1, seed, init=dict(v=-65))
    for values, mu, sigma, tau in ((record.n_E, 0.0121, 0.003, 2.7), (record.n_I, 0.0573, 0.0066, 10.5)):
        independent = 400 * 150 / (2 * tau)
        assert values.mean() == pytest.approx(mu, abs=4 * sigma / math.sqrt(independent))
        assert values.std() == pytest.approx(sigma / math.sqrt(1 - 0.05 / tau), rel=4 / math.sqrt(2 * independent))
    g = 15.7 + 12.1 + 57.3
    mean = (15.7 * -80 + 57.3 * -75) / g
    tau_v = 346 / g
    variance = (3 * -mean / g) ** 2 * 2.7 / (2.7 + tau_v) + (6.6 * (-75 - mean) / g) ** 2 * 10.5 / (10.5 + tau_v)
    late = record.v[300:]
    assert late.mean() == pytest.approx(mean, abs=0.15)
    assert late.std() == pytest.approx(math.sqrt(variance), rel=0.08)


def test_the_lines_of_the_noise_fit_into_another_cell(seed: int) -> None:
    cell = NeuronModel(
        f"dv/dt = (I_noise - g*v)/C : volt\n{OU_CURRENT}", method="euler",
        parameters=dict(g="10*nS", C="0.2*nF", **OU_PARAMETERS), name="noisy membrane",
    )  # fmt: skip
    record = free_run(cell, 400, 150, ["v"], 0.5, seed)
    assert record.v[200:].std() == pytest.approx(10 * math.sqrt(5 / 25), rel=0.1)


def test_exact_integration_is_refused_for_noise() -> None:
    with pytest.raises(ValueError, match=r"LIFNoise.*'exact' does not hold for equations with noise"):
        LIFNoise(method="exact").check()
