r"""Regularisers: costs of what a layer returned, to be added to a loss. They cost nothing where they are not used.

With s the spikes (T, B, *features), n the spikes of a cell in a sample, r = n/L its spikes per step (L steps, those of
``lengths`` if given; 10 Hz are r = 0.01 at dt = 1 ms), [.]_+ what is positive, and v membranes:

========================  ==========================================================================================
function                  cost
========================  ==========================================================================================
`rate_band`               mean over cells of [low - q]_+^2 + [q - high]_+^2, q the mean of r over the samples
`silent_cells`            mean over samples and cells of [least - n]_+^2
`spikes_l1`               mean over samples and cells of r
`spikes_l2`               mean over samples and cells of r^2
`membrane_band`           mean over steps, samples and cells of [low - v]_+^2 + [v - high]_+^2
`synaptic_operations`     mean over samples of sum over cells of n times its fan-out
========================  ==========================================================================================

`rate_band` leaves cells alone that are quiet for some samples and busy for others, with low = high it draws them to one
rate; `silent_cells` asks for spikes in every sample; `spikes_l1` costs each spike the same, `spikes_l2` those of busy
cells more; `synaptic_operations` is what an event-driven machine has to do.

All take ``time_first=False`` for (B, T, ...), and ``lengths`` (B,): later steps do not count. Gradients reach the cells
through the surrogate at their thresholds, so a cell far below gets little of them.

**References.** G. Bellec et al. 2018, NeurIPS 31 (rates drawn to a target); F. Zenke, T. P. Vogels 2021, Neural Comput.
33 (lower bounds on n, upper ones on means, L1 and L2); G. Bellec et al. 2020, Nat. Commun. 11:3625 (membranes).

>>> import torch
>>> s = torch.tensor([[1.0, 0.0], [1.0, 0.0]]).unsqueeze(1)          # T = 2, one sample, a busy and a silent cell
>>> rate_band(s, 0.25, 0.5).item()                                    # ((1 - 0.5)^2 + (0.25 - 0)^2)/2
0.15625
>>> silent_cells(s).item(), synaptic_operations(s, 100).item()
(0.5, 200.0)
"""

from __future__ import annotations

import torch
from torch import Tensor

from .losses import arranged, counts, rates

__all__ = ["membrane_band", "rate_band", "silent_cells", "spikes_l1", "spikes_l2", "synaptic_operations"]


def rate_band(
    spikes: Tensor, low: float, high: float, *, lengths: Tensor | None = None, time_first: bool = True
) -> Tensor:
    """Draw the rate of each cell, its mean over the batch, into a band.

    Parameters
    ----------
    spikes : tensor (T, B, *features)
    low, high : float
        Spikes per step, 0 <= low <= high.
    """
    if not 0 <= low <= high:
        raise ValueError(f"low, high: expected spikes per step, 0 <= low <= high, got {low!r} and {high!r}")
    return _outside(rates(spikes, lengths=lengths, time_first=time_first).mean(0), low, high).mean()


def silent_cells(
    spikes: Tensor, least: float = 1.0, *, lengths: Tensor | None = None, time_first: bool = True
) -> Tensor:
    """Ask each cell for at least ``least`` spikes in each sample."""
    if not least > 0:
        raise ValueError(f"least: expected a number of spikes > 0, got {least!r}")
    return ((least - counts(spikes, lengths=lengths, time_first=time_first)).relu() ** 2).mean()


def spikes_l1(spikes: Tensor, *, lengths: Tensor | None = None, time_first: bool = True) -> Tensor:
    """Mean of the spikes per step."""
    return rates(spikes, lengths=lengths, time_first=time_first).mean()


def spikes_l2(spikes: Tensor, *, lengths: Tensor | None = None, time_first: bool = True) -> Tensor:
    """Mean square of the spikes per step."""
    return (rates(spikes, lengths=lengths, time_first=time_first) ** 2).mean()


def membrane_band(
    v: Tensor, low: float, high: float, *, lengths: Tensor | None = None, time_first: bool = True
) -> Tensor:
    """Draw membranes (T, B, *features), in their own unit, into a band."""
    if not low <= high:
        raise ValueError(f"low, high: expected low <= high, got {low!r} and {high!r}")
    v, inside, steps = arranged(v, "v", lengths, time_first)
    cost = _outside(v, low, high)
    return cost.mean() if inside is None else (torch.where(inside, cost, 0).sum(0) / steps).mean()


def synaptic_operations(
    spikes: Tensor, fan_out: float | Tensor, *, lengths: Tensor | None = None, time_first: bool = True
) -> Tensor:
    """Count what spikes cause: for each spike of a cell as many operations as it has targets.

    Parameters
    ----------
    spikes : tensor (T, B, *features)
    fan_out : float or tensor (*features)
        Targets of each cell.
    """
    n = counts(spikes, lengths=lengths, time_first=time_first)
    if isinstance(fan_out, Tensor) and fan_out.ndim and fan_out.shape != n.shape[1:]:
        raise ValueError(f"fan_out: expected a number or shape {tuple(n.shape[1:])}, got {tuple(fan_out.shape)}")
    return (n * fan_out).flatten(1).sum(1).mean()


def _outside(x: Tensor, low: float, high: float) -> Tensor:
    return (low - x).relu() ** 2 + (x - high).relu() ** 2
