"""Legendre memory: identities of the system, discretisation, delays, and the errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import cont2discrete

from spikegram.neurons.legendre import (
    METHODS,
    LegendreParams,
    LegendreState,
    decode_delay,
    discretise,
    euler_limit,
    impulse_response,
    legendre_init,
    legendre_step,
    legendre_system,
    synaptic_form,
)


def run(params: LegendreParams, u: np.ndarray, dt: float = 1.0) -> np.ndarray:
    """All states m (T, ..., q) of an input u (T, ...)."""
    state, out = legendre_init(u.shape[1:], params), np.empty((*u.shape, params.order))
    for t, value in enumerate(u):
        out[t], state = legendre_step(state, value, params, dt)
    return out


def limited_noise(rng: np.random.Generator, n_steps: int, highest: float) -> np.ndarray:
    """Noise with at most ``highest`` cycles a step, largest value 1, that begins near 0."""
    spectrum = rng.normal(size=n_steps // 2 + 1) + 1j * rng.normal(size=n_steps // 2 + 1)
    spectrum[np.fft.rfftfreq(n_steps) > highest] = 0.0
    u = np.fft.irfft(spectrum, n_steps)
    return np.roll(u, -np.argmin(np.abs(u))) / np.abs(u).max()


def test_step_by_hand() -> None:
    # q = 1: theta dm/dt = -m + u
    expected = dict(zoh=1 - math.exp(-1 / 4), euler=1 / 4, bilinear=(1 / 4) / (1 + 1 / 8))
    for method in METHODS:
        params = LegendreParams(1, 4.0, method)
        m, state = legendre_step(legendre_init((2,), params), np.array([1.0, -2.0]), params)
        assert m[:, 0] == pytest.approx(expected[method] * np.array([1.0, -2.0]), rel=1e-12)
        assert state.m is m


@pytest.mark.parametrize("q", [1, 2, 3, 6, 12, 16])
def test_identities(q: int) -> None:
    A, B = legendre_system(q)
    assert np.trace(A) == -(q**2)
    sign, log_det = np.linalg.slogdet(-A)
    assert sign == 1
    assert log_det == pytest.approx(math.lgamma(2 * q) - math.lgamma(q), rel=1e-9, abs=1e-12)  # (2q-1)!/(q-1)!
    assert np.array_equal(A[:, 0], -B)
    assert np.linalg.eigvals(A).real.max() < 0


def test_exact_discretisation() -> None:
    A, B = discretise(4, 10.0)
    assert B == pytest.approx([0.10577547, -0.25097608, 0.39788076, -0.27853248], abs=1e-8)
    assert A[0] == pytest.approx([0.89422453, -0.08365869, -0.07957615, -0.03979035], abs=1e-8)
    assert A[3] == pytest.approx([0.27853248, -0.31831828, 0.40715982, 0.43387613], abs=1e-8)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dt", [1.0, 0.25])
def test_discretisation_as_scipy(method: str, dt: float) -> None:
    A, B = legendre_system(6)
    given = (A / 40.0, B[:, None] / 40.0, np.eye(6), np.zeros((6, 1)))
    if method == "bilinear":  # scipy's state is another one: the same matrix, and an input scaled by (I - hA/2)^-1
        expected = cont2discrete(given, dt, "gbt", alpha=0.5)
    else:
        expected = cont2discrete(given, dt, method)
    ours = discretise(6, 40.0, method, dt)
    assert ours[0] == pytest.approx(expected[0], rel=1e-10, abs=1e-13)
    assert ours[1] == pytest.approx(expected[1][:, 0], rel=1e-10, abs=1e-13)


@pytest.mark.parametrize(("q", "error", "rel"), [(4, 0.344453, 2e-6), (6, 0.0070350206, 1e-8), (12, 1.1256e-11, 2e-3)])
def test_transfer_function_is_the_pade_approximant(q: int, error: float, rel: float) -> None:
    A, B = legendre_system(q)
    s = 2j * math.pi
    value = np.ones(q) @ np.linalg.solve(s * np.eye(q) - A, B)
    assert abs(value - np.exp(-s)) == pytest.approx(error, rel=rel)


@pytest.mark.parametrize("method", METHODS)
def test_constant_input(method: str) -> None:
    params = LegendreParams(8, 50.0, method)
    m = run(params, np.full(2000, -3.0))[-1]
    first = np.eye(8)[0]
    assert m == pytest.approx(-3.0 * first, abs=1e-9)
    assert impulse_response(8, 50.0, 2000, method).sum(axis=0) == pytest.approx(first, abs=1e-9)
    assert legendre_step(LegendreState(2.0 * first), 2.0, params)[0] == pytest.approx(2.0 * first, abs=1e-14)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_steps", [0, 1, 2, 37])
def test_impulse_response(method: str, n_steps: int) -> None:
    u = np.zeros(n_steps)
    u[:1] = 1.0
    expected = run(LegendreParams(5, 20.0, method), u, dt=0.5)
    assert impulse_response(5, 20.0, n_steps, method, dt=0.5) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_methods_converge_to_the_exact_one() -> None:
    """Halving dt divides the error of Euler by 2 and of the bilinear rule by 4, for an input held over 1 ms."""
    u = np.sin(np.arange(40) / 6.0)
    exact = run(LegendreParams(4, 30.0), u)[-1]
    for method, order in (("euler", 1), ("bilinear", 2)):
        error = []
        for pieces in (8, 16, 32):
            m = run(LegendreParams(4, 30.0, method), np.repeat(u, pieces), dt=1.0 / pieces)[-1]
            error.append(np.abs(m - exact).max())
        assert np.log2(error[0] / error[1]) == pytest.approx(order, abs=0.15)
        assert np.log2(error[1] / error[2]) == pytest.approx(order, abs=0.08)


@pytest.mark.parametrize(("q", "inside", "end"), [(100, 2e-9, 1e-5), (40, 1e-7, 1e-4)], ids=["q100", "q40"])
def test_delay_without_training(q: int, inside: float, end: float, seed: int) -> None:
    """Ten cycles per window of noise are read 250 to 1000 steps later."""
    T = 1000
    u = limited_noise(np.random.default_rng(seed), 2500, 10.0 / T)
    assert 0.02 < u.var() < 0.3
    theta, delays = T + 0.5, np.array([250, 500, 750, 1000])
    m = run(LegendreParams(q, theta), u)
    read = m @ decode_delay(q, theta, delays).T
    error = [np.mean((read[T:, k] - u[T - d : 2500 - d]) ** 2) for k, d in enumerate(delays)]
    assert max(error[:3]) < inside
    assert error[3] < end  # while the beginning leaves the window
    assert np.mean((read[3 * T // 2 :, 3] - u[T // 2 : 3 * T // 2]) ** 2) < inside * 10
    # without the half step the signal is read half a step too late
    read = m @ decode_delay(q, theta, 500, center=0)
    assert np.mean((read[T:] - u[500:2000]) ** 2) > 100 * error[1]


def test_sine_of_the_windows_period() -> None:
    theta = 1000
    t = np.arange(5 * theta)
    u = np.sin(2 * np.pi * t / theta)
    read = run(LegendreParams(6, theta), u).sum(axis=1)  # all weights are 1 at the end of the window
    assert np.abs(read[3 * theta :] - u[2 * theta : -theta]).max() == pytest.approx(0.0091, abs=2e-4)


@pytest.mark.parametrize(("cycles", "exact", "bilinear"), [(2, 1e-5, 1e-4), (10, 2e-4, 0.012), (30, 2e-3, 0.32)])
def test_fast_sines(cycles: int, exact: float, bilinear: float) -> None:
    """The rms errors that the module's docstring tells, to a third."""
    q, theta, delay = 256, 784.0, 392
    u = np.sin(2 * np.pi * cycles / theta * np.arange(3 * 784))
    weights = decode_delay(q, theta, delay)
    for method, expected in (("zoh", exact), ("bilinear", bilinear)):
        filtered = impulse_response(q, theta, len(u), method) @ weights
        read = np.convolve(filtered, u)[1000 : len(u)]
        error = np.sqrt(np.mean((read - u[1000 - delay : -delay]) ** 2))
        assert error == pytest.approx(expected, rel=0.34)


@pytest.mark.parametrize(
    ("q", "limit"), [(2, 1.50), (4, 5.15), (8, 17.7), (12, 36.2), (16, 59.7), (32, 196.9), (64, 638.65)]
)
def test_limit_of_euler(q: int, limit: float) -> None:
    assert euler_limit(q) == pytest.approx(limit, rel=3e-3)


def test_euler_diverges_below_its_limit() -> None:
    rng = np.random.default_rng(1)
    A, B = legendre_system(8)
    sizes = {}
    for theta in (17.0, 18.5):
        m = np.zeros(8)
        for u in rng.uniform(-1, 1, 3000):
            m = m + (A @ m + B * u) / theta
        sizes[theta] = np.abs(m).max()
    assert sizes[17.0] > 1e6 and sizes[18.5] < 100
    discretise(8, 18.5, "euler")
    with pytest.raises(ValueError, match=r"theta: .* more than 17.7364 steps .* got 17; take"):
        discretise(8, 17.0, "euler")
    with pytest.raises(ValueError, match=r"got 17; take"):
        discretise(8, 34.0, "euler", dt=2.0)


def test_long_run_stays_bounded() -> None:
    u = np.random.default_rng(3).uniform(-1, 1, (8000, 4))
    for method in ("zoh", "bilinear"):
        m = run(LegendreParams(32, 200.0, method), u)
        assert np.abs(m).max() < 10
        assert np.abs(run(LegendreParams(32, 200.0, method), np.vstack([u[-4000:]]))[-1] - m[-1]).max() < 1e-9


@pytest.mark.parametrize("tau", [5.0, 80.0])
def test_synapses_make_the_same_memory(tau: float) -> None:
    params, rng = LegendreParams(6, 40.0), np.random.default_rng(0)
    A, B = legendre_system(6)
    recurrent, inwards = synaptic_form(params, tau)
    assert (recurrent - np.eye(6)) / tau == pytest.approx(A / 40.0, rel=1e-12)
    assert inwards / tau == pytest.approx(B / 40.0, rel=1e-12)
    recurrent, inwards = synaptic_form(params, tau, dt=0.5)
    a, x = math.exp(-0.5 / tau), np.zeros(6)
    u = rng.normal(size=100)
    expected = run(params, u, dt=0.5)
    for t in range(100):
        x = a * x + (1 - a) * (recurrent @ x + inwards * u[t])
        assert x == pytest.approx(expected[t], abs=1e-12)


def test_matrices_are_kept_and_protected() -> None:
    A, _ = discretise(4, 10.0)
    assert discretise(4, 20.0, dt=2.0)[0] is A
    with pytest.raises(ValueError, match="read-only"):
        A[0, 0] = 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 10.0), r"LegendreParams.order: expected a whole number >= 1, got 0"),
        ((2.5, 10.0), r"LegendreParams.order: expected a whole number >= 1, got 2.5"),
        ((True, 10.0), r"got True"),
        ((4, 0.0), r"LegendreParams.theta: expected a finite time > 0 ms, got 0.0"),
        ((4, math.nan), r"LegendreParams.theta: .* got nan"),
        ((4, 10.0, "exact"), r"LegendreParams.method: expected one of zoh, euler, bilinear, got 'exact'"),
    ],
)
def test_refused_values(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LegendreParams(*arguments)


def test_other_refusals() -> None:
    params = LegendreParams(4, 10.0)
    with pytest.raises(ValueError, match=r"state.m: expected shape \[3, 4\] .* got \[2, 4\]"):
        legendre_step(legendre_init((2,), params), np.zeros(3), params)
    with pytest.raises(ValueError, match=r"dt: expected a finite time > 0 ms, got -1"):
        legendre_step(legendre_init((), params), 0.0, params, dt=-1)
    with pytest.raises(ValueError, match=r"delay: expected 0 <= delay \+ 0.5 dt <= theta = 10 ms, got \[10.5\]"):
        decode_delay(4, 10.0, 10)
    with pytest.raises(ValueError, match=r"delay: .* got \[-0.5\]"):
        decode_delay(4, 10.0, -1)
    with pytest.raises(ValueError, match=r"n_steps: expected a whole number >= 0, got -1"):
        impulse_response(4, 10.0, -1)
    with pytest.raises(ValueError, match=r"tau: expected a finite time > 0 ms, got 0"):
        synaptic_form(params, 0)
