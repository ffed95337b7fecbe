"""Delays of the spikes that the cells of a layer send to each other: whole steps from 1 to D, one for each sender.

The spikes of the last D steps are part of the state, the oldest first. Delays of single synapses: `spiking_pairs`.

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


def delays_of(given: Any, n: int, dt: float, owner: str, pairs: Tensor | None = None) -> Tensor | None:
    """Give the delays of n cells in steps; None if every spike takes one step.

    Parameters
    ----------
    given : None, number, tensor or sequence
        In ms: None for one step, one for all, one for each cell that sends, or (n, n) from each cell to each.
    n : int
    dt : float
        In ms.
    owner : str
        Begins the messages.
    pairs : tensor of bool (n, n), optional
        Which synapses there are, by default all; delays (n, n) between other cells are not looked at.

    Returns
    -------
    tensor of int64 (n,), or (n, n) if a cell's synapses differ
    """
    what = f"{owner}: recurrent_delay"
    if given is None:
        return None
    given = given.to_dense() if isinstance(given, Tensor) and given.layout != torch.strided else given
    value = torch.as_tensor(given, dtype=torch.float64).detach().cpu()
    single = value.shape == (n, n) and n > 1
    if value.ndim and value.numel() != n and not single:
        raise ValueError(
            f"{what}: expected one time, one for each of {n} cells or ({n}, {n}), got shape {tuple(value.shape)}"
        )
    if single and pairs is not None:
        value = torch.where(pairs.cpu(), value, dt)
    if not bool(value.isfinite().all()):
        bad = value[~value.isfinite()].flatten()[0].item()
        raise ValueError(f"{what}: expected times in ms, got {bad:g}")
    steps = torch.as_tensor(grid_steps(value.numpy() * 1e-3, dt * 1e-3, what))
    if int(steps.min()) < 1:
        raise ValueError(f"{what}: expected at least one step (dt = {dt:g} ms), got {float(value.min()):g} ms")
    if int(steps.max()) == 1:
        return None
    if not single:
        return steps.flatten().expand(n).clone()
    if pairs is None:
        pairs = torch.ones(n, n, dtype=torch.bool)
    of_cell = torch.where(pairs.cpu(), steps, 0).amax(1).clamp(min=1)  # one for all synapses of a cell, if it is so
    return of_cell if bool(((steps == of_cell.unsqueeze(1)) | ~pairs.cpu()).all()) else steps


def arriving(line: Tensor, delays: Tensor) -> Tensor:
    """Spikes that arrive now (B, N), out of those of the last D steps (B, D, N)."""
    return line.gather(1, (line.shape[1] - delays).expand(line.shape[0], 1, -1)).squeeze(1)


def arrived(before: Tensor, y: Tensor, delays: Tensor) -> Tensor:
    """Spikes that arrive in each step [T, B, N], of y [T, B, N] and of the D steps before [D, B, N]."""
    since = torch.arange(len(y), device=y.device).unsqueeze(1) + len(before) - delays
    return torch.cat([before, y]).gather(0, since.unsqueeze(1).expand(y.shape))
