"""A linear map with a fixed delay for each synapse, as one compiled pass forward and one backward.

    y_t[o] = sum_i w[o, i] x_{t - k[o, i]}[i]

Each synapse costs one multiply-add a step and sample, for every length of the delays; two on the way back. Sums are
taken in one order: outputs do not depend on threads, on other samples, or on where a sequence is cut.

>>> import torch
>>> lists = delay_lists(torch.tensor([[0, 2]]))
>>> x, line = torch.tensor([[[1.0, 1.0]], [[2.0, 2.0]], [[3.0, 3.0]]]), torch.zeros(2, 1, 2)
>>> delayed_linear(x, line, torch.tensor([[1.0, 10.0]]), lists).flatten().tolist()
[1.0, 2.0, 13.0]
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...kernels.lanes import on_lanes
from ...kernels.layer_arrivals import SIDE
from .fresh import KINDS, fresh
from .op import SequenceOp, as_array, flat

__all__ = ["delay_lists", "delayed_linear"]


def _by_row(steps: Tensor) -> tuple[Tensor, ...]:
    """Starts, columns and places in ``steps.flatten()`` of the entries, by delay and then by row."""
    rows, columns = steps.shape
    delays, kind = steps.unique(return_inverse=True)
    place = (kind * rows + torch.arange(rows, device=steps.device).unsqueeze(1)).flatten()
    order = torch.argsort(place, stable=True)
    start = torch.searchsorted(place[order], torch.arange(len(delays) * rows + 1, device=steps.device))
    return start, (order % columns).int(), order


def delay_lists(steps: Tensor) -> list[Tensor]:
    """List synapses with the delays ``steps`` (out, in): their delays, the lists by output, and those by input."""
    return [steps.unique(), *_by_row(steps), *_by_row(steps.t().contiguous())]


def _by_feature(t: Tensor) -> np.ndarray:
    """[N, T B] of (T, B, N)."""
    return as_array(t.permute(2, 0, 1)).reshape(t.shape[2], t.shape[0] * t.shape[1])


def _sums(back: bool, given: Tensor, depth: int, before: Tensor, lists: tuple, out: Tensor, told: Tensor) -> None:
    from ...kernels.compiled_delays import sum_late

    m, n, samples = given.shape[2], out.shape[2], given.shape[1]
    arrays = flat(given, 1), flat(before, 1)

    def run(first: int, last: int) -> None:
        work = np.empty(((depth + 1) * m + n) * SIDE, arrays[0].dtype)
        sum_late(first, last, back, *arrays, *lists, work, flat(out, 1), flat(told, 1), n, m)

    on_lanes(run, -(-samples // SIDE), torch.get_num_threads())


def _shapes(inputs: list[Tensor], _: str) -> list[Tensor]:
    x, weight = inputs[0], inputs[2]
    return [x.new_empty((*x.shape[:2], weight.shape[0]))]


def _forward(inputs: list[Tensor], _: str) -> list[Tensor]:
    x, line, weight, delays, start, column, order = inputs[:7]
    y = fresh((*x.shape[:2], len(weight)), x.dtype)
    listed = as_array(weight).ravel()[as_array(order)]
    _sums(False, x, len(line), line, (*map(as_array, (delays, start, column)), listed), y, y[:0])
    return [y]


def _backward(inputs: list[Tensor], results: Any, gradients: list[Tensor], needs: list[bool], _: str) -> list[Tensor]:
    x, line, weight, delays, start, column, order = *inputs[:4], *inputs[7:]
    g, found = gradients[0], [torch.zeros(0)] * len(inputs)
    lists = tuple(map(as_array, (delays, start, column)))
    if needs[0] or needs[1]:
        dx, dline = fresh(x.shape, x.dtype), torch.empty(line.shape, dtype=x.dtype)
        listed = as_array(weight.t()).ravel()[as_array(order)]
        # what stands before the sequence is not read on the way back: only how many steps those are
        _sums(True, g, len(line), g.new_empty((len(line), *g.shape[1:])), (*lists, listed), dx, dline)
        found[:2] = dx, dline
    if needs[2]:
        from ...kernels.compiled_delays import multiply_late

        (m, n), samples = weight.shape, x.shape[1]
        total, product = np.zeros(n * m, KINDS[x.dtype]), np.empty((n, m), KINDS[x.dtype])
        arrays = _by_feature(torch.cat([line, x])), _by_feature(g)
        on_lanes(multiply_late, n, torch.get_num_threads(), *arrays, *lists, total, n, samples)
        product.ravel()[as_array(order)] = total
        found[2] = torch.from_numpy(product.T.copy())
    return found


_OP = SequenceOp("delayed_linear", _forward, _backward, _shapes, outputs=1, reads=())


def delayed_linear(x: Tensor, line: Tensor, weight: Tensor, lists: list[Tensor]) -> Tensor:
    """Give y (T, B, out) for x (T, B, in), the K steps before it ``line`` (K, B, in) and ``weight`` (out, in).

    ``lists`` is what `delay_lists` made of the delays, 0 ... K steps. On the CPU, float32 or float64.
    """
    return _OP([x, line, weight, *lists])[0]
