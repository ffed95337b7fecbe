"""A small sequence layer, for the tests of what all of them share."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from spikegram.bridges.torch import SequenceLayer


class _State(NamedTuple):
    m: Tensor


class Running(SequenceLayer):
    """``m_t = m_{t-1} + x_t`` on features of any shape."""

    State = _State

    def __init__(self, *shape: int, batch_first: bool = False) -> None:
        super().__init__(shape, batch_first)

    @property
    def out_shape(self):
        return self.in_shape

    def state_shapes(self):
        return {"m": self.in_shape}

    def run(self, x, state):
        y = x.cumsum(0) + state.m
        return y, _State(y[-1])

    def advance(self, x, state):
        return state.m + x, _State(state.m + x)

    def config(self):
        return {"batch_first": self.batch_first}
