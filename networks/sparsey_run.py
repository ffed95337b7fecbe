"""Sparsey's frames by either backend: the readable reference, or compiled code on packed synapses, in threads.

Both draw the same codes and learn the same synapses. Frames that stand alone go level by level, so that macs of a level
run in threads, which cannot change a result: each draw depends on its module and frame only.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..kernels import sparsey_columns as c
from ..kernels.sparsey_columns import Codes, Memory
from .sparsey_backoff import WARPS, SparseyBackoff
from .sparsey_layout import SparseyLayout
from .sparsey_reference import frame
from .sparsey_state import SparseyState, initial, new_synapses
from .sparsey_tables import make_codes, make_tables, make_work, new_memory, pack, unpack, unpack_bundle

__all__ = ["CompiledRunner", "How", "ReferenceRunner", "Runner"]


class How(NamedTuple):
    """How frames are gone through: see `networks.sparsey_reference.frame`; ``separate``: each is a first frame."""

    learn: bool
    separate: bool
    seed: int
    step: int
    now: int
    hard: bool = False
    backoff: SparseyBackoff | None = None
    replay: bool = False

    @property
    def holds(self) -> bool:
        """Whether a code may be held, for which the whole sequence must be known."""
        return self.backoff is not None and "hold" in self.backoff.warps


class Runner(Protocol):
    """Synapses, and what goes through them."""

    def run(self, frames: np.ndarray, before: Codes | None, how: How) -> Codes:
        """Give the codes of bool frames [T, N], after those ``before`` (None: a sequence begins).

        The last row of these counts, or all of them from the first frame on if codes may be held.
        """
        ...

    def bundle(self, m: int, x: int, now: int) -> tuple[np.ndarray, np.ndarray]:
        """Give times of the last co-activity and stiffness [rows, Q, K] of one bundle."""
        ...

    def memory(self) -> Memory:
        """Give packed arrays."""
        ...

    def restore(self, memory: Memory, now: int) -> None:
        """Take packed arrays over."""
        ...


def _starts(frames: np.ndarray, before: Codes | None, how: How) -> np.ndarray:
    starts = np.full(len(frames), how.separate)
    if before is None:
        starts[:1] = True
    return starts


class ReferenceRunner:
    """Frame after frame in NumPy."""

    def __init__(self, layout: SparseyLayout) -> None:
        self.layout = layout
        self._synapses = new_synapses(layout)

    def run(self, frames: np.ndarray, before: Codes | None, how: How) -> Codes:
        """See `Runner`."""
        codes = make_codes(self.layout, len(frames))
        if before is not None:
            _set(codes, 0, SparseyState(*(a[-1] for a in before)))
        past = [initial(self.layout)]
        if before is not None and how.holds:
            past += [SparseyState(*(a[k] for a in before)) for k in range(len(before.ages) - 1)]
        for t, start in enumerate(_starts(frames, before, how)):
            state = SparseyState(*(a[t] for a in codes))
            now = how.now + t if how.learn else how.now
            after = frame(
                state, self._synapses, self.layout, frames[t], bool(start), how.learn, how.seed, how.step + t, now,
                how.hard, how.backoff, how.replay, past,
            )  # fmt: skip
            _set(codes, t + 1, after)
            if how.holds:
                past = past[:1] if start else [*past, state]
        return codes.rows(slice(1, None))

    def bundle(self, m: int, x: int, now: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Runner`."""
        return self._synapses.last[m][x], self._synapses.stiffness[m][x]

    def memory(self) -> Memory:
        """See `Runner`."""
        return pack(self.layout, make_tables(self.layout), self._synapses)

    def restore(self, memory: Memory, now: int) -> None:
        """See `Runner`."""
        self._synapses = unpack(self.layout, make_tables(self.layout), memory, now)


def _set(codes: Codes, row: int, state: SparseyState) -> None:
    for whole, part in zip(codes, state, strict=True):
        whole[row] = part


class CompiledRunner:
    """`kernels.sparsey` on packed synapses."""

    def __init__(self, layout: SparseyLayout, threads: int) -> None:
        self.layout, self.threads = layout, threads
        self.tables = make_tables(layout)
        self._memory = new_memory(layout, self.tables)
        self._work = [make_work(layout) for _ in range(threads)]

    def run(self, frames: np.ndarray, before: Codes | None, how: How) -> Codes:
        """See `Runner`."""
        starts = _starts(frames, before, how)
        if before is not None and how.holds:
            n = len(before.ages)
            codes = make_codes(self.layout, n + len(frames))
            for whole, known in zip(codes, before, strict=True):
                whole[1 : n + 1] = known
            frames, starts = np.pad(frames, ((n, 0), (0, 0))), np.pad(starts, (n, 0))
            starts[0] = True
            macs = np.arange(len(self.layout.level_of))
            how = how._replace(step=how.step - n)
            self._go(0, self._memory, macs, n, len(frames), frames, starts, codes, how)
            return codes.rows(slice(n + 1, None))
        codes = make_codes(self.layout, len(frames))
        if before is not None:
            _set(codes, 0, SparseyState(*(a[-1] for a in before)))
        if self.threads == 1 or not how.separate or len(frames) < self.threads:
            self._go(0, self._memory, np.arange(len(self.layout.level_of)), 0, len(frames), frames, starts, codes, how)
            return codes.rows(slice(1, None))
        with ThreadPoolExecutor(self.threads) as pool:
            if how.learn:  # the macs of a level at once, each through all frames
                for level in range(len(self.layout.levels)):
                    shares = [np.array(self.layout.macs(level)[k :: self.threads]) for k in range(self.threads)]
                    jobs = [
                        pool.submit(self._go, k, self._memory, macs, 0, len(frames), frames, starts, codes, how)
                        for k, macs in enumerate(shares)
                        if len(macs)
                    ]
                    for job in jobs:
                        job.result()
            else:  # parts of the frames at once
                edges = np.linspace(0, len(frames), self.threads + 1).astype(int)
                macs = np.arange(len(self.layout.level_of))
                jobs = []
                for k, (a, b) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
                    own = self._memory._replace(keys=self._memory.keys.copy(), values=self._memory.values.copy())
                    jobs.append(pool.submit(self._go, k, own, macs, int(a), int(b), frames, starts, codes, how))
                for job in jobs:
                    job.result()
        return codes.rows(slice(1, None))

    def _go(
        self, thread: int, memory: Memory, macs: np.ndarray, begin: int, end: int, frames: np.ndarray,
        starts: np.ndarray, codes: Codes, how: How,
    ) -> None:  # fmt: skip
        from ..kernels.sparsey import run

        thresholds, allowed, warps = np.zeros(3), np.zeros(8, np.uint8), 0
        if how.backoff is not None:
            thresholds[:] = how.backoff.thresholds
            allowed[list(how.backoff.masks)] = 1
            warps = sum(1 << WARPS.index(word) for word in set(how.backoff.warps))
            allowed[0] = 1  # says that there is a back-off, also where nothing else is allowed
        work: Any = self._work[thread]
        run(
            macs, begin, end, frames, starts, how.learn, how.hard, thresholds, allowed, warps, how.replay,
            np.uint64(how.seed), np.uint64(c.DRAWS if how.learn else c.RECALLS), how.step, how.now, self.tables, memory,
            codes, *work,
        )  # fmt: skip

    def bundle(self, m: int, x: int, now: int) -> tuple[np.ndarray, np.ndarray]:
        """See `Runner`."""
        return unpack_bundle(self.layout, self.tables, self._memory, m, x, now)

    def memory(self) -> Memory:
        """See `Runner`."""
        return self._memory

    def restore(self, memory: Memory, now: int) -> None:
        """See `Runner`."""
        self._memory = memory._replace(
            keys=np.full((len(memory.keys), c.MEMO), -1, np.int64), values=np.zeros((len(memory.keys), c.MEMO))
        )
