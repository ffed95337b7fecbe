"""The sPyNNaker LIF of the CA3 card: one step by hand, firing limits, intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import AllToAll, Network, SpikeArray
from spikegram.neurons import SpiNNakerLIF
from spikegram.neurons.spinnaker_lif import FAST, SLOW

G0 = 0.3 * (1 - math.exp(-1 / 0.3))
OUT = SLOW(v_th=-57.5, name="OUT")


def fire(model, weights: np.ndarray, target: str = "in_E") -> np.ndarray:
    """Which cells a single arrival of these weights fires."""
    net = Network(dt=1)
    cells = net.population(len(weights), model, name="cells")
    net.inject(cells, weights[None, :], target=target)
    net.record(cells, "spikes")
    return net.run(4, backend="reference")["cells"].spikes.counts() > 0


def test_g0_is_the_number_of_the_card() -> None:
    assert pytest.approx(0.28930, abs=5e-6) == G0


def test_steps_by_hand() -> None:
    net = Network(dt=1)
    cell = net.population(1, FAST(i_offset=0.1), init=dict(I_E=0.2))
    net.inject(cell, 1.5, target="in_E", stop=1)
    net.inject(cell, 0.5, target="in_I", stop=1)
    v, I_E, I_I = -60.0, 0.2, 0.0
    for arriving_E, arriving_I in ((1.5, 0.5), (0, 0)):
        net.run(1, backend="reference")
        I_E, I_I = I_E + G0 * arriving_E, I_I + G0 * arriving_I
        v_inf = -60 + 0.5 / 0.14 * (I_E - I_I + 0.1)
        v = v_inf - (v_inf - v) * math.exp(-1 / 0.5)
        I_E, I_I = I_E * math.exp(-1 / 0.3), I_I * math.exp(-1 / 0.3)
        assert cell.get("v")[0] == pytest.approx(v, abs=1e-12)
        assert [cell.get("I_E")[0], cell.get("I_I")[0]] == pytest.approx([I_E, I_I], rel=1e-12)


@pytest.mark.parametrize(("model", "limit"), [(SLOW, 3.292), (FAST, 3.358), (OUT, 2.744)], ids=["SLOW", "FAST", "OUT"])
def test_one_arrival_fires_from_this_weight_on(model, limit: float) -> None:
    """SLOW 0.9112 mV per nA, FAST 0.8933: to 1e-3 nA, by trying 100 weights around the limit."""
    weights = limit + 1e-3 * np.arange(-50, 51)
    hit = fire(model, weights)
    assert not hit[:50].any() and hit[51:].all()
    p = {n: q.value for n, q in model.parameters.items()}
    per_weight = G0 * p["tau_m"] / p["C_m"] * (1 - math.exp(-1e-3 / p["tau_m"]))
    assert (p["v_th"] - p["v_rest"]) / per_weight * 1e9 == pytest.approx(limit, abs=5e-4)


def test_inhibition_is_subtracted() -> None:
    assert not fire(SLOW, np.array([5.0, 50.0]), "in_I").any()


def test_shortest_interval_is_two_steps_and_arrivals_act_in_their_step() -> None:
    net = Network(dt=1)
    cells = net.population(2, SLOW, name="cells", parameters=dict(t_ref=[1, 2]))
    source = net.population(1, SpikeArray([[0, 1, 2, 3, 4, 5, 6]]))
    net.project(source, cells, AllToAll(), weight=20, delay=2, target="in_E")
    net.record(cells, "spikes")
    spikes = net.run(10, backend="reference")["cells"].spikes
    assert spikes[0].tolist() == [2, 4, 6, 8] and spikes[1].tolist() == [2, 5, 8]


def test_small_steps_tend_to_the_equations() -> None:
    """One arrival gives the PSP of the exponential synapse when dt goes to 0, with an error of order dt^2."""
    model = SpiNNakerLIF(tau_m=10, C_m=1, tau_syn_E=2, v_th=0)
    errors = []
    for dt in (0.2, 0.1):
        net = Network(dt=dt)
        cell = net.population(1, model, name="cell")
        net.inject(cell, 1.0, target="in_E", stop=dt)
        net.run(5, backend="reference")
        exact = 10 * 2 / (10 - 2) * (math.exp(-5 / 10) - math.exp(-5 / 2))
        errors.append(abs(cell.get("v")[0] + 60 - exact))
    assert errors[0] / errors[1] == pytest.approx(4, abs=0.1)


def test_input_without_delay_is_refused() -> None:
    net = Network(dt=1)
    cells = net.population(1, SLOW)
    with pytest.raises(ValueError, match=r"delay: an input variable \('in_E'\) needs at least one step"):
        net.project(net.population(1, SpikeArray([[0]])), cells, AllToAll(), weight=6, delay=0, target="in_E")
