"""How much memory a network needs: what cannot fit is refused, with the estimate, before it is made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..neurons.model import NeuronModel
from .sources import SpikeArray

if TYPE_CHECKING:
    from .network import Network

__all__ = ["fitting", "memory_of_cells"]


def fitting(network: Network, size: float, what: str) -> float:
    """Give ``size`` (bytes) back; refuse what does not fit into memory beside what the network claims already."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if network._claimed + size > 0.9 * total:
        raise ValueError(
            f"{what}: needs about {size / 2**30:.3g} GiB, {network._claimed / 2**30:.3g} GiB are claimed already and "
            f"this machine has {total / 2**30:.3g} GiB"
        )
    return size


def memory_of_cells(network: Network, n: int, model: NeuronModel | SpikeArray, name: str) -> float:
    """Give the bytes that a new population will need."""
    rows = len(model.states) + len(model.inputs) if isinstance(model, NeuronModel) else 0
    size = n * (network.dtype.itemsize * (2 * rows + 2) + 40)
    memory = fitting(network, size, f"population {name!r}: {n} neurons")
    if n >= 2**31:
        raise ValueError(f"population {name!r}: n: at most 2**31 - 1 neurons, got {n}")
    return memory
