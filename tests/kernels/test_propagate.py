"""The matrix exponential step against closed forms, also where those are singular."""

import math

import numpy as np
import pytest

from spikegram.kernels.propagate import propagator

DT = 1e-4


def leaky_with_current(tau_m: float, tau_s: float, r: float = 1e8) -> np.ndarray:
    return propagator(((-1 / tau_m, r / tau_m, 0.0), (0.0, -1 / tau_s, 0.0)), DT)


@pytest.mark.parametrize(("tau_m", "tau_s"), [(20e-3, 5e-3), (5e-3, 20e-3), (1e-3, 0.3e-3)])
def test_closed_form_of_an_exponential_current(tau_m: float, tau_s: float) -> None:
    p = leaky_with_current(tau_m, tau_s)
    e_m, e_s = math.exp(-DT / tau_m), math.exp(-DT / tau_s)
    expected = 1e8 / tau_m * (tau_s * tau_m / (tau_m - tau_s)) * (e_m - e_s)
    assert p[0, 0] == pytest.approx(e_m, rel=1e-14)
    assert p[0, 1] == pytest.approx(expected, rel=1e-11)
    assert p[1, 1] == pytest.approx(e_s, rel=1e-14)


@pytest.mark.parametrize("gap", [0.0, 1e-13, 1e-9])
def test_equal_time_constants_take_the_limit(gap: float) -> None:
    tau = 10e-3
    p = leaky_with_current(tau, tau * (1 + gap))
    assert p[0, 1] == pytest.approx(1e8 * DT / tau * math.exp(-DT / tau), rel=1e-8 if gap else 1e-13)


def test_singular_system_integrates() -> None:
    p = propagator(((0.0, 3.0),), DT)  # dx/dt = 3 u
    assert p[0, 0] == 1.0
    assert p[0, 1] == pytest.approx(3 * DT, rel=1e-15)


def test_oscillator_turns() -> None:
    omega = 2 * math.pi * 40
    p = propagator(((0.0, omega), (-omega, 0.0)), DT)
    a = omega * DT
    np.testing.assert_allclose(p, [[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]], rtol=1e-14)


def test_one_parameter_set_per_neuron() -> None:
    taus = np.array([5e-3, 20e-3, 5e-3, 1e-3])
    p = propagator(((-1 / taus, 1 / taus),), DT)
    assert p.shape == (1, 2, 4)
    np.testing.assert_allclose(p[0, 0], np.exp(-DT / taus), rtol=1e-14)
    np.testing.assert_allclose(p[0, 1], 1 - np.exp(-DT / taus), rtol=1e-12)


def test_no_neuron_gives_no_value() -> None:
    assert propagator(((-1 / np.zeros(0),),), DT).shape == (1, 1, 0)
