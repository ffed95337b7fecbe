"""Data sets for Hebbian networks: noisy examples of archetypes, of known quality; diluted patterns; binarised digits.

An archetype is a row of N fair signs, an example of quality r has each of them right with probability (1 + r)/2.

>>> archetypes, examples = noisy_examples(N=6, K=2, M=3, r=1.0, seed=0)
>>> examples.shape, bool((examples == archetypes[:, None]).all())
((2, 3, 6), True)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .memory import check_count, check_number

__all__ = ["DigitClasses", "digit_classes", "diluted_examples", "diluted_patterns", "noisy_examples", "noisy_sums"]


class DigitClasses(NamedTuple):
    """Digits of 8 x 8 pixels as signs: ten archetypes, examples and images that are not among them.

    Attributes
    ----------
    archetypes : ndarray
        int8 [10, 64]: where the mean image of the digit is darker than that of all digits.
    examples : ndarray
        int8 [10, M, 64].
    unseen : ndarray
        int8 [10, U, 64].
    """

    archetypes: np.ndarray
    examples: np.ndarray
    unseen: np.ndarray


def _check(N: int, K: int, M: int, r: float) -> None:
    for value, name in ((N, "N"), (K, "K"), (M, "M")):
        check_count(value, name)
    check_number(r, "r", 0, 1, above=True)


def noisy_examples(N: int, K: int, M: int, r: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw K archetypes [K, N] and M examples of each [K, M, N], int8.

    Parameters
    ----------
    N, K, M : int
    r : float
        Quality in (0, 1]: mean of the product of an example with its archetype.
    seed : int
    """
    _check(N, K, M, r)
    rng = np.random.default_rng(seed)
    archetypes = _signs(rng, (K, N))
    right = rng.random((K, M, N), dtype=np.float32) < (1 + r) / 2
    return archetypes, np.where(right, archetypes[:, None], -archetypes[:, None])


def noisy_sums(N: int, K: int, M: int, r: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw K archetypes [K, N] int8 and the sum of M examples of each [K, N] int32, without the examples.

    The sum is (2 B - M) times the archetype with B binomial: as many examples as one likes cost no memory.
    """
    _check(N, K, M, r)
    rng = np.random.default_rng(seed)
    archetypes = _signs(rng, (K, N))
    return archetypes, (2 * rng.binomial(M, (1 + r) / 2, (K, N)) - M).astype(np.int32) * archetypes


def diluted_patterns(N: int, K: int, d: float, seed: int = 0) -> np.ndarray:
    """Draw K patterns [K, N] int8 of letters 0 (with probability ``d``), -1 and +1 (equally often)."""
    _check(N, K, 1, 1.0)
    if not 0 <= check_number(d, "d") < 1:
        raise ValueError(f"d: expected a number in [0, 1), got {d!r}")
    rng = np.random.default_rng(seed)
    signs = _signs(rng, (K, N))
    return np.where(rng.random((K, N)) < d, 0, signs).astype(np.int8)


def diluted_examples(N: int, K: int, M: int, d: float, r: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw K diluted patterns [K, N] and M examples of each [K, M, N]: zeros stay zeros, signs have the quality r."""
    patterns = diluted_patterns(N, K, d, seed)
    _check(N, K, M, r)
    right = np.random.default_rng([seed, 1]).random((K, M, N), dtype=np.float32) < (1 + r) / 2
    return patterns, np.where(right, patterns[:, None], -patterns[:, None])


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return (2 * rng.integers(0, 2, shape, dtype=np.int8) - 1).astype(np.int8)


def digit_classes(M: int = 50, unseen: int = 20, seed: int = 0) -> DigitClasses:
    """Take the digits of scikit-learn (8 x 8 pixels, 174 or more of each) as structured data.

    A pixel is +1 where it is darker than its mean over all images. With one threshold for all pixels the background is
    common to all digits, and what the network then recalls is that.

    Parameters
    ----------
    M : int
        Examples of each digit.
    unseen : int
        Further images of each digit.
    seed : int
        Of the choice of images.
    """
    from sklearn.datasets import load_digits

    M, unseen = check_count(M, "M"), check_count(unseen, "unseen")
    data = load_digits()
    least = int(np.bincount(data.target).min())
    if M + unseen > least:
        raise ValueError(f"M + unseen: expected at most {least} images of a digit, got {M} + {unseen}")
    rng = np.random.default_rng(seed)
    mean = data.data.mean(0)
    archetypes, examples, rest = [], [], []
    for digit in range(10):
        images = data.data[data.target == digit]
        archetypes.append(np.where(images.mean(0) > mean, 1, -1))
        chosen = np.where(images[rng.permutation(len(images))[: M + unseen]] > mean, 1, -1)
        examples.append(chosen[:M])
        rest.append(chosen[M:])
    return DigitClasses(*(np.array(x, dtype=np.int8) for x in (archetypes, examples, rest)))
