"""Bits of a word, counted in compiled code."""

from __future__ import annotations

import numpy as np
from numba import njit

from spikegram.kernels.popcount import popcount


@njit
def ones(words):  # noqa: ANN001, ANN201
    total = np.uint64(0)
    for word in words:
        total += popcount(word)
    return total


def test_bits_are_counted() -> None:
    words = [0, 1, 0xFFFFFFFFFFFFFFFF, 0x8000000000000001, 0x0123456789ABCDEF]
    for word in words:
        assert ones(np.array([word], np.uint64)) == word.bit_count()
