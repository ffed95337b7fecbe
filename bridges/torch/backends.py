"""Which backend a layer uses: ``auto`` takes compiled code where there is some, ``numba`` insists, ``torch`` refuses.

>>> import torch
>>> may_compile("layer", "auto", torch.zeros(1)), may_compile("layer", "torch", torch.zeros(1))
(True, False)
"""

from __future__ import annotations

from torch import Tensor

__all__ = ["check_backend", "may_compile"]


def check_backend(owner: str, backend: str) -> None:
    """Refuse what is not the name of a backend."""
    if backend not in ("auto", "numba", "torch"):
        raise ValueError(f"{owner}: backend: expected auto, numba or torch, got {backend!r}")


def may_compile(owner: str, backend: str, x: Tensor) -> bool:
    """Tell whether compiled code may work on ``x``; ``numba`` needs it to lie on the CPU."""
    if x.is_cpu:
        return backend != "torch"
    if backend == "numba":
        raise ValueError(f"{owner}: backend 'numba' needs tensors on the CPU, got x on {x.device}")
    return False
