"""Compiled linear recurrences and their adjoints; what they compute is told in `scan.py`.

Arrays have any strides but neighbours side by side on the last axis. A lane is a row of the batch, for the diagonal
recurrence a tile of channels in a row of the batch; what belongs to a lane is read and written by one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import from_dtype, njit, types

from .compiled_hints import inner, options, part
from .compiled_views import stretch

__all__ = ["compiled"]

_FUSED: dict[str, Any] = {**inner, "fastmath": {"contract"}}
_SUMS: dict[str, Any] = {**inner, "fastmath": {"contract", "reassoc", "nsz"}}


@njit(**inner)
def _advance(n, a, before, b, out):
    for j in range(n):
        out[j] = a[j] * before[j] + b[j]


@njit(**inner)
def _retreat(n, a, after, g, before, r, ga):
    """One step back, and the gradient of the coefficients of the step before it, in one go: rows are read once."""
    for j in range(n):
        r[j] = np.conj(a[j]) * after[j] + g[j]
        ga[j] = r[j] * np.conj(before[j])


@njit(**inner)
def _retreat_adding(n, a, after, g, before, r, ga):
    for j in range(n):
        r[j] = np.conj(a[j]) * after[j] + g[j]
        ga[j] += r[j] * np.conj(before[j])


@njit(**inner)
def _times_conjugate(n, r, before, out):
    for j in range(n):
        out[j] = r[j] * np.conj(before[j])


@njit(**inner)
def _sum(n, x, y, out):
    for j in range(n):
        out[j] = x[j] + y[j]


def _diagonal_forward(first, end, tile, fixed, a, b, h0, h):
    T, _, N = b.shape
    tiles = -(-N // tile)
    for lane in range(first, end):
        i, lo = lane // tiles, lane % tiles * tile
        n = min(tile, N - lo)
        before = part(h0, i, lo, n)
        for t in range(T):
            out = stretch(h, t, i, lo, n)
            _advance(n, stretch(a, 0 if fixed else t, i, lo, n), before, stretch(b, t, i, lo, n), out)
            before = out


def _diagonal_backward(first, end, tile, fixed, a, h0, h, g, g_last, ga, gb, gh0):
    T, _, N = h.shape
    tiles = -(-N // tile)
    for lane in range(first, end):
        i, lo = lane // tiles, lane % tiles * tile
        n = min(tile, N - lo)
        after = part(g_last, i, lo, n)
        for t in range(T - 1, -1, -1):
            r, incoming = stretch(gb, t, i, lo, n), stretch(g, t, i, lo, n)
            before = stretch(h, t - 1, i, lo, n) if t > 0 else part(h0, i, lo, n)
            if t == T - 1:
                _sum(n, incoming, after, r)
                _times_conjugate(n, r, before, stretch(ga, 0 if fixed else t, i, lo, n))
            elif fixed:
                _retreat_adding(n, stretch(a, 0, i, lo, n), after, incoming, before, r, stretch(ga, 0, i, lo, n))
            else:
                _retreat(n, stretch(a, t + 1, i, lo, n), after, incoming, before, r, stretch(ga, t, i, lo, n))
            after = r
        _times_conjugate(n, after, stretch(a, 0, i, lo, n), part(gh0, i, lo, n))


@njit(forceinline=True, **_FUSED)
def _four_rows(n, c, p, j, rows, out):
    """Add to the lanes p and p + 1 of ``out`` what the rows j ... j + 3 give them; two lanes share what is loaded."""
    a0, a1, a2, a3 = c[p, j], c[p, j + 1], c[p, j + 2], c[p, j + 3]
    b0, b1, b2, b3 = c[p + 1, j], c[p + 1, j + 1], c[p + 1, j + 2], c[p + 1, j + 3]
    w0, w1, w2, w3 = part(rows, j, 0, n), part(rows, j + 1, 0, n), part(rows, j + 2, 0, n), part(rows, j + 3, 0, n)
    x, y = part(out, p, 0, n), part(out, p + 1, 0, n)
    for i in range(n):
        x[i] = x[i] + a0 * w0[i] + a1 * w1[i] + a2 * w2[i] + a3 * w3[i]
        y[i] = y[i] + b0 * w0[i] + b1 * w1[i] + b2 * w2[i] + b3 * w3[i]


@njit(**_FUSED)
def _add_product(first, end, state, rows, fresh):
    """Add ``rows^T state`` to some pairs of lanes of ``fresh``; four rows at a time stay in the first-level cache."""
    N = rows.shape[1]
    for j in range(0, rows.shape[0], 4):
        for pair in range(first, end):
            _four_rows(N, state, 2 * pair, j, rows, fresh)


@njit(**inner)
def _copy(n, x, out):
    for j in range(n):
        out[j] = x[j]


def _matrix(first, end, group, reverse, rows, b, start, extra, h, state, fresh):
    """Steps of ``group`` pairs of lanes at a time: ``h_t = rows^T h_{t-1} + b_t``, ``extra`` added to the first one.

    ``rows`` (N4, N) and ``state``, ``fresh`` (2 pairs, N4) are padded with zeros to a multiple of four rows.
    """
    T, B, N = b.shape
    for pair in range(first, end, group):
        last = min(pair + group, end)
        p, stop = 2 * pair, min(2 * last, B)
        for i in range(p, stop):
            _copy(N, part(start, i, 0, N), part(state, i, 0, N))
        for step in range(T):
            t = T - 1 - step if reverse else step
            for i in range(p, stop):
                if step:
                    _copy(N, stretch(b, t, i, 0, N), part(fresh, i, 0, N))
                else:
                    _sum(N, stretch(b, t, i, 0, N), part(extra, i, 0, N), part(fresh, i, 0, N))
            _add_product(pair, last, state, rows, fresh)
            for i in range(p, stop):
                _copy(N, part(fresh, i, 0, N), part(state, i, 0, N))
                _copy(N, part(fresh, i, 0, N), stretch(h, t, i, 0, N))


@njit(**_SUMS)
def _dot(n, x, y):
    total = x[0] * y[0]
    for j in range(1, n):
        total += x[j] * y[j]
    return total


@njit(**_SUMS)
def _dot_conjugate(n, x, y):
    total = x[0] * np.conj(y[0])
    for j in range(1, n):
        total += x[j] * np.conj(y[j])
    return total


@njit(**_FUSED)
def _add_scaled(n, scale, x, out):
    for j in range(n):
        out[j] += scale * x[j]


@njit(**_FUSED)
def _add_scaled_conjugate(n, scale, x, out):
    for j in range(n):
        out[j] += scale * np.conj(x[j])


@njit(**_FUSED)
def _scaled_conjugate(n, scale, x, out):
    for j in range(n):
        out[j] = scale * np.conj(x[j])


def _matrices_forward(first, end, a, b, h0, h):
    """A matrix for each step and lane: ``a`` (T, B, N N)."""
    T, _, N = b.shape
    for i in range(first, end):
        before = part(h0, i, 0, N)
        for t in range(T):
            new, out = stretch(b, t, i, 0, N), stretch(h, t, i, 0, N)
            for r in range(N):
                out[r] = new[r] + _dot(N, stretch(a, t, i, r * N, N), before)
            before = out


def _matrices_backward(first, end, a, h0, h, g, g_last, ga, gb, gh0):
    T, _, N = h.shape
    for i in range(first, end):
        after = part(g_last, i, 0, N)
        for t in range(T - 1, -1, -1):
            r, incoming = stretch(gb, t, i, 0, N), stretch(g, t, i, 0, N)
            if t == T - 1:
                _sum(N, incoming, after, r)
            else:
                _copy(N, incoming, r)
                for k in range(N):
                    _add_scaled_conjugate(N, after[k], stretch(a, t + 1, i, k * N, N), r)
            before = stretch(h, t - 1, i, 0, N) if t > 0 else part(h0, i, 0, N)
            for k in range(N):
                _scaled_conjugate(N, r[k], before, stretch(ga, t, i, k * N, N))
            after = r
        out = part(gh0, i, 0, N)
        for j in range(N):
            out[j] = 0
        for k in range(N):
            _add_scaled_conjugate(N, after[k], stretch(a, 0, i, k * N, N), out)


@njit(**_FUSED)
def _write(V, decay, k, v, S):
    for j in range(V):
        S[j] = decay * S[j] + k * v[j]


@njit(**inner)
def _next(K, V, scalar, decay, k, v, S, i):
    """S of lane i becomes ``decay S + k v^T``; the decay is one number or one for each row."""
    for r in range(K):
        _write(V, decay[0 if scalar else r], k[r], v, part(S, i, r * V, V))


def _outer_forward(first, end, every, a, k, v, q, S, kept, o):
    """Advance S (B, K V); keep it before each of the steps 0, ``every``, 2 ``every`` ... in ``kept``."""
    T, _, K = k.shape
    V, A = v.shape[2], a.shape[2]
    for i in range(first, end):
        for t in range(T):
            if every and t % every == 0:
                _copy(K * V, part(S, i, 0, K * V), stretch(kept, t // every, i, 0, K * V))
            _next(K, V, A == 1, stretch(a, t, i, 0, A), stretch(k, t, i, 0, K), stretch(v, t, i, 0, V), S, i)
            query, out = stretch(q, t, i, 0, K), stretch(o, t, i, 0, V)
            for j in range(V):
                out[j] = 0
            for r in range(K):
                _add_scaled(V, query[r], part(S, i, r * V, V), out)


def _outer_backward(first, end, every, a, k, v, q, kept, g, G, ga, gk, gv, gq, again):
    """``G`` (B, K V) comes in as the gradient of the last S and goes out as that of the first.

    ``again`` (B, every + 1, K V) holds the states of one stretch of ``every`` steps, worked out once more.
    """
    T, _, K = k.shape
    V, A = v.shape[2], a.shape[2]
    KV = K * V
    for i in range(first, end):
        for chunk in range((T - 1) // every if T else -1, -1, -1):
            begin = chunk * every
            here = min(every, T - begin)
            _copy(KV, stretch(kept, chunk, i, 0, KV), stretch(again, i, 0, 0, KV))
            for m in range(here):
                t = begin + m
                decay, key, value = stretch(a, t, i, 0, A), stretch(k, t, i, 0, K), stretch(v, t, i, 0, V)
                _copy(KV, stretch(again, i, m, 0, KV), stretch(again, i, m + 1, 0, KV))
                for r in range(K):
                    _write(V, decay[0 if A == 1 else r], key[r], value, stretch(again, i, m + 1, r * V, V))
            for m in range(here - 1, -1, -1):
                t = begin + m
                decay, key, value = stretch(a, t, i, 0, A), stretch(k, t, i, 0, K), stretch(v, t, i, 0, V)
                query, incoming = stretch(q, t, i, 0, K), stretch(g, t, i, 0, V)
                g_decay, g_key = stretch(ga, t, i, 0, A), stretch(gk, t, i, 0, K)
                g_value, g_query = stretch(gv, t, i, 0, V), stretch(gq, t, i, 0, K)
                for j in range(V):
                    g_value[j] = 0
                for r in range(A):
                    g_decay[r] = 0
                for r in range(K):
                    row = part(G, i, r * V, V)
                    _add_scaled(V, np.conj(query[r]), incoming, row)
                    g_query[r] = _dot_conjugate(V, incoming, stretch(again, i, m + 1, r * V, V))
                    g_key[r] = _dot_conjugate(V, row, value)
                    _add_scaled(V, np.conj(key[r]), row, g_value)
                    g_decay[0 if A == 1 else r] += _dot_conjugate(V, row, stretch(again, i, m, r * V, V))
                    scale = np.conj(decay[0 if A == 1 else r])
                    for j in range(V):
                        row[j] = scale * row[j]


_FLAG, _SIZE = types.boolean, types.int64
# what stands before the arrays, and how many axes each array has
_ARGUMENTS: dict[str, tuple[Callable[..., Any], tuple[Any, ...], tuple[int, ...]]] = {
    "diagonal_forward": (_diagonal_forward, (_SIZE, _FLAG), (3, 3, 2, 3)),
    "diagonal_backward": (_diagonal_backward, (_SIZE, _FLAG), (3, 2, 3, 3, 2, 3, 3, 2)),
    "matrix": (_matrix, (_SIZE, _FLAG), (2, 3, 2, 2, 3, 2, 2)),
    "matrices_forward": (_matrices_forward, (), (3, 3, 2, 3)),
    "matrices_backward": (_matrices_backward, (), (3, 2, 3, 3, 2, 3, 3, 2)),
    "outer_forward": (_outer_forward, (_SIZE,), (3, 3, 3, 3, 2, 3, 3)),
    "outer_backward": (_outer_backward, (_SIZE,), (3, 3, 3, 3, 3, 3, 2, 3, 3, 3, 3, 3)),
}


@cache
def compiled(name: str, dtype: np.dtype) -> Callable[..., None]:
    """Compile one of the functions for arrays of a number type, or read it from the disk."""
    function, before, axes = _ARGUMENTS[name]
    arrays = [types.Array(from_dtype(dtype), n, "A") for n in axes]
    return njit([types.void(_SIZE, _SIZE, *before, *arrays)], **options)(function)
