"""A leaky cell's layer written by hand in Numba: what the generated kernels are measured by.

    u_t = beta v_{t-1} + x_t,   y_t = H(u_t - 1),   v_t = u_t - y_t,   dH/du = 1/(1 + 10 |u|)^2

Forward it keeps v before one step in 32; backward it computes each stretch of 32 steps again and goes back through it.
The reset passes no gradient. Samples and cells are one axis [M], cut into tiles that run through all of time.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ...kernels.compiled_hints import where
from ...kernels.lanes import on_lanes

__all__ = ["forward_and_backward"]

_EVERY, _TILE = 32, 1024
_options = {"nogil": True, "cache": True, "error_model": "numpy", "fastmath": {"contract"}}


@njit(**_options)
def _step(beta, x, v, y):
    one, zero = v.dtype.type(1), v.dtype.type(0)
    for j in range(v.shape[0]):
        u = beta * v[j] + x[j]
        s = where(u > one, one, zero)
        y[j] = s
        v[j] = u - s


@njit(**_options)
def _again(beta, x, v, u_out, v_out):
    one, zero = v.dtype.type(1), v.dtype.type(0)
    for j in range(v.shape[0]):
        u = beta * v[j] + x[j]
        u_out[j] = u
        v_out[j] = u - where(u > one, one, zero)


@njit(**_options)
def _back(beta, u, dy, carried, dx):
    one, ten = u.dtype.type(1), u.dtype.type(10)
    for j in range(u.shape[0]):
        slope = one / (one + ten * abs(u[j] - one))
        g = carried[j] + dy[j] * slope * slope
        dx[j] = g
        carried[j] = beta * g


@njit(**_options)
def _forward(first, last, beta, x, y, saved):
    for a in range(first, last, _TILE):
        b = min(a + _TILE, last)
        v = np.zeros(b - a, x.dtype)
        for t in range(x.shape[0]):
            if t % _EVERY == 0:
                saved[t // _EVERY, a:b] = v
            _step(beta, x[t, a:b], v, y[t, a:b])


@njit(**_options)
def _backward(first, last, beta, down, x, saved, dy, dx):
    T = x.shape[0]
    for a in range(first, last, _TILE):
        b = min(a + _TILE, last)
        carried, u = np.zeros(b - a, x.dtype), np.empty((_EVERY, b - a), x.dtype)
        v = np.empty(b - a, x.dtype)
        for k in range(saved.shape[0] - 1, -1, -1):
            t0, t1 = k * _EVERY, min((k + 1) * _EVERY, T)
            v[:] = saved[k, a:b]
            for t in range(t0, t1):
                _again(beta, x[t, a:b], v, u[t - t0], v)
            for r in range(T - t1, T - t0):
                t = down[r]  # from a list, as LLVM does not vectorise inside of what it sees to count down
                _back(beta, u[t - t0], dy[t, a:b], carried, dx[t, a:b])


def forward_and_backward(x: np.ndarray, dy: np.ndarray, beta: float, threads: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Spikes y and the gradient of x [T, B, N], where ``dy`` is that of y."""
    shape, real = x.shape, x.dtype.type
    x, dy = (a.reshape(shape[0], -1) for a in (x, dy))
    y, dx = np.empty_like(x), np.empty_like(x)
    saved = np.empty((-(-shape[0] // _EVERY), x.shape[1]), x.dtype)
    on_lanes(lambda a, b: _forward(a, b, real(beta), x, y, saved), x.shape[1], threads, grain=16)
    down = np.arange(shape[0] - 1, -1, -1)
    on_lanes(lambda a, b: _backward(a, b, real(beta), down, x, saved, dy, dx), x.shape[1], threads, grain=16)
    return y.reshape(shape), dx.reshape(shape)
