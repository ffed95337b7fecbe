"""Spikes of one population as arrays, with per-neuron access and the simple statistics.

A spike is a step and a neuron: step n stands for the time n*dt, so times never drift however long
the run. Statistics beyond rates, intervals and their CV are Elephant's: give it
``spikes.to_neo()``.

>>> spikes = SpikeTrains(steps=[5, 10, 20], ids=[1, 0, 1], size=2, dt=0.5, t_stop=20)
>>> spikes.times.tolist(), spikes[1].tolist(), spikes.rates().tolist()
([2.5, 5.0, 10.0], [2.5, 10.0], [50.0, 100.0])
"""

from __future__ import annotations

import importlib
import math
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from ..units import is_whole

if TYPE_CHECKING:
    import neo
    import pandas

__all__ = ["SpikeDifference", "SpikeTrains"]

_GRID = 1e-6  # a time is on the grid when it is this near to a step (in steps), plus its own rounding


class SpikeDifference(NamedTuple):
    """The first spike that one of two recordings has and the other has not.

    ``time`` is in ms; ``only_in`` is ``"self"`` or ``"other"``.
    """

    time: float
    id: int
    only_in: str


class SpikeTrains:
    """Spikes of a population of ``size`` neurons from ``t_start`` up to, but without, ``t_stop``.

    Parameters
    ----------
    steps : int array [number of spikes]
        Step of each spike, counted from time 0.
    ids : int array [number of spikes]
        Neuron of each spike, 0 to size - 1. The integer type is kept.
    size : int
        Neurons in the population.
    dt : float
        Step in ms.
    t_stop, t_start : float
        End and start of the recording in ms, on the grid of ``dt``.
    recorded : int array, optional
        The neurons whose spikes were recorded; all of them if None.

    Spikes are kept in the order of step, then neuron. ``len()`` is the number of spikes,
    ``spikes[i]`` the times of neuron ``i`` in ms. Two objects are equal when size, dt and all
    spikes are. The arrays are read-only.

    Raises
    ------
    ValueError, TypeError
        If the arrays differ in length or are not integers, or a step, neuron or time lies out of
        range.
    """

    def __init__(
        self,
        steps: Any,
        ids: Any,
        size: int,
        dt: float,
        t_stop: float,
        t_start: float = 0.0,
        recorded: Any = None,
    ) -> None:
        self.size = check_size(size, "size")
        self.dt = float(dt)
        if not (math.isfinite(self.dt) and self.dt > 0):
            raise ValueError(f"dt: expected a step > 0 ms, got {dt!r}")
        self.start_step = self._step(t_start, "t_start")
        self.stop_step = self._step(t_stop, "t_stop")
        if self.stop_step < self.start_step:
            raise ValueError(f"t_stop: expected at least t_start = {t_start} ms, got {t_stop} ms")
        steps, ids = _integers(steps, "steps").astype(np.int64, copy=False), _integers(ids, "ids")
        if steps.shape != ids.shape:
            raise ValueError(f"ids: expected as many as steps, {steps.size}, got {ids.size}")
        _check_range(steps, self.start_step, self.stop_step, "steps")
        _check_range(ids, 0, self.size, "ids")
        self.recorded = None if recorded is None else _id_set(recorded, self.size, "recorded")
        if self.recorded is not None:
            strange = ids[~_member(ids, self.recorded, self.size)]
            if strange.size:
                raise ValueError(f"ids: neuron {strange[0]} has spikes but is not in recorded")
        step_gap = np.diff(steps)
        if np.any(step_gap < 0) or np.any((step_gap == 0) & (ids[1:] < ids[:-1])):
            order = np.lexsort((ids, steps))
            steps, ids = steps[order], ids[order]
        self.steps, self.ids = _read_only(steps), _read_only(ids)

    @classmethod
    def from_times(cls, times: Any, ids: Any, size: int, dt: float, t_stop: float, **more: Any) -> SpikeTrains:
        """Build from times in ms; ValueError if one is not a multiple of ``dt`` (to 1e-3 step)."""
        position = np.asarray(times, dtype=np.float64) / dt
        steps = np.rint(position)
        off = ~(np.abs(position - steps) <= 1e-3)
        if off.any():
            raise ValueError(f"times: expected multiples of dt = {dt} ms, got {np.asarray(times)[off][0]} ms")
        return cls(steps.astype(np.int64), ids, size, dt, t_stop, **more)

    @property
    def times(self) -> np.ndarray:
        """Time of each spike in ms, ``steps * dt`` [number of spikes]."""
        return self.steps * self.dt

    @property
    def t_start(self) -> float:
        """Start of the recording in ms."""
        return self.start_step * self.dt

    @property
    def t_stop(self) -> float:
        """End of the recording in ms."""
        return self.stop_step * self.dt

    @property
    def duration(self) -> float:
        """Length of the recording in ms."""
        return (self.stop_step - self.start_step) * self.dt

    @property
    def recorded_ids(self) -> np.ndarray:
        """Neurons whose spikes were recorded, ascending."""
        return np.arange(self.size) if self.recorded is None else self.recorded

    def __len__(self) -> int:
        return self.steps.size

    def __bool__(self) -> bool:
        return True  # a recording without a spike is still a recording

    def __iter__(self) -> NoReturn:
        raise TypeError("SpikeTrains is not iterable: take by_neuron(), or times and ids")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SpikeTrains):
            return NotImplemented
        return (
            self.size == other.size
            and self.dt == other.dt
            and np.array_equal(self.steps, other.steps)
            and np.array_equal(self.ids, other.ids)
        )

    def __repr__(self) -> str:
        part = "" if self.recorded is None else f"{self.recorded.size} of "
        return (
            f"SpikeTrains({len(self)} spikes of {part}{self.size} neurons, "
            f"{self.t_start:g} to {self.t_stop:g} ms, dt {self.dt:g} ms)"
        )

    @cached_property
    def _rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Compressed rows by neuron: start of each row [size + 1], steps [number of spikes]."""
        starts = np.zeros(self.size + 1, dtype=np.int64)
        np.cumsum(self.counts(), out=starts[1:])
        return starts, self.steps[np.argsort(self.ids, kind="stable")]

    def __getitem__(self, neuron: int) -> np.ndarray:
        neuron = check_size(neuron, "neuron")
        if neuron >= self.size:
            raise ValueError(f"neuron: expected 0 to {self.size - 1}, got {neuron}")
        if self.recorded is not None and neuron not in self.recorded:
            raise ValueError(f"neuron: the spikes of neuron {neuron} were not recorded")
        starts, steps = self._rows
        return steps[starts[neuron] : starts[neuron + 1]] * self.dt

    def by_neuron(self) -> dict[int, np.ndarray]:
        """Spike times in ms of each recorded neuron, silent ones included."""
        return {int(i): self[i] for i in self.recorded_ids}

    def counts(self, start: float | None = None, stop: float | None = None) -> np.ndarray:
        """Count the spikes of each neuron from ``start`` to ``stop`` (ms) [size]."""
        part, _ = self._window(start, stop)
        return np.bincount(self.ids[part], minlength=self.size)

    def rates(self, start: float | None = None, stop: float | None = None) -> np.ndarray:
        """Firing rate of each neuron in Hz [size], NaN where not recorded or no time passed."""
        _, (first, last) = self._window(start, stop)
        rates = np.full(self.size, np.nan)
        if last > first:
            which = self.recorded_ids
            rates[which] = self.counts(start, stop)[which] / ((last - first) * self.dt * 1e-3)
        return rates

    def rate(self, start: float | None = None, stop: float | None = None) -> float:
        """Mean firing rate of the recorded neurons in Hz, NaN if there are none."""
        rates = self.rates(start, stop)[self.recorded_ids]
        return float(rates.mean()) if rates.size else math.nan

    def isi(self, neuron: int | None = None) -> np.ndarray:
        """Intervals between spikes in ms, of one neuron or of all, one neuron after the other."""
        if neuron is not None:
            return np.diff(self[neuron])
        return self._intervals()[0] * self.dt

    def cv(self, min_intervals: int = 2) -> np.ndarray:
        """Coefficient of variation of each neuron's intervals [size]: standard deviation / mean.

        NaN where a neuron has fewer than ``min_intervals`` (at least 1). The deviation is that of
        the population (divided by n), as in Elephant's ``cv``.
        """
        if check_size(min_intervals, "min_intervals") < 1:
            raise ValueError(f"min_intervals: expected at least 1, got {min_intervals}")
        gaps, owner = self._intervals()
        n = np.bincount(owner, minlength=self.size).astype(np.float64)
        n[n < min_intervals] = np.nan
        mean = np.bincount(owner, weights=gaps, minlength=self.size) / n
        variance = np.bincount(owner, weights=(gaps - mean[owner]) ** 2, minlength=self.size) / n
        mean[mean == 0] = np.nan
        return np.sqrt(variance) / mean

    def _intervals(self) -> tuple[np.ndarray, np.ndarray]:
        starts, steps = self._rows
        owner = np.repeat(np.arange(self.size), np.diff(starts))
        same = owner[1:] == owner[:-1]
        return np.diff(steps)[same], owner[1:][same]

    def histogram(self, bin_ms: float) -> tuple[np.ndarray, np.ndarray]:
        """Count all spikes in bins of ``bin_ms`` (a multiple of dt) from ``t_start`` on.

        Returns
        -------
        counts : int64 array [bins]
        edges : float array [bins + 1]
            In ms. The last bin is shorter where the recording is no multiple of ``bin_ms``.
        """
        width = self._step(bin_ms, "bin_ms")
        if width < 1:
            raise ValueError(f"bin_ms: expected at least dt = {self.dt} ms, got {bin_ms}")
        total = self.stop_step - self.start_step
        bins = -(-total // width)
        counts = np.bincount((self.steps - self.start_step) // width, minlength=bins)
        edges = self.start_step + np.minimum(np.arange(bins + 1) * width, total)
        return counts, edges * self.dt

    def between(self, start: float | None = None, stop: float | None = None) -> SpikeTrains:
        """Keep the spikes with start <= time < stop (ms, on the grid of dt), at their times."""
        part, (first, last) = self._window(start, stop)
        cut = (self.steps[part], self.ids[part], self.size, self.dt)
        return SpikeTrains(*cut, last * self.dt, first * self.dt, self.recorded)

    def select(self, ids: Any) -> SpikeTrains:
        """Keep the spikes of these neurons; neurons keep their numbers."""
        wanted = _id_set(ids, self.size, "ids")
        if self.recorded is not None and (missing := np.setdiff1d(wanted, self.recorded)).size:
            raise ValueError(f"ids: the spikes of neuron {missing[0]} were not recorded")
        keep = _member(self.ids, wanted, self.size)
        cut = (self.steps[keep], self.ids[keep], self.size, self.dt)
        return SpikeTrains(*cut, self.t_stop, self.t_start, wanted)

    def first_difference(self, other: SpikeTrains) -> SpikeDifference | None:
        """Compare spike for spike: the earliest spike that one of the two lacks, or None.

        Raises
        ------
        ValueError
            If the two have another step ``dt``: their spikes are then not on one grid.
        """
        if self.dt != other.dt:
            raise ValueError(f"other: expected dt = {self.dt} ms, got {other.dt} ms")
        n = min(len(self), len(other))
        unlike = (self.steps[:n] != other.steps[:n]) | (self.ids[:n] != other.ids[:n])
        k = int(unlike.argmax()) if unlike.any() else n
        end = (2**63, 0)  # after every spike
        left = (int(self.steps[k]), int(self.ids[k])) if k < len(self) else end
        right = (int(other.steps[k]), int(other.ids[k])) if k < len(other) else end
        if left == right:
            return None
        step, neuron = min(left, right)
        return SpikeDifference(step * self.dt, neuron, "self" if left < right else "other")

    def to_neo(self, **annotations: Any) -> list[neo.SpikeTrain]:
        """One ``neo.SpikeTrain`` (ms) per recorded neuron, silent ones too; what Elephant takes.

        Each has the annotations ``id`` and those given; a ``population`` also names it.
        """
        neo, pq = require("neo"), require("quantities")
        label = f"{annotations['population']} " if "population" in annotations else "neuron "
        span = dict(t_start=self.t_start, t_stop=self.t_stop, sampling_rate=1.0 / self.dt * pq.kHz)
        return [
            neo.SpikeTrain(times, units="ms", name=f"{label}{i}", id=i, **span, **annotations)
            for i, times in self.by_neuron().items()
        ]

    def to_pandas(self) -> pandas.DataFrame:
        """Table of the spikes with the columns ``time`` (ms) and ``id``."""
        return require("pandas").DataFrame({"time": self.times, "id": self.ids})

    def _step(self, time: float, name: str) -> int:
        position = float(time) / self.dt
        if not (math.isfinite(position) and 0 <= position < 2**53):
            raise ValueError(f"{name}: expected a time >= 0 ms, got {time!r}")
        if abs(position - round(position)) > _GRID + 1e-15 * position:
            raise ValueError(f"{name}: expected a multiple of dt = {self.dt} ms, got {time} ms")
        return round(position)

    def _window(self, start: float | None, stop: float | None) -> tuple[slice, tuple[int, int]]:
        first = self.start_step if start is None else self._step(start, "start")
        last = self.stop_step if stop is None else self._step(stop, "stop")
        if not self.start_step <= first <= last <= self.stop_step:
            raise ValueError(
                f"start, stop: expected {self.t_start:g} <= start <= stop <= {self.t_stop:g} ms, got {start} and {stop}"
            )
        low, high = np.searchsorted(self.steps, (first, last))
        return slice(int(low), int(high)), (first, last)


def require(package: str) -> Any:
    """Import an optional package when it is first needed; ImportError says what to install."""
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package.partition(".")[0]:
            raise
        raise ImportError(f"this needs the package {error.name}: pip install {error.name}") from None


def check_size(value: Any, name: str) -> int:
    """Give ``value`` as an int; TypeError or ValueError if it is not a whole number >= 0."""
    if not is_whole(value):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    if value < 0:
        raise ValueError(f"{name}: expected at least 0, got {value}")
    return int(value)


def _integers(values: Any, name: str) -> np.ndarray:
    array = np.asarray(values)
    if array.size == 0 and array.ndim == 1 and array.dtype.kind not in "iu":
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: expected whole numbers in one dimension, got shape {list(array.shape)} of {array.dtype}"
        )
    return array


def _check_range(values: np.ndarray, low: int, high: int, name: str) -> None:
    if values.size and (values.min() < low or values.max() >= high):
        wrong = values[(values < low) | (values >= high)][0]
        raise ValueError(f"{name}: expected {low} <= value < {high}, got {wrong}")


def _id_set(ids: Any, size: int, name: str) -> np.ndarray:
    array = _integers(ids, name)
    _check_range(array, 0, size, name)
    return _read_only(np.unique(array))


def _member(ids: np.ndarray, wanted: np.ndarray, size: int) -> np.ndarray:
    mask = np.zeros(size, dtype=bool)
    mask[wanted] = True
    return mask[ids]


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view
