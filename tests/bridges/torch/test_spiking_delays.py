"""Spikes that reach other cells of a layer after a delay."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import recurrent_cells
import torch
from recurrent_cells import N, currents, external, in_a_network

from spikegram.bridges.torch import SpikingLayer, load, save
from spikegram.bridges.torch.spiking_delays import arrived, arriving, delays_of
from spikegram.neurons import LIF, BellecALIF

DELAYS = [1.0, 4.0, 2.0, 7.0, 2.0, 1.0]
lif = partial(recurrent_cells.lif, DELAYS)


def test_delays_are_steps() -> None:
    assert delays_of(None, 3, 1.0, "cells") is None
    assert delays_of(1.0, 3, 1.0, "cells") is None
    assert delays_of(0.3, 3, 0.1, "cells").tolist() == [3, 3, 3]
    assert delays_of([[1.0], [3.0]], 2, 1.0, "cells").tolist() == [1, 3]


def test_arrivals_of_a_sequence_are_those_of_its_steps() -> None:
    delays = torch.tensor([1, 3, 2])
    before, y = torch.rand(3, 2, 3), torch.rand(7, 2, 3)
    found, line = arrived(before, y, delays), before.movedim(0, 1)
    for t in range(7):
        now = arriving(line, delays)
        assert torch.equal(now, found[t])
        for j, d in enumerate(delays.tolist()):
            sent = y[t - d, :, j] if t >= d else before[3 + t - d, :, j]
            assert torch.equal(now[:, j], sent)
        line = torch.cat([line, y[t].unsqueeze(1)], 1)[:, 1:]


def test_spikes_are_those_of_a_network() -> None:
    layer, x = lif(), external(150)
    pairs = [(i, j) for i in range(N) for j in range(N)]
    found = in_a_network(x, pairs, layer.recurrent_weight, torch.tensor(DELAYS).unsqueeze(1).expand(N, N))
    y, _ = layer(x)
    assert layer.backend_used == "numba"
    np.testing.assert_array_equal(y[:, 0].detach().numpy(), found)
    assert found.sum() > 30
    alone, _ = lif(recurrent_delay=None)(x)
    assert not torch.equal(y, alone)  # the delays matter here


def test_compiled_passes_are_the_generated_step() -> None:
    results = []
    for backend in ("numba", "torch"):
        layer, x, state, parts = lif(backend=backend, inhibition=0.02), currents(70, 3).requires_grad_(), None, []
        for part in x.split([2, 31, 37]):  # the first is shorter than the longest delay
            y, state = layer(part, state)
            parts.append(y)
        y = torch.cat(parts)
        weight = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
        ((y * weight).sum() + (state.I**2).sum() * 1e20 + (state.spikes * weight[:7].movedim(0, 1)).sum()).backward()
        whole, last = layer(x)
        assert torch.equal(whole, y)
        assert all(torch.equal(a, b) for a, b in zip(last, state, strict=True))
        assert torch.equal(state.spikes, y[-7:].movedim(0, 1))
        results.append((y, [t.detach() for t in state], x.grad, [p.grad for p in layer.parameters()]))
    (y1, s1, g1, p1), (y2, s2, g2, p2) = results
    assert 0 < y1.mean() < 1
    assert g1.abs().max() > 0
    for a, b in zip([y1, *s1, g1, *p1], [y2, *s2, g2, *p2], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10 * float(b.detach().abs().max()))


def test_gradients_of_a_large_batch_are_those_of_its_samples() -> None:
    """Also of those whose cells lie in the second tile and beyond."""
    layer, x = lif(inhibition=0.02), currents(20, 1700)
    assert 1700 * N > 8192  # cells of a tile

    def gradients(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = x.clone().requires_grad_()
        y, state = layer(x)
        y.sum().backward()
        return y.detach(), x.grad

    y, g = gradients(x)
    assert y.sum() > 0
    for k in (0, 1350, 1699):
        y_k, g_k = gradients(x[:, k : k + 1])
        assert torch.equal(y_k[:, 0], y[:, k])
        assert torch.equal(g_k[:, 0], g[:, k])
        assert g_k.any()


def test_a_spike_is_late() -> None:
    weights = torch.tensor([[0.0, 1.5, 0.0], [0.0, 0.0, 1.5], [0.0, 0.0, 0.0]])  # a chain
    layer = SpikingLayer(BellecALIF, 3, recurrent=weights, recurrent_delay=[3.0, 2.0, 1.0], backend="torch")
    x = torch.zeros(7, 1, 3)
    x[0, 0, 0] = 1.5
    y, state = layer(x)
    assert y.nonzero()[:, [0, 2]].tolist() == [[0, 0], [3, 1], [5, 2]]
    assert state.spikes.shape == (1, 3, 3)
    assert layer.state_shapes()["spikes"] == (3, 3)
    one = SpikingLayer(BellecALIF, 3, recurrent=weights, recurrent_delay=1.0, backend="torch")
    assert one.state_shapes()["spikes"] == (3,)
    assert one(x)[0].nonzero()[:, [0, 2]].tolist() == [[0, 0], [1, 1], [2, 2]]


def test_gradients_of_a_smooth_layer_are_finite_differences() -> None:
    torch.manual_seed(0)
    layer = SpikingLayer(
        BellecALIF, 2, recurrent="dense", recurrent_delay=[2.0, 3.0], smooth=True, surrogate="sigmoid",
        reset_grad="through", backend="torch", dtype=torch.float64,
    )  # fmt: skip
    x = (0.8 * torch.rand(6, 1, 2, dtype=torch.float64)).requires_grad_()
    line = torch.rand(1, 3, 2, dtype=torch.float64).requires_grad_()
    rest = layer.init_state(1, dtype=torch.float64)
    run = lambda x, line: layer(x, rest._replace(spikes=line))[0]  # noqa: E731
    assert torch.autograd.gradcheck(run, (x, line))


def test_is_saved(tmp_path) -> None:
    layer = lif(backend="torch", dtype=None)
    save(tmp_path / "layer.pt", layer)
    x = currents(20, 2).float()
    assert torch.equal(load(tmp_path / "layer.pt")(x)[0], layer(x)[0])
    with pytest.raises(ValueError, match="recurrent_delay: expected recurrent or inhibition with it"):
        SpikingLayer(LIF, 3, recurrent_delay=2.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (1.5, "cells: recurrent_delay: 1.5 ms is not a multiple of the time step dt = 1 ms"),
        (0.0, "recurrent_delay: expected at least one step .*got 0 ms"),
        (-1.0, "recurrent_delay: expected times >= 0, got -1 ms"),
        ([1.0, 2.0], r"expected one time, one for each of 3 cells or \(3, 3\), got shape \(2,\)"),
        (float("inf"), "recurrent_delay: expected times in ms, got inf"),
    ],
)
def test_mistakes_are_told(given, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        delays_of(given, 3, 1.0, "cells")
