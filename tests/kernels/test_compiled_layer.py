"""Compiled pieces of the passes of layers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit

from spikegram.kernels.compiled_layer import clear, copy, exprel_slope, gather


@pytest.mark.parametrize("z", [-30.0, -2.0, -0.31, -0.29, -1e-3, -1e-9, 0.0, 1e-9, 1e-3, 0.29, 0.31, 2.0, 30.0])
def test_slope_of_exprel(z: float) -> None:
    exact = sum(z**n / (math.factorial(n) * (n + 2)) for n in range(40)) if abs(z) < 3 else None
    if exact is None:
        exact = (z * math.exp(z) - math.exp(z) + 1) / z**2
    assert exprel_slope(z) == pytest.approx(exact, rel=1e-11)


def test_rows_are_copied_and_cleared() -> None:
    @njit
    def both(a, b):
        copy(a, b)
        clear(a)

    a, b = np.arange(5.0), np.full(5, np.nan)
    both(a, b)
    assert b.tolist() == [0, 1, 2, 3, 4]
    assert not a.any()


def test_arrivals_are_rows_of_the_weights(seed: int) -> None:
    @njit
    def arrive(spikes, weights, given, out, n):
        gather(spikes, weights, given, out, n)

    rng = np.random.default_rng(seed)
    for n, share in ((3, 0.5), (75, 0.2), (75, 1.0)):  # cells of two samples, part of which spike
        spikes = np.where(rng.random(2 * n) < share, rng.normal(size=2 * n), 0)
        weights, given, out = rng.normal(size=(n, n)), rng.normal(size=2 * n), np.full(2 * n, np.nan)
        arrive(spikes, weights, given, out, n)
        np.testing.assert_allclose(out.reshape(2, n), given.reshape(2, n) + spikes.reshape(2, n) @ weights, rtol=1e-11)
    spikes[4] = np.nan
    arrive(spikes, weights, given, out, n)
    assert np.isnan(out[:n]).all() and not np.isnan(out[n:]).any()
