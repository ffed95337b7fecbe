"""This machine: what it is, how busy it is, how much memory a process holds. Linux's /proc; None where there is none.

>>> describe()["cores"] == os.cpu_count()
True
"""

from __future__ import annotations

import ctypes
import gc
import os
import platform
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...versions import versions_of

__all__ = [
    "age",
    "busy_seconds",
    "core",
    "describe",
    "load",
    "memory_total",
    "peak_memory",
    "processor",
    "resident",
    "versions",
]

_PACKAGES = ("spikegram", "numpy", "numba", "llvmlite", "scipy", "brian2", "cython", "nest-simulator")


def describe() -> dict[str, Any]:
    """Processor, design of its cores, their number, memory, system and Python."""
    return dict(
        processor=processor(), core=core(), cores=os.cpu_count(), memory_gib=round(memory_total() / 2**30, 1),
        system=f"{platform.system()} {platform.machine()}", python=platform.python_version(),
    )  # fmt: skip


def versions() -> dict[str, str]:
    """Versions of the packages that times depend on, as far as they are installed."""
    return versions_of(*_PACKAGES)


def processor() -> str:
    """Name of the processor as the system gives it."""
    return _field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()


def core() -> str:
    """Design of the cores as LLVM names it, and so what Numba compiles for: ``"znver3"``, ``"skylake-avx512"``.

    The name of a virtual processor often does not tell, and designs differ by a factor of two in what takes most time.
    """
    from llvmlite.binding import get_host_cpu_name

    return get_host_cpu_name()


def age() -> float | None:
    """Seconds since this process was started."""
    try:
        after_name = Path("/proc/self/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except OSError:
        return None
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(after_name[19]) / os.sysconf("SC_CLK_TCK")


def load() -> float | None:
    """Processes that ran or waited to run, averaged over the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def memory_total() -> int:
    """Memory of the machine in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def resident() -> int | None:
    """Memory that this process holds now, in bytes, without what was freed and is only kept for later."""
    gc.collect()
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    return _kib("VmRSS")


def peak_memory() -> int | None:
    """Most memory that this process has held since it began, in bytes.

    Read from /proc, because ``getrusage`` of a child starts at what its parent held when it was started.
    """
    return _kib("VmHWM")


def busy_seconds() -> float | None:
    """Seconds that all cores together have worked since the machine began."""
    try:
        words = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    except OSError:
        return None
    user, nice, system, _, _, irq, softirq, steal = (int(w) for w in words[:8])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _kib(name: str) -> int | None:
    text = _field("/proc/self/status", name)
    return int(text.split()[0]) * 1024 if text else None


def _field(path: str, name: str) -> str | None:
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), None)
