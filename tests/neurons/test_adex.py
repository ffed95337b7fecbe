"""AdEx: canonical counts, loss of stability, firing patterns of the table by Naud et al."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import AdEx, HodgkinHuxley, Izhikevich
from spikegram.neurons import adex as presets

CURRENTS, COUNTS = [0.5, 0.65, 0.7, 0.8, 1.0], [0, 5, 9, 17, 31]  # nA; spikes in 1000 ms
# preset: spikes in 500 ms, first spike, first intervals, last interval
PATTERNS = {
    "TONIC": (51, 14.24, [8.96], 9.61),
    "ADAPTING": (10, 14.92, [11.30, 14.40, 19.63], 75.9),
    "INITIAL_BURST": (10, 5.48, [3.44, 7.34, 54.8], 63.96),
    "REGULAR_BURSTING": (9, 16.18, [2.94, 5.15, 131.8, 5.38, 133.2], None),
    "DELAYED_ACCELERATING": (36, 33.60, [20.62], 10.71),
    "DELAYED_BURSTING": (26, 57.2, [3.24, 4.33, 7.38, 56.6], None),
    "TRANSIENT": (1, 30.31, [], None),
    "IRREGULAR": (27, 15.67, [], None),
}


def with_its_siblings(dt: float) -> Network:
    """An empty network of the structure that test_all_models.py has too, so that it is compiled once."""
    net = Network(dt=dt)
    for model in (AdEx, HodgkinHuxley, Izhikevich):
        net.population(0, model)
    return net


@pytest.fixture(scope="module")
def spikes():
    """One network for all: the canonical cell at five currents, and the presets."""
    net = with_its_siblings(dt=0.005)
    canonical = net.population(5, AdEx, name="canonical")
    net.inject(canonical, np.array([CURRENTS]), interval=1000)
    net.record(canonical, "spikes")
    for name in PATTERNS:
        net.record(net.population(1, getattr(presets, name), name=name), "spikes")
    result = net.run(1000, backend="numba")
    return {name: result[name].spikes for name in ("canonical", *PATTERNS)}


def test_one_step_by_hand() -> None:
    net = Network(dt=0.1)
    cell = net.population(1, AdEx, init=dict(v=-50, w=0.05, I=0.2))
    net.inject(cell, 0.1)
    net.run(0.1, backend="reference")
    slope = (-0.03 * 20.6 + 0.03 * 2 * math.exp(0.4 / 2) - 0.05 + 0.2 + 0.1) / 0.281
    assert cell.get("v")[0] == pytest.approx(-50 + 0.1 * slope, abs=1e-12)
    assert cell.get("w")[0] == pytest.approx(0.05 + 0.1 * (0.004 * 20.6 - 0.05) / 144, abs=1e-15)


def test_reset_by_hand_and_the_exponent_is_cut_off() -> None:
    """Far above threshold one step of exp(20) takes v to a finite value; it spikes and is reset."""
    net = Network(dt=0.1)
    cell = net.population(1, AdEx, name="cell", init=dict(v=10, w=0.01))
    net.record(cell, "spikes")
    assert len(net.run(0.1, backend="reference")["cell"].spikes) == 1
    assert cell.get("v")[0] == -70.6
    assert cell.get("w")[0] == pytest.approx(0.01 + 0.1 * (0.004 * 80.6 - 0.01) / 144 + 0.0805, abs=1e-14)


def test_canonical_counts(spikes) -> None:
    canonical = spikes["canonical"]
    assert canonical.counts().tolist() == COUNTS
    assert canonical.isi(4)[-1] == pytest.approx(36.10, abs=0.006)


def test_loss_of_stability() -> None:
    """The canonical cell loses stability in a Hopf bifurcation at 627.2 pA: rest just below, spikes just above."""
    p = {n: v.value for n, v in AdEx.parameters.items()}
    tau_m = p["C_m"] / p["g_L"]
    assert p["a"] / p["g_L"] > tau_m / p["tau_w"]
    bracket = p["v_th"] - p["v_rest"] - p["delta_T"] + p["delta_T"] * math.log(1 + tau_m / p["tau_w"])
    hopf = (p["g_L"] + p["a"]) * bracket + p["delta_T"] * p["g_L"] * (p["a"] / p["g_L"] - tau_m / p["tau_w"])
    assert hopf == pytest.approx(627.2e-12, abs=0.05e-12)
    # start at the fixed point of w, a little off in v; 5 pA to either side
    net = Network(dt=0.1)
    cells = net.population(2, AdEx, name="cells", parameters=dict(i_offset=[hopf * 1e9 - 0.005, hopf * 1e9 + 0.005]))
    v = p["v_th"] + p["delta_T"] * math.log(1 + tau_m / p["tau_w"])  # where the trace of the Jacobian vanishes
    cells.set(v=v * 1e3 - 0.05, w=p["a"] * (v - p["v_rest"]) * 1e9)
    net.record(cells, "spikes")
    counts = net.run(1200, backend="reference")["cells"].spikes.counts()
    assert counts[0] == 0 and counts[1] > 0


@pytest.mark.parametrize("a", [0.002, 0.0, -0.005])
def test_loss_of_stability_at_the_saddle_node(a: float) -> None:
    """Where a/g_L < tau_m/tau_w the two fixed points meet: I = (g_L + a)(V_T - E_L - D + D ln(1 + a/g_L))."""
    model = presets.TONIC(a=a)
    p = {n: v.value for n, v in model.parameters.items()}
    assert p["a"] / p["g_L"] < p["C_m"] / p["g_L"] / p["tau_w"]
    above = p["v_th"] - p["v_rest"] + p["delta_T"] * math.log(1 + p["a"] / p["g_L"])  # of E_L, where they meet
    current = (p["g_L"] + p["a"]) * (above - p["delta_T"])
    drive = current * np.array([0.99, 1.01])
    net = Network(dt=0.1)
    start = dict(v=(p["v_rest"] + above) * 1e3 - 2, w=p["a"] * above * 1e9)
    cells = net.population(2, model, name="cells", parameters=dict(i_offset=drive * 1e9), init=start)
    net.record(cells, "spikes")
    counts = net.run(1000, backend="reference")["cells"].spikes.counts()
    assert counts[0] == 0 and counts[1] > 0


@pytest.mark.parametrize("name", PATTERNS)
def test_firing_patterns(spikes, name: str) -> None:
    count, first, intervals, last = PATTERNS[name]
    train = spikes[name].between(0, 500)
    isi = train.isi(0)
    assert len(train) == count
    assert train.times[0] == pytest.approx(first, abs=0.06 if name == "DELAYED_BURSTING" else 0.006)
    for value, expected in zip(isi, intervals, strict=False):
        assert value == pytest.approx(expected, abs=0.06 if expected > 50 else 0.006)
    if last is not None:
        assert isi[-1] == pytest.approx(last, abs=0.06 if last == 75.9 else 0.006)


def test_irregular_firing_repeats_no_interval(spikes) -> None:
    isi = np.round(spikes["IRREGULAR"].between(0, 500).isi(0), 3)
    assert len(np.unique(isi)) == len(isi) == 26


def test_order_of_convergence() -> None:
    def potential(dt: float) -> float:
        net = Network(dt=dt)
        cell = net.population(1, AdEx(i_offset=0.5))
        net.run(20, backend="reference")
        return cell.get("v")[0]

    fine = potential(0.0125)
    errors = [potential(dt) - fine for dt in (0.4, 0.2, 0.1)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(1, abs=0.15)
    assert math.log2(errors[1] / errors[2]) == pytest.approx(1, abs=0.25)
