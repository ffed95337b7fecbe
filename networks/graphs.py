"""Connectors with a structure that random wiring has not: small worlds and clusters.

They are used as those of `connectors.py` and say of autapses and multapses what they make.

>>> ids, rng = np.arange(5), np.random.default_rng(1)
>>> rows, columns = SmallWorld(k=2, p=0).pairs(ids, ids, True, rng)
>>> rows.tolist(), columns.tolist()
([0, 0, 1, 1, 2, 2, 3, 3, 4, 4], [1, 4, 0, 2, 1, 3, 2, 4, 0, 3])
>>> Clustered.of_mean(4, p=0.2, ratio=3)
Clustered(n_clusters=4, p_in=0.4, p_out=0.13333333333333333, autapses=True)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..units import is_number
from .connector_checks import check_call, set_flag, set_probability
from .connectors import Connector, Positions
from .pair_draws import Ids, distinct, nobody, refused_partners, split, successes, without

__all__ = ["Clustered", "SmallWorld"]


@dataclass(frozen=True)
class SmallWorld(Connector):
    """Join each neuron to its neighbours on a ring, and lead some of these synapses elsewhere (Watts and Strogatz).

    Neurons stand on a ring in the order of their numbers. Each has k synapses to the k nearest others, half of them on
    either side. Each synapse is then, independently and with probability p, given another target, drawn uniformly:
    without multapses among the neurons that are not its neighbours on the ring, with them among all. So the out-degree
    is always k. At p = 0 it is a lattice, highly clustered with long ways; at small p it is still clustered, but ways
    are short; at p = 1 it is nearly random.

    D. J. Watts and S. H. Strogatz 1998, Nature 393, with directed synapses, each rewired by itself (theirs are
    undirected). PyNN: ``SmallWorldConnector(degree, rewiring)``, whose degree is a distance.

    Parameters
    ----------
    k : int
        Synapses of each neuron, even.
    p : float
        Probability that a synapse is rewired.
    autapses : bool
        True lets a rewired synapse end at the neuron itself.
    multapses : bool
        True lets it end where the neuron has a synapse already.

    Raises
    ------
    ValueError, TypeError
        If ``k`` is no even number from 0 on or ``p`` outside [0, 1]. `pairs` raises ValueError if the two sides differ
        in size or, within one population, are not the same neurons, or if there are too few of them.
    """

    k: int
    p: float
    autapses: bool = False
    multapses: bool = False

    def __post_init__(self) -> None:
        if not is_number(self.k) or self.k != int(self.k) or self.k < 0 or int(self.k) % 2:
            raise ValueError(f"SmallWorld.k: expected an even number from 0 on, got {self.k!r}")
        object.__setattr__(self, "k", int(self.k))
        set_probability(self, "p")
        set_flag(self, "autapses", "multapses")

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = check_call(pre, post, rng)
        n, k = pre.size, self.k
        if n != post.size:
            raise ValueError(
                "SmallWorld: expected two sides of equal size, "
                f"got {n} presynaptic and {post.size} postsynaptic neurons"
            )
        if same and not np.array_equal(pre, post):
            raise ValueError("SmallWorld: expected the same neurons in the same order on both sides of a population")
        if n == 0 or k == 0:
            return nobody()
        others = n if self.multapses else n - k  # targets to draw from
        others -= not self.autapses
        least = 1 if self.multapses else k
        if k >= n or self.p > 0 and others < least:
            raise ValueError(
                f"SmallWorld.k: {n} neurons are too few for k = {k} (autapses={self.autapses}, "
                f"multapses={self.multapses}); expected k < n and {least} other targets for a neuron, got {others}"
            )
        steps = np.concatenate((np.arange(1, k // 2 + 1), np.arange(n - k // 2, n)))  # along the ring
        offset = np.tile(steps, (n, 1))
        elsewhere = rng.random((n, k)) < self.p
        if elsewhere.any():
            if self.multapses:
                drawn = rng.integers(0, others, (n, k)) + (not self.autapses)
            else:
                drawn = rng.permuted(distinct(rng, n, k, others), axis=1)
                # 0 ... n - k - 2 are the steps beyond the neighbours, one more is the neuron itself
                drawn = np.where(drawn == n - k - 1, 0, drawn + k // 2 + 1)
            offset[elsewhere] = drawn[elsewhere]
        keys = np.arange(n)[:, None] * n + (np.arange(n)[:, None] + offset) % n
        return split(np.sort(keys, axis=None), n)

    def expected_count(self, n_pre: int, n_post: int) -> float:
        return float(self.k) * float(n_pre) if n_post else 0.0


@dataclass(frozen=True)
class Clustered(Connector):
    """Join each ordered pair at most once, independently: likelier within a cluster than between clusters.

    Both sides are cut into ``n_clusters`` parts of equal size (as equal as can be), in the order of the neurons; the
    c-th parts of both sides are one cluster. A. Litwin-Kumar and B. Doiron 2012, Nat. Neurosci. 15.

    Parameters
    ----------
    n_clusters : int
        Number of clusters, from 1 on.
    p_in, p_out : float
        Probability of a synapse within a cluster and between clusters.
    autapses : bool
        False leaves out the synapse of a neuron with itself. There are no multapses.

    Raises
    ------
    ValueError, TypeError
        If ``n_clusters`` is no whole number from 1 on, or a probability outside [0, 1].
    """

    n_clusters: int
    p_in: float
    p_out: float
    autapses: bool = True

    def __post_init__(self) -> None:
        if not is_number(self.n_clusters) or self.n_clusters != int(self.n_clusters) or self.n_clusters < 1:
            raise ValueError(f"Clustered.n_clusters: expected a whole number from 1 on, got {self.n_clusters!r}")
        object.__setattr__(self, "n_clusters", int(self.n_clusters))
        set_probability(self, "p_in")
        set_probability(self, "p_out")
        set_flag(self, "autapses")

    @classmethod
    def of_mean(cls, n_clusters: int, p: float, ratio: float, autapses: bool = True) -> Clustered:
        """Give the connector whose mean probability is p and whose p_in is ``ratio`` times p_out."""
        if not is_number(ratio) or not ratio >= 0:
            raise ValueError(f"Clustered.of_mean: ratio: expected a number from 0 on, got {ratio!r}")
        between = p * n_clusters / (ratio + n_clusters - 1)
        return cls(n_clusters, ratio * between, between, autapses)

    def clusters(self, n: int) -> Ids:
        """Give the cluster of each of n neurons: int64 [n]."""
        return np.arange(n) * self.n_clusters // max(n, 1)

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = check_call(pre, post, rng)
        if pre.size == 0 or post.size == 0:
            return nobody()
        here, there = self.clusters(pre.size), self.clusters(post.size)
        keys = np.concatenate(list(successes(rng, self.p_out, pre.size * post.size)), dtype=np.int64)
        rows, columns = split(keys, post.size)
        found = [keys[here[rows] != there[columns]]]
        ends = np.arange(self.n_clusters + 1)
        first, begin = np.searchsorted(here, ends), np.searchsorted(there, ends)
        for c in range(self.n_clusters):
            height, width = first[c + 1] - first[c], begin[c + 1] - begin[c]
            inside = np.concatenate(list(successes(rng, self.p_in, int(height * width))), dtype=np.int64)
            rows, columns = split(inside, int(width))
            found.append((rows + first[c]) * post.size + columns + begin[c])
        rows, columns = split(np.sort(np.concatenate(found)), post.size)
        return without(refused_partners(pre, post, same, self.autapses), rows, columns)

    def expected_count(self, n_pre: int, n_post: int) -> float:
        sizes = [np.bincount(self.clusters(n), minlength=self.n_clusters).astype(float) for n in (n_pre, n_post)]
        within = float(sizes[0] @ sizes[1])
        return self.p_in * within + self.p_out * (float(n_pre) * float(n_post) - within)
