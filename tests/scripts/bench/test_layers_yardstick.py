"""The hand-written layer against its equations, step by step."""

from __future__ import annotations

import numpy as np

from spikegram.scripts.bench.layers_yardstick import forward_and_backward


def test_steps_by_hand(seed: int) -> None:
    rng, beta = np.random.default_rng(seed), 0.9
    x, dy = 0.5 * rng.random((70, 3, 5)), rng.normal(size=(70, 3, 5))
    v, spikes, before, carried = np.zeros((3, 5)), np.zeros_like(x), np.zeros_like(x), np.zeros((3, 5))
    for t in range(70):
        before[t] = beta * v + x[t]
        spikes[t] = before[t] > 1
        v = before[t] - spikes[t]
    gradient = np.zeros_like(x)
    for t in range(69, -1, -1):
        gradient[t] = carried + dy[t] / (1 + 10 * abs(before[t] - 1)) ** 2
        carried = beta * gradient[t]
    assert 0.05 < spikes.mean() < 0.5
    for threads in (1, 2):
        y, dx = forward_and_backward(x, dy, beta, threads)
        assert (y == spikes).all()
        np.testing.assert_allclose(dx, gradient, rtol=1e-12, atol=1e-14)
