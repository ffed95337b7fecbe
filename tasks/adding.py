r"""The adding problem: two of many numbers are marked, their sum is asked for at the end.

At each step come a number, uniform in [0, 1), and a mark, which is 1 at one step of the first half and at one of the
second half, else 0. The target is the sum of the two marked numbers. To answer 1 always gives a mean squared error of
1/6.

**Reference.** S. Hochreiter, J. Schmidhuber 1997, Neural Computation 9, section 5.4; marks in both halves as in M.
Arjovsky, A. Shah, Y. Bengio 2016, ICML.

>>> x, target = adding(T=6, seed=1).batch(1)
>>> bool(x[:, 0, 0] @ x[:, 0, 1] == target[0, 0]), x[:, 0, 1].sum()
(True, np.float32(2.0))
"""

from __future__ import annotations

import numpy as np

from .task import Task

__all__ = ["adding"]


def adding(T: int = 100, seed: int = 0) -> Task:
    """Make the task with ``T`` steps, at least 2."""
    if T < 2:
        raise ValueError(f"T: expected at least 2 steps, got {T}")

    def draw(n: int, part: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        x = np.zeros((T, n, 2), np.float32)
        x[:, :, 0] = rng.random((T, n), dtype=np.float32)
        each = np.arange(n)
        for low, high in ((0, T // 2), (T // 2, T)):
            x[rng.integers(low, high, n), each, 1] = 1
        return x, (x[:, :, :1] * x[:, :, 1:]).sum(axis=0)

    return Task("adding", T, 2, 1, "numbers", draw, 1 / 6, seed, source="Hochreiter & Schmidhuber 1997")
