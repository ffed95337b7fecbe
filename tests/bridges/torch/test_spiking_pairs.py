"""Spikes that reach other cells of a layer after a delay of each synapse."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import recurrent_cells
import torch
from recurrent_cells import N, currents, external, in_a_network

from spikegram.bridges.torch import SpikingLayer, load, save
from spikegram.bridges.torch.spiking_delays import delays_of
from spikegram.bridges.torch.spiking_pairs import PairDelays
from spikegram.neurons import BellecALIF

DELAYS = torch.randint(1, 8, (N, N), generator=torch.Generator().manual_seed(3)).double()
SPARSE = torch.randn(N, N, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
SPARSE = SPARSE * (torch.rand(N, N, generator=torch.Generator().manual_seed(6)) < 0.4)


lif = partial(recurrent_cells.lif, DELAYS)


def test_lists_hold_every_synapse_once() -> None:
    pairs = SPARSE != 0
    found = PairDelays(DELAYS.long(), pairs)
    delays, start, target = found.lists()
    weights, seen = found.listed(SPARSE), torch.zeros(N, N, dtype=torch.float64)
    for c, d in enumerate(delays.tolist()):
        for i in range(N):
            for k in range(int(start[c * N + i]), int(start[c * N + i + 1])):
                o = int(target[k])
                assert DELAYS[i, o] == d
                assert seen[i, o] == 0
                seen[i, o] = weights[k]
    assert torch.equal(seen, SPARSE)
    line = torch.rand(2, int(delays.max()), N, dtype=torch.float64)
    expected = torch.zeros(2, N, dtype=torch.float64)
    for i, o in pairs.nonzero().tolist():
        expected[:, o] += SPARSE[i, o] * line[:, -int(DELAYS[i, o]), i]
    torch.testing.assert_close(found.arriving(line, found.received(SPARSE)), expected)
    assert not list(found.state_dict())


@pytest.mark.parametrize("sparse", [False, True])
def test_spikes_are_those_of_a_network(sparse: bool) -> None:
    x = external(150)
    layer = lif(recurrent=SPARSE.to_sparse()) if sparse else lif()
    pairs = [(i, o) for i in range(N) for o in range(N) if not sparse or SPARSE[i, o]]
    found = in_a_network(x, pairs, layer.recurrent_weight, DELAYS)
    y, _ = layer(x)
    assert layer.backend_used == "numba"
    np.testing.assert_array_equal(y[:, 0].detach().numpy(), found)
    assert found.sum() > 30
    recurrent = SPARSE.to_sparse() if sparse else "dense"
    assert not torch.equal(y, lif(recurrent=recurrent, recurrent_delay=DELAYS.amax(1))(x)[0])  # they matter here


def results(layer: SpikingLayer, cuts: list[int], batch: int) -> list[torch.Tensor]:
    """Outputs, the last state and all gradients of a sequence that is cut."""
    x, weight = currents(sum(cuts), batch).requires_grad_(), layer.recurrent_weight
    state = layer.init_state(batch, dtype=torch.float64)
    line = torch.rand(state.spikes.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    before = (line * (line < 0.2)).requires_grad_()
    start = state = state._replace(spikes=before, I=state.I.requires_grad_())
    parts = []
    for part in x.split(cuts):
        y, state = layer(part, state)
        parts.append(y)
    y = torch.cat(parts)
    towards = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).reshape(y.shape)
    depth = state.spikes.shape[1]
    loss = (y * towards).sum() + (state.I**2).sum() * 1e20 + (state.spikes * towards[:depth].movedim(0, 1)).sum()
    others = [p for p in layer.parameters() if p is not weight]
    gradients = torch.autograd.grad(loss, [x, before, start.I, weight, *others])
    return [y.detach(), *(t.detach() for t in state), *gradients]


@pytest.mark.parametrize("kind", ["dense", "sparse", "inhibition"])
def test_compiled_passes_are_the_plain_steps(kind: str) -> None:
    given = {
        "dense": dict(recurrent="dense"), "sparse": dict(recurrent=SPARSE.to_sparse()),
        "inhibition": dict(recurrent=SPARSE.to_sparse(), inhibition=0.02),
    }[kind]  # fmt: skip
    cuts = [2, 31, 37]  # the first is shorter than the longest delay
    whole = results(lif(**given), [70], 3)
    fused, plain = results(lif(**given), cuts, 3), results(lif(backend="torch", **given), cuts, 3)
    assert 0 < fused[0].mean() < 1
    for a, b in zip(fused[:4], whole[:4], strict=True):  # y and state: the same bits
        assert torch.equal(a, b)
    for a, b, c in zip(fused, plain, whole, strict=True):
        assert b.abs().max() > 0
        for other in (b, c):
            torch.testing.assert_close(a, other, rtol=1e-9, atol=1e-10 * float(b.abs().max()))


def test_single_steps_are_the_sequence() -> None:
    layer, x, state, outputs = lif(), currents(40, 2), None, []
    for x_t in x:
        y_t, state = layer.step(x_t, state)
        outputs.append(y_t)
    y, last = layer(x)
    assert y.sum() > 0
    assert torch.equal(torch.stack(outputs), y)
    for a, b in zip(state, last, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=0)


def test_samples_and_threads_change_no_bit() -> None:
    """Also of samples in the last, unfilled block of a tile, and of later tiles."""
    layer, x = lif(inhibition=0.02), currents(40, 1369)

    def gradients(x: torch.Tensor) -> list[torch.Tensor]:
        x = x.clone().requires_grad_()
        y, state = layer(x)
        found = torch.autograd.grad(y.sum() + state.spikes.square().sum(), [x, layer.recurrent_weight])
        return [y.detach(), *found]

    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        two = gradients(x)
        torch.set_num_threads(1)
        one = gradients(x)
    finally:
        torch.set_num_threads(threads)
    assert 1369 * N > 8192  # cells of a tile; and enough for two threads
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert one[0].sum() > 0
    for k in (0, 17, 1361, 1368):
        y, g, _ = gradients(x[:, k : k + 1])
        assert torch.equal(y[:, 0], one[0][:, k])
        assert torch.equal(g[:, 0], one[1][:, k])
        assert g.any()


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_gradients_of_a_smooth_layer_are_finite_differences(backend: str) -> None:
    torch.manual_seed(0)
    layer = SpikingLayer(
        BellecALIF, 3, recurrent="dense", recurrent_delay=[[2.0, 3.0, 1.0], [1.0, 1.0, 4.0], [2.0, 2.0, 1.0]],
        smooth=True, surrogate="sigmoid", reset_grad="through", backend=backend, dtype=torch.float64,
    )  # fmt: skip
    x = (0.8 * torch.rand(6, 2, 3, dtype=torch.float64)).requires_grad_()
    line = torch.rand(2, 4, 3, dtype=torch.float64).requires_grad_()
    rest = layer.init_state(2, dtype=torch.float64)
    v = rest.v.clone().requires_grad_()
    weight = layer.recurrent_weight.detach().clone().requires_grad_()

    def run(x, line, v, weight):
        state = rest._replace(spikes=line, v=v)
        y, end = torch.func.functional_call(layer, {"recurrent_weight": weight}, (x, state))
        return y, end.v, end.spikes

    assert torch.autograd.gradcheck(run, (x, line, v, weight))


def test_a_spike_is_late() -> None:
    weights = torch.tensor([[0.0, 1.5, 0.0], [0.0, 0.0, 1.5], [1.5, 0.0, 0.0]])  # a ring
    delays = [[9.0, 3.0, 9.0], [9.0, 9.0, 2.0], [1.0, 9.0, 9.0]]
    layer = SpikingLayer(BellecALIF, 3, recurrent=weights.to_sparse(), recurrent_delay=delays, backend="torch")
    assert layer.recurrent_steps.tolist() == [3, 2, 1]  # one for each cell that sends
    fork = torch.tensor([[0.0, 1.5, 1.5], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    layer = SpikingLayer(BellecALIF, 3, recurrent=fork, recurrent_delay=np.array(delays) + 1, backend="torch")
    x = torch.zeros(12, 1, 3)
    x[0, 0, 0] = 1.5
    y, state = layer(x)
    assert y.nonzero()[:, [0, 2]].tolist() == [[0, 0], [4, 1], [10, 2]]
    assert state.spikes.shape == (1, 10, 3)
    assert layer.state_shapes()["spikes"] == (10, 3)


def test_delays_of_synapses_are_steps() -> None:
    assert delays_of([[0.5, 1.0], [0.5, 0.5]], 2, 0.5, "cells").tolist() == [[1, 2], [1, 1]]
    assert delays_of([[1.0, 1.0], [2.0, 2.0]], 2, 1.0, "cells").tolist() == [1, 2]
    assert delays_of(np.ones((3, 3)), 3, 1.0, "cells") is None
    pairs = torch.tensor([[False, True], [True, True]])
    nothing = float("nan")
    assert delays_of([[nothing, 3.0], [2.0, 1.0]], 2, 1.0, "cells", pairs).tolist() == [[1, 3], [2, 1]]
    sparse = torch.tensor([[0.0, 3.0], [2.0, 1.0]]).to_sparse()
    assert delays_of(sparse, 2, 1.0, "cells", pairs).tolist() == [[1, 3], [2, 1]]
    with pytest.raises(ValueError, match="expected at least one step .*got 0 ms"):
        delays_of(sparse, 2, 1.0, "cells")


def test_is_saved(tmp_path) -> None:
    layer = lif(backend="torch", dtype=None, recurrent=SPARSE.float().to_sparse(), inhibition=0.02)
    save(tmp_path / "layer.pt", layer)
    x = currents(20, 2).float()
    y = layer(x)[0]
    assert y.sum() > 0
    assert torch.equal(load(tmp_path / "layer.pt")(x)[0], y)
    other = lif(backend="torch", recurrent=SPARSE.t().to_sparse())
    with pytest.raises(ValueError, match="recurrent_mask: the file has other synapses"):
        other.load_state_dict(layer.state_dict())


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1.5, "cells: recurrent_delay: 1.5 ms is not a multiple of the time step dt = 1 ms"),
        (0.0, "recurrent_delay: expected at least one step .*got 0 ms"),
        (-1.0, "recurrent_delay: expected times >= 0, got -1 ms"),
        (float("nan"), "recurrent_delay: expected times in ms, got nan"),
    ],
)
def test_mistakes_are_told(value: float, message: str) -> None:
    given = torch.ones(3, 3)
    given[1, 2] = value
    with pytest.raises(ValueError, match=message):
        delays_of(given, 3, 1.0, "cells")
    with pytest.raises(ValueError, match=r"one for each of 3 cells or \(3, 3\), got shape \(3, 2\)"):
        delays_of(given[:, :2], 3, 1.0, "cells")
