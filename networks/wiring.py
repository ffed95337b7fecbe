"""Who is joined to whom in one projection, in little memory: compressed rows by presynaptic neuron.

Synapses lie sorted by (source, target, axonal delay, dendritic delay). Connectors draw them in that order; where they
come in another one (`FromList`, views that are not sorted), ``order`` remembers it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Wiring", "number_type", "same_everywhere", "smallest"]


@dataclass
class Wiring:
    """The synapses of a projection.

    Attributes
    ----------
    row : int64 array [n_pre + 1]
        Where the synapses of each neuron of the presynaptic population begin.
    targets : uint16 or uint32 array [S]
        Neuron numbers in the postsynaptic population.
    axonal, dendritic : integer arrays [1] or [S]
        The two parts of the delay in steps; one value if it is the same for all.
    places, order : int64 arrays
        What is stored at ``places`` has, in the order that the user sees, the numbers ``order``; everything else has
        its place for a number. Few are needed where connectors drew several synapses for one pair.
    """

    row: np.ndarray
    targets: np.ndarray
    axonal: np.ndarray
    dendritic: np.ndarray
    places: np.ndarray
    order: np.ndarray

    @classmethod
    def of(
        cls, pre: np.ndarray, post: np.ndarray, n_pre: int, n_post: int, axonal: np.ndarray, dendritic: np.ndarray
    ) -> Wiring:
        """Sort pairs of neuron numbers [S] with their delays [1] or [S]."""
        axonal, dendritic = (same_everywhere(smallest(d)) for d in (axonal, dendritic))
        varied = [d for d in (dendritic, axonal) if len(d) > 1]
        places = _unsorted(pre, post, bool(varied))
        order = places[np.lexsort((*(d[places] for d in varied), post[places], pre[places]))]
        moved = places != order
        places, order = places[moved], order[moved]
        if len(places):
            pre, post = pre.copy(), post.copy()
            pre[places], post[places] = pre[order], post[order]
            for d in varied:
                d[places] = d[order]
        row = np.concatenate(([0], np.cumsum(np.bincount(pre, minlength=n_pre)))).astype(np.int64)
        return cls(row, post.astype(number_type(n_post)), axonal, dendritic, places, order)

    @property
    def size(self) -> int:
        """Number of synapses."""
        return len(self.targets)

    def sources(self) -> np.ndarray:
        """Presynaptic neuron of each synapse, as stored: int64 [S]."""
        return np.repeat(np.arange(len(self.row) - 1), np.diff(self.row))

    def shown(self, stored: np.ndarray) -> np.ndarray:
        """Bring an array [S], or one value for all ([] or [1]), from the stored order into that of the user."""
        if stored.ndim == 0 or len(stored) != self.size:
            return np.broadcast_to(stored, (self.size,))
        out = stored.copy()
        out[self.order] = stored[self.places]
        return out

    def stored(self, shown: np.ndarray) -> np.ndarray:
        """Bring an array [S] from the order of the user into the stored one."""
        out = shown.copy()
        out[self.places] = shown[self.order]
        return out

    @property
    def numbers(self) -> np.ndarray:
        """The number of each stored synapse in the order of the user: int64 [S]."""
        return self.stored(np.arange(self.size))


def _unsorted(pre: np.ndarray, post: np.ndarray, strictly: bool) -> np.ndarray:
    """Give all places if pairs do not ascend; else those of pairs that stand there twice if ``strictly``, else none."""
    step, tied = 2**22, np.zeros(len(pre) if strictly else 0, dtype=bool)
    for first in range(0, len(pre) - 1, step):
        b, d = pre[first + 1 : first + step + 1], post[first + 1 : first + step + 1]
        a, c = pre[first : first + len(b)], post[first : first + len(b)]
        same = a == b
        if (a > b).any() or (same & (c > d)).any():
            return np.arange(len(pre))
        if strictly:
            twice = same & (c == d)
            tied[first : first + len(b)] |= twice
            tied[first + 1 : first + 1 + len(b)] |= twice
    return np.flatnonzero(tied)


def same_everywhere(values: np.ndarray) -> np.ndarray:
    """Give one value [1] for an array [S] that holds only that one."""
    if len(values) > 1 and values[0] == values[-1] and (values == values[0]).all():
        return values[:1].copy()
    return values


def number_type(neurons: int) -> type[np.unsignedinteger]:
    """The type of a neuron's number among so many."""
    return np.uint16 if neurons <= 2**16 else np.uint32


def smallest(values: np.ndarray) -> np.ndarray:
    """Give whole numbers >= 0 in the smallest type that holds them, at least one dimension."""
    values = np.atleast_1d(values)
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))
