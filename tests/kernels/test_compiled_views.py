"""Views that compiled code makes by itself."""

from __future__ import annotations

import numpy as np
from numba import njit

from spikegram.kernels.compiled_hints import options
from spikegram.kernels.compiled_views import stretch


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
