"""Compiled dense recurrent networks and their adjoints; what they compute is told in `recurrent.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import from_dtype, njit, types

from .compiled_hints import inner, options, part, where
from .compiled_scan import _add_product, _copy, _sum
from .compiled_special import exp
from .compiled_views import stretch

__all__ = ["compiled"]


@njit(**inner)
def _tanh(n, x):
    """Within a rounding of 1: 1 - tanh is (1 - e)/(1 + e) with e = exp(-2 |x|)."""
    for j in range(n):
        size = abs(x[j])
        e = exp(-(size + size))
        y = (x.dtype.type(1) - e) / (x.dtype.type(1) + e)
        x[j] = where(x[j] < x.dtype.type(0), -y, y)


@njit(**inner)
def _relu(n, x):
    for j in range(n):
        x[j] = where(x[j] < x.dtype.type(0), x.dtype.type(0), x[j])


@njit(**inner)
def _tanh_slope(n, s, r):
    for j in range(n):
        r[j] *= s.dtype.type(1) - s[j] * s[j]


@njit(**inner)
def _relu_slope(n, s, r):
    for j in range(n):
        r[j] = where(s[j] > s.dtype.type(0), r[j], s.dtype.type(0) * r[j])


def _forward(first, end, group, kind, bent, rows, c, s0, s, state, fresh):
    """``group`` pairs of lanes at a time; ``rows`` (S4, S), ``state``, ``fresh`` (2 pairs, S4) are padded with 0."""
    T, B, S = c.shape
    for pair in range(first, end, group):
        last = min(pair + group, end)
        p, stop = 2 * pair, min(2 * last, B)
        for i in range(p, stop):
            _copy(S, part(s0, i, 0, S), part(state, i, 0, S))
        for t in range(T):
            for i in range(p, stop):
                _copy(S, stretch(c, t, i, 0, S), part(fresh, i, 0, S))
            _add_product(pair, last, state, rows, fresh)
            for i in range(p, stop):
                x = part(fresh, i, 0, S)
                if kind == 1:
                    _tanh(bent, x)
                elif kind == 2:
                    _relu(bent, x)
                _copy(S, x, part(state, i, 0, S))
                _copy(S, x, stretch(s, t, i, 0, S))


def _backward(first, end, group, kind, bent, rows, s, g, g_last, gc, gs0, state, fresh):
    """The same with the transposed matrix, from the last step to the first."""
    T, B, S = s.shape
    for pair in range(first, end, group):
        last = min(pair + group, end)
        p, stop = 2 * pair, min(2 * last, B)
        for step in range(T + 1):
            t = T - 1 - step
            for i in range(p, stop):
                x = part(fresh, i, 0, S)
                if step == 0:
                    _copy(S, part(g_last, i, 0, S), x)
                else:
                    for j in range(S):
                        x[j] = x.dtype.type(0)
            if step:
                _add_product(pair, last, state, rows, fresh)
            for i in range(p, stop):
                x = part(fresh, i, 0, S)
                if t < 0:
                    _copy(S, x, part(gs0, i, 0, S))
                    continue
                _sum(S, x, stretch(g, t, i, 0, S), x)
                if kind == 1:
                    _tanh_slope(bent, stretch(s, t, i, 0, S), x)
                elif kind == 2:
                    _relu_slope(bent, stretch(s, t, i, 0, S), x)
                _copy(S, x, part(state, i, 0, S))
                _copy(S, x, stretch(gc, t, i, 0, S))


_INT = types.int64
_ARGUMENTS: dict[str, tuple[Callable[..., Any], tuple[int, ...]]] = {
    "forward": (_forward, (2, 3, 2, 3, 2, 2)),
    "backward": (_backward, (2, 3, 3, 2, 3, 2, 2, 2)),
}


@cache
def compiled(name: str, dtype: np.dtype) -> Callable[..., None]:
    """Compile one of the functions for a number type, or read it from the disk."""
    function, axes = _ARGUMENTS[name]
    arrays = [types.Array(from_dtype(dtype), n, "A") for n in axes]
    return njit([types.void(_INT, _INT, _INT, _INT, _INT, *arrays)], **options)(function)
