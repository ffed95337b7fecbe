"""The reference backend: the same steps as the compiled loop, in plain NumPy, one step at a time."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from .loop_code import LoopPlan
from .random import PoissonThresholds, poisson

__all__ = ["ranges", "run"]


def ranges(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Concatenate ``arange(start[q], stop[q])`` for all q."""
    lengths = stop - start
    total = int(lengths.sum())
    if total == 0:
        return np.zeros(0, dtype=np.int64)
    offset = np.repeat(start - np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)
    return np.arange(total) + offset


def run(
    plan: LoopPlan, modules: dict[str, ModuleType], k0: int, n: int, step0: int, dt: float, seed: int,
    groups: list[Any], sources: list[Any], records: list[Any], inputs: list[Any], synapses: list[Any],
) -> None:  # fmt: skip
    """Execute steps k0 ... k0 + n - 1 of a chunk; arguments as those of the compiled loop."""
    for j in range(n):
        k, step = k0 + j, step0 + j
        for call, group, record in zip(plan.groups, groups, records, strict=True):
            if call.module:
                _record(step, group[0], *record)
        for join, syn in zip(plan.synapses, synapses, strict=True):
            if join.summed and step % groups[join.target][18] == 0:
                source, target = groups[join.source], groups[join.target]
                modules[join.module].summed(0, step, dt, syn, source[0], target[0], target[8], target[9])
        for join, syn in zip(plan.synapses, synapses, strict=True):
            if join.early:
                source, target = groups[join.source], groups[join.target]
                _deliver(join, modules[join.module], k, step, dt, seed, syn, source, target, 1)
        for call, group, source, drive in zip(plan.groups, groups, sources, inputs, strict=True):
            if not call.module:
                _play(k, step, source, group[12], group[13])
                continue
            if call.has_inputs:
                _inject(step, group[1], *source)
                _poisson(step, seed, group, *drive, 1)
                _take_inputs(step, group)
            if step % group[18] == 0:
                modules[call.module].advance(0, k, step, dt, seed, group)
            else:
                group[13][0, k + 1] = group[13][0, k]
        for join, syn in zip(plan.synapses, synapses, strict=True):
            if join.clocked:
                modules[join.module].clocked(0, step, dt, syn, groups[join.source][0], groups[join.target][0])
        for join, syn in zip(plan.synapses, synapses, strict=True):
            target = groups[join.target]
            _deliver(join, modules[join.module], k, step, dt, seed, syn, groups[join.source], target, 0)
            if join.traces:
                modules[join.module].fade(0, dt, syn, target[8], target[9])
        for call, group, drive in zip(plan.groups, groups, inputs, strict=True):
            if call.module:
                _poisson(step, seed, group, *drive, 0)
        for call, group in zip(plan.groups, groups, strict=True):
            if call.module:
                _gather(step, group)
            if call.has_reset:
                modules[call.module].reset(0, k, step, dt, seed, group)


def _deliver(
    call: Any, module: ModuleType, k: int, step: int, dt: float, seed: int, syn: Any, source: Any, target: Any,
    phase: int,
) -> None:  # fmt: skip
    def pre() -> None:
        module.on_pre(0, k, step, dt, seed, syn, source[0], target[0], target[1], source[12], source[13], phase)

    def post() -> None:
        module.on_post(0, k, step, dt, seed, syn, source[0], target[0], target[1], target[12], target[13])

    for event in (pre,) if phase else (pre, post) if call.pre_first else (post, pre):
        event()


def _record(step: int, X: np.ndarray, table: np.ndarray, numbers: int, ids: np.ndarray, buffer: np.ndarray) -> None:
    for row, every, begin, offset, i0, n in table[:numbers]:
        if step % every == 0:
            place = offset + (step - begin) // every * n
            buffer[place : place + n] = X[row, ids[i0 : i0 + n]]


def _play(k: int, step: int, source: Any, ids: np.ndarray, ptr: np.ndarray) -> None:
    steps, numbers, _ = source
    now = numbers[np.searchsorted(steps, step, "left") : np.searchsorted(steps, step, "right")]
    ids[0, ptr[0, k] : ptr[0, k] + len(now)] = now
    ptr[0, k + 1] = ptr[0, k] + len(now)


def _inject(step: int, A: np.ndarray, table: np.ndarray, numbers: int, values: np.ndarray, ids: np.ndarray) -> None:
    for acc, start, stop, every, v0, wide, i0, n in table[:numbers]:
        if start <= step < stop:
            offset = v0 + (step - start) // every * wide
            A[acc, step % A.shape[1], ids[i0 : i0 + n]] += values[offset : offset + (n if wide > 1 else 1)]


def _poisson(
    step: int, seed: int, group: Any, table: np.ndarray, thresholds: np.ndarray, weights: np.ndarray, numbers: int,
    scratch: np.ndarray, when: int,
) -> None:  # fmt: skip
    X, A = group[0], group[1]
    for r in range(numbers):
        phase, row, acc, first, last, own, stream, t0, n, others = table[r].tolist()
        if phase == when:
            sums = A[acc, step % A.shape[1]] if acc >= 0 else X[row]
            ends = PoissonThresholds(thresholds[t0 : t0 + n], thresholds[t0 + n : t0 + n + others])
            counts = poisson(seed, stream, np.arange(own, own + last - first), step, ends)
            sums[first:last] += weights[r] * counts.astype(X.dtype)


def _take_inputs(step: int, group: Any) -> None:
    X, A, rows, modes = group[0], group[1], group[14], group[15]
    slot = step % A.shape[1]
    for a in np.flatnonzero(modes == 0):
        X[rows[a]] = A[a, slot]
        A[a, slot] = 0


def _gather(step: int, group: Any) -> None:
    X, A, nr, rows, modes = group[0], group[1], group[4], group[14], group[15]
    slot = step % A.shape[1]
    for a in np.flatnonzero(modes > 0):
        arrived = A[a, slot, : len(nr)]
        X[rows[a], : len(nr)] += arrived if modes[a] == 1 else np.where(nr, arrived, 0)
        arrived[:] = 0
