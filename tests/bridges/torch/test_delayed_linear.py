"""`DelayedLinear`: the sum written out, gradients, fixed delays, delays that are found."""

from __future__ import annotations

import pytest
import torch

from spikegram.bridges.torch import Delay, DelayedLinear

DOUBLE = torch.float64


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(3), dtype=DOUBLE)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("learn", [("weight", "delay"), ("weight",)])
def test_is_the_sum(training: bool, learn: tuple) -> None:
    torch.manual_seed(0)
    layer = DelayedLinear(3, 2, max_delay=2.0, dt=0.5, learn=learn, bias=True).double().train(training)
    x, line = noise(6, 2, 3), noise(2, 4, 3)
    y, _ = layer(x, layer.State(line))
    w, h = layer.weight, layer.delays.kernel(DOUBLE)
    assert layer.taps().shape == (2, 3, 5)
    for t in range(6):
        for b in range(2):
            for o in range(2):
                total = layer.bias[o].item()
                for i in range(3):
                    for k in range(5):
                        heard = x[t - k, b, i] if t >= k else line[b, 4 + t - k, i]
                        total += (w[o, i] * h[o, i, k] * heard).item()
                assert y[t, b, o].item() == pytest.approx(total)


def test_equal_delays_are_a_delay_and_a_linear_map() -> None:
    layer, x = DelayedLinear(3, 2, max_delay=4.0, delay=2.0, learn=("weight",)).double(), noise(9, 2, 3)
    later, _ = Delay(3, 2.0)(x)
    torch.testing.assert_close(layer(x)[0], later @ layer.weight.T)


@pytest.mark.parametrize("kernel", ["gaussian", "triangle"])
def test_gradients(kernel: str) -> None:
    torch.manual_seed(1)
    layer = DelayedLinear(2, 2, max_delay=3.0, kernel=kernel, width=1.3).double()

    def run(x, line, weight, raw):
        given = {"weight": weight, "delays.raw": raw}
        y, later = torch.func.functional_call(layer, given, (x, layer.State(line)))
        return y, later.line

    given = noise(4, 2, 2), noise(2, 3, 2), layer.weight.detach().clone(), layer.delays.raw.detach().clone()
    assert torch.autograd.gradcheck(run, tuple(t.requires_grad_() for t in given))


def test_fixed_delays_are_drawn_on_the_grid() -> None:
    torch.manual_seed(0)
    layer = DelayedLinear(40, 30, max_delay=0.4, dt=0.1, learn=("weight",))
    assert sorted(set(layer.delays.whole.flatten().tolist())) == [0, 1, 2, 3, 4]
    assert [n for n, _ in layer.named_parameters()] == ["weight"]
    free = DelayedLinear(40, 30, max_delay=4.0, learn=("delay",))
    assert [n for n, _ in free.named_parameters()] == ["delays.raw"]
    assert 0 <= free.delay.min() < 0.1 < 3.9 < free.delay.max() <= 4
    assert free.weight.abs().max() <= 40**-0.5


def test_delays_and_weights_are_found() -> None:
    """Two inputs of a teacher, 1 and 6 steps late; the width falls to a quarter of a step."""
    torch.manual_seed(0)
    teacher = DelayedLinear(2, 1, max_delay=8.0, delay=[[1.0, 6.0]], learn=("weight",))
    teacher.weight.data[:] = torch.tensor([[1.0, -0.5]])
    layer = DelayedLinear(2, 1, max_delay=8.0, delay=4.0, width=4.0)
    layer.weight.data[:] = 0.0
    optimiser = torch.optim.Adam([{"params": [layer.weight], "lr": 0.05}, {"params": [layer.delays.raw], "lr": 0.2}])
    for k in range(100):
        layer.set_width(4.0 * (layer.delays.narrowest / 4.0) ** min(1.0, k / 80))
        x = (torch.rand(60, 4, 2) < 0.2).float()
        with torch.no_grad():
            target = teacher(x)[0]
        loss = (layer(x)[0] - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert layer.delay.flatten().tolist() == pytest.approx([1.0, 6.0], abs=0.3)
    layer.eval()
    assert layer.delays.steps().tolist() == [[1, 6]]
    torch.testing.assert_close(layer(x)[0], target, atol=0.15, rtol=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(in_features=0), "in_features: expected a whole number >= 1, got 0"),
        (dict(learn=("tau",)), r"learn: expected names among weight, delay, got \('tau',\)"),
        (dict(delay=[[0.5, 1.0]], learn=("weight",)), r"DelayedLinear\(2, 1\): delay: 0.5 ms is not a multiple"),
        (dict(delay=[1.0, 1.0]), r"delay: expected one number or shape \(1, 2\), got shape \(2,\)"),
        (dict(max_delay=-1.0), "max_delay: expected a time >= 0 ms, got -1.0"),
    ],
)
def test_mistakes_are_told(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DelayedLinear(**{"in_features": 2, "out_features": 1, "max_delay": 3.0, **arguments})


def test_compiled_passes_are_the_convolution() -> None:
    delay = torch.randint(0, 8, (5, 4), generator=torch.Generator().manual_seed(1)).double()
    found = []
    for backend in ("auto", "torch"):
        torch.manual_seed(0)
        layer = DelayedLinear(
            4, 5, max_delay=9.0, delay=delay, learn=("weight",), bias=True, backend=backend, dtype=torch.float64
        )
        x = torch.randn(23, 3, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64).requires_grad_()
        line = torch.randn(3, 9, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64).requires_grad_()
        state, parts = layer.State(line), []
        for part in x.split([2, 15, 6]):
            y, state = layer(part, state)
            parts.append(y)
        y = torch.cat(parts)
        if backend == "auto":
            assert torch.equal(y, layer(x, layer.State(line))[0])
        towards = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
        ((y * y * towards).sum() + (state.line**3).sum()).backward()
        found.append([y.detach(), state.line.detach(), x.grad, line.grad, layer.weight.grad, layer.bias.grad])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


def test_loaded_delays_are_those_that_act() -> None:
    arguments = dict(max_delay=6.0, learn=("weight",), dtype=torch.float64)
    one, other = DelayedLinear(3, 2, **arguments), DelayedLinear(3, 2, **arguments)
    other.delays.whole.copy_((one.delays.whole + 3) % 7)
    one.load_state_dict(other.state_dict())
    x = torch.randn(12, 2, 3, dtype=torch.float64)
    steps, state = [], None
    for x_t in x:
        y_t, state = one.step(x_t, state)
        steps.append(y_t)
    torch.testing.assert_close(one(x)[0], torch.stack(steps))


def test_backends_are_checked() -> None:
    with pytest.raises(ValueError, match="backend: expected auto, numba or torch, got 'fast'"):
        DelayedLinear(3, 2, max_delay=5.0, backend="fast")
    with pytest.raises(ValueError, match="backend 'numba' needs fixed delays, got learn with 'delay'"):
        DelayedLinear(3, 2, max_delay=5.0, backend="numba")
    layer = DelayedLinear(3, 2, max_delay=5.0, learn=("weight",), backend="numba")
    with pytest.raises(ValueError, match="backend 'numba' needs tensors on the CPU"):
        layer._is_fused(torch.zeros(1, device="meta"))
