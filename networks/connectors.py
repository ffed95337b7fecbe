"""Rules that say which neurons of one population reach which neurons of another.

A connector is a value: frozen, compared by its fields, checked when it is made. `Connector.pairs`
gives two int64 arrays [S], one entry per synapse: positions into the ``pre`` and ``post`` it was
given (0 for the first neuron of a view), so that ``pre[rows]`` and ``post[columns]`` are the neuron
numbers in the parent populations. They are sorted by (pre, post), except those of `FromList`, which
keep their order. If one side is empty there are no synapses, whatever the rule asks for.

An autapse joins a neuron to itself; multapses are several synapses from one neuron to one other.
Random rules draw exactly from their distribution, in memory that grows with the synapses and not
with n_pre * n_post, and the same state of the generator gives the same synapses.

>>> ids, rng = np.arange(3), np.random.default_rng(1)
>>> rows, columns = AllToAll(autapses=False).pairs(ids, ids, True, rng, None)
>>> rows.tolist(), columns.tolist()
([0, 0, 1, 1, 2, 2], [1, 2, 0, 2, 0, 1])
>>> FixedProbability(0.02).expected_count(4000, 4000)
320000.0
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from .connector_checks import check_call, set_count, set_flag, set_probability
from .pair_draws import Ids, choose, distinct, nobody, refused_partners, split, successes, without

__all__ = [
    "AllToAll",
    "Connector",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedProbability",
    "FixedTotalNumber",
    "Ids",
    "OneToOne",
    "Positions",
]

Positions = tuple[np.ndarray, np.ndarray] | None


class Connector(ABC):
    """What every connection rule can do."""

    @abstractmethod
    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        """Choose the synapses.

        Parameters
        ----------
        pre, post : int array [n_pre], [n_post]
            Neuron numbers within their parent populations, each at most once.
        same : bool
            Both parents are the same population: equal numbers are the same neuron.
        rng : numpy.random.Generator
            Source of randomness; rules without chance leave it untouched.
        positions : pair of float arrays [n_pre, D], [n_post, D], optional
            Places of these neurons in metres; only `DistanceDependent` looks at them.

        Returns
        -------
        rows, columns : int64 array [S]
            Positions into ``pre`` and into ``post``.

        Raises
        ------
        ValueError, TypeError
            If an argument is malformed or the rule cannot be met by these neurons.
        """

    @abstractmethod
    def expected_count(self, n_pre: int, n_post: int) -> float:
        """Give the mean number of synapses, for an estimate of memory before they are drawn.

        Nothing is allocated. Refused autapses are still counted.
        """


@dataclass(frozen=True)
class OneToOne(Connector):
    """Join the k-th presynaptic to the k-th postsynaptic neuron: n synapses, no chance.

    PyNN: ``OneToOneConnector``; NEST: ``one_to_one``. `pairs` raises ValueError if the two sides
    have different sizes.
    """

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = check_call(pre, post, rng)
        if pre.size != post.size:
            raise ValueError(
                "OneToOne: expected two sides of equal size, "
                f"got {pre.size} presynaptic and {post.size} postsynaptic neurons"
            )
        return np.arange(pre.size), np.arange(pre.size)

    def expected_count(self, n_pre: int, n_post: int) -> float:
        return float(min(n_pre, n_post))


@dataclass(frozen=True)
class AllToAll(Connector):
    """Join every presynaptic to every postsynaptic neuron: n_pre * n_post synapses, no chance.

    PyNN: ``AllToAllConnector(allow_self_connections)``; NEST: ``all_to_all``.

    Parameters
    ----------
    autapses : bool
        False leaves out the synapse of a neuron with itself.
    """

    autapses: bool = True

    def __post_init__(self) -> None:
        set_flag(self, "autapses")

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = check_call(pre, post, rng)
        rows = np.repeat(np.arange(pre.size), post.size)
        columns = np.tile(np.arange(post.size), pre.size)
        return without(refused_partners(pre, post, same, self.autapses), rows, columns)

    def expected_count(self, n_pre: int, n_post: int) -> float:
        return float(n_pre) * float(n_post)


@dataclass(frozen=True)
class FixedProbability(Connector):
    """Join each ordered pair of neurons at most once, independently, with one probability.

    The number of synapses is binomial with mean n_pre * n_post * p. What is drawn are the geometric
    gaps between one synapse and the next, so the time grows with the synapses.
    PyNN: ``FixedProbabilityConnector(p_connect, allow_self_connections)``;
    NEST: ``pairwise_bernoulli`` with a constant ``p``.

    Parameters
    ----------
    p : float
        Probability, from 0 to 1.
    autapses : bool
        False leaves out the synapse of a neuron with itself.

    Raises
    ------
    ValueError, TypeError
        If ``p`` is outside [0, 1], NaN or no number.
    """

    p: float
    autapses: bool = True

    def __post_init__(self) -> None:
        set_probability(self, "p")
        set_flag(self, "autapses")

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = check_call(pre, post, rng)
        chosen = list(successes(rng, self.p, pre.size * post.size))
        rows, columns = split(np.concatenate(chosen, dtype=np.int64), post.size)
        return without(refused_partners(pre, post, same, self.autapses), rows, columns)

    def expected_count(self, n_pre: int, n_post: int) -> float:
        return self.p * float(n_pre) * float(n_post)


@dataclass(frozen=True)
class FixedInDegree(Connector):
    """Give every postsynaptic neuron exactly n synapses, from uniformly drawn presynaptic neurons.

    PyNN: ``FixedNumberPreConnector(n, allow_self_connections, with_replacement)``, whose default is
    without multapses; NEST: ``fixed_indegree`` (``allow_autapses``, ``allow_multapses``).

    Parameters
    ----------
    n : int
        Synapses per postsynaptic neuron, 0 or more.
    autapses : bool
        False never draws the neuron itself.
    multapses : bool
        True draws with replacement, False draws n different neurons.

    Raises
    ------
    ValueError, TypeError
        If ``n`` is negative or no whole number. `pairs` raises ValueError if there are too few
        neurons to draw from.
    """

    n: int
    autapses: bool = True
    multapses: bool = True

    def __post_init__(self) -> None:
        set_count(self)
        set_flag(self, "autapses", "multapses")

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = check_call(pre, post, rng)
        if pre.size == 0 or post.size == 0:
            return nobody()
        chosen = choose(self, "pre", refused_partners(post, pre, same, self.autapses), pre.size, rng)
        keys = chosen * post.size + np.arange(post.size)[:, None]
        keys = keys.ravel()
        keys.sort()  # by pre, then post; several times faster than an argsort
        return split(keys, post.size)

    def expected_count(self, n_pre: int, n_post: int) -> float:
        return float(self.n) * float(n_post) if n_pre else 0.0


@dataclass(frozen=True)
class FixedOutDegree(Connector):
    """Give every presynaptic neuron exactly n synapses, to uniformly drawn postsynaptic neurons.

    PyNN: ``FixedNumberPostConnector(n, allow_self_connections, with_replacement)``, whose default
    is without multapses; NEST: ``fixed_outdegree`` (``allow_autapses``, ``allow_multapses``).

    Parameters
    ----------
    n : int
        Synapses per presynaptic neuron, 0 or more.
    autapses : bool
        False never draws the neuron itself.
    multapses : bool
        True draws with replacement, False draws n different neurons.

    Raises
    ------
    ValueError, TypeError
        If ``n`` is negative or no whole number. `pairs` raises ValueError if there are too few
        neurons to draw from.
    """

    n: int
    autapses: bool = True
    multapses: bool = True

    def __post_init__(self) -> None:
        set_count(self)
        set_flag(self, "autapses", "multapses")

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = check_call(pre, post, rng)
        if pre.size == 0 or post.size == 0:
            return nobody()
        chosen = choose(self, "post", refused_partners(pre, post, same, self.autapses), post.size, rng)
        chosen.sort(axis=1)
        return np.repeat(np.arange(pre.size), self.n), chosen.ravel()

    def expected_count(self, n_pre: int, n_post: int) -> float:
        return float(self.n) * float(n_pre) if n_post else 0.0


@dataclass(frozen=True)
class FixedTotalNumber(Connector):
    """Make exactly n synapses, each between a uniformly drawn pair of neurons.

    PyNN: ``FixedTotalNumberConnector(n, allow_self_connections, with_replacement)``;
    NEST: ``fixed_total_number`` (``allow_autapses``, ``allow_multapses``).

    Parameters
    ----------
    n : int
        Synapses in all, 0 or more.
    autapses : bool
        False never draws a neuron with itself.
    multapses : bool
        True draws pairs with replacement, False draws n different pairs.

    Raises
    ------
    ValueError, TypeError
        If ``n`` is negative or no whole number. `pairs` raises ValueError if there are too few
        pairs to draw from.
    """

    n: int
    autapses: bool = True
    multapses: bool = True

    def __post_init__(self) -> None:
        set_count(self)
        set_flag(self, "autapses", "multapses")

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = check_call(pre, post, rng)
        if pre.size == 0 or post.size == 0:
            return nobody()
        selves = refused_partners(pre, post, same, self.autapses)
        own = np.flatnonzero(selves >= 0)
        refused = own * post.size + selves[own]  # ascending, as pairs numbered row by row
        available = pre.size * post.size - refused.size
        needed = min(self.n, 1) if self.multapses else self.n
        if needed > available:
            raise ValueError(
                f"FixedTotalNumber.n: expected at most {available}, the number "
                f"of pairs of neurons to draw from (autapses={self.autapses}, "
                f"multapses={self.multapses}), got {self.n}"
            )
        if self.multapses:
            chosen = rng.integers(0, max(available, 1), self.n)
            chosen.sort()
        else:
            chosen = distinct(rng, 1, self.n, available)[0]
        chosen += np.searchsorted(refused - np.arange(refused.size), chosen, side="right")
        return split(chosen, post.size)

    def expected_count(self, n_pre: int, n_post: int) -> float:
        return float(self.n) if n_pre and n_post else 0.0
