"""Linear recurrences: by hand, compiled against the reference, adjoints against plain autograd, long runs, threads."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from spikegram.kernels import scan

TOLERANCE = {"float32": 2e-5, "float64": 1e-12, "complex64": 2e-5, "complex128": 1e-12}
SLOW = pytest.mark.slow  # each number type is compiled anew
TYPES = ["float64", pytest.param("float32", marks=SLOW), pytest.param("complex64", marks=SLOW)]


def draw(rng: np.random.Generator, dtype: str, *shape: int) -> np.ndarray:
    x = rng.normal(size=shape)
    if dtype.startswith("complex"):
        x = x + 1j * rng.normal(size=shape)
    return x.astype(dtype)


def empty(like: np.ndarray) -> np.ndarray:
    """An array full of NaN: what is not written shows."""
    return np.full(like.shape, np.nan, like.dtype)


def autograd(inputs: list[np.ndarray], outputs: Callable, gradients: list[np.ndarray]) -> list[np.ndarray]:
    """Gradients of Re sum conj(g) y, from torch."""
    import torch

    leaves = [torch.tensor(x, requires_grad=True) for x in inputs]
    loss = sum((torch.tensor(g).conj() * y).sum().real for y, g in zip(outputs(*leaves), gradients, strict=True))
    loss.backward()
    return [x.grad.numpy() for x in leaves]


def torch_diagonal(a, b, h):
    import torch

    out = []
    for t in range(len(b)):
        h = (a[t] if a.ndim == b.ndim else a) * h + b[t]
        out.append(h)
    return torch.stack(out), h


def torch_matrix(A, b, h):
    import torch

    out = []
    for t in range(len(b)):
        h = ((A[t] if A.ndim == 4 else A) @ h[..., None])[..., 0] + b[t]
        out.append(h)
    return torch.stack(out), h


def torch_outer(a, k, v, q, S):
    import torch

    out = []
    for t in range(len(k)):
        S = a[t][..., None] * S + k[t][..., None] * v[t][..., None, :]
        out.append((q[t][..., None, :] @ S)[..., 0, :])
    return torch.stack(out), S


def run_diagonal(a, b, h0, g, g_last, threads=1):
    h, ga, gb, gh0 = map(empty, (b, a, b, h0))
    scan.diagonal_forward(a, b, h0, h, threads)
    scan.diagonal_backward(a, h0, h, g, g_last, ga, gb, gh0, threads)
    return h, ga, gb, gh0


def run_matrix(A, b, h0, g, g_last, threads=1):
    h, gA, gb, gh0 = map(empty, (b, A, b, h0))
    scan.matrix_forward(A, b, h0, h, threads)
    scan.matrix_backward(A, h0, h, g, g_last, gA, gb, gh0, threads)
    return h, gA, gb, gh0


def run_outer(a, k, v, q, S0, g, g_last, every, threads=1):
    S, G, o = S0.copy(), g_last.copy(), empty(v)
    kept = np.full((-(-len(k) // every), *S0.shape), np.nan, S0.dtype)
    ga, gk, gv, gq = map(empty, (a, k, v, q))
    scan.outer_forward(a, k, v, q, S, kept, o, every, threads)
    scan.outer_backward(a, k, v, q, kept, g, G, ga, gk, gv, gq, every, threads)
    return o, S, ga, gk, gv, gq, G


def agree(ours: np.ndarray, expected: np.ndarray, dtype: str) -> None:
    assert ours.dtype == dtype
    scale = max(1.0, np.abs(expected).max(initial=0.0))
    assert np.abs(ours - expected).max(initial=0.0) < TOLERANCE[dtype] * scale


def test_by_hand() -> None:
    a, b = np.array([[[0.5]], [[2.0]], [[-1.0]]]), np.array([[[1.0]], [[3.0]], [[0.5]]])
    assert scan.diagonal(a, b, np.array([[4.0]]))[:, 0, 0].tolist() == [3.0, 9.0, -8.5]
    A = np.array([[0.0, 1.0], [-1.0, 0.0]])  # a quarter turn
    h = scan.matrix(A, np.zeros((4, 1, 2)), np.array([[1.0, 0.0]]))
    assert h[:, 0].tolist() == [[0.0, -1.0], [-1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    k, v, q = np.eye(2)[:, None], np.array([[[1.0, 2.0]], [[3.0, 4.0]]]), np.array([[[1.0, 0.0]], [[1.0, 1.0]]])
    o, S = scan.outer(np.full((2, 1, 1), 0.5), k, v, q, np.zeros((1, 2, 2)))
    assert o[:, 0].tolist() == [[1.0, 2.0], [3.5, 5.0]]
    assert S[0].tolist() == [[0.5, 1.0], [3.0, 4.0]]


@pytest.mark.parametrize("fixed", [False, True], ids=["varying", "fixed"])
@pytest.mark.parametrize("dtype", [*TYPES, "complex128"])
def test_diagonal(dtype: str, fixed: bool) -> None:
    rng = np.random.default_rng(1)
    T, B, N = 9, 3, 300  # two tiles
    a = draw(rng, dtype, *((B, N) if fixed else (T, B, N))) / 2
    b, h0, g, g_last = (draw(rng, dtype, *s) for s in ((T, B, N), (B, N), (T, B, N), (B, N)))
    h, *gradients = run_diagonal(a, b, h0, g, g_last)
    agree(h, scan.diagonal(a, b, h0), dtype)
    for ours, expected in zip(gradients, autograd([a, b, h0], torch_diagonal, [g, g_last]), strict=True):
        agree(ours, expected, dtype)


@pytest.mark.parametrize("fixed", [False, True], ids=["varying", "fixed"])
@pytest.mark.parametrize("dtype", [*TYPES, pytest.param("complex128", marks=SLOW)])
def test_matrix(dtype: str, fixed: bool) -> None:
    rng = np.random.default_rng(2)
    T, B, N = 6, 3, 7  # an odd number of lanes, and rows that are no multiple of four
    A = draw(rng, dtype, *((N, N) if fixed else (T, B, N, N))) / 4
    b, h0, g, g_last = (draw(rng, dtype, *s) for s in ((T, B, N), (B, N), (T, B, N), (B, N)))
    h, *gradients = run_matrix(A, b, h0, g, g_last)
    agree(h, scan.matrix(A, b, h0), dtype)
    for ours, expected in zip(gradients, autograd([A, b, h0], torch_matrix, [g, g_last]), strict=True):
        agree(ours, expected, dtype)


@pytest.mark.parametrize("rows", [False, True], ids=["one-decay", "decay-per-row"])
@pytest.mark.parametrize("dtype", [*TYPES, pytest.param("complex128", marks=SLOW)])
def test_outer(dtype: str, rows: bool) -> None:
    rng = np.random.default_rng(3)
    T, B, K, V = 10, 3, 4, 5
    a, k, v, q = (draw(rng, dtype, T, B, n) for n in (K if rows else 1, K, V, K))
    S0, g, g_last = draw(rng, dtype, B, K, V), draw(rng, dtype, T, B, V), draw(rng, dtype, B, K, V)
    a = a / 2
    expected = [*scan.outer(a, k, v, q, S0), *autograd([a, k, v, q, S0], torch_outer, [g, g_last])]
    for every in (1, 3, 10, 16):
        for ours, wanted in zip(run_outer(a, k, v, q, S0, g, g_last, every), expected, strict=True):
            agree(ours, wanted, dtype)


def test_finite_differences() -> None:
    """The adjoint of the reference itself, for each kind, in one direction."""
    rng = np.random.default_rng(4)
    T, B, N = 5, 2, 3
    b, h0, g, g_last = (draw(rng, "float64", *s) for s in ((T, B, N), (B, N), (T, B, N), (B, N)))
    for run, reference, shape in ((run_diagonal, scan.diagonal, (T, B, N)), (run_matrix, scan.matrix, (T, B, N, N))):
        x = [draw(rng, "float64", *shape) / 2, b, h0]
        way = [draw(rng, "float64", *y.shape) for y in x]

        def value(size: float, x=x, way=way, reference=reference) -> float:
            h = reference(*(y + size * w for y, w in zip(x, way, strict=True)))
            return float((g * h).sum() + (g_last * h[-1]).sum())

        slope = sum(float((w * y).sum()) for w, y in zip(way, run(*x, g, g_last)[1:], strict=True))
        assert slope == pytest.approx((value(1e-5) - value(-1e-5)) / 2e-5, rel=1e-8)


def test_any_strides_of_time_and_batch() -> None:
    """Batch-first arrays, and coefficients that are one row for the whole batch."""
    rng = np.random.default_rng(5)
    T, B, N = 6, 4, 5
    b = draw(rng, "float64", B, T, N).transpose(1, 0, 2)
    row = draw(rng, "float64", T, N)
    a = np.lib.stride_tricks.as_strided(row, (T, B, N), (row.strides[0], 0, row.strides[1]))
    h0, h = draw(rng, "float64", B, N), np.full((B, T, N), np.nan).transpose(1, 0, 2)
    scan.diagonal_forward(a, b, h0, h)
    assert h == pytest.approx(scan.diagonal(a, b, h0), rel=1e-14)


@pytest.mark.parametrize("T", [0, 1])
def test_short_sequences(T: int) -> None:
    rng = np.random.default_rng(6)
    B, N = 2, 3
    h0, g_last, b, g = (draw(rng, "float64", *s) for s in ((B, N), (B, N), (T, B, N), (T, B, N)))
    for run, a in ((run_diagonal, np.full((B, N), 0.5)), (run_diagonal, np.full((T, B, N), 0.5))):
        h, ga, gb, gh0 = run(a, b, h0, g, g_last)
        assert h == pytest.approx(0.5 * h0[None] + b) if T else h.shape == (0, B, N)
        assert gh0 == pytest.approx(0.5 * (g_last + g[0]) if T else g_last)
        assert not np.isnan(ga).any() and not np.isnan(gb).any()
    for A in (np.eye(N), np.broadcast_to(np.eye(N), (T, B, N, N)).copy()):
        _, gA, _, gh0 = run_matrix(A, b, h0, g, g_last)
        assert gh0 == pytest.approx(g_last + g.sum(axis=0))
        assert not np.isnan(gA).any()


def test_no_lanes_and_no_channels() -> None:
    for B, N in ((0, 3), (2, 0)):
        b, h0 = np.zeros((4, B, N)), np.zeros((B, N))
        for out in (*run_diagonal(h0, b, h0, b, h0), *run_matrix(np.zeros((N, N)), b, h0, b, h0)):
            assert not np.isnan(out).any()


def test_threads_do_not_change_a_bit() -> None:
    rng = np.random.default_rng(7)
    T, B, N = 20, 5, 600
    a = draw(rng, "float64", B, N) / 2
    b, h0, g, g_last = (draw(rng, "float64", *s) for s in ((T, B, N), (B, N), (T, B, N), (B, N)))
    A = draw(rng, "float64", 30, 30) / 6
    small = b[..., :30].copy(), h0[:, :30].copy(), g[..., :30].copy(), g_last[:, :30].copy()
    keys = [draw(rng, "float64", T, B, n) for n in (1, 8, 9, 8)]
    S0, gS = draw(rng, "float64", B, 8, 9), draw(rng, "float64", B, 8, 9)
    for run, arrays in (
        (run_diagonal, (a, b, h0, g, g_last)),
        (run_matrix, (A, *small)),
        (run_outer, (*keys, S0, keys[2], gS, 4)),
    ):
        one = run(*arrays)
        for threads in (2, 3, 8):
            for x, y in zip(one, run(*arrays, threads=threads), strict=True):
                assert np.array_equal(x, y)


def test_long_runs_neither_overflow_nor_drift() -> None:
    """Where a cumulative product would reach 1e-434 and a sum of logarithms lose its digits."""
    T = 100_000
    rng = np.random.default_rng(8)
    a, b = np.full((1, 1), 0.9999), rng.normal(size=(T, 1, 1))
    h = empty(b)
    scan.diagonal_forward(a, b, np.zeros((1, 1)), h)
    worst = 0.0
    kernel = 0.9999 ** np.arange(T)
    for t in (1000, 50_000, T - 1):
        exact = math.fsum(kernel[: t + 1] * b[t::-1, 0, 0])
        worst = max(worst, abs(h[t, 0, 0] - exact))
    assert worst < 1e-10
    assert 10 < np.abs(h).max() < 1000
    # coefficients of 0 and of growth are carried out as they are
    a = np.array([0.0, 2.0, -3.0, 1e-300, 1e300]).reshape(5, 1, 1)
    b = np.ones((5, 1, 1))
    h = empty(b)
    scan.diagonal_forward(a, b, np.array([[7.0]]), h)
    assert h[:, 0, 0].tolist() == [1.0, 3.0, -8.0, 1.0, 1e300]


def test_not_a_number_stays_one() -> None:
    b = np.zeros((4, 1, 300))
    b[1, 0, 5] = np.nan
    h = empty(b)
    h[...] = 0
    scan.diagonal_forward(np.full((1, 300), 0.5), b, np.zeros((1, 300)), h)
    assert np.isnan(h[1:, 0, 5]).all() and np.isnan(h).sum() == 3


def test_steps_between_kept_states() -> None:
    assert scan.outer_every(1, 64, 64, 4) == 1
    assert scan.outer_every(100, 8, 8, 8) == 10
    assert scan.outer_every(100_000, 8, 8, 8) == 64
    assert scan.outer_every(100_000, 64, 64, 8) == 8
    assert scan.outer_every(0, 1000, 1000, 8) == 1
