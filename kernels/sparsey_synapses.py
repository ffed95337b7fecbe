"""Sparsey's packed synapses, compiled: counts of set bits, sums of weights by age, one co-activity."""

from __future__ import annotations

import numpy as np
from numba import njit

from . import sparsey_columns as c
from .compiled_hints import inner, part

__all__ = ["add_up", "coactive", "count", "weight"]

_WEIGHT, _AGE_0, _AGE_1, _DELTA = c.WEIGHT, c.AGE_0, c.AGE_1, c.DELTA
_32, _1 = np.uint64(32), np.uint32(1)


@njit(**inner)
def count(bits, start, words, rows, first, n, planes, eights, acc):
    """Count for each cell in how many of n rows its bit is set; ``acc`` gets the counts."""
    top = 0
    while n >> top:
        top += 1
    for p in range(max(top, 3)):
        plane = part(planes, p, 0, words)
        for w in range(words):
            plane[w] = 0
    zero = bits.shape[0] - words
    ones, twos, fours = part(planes, 0, 0, words), part(planes, 1, 0, words), part(planes, 2, 0, words)
    carry = part(eights, 0, 0, words)
    for g in range(0, n, 8):
        a = part(bits, 0, start + rows[first + g] * words, words)
        b = part(bits, 0, start + rows[first + g + 1] * words if g + 1 < n else zero, words)
        d = part(bits, 0, start + rows[first + g + 2] * words if g + 2 < n else zero, words)
        e = part(bits, 0, start + rows[first + g + 3] * words if g + 3 < n else zero, words)
        f = part(bits, 0, start + rows[first + g + 4] * words if g + 4 < n else zero, words)
        h = part(bits, 0, start + rows[first + g + 5] * words if g + 5 < n else zero, words)
        i = part(bits, 0, start + rows[first + g + 6] * words if g + 6 < n else zero, words)
        j = part(bits, 0, start + rows[first + g + 7] * words if g + 7 < n else zero, words)
        for w in range(words):
            one, two, four = ones[w], twos[w], fours[w]
            x = one ^ a[w]
            two_a = (one & a[w]) | (x & b[w])
            one = x ^ b[w]
            x = one ^ d[w]
            two_b = (one & d[w]) | (x & e[w])
            one = x ^ e[w]
            x = two ^ two_a
            four_a = (two & two_a) | (x & two_b)
            two = x ^ two_b
            x = one ^ f[w]
            two_a = (one & f[w]) | (x & h[w])
            one = x ^ h[w]
            x = one ^ i[w]
            two_b = (one & i[w]) | (x & j[w])
            ones[w] = x ^ j[w]
            x = two ^ two_a
            four_b = (two & two_a) | (x & two_b)
            twos[w] = x ^ two_b
            x = four ^ four_a
            carry[w] = (four & four_a) | (x & four_b)
            fours[w] = x ^ four_b
        for p in range(3, top):
            plane = part(planes, p, 0, words)
            for w in range(words):
                x = plane[w] & carry[w]
                plane[w] ^= carry[w]
                carry[w] = x
    for w in range(2 * words):
        out = part(acc, 0, 32 * w, 32)
        for k in range(32):
            out[k] = 0
        for p in range(top):
            both = planes[p, w >> 1]
            half = np.uint32(both >> _32) if w & 1 else np.uint32(both)
            if half:
                for k in range(32):
                    out[k] += np.int32(((half >> np.uint32(k)) & _1) << np.uint32(p))


@njit(**inner)
def weight(stamp, now, ints, m):
    """`plasticity.sparsey.weight` of a stamp."""
    if stamp == 0:
        return np.int32(0)
    s, age = stamp & np.uint32(3), np.int32(now + 1) - np.int32(stamp >> np.uint32(2))
    table = _AGE_0 if s == 0 else _AGE_1
    if s == 2 or age < ints[m, table]:
        return np.int32(ints[m, _WEIGHT])
    if age < ints[m, table + 1]:
        return np.int32(ints[m, _WEIGHT + 1])
    return np.int32(ints[m, _WEIGHT + 2]) if age < ints[m, table + 2] else np.int32(0)


@njit(**inner)
def add_up(stamps, start, cells, rows, first, n, now, ints, m, acc):
    """Sum the weights of n rows of stamps for each cell."""
    w0, w1, w2 = np.int32(ints[m, _WEIGHT]), np.int32(ints[m, _WEIGHT + 1]), np.int32(ints[m, _WEIGHT + 2])
    a0, b0, c0 = np.int32(ints[m, _AGE_0]), np.int32(ints[m, _AGE_0 + 1]), np.int32(ints[m, _AGE_0 + 2])
    a1, b1, c1 = np.int32(ints[m, _AGE_1]), np.int32(ints[m, _AGE_1 + 1]), np.int32(ints[m, _AGE_1 + 2])
    time = np.int32(now + 1)
    out = part(acc, 0, 0, cells)
    for i in range(cells):
        out[i] = 0
    for r in range(n):
        row = part(stamps, 0, start + rows[first + r] * cells, cells)
        for i in range(cells):
            s, age = row[i] & np.uint32(3), time - np.int32(row[i] >> np.uint32(2))
            a, b, z = (a0, b0, c0) if s == 0 else (a1, b1, c1)
            w = w2 if age < z else np.int32(0)
            w = w1 if age < b else w
            w = w0 if (age < a) | (s == 2) else w
            out[i] += w if row[i] != 0 else np.int32(0)


@njit(**inner)
def coactive(stamp, now, ints, m):
    """`plasticity.sparsey.coactive` of a stamp."""
    s, time = stamp & np.uint32(3), np.uint32(now + 1) << np.uint32(2)
    age = now + 1 - np.int64(stamp >> np.uint32(2))
    table = _AGE_0 if s == 0 else _AGE_1
    if s == 2:
        return time | s
    if stamp == 0 or age >= ints[m, table + 2]:
        return time
    if age >= ints[m, _DELTA] and age < ints[m, table]:
        return time | (s + np.uint32(1))
    return time | s
