"""Counter-based random numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011), the same on every backend.

A draw is keyed by the network's seed (64 bits) and counted by neuron (or synapse) number, step and stream, so it does
not depend on threads, chunks or the order in which neurons are visited.

    stream = 64 * (number of the population or projection) + number of the draw in the model's text

``uniform`` is in [0, 1) with 53 bits; ``normal`` is Box and Muller's from two uniforms of one block; ``poisson`` takes
16 bits of a block, so that eight neurons share it: of 64 neurons in a row the eight blocks give word 0 to the first
sixteen (the low half to the first of two, the high half to the second), word 1 to the next, and so on. The few numbers
that 16 bits leave open take word 0 of the neuron's own block in the stream ``POISSON_REST`` further on.

>>> float(uniform(1, 0, 0, 0)) == float(uniform(1, 0, 0, 0)), bool(0 <= uniform(1, 0, 5, 7) < 1)
(True, True)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = [
    "POISSON_REST", "PoissonThresholds", "draw", "normal", "philox", "poisson", "poisson_thresholds", "series",
    "uniform",
]  # fmt: skip

POISSON_REST = 2**29

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


class PoissonThresholds(NamedTuple):
    """Where the numbers 0, 1, 2, ... of a Poisson distribution end among the words of 16 bits.

    A word that reaches k of ``words`` [K], uint32, stands for k. One that reaches all K (if there is a ``rest``) leaves
    it open: a number is drawn anew, as many as a word of 32 bits reaches of ``rest`` [R], uint32. The number k has
    floor(2**16 P(k)) words of its own; what is left over of each 2**16 P(k) is the distribution of the rest.
    """

    words: np.ndarray
    rest: np.ndarray


def poisson_thresholds(mean: float) -> PoissonThresholds:
    """Divide 48 random bits among the numbers of a Poisson distribution; what is rarer does not occur."""
    from scipy.stats import poisson as distribution

    top = int(distribution.isf(2.0**-50, mean)) + 1 if mean else 0
    shares = distribution.pmf(np.arange(top + 1), mean) * 2.0**16
    own = np.floor(shares)
    left = 2.0**16 - own.sum()
    words = np.cumsum(own[: np.flatnonzero(own)[-1] + 1])
    rest = np.rint(np.cumsum(shares - own) / left * 2.0**32) if left else np.zeros(0)
    return PoissonThresholds(words[words < 2.0**16].astype(np.uint32), rest[rest < 2.0**32].astype(np.uint32))


def poisson(seed: int, stream: int, index: np.ndarray, step: int, thresholds: PoissonThresholds) -> np.ndarray:
    """Give a Poisson number for each index; ``thresholds`` from `poisson_thresholds`."""
    index, (words, rest) = np.asarray(index, dtype=np.int64), thresholds
    blocks = np.stack(_block(seed, stream, index // 64 * 8 + index % 16 // 2, step))
    word = np.take_along_axis(blocks, (index % 64 // 16)[None], axis=0)[0]
    half = word >> np.where(index % 2, 16, 0).astype(np.uint64) & np.uint64(0xFFFF)
    counts = np.searchsorted(words, half, side="right")
    if len(rest):
        anew = np.flatnonzero(counts == len(words))
        word = _block(seed, stream + POISSON_REST, index[anew], step)[0]
        counts[anew] = np.searchsorted(rest, word, side="right")
    return counts
