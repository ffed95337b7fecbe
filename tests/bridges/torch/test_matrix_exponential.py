"""Gradients of the matrix exponential: small and huge ones, of higher order, forward, in batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import expm, expm_frechet
from torch.autograd import gradcheck, gradgradcheck

from spikegram.bridges.torch import SpikingLayer
from spikegram.bridges.torch.matrix_exponential import matrix_exponential
from spikegram.neurons import LIF


def matrices(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return -rng.random((2, 3, 3)), rng.standard_normal((2, 3, 3))


@pytest.mark.parametrize("size", [0.0, 1e-12, 1.0, 1e9, 1e20])
@pytest.mark.parametrize(("dtype", "near"), [(torch.float64, 1e-13), (torch.float32, 2e-6)])
def test_gradients_of_any_size_are_scipys(size: float, dtype: torch.dtype, near: float, seed: int) -> None:
    a, g = matrices(seed)
    x = torch.tensor(a, dtype=dtype, requires_grad=True)
    y = matrix_exponential(x)
    assert np.allclose(y.detach().numpy(), [expm(m) for m in a], rtol=near, atol=near)
    (found,) = torch.autograd.grad(y, x, torch.tensor(size * g, dtype=dtype))
    expected = size * np.array([expm_frechet(m.T, d, compute_expm=False) for m, d in zip(a, g, strict=True)])
    assert np.abs(found.numpy() - expected).max() <= near * np.abs(expected).max()


def test_derivatives_of_higher_order_forward_and_in_batches(seed: int) -> None:
    x = torch.tensor(matrices(seed)[0], requires_grad=True)
    assert gradcheck(matrix_exponential, (x,), check_forward_ad=True)
    assert gradgradcheck(matrix_exponential, (x,))
    each = torch.func.vmap(torch.func.grad(lambda a: matrix_exponential(a).sum()))(x.detach())
    (whole,) = torch.autograd.grad(matrix_exponential(x).sum(), x)
    torch.testing.assert_close(each, whole)


def test_learned_time_constants_do_not_depend_on_the_unit_of_the_loss() -> None:
    layer = SpikingLayer(LIF, 2, learn=("tau_m",), backend="torch")
    x = torch.rand((20, 3, 2), generator=torch.Generator().manual_seed(0))

    def gradient(unit: float) -> torch.Tensor:
        layer.zero_grad()
        (unit * layer(x)[1].v).sum().backward()
        (p,) = (q.grad for q in layer.parameters())
        return p / unit

    torch.testing.assert_close(gradient(1e12), gradient(1.0), rtol=1e-5, atol=0)
