"""TwoCompartment: magnesium block, divider, charge, folds of the dendrite and what happens on both sides of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import AllToAll, Network, SpikeArray
from spikegram.neurons import LIF, TwoCompartment

QUIET = dict(v_th=1e6)  # a soma that does not spike
LEAK = 5 + 5 * 5 / (5 + 5)  # nS, of the dendrite with the soma behind it


def block(v: np.ndarray, magnesium: float = 1.0) -> np.ndarray:
    return 1 / (1 + magnesium * np.exp(-0.062 * v) / 3.57)


def held(v: np.ndarray, g: float) -> np.ndarray:
    """Current (nA) that keeps the dendrite at v (mV), with an NMDA conductance of g (nS)."""
    return (LEAK * (v + 70) + g * block(v) * v) / 1e3


def critical() -> float:
    """Least conductance (nS) with which this current has a part of negative slope."""
    v = np.linspace(-90, 0, 90001)
    return LEAK / np.max(-np.gradient(block(v) * v, v))


def folds(g: float) -> tuple[float, float]:
    """Lower and upper current (nA) between which there are three roots."""
    v = np.linspace(-100, 0, 100001)
    upper, lower = held(v[np.flatnonzero(np.diff(np.sign(np.diff(held(v, g))))) + 1], g)
    return float(lower), float(upper)


def roots(g: float, current: float) -> np.ndarray:
    v = np.linspace(-150, 50, 200001)
    return v[np.flatnonzero(np.diff(np.sign(held(v, g) - current)))]


def test_magnesium_block() -> None:
    net = Network(dt=0.1)
    magnesium = np.array([1.0, 1, 2, 0])  # mol/m3 = mM
    start = dict(v_d=[0, -70, -30, -30])
    cells = net.population(4, TwoCompartment, name="cells", init=start, parameters=dict(Mg=magnesium))
    net.record(cells, "B")
    b = net.run(0.1, backend="reference")["cells"].B[0]
    assert b == pytest.approx([0.7812, 0.0445, block(-30, 2), 1], abs=5e-5)


def test_one_step_by_hand() -> None:
    def slope(x: np.ndarray) -> np.ndarray:
        v_s, v_d, g, y, g_E, g_I = x
        n = (100 / 2) ** (2 / 98)
        into = ((g + 0.004) * block(v_d) + g_E) * -v_d + g_I * (-75 - v_d) + 0.05
        soma = 0.005 * (-70 - v_s) + 0.005 * (v_d - v_s) + 0.02
        dendrite = 0.005 * (-70 - v_d) + 0.005 * (v_s - v_d) + into
        return np.array([soma / 0.1, dendrite / 0.1, n * y / 2 - g / 100, -y / 2, -g_E / 2, -g_I / 10])

    x = np.array([-62.0, -48, 0.003, 0.002, 0.004, 0.001])
    names = ("v_s", "v_d", "g_nmda", "x_nmda", "g_E", "g_I")
    net = Network(dt=0.2)
    cell = net.population(1, TwoCompartment(g_tonic=0.004, **QUIET), init=dict(zip(names, x, strict=True)))
    net.inject(cell, 0.02, target="I_s")
    net.inject(cell, 0.05, target="I_d")
    net.run(0.2, backend="reference")
    expected = x + 0.2 * slope(x + 0.1 * slope(x))
    assert [cell.get(name)[0] for name in names] == pytest.approx(expected, rel=1e-12)


def test_divider() -> None:
    net = Network(dt=0.5)
    g_c, g_Ls = np.array([0.005, 0.02, 0.001]), np.array([0.005, 0.004, 0.01])
    cells = net.population(3, TwoCompartment(**QUIET), parameters=dict(g_c=g_c, g_Ls=g_Ls))
    net.inject(cells, 0.05, target="I_d")
    net.run(600, backend="reference")
    v_s, v_d = cells.get("v_s") + 70, cells.get("v_d") + 70
    assert v_s == pytest.approx(v_d * g_c / (g_c + g_Ls), rel=1e-9)
    assert v_d == pytest.approx(0.05 / (0.005 + g_c * g_Ls / (g_c + g_Ls)), rel=1e-9)


def test_charge_is_conserved() -> None:
    """Without leak the charge of both compartments is what was injected, wherever it went in."""
    net = Network(dt=0.5)
    cells = net.population(2, TwoCompartment(g_Ls=0, g_Ld=0, C_d=0.3, **QUIET), name="cells")
    net.inject(cells[:1], 0.02, target="I_d", stop=10)
    net.inject(cells[1:], 0.02, target="I_s", stop=10)
    net.record(cells, ["v_s", "v_d"])
    record = net.run(200, backend="reference")["cells"]
    charge = 0.1 * (record.v_s + 70) + 0.3 * (record.v_d + 70)  # nF mV = pC
    assert charge[20:] == pytest.approx(0.2, abs=1e-10)
    assert np.abs(record.v_s[10] - record.v_d[10]).min() > 0.2
    assert record.v_s[-1] == pytest.approx([-69.5] * 2, abs=1e-3)


def test_apart_they_are_two_cells() -> None:
    """g_c = 0: the soma is a LIF, the dendrite a leaky membrane, whatever the other does."""
    net = Network(dt=0.1)
    cell = net.population(1, TwoCompartment(g_c=0), name="cell")
    lif = LIF(tau_m=20, R=200, v_rest=-70, v_th=-55, v_reset=-60, t_ref=2)
    lone = net.population(1, lif, name="lif")
    for target, into in (("I_s", cell), ("I_ext", lone)):
        net.inject(into, 0.15, target=target)
    net.inject(cell, 0.04, target="I_d", start=20)
    net.record(cell, ["spikes", "v_d"])
    net.record(lone, "spikes")
    result = net.run(100, backend="reference")
    assert len(result["lif"].spikes) >= 4 and result["cell"].spikes == result["lif"].spikes
    t = result["cell"].t("v_d")
    expected = -70 + 8 * (1 - np.exp(-np.maximum(t - 20, 0) / 20))
    assert np.abs(result["cell"].v_d[:, 0] - expected).max() < 1e-4


def test_nmda_conductance_of_a_spike() -> None:
    """Double exponential, whose peak is the weight at t_p = tau_r tau_d ln(tau_d/tau_r)/(tau_d - tau_r)."""
    net = Network(dt=0.1)
    cell = net.population(1, TwoCompartment(**QUIET), name="cell")
    net.project(net.population(1, SpikeArray([[0.0]])), cell, AllToAll(), weight=0.003, target="x_nmda")
    net.record(cell, ["g_nmda", "v_d"])
    record = net.run(100, backend="reference")["cell"]
    g = record.g_nmda[1:, 0]
    t = np.arange(len(g)) * 0.1
    t_p = 2 * 100 * math.log(50) / 98
    shape = np.exp(-t / 100) - np.exp(-t / 2)
    expected = 0.003 * shape / (math.exp(-t_p / 100) - math.exp(-t_p / 2))
    assert np.abs(g - expected).max() < 3e-6
    assert g.max() == pytest.approx(0.003, rel=1e-3) and t[g.argmax()] == pytest.approx(t_p, abs=0.06)
    assert record.v_d.max() > -70


def test_negative_slope_and_root_counts() -> None:
    """Above a critical conductance leak + NMDA has one root, three between the folds, and one again."""
    g = critical()
    assert g == pytest.approx(32.06, abs=0.01)
    v = np.linspace(-100, 0, 10001)
    assert np.all(np.diff(held(v, 0.99 * g)) > 0) and np.any(np.diff(held(v, 1.01 * g)) < 0)
    low, high = folds(42)
    assert (low, high) == pytest.approx((-0.16394, -0.12482), abs=2e-5)
    width = high - low
    currents = (low - 0.1 * width, low + 0.1 * width, high - 0.1 * width, high + 0.1 * width)
    assert [len(roots(42, current)) for current in currents] == [1, 3, 3, 1]
    assert all(len(roots(g, 0)) == 1 for g in np.geomspace(1, 1000, 30))  # none by the conductance alone


def test_bistability() -> None:
    """From below and from above the dendrite settles on the outer roots: two of them between the folds only."""
    low, high = folds(42)
    width = high - low
    current = np.array([low - 0.1 * width, low + 0.1 * width, (low + high) / 2, high - 0.1 * width, high + 0.1 * width])
    net = Network(dt=0.5)
    start = np.repeat([-90.0, -5.0], 5)
    cells = net.population(
        10, TwoCompartment(g_tonic=0.042, **QUIET), name="cells", parameters=dict(i_dend=np.tile(current, 2)),
        init=dict(v_d=start, v_s=start),
    )  # fmt: skip
    net.run(1200, backend="reference")
    v = cells.get("v_d").reshape(2, 5)
    for k, into in enumerate(current):
        expected = roots(42, into)
        assert v[0, k] == pytest.approx(expected[0], abs=0.02)
        assert v[1, k] == pytest.approx(expected[-1], abs=0.02)
    assert (v[1] - v[0] > 10).tolist() == [False, True, True, True, False]


def test_a_pulse_switches_it_on_and_another_off() -> None:
    """With a soma that spikes: silent, firing from a pulse on, silent again; without magnesium it does not stay on."""
    net = Network(dt=0.2)
    both = dict(Mg=np.array([1.0, 0.0]), g_tonic=np.array([0.042, 0.0]), i_dend=np.array([-0.144, 0.0]))
    cells = net.population(2, TwoCompartment, name="cells", parameters=both, init=dict(v_s=-73, v_d=-76))
    net.inject(cells, 0.2, target="I_d", start=150, stop=180)
    net.inject(cells, -0.3, target="I_d", start=500, stop=530)
    net.record(cells, ["spikes", "v_d"])
    record = net.run(700, backend="reference")["cells"]
    spikes = record.spikes
    counts = [len(spikes.between(a, b)[0]) for a, b in ((0, 150), (200, 500), (540, 700))]
    assert counts[0] == counts[2] == 0 and counts[1] > 10
    assert record.v_d[1500:2500, 0].mean() > -45 > -70 > record.v_d[-1, 0]
    assert len(spikes.between(230, 700)[1]) == 0


def test_without_magnesium_there_is_no_bistability() -> None:
    net = Network(dt=0.5)
    g = np.tile([0.002, 0.01, 0.05], 2)
    start = np.repeat([-70.0, -5.0], 3)
    cells = net.population(6, TwoCompartment(Mg=0, **QUIET), parameters=dict(g_tonic=g), init=dict(v_d=start))
    net.run(400, backend="reference")
    v = cells.get("v_d")
    assert v[:3] == pytest.approx(v[3:], abs=1e-6)
    assert v[:3] == pytest.approx(-70 * LEAK / (LEAK + 1e3 * g[:3]), abs=1e-6)


def test_the_soma_spikes_and_the_dendrite_goes_on() -> None:
    net = Network(dt=0.1)
    cell = net.population(1, TwoCompartment, name="cell", init=dict(v_s=-55.01, v_d=-20))
    net.record(cell, ["spikes", "v_s", "v_d"])
    record = net.run(3, backend="reference")["cell"]
    assert record.spikes.times[0] == 0
    assert np.all(record.v_s[1:21, 0] == -60) and record.v_s[21, 0] > -60  # t_ref/dt - 1 steps stand still
    assert -21 < record.v_d[1, 0] < -20 and np.all(np.diff(record.v_d[:, 0]) < 0)


def test_order_of_convergence() -> None:
    def potential(dt: float) -> float:
        net = Network(dt=dt)
        cell = net.population(
            1, TwoCompartment(g_tonic=0.02, t_ref=0, **QUIET), init=dict(v_d=-40, x_nmda=0.01, g_E=0.01)
        )
        net.run(8, backend="reference")
        return cell.get("v_d")[0]

    fine = potential(0.01)
    errors = [abs(potential(dt) - fine) for dt in (0.4, 0.2, 0.1)]
    assert all(math.log2(a / b) == pytest.approx(2, abs=0.2) for a, b in zip(errors, errors[1:], strict=False))
