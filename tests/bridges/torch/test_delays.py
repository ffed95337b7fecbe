"""`Delay`: shifts by hand, sums written out, gradients, and a delay that is found."""

from __future__ import annotations

import pytest
import torch

from spikegram.bridges.torch import Delay

DOUBLE = torch.float64


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(3), dtype=DOUBLE)


@pytest.mark.parametrize("delay", [[0.0, 1.5, 3.0], 1.5])
def test_fixed_delays_shift(delay) -> None:
    layer, x = Delay(3, delay, dt=0.5, max_delay=4.0), noise(20, 2, 3)
    y, state = layer(x)
    steps = [0, 3, 6] if isinstance(delay, list) else [3] * 3
    for f, k in enumerate(steps):
        by_hand = torch.roll(x[..., f], k, 0)
        by_hand[:k] = 0
        assert torch.equal(y[..., f], by_hand)
    assert torch.equal(state.line, x[-8:].movedim(0, 1))
    assert torch.equal(layer.delay, 0.5 * torch.tensor(steps, dtype=DOUBLE))


def test_features_of_several_axes() -> None:
    delays = torch.arange(6.0).reshape(2, 3)
    layer, x = Delay((2, 3), delays), noise(9, 1, 2, 3)
    y, state = layer(x)
    assert state.line.shape == (1, 5, 2, 3)
    assert torch.equal(y[5:, 0, 1, 2], x[:4, 0, 1, 2])
    assert torch.equal(y[3:, 0, 1, 0], x[:6, 0, 1, 0])
    again, _ = layer(x, state)  # what came before is heard
    assert torch.equal(again[:5, 0, 1, 2], x[4:, 0, 1, 2])


@pytest.mark.parametrize("kernel", ["gaussian", "triangle"])
def test_learned_delays_are_the_sum(kernel: str) -> None:
    layer = Delay(2, [0.4, 1.75], dt=0.5, max_delay=2.5, learn=("delay",), kernel=kernel, width=0.8).double()
    x, line = noise(6, 2, 2), noise(2, 5, 2)
    y, _ = layer(x, layer.State(line))
    h = layer.delays.kernel(DOUBLE)
    for t in range(6):
        for b in range(2):
            for f in range(2):
                heard = [x[t - k, b, f] if t >= k else line[b, 5 + t - k, f] for k in range(6)]
                assert y[t, b, f].item() == pytest.approx(sum(h[f, k] * heard[k] for k in range(6)).item())


@pytest.mark.parametrize("kernel", ["gaussian", "triangle"])
def test_gradients_of_input_state_and_centres(kernel: str) -> None:
    layer = Delay(2, [0.4, 1.3], max_delay=3.0, learn=("delay",), kernel=kernel, width=1.2).double()

    def run(x, line, raw):
        y, later = torch.func.functional_call(layer, {"delays.raw": raw}, (x, layer.State(line)))
        return y, later.line

    given = noise(4, 2, 2), noise(2, 3, 2), layer.delays.raw.detach().clone()
    assert torch.autograd.gradcheck(run, tuple(t.requires_grad_() for t in given))


def test_second_derivatives() -> None:
    layer = Delay(1, [0.7], max_delay=2.0, learn=("delay",), width=0.9).double()
    (first,) = torch.autograd.grad(layer(noise(5, 1, 1))[0].square().sum(), layer.delays.raw, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), layer.delays.raw)
    value = []
    for shift in (-1e-5, 1e-5):
        layer.delays.raw.data[:] = 0.7 + shift
        value += torch.autograd.grad(layer(noise(5, 1, 1))[0].square().sum(), layer.delays.raw)
    assert second.item() == pytest.approx(((value[1] - value[0]) / 2e-5).item(), rel=1e-5)


def test_evaluation_rounds_and_leaves_the_centres_alone() -> None:
    layer, x = Delay(2, [1.4, 2.6], max_delay=4.0, learn=("delay",)).double().eval(), noise(8, 1, 2).requires_grad_()
    y, _ = layer(x)
    assert torch.equal(y, Delay(2, [1.0, 3.0], max_delay=4.0)(x)[0])
    y.sum().backward()
    assert layer.delays.raw.grad is None
    assert x.grad[:, 0, 0].tolist() == [1] * 7 + [0]


def test_a_delay_is_found() -> None:
    """A known delay of 7 and 3 steps, from a start at 2 and 9, with a kernel that becomes narrow."""
    torch.manual_seed(0)
    layer = Delay(2, [2.0, 9.0], max_delay=12.0, learn=("delay",), width=4.0)
    teacher = Delay(2, [7.0, 3.0])
    optimiser = torch.optim.Adam(layer.parameters(), lr=0.3)
    for k in range(60):
        layer.set_width(4.0 * (0.5 / 4.0) ** min(1.0, k / 40))
        x = (torch.rand(60, 4, 2) < 0.2).float()
        loss = (layer(x)[0] - teacher(x)[0]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert layer.delay.tolist() == pytest.approx([7.0, 3.0], abs=0.3)
    layer.eval()
    assert torch.equal(layer(x)[0], teacher(x)[0])


def test_what_prints_and_mistakes() -> None:
    assert "2.0, max_delay=2.0" in repr(Delay(3, 2.0))
    with pytest.raises(ValueError, match=r"Delay\(3\): delay: 0.3 ms is not a multiple of the time step dt = 0.2 ms"):
        Delay(3, 0.3, dt=0.2)
    with pytest.raises(ValueError, match=r"learn: expected \(\) or \('delay',\), got 'tau'"):
        Delay(3, 1.0, learn="tau")
    with pytest.raises(ValueError, match="features: expected whole numbers >= 1, got 0"):
        Delay(0, 1.0)
