"""Operations on states."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from spikegram.bridges.torch import clone, detach, select, stack, to


class _State(NamedTuple):
    v: Tensor
    i: Tensor


@pytest.fixture
def state() -> _State:
    return _State(torch.arange(6.0).reshape(3, 2), torch.zeros(3, requires_grad=True))


def test_detach_cuts_the_graph_and_clone_copies(state: _State) -> None:
    assert state.i.requires_grad and not detach(state).i.requires_grad
    copied = clone(state)
    assert copied.v.data_ptr() != state.v.data_ptr()
    assert detach(state).v.data_ptr() == state.v.data_ptr()


@pytest.mark.parametrize("index", [[2, 0], torch.tensor([2, 0])])
def test_select_keeps_rows_in_order(state: _State, index) -> None:
    assert select(state, index).v.tolist() == [[4, 5], [0, 1]]


def test_select_takes_masks_and_nested_states(state: _State) -> None:
    inner, nothing = select((state, None), torch.tensor([True, False, False]))
    assert inner.v.tolist() == [[0, 1]]
    assert nothing is None


def test_stack_and_to(state: _State) -> None:
    assert stack([state, state]).i.shape == (2, 3)
    assert to(state, torch.float64).v.dtype == torch.float64
    with pytest.raises(ValueError, match="at least one state"):
        stack([])
