"""Memory for results of compiled code: huge pages, and blocks that serve again.

The system hands out memory page by page and fills each with zeros, which for 32 MiB takes longer than the kernels that
write there. So arrays of 1 MiB and more lie in huge pages, and a block whose last view is gone is kept for the next
array of its size. Meanwhile the system may take its pages (``MADV_FREE``), so what is kept is missing to nobody; at
most 1 GiB is kept.

>>> fresh((2, 3), torch.float64).shape
torch.Size([2, 3])
"""

from __future__ import annotations

import ctypes
import math
import mmap
import weakref
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["KINDS", "fresh", "room"]

_LARGE, _MOST, _HUGE = 2**20, 2**30, 2**21  # bytes: what is worth keeping, what is kept, a huge page
_ABLE = hasattr(mmap, "MADV_FREE") and hasattr(mmap, "MADV_HUGEPAGE")
KINDS: dict[torch.dtype, type[np.inexact]] = {
    torch.float32: np.float32,
    torch.float64: np.float64,
    torch.complex64: np.complex64,
    torch.complex128: np.complex128,
}
_BYTES = {kind: np.dtype(kind).itemsize for kind in KINDS.values()}
_kept: list[mmap.mmap] = []  # the oldest first; only changed by single operations, which threads cannot interrupt


def room(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """An array that is not filled, of one of the types of ``KINDS``."""
    size = math.prod(shape) * _BYTES[dtype]
    if size < _LARGE or not _ABLE:
        return np.empty(shape, dtype)
    length = -(-size // _HUGE) * _HUGE + _HUGE
    block = _again(length) or _block(length)
    view = (ctypes.c_char * length).from_buffer(block)  # lives as long as the last array or tensor on it
    weakref.finalize(view, _keep, block).atexit = False
    return np.frombuffer(view, dtype, math.prod(shape), -ctypes.addressof(view) % _HUGE).reshape(shape)


def fresh(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """A tensor on the CPU that is not filled."""
    return torch.from_numpy(room(shape, KINDS[dtype]))


def _block(length: int) -> mmap.mmap:
    block = mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a system without huge pages
        block.madvise(mmap.MADV_HUGEPAGE)
    return block


def _again(length: int) -> mmap.mmap | None:
    for block in reversed(_kept.copy()):
        if len(block) == length:
            with suppress(ValueError):  # another thread was faster
                _kept.remove(block)
                return block
    return None


def _keep(block: mmap.mmap) -> None:
    with suppress(OSError):
        block.madvise(mmap.MADV_FREE)
        _kept.append(block)
    while sum(map(len, _kept.copy())) > _MOST:
        with suppress(IndexError):
            _kept.pop(0)
