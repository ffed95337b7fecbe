"""Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011), the same on every backend.

A draw is keyed by the network's seed (64 bits) and counted by neuron (or synapse) number, step and stream, so it does
not depend on threads, chunks or the order in which neurons are visited.

    stream = 64 * (number of the population or projection) + number of the draw in the model's text

``uniform`` is in [0, 1) with 53 bits; ``normal`` is Box and Muller's from two uniforms of one block; ``poisson`` takes
one 32-bit word of a block, so that four neurons share it: of 32 neurons in a row the eight blocks give word 0 to the
first eight, word 1 to the next, and so on.

>>> float(uniform(1, 0, 0, 0)) == float(uniform(1, 0, 0, 0)), bool(0 <= uniform(1, 0, 5, 7) < 1)
(True, True)
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

__all__ = ["draw", "normal", "philox", "poisson", "poisson_thresholds", "series", "uniform"]

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32, _11 = np.uint64(32), np.uint64(11)
_MANY = 2**17  # from here on Numba is worth its import


def philox(c0: np.ndarray, c1: np.ndarray, c2: np.ndarray, c3: np.ndarray, k0: int, k1: int) -> tuple:
    """Ten rounds of Philox on 32-bit words held in uint64; works on scalars and arrays."""
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _32) ^ c1 ^ k0, p1 & _LOW, (p0 >> _32) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


def _block(seed: int, stream: int, index: np.ndarray, step: int) -> tuple:
    seed, step = np.uint64(seed & 0xFFFFFFFFFFFFFFFF), np.uint64(step & 0xFFFFFFFFFFFFFFFF)
    index = np.asarray(index, dtype=np.uint64)
    zero = np.uint64(0) * index
    return philox(
        index & _LOW, zero + (step & _LOW), zero + np.uint64(stream), zero + (step >> _32), seed & _LOW, seed >> _32
    )


def _unit(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    return (((high << _32) | low) >> _11).astype(np.float64) * 2.0**-53


def uniform(seed: int, stream: int, index: np.ndarray, step: int) -> np.ndarray:
    """Give a uniform number in [0, 1) for each index."""
    a, b, _, _ = _block(seed, stream, index, step)
    return _unit(a, b)


def normal(seed: int, stream: int, index: np.ndarray, step: int) -> np.ndarray:
    """Give a standard normal number for each index."""
    a, b, c, d = _block(seed, stream, index, step)
    # Python's log and cos are the C library's, as in compiled code; NumPy's own may differ in the last bit
    return np.sqrt(-2.0 * _each(math.log, 1.0 - _unit(a, b))) * _each(math.cos, 2.0 * np.pi * _unit(c, d))


def series(gaussian: bool, seed: int, stream: int, size: int, step: int) -> np.ndarray:
    """Give `uniform` or `normal` numbers for the indices 0 ... size - 1; many of them in compiled code."""
    if size < _MANY:
        return (normal if gaussian else uniform)(seed, stream, np.arange(size), step)
    from .compiled import fill

    out = np.empty(size)
    fill(gaussian, np.uint64(seed), np.uint64(stream), step, out)
    return out


def _each(function: Callable[[float], float], x: np.ndarray) -> np.ndarray:
    return np.fromiter(map(function, x.ravel().tolist()), float, x.size).reshape(x.shape)


def draw(kind: Callable, seed: int, streams: np.ndarray, index: np.ndarray, step: int) -> np.ndarray:
    """Give a number for each index where every index may have its own stream."""
    out = np.empty(len(index))
    for stream in np.unique(streams):
        mine = streams == stream
        out[mine] = kind(seed, int(stream), index[mine], step)
    return out


def poisson_thresholds(mean: float) -> np.ndarray:
    """Cumulative distribution of the Poisson numbers of this mean, times 2**32: [K], uint32.

    A 32-bit word that reaches k of these thresholds stands for the number k. Probabilities are thus multiples of
    2**-32, and what is rarer than that does not occur.
    """
    from scipy.stats import poisson as distribution

    top = int(distribution.isf(2.0**-33, mean)) + 1 if mean else 0
    edges = np.rint(distribution.cdf(np.arange(top), mean) * 2.0**32)
    return edges[edges < 2.0**32].astype(np.uint32)


def poisson(seed: int, stream: int, index: np.ndarray, step: int, thresholds: np.ndarray) -> np.ndarray:
    """Give a Poisson number for each index; ``thresholds`` from `poisson_thresholds`."""
    index = np.asarray(index, dtype=np.int64)
    words = np.stack(_block(seed, stream, index // 32 * 8 + index % 8, step))
    word = np.take_along_axis(words, (index % 32 // 8)[None], axis=0)[0]
    return np.searchsorted(thresholds, word.astype(np.uint32), side="right")
