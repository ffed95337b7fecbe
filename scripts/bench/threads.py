"""What several threads at once do on this machine, in units of what one does alone: a ceiling for every kernel.

Two processors of a virtual machine may be the two threads of one core, which share its arithmetic units, and all cores
share the memory. Both numbers change with what else runs on the machine.

>>> sorted(gain(1, repeats=1))
['arithmetic', 'memory']
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from threading import Barrier, Thread

import numpy as np

__all__ = ["gain"]

_SIDE, _PRODUCTS = 192, 200  # matrices that stay in the second-level cache
_BYTES, _COPIES = 2**25, 4  # arrays that do not


def gain(threads: int, repeats: int = 5) -> dict[str, float]:
    """Measure how many times as much ``threads`` threads do as one: products of small matrices, copies of large arrays.

    Medians of ``repeats`` measurements, one thread and all in turn.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return {
            name: median(threads * _seconds(1, make) / _seconds(threads, make) for _ in range(repeats))
            for name, make in (("arithmetic", _products), ("memory", _copies))
        }


def _products() -> Callable[[], None]:
    a, b, c = (np.ones((_SIDE, _SIDE), np.float32) for _ in range(3))

    def work() -> None:
        for _ in range(_PRODUCTS):
            np.matmul(a, b, out=c)

    return work


def _copies() -> Callable[[], None]:
    source, target = (np.ones(_BYTES, np.uint8) for _ in range(2))

    def work() -> None:
        for _ in range(_COPIES):
            np.copyto(target, source)

    return work


def _seconds(threads: int, make: Callable[[], Callable[[], None]]) -> float:
    """Time from when all of the threads begin until the last one ends; NumPy gives the interpreter's lock away."""
    works, together = [make() for _ in range(threads)], Barrier(threads + 1)
    for work in works:
        work()

    def run(work: Callable[[], None]) -> None:
        together.wait()
        work()

    running = [Thread(target=run, args=(work,)) for work in works]
    for thread in running:
        thread.start()
    together.wait()
    begun = time.perf_counter()
    for thread in running:
        thread.join()
    return time.perf_counter() - begun
