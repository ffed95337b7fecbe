"""Functions that generated code calls, and their derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikegram.bridges.torch.step_functions import chosen, clip, exprel, negate, propagator, real, step, where
from spikegram.kernels.propagate import propagator as numpy_propagator

D = torch.float64
LIKE = torch.zeros((), dtype=D)


def test_exprel_and_its_slope() -> None:
    x = torch.tensor([-3.0, -1e-4, -1e-9, 0.0, 1e-9, 9e-5, 2.0], dtype=D, requires_grad=True)
    assert torch.autograd.gradcheck(exprel, (x,))
    (slope,) = torch.autograd.grad(exprel(x)[3], x)
    assert slope[3].item() == pytest.approx(0.5)
    torch.testing.assert_close(
        exprel(x.detach()[[0, 6]]), torch.tensor([(1 - np.exp(-3)) / 3, (np.exp(2) - 1) / 2], dtype=D)
    )


def test_where_takes_numbers_and_plain_truths() -> None:
    assert where(True, 2.0, 3.0, LIKE).item() == 2.0
    assert where(torch.tensor([True, False]), 0.1, 0.7, LIKE).tolist() == [0.1, 0.7]  # in the precision of the reals
    assert negate(False) is True
    assert negate(torch.tensor([True])).tolist() == [False]
    assert real(0.1, LIKE).item() == 0.1


def test_clip_has_slope_one_at_its_bounds() -> None:
    x = torch.tensor([-1.0, 0.0, 0.5, 1.0, 2.0], dtype=D, requires_grad=True)
    (slope,) = torch.autograd.grad(clip(x, real(0, LIKE), real(1, LIKE)).sum(), x)
    assert slope.tolist() == [0, 1, 1, 1, 0]


def test_a_choice_is_exact_and_passes_its_gradient() -> None:
    s, a, b = (torch.tensor([1.0, 0.0], dtype=D, requires_grad=True) * k for k in (1, 3, 5))
    a, b = a + 0.1, b + 0.7
    taken = chosen(s, a, b, LIKE, True)
    assert taken.tolist() == [a[0].item(), b[1].item()]
    found = torch.autograd.grad(taken.sum(), (s, a, b))
    assert [g.tolist() for g in found] == [(a - b).tolist(), [1, 0], [0, 1]]
    assert torch.autograd.grad(chosen(s, a, b, LIKE, False).sum(), s, allow_unused=True) == (None,)


def test_step_has_the_slope_that_is_declared() -> None:
    u = torch.tensor([-1.0, 2.0], dtype=D, requires_grad=True)
    s = step(u, u > 0, u**2)
    assert s.tolist() == [0, 1]
    (first,) = torch.autograd.grad(s.sum(), u, create_graph=True)
    assert first.tolist() == [1, 4]
    (second,) = torch.autograd.grad(first.sum(), u)
    assert second.tolist() == [-2, 4]


def test_propagator_is_that_of_the_simulation() -> None:
    tau = torch.tensor([0.01, 0.02, 0.005], dtype=D, requires_grad=True)
    rows = ((-1 / tau, real(3.0, LIKE), real(0, LIKE)), (real(0, LIKE), real(-200.0, LIKE), real(1, LIKE)))
    expected = numpy_propagator(tuple(tuple(e.detach().numpy() for e in row) for row in rows), 1e-3)
    np.testing.assert_allclose(propagator(rows, 1e-3, LIKE, {}, 0).detach().numpy(), expected, rtol=1e-13, atol=1e-18)
    far = ((real(-50.0, LIKE), real(5e9, LIKE), real(-3.0, LIKE)), (real(0, LIKE), real(-200.0, LIKE), real(0, LIKE)))
    expected = numpy_propagator(tuple(tuple(e.numpy() for e in row) for row in far), 1e-3)
    found = propagator(far, 1e-3, LIKE, {}, 0).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-18)  # 0, or 1e-25 with another BLAS
    assert torch.autograd.gradcheck(
        lambda t: propagator(((-1 / t, real(3.0, LIKE)),), 1e-3, LIKE, {}, 0), (tau * 1.0,), eps=1e-7, atol=1e-5
    )
