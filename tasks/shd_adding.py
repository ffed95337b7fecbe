r"""A small stand-in for SHD-Adding: two spoken digits as spikes, one after the other; which is their sum?

Each of five digits is a fixed table of firing probabilities, five segments of 30 channels, p = U^3/2 with U uniform in
[0, 1). A sample is two random digits, one after the other, as Bernoulli spikes; the target is their sum, 0 ... 8. The
first digit has to be kept while the second one comes: memory that is shorter than half of the sequence does not do.
To answer 4 always is right in a fifth of the samples.

**Reference.** The task with recorded digits: A. Spieler et al. 2024, ICLR (arXiv 2306.16922). Recordings: B. Cramer
et al. 2022, IEEE Trans. Neural Netw. Learn. Syst. 33. Nothing is downloaded here.

>>> x, target = shd_adding_standin(seed=0).batch(3)
>>> x.shape, x.max(), target.dtype
((50, 3, 30), np.float32(1.0), dtype('int64'))
"""

from __future__ import annotations

import numpy as np

from .task import Task

__all__ = ["shd_adding_standin"]

DIGITS, SEGMENTS, CHANNELS = 5, 5, 30


def shd_adding_standin(T: int = 50, seed: int = 0) -> Task:
    """Make the task with ``T`` steps, a multiple of 10; the tables follow from the seed."""
    if T < 10 or T % (2 * SEGMENTS):
        raise ValueError(f"T: expected a multiple of {2 * SEGMENTS}, got {T}")
    tables = np.random.default_rng([seed, 2]).random((DIGITS, SEGMENTS, CHANNELS)) ** 3 * 0.5
    rates = np.repeat(tables, T // (2 * SEGMENTS), axis=1)  # [digit, step, channel]

    def draw(n: int, part: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        digits = rng.integers(DIGITS, size=(2, n))
        p = np.concatenate([rates[d].transpose(1, 0, 2) for d in digits])
        return (rng.random(p.shape) < p).astype(np.float32), digits.sum(axis=0)

    return Task("shd_adding_standin", T, CHANNELS, 2 * DIGITS - 1, "classes", draw, 1 / DIGITS, seed)
