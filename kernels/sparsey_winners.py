"""A winner in each module of a Sparsey mac, compiled: `neurons.sparsey` from V and G to the code and its gain.

The denominators of the sigmoid, one exponential and one power for each different V, are kept in a table for each mac.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from . import sparsey_columns as c
from .compiled import uniform
from .compiled_hints import inner, part, same_bits

__all__ = ["raise_inflection", "winners"]

_HASH, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(65 - c.MEMO.bit_length())


@njit(**inner)
def _denominator(V, m, kind, v0, tables, memory):
    """What the height of the sigmoid is divided by, from the table if it is there."""
    key = same_bits(V, np.int64)
    place = np.int64((np.uint64(key) * _HASH) >> _SHIFT)
    if memory.keys[m, place] == key:
        return memory.values[m, place]
    floats = tables.floats
    a, b = floats[m, c.SIGMA], floats[m, c.SIGMA + 1]
    z, d = floats[m, c.SIGMA + 2], floats[m, c.SIGMA + 3]
    if kind == 0:
        y = (1.0 + a * math.exp(-b * (V - z))) ** d
    elif kind == 1:
        y = 1.0 + (a * math.exp(-b * (V - z))) ** d
    elif kind == 2:
        y = 1.0 + math.exp(-a * (V - v0))
    else:
        y = 1.0 + math.exp(-(z * V + d))
    memory.keys[m, place], memory.values[m, place] = key, y
    return y


@njit(**inner)
def raise_inflection(m, tables, memory, V):
    cells = tables.ints[m, c.Q] * tables.ints[m, c.K]
    mean = 0.0
    for i in range(cells):
        mean += V[i]
    mean = mean / cells
    floats = tables.floats
    low, high, threshold = floats[m, c.SIGMA + 1], floats[m, c.SIGMA + 2], floats[m, c.SIGMA + 3]
    v0, largest = memory.inflection[m, 0], memory.inflection[m, 1]
    if mean > threshold and mean > largest and v0 < high:
        memory.inflection[m, 0], memory.inflection[m, 1] = min(v0 + (high - low) / 100, high), mean
        for k in range(memory.keys.shape[1]):
            memory.keys[m, k] = -1


@njit(**inner)
def winners(m, t, G, hard, seed, stream, step, tables, memory, codes, V, number, index, weights, mu):
    """Win weights, winners and gain of the code; cell i has the local support ``V[index[i]]``, one of ``number``."""
    ints, floats = tables.ints, tables.floats
    Q, K, kind = ints[m, c.Q], ints[m, c.K], ints[m, c.SIGMOID]
    v0 = memory.inflection[m, 0]
    if kind == 3:
        height = floats[m, c.SIGMA] * G ** floats[m, c.SIGMA + 1]
    else:
        rise = max(0.0, (G - floats[m, c.G_MINUS]) / (1.0 - floats[m, c.G_MINUS]))
        height = 1.0 + rise ** floats[m, c.GAMMA] * floats[m, c.CHI] * K
        if kind < 2:
            height = height - 1.0
    for k in range(number):
        y = height / _denominator(V[k], m, kind, v0, tables, memory)
        weights[k] = max(y, 1.0) if kind == 2 else y + 1.0
    supported, limit = 0, floats[m, c.V_ZETA]
    for q in range(Q):
        u = uniform(seed, stream, ints[m, c.MODULE] + q, step)
        places = part(index, 0, q * K, K)
        total, best, tied, winner = 0.0, -1.0, 0, 0
        for k in range(K):
            y = weights[places[k]]
            supported += V[places[k]] > limit
            total += y
            mu[k] = y if hard else total
        if hard:
            for k in range(K):
                best = max(best, mu[k])
            for k in range(K):
                tied += mu[k] == best
            left = min(np.int64(u * tied), tied - 1)
            while mu[winner] != best or left > 0:
                left -= mu[winner] == best
                winner += 1
        else:
            goal = u * total
            while winner < K - 1 and mu[winner] <= goal:
                winner += 1
        codes.codes[t + 1, m, q] = winner
    zeta = (2 * supported + Q) // (2 * Q)
    F = 1.0
    if zeta > 1:
        F = 0.0 if zeta > ints[m, c.MOST_HYPOTHESES] else float(zeta) ** floats[m, c.GAIN]
    codes.gains[t + 1, m] = F
