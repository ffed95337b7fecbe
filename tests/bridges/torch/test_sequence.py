"""The base of layers: what `test_every_layer.py` does not ask of all."""

from __future__ import annotations

import pytest
import torch
from running_layer import Running


def test_features_of_several_axes() -> None:
    layer = Running(2, 3)
    y, state = layer(torch.ones(5, 4, 2, 3))
    assert y.shape == (5, 4, 2, 3)
    assert torch.equal(state.m, torch.full((4, 2, 3), 5.0))
    with pytest.raises(ValueError, match=r"last axes of x is \(3, 2\), expected \(2, 3\)"):
        layer(torch.ones(5, 4, 3, 2))


def test_swapped_axes_are_hinted_at() -> None:
    with pytest.raises(ValueError, match=r"last axis of x is 100, expected 7.*x\.movedim\(-1, 0\)"):
        Running(7)(torch.zeros(3, 7, 100))


def test_states_by_name_and_by_callable() -> None:
    layer = Running(3)
    assert layer.init_state(2).m.shape == (2, 3)
    assert layer.init_state((2,)).m.shape == (2, 3)
    assert layer.init_state().m.shape == (3,)
    assert torch.equal(
        layer.init_state(2, mode=torch.ones, dtype=torch.float64).m, torch.ones(2, 3, dtype=torch.float64)
    )
    with pytest.raises(ValueError, match="batch_shape must be"):
        layer.init_state((2, 3))
    with pytest.raises(ValueError, match="mode 'stationary' is not defined"):
        layer.init_state(2, mode="stationary")


def test_integers_are_refused_with_the_cast() -> None:
    with pytest.raises(TypeError, match=r"expected floating point; use x\.float\(\)"):
        Running(3)(torch.zeros(2, 1, 3, dtype=torch.int64))


def test_repr_prints_what_is_not_default() -> None:
    assert "batch_first=True" in repr(Running(3, batch_first=True))
    assert "batch_first" not in repr(Running(3))


def test_trace_keeps_every_second_step() -> None:
    _, _, trace = Running(1).trace(torch.ones(6, 1, 1), every=2)
    assert trace["m"].flatten().tolist() == [1, 3, 5]
    with pytest.raises(ValueError, match="every must be at least 1"):
        Running(1).trace(torch.ones(6, 1, 1), every=0)
    with pytest.raises(ValueError, match="at least one step"):
        Running(1).trace(torch.ones(0, 1, 1))
