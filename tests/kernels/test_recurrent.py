"""A dense recurrent network: the reference by hand, the kernel, its adjoint, threads."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.kernels import recurrent

TOLERANCE = {"float64": 1e-13, "float32": 5e-6}
KINDS = list(recurrent.KINDS)


def draw(dtype: str, T: int, B: int, S: int) -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    W, c, s0, g, g_last = (rng.normal(size=s).astype(dtype) for s in ((S, S), (T, B, S), (B, S), (T, B, S), (B, S)))
    return [W / np.sqrt(S).astype(dtype), c, s0, g, g_last]


def run(kind: str, bent: int, W, c, s0, g, g_last, threads: int = 1) -> list[np.ndarray]:
    s, gc, gs0 = (np.full(x.shape, np.nan, x.dtype) for x in (c, c, s0))
    recurrent.forward(kind, bent, W, c, s0, s, threads)
    recurrent.backward(kind, bent, W, s, g, g_last, gc, gs0, threads)
    return [s, gc, gs0]


def test_reference_by_hand() -> None:
    W, c = np.array([[0.0, 2.0], [-1.0, 0.5]]), np.array([[[0.5, -1.0]], [[0.0, 0.0]]])
    s = recurrent.reference("relu", 1, W, c, np.array([[1.0, -1.0]]))
    assert s[:, 0].tolist() == [[0.0, -2.5], [0.0, -1.25]]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("kind", KINDS)
def test_kernel_and_adjoint(kind: str, dtype: str) -> None:
    import torch

    bent = 4
    for T, B, S in ((6, 3, 7), (5, 4, 8), (0, 2, 4)):
        W, c, s0, g, g_last = draw(dtype, T, B, S)
        s, gc, gs0 = run(kind, bent, W, c, s0, g, g_last)
        assert s == pytest.approx(recurrent.reference(kind, bent, W, c, s0), abs=20 * TOLERANCE[dtype])
        leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (c, s0)]
        x, loss = leaves[1], torch.zeros(())
        function = dict(identity=lambda x: x, tanh=torch.tanh, relu=torch.relu)[kind]
        for t in range(T):
            x = x @ torch.tensor(W).double().T + leaves[0][t]
            x = torch.cat([function(x[:, :bent]), x[:, bent:]], 1)
            loss = loss + (torch.tensor(g[t]) * x).sum()
        (loss + (torch.tensor(g_last) * x).sum()).backward()
        for ours, leaf in zip((gc, gs0), leaves, strict=True):
            expected = np.zeros(ours.shape) if leaf.grad is None else leaf.grad.numpy()
            assert ours == pytest.approx(expected, abs=40 * TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_tanh_is_right_to_a_rounding_of_one(dtype: str) -> None:
    x = np.concatenate([np.linspace(-12, 12, 401), [0.0, 1e-20, -1e4, 1e4, np.nan, np.inf, -np.inf]]).astype(dtype)
    S = len(x)
    s = np.full((1, 1, S), np.nan, dtype)
    recurrent.forward("tanh", S, np.zeros((S, S), dtype), x[None, None], np.zeros((1, S), dtype), s)
    expected = np.tanh(x.astype("float64"))
    assert np.array_equal(np.isnan(s[0, 0]), np.isnan(expected))
    assert np.nanmax(np.abs(s[0, 0] - expected)) < 2 * np.finfo(dtype).eps


def test_threads_do_not_change_a_bit() -> None:
    arrays = draw("float64", 9, 7, 13)
    one = run("tanh", 5, *arrays)
    for threads in (2, 3):
        for x, y in zip(one, run("tanh", 5, *arrays, threads=threads), strict=True):
            assert np.array_equal(x, y)
