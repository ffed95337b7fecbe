"""Compiled pieces for spikes with a delay for each pair of cells, beside sums over all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from spikegram.kernels.compiled_layer_pairs import arrive_late, mark, outer_late, tell, turn
from spikegram.kernels.layer_arrivals import SIDE

T, D = 9, 4


def lists(steps: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, ...]:
    """Delays, starts, targets and the senders, in plain loops."""
    n = len(steps)
    delays = np.unique(steps[pairs])
    start, target, sender = [0], [], []
    for d in delays:
        for i in range(n):
            found = [o for o in range(n) if pairs[i, o] and steps[i, o] == d]
            target += found
            sender += [i] * len(found)
            start.append(len(target))
    return delays, np.array(start), np.array(target, np.int32), np.array(sender)


@njit
def _forward(past, before, delays, start, target, marks, weights, given, out, n):
    """The first sample, then the others, so that a tile may begin elsewhere."""
    for first, last in ((0, n), (n, past.shape[1])):
        for t in range(before.shape[0]):
            mark(before[t, first:last], marks, t, first, n)
        for t in range(past.shape[0]):
            row, own = out[t, first:last], given[t, first:last]
            arrive_late(past, before, delays, start, target, marks, weights, t, first, own, row, n)
            mark(past[t, first:last], marks, before.shape[0] + t, first, n)


@njit
def _back(ring, stride, depth, delays, start, target, weights, dx, work, out, n):
    """``out`` [D + T, M]: what the spikes of all steps are told, those before the sequence first."""
    steps = dx.shape[0]
    for k in range(steps + depth):
        t = steps - 1 - k
        tell(ring, 1, stride, depth, t, steps, delays, start, target, weights, work, out[depth + t], n)
        if t >= 0:
            turn(dx[t], ring, (1 + t % depth) * stride, n)


@pytest.mark.parametrize(("n", "samples", "share"), [(5, 2, 1.0), (70, 3, 0.1), (3, SIDE + 1, 0.6)])
def test_pieces_are_sums_over_pairs(n: int, samples: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    M, steps, pairs = samples * n, rng.integers(1, D + 1, (n, n)), rng.random((n, n)) < share
    steps[0, 0], pairs[0, 0] = D, True
    delays, start, target, sender = lists(steps, pairs)
    weights = rng.normal(size=len(target))
    W = np.zeros((n, n))
    W[sender, target] = weights
    past, before = (np.where(rng.random((k, M)) < 0.3, rng.normal(size=(k, M)), 0) for k in (T, D))
    dx, given = rng.normal(size=(2, T, M))
    heard = np.full((T, M), np.nan)
    marks = np.zeros((D + T, samples * -(-n // 64)), np.int64)
    _forward(past, before, delays, start, target, marks, weights, given, heard, n)
    assert sum(int(word).bit_count() for word in marks.ravel().view(np.uint64)) == np.count_nonzero([*before, *past])

    blocks = -(-samples // SIDE) * SIDE * n
    ring, work = np.full((1 + D) * (blocks + 8), np.nan), np.full(blocks, np.nan)
    told = rng.normal(size=(D + T, M))
    first = told.copy()
    _back(ring, blocks + 8, D, delays, start, target, weights, dx, work, told, n)
    total = np.zeros(len(target))
    for part in ((0, n // 2), (n // 2, n)):
        outer_late(*part, before, past, dx, delays, start, target, total, n)

    sent = np.concatenate([before, past]).reshape(D + T, samples, n)
    back, wanted = dx.reshape(T, samples, n), given.reshape(T, samples, n).copy()
    wanted_told, wanted_total = np.zeros((D + T, samples, n)), np.zeros((n, n))
    for t in range(T):
        for d in range(1, D + 1):
            own = np.where(pairs & (steps == d), 1.0, 0.0)
            wanted[t] += sent[D + t - d] @ (W * own)
            wanted_told[D + t - d] += back[t] @ (W * own).T
            wanted_total += sent[D + t - d].T @ back[t] * own
    np.testing.assert_allclose(heard, wanted.reshape(T, M), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(told, first + wanted_told.reshape(D + T, M), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(total, wanted_total[sender, target], rtol=1e-12, atol=1e-12)
