"""Delays of the single synapses between the cells of a layer: whole steps from 1 to D, fixed.

A synapse from cell i to cell o with a delay of d steps brings spikes that were sent d steps ago:

    sum_i W[i, o] y_{t - d[i, o]}[i]

The synapses are listed twice. Compiled passes take them by delay, then by the cell that sends
(`kernels.compiled_layer_pairs`); plain steps by the cell that receives, for each as many as one has at most.

>>> import torch
>>> pairs = PairDelays(torch.tensor([[1, 2], [2, 1]]), torch.tensor([[True, True], [False, True]]))
>>> W = torch.tensor([[1.0, 2.0], [0.0, 4.0]])
>>> [t.tolist() for t in pairs.lists()], pairs.listed(W).tolist()        # one step: 0 -> 0, 1 -> 1; two: 0 -> 1
([[1, 2], [0, 1, 2, 3, 3], [0, 1, 1]], [1.0, 4.0, 2.0])
>>> line = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])                      # cell 0 two steps ago, cell 1 in the last
>>> pairs.arriving(line, pairs.received(W)).tolist()
[[0.0, 6.0]]
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["PairDelays"]


class PairDelays(nn.Module):
    """Hold the lists.

    Parameters
    ----------
    steps : tensor of int64 (N, N)
        Delay from cell i to cell o in steps, at least 1.
    pairs : tensor of bool (N, N)
        Which synapses there are.
    """

    delays: Tensor
    start: Tensor
    target: Tensor
    _order: Tensor
    _places: Tensor
    _entries: Tensor

    def __init__(self, steps: Tensor, pairs: Tensor) -> None:
        super().__init__()
        n = len(steps)
        sender, target = pairs.nonzero(as_tuple=True)
        d = steps[sender, target]
        delays, kind = d.unique(return_inverse=True)
        place = kind * n + sender
        order = torch.argsort(place, stable=True)
        start = torch.searchsorted(place[order], torch.arange(len(delays) * n + 1))
        # by the cell that receives: [N, M], filled up with what lies behind the last weight and the last spike
        into = torch.argsort(target, stable=True)
        sender, target, d = sender[into], target[into], d[into]
        count = torch.bincount(target, minlength=n)
        slot = torch.arange(len(target)) - (count.cumsum(0) - count)[target]
        entries = torch.full((n, int(count.max())), n * n)
        places = torch.full_like(entries, int(d.max()) * n)
        entries[target, slot] = sender * n + target
        places[target, slot] = (int(d.max()) - d) * n + sender
        flat = pairs.flatten().nonzero().squeeze(1)[order]
        made = dict(
            delays=delays, start=start, target=(flat % n).int(), _order=flat, _places=places.flatten(),
            _entries=entries.flatten(),
        )  # fmt: skip
        for name, t in made.items():
            self.register_buffer(name, t, persistent=False)

    def lists(self) -> tuple[Tensor, Tensor, Tensor]:
        """Give the delays that there are, where the rows of each begin, and the cells that receive."""
        return self.delays, self.start, self.target

    def listed(self, weights: Tensor) -> Tensor:
        """Give the weights (N, N) in the order of `lists`."""
        return weights.flatten().gather(0, self._order)

    def received(self, weights: Tensor) -> Tensor:
        """Give the weights (N, N) by the cell that receives: (N, M)."""
        filled = torch.cat([weights.flatten(), weights.new_zeros(1)])
        return filled.gather(0, self._entries).reshape(len(weights), -1)

    def arriving(self, line: Tensor, received: Tensor) -> Tensor:
        """Give what arrives now (B, N), of the spikes of the last D steps (B, D, N)."""
        filled = torch.cat([line.flatten(1), line.new_zeros(line.shape[0], 1)], 1)
        sent = filled.gather(1, self._places.expand(line.shape[0], -1))
        return (sent.unflatten(1, received.shape) * received).sum(-1)
