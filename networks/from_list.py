"""Synapses that are listed, pair by pair.

>>> FromList([(0, 2), (1, 0)]).synapses.tolist()
[[0, 2], [1, 0]]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..units import is_number
from .connector_checks import check_call
from .connectors import Connector, Positions
from .pair_draws import Ids

__all__ = ["FromList"]

_LARGEST_ID = 2**53  # up to here a float holds every whole number


@dataclass(frozen=True, eq=False, init=False)
class FromList(Connector):
    """Make the listed synapses, in the order of the list.

    PyNN: ``FromListConnector`` (first two columns); NEST: ``Connect`` of two id arrays with ``one_to_one``.

    Parameters
    ----------
    synapses : iterable of pairs or array [S, 2]
        Rows (pre, post), each counted from 0 within the population or view that is connected, as in
        PyNN. A pair may stand there several times, and autapses are made as listed. Floats are
        taken if they are whole. Kept as a read-only int64 copy.

    Raises
    ------
    ValueError, TypeError
        If a row is no pair of whole numbers from 0 on; `pairs` raises ValueError if one is past the
        end. The message names the row, counted from 0.
    """

    synapses: Ids

    def __init__(self, synapses: Iterable[Sequence[int]] | np.ndarray) -> None:
        object.__setattr__(self, "synapses", _pair_array(synapses))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FromList):
            return NotImplemented
        return np.array_equal(self.synapses, other.synapses)

    def __hash__(self) -> int:
        return hash(("FromList", self.synapses.tobytes()))

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = check_call(pre, post, rng)
        outside = self.synapses >= np.array([pre.size, post.size])
        if outside.any():
            row = int(outside.any(axis=1).argmax())
            column = int(outside[row].argmax())
            side, size = (("presynaptic", pre.size), ("postsynaptic", post.size))[column]
            raise ValueError(
                f"FromList.synapses: row {row} is {self.synapses[row].tolist()}: expected a {side} "
                f"number below {size}, the number of neurons, got {self.synapses[row, column]}"
            )
        return self.synapses[:, 0].copy(), self.synapses[:, 1].copy()

    def expected_count(self, n_pre: int, n_post: int) -> float:
        return float(len(self.synapses))


def _pair_array(synapses: Any) -> Ids:
    """Check the rows of a `FromList` and give them as a read-only int64 array [S, 2]."""
    if isinstance(synapses, np.ndarray):
        raw = synapses
        if raw.size and (raw.ndim != 2 or raw.shape[1] != 2):
            raise ValueError(f"FromList.synapses: expected shape [S, 2], got {list(raw.shape)}")
    elif isinstance(synapses, str | bytes | Mapping | Set) or not isinstance(synapses, Iterable):
        raise TypeError(f"FromList.synapses: expected a sequence of pairs or an array [S, 2], got {synapses!r}")
    else:
        synapses = list(synapses)
        try:
            raw = np.array(synapses)
        except ValueError:  # rows of different lengths
            raw = np.empty(len(synapses), object)
    if raw.size == 0:
        raw = np.empty((0, 2), np.int64)
    if raw.ndim == 2 and raw.shape[1] == 2 and raw.dtype.kind in "iuf":
        whole = (raw >= 0) & (raw <= _LARGEST_ID) & (np.floor(raw) == raw)
        bad = np.flatnonzero(~whole.all(axis=1)).tolist()
    else:
        bad = [k for k, row in enumerate(synapses) if not _is_pair(row)]
    if bad:
        row = synapses[bad[0]]
        raise ValueError(
            f"FromList.synapses: row {bad[0]}: expected two whole numbers from 0 on, "
            f"got {row.tolist() if isinstance(row, np.ndarray) else row!r}"
        )
    array = raw.astype(np.int64)
    array.flags.writeable = False
    return array


def _is_pair(row: Any) -> bool:
    if not isinstance(row, Sequence | np.ndarray) or len(row) != 2:
        return False
    return all(is_number(k) and 0 <= k <= _LARGEST_ID and k == int(k) for k in row)
