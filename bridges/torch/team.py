"""Compiled kernels on the threads of PyTorch, where PyTorch's threads are those of GNU's OpenMP (Linux).

After a parallel operator the threads of OpenMP do not sleep at once: for some milliseconds they wait at full speed for
the next one, and keep the processors to themselves. Threads of our own would wait for a processor behind them. So the
parts of a kernel become one more parallel region of the same threads. Where PyTorch has others (macOS, Windows), and in
the child of a fork, in which OpenMP has no threads, `kernels.lanes` goes on with its own.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

import torch

from ...kernels.lanes import Call, Part, run_parts_with

__all__ = ["join"]


class _Job:
    """Parts of one call that are still to be done, and what went wrong in others."""

    def __init__(self, call: Call, parts: list[Part]) -> None:
        self.call, self.left = call, list(reversed(parts))
        self.done: list[Part] = []
        self.errors: list[BaseException] = []

    def work(self) -> None:
        while True:
            try:
                part = self.left.pop()
            except IndexError:  # there is none
                return
            try:
                self.call(*part)
            except BaseException as error:  # there is no way up through OpenMP
                self.errors.append(error)
            self.done.append(part)


@ctypes.CFUNCTYPE(None, ctypes.py_object)
def _member(job: _Job) -> None:
    job.work()


def _region() -> Callable[..., None] | None:
    """``GOMP_parallel`` of the library that PyTorch is linked to, if there is one."""
    try:
        region = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so")).GOMP_parallel
    except (OSError, AttributeError):
        return None
    region.restype, region.argtypes = None, [type(_member), ctypes.py_object, ctypes.c_uint, ctypes.c_uint]
    return region


def join() -> bool:
    """Let `kernels.lanes` use PyTorch's threads from now on; False if PyTorch has none that can be used."""
    region = _region()
    if region is None:
        return False

    def run(call: Call, parts: list[Part]) -> None:
        job = _Job(call, parts)
        region(_member, job, len(parts), 0)
        if job.errors:
            raise job.errors[0]
        if len(job.done) < len(parts):  # an interruption at the edge of a call, which ctypes does not hand on
            raise KeyboardInterrupt

    run_parts_with(run)
    return True
