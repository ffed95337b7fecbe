"""Rules that say which neurons of one population reach which neurons of another.

A connector is a value: frozen, compared by its fields, checked when it is made. `Connector.pairs`
gives two int64 arrays [S], one entry per synapse: positions into the ``pre`` and ``post`` it was
given (0 for the first neuron of a view), so that ``pre[rows]`` and ``post[columns]`` are the neuron
numbers in the parent populations. They are sorted by (pre, post), except those of `FromList`, which
keep their order. If one side is empty there are no synapses, whatever the rule asks for.

An autapse joins a neuron to itself; multapses are several synapses from one neuron to one other.
Random rules draw exactly from their distribution, in memory that grows with the synapses and not
with n_pre * n_post, and the same state of the generator gives the same synapses.

The file is long because the rules share the samplers at its end.

>>> ids, rng = np.arange(3), np.random.default_rng(1)
>>> rows, columns = AllToAll(autapses=False).pairs(ids, ids, True, rng, None)
>>> rows.tolist(), columns.tolist()
([0, 0, 1, 1, 2, 2], [1, 2, 0, 2, 0, 1])
>>> FixedProbability(0.02).expected_count(4000, 4000)
320000.0
"""

from __future__ import annotations

import ast
import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..language import expression_names, parse_expression
from ..units import LENGTH, is_number, is_unit, parse_quantity

__all__ = [
    "AllToAll",
    "Connector",
    "DistanceDependent",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedProbability",
    "FixedTotalNumber",
    "FromList",
    "Ids",
    "OneToOne",
]

Ids = NDArray[np.int64]
Positions = tuple[np.ndarray, np.ndarray] | None

_BLOCK = 2**20  # random numbers, or pairs, handled at once
_LARGEST_ID = 2**53  # up to here a float holds every whole number


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
        pre, post = _check_call(pre, post, rng)
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
        _set_flag(self, "autapses")

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = _check_call(pre, post, rng)
        rows = np.repeat(np.arange(pre.size), post.size)
        columns = np.tile(np.arange(post.size), pre.size)
        return _without(_selves(pre, post, same, self.autapses), rows, columns)

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
        _set_probability(self, "p")
        _set_flag(self, "autapses")

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = _check_call(pre, post, rng)
        chosen = list(_bernoulli(rng, self.p, pre.size * post.size))
        rows, columns = _split(np.concatenate(chosen, dtype=np.int64), post.size)
        return _without(_selves(pre, post, same, self.autapses), rows, columns)

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
        _set_count(self)
        _set_flag(self, "autapses", "multapses")

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = _check_call(pre, post, rng)
        if pre.size == 0 or post.size == 0:
            return _nobody()
        chosen = _choose(self, "pre", _selves(post, pre, same, self.autapses), pre.size, rng)
        keys = chosen * post.size + np.arange(post.size)[:, None]
        keys = keys.ravel()
        keys.sort()  # by pre, then post; several times faster than an argsort
        return _split(keys, post.size)

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
        _set_count(self)
        _set_flag(self, "autapses", "multapses")

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = _check_call(pre, post, rng)
        if pre.size == 0 or post.size == 0:
            return _nobody()
        chosen = _choose(self, "post", _selves(pre, post, same, self.autapses), post.size, rng)
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
        _set_count(self)
        _set_flag(self, "autapses", "multapses")

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = _check_call(pre, post, rng)
        if pre.size == 0 or post.size == 0:
            return _nobody()
        selves = _selves(pre, post, same, self.autapses)
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
            chosen = _distinct(rng, 1, self.n, available)[0]
        chosen += np.searchsorted(refused - np.arange(refused.size), chosen, side="right")
        return _split(chosen, post.size)

    def expected_count(self, n_pre: int, n_post: int) -> float:
        return float(self.n) if n_pre and n_post else 0.0


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
        pre, post = _check_call(pre, post, rng)
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


@dataclass(frozen=True)
class DistanceDependent(Connector):
    """Join each ordered pair at most once, independently, with a probability set by its distance.

    Distances are Euclidean, in metres. All n_pre * n_post pairs are looked at, a block at a time.
    PyNN: ``DistanceDependentProbabilityConnector(d_expression)``, where d is in micrometres;
    NEST: ``pairwise_bernoulli`` with ``p`` a function of ``nest.spatial.distance``.

    Parameters
    ----------
    probability : callable or str
        A function that takes a float array [k] of distances in metres and gives probabilities from
        0 to 1 of the same shape, or one for all. Or an expression in ``d`` and units of length:
        ``"0.4*exp(-d/(100*um))"``, ``"d < 3*mm"``.
    autapses : bool
        False leaves out the synapse of a neuron with itself.

    Raises
    ------
    ValueError, TypeError
        If the expression cannot be read. `pairs` raises them if positions are missing or malformed,
        or a probability is outside [0, 1].
    """

    probability: Callable[[np.ndarray], Any] | str
    autapses: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.probability, str):
            _distance_rule(self.probability)
        elif not callable(self.probability):
            raise TypeError(
                "DistanceDependent.probability: expected a function of the distance or an "
                f"expression in d, got {self.probability!r}"
            )
        _set_flag(self, "autapses")

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = _check_call(pre, post, rng)
        if pre.size == 0 or post.size == 0:
            return _nobody()
        here, there = _check_positions(positions, pre.size, post.size)
        rule = self.probability
        if isinstance(rule, str):
            rule = _distance_rule(rule)
        selves = _selves(pre, post, same, self.autapses)
        step = max(1, _BLOCK // post.size)
        found = []
        for first in range(0, pre.size, step):
            squares: Any = 0.0
            for axis in range(here.shape[1]):
                squares += (here[first : first + step, None, axis] - there[None, :, axis]) ** 2
            own = selves[first : first + step]
            refused = np.flatnonzero(own >= 0) * post.size + own[own >= 0]
            p = _probabilities(rule, np.sqrt(squares).ravel(), refused, first * post.size, post.size)
            found.append(np.flatnonzero(rng.random(p.size) < p) + first * post.size)
        return _split(np.concatenate(found), post.size)

    def expected_count(self, n_pre: int, n_post: int) -> float:
        """Give n_pre * n_post, the upper bound: the mean is not known without positions."""
        return float(n_pre) * float(n_post)


def _set_flag(connector: Any, *names: str) -> None:
    for name in names:
        value = getattr(connector, name)
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"{type(connector).__name__}.{name}: expected True or False, got {value!r}")
        object.__setattr__(connector, name, bool(value))


def _set_probability(connector: Any, name: str) -> None:
    value = getattr(connector, name)
    what = f"{type(connector).__name__}.{name}: expected a number from 0 to 1, got {value!r}"
    if not is_number(value):
        raise TypeError(what)
    if not 0 <= value <= 1:  # NaN fails too
        raise ValueError(what)
    object.__setattr__(connector, name, float(value))


def _set_count(connector: Any) -> None:
    n = connector.n
    what = f"{type(connector).__name__}.n: expected a whole number from 0 on, got {n!r}"
    if not is_number(n):
        raise TypeError(what)
    if not isinstance(n, int | np.integer) or n < 0:
        raise ValueError(what)
    object.__setattr__(connector, "n", int(n))


def _check_ids(ids: Any, name: str) -> Ids:
    array = np.asarray(ids)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: expected neuron numbers, a one-dimensional array of integers, "
            f"got shape {list(array.shape)} of {array.dtype}"
        )
    array = array.astype(np.int64, copy=False)
    if array.size and array.min() < 0:
        raise ValueError(f"{name}: expected neuron numbers from 0 on, got {array.min()}")
    if (array[1:] <= array[:-1]).any():
        numbers, counts = np.unique(array, return_counts=True)
        if (counts > 1).any():
            twice = numbers[counts > 1][0]
            raise ValueError(f"{name}: expected each neuron once, got {twice} several times")
    return array


def _check_call(pre: Any, post: Any, rng: Any) -> tuple[Ids, Ids]:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng: expected a numpy.random.Generator, got {rng!r}")
    return _check_ids(pre, "pre"), _check_ids(post, "post")


def _nobody() -> tuple[Ids, Ids]:
    return np.empty(0, np.int64), np.empty(0, np.int64)


def _split(flat: Ids, width: int) -> tuple[Ids, Ids]:
    """Rows and columns of pairs that are numbered row by row."""
    return np.divmod(flat, max(width, 1))


def _selves(ids: Ids, others: Ids, same: bool, autapses: bool) -> Ids:
    """For each of ``ids`` its position in ``others`` if that pair is a refused autapse, else -1."""
    found = np.full(ids.size, -1)
    if same and not autapses and others.size:
        order = np.argsort(others)
        place = order[np.searchsorted(others, ids, sorter=order).clip(max=others.size - 1)]
        mine = others[place] == ids
        found[mine] = place[mine]
    return found


def _without(selves: Ids, rows: Ids, columns: Ids) -> tuple[Ids, Ids]:
    if selves.size == 0 or selves.max() < 0:
        return rows, columns
    keep = selves[rows] != columns
    return rows[keep], columns[keep]


def _bernoulli(rng: np.random.Generator, p: float, total: int) -> Iterator[Ids]:
    """Yield, ascending and a block at a time, which of ``total`` trials succeed."""
    yield np.empty(0, np.int64)
    last = -1
    while p > 0 and last < total - 1:
        left = total - 1 - last
        size = int(left * p + 5 * (left * p) ** 0.5) + 10
        gaps = rng.geometric(p, min(size, _BLOCK, 2**62 // total + 1))
        # A gap past the end stays past the end; the sum cannot overflow.
        hits = last + np.cumsum(np.minimum(gaps, left + 1))
        last = int(hits[-1])
        yield hits if last < total else hits[: np.searchsorted(hits, total)]


def _choose(
    connector: FixedInDegree | FixedOutDegree,
    side: str,
    selves: Ids,
    size: int,
    rng: np.random.Generator,
) -> Ids:
    """Draw [N, n] of the ``size`` neurons on ``side``, n for each of N, leaving out ``selves``."""
    n = connector.n
    available = size - (selves >= 0)
    needed = min(n, 1) if connector.multapses else n
    if needed > available.min():
        raise ValueError(
            f"{type(connector).__name__}.n: expected at most {available.min()}, the number of "
            f"{side}synaptic neurons that a neuron can draw from (autapses={connector.autapses}, "
            f"multapses={connector.multapses}), got {n}"
        )
    chosen = np.empty((selves.size, n), np.int64)
    for loses_one in (False, True):
        rows = np.flatnonzero((selves >= 0) == loses_one)
        if rows.size == 0 or n == 0:
            continue
        if connector.multapses:
            drawn = rng.integers(0, size - loses_one, (rows.size, n))
        else:
            drawn = _distinct(rng, rows.size, n, size - loses_one)
        if loses_one:
            drawn += drawn >= selves[rows, None]
        chosen[rows] = drawn
    return chosen


def _distinct(rng: np.random.Generator, rows: int, n: int, available: int) -> Ids:
    """Draw, for each row, n different numbers below ``available``: [rows, n], each row ascending.

    Numbers are drawn until n different ones are there. Nothing in this prefers a number to another,
    so that all sets of n are equally likely.
    """
    if n > available // 16:
        return _distinct_dense(rng, rows, n, available)
    chosen = rng.integers(0, available, (rows, n))
    chosen.sort(axis=1)
    open_rows = np.arange(rows)
    while open_rows.size:
        part = chosen[open_rows]
        again = np.zeros(part.shape, bool)
        again[:, 1:] = part[:, 1:] == part[:, :-1]
        unfinished = again.any(axis=1)
        open_rows, part, again = open_rows[unfinished], part[unfinished], again[unfinished]
        part[again] = rng.integers(0, available, int(again.sum()))
        part.sort(axis=1)
        chosen[open_rows] = part
    return chosen


def _distinct_dense(rng: np.random.Generator, rows: int, n: int, available: int) -> Ids:
    """Do the same by ticking numbers off; where most are chosen, tick those that are left out."""
    most = 2 * n > available
    ticks = available - n if most else n
    chosen = np.empty((rows, n), np.int64)
    step = max(1, 4 * _BLOCK // max(available, 1))
    for first in range(0, rows, step):
        count = min(step, rows - first)
        ticked = np.zeros((count, available), bool)
        missing = np.full(count, ticks)
        while missing.any():
            row = np.repeat(np.arange(count), missing)
            ticked[row, rng.integers(0, available, row.size)] = True
            missing = ticks - np.count_nonzero(ticked, axis=1)
        hits = np.flatnonzero(~ticked if most else ticked).reshape(count, n)
        chosen[first : first + count] = hits - np.arange(count)[:, None] * available
    return chosen


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


def _check_positions(positions: Any, n_pre: int, n_post: int) -> tuple[np.ndarray, np.ndarray]:
    if positions is None:
        raise ValueError("DistanceDependent: expected both populations to have positions in metres, got none")
    if not isinstance(positions, tuple | list) or len(positions) != 2:
        raise TypeError(f"positions: expected a pair of arrays (pre, post), got {type(positions).__name__}")
    arrays = []
    for name, given, size in zip(("pre", "post"), positions, (n_pre, n_post), strict=True):
        what = f"positions of {name}: expected an array [{size}, D] of metres"
        array = np.asarray(given)
        if array.dtype.kind not in "iuf":
            raise TypeError(f"{what}, got {array.dtype}")
        if array.ndim != 2 or array.shape[0] != size or array.shape[1] == 0:
            raise ValueError(f"{what}, got shape {list(array.shape)}")
        if not np.isfinite(array).all():
            row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
            raise ValueError(f"{what}, got {array[row].tolist()} in row {row}")
        arrays.append(array.astype(np.float64))
    here, there = arrays
    if here.shape[1] != there.shape[1]:
        raise ValueError(
            f"positions: expected the same number of dimensions on both sides, got {here.shape[1]} and {there.shape[1]}"
        )
    return here, there


def _probabilities(
    rule: Callable[[np.ndarray], Any], d: np.ndarray, refused: Ids, first: int, width: int
) -> np.ndarray:
    """Evaluate a distance rule [k]; pair ``j`` of ``d`` is pair ``first + j``, row by row."""
    what = "DistanceDependent.probability"
    with np.errstate(all="ignore"):  # what is not finite is refused below
        p = np.asarray(rule(d))
    if p.dtype.kind not in "biuf":
        raise TypeError(f"{what}: expected real numbers for the distances, got {p.dtype}")
    if p.shape not in ((), d.shape):
        raise ValueError(f"{what}: expected one probability for each of {d.size} distances, got shape {list(p.shape)}")
    p = np.array(np.broadcast_to(p, d.shape), dtype=np.float64)
    p[refused] = 0.0
    wrong = ~((p >= 0) & (p <= 1))  # NaN is wrong too
    if wrong.any():
        k = int(wrong.argmax())
        row, column = divmod(first + k, width)
        raise ValueError(
            f"{what}: expected numbers from 0 to 1, got {p[k]:g} at a distance of {d[k]:g} m "
            f"(from neuron {row} to {column} of those connected)"
        )
    return p


_DISTANCE_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("exp", "log", "log10", "sqrt", "sin", "cos", "tan")},
    **{name: getattr(np, name) for name in ("sinh", "cosh", "tanh", "arcsin", "arccos", "arctan")},
    **{name: getattr(np, name) for name in ("abs", "sign", "floor", "ceil", "clip", "where")},
    "int": lambda x: np.trunc(np.multiply(x, 1.0)),
}


class _Elementwise(ast.NodeTransformer):
    """Make ``and``, ``or`` and ``not``, which Python applies to whole arrays, & | ~.

    Numbers become floats, whose powers overflow at once instead of growing without end.
    """

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(float(node.value)) if type(node.value) is int else node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        join = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
        parts = [self.visit(value) for value in node.values]
        return functools.reduce(lambda a, b: ast.BinOp(a, join, b), parts)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        op = ast.Invert() if isinstance(node.op, ast.Not) else node.op
        return ast.UnaryOp(op, self.visit(node.operand))


def _distance_rule(text: str) -> Callable[[np.ndarray], Any]:
    """Make an expression in ``d`` a function of an array of distances in metres."""
    what = "DistanceDependent.probability"
    tree = parse_expression(text, what)
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if unknown := called - _DISTANCE_FUNCTIONS.keys():
        raise ValueError(
            f"{what}: expected only the functions {', '.join(_DISTANCE_FUNCTIONS)}, got {min(unknown)}() in {text!r}"
        )
    values: dict[str, Any] = {}
    for name in sorted(expression_names(text, what) - {"d"}):
        if not is_unit(name) or parse_quantity(name)[1] != LENGTH:
            raise ValueError(f"{what}: expected only d, the distance, and units of length, got {name!r} in {text!r}")
        values[name] = parse_quantity(name)[0]
    body = ast.fix_missing_locations(ast.Expression(_Elementwise().visit(tree)))
    code = compile(body, "<distance rule>", "eval")
    scope = {"__builtins__": {}, **_DISTANCE_FUNCTIONS, **values}

    def rule(d: np.ndarray) -> Any:
        try:
            return eval(code, scope, {"d": d})
        except (TypeError, ArithmeticError) as error:
            raise ValueError(f"{what}: cannot evaluate {text!r}: {error}") from None

    return rule
