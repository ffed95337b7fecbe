"""Layers in a row, and the stream that keeps a state."""

from __future__ import annotations

import pytest
import torch
from running_layer import Running
from torch import nn

from spikegram.bridges.torch import Chain, Stream


@pytest.fixture
def chain() -> Chain:
    torch.manual_seed(0)
    return Chain(Running(3), nn.Linear(3, 2), Chain(Running(2)))


def test_sequence_equals_steps(chain: Chain) -> None:
    x = torch.randn(5, 4, 3)
    y, states = chain(x)
    assert y.shape == (5, 4, 2)
    assert states[1] is None
    stream = Stream(chain)
    torch.testing.assert_close(torch.stack([stream(x_t) for x_t in x]), y)
    torch.testing.assert_close(stream.state[2][0].m, states[2][0].m)
    stream.reset()
    torch.testing.assert_close(stream(x[0]), y[0])


def test_split_and_lengths(chain: Chain) -> None:
    x = torch.randn(6, 2, 3)
    y, _ = chain(x)
    first, middle = chain(x[:2])
    torch.testing.assert_close(torch.cat([first, chain(x[2:], middle)[0]]), y)
    ragged, _ = chain(x, lengths=torch.tensor([6, 3]))
    torch.testing.assert_close(ragged[:, 0], y[:, 0])


def test_initial_states(chain: Chain) -> None:
    states = chain.init_state(4)
    assert states[0].m.shape == (4, 3)
    assert states[1] is None
    assert chain[0] is chain.layers[0] and len(chain) == 3


def test_errors(chain: Chain) -> None:
    with pytest.raises(ValueError, match="tuple of 3 entries, got 2 entries"):
        chain(torch.zeros(1, 1, 3), (None, None))
    with pytest.raises(TypeError, match="layer 1 must be a torch module, got int"):
        Chain(Running(3), 3)
