"""LeakyIntegrator against its closed forms, and against a LIF that does not reach its threshold."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import AllToAll, Network, SpikeArray
from spikegram.neurons import LIF, LeakyIntegrator


def test_one_step_by_hand() -> None:
    net = Network(dt=1)
    cell = net.population(1, LeakyIntegrator(i_offset=0.02), init=dict(v=5, I=0.1))
    net.inject(cell, 0.01)
    net.run(1, backend="reference")
    e_m, e_s = math.exp(-1 / 20), math.exp(-1 / 5)
    assert cell.get("v")[0] == pytest.approx(3 + 2 * e_m + 100 * 5 / 15 * (e_m - e_s) * 0.1, abs=1e-12)
    assert cell.get("I")[0] == pytest.approx(0.1 * e_s, abs=1e-15)


def test_step_response() -> None:
    net = Network(dt=0.5)
    cells = net.population(3, LeakyIntegrator, name="cells", parameters=dict(tau_m=[5, 20, 80]))
    net.inject(cells, 0.1)
    net.record(cells, "v")
    v = net.run(100, backend="reference")["cells"].v
    t = np.arange(len(v))[:, None] * 0.5
    assert np.abs(v - 10 * (1 - np.exp(-t / np.array([5, 20, 80])))).max() < 1e-11


@pytest.mark.parametrize(("target", "weight"), [("v", 1.0), ("I", 0.05)])
def test_filter_of_a_spike_train(target: str, weight: float) -> None:
    """Onto v it is the exponential filter of the spikes, onto I the difference of two."""
    times = np.array([2.0, 3.0, 10.5, 31.0])
    net = Network(dt=0.5)
    cell = net.population(1, LeakyIntegrator, name="cell")
    spikes = net.population(1, SpikeArray([times]))
    net.project(spikes, cell, AllToAll(), weight=weight, target=target, delay=0.5)
    net.record(cell, "v")
    v = net.run(60, backend="reference")["cell"].v[:, 0]
    after = (np.arange(120) * 0.5)[:, None] - times - 1.0  # delay of one step, felt in the step after
    with np.errstate(over="ignore"):
        kernel = np.exp(-after / 20) if target == "v" else 100 * 5 / 15 * (np.exp(-after / 20) - np.exp(-after / 5))
    assert np.abs(v - weight * np.where(after >= 0, kernel, 0).sum(1)).max() < 1e-11


def test_it_is_a_lif_below_threshold_and_never_spikes() -> None:
    drive = 0.5 + np.sin(np.arange(400) / 7)
    net = Network(dt=0.1)
    models = dict(leaky=LeakyIntegrator(v_rest=-60), lif=LIF(v_th=1e6))
    for name, model in models.items():
        net.inject(net.population(2, model, name=name), drive, interval=0.1)
        net.record(net.populations[name], ["v", "I"])
    result = net.run(40, backend="reference")
    assert np.array_equal(result["leaky"].v, result["lif"].v) and np.ptp(result["leaky"].v) > 10
    assert LeakyIntegrator.threshold == ""


def test_exact_does_not_depend_on_dt() -> None:
    values = []
    for dt in (5.0, 1.0, 0.1):
        net = Network(dt=dt)
        cell = net.population(1, LeakyIntegrator(tau_syn=20), init=dict(v=-7, I=0.1))
        net.run(20, backend="reference")
        values.append(cell.get("v")[0])
    assert max(values) - min(values) < 1e-11
