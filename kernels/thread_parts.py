"""Work on a range dealt out to threads: compiled functions that let go of the interpreter run side by side.

>>> done = []
>>> run_parts(lambda first, last: done.append((first, last)), 10, threads=2, unit=4)
>>> sorted(done)
[(0, 8), (8, 10)]
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

__all__ = ["parts", "run_parts"]

_pools: dict[int, ThreadPoolExecutor] = {}  # one for each process: threads do not survive a fork


def parts(size: int, threads: int, unit: int = 1) -> list[tuple[int, int]]:
    """Split range(size) into at most ``threads`` parts of about equal size, cut at multiples of ``unit``."""
    pieces = -(-size // unit)
    number = max(1, min(threads, pieces))
    edges = [min(size, -(-pieces * n // number) * unit) for n in range(number + 1)]
    return list(zip(edges[:-1], edges[1:], strict=True))


def run_parts(work: Callable[[int, int], None], size: int, threads: int, unit: int = 1) -> None:
    """Call ``work(first, last)`` for each of the `parts`, the first of them in the calling thread.

    ``work`` must write to different places for different parts. An exception of a part is raised when all have ended.
    """
    mine, *others = parts(size, threads, unit)
    if not others:
        work(*mine)
        return
    pid = os.getpid()
    pool = _pools.get(pid)
    if pool is None or pool._max_workers < threads - 1:
        pool = _pools[pid] = ThreadPoolExecutor(threads - 1, thread_name_prefix="spikegram")
    futures = [pool.submit(work, *part) for part in others]
    try:
        work(*mine)
    finally:
        problems = [problem for future in futures if (problem := future.exception())]
    if problems:
        raise problems[0]
