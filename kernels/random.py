"""Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011), the same on every backend.

A draw is keyed by the network's seed (64 bits) and counted by neuron (or synapse) number, step and stream, so it does
not depend on threads, chunks or the order in which neurons are visited.

    stream = 64 * (number of the population or projection) + number of the draw in the model's text

``uniform`` is in [0, 1) with 53 bits; ``normal`` is Box and Muller's from two uniforms of one block.

>>> float(uniform(1, 0, 0, 0)) == float(uniform(1, 0, 0, 0)), bool(0 <= uniform(1, 0, 5, 7) < 1)
(True, True)
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

__all__ = ["draw", "normal", "philox", "uniform"]

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32, _11 = np.uint64(32), np.uint64(11)


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


def _each(function: Callable[[float], float], x: np.ndarray) -> np.ndarray:
    return np.fromiter(map(function, x.ravel().tolist()), float, x.size).reshape(x.shape)


def draw(kind: Callable, seed: int, streams: np.ndarray, index: np.ndarray, step: int) -> np.ndarray:
    """Give a number for each index where every index may have its own stream."""
    out = np.empty(len(index))
    for stream in np.unique(streams):
        mine = streams == stream
        out[mine] = kind(seed, int(stream), index[mine], step)
    return out
