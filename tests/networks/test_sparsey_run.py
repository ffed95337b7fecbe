"""Backends and threads give the same codes and the same memory."""

from __future__ import annotations

import numpy as np

from spikegram.networks import Sparsey, SparseyBackoff, SparseyLevel
from spikegram.neurons import SparseyParams
from spikegram.plasticity import SparseyRule


def made(seed: int, backend: str = "numba", threads: int = 1) -> Sparsey:
    rule = SparseyRule(freeze="mac", saturation=0.4)
    levels = [
        SparseyLevel(SparseyParams(6, 5), grid=(2, 2), field=(3, 3), rule=rule),
        SparseyLevel(SparseyParams(5, 4, lambda_u=2), rule=rule),
    ]
    return Sparsey((5, 5), levels, seed=seed, backend=backend, threads=threads)


def test_backends_and_threads_agree(seed: int) -> None:
    frames = np.random.default_rng(seed).random((24, 25)) < 0.3
    memories = [made(seed), made(seed, threads=3), made(seed, "reference")]
    warps = SparseyBackoff((0.9, 0.9, 0.9), (), ("hold", "skip"))
    for call in (
        lambda m: m.learn(frames[:12], separate=True),
        lambda m: m.learn(frames[12:]),
        lambda m: m.recognise(frames, separate=True),
        lambda m: m.recognise(frames[::-1], hard=False, backoff=SparseyBackoff(allowed=())),
        lambda m: m.recognise(frames, hard=False, draw=3),
        lambda m: m.replay(frames[12:14], 6),
        lambda m: m.recognise(frames[[12, 12, 13, 15, 15, 16, 18]], backoff=warps),
        lambda m: m.recognise(
            frames[[15, 16, 16, 18]], backoff=warps, after=m.recognise(frames[[12, 12, 13, 15]], backoff=warps)
        ),
    ):
        first, *others = (call(m) for m in memories)
        for other in others:
            assert all(np.array_equal(a, b, equal_nan=a.dtype == float) for a, b in zip(first, other, strict=True))
    for signal in "UHD":
        for m in range(5):
            first, *others = (memory.weights(m, signal) for memory in memories)
            assert all(np.array_equal(first, other) for other in others)
        first, *others = (memory.saturation(signal) for memory in memories)
        assert all(np.array_equal(first, other, equal_nan=True) for other in others)
        first, *others = (memory.frozen(signal) for memory in memories)
        assert all(np.array_equal(first, other) for other in others)


def test_other_draws(seed: int) -> None:
    frames = np.random.default_rng(seed).random((4, 25)) < 0.3
    memory = made(seed)
    one, same, other = (memory.recognise(frames, hard=False, draw=d).codes for d in (0, 0, 1))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
