"""Compiled Monte Carlo of dense Hebbian networks: one replica per call, the overlaps kept up to date.

The equations are those of `networks/dense_hebbian_steps.py`, in the same order of operations, so that results are the
same to the bit. An update costs O(rows) and draws by counter; calls on different replicas may run at the same time, as
no lock is held.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from .compiled import uniform
from .compiled_hints import inner, options, part

__all__ = ["LANES", "run"]

LANES = 128  # partial sums of `networks.dense_hebbian.lane_sum`


@njit(**inner)
def _fourth(x, w, spin, sums):
    for j in range(x.shape[0]):
        t = np.float64(w[j])
        y = x[j] - spin * t
        a, b = y + t, y - t
        u, v = a * a, b * b
        sums[j] += u * u - v * v


@njit(**inner)
def _square(x, w, spin, u, v, pu, pv):
    for j in range(x.shape[0]):
        t = np.float64(w[j])
        y = x[j] - spin * t
        a, b = y + t, y - t
        u[j] = a * a
        v[j] = b * b
        pu[j] = u[j]
        pv[j] = v[j]


@njit(**inner)
def _times(x, y):
    for j in range(x.shape[0]):
        x[j] *= y[j]


@njit(**inner)
def _plus(x, y):
    for j in range(x.shape[0]):
        x[j] += y[j]


@njit(**inner)
def _take(sums, a, b):
    for j in range(a.shape[0]):
        sums[j] += a[j] - b[j]


@njit(**inner)
def _distinct(odd, even, W, i, spin, P, factorial, sums, e, first, n):
    """Elementary symmetric polynomials of the other spins by Newton's identities."""
    for j in range(n):
        l = first + j
        w = np.float64(W[i, l])
        a = w * spin
        e[0] = 1.0
        for k in range(1, P):
            total, power = 0.0, 1.0
            for q in range(1, k + 1):
                power *= a
                p = (odd[q // 2, l] if q % 2 else even[q // 2 - 1, l]) - power
                total = total + e[k - q] * p if q % 2 else total - e[k - q] * p
            e[k] = total / k
        sums[j] += factorial * (2.0 * w * e[P - 1])


@njit(**inner)
def _difference(odd, even, W, i, spin, P, factorial, scratch):
    """Sum over rows of what they give to the energy at spin +1, less what they give at -1."""
    sums, u, v, pu, pv = (
        part(scratch, 0, 0, LANES), part(scratch, 1, 0, LANES), part(scratch, 2, 0, LANES), part(scratch, 3, 0, LANES),
        part(scratch, 4, 0, LANES),
    )  # fmt: skip
    rows, lanes = W.shape[1], LANES
    while lanes >= 2 * rows and lanes > 1:  # those of few rows, the others stay 0
        lanes //= 2
    for j in range(lanes):
        sums[j] = 0.0
    first = 0
    while first < rows:
        n = min(LANES, rows - first)
        if factorial > 0:
            _distinct(odd, even, W, i, spin, P, factorial, sums, u, first, n)
        elif P == 4:
            _fourth(part(odd, 0, first, n), part(W, i, first, n), spin, part(sums, 0, 0, n))
        else:
            _square(part(odd, 0, first, n), part(W, i, first, n), spin, u, v, pu, pv)
            for _ in range(P // 2 - 1):
                _times(part(pu, 0, 0, n), u)
                _times(part(pv, 0, 0, n), v)
            _take(sums, part(pu, 0, 0, n), pv)
        first += n
    half = lanes // 2
    while half > 0:
        _plus(part(sums, 0, 0, half), part(sums, 0, half, half))
        half //= 2
    return sums[0]


@njit(**inner)
def _add(x, w, change, power):
    for j in range(x.shape[0]):
        t = np.float64(w[j])
        p = t
        for _ in range(power):
            p = p * t * t
        x[j] += change * p


@njit(**inner)
def _add_first(x, w, change):
    for j in range(x.shape[0]):
        x[j] += change * np.float64(w[j])


@njit(**inner)
def _flip(odd, W, i, spin):
    """Let the sums know that spin i, which was ``spin``, is now the other."""
    rows = W.shape[1]
    _add_first(part(odd, 0, 0, rows), part(W, i, 0, rows), -2.0 * spin)
    for k in range(1, odd.shape[0]):
        _add(part(odd, k, 0, rows), part(W, i, 0, rows), -2.0 * spin, k)


@njit(**inner)
def _begin(odd, even, W, state):
    """Power sums of a state."""
    rows = W.shape[1]
    for k in range(odd.shape[0]):
        for l in range(rows):
            odd[k, l] = 0.0
    for k in range(even.shape[0]):
        for l in range(even.shape[1]):
            even[k, l] = 0.0
    for i in range(state.shape[0]):
        _flip(odd, W, i, -0.5 * np.float64(state[i]))
        for k in range(even.shape[0]):
            w = part(W, i, 0, rows)
            for l in range(even.shape[1]):
                t = np.float64(w[l])
                p = t * t
                for _ in range(k):
                    p = p * t * t
                even[k, l] += p


@njit(**inner)
def _choose(rise, spin, beta, u):
    if math.isinf(beta):
        return 1.0 if rise < 0 else (-1.0 if rise > 0 else spin)
    x = beta * rise
    return 1.0 if u < (0.0 if x > 700.0 else 1.0 / (1.0 + math.exp(x))) else -1.0


@njit(**inner)
def _record(state, follow, overlaps, step):
    n = state.shape[0]
    for a in range(follow.shape[0]):
        total = np.int64(0)
        for i in range(n):
            total += np.int64(follow[a, i]) * np.int64(state[i])
        overlaps[step, a] = total / n


@njit(**options)
def run(
    W, odd, even, state, follow, overlaps, order, fresh, scratch, P, factorial, factor, beta, sequential, sweeps,
    first_sweep, seed, stream,
):  # fmt: skip
    """Sweep a replica until ``sweeps`` are made or, at T = 0, nothing changes: (sweeps made, spins changed last).

    W [N, rows] whole numbers, state [N] int8, follow [A, N] int8, overlaps
    [sweeps + 1, A]; odd [1 or P/2, rows] and even [P/2 - 1, rows or 0] power sums, order [N] int64, fresh [N] int8 and
    scratch [5, LANES] are work space; ``factorial`` is 0 for all indices.
    """
    n = state.shape[0]
    _begin(odd, even, W, state)
    _record(state, follow, overlaps, 0)
    changed = np.int64(0)
    for step in range(sweeps):
        number = first_sweep + step
        changed = np.int64(0)
        if sequential:
            for k in range(n):
                order[k] = k
            for k in range(n - 1, 0, -1):
                j = np.int64(uniform(seed, stream, k, number) * (k + 1))
                order[k], order[j] = order[j], order[k]
        for k in range(n):
            i = order[k] if sequential else k
            spin = np.float64(state[i])
            rise = factor * _difference(odd, even, W, i, spin, P, factorial, scratch)
            u = 0.0 if math.isinf(beta) else uniform(seed, stream + np.uint64(1), k, number)
            new = _choose(rise, spin, beta, u)
            fresh[i] = np.int8(new)
            if new != spin:
                changed += 1
                if sequential:
                    _flip(odd, W, i, spin)
                    state[i] = fresh[i]
        if not sequential:
            for i in range(n):
                if fresh[i] != state[i]:
                    _flip(odd, W, i, np.float64(state[i]))
                    state[i] = fresh[i]
        _record(state, follow, overlaps, step + 1)
        if changed == 0 and math.isinf(beta):
            return step + 1, changed
    return np.int64(sweeps), changed
