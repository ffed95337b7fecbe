"""Spikes that are given, not computed.

>>> source = SpikeArray([[1.0, 3.5], [2.0]])
>>> source.size, source.times.tolist(), source.ids.tolist()
(2, [1.0, 2.0, 3.5], [0, 1, 0])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..units import TIME, is_whole, strip_quantity, to_si
from .values import grid_steps

__all__ = ["SpikeArray"]


@dataclass(frozen=True, init=False, eq=False)
class SpikeArray:
    """Spike times per neuron, used in place of a model: ``net.population(2, SpikeArray([[1.0, 3.5], [2.0]]))``.

    Parameters
    ----------
    times : list of lists, or array [S]
        Times in ms: one list per neuron, or with ``ids`` one time per spike. A time t is emitted in step t/dt.
    ids : array [S], optional
        Neuron of each spike.
    size : int, optional
        Number of neurons; by default as many as there are lists, or the largest id + 1.
    rounding : bool
        Round times to the nearest step. Without it a time between two steps is refused when the network takes it.

    Raises
    ------
    ValueError
        Negative or NaN times, ids out of range, two spikes of a neuron in one step.
    """

    times: np.ndarray
    ids: np.ndarray
    size: int
    rounding: bool = field(default=False)

    def __init__(self, times: Any, ids: Any = None, size: int | None = None, rounding: bool = False) -> None:
        if ids is None:
            if not isinstance(times, Sequence) or any(isinstance(row, str) or not np.iterable(row) for row in times):
                raise ValueError("SpikeArray.times: expected one list of times per neuron, or times and ids")
            rows = [_ms(row, "SpikeArray.times") for row in times]
            ids = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
            times = np.concatenate(rows) if rows else np.zeros(0)
            least = len(rows)
        else:
            times, ids = _ms(times, "SpikeArray.times"), np.atleast_1d(ids)
            if ids.shape != times.shape:
                raise ValueError(f"SpikeArray.ids: expected as many ids as times, {times.shape}, got {ids.shape}")
            if ids.size and (not np.issubdtype(ids.dtype, np.integer) or ids.min() < 0):
                raise ValueError(f"SpikeArray.ids: expected whole numbers >= 0, got {ids!r}")
            least = int(ids.max()) + 1 if ids.size else 0
        if times.size and not 0 <= times.min() <= times.max() < np.inf:
            bad = times.min() if times.min() < 0 else times.max()
            raise ValueError(f"SpikeArray.times: expected times >= 0 ms and finite, got {bad:g}")
        if size is not None and (not is_whole(size) or size < least):
            raise ValueError(f"SpikeArray.size: expected a whole number >= {least}, got {size!r}")
        order = np.lexsort((ids, times))
        object.__setattr__(self, "times", np.asarray(times, dtype=float)[order])
        object.__setattr__(self, "ids", np.asarray(ids, dtype=np.int64)[order])
        object.__setattr__(self, "size", least if size is None else int(size))
        object.__setattr__(self, "rounding", bool(rounding))

    @classmethod
    def from_file(
        cls, path: str | Path, size: int | None = None, order: str = "time_id", rounding: bool = False
    ) -> SpikeArray:
        """Read a text file with one spike a line: time in ms, white space, neuron (``#`` begins a comment).

        Time comes first, as in sPyNNaker's files; ``order="id_time"`` reads the older order. It is never guessed.
        """
        if order not in ("time_id", "id_time"):
            raise ValueError(f"order: expected 'time_id' or 'id_time', got {order!r}")
        rows = []
        try:
            lines = Path(path).read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            raise ValueError(f"{path}: expected a text file with one spike a line, got other bytes") from None
        for number, line in enumerate(lines, 1):
            words = line.split("#", 1)[0].split()
            if not words:
                continue
            try:
                first, second = words
                time, neuron = (first, second) if order == "time_id" else (second, first)
                rows.append((float(time), int(neuron)))
            except ValueError:
                raise ValueError(f"{path}, line {number}: expected '{order.replace('_', ' ')}', got {line!r}") from None
        return cls(np.array([r[0] for r in rows]), np.array([r[1] for r in rows], dtype=np.int64), size, rounding)

    def extended(self, times: Any, ids: Any = None) -> SpikeArray:
        """Give a spike array that has these spikes too; arguments and errors as for a new one."""
        more = SpikeArray(times, ids, rounding=self.rounding)
        # appending needs no second look at all that was there: a running network is given many spikes, a few at a time
        first = np.searchsorted(self.times, more.times[0]) if more.times.size else self.times.size
        late = np.concatenate([self.times[first:], more.times])
        late_ids = np.concatenate([self.ids[first:], more.ids])
        order = np.lexsort((late_ids, late))
        joined = object.__new__(SpikeArray)
        object.__setattr__(joined, "times", np.concatenate([self.times[:first], late[order]]))
        object.__setattr__(joined, "ids", np.concatenate([self.ids[:first], late_ids[order]]))
        object.__setattr__(joined, "size", max(self.size, more.size))
        object.__setattr__(joined, "rounding", self.rounding)
        return joined

    def steps(self, dt: float, start: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Give (steps, ids) sorted by step, then neuron, for steps of ``dt`` s; only those from ``start`` ms on."""
        first = np.searchsorted(self.times, start - 0.5e3 * dt)
        steps = grid_steps(self.times[first:] * 1e-3, dt, "SpikeArray.times", self.rounding)
        order = np.lexsort((self.ids[first:], steps))
        steps, ids = steps[order], self.ids[first:][order]
        double = (np.diff(steps) == 0) & (np.diff(ids) == 0)
        if double.any():
            k = int(np.flatnonzero(double)[0])
            raise ValueError(f"SpikeArray: neuron {ids[k]} spikes twice in the step at {steps[k] * dt * 1e3:g} ms")
        return steps, ids


def _ms(values: Any, what: str) -> np.ndarray:
    si = to_si(values, TIME, what)
    plain, dims = strip_quantity(values)
    found = np.atleast_1d(np.asarray(plain, dtype=float) if dims is None else si * 1e3)
    if found.ndim != 1:
        raise ValueError(f"{what}: expected a list of times, got shape {found.shape}")
    return found
