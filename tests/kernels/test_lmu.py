"""The O(q) bilinear step: against the dense matrices, its adjoint, precision, long runs, threads."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.kernels import lmu
from spikegram.neurons.legendre import LegendreParams, LegendreState, discretise, legendre_step

TOLERANCE = {"float64": 1e-12, "float32": 5e-6}  # of the largest value, q up to 256


def dense(steps: float, u: np.ndarray, m0: np.ndarray) -> np.ndarray:
    """The reference step, in float64."""
    params = LegendreParams(m0.shape[-1], steps, "bilinear")
    state, out = LegendreState(m0.astype(float)), np.empty((*u.shape, m0.shape[-1]))
    for t, value in enumerate(u):
        out[t], state = legendre_step(state, value, params)
    return out


def dense_adjoint(steps: float, g: np.ndarray, g_last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    A, B = discretise(g.shape[-1], steps, "bilinear")
    r, gu = g_last.astype(float), np.empty(g.shape[:-1])
    for t in reversed(range(len(g))):
        r = r + g[t]
        gu[t], r = r @ B, r @ A
    return gu, r


def forward(steps: float, u: np.ndarray, m0: np.ndarray, threads: int = 1) -> np.ndarray:
    m = np.full((*u.shape, m0.shape[-1]), np.nan, m0.dtype)
    lmu.bilinear_forward(steps, u, m0, m, threads)
    return m


def backward(steps: float, g: np.ndarray, g_last: np.ndarray, *args: np.ndarray, threads: int = 1) -> tuple:
    gu, gm0 = np.full(g.shape[:-1], np.nan, g.dtype), np.full(g_last.shape, np.nan, g.dtype)
    slope = lmu.bilinear_backward(steps, g, g_last, gu, gm0, threads, *args)
    return gu, gm0, slope


def relative(ours: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(ours - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("q", [2, 4, 10, 64, 256])
@pytest.mark.parametrize("adjoint", [False, True], ids=["forward", "adjoint"])
def test_two_sweeps_solve_the_system(q: int, adjoint: bool) -> None:
    rng = np.random.default_rng(q)
    steps = rng.uniform(0.5, 5) * q
    A, _ = discretise(q, steps, "bilinear")
    half = np.linalg.solve(A + np.eye(q), A - np.eye(q))  # A/2 of (I - A/2)^-1 (I + A/2)
    d, r = (2 * np.arange(q) + 1) / steps, rng.normal(size=q)
    if adjoint:
        y = lmu.solve(d[::-1], (d * r)[::-1])[::-1] / d
        expected = np.linalg.solve(np.eye(q) - half.T, r)
    else:
        y, expected = lmu.solve(d, r), np.linalg.solve(np.eye(q) - half, r)
    assert y == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    ("q", "T", "B", "d"),
    [(1, 9, 2, 2), (2, 9, 1, 1), (7, 20, 3, 5), (8, 20, 4, 8), (40, 60, 33, 1), (256, 300, 9, 1)],
    ids=lambda n: str(n),
)
def test_order_q_step_is_the_dense_one(q: int, T: int, B: int, d: int, dtype: str) -> None:
    rng = np.random.default_rng(q)
    steps = 3.1 * q + 0.3
    u, m0 = rng.normal(size=(T, B, d)).astype(dtype), rng.normal(size=(B, d, q)).astype(dtype)
    m = forward(steps, u, m0)
    assert m.dtype == dtype
    assert relative(m, dense(steps, u, m0)) < TOLERANCE[dtype]
    g, g_last = rng.normal(size=m.shape).astype(dtype), rng.normal(size=m0.shape).astype(dtype)
    gu, gm0, slope = backward(steps, g, g_last)
    for ours, expected in zip((gu, gm0), dense_adjoint(steps, g, g_last), strict=True):
        assert relative(ours, expected) < TOLERANCE[dtype]
    assert slope == 0.0


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_derivative_by_the_window(dtype: str) -> None:
    rng = np.random.default_rng(9)
    T, B, d, q, steps, small = 30, 5, 2, 24, 60.0, 1e-5
    u, m0, g, g_last = (rng.normal(size=s).astype(dtype) for s in ((T, B, d), (B, d, q), (T, B, d, q), (B, d, q)))
    m = forward(steps, u, m0)
    gu, gm0, slope = backward(steps, g, g_last, m0, m)
    up, down = (dense(steps * np.exp(way * small), u, m0) for way in (1, -1))
    expected = ((g * (up - down)).sum() + (g_last * (up - down)[-1]).sum()) / (2 * small)
    assert slope == pytest.approx(expected, rel=2e-4 if dtype == "float32" else 1e-7)
    plain = backward(steps, g, g_last)
    assert np.array_equal(gu, plain[0]) and np.array_equal(gm0, plain[1])


def test_float32_loses_no_more_than_the_dense_step() -> None:
    """784 steps of 256 coefficients: about 2e-6 each."""
    rng = np.random.default_rng(10)
    u, m0 = rng.uniform(-1, 1, (784, 4, 1)), np.zeros((4, 1, 256))
    exact = dense(784.0, u, m0)[-1]
    ours = forward(784.0, u.astype("float32"), m0.astype("float32"))[-1]
    A, B = (x.astype("float32") for x in discretise(256, 784.0, "bilinear"))
    m = m0.astype("float32")
    for value in u.astype("float32"):
        m = m @ A.T + value[..., None] * B
    size = np.sqrt(np.mean(exact**2))
    errors = [np.sqrt(np.mean((x - exact) ** 2)) / size for x in (ours, m)]
    assert errors[0] < 4e-6
    assert errors[0] < 2 * errors[1]


def test_any_strides_of_time_and_batch() -> None:
    rng = np.random.default_rng(11)
    T, B, d, q = 6, 5, 2, 11
    u, m0 = rng.normal(size=(B, T, d)).transpose(1, 0, 2), rng.normal(size=(B, d, q))
    m = np.full((B, T, d, q), np.nan).transpose(1, 0, 2, 3)
    lmu.bilinear_forward(40.0, u, m0, m)
    assert np.array_equal(m, forward(40.0, u.copy(), m0))
    g = rng.normal(size=(B, T, d, q)).transpose(1, 0, 2, 3)
    for ours, expected in zip(backward(40.0, g, m0), backward(40.0, g.copy(), m0), strict=True):
        assert np.array_equal(ours, expected)


def test_split_anywhere() -> None:
    rng = np.random.default_rng(12)
    u, m0 = rng.normal(size=(20, 3, 2)), rng.normal(size=(3, 2, 16))
    whole = forward(50.0, u, m0)
    for cut in (0, 1, 13, 20):
        head = forward(50.0, u[:cut], m0)
        tail = forward(50.0, u[cut:], head[-1] if cut else m0)
        assert np.array_equal(np.concatenate([head, tail]), whole)


def test_threads_do_not_change_a_bit() -> None:
    rng = np.random.default_rng(13)
    T, B, d, q = 12, 20, 3, 18  # four blocks of sixteen lanes, the last one not full
    u, m0 = rng.normal(size=(T, B, d)), rng.normal(size=(B, d, q))
    m = forward(50.0, u, m0)
    g, g_last = rng.normal(size=m.shape), rng.normal(size=m0.shape)
    plain = backward(50.0, g, g_last, m0, m)
    for threads in (2, 3, 8):
        assert np.array_equal(forward(50.0, u, m0, threads), m)
        for x, y in zip(plain, backward(50.0, g, g_last, m0, m, threads=threads), strict=True):
            assert np.array_equal(x, y)


def test_no_steps_and_no_lanes() -> None:
    m0, g_last = np.ones((2, 3, 4)), np.full((2, 3, 4), 2.0)
    assert forward(9.0, np.zeros((0, 2, 3)), m0).shape == (0, 2, 3, 4)
    gu, gm0, slope = backward(9.0, np.zeros((0, 2, 3, 4)), g_last, m0, np.zeros((0, 2, 3, 4)))
    assert gu.shape == (0, 2, 3) and np.array_equal(gm0, g_last) and slope == 0
    assert forward(9.0, np.zeros((5, 0, 3)), np.zeros((0, 3, 4))).shape == (5, 0, 3, 4)


def test_long_run_stays_bounded() -> None:
    """A hundred thousand steps in float32: no drift against float64."""
    u = np.random.default_rng(14).uniform(-1, 1, (100_000, 1, 1)).astype("float32")
    last = [forward(64.0, u.astype(t), np.zeros((1, 1, 16), t))[-1] for t in ("float32", "float64")]
    assert np.abs(last[1]).max() < 3
    assert np.abs(last[0] - last[1]).max() < 1e-5


def test_not_a_number_stays_one() -> None:
    u = np.zeros((5, 3, 1))
    u[2, 1] = np.nan
    m = forward(20.0, u, np.zeros((3, 1, 6)))
    assert np.isnan(m[2:, 1]).all() and np.isnan(m).sum() == 3 * 6
