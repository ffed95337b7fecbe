"""Kanerva's sparse distributed memory: a few of very many fixed places are written and read together.

M places with random addresses a^m in {-1, +1}^N and counters C^m in Z^N. A word x activates the places whose addresses
differ from it in at most ``radius`` bits, a share p of all:

    write x:  C^m <- C^m + x   for each active place
    read c:   s = sum of C^m over the places that c activates;  x_i = sign(s_i), where s_i = 0 it stays c_i

Recall repeats the reading with what came, until nothing changes: a cue that is nearer to a stored word than a critical
distance converges to it.

Theory (T random words, one read at its own address): the sum has the signal p M and the variance
(T - 1) p^2 M (1 + p^2 M) from the other words, so that a bit is wrong with probability at most 1/2 erfc(sqrt(R / 2)),
R = M / ((T - 1) (1 + p^2 M)); `SDM.capacity` is the T of a given error. It takes the other words that reach a place to
be independent of the word that is read. They lean towards it, as both are near the place: that helps where T is large.

Addresses are drawn from `kernels.random` (stream 0) and are not part of the file. Kept are M N counters of 32 bits.

**References.** P. Kanerva 1988, "Sparse distributed memory", MIT Press; P. A. Chou 1989, "The capacity of the Kanerva
associative memory", IEEE Transactions on Information Theory 35, 281.

>>> memory = SDM(64, places=2000, seed=1)
>>> word = np.where(np.arange(64) % 3, 1, -1)[None]
>>> memory.store(word)
>>> cue = word.copy()
>>> cue[0, :6] *= -1
>>> bool((memory.recall(cue)[0] == word).all()), memory.radius
(True, 22)
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from ..kernels.random import series
from .memory import AssociativeMemory, RecallInfo, check_count, check_number, check_signs, pack_bits

__all__ = ["SDM"]


class SDM(AssociativeMemory):
    """Complete long binary words.

    Parameters
    ----------
    size : int
        Length of a word N.
    places : int
        Number of places M; 4 M N bytes are needed.
    radius : int, optional
        Largest number of bits in which the address of an active place differs; by default the largest with which at
        most a share ``share`` of all places is active.
    share : float
        Expected share p of active places, if no radius is given.
    seed : int
        Of the addresses.
    """

    def __init__(
        self, size: int, places: int = 10_000, radius: int | None = None, share: float = 0.01, seed: int = 0
    ) -> None:
        from scipy.stats import binom

        self.size, self.places = check_count(size, "size", 2), check_count(places, "places")
        self.seed = check_count(seed, "seed", 0)
        if radius is None:
            check_number(share, "share", 0, 1, above=True)
            radius = int(binom.ppf(share, self.size, 0.5))
            while radius > 0 and binom.cdf(radius, self.size, 0.5) > share:
                radius -= 1
        self.radius = check_count(radius, "radius", 0)
        if self.radius > self.size:
            raise ValueError(f"radius: expected at most size = {self.size}, got {radius}")
        self.share = float(binom.cdf(self.radius, self.size, 0.5))
        draws = series(False, self.seed, 0, self.places * self.size, 0).reshape(self.places, self.size)
        self._addresses = pack_bits(draws < 0.5)
        self.counters = np.zeros((self.places, self.size), dtype=np.int32)
        self._stored = 0

    def store(self, patterns: Any) -> None:
        """Write words [P, N] of -1 and +1 (or bool), each at its own address.

        Raises
        ------
        ValueError
            If a word activates no place: take more places or a larger radius.
        """
        patterns = check_signs(patterns, "patterns", self.size)
        places = [self.active(word) for word in pack_bits(patterns > 0)]
        for k, found in enumerate(places):
            if not found.size:
                raise ValueError(
                    f"patterns: pattern {k} activates none of {self.places} places; a share of {self.share:.2g} is "
                    f"expected with radius {self.radius}"
                )
        for word, found in zip(patterns, places, strict=True):
            self.counters[found] += word
        self._stored += len(patterns)

    def __len__(self) -> int:
        return self._stored

    def __repr__(self) -> str:
        return f"SDM({self.size}, places={self.places}, radius={self.radius}, seed={self.seed}; {len(self)} patterns)"

    def active(self, word: np.ndarray) -> np.ndarray:
        """Numbers of the places that a word, packed by `pack_bits`, activates."""
        distance = np.bitwise_count(self._addresses ^ word).sum(1, dtype=np.int64)
        return np.flatnonzero(distance <= self.radius)

    def recall(self, cues: Any, steps: int = 20) -> tuple[np.ndarray, RecallInfo]:
        """Read at each cue, then at what came, and so on.

        Parameters
        ----------
        cues : array_like
            [Q, N] of -1 and +1 (or bool).
        steps : int
            Most readings; a cue is done when one changes nothing.

        Returns
        -------
        states : ndarray
            int8 [Q, N].
        info : RecallInfo
        """
        states = check_signs(cues, "cues", self.size).copy()
        check_count(steps, "steps")
        info = RecallInfo(np.zeros(len(states), np.int64), np.zeros(len(states), bool))
        for q, state in enumerate(states):
            while info.steps[q] < steps and not info.converged[q]:
                total = self.counters[self.active(pack_bits(state[None] > 0)[0])].sum(0, dtype=np.int64)
                fresh = np.where(total == 0, state, np.sign(total)).astype(np.int8)
                info.steps[q] += 1
                info.converged[q] = np.array_equal(fresh, state)
                state[:] = fresh
        return states, info

    def bit_error(self, patterns: int) -> float:
        """Give the bound on the probability of a wrong bit when one of so many words is read at its own address."""
        from scipy.special import erfc

        others = check_count(patterns, "patterns") - 1
        R = np.inf if others == 0 else self.places / (others * (1 + self.share**2 * self.places))
        return float(erfc(np.sqrt(R / 2)) / 2)

    def capacity(self, error: float = 0.01) -> float:
        """How many random words can be written until a bit is read wrong with probability ``error``."""
        from scipy.special import erfcinv

        if not 0 < check_number(error, "error") < 0.5:
            raise ValueError(f"error: expected a probability between 0 and 1/2, got {error}")
        return 1 + self.places / (1 + self.share**2 * self.places) / (2 * float(erfcinv(2 * error)) ** 2)

    def _content(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        settings = {"size": self.size, "places": self.places, "radius": self.radius, "seed": self.seed}
        return settings, {"counters": self.counters, "stored": np.array(self._stored)}

    @classmethod
    def _from_content(cls, settings: dict[str, Any], arrays: dict[str, np.ndarray]) -> Self:
        made = cls(**settings)
        counters = arrays["counters"]
        if counters.shape != made.counters.shape or counters.dtype != np.int32:
            raise ValueError(f"counters: expected int32 {list(made.counters.shape)}, got {list(counters.shape)}")
        made.counters, made._stored = counters, int(arrays["stored"])
        return made
