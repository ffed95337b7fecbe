"""Compiled pieces for delayed spikes: what is sent arrives, and what arrives tells its sender."""

from __future__ import annotations

import numpy as np
from numba import njit

from spikegram.kernels.compiled_layer_delays import give, late, take


@njit
def _through(past, before, delays, gradients, heard, told, ring, n):
    """Two tiles' worth of samples forward, then back with ``gradients`` of what was heard."""
    for t in range(past.shape[0]):
        late(past, before, delays, t, 0, heard[t], n)
    stride, last = past.shape[1], before.shape[0]
    for k in range(past.shape[0]):
        t = past.shape[0] - 1 - k
        row = (t % last) * stride
        take(ring[row : row + stride], gradients[t], told[t])
        give(gradients[t], delays, t, ring, 0, stride, last, n)


def test_late_spikes_and_their_gradients() -> None:
    rng = np.random.default_rng(0)
    n, steps, last, delays = 3, 8, 4, np.array([1, 4, 2])
    past, before, gradients = rng.random((steps, 6)), rng.random((last, 6)), rng.random((steps, 6))
    heard, told, ring = np.full((steps, 6), np.nan), np.full((steps, 6), np.nan), np.zeros(last * 6)
    _through(past, before, delays, gradients, heard, told, ring, n)
    for t in range(steps):
        for j in range(6):
            d = delays[j % n]
            assert heard[t, j] == (past[t - d, j] if t >= d else before[last + t - d, j])
            later = gradients[t + d, j] if t + d < steps else 0.0
            assert told[t, j] == gradients[t, j] + later
    for s in range(-last, 0):  # what the steps before the sequence are told is left in the ring
        for j in range(6):
            d = delays[j % n]
            assert ring[(s % last) * 6 + j] == (gradients[s + d, j] if s + d >= 0 else 0.0)
