"""Compiled pieces of the passes of layers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit

from spikegram.kernels.compiled_layer import clear, copy, exprel_slope


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
