"""Compiled sums over synapses with a delay each, of whole sequences that are known.

The synapses are listed by delay, then by row: those of ``delays[c]`` steps of row r are ``start[c n + r]`` up to
``start[c n + r + 1]``, from the column ``target``. Samples lie side by side as in `compiled_layer_pairs`, ``SIDE`` in a
block; each number is one chain in the order of the list, the same bits for every number of samples and threads.
"""

from __future__ import annotations

from numba import njit

from .compiled_hints import inner, options, part
from .compiled_layer import clear
from .compiled_layer_pairs import _chain, turn
from .layer_arrivals import SIDE

__all__ = ["multiply_late", "sum_late"]

_TOGETHER = 512  # numbers of each row that are worked with at once


@njit(**options)
def sum_late(first, last, back, given, before, delays, start, target, weights, work, out, told, n, m):
    """Blocks of samples from ``first`` up to ``last``: ``out[t, r] = sum of weights * given[t - d, column]``.

    Or, if ``back``, of ``given[t + d, column]``, and so ``told`` for the steps before the sequence.

    ``given`` [T, B m]; ``before`` [K, B m], the steps before it; ``out`` [T, B n]; ``told`` [K, B n]; ``work`` is room
    for K + 1 blocks [m, SIDE] and one [n, SIDE].
    """
    steps, depth = given.shape[0], before.shape[0] + 1
    samples, size = given.shape[1] // m, m * SIDE
    total = part(work, 0, depth * size, n * SIDE)
    for b in range(first * SIDE, min(last * SIDE, samples), SIDE):
        count = min(SIDE, samples - b)
        for k in range(steps + depth - 1):
            t = steps - 1 - k if back else k - depth + 1
            place = (t + depth - 1) % depth * size
            if t >= 0:
                turn(part(given, t, b * m, count * m), work, place, m)
            elif not back:
                turn(part(before, depth - 1 + t, b * m, count * m), work, place, m)
                continue
            clear(total)
            for c in range(delays.shape[0]):
                s = t + delays[c] if back else t - delays[c]
                if s < steps and not (back and s < 0):
                    rows = part(work, 0, (s + depth - 1) % depth * size, size)
                    for r in range(n):
                        _chain(total, r, rows, target, weights, start[c * n + r], start[c * n + r + 1])
            for j in range(count):
                if t >= 0:
                    to = part(out, t, (b + j) * n, n)
                else:
                    to = part(told, depth - 1 + t, (b + j) * n, n)
                for r in range(n):
                    to[r] = total[r * SIDE + j]


@njit(**inner, fastmath={"contract", "nsz", "reassoc"})
def _dot(a, b):
    total = a.dtype.type(0)
    for j in range(a.shape[0]):
        total += a[j] * b[j]
    return total


@njit(**options)
def multiply_late(first, last, heard, given, delays, start, target, total, n, samples):
    """``total`` += gradients of the weights of rows from ``first`` up to ``last``: ``sum of heard[t - d] * given[t]``.

    ``heard`` [n, (K + T) B], the K steps before the sequence first; ``given`` [m, T B], of the columns. A delay is
    ``samples`` = B places in a row, so each weight takes one product of two rows.
    """
    length = given.shape[1]
    before = heard.shape[1] - length
    for begin in range(0, length, _TOGETHER):
        count = min(_TOGETHER, length - begin)
        for r in range(first, last):
            for c in range(delays.shape[0]):
                late = part(heard, r, before + begin - delays[c] * samples, count)
                for k in range(start[c * n + r], start[c * n + r + 1]):
                    total[k] += _dot(late, part(given, target[k], begin, count))
