"""Threads for compiled kernels: a range of independent lanes is cut into one part for each thread.

A kernel ``kernel(first, end, *arrays)`` is compiled without the interpreter's lock and writes nothing outside its
lanes, so the result does not depend on how they are shared out. The threads stay for later calls; another package that
has threads can lend its own (`run_parts_with`).

>>> import numpy as np
>>> out = np.zeros(10)
>>> def fill(first, end, out):
...     out[first:end] = first
>>> on_lanes(fill, 10, 2, out, grain=4)
>>> out.tolist()
[0.0, 0.0, 0.0, 0.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0]
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

__all__ = ["on_lanes", "run_parts_with", "shares"]

Part = tuple[int, int]
Call = Callable[[int, int], Any]
Runner = Callable[[Call, list[Part]], None]

_pool: ThreadPoolExecutor | None = None
_width = 0


def _forget() -> None:
    """After a fork the threads are in the parent only, those that another package lent too."""
    global _pool, _width
    _pool, _width = None, 0
    run_parts_with(_on_own_threads)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _workers(n: int) -> ThreadPoolExecutor:
    global _pool, _width
    if _pool is None or _width < n:
        _pool, _width = ThreadPoolExecutor(n, thread_name_prefix="spikegram-lanes"), n
    return _pool


def _on_own_threads(call: Call, parts: list[Part]) -> None:
    """The calling thread takes the first part."""
    workers = _workers(len(parts) - 1)
    others = [workers.submit(call, *part) for part in parts[1:]]
    try:
        call(*parts[0])
    finally:
        for other in others:  # they write into our arrays
            other.exception()
    for other in others:
        other.result()


_runner: Runner = _on_own_threads


def run_parts_with(runner: Runner) -> None:
    """Call the parts of all later kernels by ``runner(call, parts)``, at the same time.

    It returns when all parts are done, and raises what one of them raised. In the child of a fork threads of our own
    do it again.
    """
    global _runner
    _runner = runner


def shares(lanes: int, threads: int, grain: int = 1) -> list[tuple[int, int]]:
    """Cut 0 ... lanes - 1 into at most ``threads`` parts of nearly equal size that begin at multiples of ``grain``."""
    pieces = -(-lanes // grain)
    threads = max(1, min(threads, pieces))
    edges = [min(lanes, pieces * k // threads * grain) for k in range(threads + 1)]
    edges[-1] = lanes
    return list(zip(edges, edges[1:], strict=False))


def on_lanes(kernel: Callable[..., Any], lanes: int, threads: int, *arrays: Any, grain: int = 1) -> None:
    """Call ``kernel(first, end, *arrays)`` for all lanes, on up to ``threads`` threads; wait for all of them.

    Parameters
    ----------
    kernel : callable
    lanes : int
        Number of independent lanes.
    threads : int
        At least 1.
    grain : int
        Parts begin at multiples of it.
    """
    if lanes <= 0:
        return
    parts = shares(lanes, threads, grain)
    if len(parts) == 1:
        kernel(0, lanes, *arrays)
        return
    _runner(lambda first, end: kernel(first, end, *arrays), parts)
