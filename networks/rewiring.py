"""Structural plasticity: weak synapses are given up and others are grown, between runs.

The synapses of a projection are fixed once it runs. So all that may ever exist, the potential synapses, are made at the
beginning, and a variable ``active`` says which of them conduct (`spikegram.plasticity.RewiringStatic` and
`RewiringSTDP`). `rewire` moves that activity:

    q = net.project(pre, post, AllToAll(), weight=0.5, synapse=RewiringSTDP, init=dict(active="rand() < 0.1"), ...)
    for _ in range(100):
        net.run(1000)
        rewire(q, rng, below=0.1, weight=0.5)

Each target keeps its number of active synapses. Memory and time are those of all potential synapses; restrict them by
the connector, as axons do that come near to only some dendrites (`DistanceDependent`).

S. A. Bamford, A. F. Murray, D. J. Willshaw 2010, IEEE Trans. Neural Netw. 21, and P. A. Bogdan, A. G. D. Rowley, O.
Rhodes, S. B. Furber 2018, Front. Neurosci. 12, article 434: weak synapses are removed, new ones are formed with a
probability set by the distance (``preference``).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..units import to_edge, to_si
from .projection import Projection

__all__ = ["Rewired", "rewire"]


class Rewired(NamedTuple):
    """What `rewire` did: numbers of synapses, in the order of the projection."""

    pruned: np.ndarray
    grown: np.ndarray


def rewire(
    projection: Projection, rng: np.random.Generator, below: Any, weight: Any, preference: Any = None
) -> Rewired:
    """Prune active synapses that are weak, and grow as many new ones for each target.

    Of the synapses of a target that are weaker than ``below``, the weakest first, as many are pruned as there are
    inactive ones that can be grown. A synapse that is pruned is not grown again in the same call.

    Parameters
    ----------
    projection : Projection
        Its synapse model has the variables ``w`` and ``active`` (1 or 0).
    rng : numpy.random.Generator
        Draws the new synapses.
    below : number or quantity
        Weight under which a synapse may be pruned, in the edge unit of the target variable.
    weight : number or quantity
        Start weight of new synapses; pruned ones are set to it as well.
    preference : array [S], optional
        Relative probability of each potential synapse to be grown, >= 0; uniform by default. 0 is never grown.

    Returns
    -------
    Rewired

    Raises
    ------
    ValueError, TypeError
        A model without ``active``, a preference of another length or negative.
    """
    if not isinstance(projection, Projection) or not {"w", "active"} <= set(projection.values):
        raise ValueError(
            "rewire: projection: expected one whose synapse model has the variables 'w' and 'active', such as "
            f"RewiringSTDP, got {projection!r}"
        )
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rewire: rng: expected a numpy.random.Generator, got {rng!r}")
    size, dims = projection.size, projection.synapse.dims("w")
    least = to_si(below, dims, "rewire: below")
    start = to_si(weight, dims, "rewire: weight")
    like = np.ones(size) if preference is None else np.asarray(preference, dtype=float)
    if like.shape != (size,) or not np.isfinite(like).all() or (like < 0).any():
        raise ValueError(f"rewire: preference: expected {size} numbers from 0 on, got {preference!r}")
    values, post = projection.values, projection.post_ids
    active, w = values["active"] > 0.5, values["w"]
    weak = active & (w < least)
    free = ~active & (like > 0)
    targets = projection.post.population.size
    moved = np.minimum(np.bincount(post[weak], minlength=targets), np.bincount(post[free], minlength=targets))
    # the smallest of independent exponential waiting times: drawing without replacement by preference
    waiting = np.full(size, np.inf)
    waiting[free] = rng.exponential(size=int(free.sum())) / like[free]
    pruned, grown = (_first(part, key, post, moved) for part, key in ((weak, w), (free, waiting)))
    active[pruned], active[grown] = False, True
    w[pruned] = w[grown] = start
    projection.set(active=active.astype(float), w=to_edge(w, dims))
    return Rewired(pruned, grown)


def _first(part: np.ndarray, key: np.ndarray, post: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Of the synapses in ``part``, the ``count[j]`` of each target j with the smallest key, ascending."""
    mine = np.flatnonzero(part)
    mine = mine[np.lexsort((key[mine], post[mine]))]
    first = np.searchsorted(post[mine], post[mine], side="left")
    return np.sort(mine[np.arange(len(mine)) - first < count[post[mine]]])
