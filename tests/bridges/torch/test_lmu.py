"""LMU layer: against the reference step, the plain loop, published sizes, the parallel form, errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spikegram.bridges.torch import LMU, Stream
from spikegram.neurons.legendre import LegendreParams
from spikegram.neurons.lmu import LMUParams, LMUState, lmu_step

ALL = ("e_h", "e_m", "W_x", "W_h")
VARIANTS = {
    "whole": dict(),
    "three-memories-relu": dict(memories=3, bias=True, activation="relu"),
    "no-feedback": dict(couplings=("W_x", "W_h"), encoder="relu", memories=2, bias=True),
    "parallel": dict(couplings=("W_x",), encoder="relu", bias=True, form="fft"),
    "memory-alone": dict(couplings=(), method="bilinear", memories=2),
    "hidden-encoder": dict(couplings=("e_h", "W_h"), method="euler"),
    "learned-window": dict(method="bilinear", learn=("theta",)),
}


def make(name: str, backend: str = "numba") -> LMU:
    torch.manual_seed(1)
    layer = LMU(2, 5, 6, 30.0, backend=backend, **VARIANTS[name]).double()
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(0.3 * torch.randn_like(p) if p.ndim else p)
    return layer


def signal(T: int, B: int, k: int) -> Tensor:
    return torch.randn((T, B, k), generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def start(layer: LMU, B: int) -> LMUState:
    generator = torch.Generator().manual_seed(3)
    shapes = layer.state_shapes().values()
    return LMUState(*(torch.randn((B, *s), generator=generator, dtype=torch.float64) for s in shapes))


@pytest.mark.parametrize("name", [n for n in VARIANTS if n != "learned-window"])
def test_layer_is_the_reference(name: str) -> None:
    layer, x = make(name), signal(15, 3, 2)
    state = start(layer, 3)
    params = LMUParams(
        LegendreParams(6, 30.0, layer.dynamics.method),
        **{n: p.detach().numpy() for n, p in layer.named_parameters()},
        encoder=layer.encoder,
        activation=layer.activation,
    )
    y, last = layer(x, state)
    now = LMUState(*(s.numpy() for s in state))
    for t in range(15):
        h, now = lmu_step(now, x[t].numpy(), params)
        assert y[t].detach().numpy() == pytest.approx(h, abs=1e-12)
    assert last.m.detach().numpy() == pytest.approx(now.m, abs=1e-12)


@pytest.mark.parametrize("name", VARIANTS)
def test_gradients_are_those_of_the_plain_loop(name: str) -> None:
    found = []
    for backend in ("numba", "torch"):
        layer, x = make(name, backend), signal(12, 3, 2).requires_grad_()
        state = LMUState(*(s.requires_grad_() for s in start(layer, 3)))
        y, last = layer(x, state)
        weight = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
        ((y * weight).sum() + last.h.square().sum() + last.m.square().sum()).backward()
        found.append([y, *last, x.grad, state.m.grad, *(p.grad for p in layer.parameters())])
    for ours, expected in zip(*found, strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-10, atol=1e-11)


def test_one_step_is_the_sequence() -> None:
    for name in VARIANTS:
        layer, x = make(name), signal(8, 2, 2)
        stream = Stream(layer)
        y = torch.stack([stream(value) for value in x])
        torch.testing.assert_close(y, layer(x)[0], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", ["parallel", "memory-alone"])
def test_last_is_the_last(name: str) -> None:
    layer, x = make(name), signal(20, 3, 2)
    for state in (None, start(layer, 3)):
        y, later = layer(x, state)
        last, own = layer.last(x, state)
        for ours, expected in ((last, y[-1]), (own.h, later.h), (own.m, later.m)):
            torch.testing.assert_close(ours, expected, rtol=1e-11, atol=1e-12)
    assert torch.equal(layer.last(x[:0], start(layer, 3))[0], start(layer, 3).h)


def test_published_sizes() -> None:
    """Sequential digits: 102,027 learned numbers in 2019, 166,092 in the parallel form, with a readout of ten."""
    layer = LMU(1, 212, 256, 784.0, method="bilinear", device="meta")
    assert sum(p.numel() for p in layer.parameters()) + 212 * 10 + 10 == 102_027
    few = dict(couplings=("W_x",), encoder="relu", activation="relu", bias=True)
    layer = LMU(1, 346, 468, 784.0, method="bilinear", device="meta", **few)
    assert sum(p.numel() for p in layer.parameters()) + 346 * 10 + 10 == 166_092


def test_first_values() -> None:
    torch.manual_seed(0)
    layer = LMU(300, 200, 16, 50.0, memories=4, bias=True)
    assert float(layer.e_x.var()) == pytest.approx(1 / 300, rel=0.1)
    assert float(layer.e_h.abs().max()) <= np.sqrt(3 / 200)
    assert float(layer.W_h.var()) == pytest.approx(2 / 400, rel=0.05)
    assert float(layer.W_m.var()) == pytest.approx(2 / 264, rel=0.05)
    assert not layer.e_m.any() and not layer.b_u.any() and not layer.b_h.any()


def test_a_small_task_is_learned() -> None:
    """Tell which of two pulses, 27 and 35 steps ago, was the larger."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    x = torch.zeros(40, 128, 1)
    pulses = 4 * torch.rand((2, 128), generator=generator) - 2
    x[2:5, :, 0], x[10:13, :, 0] = pulses
    target = (pulses[0] > pulses[1]).float()
    layer, readout = LMU(1, 16, 8, 40.0), nn.Linear(16, 1)
    optimiser = torch.optim.Adam([*layer.parameters(), *readout.parameters()], lr=0.02)
    for _ in range(60):
        optimiser.zero_grad()
        out = readout(layer(x)[0][-1]).squeeze(-1)
        nn.functional.binary_cross_entropy_with_logits(out, target).backward()
        optimiser.step()
    assert float(((out > 0) == (target > 0.5)).float().mean()) > 0.9


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        (dict(encoder="relu"), r"LMU: encoder: expected 'identity' with the coupling 'e_h', got 'relu'"),
        (dict(form="fft"), r"LMU: form: expected 'recurrent' with the coupling 'e_h', got 'fft'"),
        (dict(couplings=("W_m",)), r"LMU: couplings: expected some of e_h, e_m, W_x, W_h, got 'W_m'"),
        (dict(activation="sin"), r"LMU: activation: expected one of identity, relu, tanh, got 'sin'"),
        (dict(memories=0), r"LMU: memories: expected a whole number >= 1, got 0"),
    ],
)
def test_refused(keywords: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LMU(2, 5, 6, 30.0, **keywords)


def test_last_needs_a_parallel_layer() -> None:
    with pytest.raises(ValueError, match=r"LMU\(2\): last needs a layer without the coupling 'e_h'"):
        LMU(2, 5, 6, 30.0).last(torch.zeros(4, 1, 2))
