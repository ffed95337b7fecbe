"""A linear map with a delay for each synapse, compiled; the layer's tests are in `test_delayed_linear.py`."""

from __future__ import annotations

import pytest
import torch

from spikegram.bridges.torch.delayed_op import delay_lists, delayed_linear
from spikegram.kernels.layer_arrivals import SIDE

STEPS = torch.tensor([[0, 2, 1], [3, 0, 2]])


def inputs(samples: int, steps: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    sizes = (steps, samples, 3), (3, samples, 3), (2, 3)
    return tuple(torch.randn(size, generator=generator, dtype=torch.float64).requires_grad_() for size in sizes)


def test_is_the_sum_over_synapses() -> None:
    x, line, weight = inputs(2, 6)
    heard, y = torch.cat([line, x]), torch.zeros(6, 2, 2, dtype=torch.float64)
    for o in range(2):
        for i in range(3):
            for t in range(6):
                y[t, :, o] += weight[o, i] * heard[3 + t - int(STEPS[o, i]), :, i]
    torch.testing.assert_close(delayed_linear(x, line, weight, delay_lists(STEPS)), y)


def test_gradients_are_finite_differences() -> None:
    lists = delay_lists(STEPS)
    assert torch.autograd.gradcheck(lambda *t: delayed_linear(*t, lists), inputs(2, 5))
    assert torch.autograd.gradcheck(lambda *t: delayed_linear(*t, lists), inputs(1, 2))  # shorter than the delays


def test_samples_and_threads_change_no_bit() -> None:
    x, line, weight = inputs(2 * SIDE + 3, 40)
    lists, before, found = delay_lists(STEPS), torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            y = delayed_linear(x, line, weight, lists)
            found.append([y.detach(), *torch.autograd.grad(y.square().sum(), [x, line, weight])])
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))
    for k in (0, SIDE + 1, 2 * SIDE + 2):
        one = delayed_linear(x[:, k : k + 1], line[:, k : k + 1], weight, lists)
        assert torch.equal(one[:, 0], found[0][0][:, k])


def test_there_is_no_second_derivative() -> None:
    x, line, weight = inputs(1, 4)
    y = delayed_linear(x, line, weight, delay_lists(STEPS))
    (first,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="no second derivative; build the layer with backend='torch'"):
        first.sum().backward()
