"""Compiled passes of the ELM neuron over the samples of a thread: `elm` says what they compute and calls them.

Letters: T time, B batch, N inputs, C traces, H hidden, M memory, O outputs.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from ..neurons.elm import AMPLITUDE, SLOPE
from .compiled_hints import line, options, part, prefetch
from .compiled_layer import add, clear, copy
from .compiled_special import exp
from .tiles import add_product, piece, row

__all__ = ["backward", "forward", "tail", "to_inputs", "to_values"]

DEPTH = 64  # terms of a product that are worked with at once
_flags: dict[str, Any] = {"fastmath": {"contract"}}


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
        for k in range(e + 4, min(e + 8, last)):  # the next rows lie anywhere
            for j in range(0, n, 16):
                prefetch(E, index[k], j0 + j)
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
        clear(line(f, t, b))
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
            copy(b1, line(pre, t, b))
        else:
            add(line(pre, t, b), b1)
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
def forward(lo, hi, x, events, weights, silu, stretch, m0, state, y, kept, space):
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
            copy(row(state, b), line(f_before, t0 // stretch, b))
            traces = f if W1b.shape[0] else pre
            _filter(t0, t1, b, x, events, E, kappa, row(state, b), traces)
            _drive(t1 - t0, b, traces, W1b, b1, pre)
        for t in range(t0, t1):
            for b in range(lo, hi):
                _scale(kappa_m, row(m0, b) if t == 0 else line(mem, t - 1, b), row(keeps, b))
                copy(b2, line(phi, t - t0, b))
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
                    copy(by, line(y, t, b))
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
    add(s_b1, g_a)


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
def backward(lo, hi, t0, t1, x, events, weights, turned, silu, m0, kept, g_y, carry, sums, buffers, space):
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
            copy(line(f_before, t0 // stretch, b), row(state, b))
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
                copy(b2, line(p_new, t, b))
            add_product(p_new[:n, b], hidden[:n, b], W2, DEPTH)
            for t in range(n):
                _phi(line(p_new, t, b))
        if Wy_.shape[0]:
            for t in range(n):
                clear(line(g_mem, t, b))
                add(row(s_by, b), line(g_y, t + t0, b))
            add_product(g_mem[:n, b], g_y[t0:t1, b], Wy_, DEPTH)
    for t in range(n - 1, -1, -1):
        for b in range(lo, hi):
            _to_proposal(
                row(c_m, b), line(above, t, b), line(p, t, b), gain, row(g_k, b), row(s_gain, b),
                line(g_z, t, b), row(s_b2, b),
            )  # fmt: skip
            clear(row(g_h, b))
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
                clear(line(g_u, t, b))
            add_product(g_u[:n, b], g_a[:n, b], W1b_, DEPTH)
        for t in range(n - 1, -1, -1):
            _to_trace(line(g_u if through else g_a, t, b), kappa, row(c_f, b), line(g_u, t, b))


@njit(**options)
def to_inputs(lo, hi, t0, t1, g_u, E_, g_x):
    """g_x[t0:t1, b] = g_u[:, b] E' for samples lo ... hi - 1; zeros on entry."""
    for b in range(lo, hi):
        add_product(g_x[t0:t1, b], g_u[: t1 - t0, b], E_, DEPTH)


@njit(**options)
def to_values(first, last, row0, events, g_u, E, g_value):
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
def tail(lo, hi, T, x, events, kappa, z):
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
