"""Checks of what `Network` and its methods are given."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..neurons.model import NeuronModel
from ..units import TIME, is_number, is_whole, to_edge, to_si
from .population import Population, PopulationView
from .procedural import ProceduralProjection
from .sources import SpikeArray

if TYPE_CHECKING:
    from .network import Network
    from .projection import Projection

__all__ = [
    *("check_cell_units", "check_cells", "check_dt", "check_dtype", "check_open", "check_own", "check_seed"),
    *("check_synapse_units", "check_threads", "free_name"),
]


def check_dt(dt: Any) -> tuple[float, float]:
    """Give a time step in ms and in s."""
    si = to_si(dt, TIME, "dt")
    if not isinstance(si, float) or not 0 < si < math.inf:
        raise ValueError(f"dt: expected a time step > 0 ms, got {dt!r}")
    # "100*us" is 0.1 ms, not its neighbour: fifteen digits are what a text or quantity can mean
    ms = float(dt) if is_number(dt) else float(f"{to_edge(si, TIME):.15g}")
    return ms, to_si(ms, TIME, "dt")


def check_seed(seed: Any) -> int:
    """Give the seed, 0 ... 2**64 - 1."""
    if not is_whole(seed) or not 0 <= seed < 2**64:
        raise ValueError(f"seed: expected a whole number in 0 ... 2**64 - 1, got {seed!r}")
    return int(seed)


def check_dtype(dtype: Any) -> np.dtype:
    """Give the number type of a network."""
    if str(dtype) not in ("float32", "float64"):
        raise ValueError(f"dtype: expected 'float64' or 'float32', got {dtype!r}")
    return np.dtype(str(dtype))


def check_cells(n: Any, model: Any) -> None:
    """Refuse what cannot be a population of ``n`` neurons of a model."""
    if not is_whole(n) or n < 0:
        raise ValueError(f"population: n: expected a whole number >= 0, got {n!r}")
    if not isinstance(model, NeuronModel | SpikeArray):
        raise TypeError(f"population: model: expected a NeuronModel or SpikeArray, got {type(model).__name__}")
    if isinstance(model, SpikeArray) and model.size > n:
        raise ValueError(f"population: n: the spike array has spikes of {model.size} neurons, got n = {n}")


def check_cell_units(model: NeuronModel | SpikeArray) -> None:
    """Tell errors in the units of cells now, not at the run."""
    from ..kernels import neuron_module

    if isinstance(model, NeuronModel):
        neuron_module(model, target="reference")


def check_synapse_units(network: Network, q: Projection) -> None:
    """Tell errors in the units of synapses now; and of procedural ones, what they cannot be."""
    from ..kernels import synapse_module
    from .layout import state_dims

    pre, post = q.pre.population, q.post.population
    checked = id(q.synapse), id(pre.model), id(post.model)
    if q.procedural or checked not in network._checked:
        facts = synapse_module(q.synapse, state_dims(pre), state_dims(post), "reference")
        if isinstance(q, ProceduralProjection):
            q.check(facts)
        network._checked.add(checked)


def check_threads(threads: Any, backend: str) -> int:
    """Give the number of threads of a run on a backend."""
    if not is_whole(threads) or not 1 <= threads <= 1024:
        raise ValueError(f"run: threads: expected a whole number in 1 ... 1024, got {threads!r}")
    if threads > 1 and backend != "numba":
        raise ValueError(f"run: threads: the {backend!r} backend runs on one thread, got {threads}")
    return int(threads)


def check_open(network: Network, what: str) -> None:
    """Refuse to change what a network is made of while it runs."""
    if network._engine is not None or network._restored is not None:
        when = "before the first run or after reset()"
        raise ValueError(f"a {what} can be added {when}, not at t = {network.time:g} ms")


def check_own(network: Network, view: Any, what: str) -> None:
    """Refuse what is not a population, or a part of one, of this network."""
    if not isinstance(view, Population | PopulationView) or view.population.network is not network:
        raise TypeError(f"{what}: expected a population of this network, got {view!r}")


def free_name(name: Any, default: str, taken: Mapping[str, Any]) -> str:
    """Give a name that nothing has yet: the one asked for, or ``default``, with a number if it is taken."""
    if name is None:
        name, k = default, 2
        while name in taken:
            name, k = f"{default} {k}", k + 1
    if not isinstance(name, str) or not name or not name.isprintable() or "/" in name:
        raise ValueError(f"name: expected a printable text without '/', got {name!r}")
    if name in taken:
        raise ValueError(f"name: {name!r} is taken already")
    return name
