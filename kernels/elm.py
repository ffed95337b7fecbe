"""Whole sequences of the ELM neuron (`neurons/elm.py`), forward and backward, fused.

Nothing but the memory needs its own past in a nonlinear way, so only that runs step by step:

- Each input row x_t becomes u_t = x_t E by one product over many rows, or, where few inputs are not zero, by adding the
  rows of E of those that are. The traces f_t = kappa f_{t-1} + u_t are linear. Where all synapses share a decay and
  there are more branches than hidden units, E [N, C] leads to the hidden layer (C = H): filter and product commute.
  Else it leads to the traces (C = D or S), and ``W1b`` [C, H] from there to the hidden layer.
- The loop does k = kappa_m m, a = drive + k W1m, m = k + gain phi(act(a) W2 + b2) for all samples of a thread at once;
  products are `tiles.add_product`. The readout y = m Wy + by is one product for each stretch of time.
- Backward, the loop gives the gradients of a and of the argument of phi; those of the weights are one product each over
  all rows of a stretch of time. What the forward pass did not keep (`keep`) is made anew per stretch, again by products
  over many rows, since the memory itself is known.

Each number is made by one thread in one order, so results do not depend on the number of threads. Weights are stored
(in, out). Letters: T time, B batch, N inputs, C traces, D branches, H hidden, M memory, O outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..neurons.elm import ELMParams, ELMState, elm_init
from . import compiled_elm as passes
from .elm_events import Events, find_events
from .lanes import on_lanes
from .outer_products import DENSE, Outer, add_outer

__all__ = [
    "ELMGradients",
    "ELMKept",
    "ELMWeights",
    "elm_backward",
    "elm_forward",
    "elm_sequence",
    "elm_weights",
    "keeps",
    "stretch_of",
]

ROWS = 1024  # rows (time times batch) of a stretch
KEEP = 2**28  # bytes of inner values that a forward pass keeps by itself


class ELMWeights(NamedTuple):
    """What the kernels multiply with: E [N, C], kappa [C], W1b [C, H] or None if C is H, b1 [H], W1m [M, H],
    W2 [H, M], b2 [M], Wy [M, O] and by [O] or None for both, kappa_m [M], gain [M].
    """

    E: np.ndarray
    kappa: np.ndarray
    W1b: np.ndarray | None
    b1: np.ndarray
    W1m: np.ndarray
    W2: np.ndarray
    b2: np.ndarray
    Wy: np.ndarray | None
    by: np.ndarray | None
    kappa_m: np.ndarray
    gain: np.ndarray


class ELMKept(NamedTuple):
    """What a forward pass leaves for the backward pass.

    Attributes
    ----------
    mem : ndarray
        [T, B, M], the memory after each step.
    f : ndarray
        [stretches, B, C], traces before each stretch of time.
    a : ndarray
        [T, B, H] argument of the hidden layer, or nothing.
    proposal : ndarray
        [T, B, M] phi, or nothing.
    """

    mem: np.ndarray
    f: np.ndarray
    a: np.ndarray
    proposal: np.ndarray


class ELMGradients(NamedTuple):
    """Gradients of `ELMWeights` (without kappa), of f and m before the sequence, and of x (or of the event values)."""

    E: np.ndarray
    W1b: np.ndarray | None
    b1: np.ndarray
    W1m: np.ndarray
    W2: np.ndarray
    b2: np.ndarray
    Wy: np.ndarray | None
    by: np.ndarray | None
    kappa_m: np.ndarray
    gain: np.ndarray
    f: np.ndarray
    m: np.ndarray
    x: np.ndarray | None


def _inputs(inputs: np.ndarray | Events, B: int, kind: np.dtype) -> tuple[np.ndarray, tuple]:
    """Give x and events for the compiled functions; an x without inputs says that events are meant."""
    if isinstance(inputs, Events):
        return np.empty((0, B, 0), kind), tuple(inputs)
    nothing = np.zeros(0, np.int64)
    return np.ascontiguousarray(inputs), (nothing, nothing, np.zeros(0, np.int32), np.zeros(0, kind))


def _compiled(weights: ELMWeights) -> tuple:
    kind, (M, H) = weights.b1.dtype, weights.W1m.shape
    W1b = np.empty((0, H), kind) if weights.W1b is None else weights.W1b
    Wy, by = (np.empty((M, 0), kind), np.empty(0, kind)) if weights.Wy is None else (weights.Wy, weights.by)
    return tuple(weights._replace(W1b=W1b, Wy=Wy, by=by))


def stretch_of(T: int, B: int) -> int:
    """Steps that are worked through at once."""
    return max(1, min(T, ROWS // max(B, 1)))


def keeps(T: int, B: int, numbers: int, itemsize: int) -> bool:
    """Say whether a forward pass had better keep inner values, ``numbers`` = H + M for each step and sample."""
    return T * B * numbers * itemsize <= KEEP


def elm_forward(
    inputs: np.ndarray | Events, T: int, weights: ELMWeights, f: np.ndarray, m: np.ndarray, activation: str, *,
    keep: bool, threads: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, ELMKept]:  # fmt: skip
    """Run a batch of sequences.

    Parameters
    ----------
    inputs : ndarray or Events
        [T, B, N] (copied if it has gaps), or what is not zero of it.
    T : int
        Steps, at least one.
    weights : ELMWeights
        All in one number type, without gaps.
    f, m : ndarray
        Traces [B, C] and memory [B, M] before.
    activation : str
        ``relu`` or ``silu``.
    keep : bool
        Keep inner values for the backward pass, T*B*(H + M) numbers, or make them anew there.
    threads : int

    Returns
    -------
    y : ndarray
        Outputs [T, B, O]; without readout the memory [T, B, M].
    f, m : ndarray
        Traces and memory after the last step.
    kept : ELMKept
    """
    B, C, kind = len(m), weights.kappa.size, m.dtype
    M, H = weights.W1m.shape
    stretch, through = stretch_of(T, B), weights.W1b is not None
    kept = ELMKept(
        np.empty((T, B, M), kind),
        np.empty((-(-T // stretch), B, C), kind),
        np.empty((T if keep else 0, B, H), kind),
        np.empty((T if keep else 0, B, M), kind),
    )
    space = (
        np.empty((stretch if through else 0, B, C), kind),
        np.empty((0 if keep else stretch, B, H), kind),
        np.empty((0 if keep else stretch, B, M), kind),
        *(_apart(np.empty, B, n, kind) for n in (M, H)),
    )
    y = np.empty((T, B, 0 if weights.Wy is None else weights.by.size), kind)
    x, events = _inputs(inputs, B, kind)
    given, silu, f = _compiled(weights), activation == "silu", f.copy()

    def work(lo: int, hi: int) -> None:
        passes.forward(lo, hi, x, events, given, silu, stretch, m, f, y, tuple(kept), space)

    on_lanes(work, B, threads, grain=4)
    return (kept.mem if weights.Wy is None else y), f, kept.mem[-1].copy(), kept


def elm_backward(
    inputs: np.ndarray | Events, weights: ELMWeights, m: np.ndarray, activation: str, kept: ELMKept, g_y: np.ndarray,
    g_f: np.ndarray, g_m: np.ndarray, *, to_inputs: bool, whole: bool = False, threads: int = 1,
) -> ELMGradients:  # fmt: skip
    """Give the gradients that belong to those of what `elm_forward` returned.

    ``m`` is the memory before the sequence. ``to_inputs``: the gradient of x [T, B, N] is wanted too; where events are
    given, that of their values, or with ``whole`` that of all of x.
    """
    T, B, M = kept.mem.shape
    H, C, kind = weights.b1.size, weights.kappa.size, kept.mem.dtype
    N, O = len(weights.E), 0 if weights.Wy is None else weights.by.size
    through, saved = weights.W1b is not None, len(kept.a) > 0
    stretch = stretch_of(T, B)
    x, events = _inputs(inputs, B, kind)
    given, silu = _compiled(weights), activation == "silu"
    turned = tuple(np.ascontiguousarray(given[n].T) for n in (2, 4, 5, 7))
    carry = tuple(_apart(np.empty, g.shape[0], g.shape[1], kind) for g in (g_m, g_f))
    for mine, g in zip(carry, (g_m, g_f), strict=True):
        mine[:] = g
    sums = tuple(_apart(np.zeros, B, n, kind) for n in (M, M, H, M, O))
    sizes = (C * through, M, H, H * (not saved), M * (not saved), M * (O > 0), H, M, C)
    buffers = tuple(np.empty((stretch, B, n), kind) for n in sizes)
    space = tuple(_apart(np.empty, B, n, kind) for n in (C, H, M))
    totals: dict[str, Any] = dict(
        E=np.zeros((N, C), kind),
        W1b=np.zeros((C, H), kind) if through else None,
        W1m=np.zeros((M, H), kind),
        W2=np.zeros((H, M), kind),
        Wy=np.zeros((M, O), kind) if O else None,
    )
    listed = isinstance(inputs, Events)
    values = listed and not whole
    g_x = (np.zeros(len(inputs.value), kind) if values else np.zeros((T, B, N), kind)) if to_inputs else None
    E_ = np.ascontiguousarray(weights.E.T) if to_inputs and not values else None
    for t0 in range((T - 1) // stretch * stretch, -1, -stretch):
        t1 = min(t0 + stretch, T)

        def samples(lo: int, hi: int, t0: int = t0, t1: int = t1) -> None:
            passes.backward(
                lo, hi, t0, t1, x, events, given, turned, silu, m, (*kept, stretch), g_y, carry, sums, buffers, space
            )
            if E_ is not None:
                passes.to_inputs(lo, hi, t0, t1, buffers[-1], E_, g_x)

        on_lanes(samples, B, threads, grain=4)
        f, k, hidden, _, _, _, g_a, g_z, g_u = (_rows(a[: t1 - t0]) for a in buffers)
        products = [Outer(k, g_a, totals["W1m"]), Outer(hidden, g_z, totals["W2"])]
        if through:
            products.append(Outer(f, g_a, totals["W1b"]))
        if O:
            products.append(Outer(_rows(kept.mem[t0:t1]), _rows(g_y[t0:t1]), totals["Wy"]))
        products.append(Outer(inputs if listed else _rows(x[t0:t1]), g_u, totals["E"], t0 * B if listed else 0))
        add_outer(products, threads)
        if values and g_x is not None:
            r0, count = t0 * B, (t1 - t0) * B
            on_lanes(
                lambda a, b, r0=r0, g=g_u: passes.to_values(a + r0, b + r0, r0, events, g, weights.E, g_x),
                count,
                threads,
            )
    gain, kappa_m, b1, b2, by = (s.sum(axis=0) for s in sums)
    small = dict(gain=gain, kappa_m=kappa_m, b1=b1, b2=b2, by=by if O else None)
    return ELMGradients(**totals, **small, f=carry[1].copy(), m=carry[0].copy(), x=g_x)


def _apart(make: Callable[..., np.ndarray], rows: int, n: int, kind: np.dtype) -> np.ndarray:
    """Rows with a cache line between them, so that no two threads write to the same one in each step."""
    return make((rows, n + 64 // kind.itemsize), kind)[:, :n]


def _rows(array: np.ndarray) -> np.ndarray:
    return array.reshape(array.shape[0] * array.shape[1], array.shape[2])


def elm_weights(params: ELMParams, dt: float, kind: np.dtype) -> ELMWeights:
    """Arrange parameters for the kernels; see the module for the two forms."""
    p, D, S = params, params.branches, params.w_raw.size
    W1b, w = p.W1[:, :D].T, np.maximum(p.w_raw, 0)
    branch, tau = np.arange(S) // (S // D), np.asarray(p.tau_s)
    source = np.arange(S) if p.routing is None else p.routing.source
    live = source >= 0
    together = tau.ndim == 0
    if not together and p.variant == "v1":  # a trace for each synapse
        W1b, branch = W1b[branch], np.arange(S)
    hidden = together and D >= W1b.shape[1]
    C = W1b.shape[1] if hidden else len(W1b)
    E = np.zeros((p.inputs, C))
    if hidden:
        np.add.at(E, source[live], w[live, None] * W1b[branch[live]])
    else:
        np.add.at(E, (source[live], branch[live]), w[live])
    kappa_m = np.exp(-dt / p.tau_m)
    gain = p.lam * (1 - kappa_m) if p.variant == "v1" else -np.expm1(-dt * p.lam / p.tau_m)
    made = ELMWeights(
        E=E, kappa=np.broadcast_to(np.exp(-dt / tau), C), W1b=None if hidden else W1b, b1=p.b1, W1m=p.W1[:, D:].T,
        W2=p.W2.T, b2=p.b2, Wy=None if p.Wy is None else p.Wy.T, by=p.by, kappa_m=kappa_m, gain=gain,
    )  # fmt: skip
    return ELMWeights(*(None if a is None else np.array(a, dtype=kind, order="C") for a in made))


def elm_sequence(
    x: np.ndarray, params: ELMParams, dt: float, state: ELMState | None = None, *, threads: int = 1
) -> tuple[np.ndarray, ELMState]:
    """Do what `elm_step` does for each step of x [T, B, N], in compiled code: outputs [T, B, O], and the state.

    Numbers are in the type of x, float32 or float64.
    """
    if x.ndim != 3 or x.shape[2] != params.inputs:
        raise ValueError(f"x: expected [T, B, N] with N = {params.inputs}, got {list(x.shape)}")
    if x.dtype not in (np.float32, np.float64):
        raise TypeError(f"x: expected float32 or float64, got {x.dtype}")
    kind, p = x.dtype, params.astype(x.dtype)
    state = elm_init(x.shape[1:2], p) if state is None else ELMState(*(np.asarray(v, kind) for v in state))
    T, B, _ = x.shape
    if T == 0 or B == 0:
        return np.zeros((T, B, p.memory if p.Wy is None else p.by.size), kind), state
    weights = elm_weights(params, dt, kind)
    x = x if x.strides[2] == x.itemsize else np.ascontiguousarray(x)
    events = find_events(x, threads, DENSE)
    inputs = x if events is None else events
    f = state.s
    if np.ndim(p.tau_s) == 0:
        f = f.reshape(B, p.branches, -1).sum(axis=-1)
    if weights.W1b is None:
        f = f @ p.W1[:, : p.branches].T
    f, m = (np.ascontiguousarray(v) for v in (f, state.m))
    y, end, m, _ = elm_forward(inputs, T, weights, f, m, p.activation, keep=False, threads=threads)
    if np.ndim(p.tau_s) == 0:  # what arrived at each synapse follows from the traces of the inputs
        kappa, z = kind.type(np.exp(-dt / p.tau_s)), np.zeros((B, p.inputs), kind)
        given = _inputs(inputs, B, kind)
        on_lanes(lambda lo, hi: passes.tail(lo, hi, T, *given, kappa, z), B, threads)
        arrived = np.maximum(p.w_raw, 0) * (z if p.routing is None else p.routing.apply(z))
        if p.variant == "v2":
            arrived = arrived.reshape(B, p.branches, -1).sum(axis=-1)
        end = (kappa**T * state.s + arrived).astype(kind)
    return y, ELMState(end, m)
