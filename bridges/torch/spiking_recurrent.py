"""Weights between the cells of a layer: what is given, kept, and used in a step.

>>> import torch
>>> weight, mask = make_weights(torch.eye(2).to_sparse(), 2, "cells", dict(dtype=torch.float32))
>>> weight_matrix(weight, mask, 0.5, 2, torch.zeros(())).tolist()
[[1.0, -0.5], [-0.5, 1.0]]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from .laws import Law

__all__ = ["config_of_weights", "make_weights", "pairs_of", "weight_matrix"]


def make_weights(given: Any, n: int, owner: str, kind: Mapping[str, Any]) -> tuple[Tensor | None, Tensor | None]:
    """Start values [N, N] and, of sparse ones, which of them there are.

    ``given`` is None, ``dense``, a tensor, a law, or what `config_of_weights` wrote; ``kind`` has device and dtype.
    """
    if given is None:
        return None, None
    if isinstance(given, str) and given == "dense":
        return torch.randn(n, n, **kind) / n**0.5, None
    mask: Tensor | None = None
    if isinstance(given, Law):
        given = given.draw((n, n))
    if isinstance(given, Mapping):
        mask = torch.tensor(given["mask"], dtype=torch.bool) if given["mask"] is not None else None
        given = torch.zeros(n, n)
    if not isinstance(given, Tensor) or tuple(given.shape) != (n, n):
        came = tuple(given.shape) if isinstance(given, Tensor) else given
        raise ValueError(f"{owner}: recurrent: expected 'dense' or a tensor ({n}, {n}), got {came!r}")
    if given.layout != torch.strided:
        given = given.to_dense()
        mask = given != 0
    return given.detach().to(**kind).clone(), mask if mask is None else mask.to(kind.get("device"))


def config_of_weights(weight: Tensor | None, mask: Tensor | None) -> Any:
    """What rebuilds the layer, without the weights themselves."""
    return None if weight is None else {"mask": None if mask is None else mask.tolist()}


def pairs_of(weight: Tensor | None, mask: Tensor | None, inhibition: float, n: int) -> Tensor:
    """Which cells reach which [N, N]."""
    found = torch.full((n, n), weight is not None)
    if mask is not None:
        found = mask.cpu().clone()
    return found | ~torch.eye(n, dtype=torch.bool) if inhibition else found


def weight_matrix(weight: Tensor | None, mask: Tensor | None, inhibition: float, n: int, like: Tensor) -> Tensor:
    """Weights from cell to cell [N, N], with the inhibition."""
    found = like.new_zeros(n, n)
    if weight is not None:
        found = weight.to(like.dtype)
        found = found if mask is None else found * mask
    if inhibition:
        found = found - inhibition * (1 - torch.eye(n, dtype=like.dtype, device=like.device))
    return found
