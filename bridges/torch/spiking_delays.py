"""Delays of the spikes that the cells of a layer send to each other: whole steps from 1 to D, one for each sender.

The spikes of the last D steps are part of the state, the oldest first.

>>> import torch
>>> delays = delays_of([1.0, 2.0], 2, 0.5, "cells")
>>> delays.tolist()
[2, 4]
>>> arriving(torch.tensor([[[1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]]), delays).tolist()    # of the oldest step
[[0.0, 1.0]]
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ...networks.values import grid_steps

__all__ = ["arrived", "arriving", "delays_of"]


def delays_of(given: Any, n: int, dt: float, owner: str) -> Tensor | None:
    """Give the delays of n cells in steps; None if every spike takes one step.

    ``given`` is in ms: None for one step, one number, or one for each cell.
    """
    what = f"{owner}: recurrent_delay"
    if given is None:
        return None
    value = torch.as_tensor(given, dtype=torch.float64).detach().cpu()
    if value.ndim and value.numel() != n:
        raise ValueError(f"{what}: expected one time or one for each of {n} cells, got shape {tuple(value.shape)}")
    if not bool(value.isfinite().all()):
        raise ValueError(f"{what}: expected times in ms, got {given!r}")
    steps = torch.as_tensor(grid_steps(value.numpy() * 1e-3, dt * 1e-3, what)).flatten()
    if int(steps.min()) < 1:
        raise ValueError(f"{what}: expected at least one step (dt = {dt:g} ms), got {float(value.min()):g} ms")
    return None if int(steps.max()) == 1 else steps.expand(n).clone()


def arriving(line: Tensor, delays: Tensor) -> Tensor:
    """Spikes that arrive now (B, N), out of those of the last D steps (B, D, N)."""
    return line.gather(1, (line.shape[1] - delays).expand(line.shape[0], 1, -1)).squeeze(1)


def arrived(before: Tensor, y: Tensor, delays: Tensor) -> Tensor:
    """Spikes that arrive in each step [T, B, N], of y [T, B, N] and of the D steps before [D, B, N]."""
    since = torch.arange(len(y), device=y.device).unsqueeze(1) + len(before) - delays
    return torch.cat([before, y]).gather(0, since.unsqueeze(1).expand(y.shape))
