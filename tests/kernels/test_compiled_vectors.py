"""Vectors in compiled code: each operation against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from spikegram.kernels import compiled_vectors as cv
from spikegram.kernels.compiled_hints import options

LOCAL = {**options, "cache": False}


@njit(**LOCAL)
def _arithmetic(x, scale):
    a, b, c = cv.load(x, 0), cv.load(x, 1), cv.load(x, 2)
    cv.store(x, 3, cv.add(a, b))
    cv.store(x, 4, cv.sub(a, b))
    cv.store(x, 5, cv.mul(a, b))
    cv.store(x, 6, cv.muladd(a, b, c))
    cv.store(x, 7, cv.spread(scale))


@njit(**LOCAL)
def _turned(x, y):
    rows = cv.turn(
        (
            cv.load_eight(x, (0, 2)), cv.load_eight(x, (1, 2)), cv.load_eight(x, (2, 2)), cv.load_eight(x, (3, 2)),
            cv.load_eight(x, (4, 2)), cv.load_eight(x, (5, 2)), cv.load_eight(x, (6, 2)), cv.load_eight(x, (7, 2)),
        )
    )  # fmt: skip
    for r in range(8):
        cv.store_eight(y, (r, 1, 3), rows[r])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arithmetic(dtype: str) -> None:
    width = cv.WIDTH // np.dtype(dtype).itemsize
    x = np.random.default_rng(0).normal(size=(8, width)).astype(dtype)
    a, b, c = x[:3].copy()
    _arithmetic(x, x.dtype.type(1.5))
    assert np.array_equal(x[3], a + b) and np.array_equal(x[4], a - b) and np.array_equal(x[5], a * b)
    exact = (a.astype(np.longdouble) * b + c).astype(dtype)
    assert np.array_equal(x[6], exact)  # rounded once
    assert (x[7] == 1.5).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_turn(dtype: str) -> None:
    x = np.arange(8 * 11, dtype=dtype).reshape(8, 11)
    y = np.full((8, 2, 12), np.nan, dtype)
    _turned(x, y)
    assert np.array_equal(y[:, 1, 3:11], x[:, 2:10].T)
    assert np.isnan(y).sum() == y.size - 64
