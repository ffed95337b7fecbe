"""Compiled sums over synapses with delays, beside sums over all pairs; more in `test_delayed_op.py`."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.kernels.compiled_delays import multiply_late, sum_late
from spikegram.kernels.layer_arrivals import SIDE


@pytest.mark.parametrize("back", [False, True])
def test_sums_are_those_over_pairs(back: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m, samples, T, K = 3, 2, SIDE + 2, 7, 3
    steps, W = rng.integers(0, K + 1, (n, m)), rng.normal(size=(n, m))
    steps[0, 0] = K
    delays, start, target, weights = np.unique(steps), [0], [], []
    for d in delays:
        for r in range(n):
            columns = np.flatnonzero(steps[r] == d)
            target += columns.tolist()
            weights += W[r, columns].tolist()
            start.append(len(target))
    given, before = rng.normal(size=(T, samples * m)), rng.normal(size=(K, samples * m))
    out, told = np.full((T, samples * n), np.nan), np.full((K, samples * n), np.nan)
    work = np.full(((K + 1) * m + n) * SIDE, np.nan)
    lists = delays, np.array(start), np.array(target, np.int32), np.array(weights)
    sum_late(0, 2, back, given, before, *lists, work, out, told, n, m)

    wanted = np.zeros((K + T, samples, n))
    for t in range(-K, T):
        for r in range(n):
            for c in range(m):
                s = t + steps[r, c] if back else t - steps[r, c]
                if back and 0 <= s < T:
                    wanted[K + t, :, r] += W[r, c] * given[s, c::m]
                elif not back and t >= 0:
                    wanted[K + t, :, r] += W[r, c] * (given[s] if s >= 0 else before[K + s])[c::m]
    np.testing.assert_allclose(out.reshape(T, samples, n), wanted[K:], rtol=1e-12, atol=1e-12)
    if back:
        np.testing.assert_allclose(told.reshape(K, samples, n), wanted[:K], rtol=1e-12, atol=1e-12)


def test_products_are_sums_over_steps_and_samples(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m, samples, T, K = 3, 2, 3, 400, 4  # longer than what is worked with at once
    steps = rng.integers(0, K + 1, (n, m))
    delays = np.unique(steps)
    columns = [np.flatnonzero(steps[r] == d) for d in delays for r in range(n)]
    start, target = np.cumsum([0, *map(len, columns)]), np.concatenate(columns).astype(np.int32)
    heard, given, total = rng.normal(size=(n, K + T, samples)), rng.normal(size=(m, T, samples)), np.zeros(n * m)
    for rows in ((0, 2), (2, 3)):
        flat = heard.reshape(n, -1), given.reshape(m, -1)
        multiply_late(*rows, *flat, delays, start, target, total, n, samples)
    wanted = [
        (heard[r, K - d : K - d + T] * given[c]).sum()
        for k, d in enumerate(delays) for r in range(n) for c in columns[k * n + r]
    ]  # fmt: skip
    np.testing.assert_allclose(total, wanted, rtol=1e-11, atol=1e-11)
