"""The operator behind `ELM`: `spikegram.kernels.elm` on tensors, a whole sequence forward, a whole sequence backward.

The compiled code is imported at the first call.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .op import SequenceOp, as_array

__all__ = ["elm_operator"]

_PLAIN = ("E", "b1", "W1m", "W2", "b2", "kappa", "kappa_m", "gain")


def elm_operator(
    x: Tensor, weights: dict[str, Tensor], s: Tensor, m: Tensor, activation: str, save: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Run x (T, B, N), dense or sparse COO, with weights named as in `spikegram.kernels.elm.ELMWeights`: y, s, m."""
    names = [*_PLAIN, *(n for n in ("W1b", "Wy", "by") if n in weights)]
    inputs = [*(weights[n] for n in names), s, m]
    listed = x.layout != torch.strided
    inputs += _listed(x) if listed else [x]
    return _op(inputs, f"{activation} {save} {'events' if listed else 'dense'} {' '.join(names)}")


def _listed(x: Tensor) -> list[Tensor]:
    """Rows of events of a sparse tensor: start and stop of each row t*B + b, input numbers, values."""
    if x.layout != torch.sparse_coo or x.sparse_dim() != 3:
        raise TypeError(f"ELM: x: expected a dense or a sparse COO tensor (T, B, N), got {x.layout}")
    x = x.coalesce()
    t, b, n = x.indices()
    edges = torch.searchsorted(t * x.shape[1] + b, torch.arange(x.shape[0] * x.shape[1] + 1))
    return [edges[:-1], edges[1:], n.to(torch.int32), x.values()]


def _parts(inputs: list[Tensor], options: str) -> tuple[str, str, bool, dict[str, Tensor], list[Tensor], int]:
    """Take apart what `elm_operator` put together; the last entry is the number of inputs before x."""
    activation, save, kind, *names = options.split(" ")
    n = len(names)
    return activation, save, kind == "events", dict(zip(names, inputs[:n], strict=True)), inputs[n : n + 2], n + 2


def _sizes(inputs: list[Tensor], options: str) -> tuple[Any, ...]:
    _, save, listed, weights, (_, m), at = _parts(inputs, options)
    B, M = m.shape
    H = weights["b1"].shape[0]
    T = inputs[at].shape[0] // B if listed else inputs[at].shape[0]
    from ...kernels.elm import keeps

    keep = keeps(T, B, H + M, m.element_size()) if save == "auto" else save == "state"
    return T, B, M, H, keep


def _shapes(inputs: list[Tensor], options: str) -> list[Tensor]:
    from ...kernels.elm import stretch_of
    from ...kernels.outer_products import DENSE

    _, _, listed, weights, (s, m), at = _parts(inputs, options)
    T, B, M, H, keep = _sizes(inputs, options)
    stretch = stretch_of(T, B)
    O = weights["by"].shape[0] if "by" in weights else 0
    rows, most = (0, 0) if listed else (T * B, T * B * inputs[at].shape[-1] // DENSE)
    shapes = [
        (T, B, O or M), s.shape, m.shape, (T, B, M if O else 0), ((T + stretch - 1) // stretch, *s.shape),
        (T if keep else 0, B, H), (T if keep else 0, B, M),
    ]  # fmt: skip
    found = [m.new_empty(shape) for shape in shapes]
    found += [m.new_empty((rows,), dtype=torch.int64) for _ in range(2)]
    return [*found, m.new_empty((most,), dtype=torch.int32), m.new_empty((most,))]


def _arrays(inputs: list[Tensor], options: str) -> tuple[Any, ...]:
    """Give activation, weights, traces, memory and inputs as arrays."""
    from ...kernels.elm import ELMWeights
    from ...kernels.elm_events import Events

    activation, _, listed, weights, states, at = _parts(inputs, options)
    given = {name: as_array(t) for name, t in weights.items()}
    made = ELMWeights(**{"W1b": None, "Wy": None, "by": None, **given})
    s, m = (as_array(t) for t in states)
    x = Events(*(as_array(t) for t in inputs[at:])) if listed else inputs[at].detach().numpy()
    if not listed and x.shape[2] > 1 and x.strides[2] != x.itemsize:
        x = as_array(inputs[at])
    return activation, made, s, m, x, listed


def _forward(inputs: list[Tensor], options: str) -> list[Tensor]:
    from ...kernels.elm import elm_forward
    from ...kernels.elm_events import find_events
    from ...kernels.outer_products import DENSE

    activation, weights, s, m, x, listed = _arrays(inputs, options)
    T, B, M, _, keep = _sizes(inputs, options)
    threads = torch.get_num_threads()
    events = None if listed else find_events(x, threads, DENSE)
    y, s, m, kept = elm_forward(
        x if events is None else events, T, weights, s, m, activation, keep=keep, threads=threads
    )
    mem = kept.mem if weights.Wy is not None else kept.mem[:, :, :0].copy()
    found = [torch.from_numpy(a) for a in (y, s, m, mem, *kept[1:])]
    if events is None:
        places = [t.shape[0] for t in _shapes(inputs, options)[-4:]]
        types = torch.int64, torch.int64, torch.int32, s.dtype
        empty = [torch.zeros(n, dtype=kind) for n, kind in zip(places, (*types[:3], found[0].dtype), strict=True)]
        if len(empty[1]):
            empty[1][0] = -1  # says that x is dense
        return found + empty
    return found + [torch.from_numpy(a) for a in events]


def _backward(
    inputs: list[Tensor], results: list[Tensor], gradients: list[Tensor], needs: list[bool], options: str
) -> list[Tensor]:
    from ...kernels.elm import ELMKept, elm_backward
    from ...kernels.elm_events import Events

    activation, weights, _, m, x, listed = _arrays(inputs, options)
    names = options.split(" ")[3:]
    y, _, _, *rest = (as_array(t) for t in results)
    kept = ELMKept(y if weights.Wy is None else rest[0], *rest[1:4])
    events = Events(*rest[4:])
    if not listed and len(events.stop) and events.stop[0] >= 0:
        x = events
    g = elm_backward(
        x, weights, m, activation, kept, *(as_array(t) for t in gradients), to_inputs=needs[-1], whole=not listed,
        threads=torch.get_num_threads(),
    )  # fmt: skip
    nothing = torch.empty(0)
    found = [nothing if n == "kappa" else torch.from_numpy(getattr(g, n)) for n in names]
    found += [torch.from_numpy(g.f), torch.from_numpy(g.m)]
    found += [nothing] * (3 if listed else 0)
    return [*found, nothing if g.x is None else torch.from_numpy(g.x)]


_op = SequenceOp("elm", _forward, _backward, _shapes, outputs=3)
