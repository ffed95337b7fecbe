"""The compiled passes of layers of cells behind one operator for all models.

Options of the operator are the name of a kernel, its number of states and the distance of the kept ones. Neurons are
split between ``torch.get_num_threads()`` threads; each works on its own neurons, and sums over neurons are taken in one
fixed order afterwards, so results do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...kernels.lanes import on_lanes
from .fresh import KINDS, fresh, room
from .op import SequenceOp, as_array, flat
from .spiking_delays import arrived

__all__ = ["register", "run_cells"]

_LOADERS: dict[str, Callable[[bool], ModuleType]] = {}
_ALONE = 100_000  # updates below which a second thread costs more than it brings


def register(name: str, states: int, load: Callable[[bool], ModuleType]) -> str:
    """Make a kernel known under a name that says all on which it depends; gives the operator's options.

    ``load(single)`` imports the generated module; it is called when the kernel first runs.
    """
    _LOADERS[name] = load
    return f"{name} {states} {32 if states <= 4 else 64}"


@cache
def _kernel(text: str, dtype: torch.dtype) -> tuple[ModuleType, int, int]:
    """Module, number of states and distance of the kept ones."""
    name, states, every = text.split()
    if dtype not in (torch.float32, torch.float64):
        raise TypeError(f"SpikingLayer: expected float32 or float64, got {dtype}")
    return _LOADERS[name](dtype == torch.float32), int(states), int(every)


def _split(function: Callable[[int, int], Any], neurons: int, steps: int, together: int = 16) -> None:
    """Call ``function(first, last)`` for the neurons of each thread, cut at multiples of ``together``."""
    if neurons * steps < _ALONE:
        if neurons:
            function(0, neurons)
        return
    on_lanes(function, neurons, torch.get_num_threads(), grain=together)


def _channels(t: Tensor) -> np.ndarray:
    """[C, T, M] of ([C,] T, B, N)."""
    *channels, steps, batch, n = t.shape
    return as_array(t).reshape(channels[0] if channels else 1, steps, batch * n)


def _rows(tensors: list[Tensor], neurons: int, real: Any) -> np.ndarray:
    """Tensors [B, N] as one array [S, B N]."""
    rows = np.empty((len(tensors), neurons), real)
    for k, t in enumerate(tensors):  # those without a gradient share one tensor of zeros
        rows[k] = rows[k - 1] if k and t is tensors[k - 1] else as_array(t).reshape(neurons)
    return rows


def _shapes(inputs: list[Tensor], text: str) -> list[Tensor]:
    states, every = map(int, text.split()[1:])
    x, state = inputs[:2]
    steps, batch, n = x.shape[-3:]
    kept = (steps + every - 1) // every if every else 0
    size = (kept, states, batch * n)
    ends = [state.new_empty((batch, n)) for _ in range(states)]
    return [x.new_empty((steps, batch, n)), *ends, x.new_empty(size)]


def _wide(vectors: Tensor, batch: int) -> np.ndarray:
    """Constants of the neurons, for all samples: [V, B N]."""
    if batch == 1 or not vectors.shape[0]:
        return as_array(vectors)
    return as_array(vectors.unsqueeze(1).expand(-1, batch, -1)).reshape(vectors.shape[0], batch * vectors.shape[1])


def _forward(inputs: list[Tensor], text: str) -> list[Tensor]:
    x, state, scalars, vectors, *recurrent = inputs
    module, states, every = _kernel(text, x.dtype)
    *_, steps, batch, n = x.shape
    neurons, kept = batch * n, (steps + every - 1) // every if every else 0
    y, end = room((steps, batch, n), module.REAL), np.empty((states, batch, n), module.REAL)
    saved = np.empty((kept, states, neurons), module.REAL)
    given = every, _channels(x), as_array(state).reshape(states, neurons), as_array(scalars), _wide(vectors, batch)
    made = y.reshape(steps, neurons), saved, end.reshape(states, neurons)
    more: tuple[np.ndarray, ...] = ()
    if recurrent:
        weights, spikes, *delays = recurrent
        more = as_array(weights), flat(spikes, spikes.ndim - 2), *_lists(delays, spikes, steps)

    def run(first: int, last: int) -> None:
        work = np.empty(module.ROWS[0] * module.STRIDE, module.REAL)
        module.forward(first, last, *given, work, *made, *more)

    _split(run, neurons, steps, n if recurrent else 16)
    return list(map(torch.from_numpy, (y, *end, saved)))


def _backward(
    inputs: list[Tensor], results: list[Tensor], gradients: list[Tensor], needs: list[bool], text: str
) -> list[Tensor]:
    x, state, scalars, vectors, *recurrent = inputs
    module, _, every = _kernel(text, x.dtype)
    steps, batch, n = x.shape[-3:]
    neurons, learned = batch * n, module.LEARNED
    dx = fresh(x.shape, x.dtype)
    dstate = torch.zeros(state.shape, dtype=x.dtype)
    sums = np.empty((len(learned), neurons), module.REAL)
    given = (
        every, _down(steps), _channels(x), as_array(scalars), _wide(vectors, batch), as_array(results[-1]),
        flat(gradients[0], 1), _rows(gradients[1:], neurons, module.REAL),
    )  # fmt: skip
    made = _channels(dx), flat(dstate, 1), sums

    def run(first: int, last: int) -> None:
        work = np.empty((module.ROWS[1] + waiting) * module.STRIDE, module.REAL)
        past = np.empty(max(1, min(every, steps) * module.KEPT) * module.STRIDE, module.REAL)
        module.backward(first, last, *given, work, past, *made, *more)

    more: tuple[np.ndarray, ...] = ()
    waiting, found = 0, []
    if recurrent:
        weights, spikes, *delays = recurrent
        dspikes, axes = torch.empty(spikes.shape, dtype=x.dtype), spikes.ndim - 2
        back, waiting = as_array(weights.t()), len(spikes) if delays else 0
        more = flat(results[0], 1), as_array(weights), back, flat(spikes, axes), flat(dspikes, axes)
        more += _lists(delays, spikes, steps)
    _split(run, neurons, steps, n if recurrent else 16)
    if recurrent:
        product = torch.zeros(0)
        if needs[4]:
            to_cells = dx[0] if dx.ndim == 4 else dx
            product = _to_weights(weights, spikes.detach(), results[0].detach(), delays, to_cells)
        found = [product, dspikes, *(torch.zeros(0) for _ in delays)]
    dscalars, dvectors = scalars, vectors
    if needs[2] or needs[3]:
        dscalars, dvectors = torch.zeros(scalars.shape, dtype=x.dtype), torch.zeros(vectors.shape, dtype=x.dtype)
        for k, name in enumerate(learned):
            if name in module.VECTORS:
                total = sums[k].reshape(batch, n).sum(0, dtype=np.float64)
                dvectors[module.VECTORS.index(name)] = torch.from_numpy(total)
            else:
                dscalars[module.SCALARS.index(name)] = float(sums[k].sum(dtype=np.float64))
    return [dx, dstate, dscalars, dvectors, *found]


def _lists(delays: list[Tensor], spikes: Tensor, steps: int) -> tuple[np.ndarray, ...]:
    """Delays as the kernel takes them; for those of pairs also room for its marks."""
    found = tuple(map(as_array, delays))
    if len(found) < 2:
        return found
    depth, batch, n = spikes.shape
    return *found, np.empty((depth + steps, batch * ((n + 63) // 64)), np.int64)


def _to_weights(weights: Tensor, before: Tensor, y: Tensor, delays: list[Tensor], dx: Tensor) -> Tensor:
    """Gradient of the weights: what arrived in a step, times the gradient of the input, over all steps."""
    from ...kernels.outer_products import outer_sum

    threads = torch.get_num_threads()
    if len(delays) > 1:
        from ...kernels.compiled_layer_pairs import outer_late

        total, n = np.zeros(len(weights), KINDS[y.dtype]), y.shape[-1]
        on_lanes(outer_late, n, threads, flat(before, 1), flat(y, 1), flat(dx, 1), *map(as_array, delays), total, n)
        return torch.from_numpy(total)
    if delays:
        return torch.from_numpy(outer_sum(as_array(arrived(before, y, delays[0])), as_array(dx), threads))
    total = outer_sum(as_array(y[:-1]), as_array(dx[1:]), threads)
    total += outer_sum(as_array(before)[None], as_array(dx[:1]), threads)
    return torch.from_numpy(total)


@cache
def _down(steps: int) -> np.ndarray:
    return np.arange(steps - 1, -1, -1)


def _bare(text: str) -> str:
    """Options with which no state is kept."""
    return f"{text.rsplit(' ', 1)[0]} 0"


_OP = SequenceOp("cells", _forward, _backward, _shapes, outputs=-1, reads=(-1,), bare=_bare)
_CONNECTED = SequenceOp("connected_cells", _forward, _backward, _shapes, outputs=-1, reads=(0, -1), bare=_bare)


def run_cells(
    x: Tensor, state: Tensor, scalars: Tensor, vectors: Tensor, options: str, *recurrent: Tensor
) -> tuple[Tensor, ...]:  # fmt: skip
    """Run a sequence.

    Parameters
    ----------
    x : tensor [C, T, B, N], or [T, B, N] for one channel
    state : tensor [S, B, N]
    scalars, vectors : tensor [.], [., N]
        Constants in the order of the module's ``SCALARS`` and ``VECTORS``.
    options : str
        What `register` gave.
    recurrent : tensors [N, N], [B, N], or [N, N], [D, B, N], [N], or [K], [D, B, N] and three of integers
        Weights from cell to cell, and the spikes of the step before; or the spikes of the D steps before, the oldest
        first, and the delay of each cell's spikes in steps (int64); or the weights of a list of synapses, those
        spikes, and the list (`spiking_pairs`). Only for kernels that take them.

    Returns
    -------
    y [T, B, N], and for each state [B, N] after the last step
    """
    return (_CONNECTED if recurrent else _OP)([x, state, scalars, vectors, *recurrent], options)
