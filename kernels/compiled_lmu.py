"""Compiled steps of the Legendre memory and their adjoints, in O(q) a step; what they compute is told in `lmu.py`.

A block of lanes fills a vector (32 of float32). Its coefficients lie in ``work`` with the lanes side by side, in two
halves: the state, and what the first sweep keeps for the second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import from_dtype, njit, types

from .compiled_hints import inner, options
from .compiled_vectors import (
    WIDTH,
    add,
    load,
    load_eight,
    mul,
    muladd,
    spread,
    store,
    store_eight,
    sub,
    turn,
)

__all__ = ["compiled", "lanes_of"]


def lanes_of(dtype: np.dtype) -> int:
    """How many lanes a block has."""
    return WIDTH // dtype.itemsize


@njit(**inner)
def _rows_in(x, t, lane, here, q, work, base):
    """Write x (T, B, d, q) of a step and some lanes to rows of ``work``."""
    d = x.shape[2]
    whole = q // 8 * 8
    for l in range(0, here, 8):
        if here - l >= 8:
            a, b, c, e = lane + l, lane + l + 1, lane + l + 2, lane + l + 3
            f, g, h, k = lane + l + 4, lane + l + 5, lane + l + 6, lane + l + 7
            for i in range(0, whole, 8):
                rows = turn(
                    (
                        load_eight(x, (t, a // d, a % d, i)), load_eight(x, (t, b // d, b % d, i)),
                        load_eight(x, (t, c // d, c % d, i)), load_eight(x, (t, e // d, e % d, i)),
                        load_eight(x, (t, f // d, f % d, i)), load_eight(x, (t, g // d, g % d, i)),
                        load_eight(x, (t, h // d, h % d, i)), load_eight(x, (t, k // d, k % d, i)),
                    )
                )  # fmt: skip
                for r in range(8):
                    store_eight(work, (base + i + r, l), rows[r])
        for m in range(l, min(l + 8, here)):
            p = lane + m
            for i in range(whole if here - l >= 8 else 0, q):
                work[base + i, m] = x[t, p // d, p % d, i]


@njit(**inner)
def _rows_out(x, t, lane, here, q, work, base):
    """Write rows of ``work`` to x (T, B, d, q)."""
    d = x.shape[2]
    whole = q // 8 * 8
    for l in range(0, here, 8):
        if here - l >= 8:
            for i in range(0, whole, 8):
                columns = turn(
                    (
                        load_eight(work, (base + i, l)), load_eight(work, (base + i + 1, l)),
                        load_eight(work, (base + i + 2, l)), load_eight(work, (base + i + 3, l)),
                        load_eight(work, (base + i + 4, l)), load_eight(work, (base + i + 5, l)),
                        load_eight(work, (base + i + 6, l)), load_eight(work, (base + i + 7, l)),
                    )
                )  # fmt: skip
                for r in range(8):
                    p = lane + l + r
                    store_eight(x, (t, p // d, p % d, i), columns[r])
        for m in range(l, min(l + 8, here)):
            p = lane + m
            for i in range(whole if here - l >= 8 else 0, q):
                x[t, p // d, p % d, i] = work[base + i, m]


@njit(**inner)
def _clear(work, first, end):
    for i in range(first, end):
        for l in range(work.shape[1]):
            work[i, l] = 0


def _bilinear_forward(first, end, c, k, u, m0, m, work):
    """Steps of some blocks of lanes: two sweeps each, as in `lmu.solve`; ``c`` and ``k`` from `lmu.coefficients`."""
    T, _, d, q = m.shape
    L, Q, width = u.shape[1] * d, k.shape[1], work.shape[1]
    for block in range(first, end):
        lane = block * width
        here = min(width, L - lane)
        M = block * (2 * Q + 1)  # where the state begins, then what the first sweep keeps, then the input
        S, U = M + Q, M + 2 * Q
        _clear(work, M, U + 1)
        _rows_in(m0, 0, lane, here, q, work, M)
        for t in range(T):
            for l in range(here):
                work[U, l] = u[t, (lane + l) // d, (lane + l) % d]
            x = load(work, U)
            sigma = spread(c[0])
            for i in range(0, Q, 2):
                r, s = load(work, M + i), load(work, M + i + 1)
                r, s = muladd(spread(k[0, i]), x, add(r, r)), muladd(spread(k[0, i + 1]), x, add(s, s))
                store(work, S + i, sigma)
                sigma = muladd(spread(k[2, i]), sigma, mul(spread(k[3, i]), r))
                store(work, S + i + 1, sigma)
                sigma = sub(sigma, add(s, s))
            F = mul(spread(c[1]), sigma)
            for i in range(Q - 2, -1, -2):
                m_r, m_s = load(work, M + i), load(work, M + i + 1)
                r = muladd(spread(k[0, i]), x, add(m_r, m_r))
                s = muladd(spread(k[0, i + 1]), x, add(m_s, m_s))
                E = muladd(spread(k[2, i + 1]), F, load(work, S + i + 1))
                store(work, M + i + 1, sub(muladd(spread(k[1, i + 1]), F, s), m_s))
                store(work, M + i, sub(muladd(spread(k[1, i]), E, r), m_r))
                F = muladd(spread(k[2, i]), F, muladd(spread(k[4, i]), r, mul(spread(k[5, i]), load(work, S + i))))
            _rows_out(m, t, lane, here, q, work, M)


def _bilinear_backward(first, end, c, k, learn, g, g_last, m0, m, gu, gm0, slope, work):
    """The adjoint: the same solve with the indices reversed, for d z where z is the gradient of the right-hand side.

    ``k`` has natural order; ``slope`` (B, d) becomes the sum over steps of ``z_t . (m_t - m_{t-1})`` if ``learn``.
    """
    T, B, d, q = g.shape
    L, Q, width = B * d, k.shape[1], work.shape[1]
    half = spread(c[2])
    for block in range(first, end):
        lane = block * width
        here = min(width, L - lane)
        C = block * (5 * Q + 1)  # what comes from the step after, the gradient, what is kept, z of the step after, m
        G, S, Z, M, X = C + Q, C + 2 * Q, C + 3 * Q, C + 4 * Q, C + 5 * Q
        _clear(work, C, X + 1)
        _rows_in(g_last, 0, lane, here, q, work, C)
        for t in range(T - 1, -1, -1):
            _rows_in(g, t, lane, here, q, work, G)
            sigma = spread(c[0])
            for i in range(Q - 1, 0, -2):
                r, s = add(load(work, G + i), load(work, C + i)), add(load(work, G + i - 1), load(work, C + i - 1))
                store(work, G + i, r)
                store(work, G + i - 1, s)
                store(work, S + i, sigma)
                sigma = muladd(spread(k[2, i]), sigma, mul(spread(k[3, i]), r))
                store(work, S + i - 1, sigma)
                sigma = sub(sigma, mul(spread(k[1, i - 1]), s))
            F = mul(spread(c[1]), sigma)
            total, along = spread(c[0]), spread(c[0])
            if learn:
                _rows_in(m, t, lane, here, q, work, M)
            for i in range(0, Q, 2):
                s, r = load(work, G + i), load(work, G + i + 1)
                E = muladd(spread(k[2, i]), F, load(work, S + i))
                z, y = muladd(half, F, s), muladd(half, E, r)
                total = muladd(spread(k[0, i]), z, total)
                total = muladd(spread(k[0, i + 1]), y, total)
                store(work, C + i, sub(s, F))
                store(work, C + i + 1, sub(r, E))
                F = muladd(
                    spread(k[2, i + 1]), F,
                    muladd(spread(k[4, i + 1]), r, mul(spread(k[5, i + 1]), load(work, S + i + 1))),
                )  # fmt: skip
                if learn:
                    along = muladd(sub(z, load(work, Z + i)), load(work, M + i), along)
                    along = muladd(sub(y, load(work, Z + i + 1)), load(work, M + i + 1), along)
                    store(work, Z + i, z)
                    store(work, Z + i + 1, y)
            store(work, X, total)
            for l in range(here):
                gu[t, (lane + l) // d, (lane + l) % d] = work[X, l]
            if learn:
                store(work, X, along)
                for l in range(here):
                    slope[(lane + l) // d, (lane + l) % d] += work[X, l]
        if learn:  # of the first step only m_0 is missing
            _rows_in(m0, 0, lane, here, q, work, M)
            along = spread(c[0])
            for i in range(Q):
                along = muladd(load(work, Z + i), load(work, M + i), along)
            store(work, X, along)
            for l in range(here):
                slope[(lane + l) // d, (lane + l) % d] -= work[X, l]
        _rows_out(gm0, 0, lane, here, q, work, C)


_INT, _FLAG = types.int64, types.boolean
_ARGUMENTS: dict[str, tuple[Callable[..., Any], Callable[[Any], list[Any]]]] = {
    "bilinear_forward": (_bilinear_forward, lambda a: [a(1), a(2), a(3), a(4), a(4), a(2)]),
    "bilinear_backward": (
        _bilinear_backward,
        lambda a: [a(1), a(2), _FLAG, a(4), a(4), a(4), a(4), a(3), a(4), types.Array(types.float64, 2, "A"), a(2)],
    ),
}


@cache
def compiled(name: str, dtype: np.dtype) -> Callable[..., None]:
    """Compile one of the functions for a number type, or read it from the disk."""
    function, arguments = _ARGUMENTS[name]
    kind = from_dtype(dtype)
    given = arguments(lambda n: types.Array(kind, n, "A"))
    return njit([types.void(_INT, _INT, *given)], **options)(function)
