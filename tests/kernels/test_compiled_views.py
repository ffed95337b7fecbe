"""Views that compiled code makes by itself."""

from __future__ import annotations

import numpy as np
from numba import njit

from spikegram.kernels.compiled_hints import options
from spikegram.kernels.compiled_views import stretch, table


@njit(**{**options, "cache": False})
def _fill(array, a, b, first, number):
    view = stretch(array, a, b, first, number)
    for j in range(len(view)):
        view[j] = 10 * j + 1


def test_stretch_follows_strides() -> None:
    whole = np.zeros((4, 3, 8))
    array = whole.transpose(1, 0, 2)[:, ::2]  # shape (3, 2, 8)
    _fill(array, 2, 1, 3, 4)
    expected = np.zeros_like(whole)
    expected[2, 2, 3:7] = [1, 11, 21, 31]
    assert np.array_equal(whole, expected)


@njit(_nrt=False)
def _set(array, rows, columns, i, j):
    table(array, rows, columns)[i, j] = 7


def test_a_row_as_a_table() -> None:
    array = np.arange(12.0)
    _set(array, 3, 4, 2, 1)
    assert array[9] == 7 and (np.delete(array, 9) == np.delete(np.arange(12.0), 9)).all()
