"""Cells of a layer that send to each other after delays, and the same cells in a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from spikegram.bridges.torch import SpikingLayer
from spikegram.networks import FromList, Network
from spikegram.neurons import LIF

N = 6


def lif(delays: Any, **arguments: Any) -> SpikingLayer:
    """Cells that send to each other: x drives I and I_ext, spikes arrive at I as those of a projection."""
    torch.manual_seed(0)
    given = dict(input=("I", "I_ext"), recurrent="dense", recurrent_delay=delays, learn=("tau_m",), dtype=torch.float64)
    return SpikingLayer(LIF, N, **{**given, **arguments})


def currents(steps: int, batch: int) -> torch.Tensor:
    """Give x [steps, batch, 2, N]."""
    generator = torch.Generator().manual_seed(5)
    x = 0.4 * torch.rand((steps, batch, 2, N), generator=generator, dtype=torch.float64)
    x[:, :, 0] *= 0.1
    return x


def external(steps: int) -> torch.Tensor:
    """Give x of one sample that drives I_ext alone: only spikes arrive at I."""
    x = currents(steps, 1)
    x[:, :, 0] = 0
    x[:, :, 1] *= 1.5
    return x


def in_a_network(
    x: torch.Tensor, pairs: Sequence[tuple[int, int]], weights: torch.Tensor, delays: torch.Tensor
) -> np.ndarray:  # fmt: skip
    """Give the spikes [steps, N] that `external` x brings where pairs have ``weights`` and ``delays`` [N, N]."""
    net = Network(dt=1.0)
    cells = net.population(N, LIF, name="cells")
    values, late = (np.array([float(a[p]) for p in pairs]) for a in (weights.detach(), delays))
    net.project(cells, cells, FromList(pairs), weight=values, delay=late, target="I")
    net.inject(cells, x[:, 0, 1].numpy(), target="I_ext")
    net.record(cells, "spikes")
    spikes = net.run(len(x), backend="reference")["cells"].spikes
    found = np.zeros((len(x), N))
    found[np.rint(spikes.times).astype(int), spikes.ids] = 1
    return found
