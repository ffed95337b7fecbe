"""What a task is: batches of sequences with targets, the same at every call with the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..units import is_whole

__all__ = ["Task"]

_PARTS = {"train": 0, "test": 1}


@dataclass(frozen=True)
class Task:
    """Sequences to learn from, of which the answer is read at the last step.

    Attributes
    ----------
    name : str
    T, inputs, outputs : int
        Steps, numbers per step, classes or numbers to answer with.
    kind : str
        ``classes`` (score: share that is right) or ``numbers`` (score: mean squared error).
    draw : callable (n, part, rng) -> x, target
        x [T, n, inputs] of float32; targets [n] of int64, or [n, outputs] of float32.
    chance : float
        Score of the best answer that does not look at x.
    seed : int
    tests : int
        Size of the test set.
    source : str
    """

    name: str
    T: int
    inputs: int
    outputs: int
    kind: Literal["classes", "numbers"]
    draw: Callable[[int, str, np.random.Generator], tuple[np.ndarray, np.ndarray]]
    chance: float
    seed: int = 0
    tests: int = 2000
    source: str = ""

    def __post_init__(self) -> None:
        if not is_whole(self.seed) or self.seed < 0:
            raise ValueError(f"seed: expected a whole number >= 0, got {self.seed!r}")

    def batch(self, n: int, step: int = 0, part: Literal["train", "test"] = "train") -> tuple[np.ndarray, np.ndarray]:
        """Give ``n`` samples: the same for the same ``step`` and ``part``, others for others."""
        if part not in _PARTS:
            raise ValueError(f"part: expected train or test, got {part!r}")
        if n < 1 or step < 0:
            raise ValueError(f"n, step: expected n >= 1 and step >= 0, got {n} and {step}")
        return self.draw(n, part, np.random.default_rng([self.seed, _PARTS[part], step]))

    def test(self) -> tuple[np.ndarray, np.ndarray]:
        """Give the test set."""
        return self.batch(self.tests, part="test")

    def score(self, y: np.ndarray, target: np.ndarray) -> float:
        """Score answers y [n, outputs]: share of right classes, or mean squared error."""
        y, target = np.asarray(y), np.asarray(target)
        if y.shape != (len(target), self.outputs):
            raise ValueError(f"y: expected [{len(target)}, {self.outputs}], got {list(y.shape)}")
        if self.kind == "classes":
            return float((y.argmax(axis=-1) == target).mean())
        return float(((y - target) ** 2).mean())
