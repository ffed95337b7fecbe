"""Astrocytes: regimes and fixed points, one step by hand, order, bounds, noise, events, the space around synapses."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import brentq

from spikegram.networks import Network, Result
from spikegram.neurons import LIF, GChI, LIFCond, LiRinzel, ensheathed
from spikegram.neurons.am_su import AMSU
from spikegram.neurons.astrocyte import ACTIVATED, COUPLED, NETWORKED, RELEASING, GChIStochastic, Perisynaptic

UM = 1e-3  # uM in the units of the edge, mM
# IP3 in uM -> of K_P 0.1 and 0.05 uM: calcium at rest, or its least, its greatest and the period in s
REGIMES = {
    0.1: (0.0585, 0.0274),
    0.2: (0.0792, 0.0298),
    0.3: (0.1207, 0.0330),
    0.4: ((0.098, 0.326, 12.7), 0.0371),
    0.5: ((0.101, 0.453, 11.4), 0.0441),
    0.6: ((0.125, 0.511, 10.9), (0.029, 1.050, 29.4)),
    0.8: (0.389, (0.029, 1.083, 20.3)),
    1.0: (0.451, (0.030, 1.104, 17.7)),
    1.2: (0.498, 0.486),
    2.0: (0.611, 0.602),
}
FIXED_POINTS = {(0.1, 0.1): 0.05852337, (0.1, 0.2): 0.07919174, (0.05, 0.1): 0.02743922, (0.05, 0.2): 0.02981955}
CASES = [(k_p, i) for k_p in (0.1, 0.05) for i in REGIMES]


# -- the equations once more, in uM and s, from the papers ------------------------------------------------------------
def calcium(c: float, h: float, i: float, k_p: float = 0.05) -> tuple[float, float]:
    """dC/dt and dh/dt."""
    m = i / (i + 0.13) * c / (c + 0.08)
    q = 1.05 * (i + 0.13) / (i + 0.9434)
    release = (6 * m**3 * h**3 + 0.1) * (2 - 1.18 * c)
    return release - 0.9 * c**2 / (c**2 + k_p**2), (q / (q + c) - h) * 0.2 * (q + c)


def gchi(state: np.ndarray, y: float, flux: float, bias: float = 0.0, coupling: float = 0.0) -> np.ndarray:
    """The slopes of C, h, I and Gamma_A."""
    c, h, i, gamma = state
    dc, dh = calcium(c, h, i)
    exogenous = -flux / 2 * (1 + math.tanh((abs(i - bias) - 0.3) / 0.05)) * np.sign(i - bias)
    made = 3.2 * gamma + 0.6 / (1 + i / 1.5) * c**2 / (c**2 + 0.1**2)
    lost = 4.5 * c**4 / (c**4 + 0.7**4) * i / (i + 1) + 0.05 * i
    bound = 0.3 * y * (1 - gamma) - 0.5 * (1 + 10 * c / (c + 0.5)) * gamma
    return np.array([dc, dh, made - lost + exogenous + coupling, bound])


def runge_kutta(slope: Callable[[np.ndarray], np.ndarray], x: np.ndarray, dt: float) -> np.ndarray:
    a = slope(x)
    b = slope(x + dt / 2 * a)
    c = slope(x + dt / 2 * b)
    return x + dt / 6 * (a + 2 * b + 2 * c + slope(x + dt * c))


def values(cells: object) -> np.ndarray:
    """C, h, I, Gamma_A of the first cell, in uM."""
    return np.array([cells.get(n)[0] / (UM if n in "CI" else 1) for n in ("C", "h", "I", "Gamma_A")])


# (a) by hand
@pytest.mark.parametrize("dt", [1, 10])
def test_steps_by_hand(dt: int) -> None:
    net = Network(dt=dt)
    astrocytes = net.population(1, GChI(F_ex="2*umolar/second", I_bias="0.8*umolar"))
    x = np.array([0.3, 0.7, 0.4, 0.2])
    astrocytes.set(C=x[0] * UM, h=x[1], I=x[2] * UM, Gamma_A=x[3], Y_S="20*umolar", J_coupling="0.05*umolar/second")
    astrocytes.set(I_ext="0.1*umolar")
    for _ in range(3):
        net.run(dt, backend="reference")
        x = runge_kutta(lambda s: gchi(s, 20, 2, 0.9, 0.05), x, dt / 1e3)
        np.testing.assert_allclose(values(astrocytes), x, rtol=1e-12)


def test_presets_are_the_columns_of_the_table() -> None:
    def of(model: object, *names: str) -> list[float]:
        return [model.parameters[n].value / UM for n in names]

    names = ("O_beta", "O_delta", "K_delta", "K_D", "K_P", "F_ex")
    assert of(ACTIVATED, *names) == pytest.approx([5, 0.2, 0.3, 0.5, 0.1, 0.09])
    assert of(RELEASING, *names) == pytest.approx([3.2, 0.6, 0.1, 0.7, 0.05, 2])
    assert of(COUPLED, *names[1:]) == pytest.approx([0.6, 0.1, 0.7, 0.05, 0.09])
    assert of(NETWORKED, *names) == pytest.approx([0.5, 1.2, 0.1, 0.7, 0.05, 0])
    assert [m.parameters["Omega_5P"].value for m in (ACTIVATED, RELEASING)] == [0.1, 0.05]


# (b) fixed points and regimes
@pytest.fixture(scope="module")
def regimes() -> Result:
    """Each cell of the table, from C = 0.05 uM and h = 0.9, for 300 s."""
    net = Network(dt=5)
    parameters = dict(I=[i * UM for _, i in CASES], K_P=[k_p * UM for k_p, _ in CASES])
    cells = net.population(len(CASES), LiRinzel, "cells", init=dict(C="0.05*umolar"), parameters=parameters)
    net.record(cells, "C", interval=50)
    return net.run(300_000)


@pytest.mark.parametrize(("k_p", "i"), CASES)
def test_regimes(regimes: Result, k_p: float, i: float) -> None:
    """Rests or oscillates; values of the table, periods within 3 %."""
    c = regimes["cells"].C[3000:, CASES.index((k_p, i))] / UM
    expected = REGIMES[i][0 if k_p == 0.1 else 1]
    if isinstance(expected, float):
        assert np.ptp(c) < 1e-3
        assert c[-1] == pytest.approx(expected, abs=6e-4)
        return
    least, greatest, period = expected
    assert (c.min(), c.max()) == pytest.approx((least, greatest), abs=2e-3)
    rises = np.flatnonzero((c[:-1] < c.mean()) & (c[1:] >= c.mean()))
    assert np.diff(rises).mean() * 0.05 == pytest.approx(period, rel=0.03)


@pytest.mark.parametrize(("k_p", "i"), FIXED_POINTS)
def test_fixed_points(regimes: Result, k_p: float, i: float) -> None:
    q = 1.05 * (i + 0.13) / (i + 0.9434)
    root = brentq(lambda c: calcium(c, q / (q + c), i, k_p)[0], 1e-3, 0.2, xtol=1e-13)
    assert root == pytest.approx(FIXED_POINTS[k_p, i], abs=1e-8)
    assert regimes["cells"].C[-1, CASES.index((k_p, i))] / UM == pytest.approx(root, abs=1e-6)


# (c) order
def test_order_of_convergence() -> None:
    def state(dt: float) -> np.ndarray:
        net = Network(dt=dt)
        cell = net.population(1, GChI, init=dict(C="0.1*umolar", I="0.6*umolar", Gamma_A=0.1))
        cell.set(Y_S="0.5*umolar")
        net.run(3000, backend="reference")
        return values(cell)

    fine = state(6.25)
    errors = [np.abs(state(dt) - fine).max() for dt in (100, 50, 25)]
    assert 3.5 < math.log2(errors[0] / errors[1]) < 5
    assert 3.5 < math.log2(errors[1] / errors[2]) < 5


# (d) bounds
def test_bounds_for_any_input(seed: int) -> None:
    """0 <= h, Gamma_A <= 1 and 0 <= C <= C_T/(1 + rho_A), also for input that changes at random."""
    n, random = 200, np.random.default_rng(seed)
    net = Network(dt=1)
    init = dict(C=random.choice([0, 1.6949 * UM], n), h=random.choice([0.0, 1.0], n), Gamma_A=random.random(n))
    cells = net.population(n, GChI(F_ex="2*umolar/second"), "cells", init=init)
    net.record(cells, ["C", "C_E", "h", "Gamma_A", "I"])
    for _ in range(4):
        cells.set(Y_S=random.uniform(0, 1, n), I_ext=random.uniform(0, 5 * UM, n))  # up to 1 mM
        net.run(50, backend="reference")
    found = net.result["cells"]
    assert found.C.min() >= 0 and found.C.max() <= 2 * UM / 1.18 * (1 + 1e-12)
    for name in ("h", "Gamma_A"):
        assert 0 <= found.trace(name).values.min() < 0.1 and 0.9 < found.trace(name).values.max() <= 1
    assert found.I.min() >= 0
    np.testing.assert_allclose(found.C + 0.18 * found.C_E, 2 * UM, rtol=1e-12)


def test_a_coarser_step_than_that_of_the_network() -> None:
    """Astrocytes at 10 ms in a network of 0.1 ms are those of a network of 10 ms."""
    init = dict(C="0.1*umolar", I="0.6*umolar", Gamma_A=0.1)
    fine, plain = Network(dt=0.1), Network(dt=10)
    one, other = fine.population(1, GChI, init=init, dt=10), plain.population(1, GChI, init=init)
    for net in (fine, plain):
        net.run(100, backend="reference")
    np.testing.assert_allclose(values(one), values(other), rtol=1e-12)
    assert values(one)[0] != 0.1


# events
def test_an_event_at_each_upward_crossing_only() -> None:
    net = Network(dt=25)
    cells = net.population(2, LiRinzel(I="0.8*umolar"), "cells", init=dict(C=["0.02*umolar", "0.6*umolar"]))
    net.record(cells, ["C", "spikes"])
    result = net.run(50_000, backend="reference")["cells"]
    high = result.C > 0.5 * UM
    for k in (0, 1):
        began = np.flatnonzero(high[1:, k] & ~high[:-1, k])  # found in the step whose end is the first record above
        began = began if k == 0 else began[began > 0]
        mine = result.spikes.steps[result.spikes.ids == k]
        # the second cell begins above the threshold, its first event is of step 0
        assert mine.tolist() == ([0] if k else []) + began.tolist()
        assert high[:, k].sum() > 10 * len(mine) >= 20


# noise
def test_without_noise_it_is_gchi_by_euler_steps() -> None:
    net = Network(dt=1)
    init = dict(C="0.1*umolar", I="0.6*umolar", Gamma_A=0.1)
    one = net.population(1, GChI(method="euler"), init=init)
    other = net.population(1, GChIStochastic(noise=0), init=init)
    net.run(100, backend="reference")
    np.testing.assert_allclose(values(one), values(other), rtol=1e-12)


def test_spread_of_the_noise() -> None:
    """One step of h: (h_inf - h)/tau_h (dt + noise sqrt(tau_h dt) N)."""
    n, dt, c, i, h = 20_000, 1e-3, 0.3, 0.6, 0.9
    net = Network(dt=1, seed=3)
    cells = net.population(n, GChIStochastic(noise=0.5), init=dict(C=c * UM, I=i * UM, h=h))
    net.run(1, backend="reference")
    q = 1.05 * (i + 0.13) / (i + 0.9434)
    slope, tau = calcium(c, h, i)[1], 1 / (0.2 * (q + c))
    step = cells.get("h") - h
    assert step.std() == pytest.approx(0.5 * abs(slope) * math.sqrt(tau * dt), rel=0.03)
    assert step.mean() == pytest.approx(slope * dt, abs=5 * step.std() / math.sqrt(n))


def test_h_is_cut_where_it_is_read() -> None:
    """A cell whose h the noise took above 1 releases as with h = 1."""
    net = Network(dt=1)
    cells = net.population(2, GChIStochastic(noise=0), init=dict(C="0.3*umolar", I="0.6*umolar", h=[1.0, 1.3]))
    net.run(1, backend="reference")
    assert cells.get("C")[0] == cells.get("C")[1]


# the space around synapses
def test_gliotransmitter_binds_and_is_lost_slowly() -> None:
    """78 uM: 0.8577 without unbinding; with it the peak is later, within 0.002 of that, and falls with 120 s."""
    net = Network(dt=1)
    space = net.population(1, Perisynaptic, "space", init=dict(G_A="78*umolar"))
    net.record(space, "Gamma_S")
    bound = net.run(2001, backend="reference")["space"].Gamma_S[:, 0]
    limit = 1 - math.exp(-1.5 * 78 / 60)
    assert limit == pytest.approx(0.8577, abs=5e-5)
    assert limit - 0.002 < bound.max() < limit
    assert bound.argmax() == pytest.approx(130, abs=15)
    assert bound[2000] / bound[1000] == pytest.approx(math.exp(-1 / 120), rel=1e-6)
    assert (1 - bound.max()) * 0.6 == pytest.approx(0.085, abs=2e-3)  # what is left of U_0


def test_an_ensheathed_cell_is_the_cell_and_the_space() -> None:
    net = Network(dt=0.1)
    start = dict(Y_S="1*mmolar", G_A="78*umolar")
    plain = net.population(1, LIFCond(i_offset=0.4))
    space = net.population(1, Perisynaptic(O_G="1/umolar/second"), init=start)
    both = net.population(1, ensheathed(LIFCond, i_offset=0.4, O_G="1/umolar/second", name="both"), init=start)
    net.run(50, backend="reference")
    assert both.get("v") == plain.get("v") != LIFCond.parameters["v_rest"].value * 1e3
    for name in ("Y_S", "G_A"):
        assert both.get(name) == pytest.approx(space.get(name), rel=1e-9)
    assert both.get("Gamma_S") == pytest.approx(space.get("Gamma_S"), rel=0.005)  # first order in dt


def test_what_cannot_be_ensheathed() -> None:
    with pytest.raises(TypeError, match="ensheathed: cell: expected a NeuronModel, got str"):
        ensheathed("LIF")
    with pytest.raises(ValueError, match="ensheathed: method: 'exact' of 'LIF' does not hold"):
        ensheathed(LIF)
    with pytest.raises(ValueError, match="cell: expected a model with equations, 'AMSU' has an update rule"):
        ensheathed(AMSU)
    with pytest.raises(ValueError, match="ensheathed LIFCond.*no parameter 'Omega_x'"):
        ensheathed(LIFCond, Omega_x=1)
    with pytest.raises(ValueError, match="'ensheathed LIFCond' has 'O_G' already"):
        ensheathed(ensheathed(LIFCond))
    assert ensheathed(LIF, method="exponential_euler").check().method == "exponential_euler"


@pytest.mark.parametrize("name", [*Perisynaptic.parameters, "noise"])
def test_wrong_units_of_models_that_are_not_exported(name: str) -> None:
    model = GChIStochastic if name == "noise" else Perisynaptic
    with pytest.raises(ValueError, match=name):
        model(**{name: "1*mV"})


def test_a_step_too_long_for_clearance_is_refused() -> None:
    net = Network(dt=20)
    net.population(1, Perisynaptic, "space")
    with pytest.raises(ValueError, match=r"'space'.*'rk4' cannot serve dt = 20 ms: 'G_A'"):
        net.run(20, backend="reference")
