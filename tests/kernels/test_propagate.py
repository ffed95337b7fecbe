"""The matrix exponential step against closed forms, also where those are singular."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

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


matrices = st.integers(1, 3).flatmap(
    lambda n: st.integers(0, 2).flatmap(
        lambda m: st.lists(st.lists(st.floats(-300, 300), min_size=n + m, max_size=n + m), min_size=n, max_size=n)
    )
)


@settings(max_examples=60, deadline=None)
@given(matrices)
def test_any_system_is_scipys_matrix_exponential(rows: list[list[float]]) -> None:
    n, size = len(rows), len(rows[0])
    whole = np.vstack([np.array(rows), np.zeros((size - n, size))])
    np.testing.assert_allclose(propagator(tuple(map(tuple, rows)), DT), expm(whole * DT)[:n], rtol=1e-14, atol=1e-16)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 100), st.floats(0.1, 100), st.floats(-5, 5))
def test_two_steps_are_one_of_twice_the_length(tau_m: float, tau_s: float, r: float) -> None:
    rows = ((-1e3 / tau_m, r, 2.0), (0.0, -1e3 / tau_s, 0.0))
    once = np.vstack([propagator(rows, DT), [0, 0, 1]])
    np.testing.assert_allclose((once @ once)[:2], propagator(rows, 2 * DT), rtol=1e-12, atol=1e-15)


def test_neurons_with_one_parameter_set_each_are_computed_as_if_alone() -> None:
    taus, rs = np.array([5e-3, 20e-3, 5e-3, 7e-3]), np.array([1.0, 2.0, 1.0, -1.0])
    together = propagator(((-1 / taus, rs / taus, 3.0), (0.0, -1 / 5e-3, 0.0)), DT)
    for k in range(4):
        alone = propagator(((-1 / taus[k], rs[k] / taus[k], 3.0), (0.0, -1 / 5e-3, 0.0)), DT)
        assert np.array_equal(together[..., k], alone)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_stays_visible(bad: float) -> None:
    assert np.isnan(propagator(((bad, 1.0),), DT)).all()
    some = propagator(((np.array([-1e3, bad, -2e3]), 1.0),), DT)
    assert np.isnan(some[..., 1]).all() and np.isfinite(some[..., [0, 2]]).all()


def test_a_stiff_system_does_not_overflow() -> None:
    assert propagator(((-1e9, 1e9),), 1.0)[0].tolist() == pytest.approx([0.0, 1.0], abs=1e-12)
