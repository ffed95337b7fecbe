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

from typing import NamedTuple

import numpy as np
from numba import njit

from ..neurons.elm import AMPLITUDE, SLOPE, ELMParams, ELMState, elm_init
from .compiled_hints import line, options, part
from .compiled_special import exp
from .lanes import on_lanes
from .tiles import add_product, eight_signs, lowest_bit, piece, row

__all__ = [
    "ELMGradients",
    "ELMKept",
    "ELMWeights",
    "Events",
    "elm_backward",
    "elm_forward",
    "elm_sequence",
    "elm_weights",
    "find_events",
    "keeps",
    "stretch_of",
]

DENSE = 5  # if more than one in so many inputs is not zero, the product over all of them is faster
ROWS = 1024  # rows (time times batch) of a stretch
DEPTH = 64  # terms of a product that are worked with at once
KEEP = 2**28  # bytes of inner values that a forward pass keeps by itself
_flags = {"fastmath": {"contract"}}


class Events(NamedTuple):
    """Inputs that are not zero: those of row t*B + b are ``start[row] ... stop[row] - 1``.

    Attributes
    ----------
    start, stop : ndarray
        [T*B] of int64.
    index : ndarray
        [E] of int32, input numbers, ascending within a row.
    value : ndarray
        [E] in the number type of the weights. There may be places that belong to no row.
    """

    start: np.ndarray
    stop: np.ndarray
    index: np.ndarray
    value: np.ndarray


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


# -- inputs -----------------------------------------------------------------------------------------------------------
@njit(**options)
def _collect(first, last, x, start, stop, index, value, place, end):
    """List what is not zero in rows first ... last - 1 from ``place`` on; False if that does not fit before ``end``."""
    B, N = x.shape[1], x.shape[2]
    whole = N - N % 8
    for n in range(first, last):
        start[n] = place
        values = line(x, n // B, n % B)
        for i in range(0, whole, 8):
            signs = eight_signs(values, i)
            if signs != 0 and end - place < 8:
                return False
            while signs != 0:
                at = i + lowest_bit(signs)
                index[place], value[place] = at, values[at]
                place += 1
                signs &= signs - 1
        for i in range(whole, N):
            if values[i] != 0:
                if place == end:
                    return False
                index[place], value[place] = i, values[i]
                place += 1
        stop[n] = place
    return True


def find_events(x: np.ndarray, threads: int = 1, one_in: int = 1) -> Events | None:
    """List what is not zero in x [T, B, N] (last axis without gaps); None if that is more than about one in ``one_in``.

    Each thread has a share of the places: a batch whose activity comes in bursts may be found too dense sooner with
    more threads.
    """
    T, B, N = x.shape
    most = x.size // one_in
    found = Events(*(np.empty(T * B, np.int64) for _ in range(2)), np.zeros(most, np.int32), np.zeros(most, x.dtype))
    few = []

    def work(a: int, b: int) -> None:
        few.append(_collect(a, b, x, *found, a * N // one_in, b * N // one_in))

    on_lanes(work, T * B, threads)
    return found if all(few) else None


@njit(**piece)
def _zero(x):
    for j in range(x.shape[0]):
        x[j] = 0


@njit(**piece)
def _add_to(x, y):
    for j in range(x.shape[0]):
        x[j] += y[j]


@njit(**piece)
def _copy(x, y):
    for j in range(x.shape[0]):
        y[j] = x[j]


@njit(**piece)
def _scale(x, y, out):
    for j in range(x.shape[0]):
        out[j] = x[j] * y[j]


@njit(**piece, **_flags)
def _advance(state, kappa, u):
    """One step of the traces, in place of u and in ``state``."""
    for c in range(u.shape[0]):
        u[c] = kappa[c] * state[c] + u[c]
        state[c] = u[c]


@njit(**piece, **_flags)
def _add_rows(out, E, events, first, last, j0, j1):
    """``out += sum of value * E[index, j0:j1]``: one chain in the order of the events."""
    _, _, index, value = events
    n, e = j1 - j0, first
    while e + 4 <= last:
        v0, v1, v2, v3 = value[e], value[e + 1], value[e + 2], value[e + 3]
        r0, r1 = part(E, index[e], j0, n), part(E, index[e + 1], j0, n)
        r2, r3 = part(E, index[e + 2], j0, n), part(E, index[e + 3], j0, n)
        for j in range(n):
            out[j] = (((out[j] + v0 * r0[j]) + v1 * r1[j]) + v2 * r2[j]) + v3 * r3[j]
        e += 4
    while e < last:
        v0, r0 = value[e], part(E, index[e], j0, n)
        for j in range(n):
            out[j] = out[j] + v0 * r0[j]
        e += 1


@njit(**piece, **_flags)
def _filter(t0, t1, b, x, events, E, kappa, state, f):
    """Traces of sample b for steps t0 ... t1 - 1 into f [t1 - t0, B, C]; ``state`` [C] is carried."""
    B, C = f.shape[1], f.shape[2]
    for t in range(t1 - t0):
        _zero(line(f, t, b))
    if x.shape[2]:
        add_product(f[: t1 - t0, b], x[t0:t1, b], E, DEPTH)
    for t in range(t0, t1):
        u = line(f, t - t0, b)
        if not x.shape[2]:
            _add_rows(u, E, events, events[0][t * B + b], events[1][t * B + b], 0, C)
        _advance(state, kappa, u)


@njit(**piece)
def _drive(n, b, f, W1b, b1, pre):
    """Argument of the hidden layer without the memory's share: pre[:, b] = b1 + f[:, b] (W1b)."""
    for t in range(n):
        if W1b.shape[0]:
            _copy(b1, line(pre, t, b))
        else:
            _add_to(line(pre, t, b), b1)
    if W1b.shape[0]:
        add_product(pre[:n, b], f[:n, b], W1b, DEPTH)


# -- forward ----------------------------------------------------------------------------------------------------------
@njit(**piece, **_flags)
def _phi(z):
    one = z.dtype.type(1)  # a plain 1 would make single precision double
    for j in range(z.shape[0]):
        e = exp(z.dtype.type(-2 * SLOPE) * abs(z[j]))
        size = z.dtype.type(AMPLITUDE) * ((one - e) / (one + e))
        z[j] = size if z[j] >= 0 else (-size if z[j] < 0 else z[j])


@njit(**piece, **_flags)
def _act(a, silu, out):
    if silu:
        for j in range(a.shape[0]):
            out[j] = a[j] / (a.dtype.type(1) + exp(-a[j]))
    else:
        for j in range(a.shape[0]):
            out[j] = a[j] if a[j] >= 0 else (a.dtype.type(0) if a[j] < 0 else a[j])


@njit(**piece, **_flags)
def _renew(kept, gain, proposal, m):
    for j in range(m.shape[0]):
        m[j] = kept[j] + gain[j] * proposal[j]


@njit(**options)
def _forward(lo, hi, x, events, weights, silu, stretch, m0, state, y, kept, space):
    """Samples lo ... hi - 1 from beginning to end; ``state`` [B, C] is carried."""
    E, kappa, W1b, b1, W1m, W2, b2, Wy, by, kappa_m, gain = weights
    mem, f_before, a_kept, proposals = kept
    f, a, z, keeps, hidden = space
    T, M = mem.shape[0], mem.shape[2]
    for t0 in range(0, T, stretch):
        t1 = min(t0 + stretch, T)
        pre = a_kept[t0:t1] if a_kept.shape[0] else a
        phi = proposals[t0:t1] if proposals.shape[0] else z
        for b in range(lo, hi):
            _copy(row(state, b), line(f_before, t0 // stretch, b))
            traces = f if W1b.shape[0] else pre
            _filter(t0, t1, b, x, events, E, kappa, row(state, b), traces)
            _drive(t1 - t0, b, traces, W1b, b1, pre)
        for t in range(t0, t1):
            for b in range(lo, hi):
                _scale(kappa_m, row(m0, b) if t == 0 else line(mem, t - 1, b), row(keeps, b))
                _copy(b2, line(phi, t - t0, b))
            add_product(pre[t - t0, lo:hi], keeps[lo:hi], W1m, M)
            for b in range(lo, hi):
                _act(line(pre, t - t0, b), silu, row(hidden, b))
            add_product(phi[t - t0, lo:hi], hidden[lo:hi], W2, W2.shape[0])
            for b in range(lo, hi):
                _phi(line(phi, t - t0, b))
                _renew(row(keeps, b), gain, line(phi, t - t0, b), line(mem, t, b))
        if Wy.shape[1]:
            for b in range(lo, hi):
                for t in range(t0, t1):
                    _copy(by, line(y, t, b))
                add_product(y[t0:t1, b], mem[t0:t1, b], Wy, DEPTH)


# -- backward ---------------------------------------------------------------------------------------------------------
@njit(**piece, **_flags)
def _to_proposal(carried, above, proposal, gain, g_k, s_gain, g_z, s_b2):
    """Gradient of m, and from it those of what was kept, of the gain and of the argument of phi."""
    kind = g_z.dtype.type
    for j in range(g_z.shape[0]):
        g = carried[j] + above[j]
        g_k[j] = g
        s_gain[j] += g * proposal[j]
        share = proposal[j] * kind(1 / AMPLITUDE)
        g_z[j] = g * gain[j] * (kind(AMPLITUDE * SLOPE) * (kind(1) - share * share))
        s_b2[j] += g_z[j]


@njit(**piece, **_flags)
def _to_argument(g_h, a, silu, g_a, s_b1):
    """Gradient of the argument of the hidden layer."""
    one = a.dtype.type(1)
    if silu:
        for h in range(g_h.shape[0]):
            q = one / (one + exp(-a[h]))
            g_a[h] = g_h[h] * (q * (one + a[h] * (one - q)))
    else:
        for h in range(g_h.shape[0]):
            g_a[h] = g_h[h] if a[h] > 0 else g_h.dtype.type(0)
    _add_to(s_b1, g_a)


@njit(**piece, **_flags)
def _to_memory(g_k, before, kappa_m, s_kappa, carried):
    """Gradients of kappa_m and of the memory before."""
    for j in range(g_k.shape[0]):
        s_kappa[j] += g_k[j] * before[j]
        carried[j] = kappa_m[j] * g_k[j]


@njit(**piece, **_flags)
def _to_trace(own, kappa, carried, g_u):
    """Gradients of u and of the trace before."""
    for c in range(g_u.shape[0]):
        g = own[c] + carried[c]
        g_u[c] = g
        carried[c] = kappa[c] * g


@njit(**options)
def _backward(lo, hi, t0, t1, x, events, weights, turned, silu, m0, kept, g_y, carry, sums, buffers, space):
    """Samples lo ... hi - 1 of one stretch of time, from its end to its beginning.

    Leaves in ``buffers``, for the products of all rows: traces f, kept memory k, hidden values, gradients of the
    arguments of the hidden layer, of phi, and of u.
    """
    E, kappa, W1b, b1, W1m, W2, b2, _, _, kappa_m, gain = weights
    W1b_, W1m_, W2_, Wy_ = turned
    mem, f_before, a_kept, proposals, stretch = kept
    c_m, c_f = carry
    s_gain, s_kappa, s_b1, s_b2, s_by = sums
    f, keeps, hidden, a_new, p_new, g_mem, g_a, g_z, g_u = buffers
    state, g_h, g_k = space
    n, H, M = t1 - t0, g_a.shape[2], mem.shape[2]
    saved, through = a_kept.shape[0] > 0, W1b.shape[0] > 0
    a = a_kept[t0:t1] if saved else a_new[:n]
    p = proposals[t0:t1] if saved else p_new[:n]
    above = g_mem[:n] if Wy_.shape[0] else g_y[t0:t1]
    for b in range(lo, hi):
        if through or not saved:
            traces = f if through else a_new
            _copy(line(f_before, t0 // stretch, b), row(state, b))
            _filter(t0, t1, b, x, events, E, kappa, row(state, b), traces)
        for t in range(n):
            _scale(kappa_m, row(m0, b) if t + t0 == 0 else line(mem, t + t0 - 1, b), line(keeps, t, b))
        if not saved:
            _drive(n, b, f if through else a_new, W1b, b1, a_new)
            add_product(a_new[:n, b], keeps[:n, b], W1m, DEPTH)
        for t in range(n):
            _act(line(a, t, b), silu, line(hidden, t, b))
        if not saved:
            for t in range(n):
                _copy(b2, line(p_new, t, b))
            add_product(p_new[:n, b], hidden[:n, b], W2, DEPTH)
            for t in range(n):
                _phi(line(p_new, t, b))
        if Wy_.shape[0]:
            for t in range(n):
                _zero(line(g_mem, t, b))
                _add_to(row(s_by, b), line(g_y, t + t0, b))
            add_product(g_mem[:n, b], g_y[t0:t1, b], Wy_, DEPTH)
    for t in range(n - 1, -1, -1):
        for b in range(lo, hi):
            _to_proposal(
                row(c_m, b), line(above, t, b), line(p, t, b), gain, row(g_k, b), row(s_gain, b),
                line(g_z, t, b), row(s_b2, b),
            )  # fmt: skip
            _zero(row(g_h, b))
        add_product(g_h[lo:hi], g_z[t, lo:hi], W2_, M)
        for b in range(lo, hi):
            _to_argument(row(g_h, b), line(a, t, b), silu, line(g_a, t, b), row(s_b1, b))
        add_product(g_k[lo:hi], g_a[t, lo:hi], W1m_, H)
        for b in range(lo, hi):
            before = row(m0, b) if t + t0 == 0 else line(mem, t + t0 - 1, b)
            _to_memory(row(g_k, b), before, kappa_m, row(s_kappa, b), row(c_m, b))
    for b in range(lo, hi):
        if through:
            for t in range(n):
                _zero(line(g_u, t, b))
            add_product(g_u[:n, b], g_a[:n, b], W1b_, DEPTH)
        for t in range(n - 1, -1, -1):
            _to_trace(line(g_u if through else g_a, t, b), kappa, row(c_f, b), line(g_u, t, b))


@njit(**options)
def _add_turned(first, last, a, b, total):
    """``total[first:last] += a[:, first:last]' b`` for rows [R, ...]."""
    add_product(total[first:last], a[:, first:last].T, b, DEPTH)


@njit(**options, **_flags)
def _add_events(first, last, row0, row1, events, g_u, total):
    """``total[index, first:last] += value * g_u[row, first:last]`` over the events of rows row0 ... row1 - 1."""
    start, stop, index, value = events
    n = last - first
    for r in range(row0, row1):
        gradient = part(g_u, r - row0, first, n)
        for e in range(start[r], stop[r]):
            to, v = part(total, index[e], first, n), value[e]
            for j in range(n):
                to[j] += v * gradient[j]


@njit(**options)
def _to_inputs(lo, hi, t0, t1, g_u, E_, g_x):
    """g_x[t0:t1, b] = g_u[:, b] E' for samples lo ... hi - 1; zeros on entry."""
    for b in range(lo, hi):
        add_product(g_x[t0:t1, b], g_u[: t1 - t0, b], E_, DEPTH)


@njit(**options)
def _to_values(first, last, row0, events, g_u, E, g_value):
    """Gradient of the value of each event of rows first ... last - 1."""
    start, stop, index, _ = events
    for r in range(first, last):
        for e in range(start[r], stop[r]):
            total = g_u.dtype.type(0)
            for c in range(E.shape[1]):
                total += g_u[r - row0, c] * E[index[e], c]
            g_value[e] = total


# -- the inputs' own traces at the end --------------------------------------------------------------------------------
@njit(**options, **_flags)
def _tail(lo, hi, T, x, events, kappa, z):
    B, N = z.shape
    for b in range(lo, hi):
        weight = kappa / kappa
        for t in range(T - 1, -1, -1):
            if weight < 1e-37:
                break
            if x.shape[2]:
                values, to = line(x, t, b), row(z, b)
                for i in range(N):
                    to[i] += weight * values[i]
            else:
                start, stop, index, value = events
                for e in range(start[t * B + b], stop[t * B + b]):
                    z[b, index[e]] += weight * value[e]
            weight *= kappa


# -- whole passes -----------------------------------------------------------------------------------------------------
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
        *(np.empty((B, n), kind) for n in (M, H)),
    )
    y = np.empty((T, B, 0 if weights.Wy is None else weights.by.size), kind)
    x, events = _inputs(inputs, B, kind)
    given, silu, f = _compiled(weights), activation == "silu", f.copy()

    def work(lo: int, hi: int) -> None:
        _forward(lo, hi, x, events, given, silu, stretch, m, f, y, tuple(kept), space)

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
    carry = g_m.copy(), g_f.copy()
    sums = tuple(np.zeros((B, n), kind) for n in (M, M, H, M, O))
    sizes = (C * through, M, H, H * (not saved), M * (not saved), M * (O > 0), H, M, C)
    buffers = tuple(np.empty((stretch, B, n), kind) for n in sizes)
    space = tuple(np.empty((B, n), kind) for n in (C, H, M))
    totals = dict(
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
            _backward(
                lo, hi, t0, t1, x, events, given, turned, silu, m, (*kept, stretch), g_y, carry, sums, buffers, space
            )
            if E_ is not None:
                _to_inputs(lo, hi, t0, t1, buffers[-1], E_, g_x)

        on_lanes(samples, B, threads, grain=4)
        f, k, hidden, _, _, _, g_a, g_z, g_u = (_rows(a[: t1 - t0]) for a in buffers)
        products = [(k, g_a, totals["W1m"]), (hidden, g_z, totals["W2"])]
        if through:
            products.append((f, g_a, totals["W1b"]))
        if O:
            products.append((_rows(kept.mem[t0:t1]), _rows(g_y[t0:t1]), totals["Wy"]))
        if not listed:
            products.append((_rows(x[t0:t1]), g_u, totals["E"]))
        for left, right, total in products:
            on_lanes(lambda a, b, p=(left, right, total): _add_turned(a, b, *p), len(total), threads, grain=4)
        if listed:
            part, to = (t0 * B, t1 * B), totals["E"]
            on_lanes(lambda a, b, r=part, g=g_u, to=to: _add_events(a, b, *r, events, g, to), C, threads, grain=16)
            if values and g_x is not None:
                r0, count = part[0], part[1] - part[0]
                on_lanes(
                    lambda a, b, r0=r0, g=g_u: _to_values(a + r0, b + r0, r0, events, g, weights.E, g_x), count, threads
                )
    gain, kappa_m, b1, b2, by = (s.sum(axis=0) for s in sums)
    small = dict(gain=gain, kappa_m=kappa_m, b1=b1, b2=b2, by=by if O else None)
    return ELMGradients(**totals, **small, f=carry[1], m=carry[0], x=g_x)


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
    inputs = find_events(x, threads, DENSE)
    inputs = x if inputs is None else inputs
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
        on_lanes(lambda lo, hi: _tail(lo, hi, T, *given, kappa, z), B, threads)
        arrived = np.maximum(p.w_raw, 0) * (z if p.routing is None else p.routing.apply(z))
        if p.variant == "v2":
            arrived = arrived.reshape(B, p.branches, -1).sum(axis=-1)
        end = (kappa**T * state.s + arrived).astype(kind)
    return y, ELMState(end, m)
