r"""Handwritten digits read one row or one pixel after the other: which digit was it?

The 1,797 digits of 8 x 8 pixels that come with scikit-learn, grey values from 0 to 1. A fifth of them, chosen by the
seed, is the test set; training batches draw from the others with replacement.

**Reference.** E. Alpaydin, C. Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository;
read as a sequence: Q. V. Le, N. Jaitly, G. E. Hinton 2015, arXiv 1504.00941 (on larger digits).

>>> task = sequential_digits(by="row")
>>> task.batch(2)[0].shape, task.test()[0].shape
((8, 2, 8), (8, 359, 8))
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from .task import Task

__all__ = ["sequential_digits"]


def sequential_digits(by: Literal["row", "pixel"] = "row", T: int | None = None, seed: int = 0) -> Task:
    """Make the task ``by`` rows (8 steps of 8 numbers) or pixels (64 steps of one).

    ``T`` may add empty steps at the end, over which the digit has to be kept.
    """
    if by not in ("row", "pixel"):
        raise ValueError(f"by: expected row or pixel, got {by!r}")
    width = 8 if by == "row" else 1
    least = 64 // width
    steps = least if T is None else T
    if steps < least:
        raise ValueError(f"T: expected at least {least} steps by {by}, got {T}")
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    x = np.zeros((steps, len(labels), width), np.float32)
    x[:least] = (images / 16).reshape(-1, least, width).transpose(1, 0, 2)
    order = np.random.default_rng([seed, 2]).permutation(len(labels))
    parts = dict(test=order[: len(order) // 5], train=order[len(order) // 5 :])

    def draw(n: int, part: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        own = parts[part]
        chosen = own if part == "test" and n == len(own) else own[rng.integers(len(own), size=n)]
        return x[:, chosen], labels[chosen].astype(np.int64)

    return Task("sequential_digits", steps, width, 10, "classes", draw, 0.1, seed, tests=len(parts["test"]))
