"""Runs a network: lays out its arrays, calls the compiled loop chunk by chunk, keeps what was recorded.

The loop itself is compiled. Python comes back between chunks, which are sized to last about a tenth of a second, to
move recordings out of the buffers, show progress, and stop when the user presses Ctrl-C.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels.arrays import chosen
from .layout import Group, Layout
from .recording import TraceRecorder
from .state_file import load_into

if TYPE_CHECKING:
    from .network import Network
    from .population import Population

__all__ = ["Engine"]

_BUFFER = 2**22  # recorded values that a chunk may hold
_SPIKES = 2**20  # room for spikes of a thread in a chunk, beyond what two slabs may need
_CHUNK_SECONDS = 0.1
_GROWTH = 64  # a chunk is at most so many times as long as the one before; what it costs to begin one is in its time


class Engine:
    """The arrays of a network on one backend, from its first run to its next structural change."""

    def __init__(self, network: Network, backend: str) -> None:
        self.network, self.backend = network, backend
        self.dtype = np.dtype(network.dtype)
        self.layout = Layout(
            list(network.populations.values()), list(network.projections.values()), network.dt_si, self.dtype, backend,
            network.step,
        )  # fmt: skip
        for drive in network._poisson_inputs:
            group = self.layout.group_of[id(drive.population)]
            group.driven = True
            if drive.target in (*group.module.INPUTS, *group.module.GATED):  # else it is added to at once
                group.accumulator(drive.target)
        for group in self.layout.groups:
            group.finish(network.dt_si)
        self.plan, self.slab = self.layout.plan(), self.layout.slab()
        depth = max((g.depth for g in self.layout.groups), default=1)
        for group in self.layout.groups:
            group.depth = depth  # one place in the list of steps for all
        self.threads = 0
        self.compile_seconds = 0.0
        self._events: dict[int, tuple[np.ndarray, np.ndarray]] = {}  # of each group of spike arrays
        self._injected: dict[int, tuple[int, tuple]] = {}  # of each group of cells: how many, and their tables
        self._driven: dict[int, tuple[int, tuple]] = {}
        if network._restored is not None:
            load_into(self, network._restored)
            network._restored = None

    def run(self, steps: int, threads: int, progress: Callable[[int], None] | None) -> bool:
        """Advance by ``steps``; True if the user stopped it before the end."""
        network = self.network
        if threads != self.threads:
            self.release()
            self.synapses = [bundle.arrays(threads) for bundle in self.layout.bundles]
            self.threads, self._driven = threads, {}
        for bundle in self.layout.bundles:
            bundle.start()
        for injection in network._injections:
            self.layout.group_of[id(injection.population)].fed.add(injection.target)
        for group in self.layout.groups:
            group.leave_idle()
        call = self._caller()
        chunk, done = min(steps, 16), 0
        with _interrupt_flag() as stop:
            while done < steps and not stop:
                wanted = min(chunk, steps - done, self._trace_limit())
                began = time.perf_counter()
                n = self._chunk(call, network.step, wanted, threads)
                spent = time.perf_counter() - began
                network.step += n
                done += n
                if progress is not None:
                    progress(n)
                chunk = max(1, int(n * min(_GROWTH, _CHUNK_SECONDS / max(spent, 1e-9))))
        return done < steps

    def release(self) -> None:
        """Give the synapses back to the projections."""
        for bundle in self.layout.bundles:
            bundle.release(self.network.step)
        self.threads = 0

    # -- what a state file holds ------------------------------------------------------------------------------------
    def _where(self, p: Population) -> tuple[Group, slice]:
        group = self.layout.group_of[id(p)]
        k = group.place[id(p)]
        return group, slice(int(group.start[k]), int(group.start[k + 1]))

    def history(self, p: Population) -> tuple[np.ndarray, np.ndarray]:
        """Spikes of a population that may still be on their way: steps, neuron numbers."""
        group, cut = self._where(p)
        mine = (group.history_ids >= cut.start) & (group.history_ids < cut.stop)
        return group.history_steps[mine], group.history_ids[mine] - cut.start

    def set_history(self, p: Population, steps: np.ndarray, ids: np.ndarray) -> None:
        group, cut = self._where(p)
        steps = np.concatenate([group.history_steps, steps])
        ids = np.concatenate([group.history_ids, (ids + cut.start).astype(np.int32)])
        order = np.lexsort((ids, steps))
        group.history_steps, group.history_ids = steps[order], ids[order]

    def arrivals(self, p: Population) -> dict[str, np.ndarray]:
        """Sums begun for this and later steps: variable -> [slots, neurons]."""
        group, cut = self._where(p)
        return {v: group.arrivals[a, :, cut] for a, v in enumerate(group.targets)}

    def set_arrivals(self, p: Population, variable: str, values: np.ndarray) -> None:
        group, cut = self._where(p)
        group.arrivals[group.targets.index(variable), :, cut] = values

    # -- one chunk --------------------------------------------------------------------------------------------------
    def _caller(self) -> Callable[..., None]:
        if self.backend == "reference":
            from ..kernels.reference import run

            modules = self.layout.modules

            def call(
                threads: int, k0: int, n: int, step: int, groups: list, sources: list, records: list, inputs: list
            ) -> int:  # fmt: skip
                dt, seed = self.network.dt_si, self.network.seed
                run(self.plan, modules, k0, n, step, dt, seed, groups, sources, records, inputs, self.synapses)
                return n

            return call
        from ..kernels import loop_module
        from ..kernels.loop_code import group_arrays, synapse_arrays

        compiled = loop_module(self.plan).run

        mine = [chosen(a, synapse_arrays(c)) for a, c in zip(self.synapses, self.plan.synapses, strict=True)]

        def call(
            threads: int, k0: int, n: int, step: int, groups: list, sources: list, records: list, inputs: list
        ) -> int:  # fmt: skip
            sync = np.zeros(32 + 16 * threads, dtype=np.int64)
            sync[16] = -1
            groups = [chosen(g, group_arrays(c)) for g, c in zip(groups, self.plan.groups, strict=True)]
            flat = [a for four in zip(groups, sources, records, inputs, strict=True) for a in four]
            head = (sync, self.slab, k0)
            common = (n, step, self.network.dt_si, np.uint64(self.network.seed), *flat, *mine)
            if not compiled.signatures:
                began = time.perf_counter()
                compiled(0, 1, *head, 0, *common[1:])
                self.compile_seconds = time.perf_counter() - began
            others = [threading.Thread(target=compiled, args=(t, threads, *head, *common)) for t in range(1, threads)]
            for other in others:
                other.start()
            done = compiled(0, threads, *head, *common)
            for other in others:
                other.join()
            return done

        return call

    def _chunk(self, call: Callable[..., int], step: int, n: int, threads: int) -> int:
        groups, sources, records, inputs, finishers = [], [], [], [], []
        for g in self.layout.groups:
            own = int(np.diff(g.bounds(threads)).max(initial=0))
            room = min(own * n, 3 * own * max(self.slab, 1) + _SPIKES) if self.backend == "numba" else own * n
            arrays = g.arrays(threads, len(g.history_ids) + room, n, step)
            self._bring_history(g, arrays.ids, arrays.ptr, step, threads)
            groups.append(arrays)
            sources.append(self._sources(g, step, threads))
            inputs.append(self._drive(g))
            record, finish = self._records(g, step, n)
            records.append(record)
            finishers.append(finish)
        k0 = max((g.depth for g in self.layout.groups), default=1)
        n = call(threads, k0, n, step, groups, sources, records, inputs)
        for g, arrays, finish in zip(self.layout.groups, groups, finishers, strict=True):
            finish(n)
            g.note_free(arrays.until, k0 + n - 1)
            self._take_spikes(g, arrays.ids, arrays.ptr, step, n)
        return n

    def _bring_history(self, g: Group, ids: np.ndarray, ptr: np.ndarray, step: int, threads: int) -> None:
        """Put the spikes of the last ``depth`` steps, which may still be on their way, at the head of the buffers."""
        edge = g.bounds(threads)
        for t in range(threads):
            mine = (g.history_ids >= edge[t]) & (g.history_ids < edge[t + 1])
            steps = g.history_steps[mine]
            ids[t, : len(steps)] = g.history_ids[mine]
            ptr[t, : g.depth + 1] = np.searchsorted(steps, np.arange(step - g.depth, step + 1), side="left")

    def _take_spikes(self, g: Group, ids: np.ndarray, ptr: np.ndarray, step: int, n: int) -> None:
        """Hand the spikes of a chunk to their recorders, and keep those that may still be on their way."""
        from ..kernels.spike_lists import by_population

        whole = g.start[[0, -1]]
        g.history_steps, g.history_ids, _ = by_population(ptr, ids, n, g.depth, step + n - g.depth, whole)
        recorders = [r for r in self.network._spike_recorders if id(r.population) in g.place]
        if recorders:
            steps, numbers, begins = by_population(ptr, ids, g.depth, n, step, g.start)
            for recorder in recorders:
                k = g.place[id(recorder.population)]
                mine = slice(begins[k], begins[k + 1])
                recorder.add(steps[mine], numbers[mine])

    # -- tables for a chunk -----------------------------------------------------------------------------------------
    def _sources(self, g: Group, step: int, threads: int) -> tuple:
        if g.module is None:
            steps, ids = self._spike_arrays(g)
            cursor = np.full(threads, np.searchsorted(steps, step, side="left"), dtype=np.int64)
            return steps, ids, cursor
        known, table = self._injected.get(g.number, (-1, ()))
        if known != len(self.network._injections):  # they are only ever added to
            table = self._injections(g)
            self._injected[g.number] = len(self.network._injections), table
        return table

    def _injections(self, g: Group) -> tuple:
        rows, values, ids = [], [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
        for inj in self.network._injections:
            if id(inj.population) not in g.place:
                continue
            v0, i0 = sum(map(len, values)), sum(map(len, ids))
            rows.append([
                g.targets.index(inj.target), inj.start, inj.stop, inj.every, v0, inj.width, i0, len(inj.ids)
            ])  # fmt: skip
            values.append(inj.values.ravel())
            ids.append(inj.ids + g.start[g.place[id(inj.population)]])
        table = np.array(rows or [[0] * 8], dtype=np.int64)
        return table, len(rows), np.concatenate(values).astype(self.dtype), np.concatenate(ids).astype(np.int64)

    def _spike_arrays(self, g: Group) -> tuple[np.ndarray, np.ndarray]:
        if g.number not in self._events:
            pieces = [p.model.steps(self.network.dt_si) for p in g.populations]
            steps = np.concatenate([s for s, _ in pieces])
            ids = np.concatenate([i + a for (_, i), a in zip(pieces, g.start[:-1], strict=True)]).astype(np.int32)
            order = np.lexsort((ids, steps))
            self._events[g.number] = steps[order], ids[order]
        return self._events[g.number]

    def add_spikes(self, p: Population, steps: np.ndarray, ids: np.ndarray) -> None:
        """Take more spikes of a spike array, none of them in the past; what is past is dropped."""
        group, cut = self._where(p)
        old_steps, old_ids = self._spike_arrays(group)
        first = np.searchsorted(old_steps, self.network.step, side="left")
        steps = np.concatenate([old_steps[first:], steps])
        ids = np.concatenate([old_ids[first:], (ids + cut.start).astype(np.int32)])
        order = np.lexsort((ids, steps))
        self._events[group.number] = steps[order], ids[order]

    def _drive(self, g: Group) -> tuple:
        """The Poisson inputs of a group."""
        known, table = self._driven.get(g.number, (-1, ()))
        if known != len(self.network._poisson_inputs):
            mine = [d for d in self.network._poisson_inputs if id(d.population) in g.place]
            rows, weights, thresholds = [], [], [np.zeros(0, dtype=np.uint32)]
            for drive in mine:
                t0 = sum(map(len, thresholds))
                thresholds += drive.thresholds
                row = g.rows.index(drive.target)
                acc = g.targets.index(drive.target) if drive.target in g.targets else -1
                phase = int(drive.target in g.module.INPUTS)
                start = g.start[g.place[id(drive.population)]]
                for first, last in drive.stretches():
                    place = first + start, last + start, first
                    rows.append([phase, row, acc, *place, drive.stream, t0, *map(len, drive.thresholds)])
                    weights.append(drive.weight)
            table = (
                np.array(rows or [[0] * 10], dtype=np.int64), np.concatenate(thresholds),
                np.array(weights or [0.0]).astype(self.dtype), len(rows),
                np.zeros((self.threads, 2, 512), dtype=np.int32),
            )  # fmt: skip
            self._driven[g.number] = len(self.network._poisson_inputs), table
        return table

    def _recorders(self, g: Group) -> list[TraceRecorder]:
        return [r for r in self.network._trace_recorders if id(r.population) in g.place]

    def _trace_limit(self) -> int:
        widest = sum(len(r.ids) / r.every for r in self.network._trace_recorders)
        return max(1, int(_BUFFER / widest)) if widest else 2**62

    def _records(self, g: Group, step: int, n: int) -> tuple[tuple, Callable[[int], None]]:
        recorders = self._recorders(g)
        rows, offset, i0 = [], 0, 0
        counts = [r.samples(step, n) for r in recorders]
        for r, count in zip(recorders, counts, strict=True):
            rows.append([g.rows.index(r.variable), r.every, r.first(step), offset, i0, len(r.ids)])
            offset += count * len(r.ids)
            i0 += len(r.ids)
        ids = np.concatenate(
            [np.zeros(0, dtype=np.int64), *(r.ids + g.start[g.place[id(r.population)]] for r in recorders)]
        ).astype(np.int64)
        buffer = np.empty(offset, dtype=self.dtype)

        def finish(done: int) -> None:
            for row, r in zip(rows, recorders, strict=True):
                if count := r.samples(step, done):
                    values = buffer[row[3] : row[3] + count * len(r.ids)].reshape(count, len(r.ids))
                    r.steps.append(r.first(step) + r.every * np.arange(count))
                    r.values.append(values.copy())

        return (np.array(rows or [[0] * 6], dtype=np.int64), len(rows), ids, buffer), finish


@contextmanager
def _interrupt_flag() -> Iterator[list[Any]]:
    """Collect Ctrl-C into a list that is true once it was pressed; a second one ends the program as usual."""
    pressed: list[Any] = []
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return
    before = signal.getsignal(signal.SIGINT)

    def handler(number: int, frame: Any) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    signal.signal(signal.SIGINT, handler)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
