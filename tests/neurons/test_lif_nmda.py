"""LIF with AMPA, GABA and NMDA: steady potential, step by hand, interneuron, bounds."""

from __future__ import annotations

import math

import pytest

from spikegram.networks import Network
from spikegram.neurons import LIFNMDA


def test_one_step_by_hand() -> None:
    """Exponential Euler with the conductances of the step's beginning (uS, ms, mV, nF)."""
    net = Network(dt=0.1)
    cell = net.population(1, LIFNMDA, init=dict(v=-60, g_E=0.01, g_I=0.02, g_nmda=0.005))
    net.inject(cell, 0.1)
    net.run(0.1, backend="reference")
    g = 0.025 + 0.01 + 0.02 + 0.005
    v_inf = (0.025 * -70 + 0.02 * -70 + 0.1) / g
    assert cell.get("v")[0] == pytest.approx(v_inf + (-60 - v_inf) * math.exp(-0.1 * g / 0.5), abs=1e-12)
    assert cell.get("g_E")[0] == pytest.approx(0.01 * math.exp(-0.05), rel=1e-12)
    assert cell.get("g_I")[0] == pytest.approx(0.02 * math.exp(-0.01), rel=1e-12)
    assert cell.get("g_nmda")[0] == 0.005


@pytest.mark.parametrize("current", [0.0, 0.4])
def test_steady_potential(current: float) -> None:
    net = Network(dt=0.5)
    cell = net.population(1, LIFNMDA(v_th=50, i_offset=current), init=dict(g_nmda=0.01))
    net.run(200, backend="reference")
    assert cell.get("v")[0] == pytest.approx((0.025 * -70 + current) / 0.035, abs=1e-4)


def test_interval_of_the_pyramidal_cell_and_of_the_interneuron() -> None:
    """t_ref + tau ln((v_inf - v_reset)/(v_inf - v_th)), in whole steps from the reset."""
    net = Network(dt=0.1)
    models = dict(pyramidal=LIFNMDA, interneuron=LIFNMDA(C_m=0.2, g_L=0.02, t_ref=1))
    for name, model in models.items():
        net.record(net.population(1, model(i_offset=0.7), name=name), "spikes")
    result = net.run(200, backend="reference")
    for name, g, tau, rest in (("pyramidal", 0.025, 20, 2), ("interneuron", 0.02, 10, 1)):
        v_inf = -70 + 0.7 / g
        expected = rest + tau * math.log((v_inf + 55) / (v_inf + 50))
        assert result[name].spikes.isi(0)[-1] == pytest.approx(expected, abs=0.11)


def test_any_conductance_keeps_v_between_the_reversal_potentials() -> None:
    net = Network(dt=1)
    cells = net.population(2, LIFNMDA(v_th=99), name="cells", init=dict(g_nmda=[50, 0], g_I=[0, 50]))
    net.record(cells, "v")
    v = net.run(50, backend="reference")["cells"].v
    assert v.max() <= 0 and v.min() >= -70 - 1e-9 and v[-1, 0] > -1
