"""Recordings of one population or one projection, as plain arrays in the edge units.

>>> v = Trace("v", times=[0.0, 0.1], ids=[7], values=[[-60.0], [-58.5]], unit="mV")
>>> exc = PopulationRecord("exc", size=10, traces={"v": v})
>>> exc.v.shape, exc.trace("v").of(7).tolist(), exc.t("v").tolist()
((2, 1), [-60.0, -58.5], [0.0, 0.1])
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .spiketrains import SpikeTrains, check_size

__all__ = ["PopulationRecord", "ProjectionRecord", "Trace"]

_LARGEST_MATRIX = 2 * 10**8  # entries, 1.6 GB as float64


@dataclass(frozen=True, eq=False)
class Trace:
    """Values of one variable over time.

    Parameters
    ----------
    name : str
        The variable.
    times : float array [T]
        In ms, ascending.
    ids : int array [K]
        Neurons, in the order of the columns.
    values : array [T, K]
        In ``unit``. The number type is kept.
    unit : str
        Name of the edge unit (``"mV"``), empty for a plain number.
    """

    name: str
    times: np.ndarray
    ids: np.ndarray
    values: np.ndarray
    unit: str = ""

    def __post_init__(self) -> None:
        _check_name(self.name, "Trace.name")
        _set_array(self, "times", np.float64, 1)
        _set_array(self, "ids", np.integer, 1)
        _set_array(self, "values", np.number, 2)
        if self.unit:
            _check_name(self.unit, "Trace.unit")
        shape = [self.times.size, self.ids.size]
        if list(self.values.shape) != shape:
            raise ValueError(
                f"Trace {self.name!r}: values: expected shape [T, K] = {shape}, got {list(self.values.shape)}"
            )
        if not (np.isfinite(self.times).all() and (np.diff(self.times) > 0).all()):
            raise ValueError(f"Trace {self.name!r}: times: expected ascending times in ms")
        if np.unique(self.ids).size != self.ids.size or (self.ids < 0).any():
            raise ValueError(f"Trace {self.name!r}: ids: expected different neurons, all >= 0, got {self.ids}")

    def of(self, neuron: int) -> np.ndarray:
        """Values of one neuron [T], in ``unit``."""
        column = np.flatnonzero(self.ids == neuron)
        if column.size == 0:
            raise ValueError(
                f"neuron: {self.name!r} was not recorded from neuron {neuron}, but from "
                f"{np.array2string(self.ids, threshold=12)}"
            )
        return self.values[:, column[0]]


@dataclass(frozen=True, eq=False)
class PopulationRecord:
    """What was recorded from one population of ``size`` neurons.

    Parameters
    ----------
    name : str
    size : int
    spikes : SpikeTrains, optional
        None if spikes were not recorded.
    traces : dict of str to Trace
        By variable. ``record.v`` gives the values [T, K] of trace ``v``; a variable that has the
        name of a field or method here is reached by ``record.trace(name)``.
    threshold : float, optional
        Spike threshold in the unit of ``v``, for plots.
    meta : dict
        Anything else that JSON can hold, such as the name of the model.
    """

    name: str
    size: int
    spikes: SpikeTrains | None = None
    traces: Mapping[str, Trace] = field(default_factory=dict)
    threshold: float | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_name(self.name, "PopulationRecord.name")
        what = f"PopulationRecord {self.name!r}"
        object.__setattr__(self, "size", check_size(self.size, f"{what}: size"))
        if self.threshold is not None:
            object.__setattr__(self, "threshold", float(self.threshold))
        if self.spikes is not None and self.spikes.size != self.size:
            raise ValueError(f"{what}: spikes: expected those of {self.size} neurons, got {self.spikes.size}")
        for key, trace in self.traces.items():
            if key != trace.name:
                raise ValueError(f"{what}: traces: {key!r} holds the trace of {trace.name!r}")
            if trace.ids.size and trace.ids.max() >= self.size:
                raise ValueError(f"{what}: trace {key!r}: ids: expected 0 to {self.size - 1}, got {trace.ids.max()}")
        object.__setattr__(self, "traces", dict(self.traces))
        object.__setattr__(self, "meta", plain_json(self.meta, f"{what}: meta"))

    def __getattr__(self, name: str) -> np.ndarray:
        traces = self.__dict__.get("traces")
        if name.startswith("__") or traces is None:
            raise AttributeError(name)
        if name in traces:
            return traces[name].values
        raise AttributeError(f"population {self.name!r}: no {name!r}; recorded: {self._recorded()}")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.traces]

    def _recorded(self) -> str:
        names = [*(["spikes"] if self.spikes is not None else []), *self.traces]
        return ", ".join(names) or "nothing"

    def trace(self, name: str) -> Trace:
        """The whole recording of one variable: times, neurons, values, unit."""
        if name not in self.traces:
            raise ValueError(f"population {self.name!r}: no {name!r}; recorded: {self._recorded()}")
        return self.traces[name]

    def t(self, name: str) -> np.ndarray:
        """Times in ms [T] of the trace of one variable."""
        return self.trace(name).times

    def rates(self, start: float | None = None, stop: float | None = None) -> np.ndarray:
        """Firing rates in Hz [size] from ``start`` to ``stop`` (ms), NaN where not recorded."""
        if self.spikes is None:
            raise ValueError(f"population {self.name!r}: no 'spikes'; recorded: {self._recorded()}")
        return self.spikes.rates(start, stop)


@dataclass(frozen=True, eq=False)
class ProjectionRecord:
    """The synapses of one projection, with their weights at the end of the run.

    Parameters
    ----------
    name, pre, post : str
        The projection and the populations on both sides.
    pre_ids, post_ids : int array [S]
        Neurons within the two populations.
    weights : float array [S]
        In ``unit``.
    delays : float array [S], optional
        In ms.
    unit : str
        Edge unit of the weights.
    weights_before : float array [S], optional
        The weights when recording began.
    pre_size, post_size : int, optional
        Neurons on each side, for `matrix`.
    """

    name: str
    pre: str
    post: str
    pre_ids: np.ndarray
    post_ids: np.ndarray
    weights: np.ndarray
    delays: np.ndarray | None = None
    unit: str = ""
    weights_before: np.ndarray | None = None
    pre_size: int | None = None
    post_size: int | None = None

    def __post_init__(self) -> None:
        for key in ("name", "pre", "post"):
            _check_name(getattr(self, key), f"ProjectionRecord.{key}")
        if self.unit:
            _check_name(self.unit, "ProjectionRecord.unit")
        what = f"ProjectionRecord {self.name!r}"
        _set_array(self, "pre_ids", np.integer, 1)
        _set_array(self, "post_ids", np.integer, 1)
        for key in ("weights", "delays", "weights_before"):
            if getattr(self, key) is not None:
                _set_array(self, key, np.floating, 1)
        for key in ("post_ids", "weights", "delays", "weights_before"):
            array = getattr(self, key)
            if array is not None and array.size != self.pre_ids.size:
                raise ValueError(
                    f"{what}: {key}: expected one per synapse, [S] = [{self.pre_ids.size}], got [{array.size}]"
                )
        for ids, size, key in self._sides(self.pre_size, self.post_size):
            if ids.size and (ids.min() < 0 or (size is not None and ids.max() >= size)):
                wrong = ids.min() if ids.min() < 0 else ids.max()
                raise ValueError(f"{what}: {key}_ids: expected 0 <= id < {size}, got {wrong}")

    def _sides(self, n_pre: int | None, n_post: int | None) -> tuple:
        return (self.pre_ids, n_pre, "pre"), (self.post_ids, n_post, "post")

    def matrix(self, n_pre: int | None = None, n_post: int | None = None, which: str = "after") -> np.ndarray:
        """Weights as a matrix [n_pre, n_post] in ``unit``, NaN where there is no synapse.

        Several synapses of one pair are summed. ``which`` is ``"after"`` or ``"before"`` the run.

        Raises
        ------
        ValueError
            If a size is unknown or too small, or the matrix would not fit into memory.
        """
        weights = self.chosen_weights(which)
        sizes = []
        for ids, size, key in self._sides(
            self.pre_size if n_pre is None else n_pre, self.post_size if n_post is None else n_post
        ):
            if size is None or (ids.size and ids.max() >= size):
                least = int(ids.max()) + 1 if ids.size else 0
                raise ValueError(f"n_{key}: expected at least {least} neurons, got {size}")
            sizes.append(int(size))
        if math.prod(sizes) > _LARGEST_MATRIX:
            raise ValueError(
                f"n_pre, n_post: a matrix of {sizes[0]} x {sizes[1]} needs "
                f"{math.prod(sizes) * 8e-9:.1f} GB; use pre_ids, post_ids and weights"
            )
        cell = self.pre_ids.astype(np.int64) * sizes[1] + self.post_ids
        matrix = np.full(sizes, np.nan)
        matrix.flat[cell] = 0.0
        np.add.at(matrix.reshape(-1), cell, weights)
        return matrix

    def chosen_weights(self, which: str) -> np.ndarray:
        """Weights [S] ``"before"`` or ``"after"`` the run."""
        if which not in ("before", "after"):
            raise ValueError(f"which: expected 'before' or 'after', got {which!r}")
        weights = self.weights if which == "after" else self.weights_before
        if weights is None:
            raise ValueError(f"projection {self.name!r}: the weights before were not recorded")
        return weights


def _check_name(name: Any, what: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"{what}: expected a text, got {name!r}")
    if not name or len(name) > 200 or not name.isprintable():
        raise ValueError(f"{what}: expected 1 to 200 printable characters, got {name[:200]!r}")


def _set_array(record: Any, name: str, kind: type, axes: int) -> None:
    """Turn one field into an array of the wanted kind; lists become float64 or int64."""
    given = getattr(record, name)
    array = np.asarray(given)
    if array.size == 0 and not isinstance(given, np.ndarray):
        array = array.astype(np.int64 if kind is np.integer else np.float64)
    fits = array.dtype.kind in "biuf" if kind is np.number else np.issubdtype(array.dtype, kind)
    if not fits and kind in (np.float64, np.floating) and array.dtype.kind in "iuf":
        array, fits = array.astype(np.float64), True
    if not fits or array.ndim != axes:
        raise TypeError(
            f"{type(record).__name__} {record.name!r}: {name}: expected {kind.__name__} in {axes} "
            f"dimension(s), got {array.dtype} of shape {list(array.shape)}"
        )
    object.__setattr__(record, name, array)


def plain_json(value: Any, what: str) -> Any:
    """Copy a dictionary into what JSON can hold; TypeError for anything else."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{what}: expected a dictionary, got {value!r}")
    return _plain(value, what)


def _plain(value: Any, what: str) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item, f"{what}[{k}]") for k, item in enumerate(value)]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{what}: expected texts as keys, got {key!r}")
        return {key: _plain(item, f"{what}[{key!r}]") for key, item in value.items()}
    raise TypeError(f"{what}: expected what JSON can hold, got {type(value).__name__}")
