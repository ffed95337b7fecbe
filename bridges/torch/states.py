"""What can be done with the state of a layer: a NamedTuple of tensors, batch axis first, or a tuple of such states.

>>> import torch
>>> from typing import NamedTuple
>>> class Pair(NamedTuple):
...     v: torch.Tensor
...     i: torch.Tensor
>>> state = Pair(torch.arange(3.0), torch.zeros(3))
>>> select(state, [2, 0]).v.tolist()
[2.0, 0.0]
>>> stack([state, state]).v.shape
torch.Size([2, 3])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch.utils._pytree import tree_map

__all__ = ["clone", "detach", "select", "stack", "to"]

S = TypeVar("S")


def detach(state: S) -> S:
    """Cut the graph: between two windows of truncated backpropagation."""
    return tree_map(lambda t: t.detach() if isinstance(t, torch.Tensor) else t, state)


def clone(state: S) -> S:
    """Copy every tensor."""
    return tree_map(lambda t: t.clone() if isinstance(t, torch.Tensor) else t, state)


def to(state: S, *args: Any, **keywords: Any) -> S:
    """Move or convert every tensor, as `torch.Tensor.to`."""
    return tree_map(lambda t: t.to(*args, **keywords) if isinstance(t, torch.Tensor) else t, state)


def select(state: S, index: Any) -> S:
    """Keep some samples of the batch: ``index`` is a list, a tensor of indices or a mask (early exit, beam search)."""

    def taken(t: Any) -> Any:
        if not isinstance(t, torch.Tensor):
            return t
        chosen = torch.as_tensor(index, device=t.device)
        if chosen.dtype == torch.bool:
            chosen = chosen.nonzero().squeeze(1)
        return t.index_select(0, chosen)

    return tree_map(taken, state)


def stack(states: Sequence[S]) -> S:
    """Put states of equal shapes behind a new first axis."""
    if not states:
        raise ValueError("states: expected at least one state, got none")
    return tree_map(lambda first, *rest: torch.stack([first, *rest]), states[0], *states[1:])
