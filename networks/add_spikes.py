"""Spikes given to a spike array of a network that may be running."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..units import TIME, to_si
from .population import Population
from .sources import SpikeArray

if TYPE_CHECKING:
    from .network import Network

__all__ = ["add_spikes"]


def add_spikes(network: Network, population: Population, times: Any, ids: Any) -> None:
    """Do what `Network.add_spikes` says."""
    if not isinstance(population, Population) or population.network is not network:
        raise TypeError(f"add_spikes: population: expected a population of this network, got {population!r}")
    if not isinstance(population.model, SpikeArray):
        raise ValueError(f"add_spikes: population: {population.name!r} has cells, not a SpikeArray")
    what = f"add_spikes to {population.name!r}"
    ms = np.asarray(to_si(times, TIME, f"{what}: times")) * 1e3
    try:
        ms, ids = (np.atleast_1d(a) for a in np.broadcast_arrays(ms, np.asarray(ids)))
    except ValueError:
        raise ValueError(f"{what}: ids: expected as many as times, {ms.shape}, got {np.shape(ids)}") from None
    if not ms.size:
        return
    more = SpikeArray(ms, ids, rounding=population.model.rounding)
    if more.size > population.size:
        raise ValueError(f"{what}: ids: expected 0 to {population.size - 1}, got {more.size - 1}")
    steps, numbers = more.steps(network.dt_si)
    if steps[0] < network.step:
        raise ValueError(f"{what}: times: expected at least {network.time:g} ms (now), got {more.times[0]:g} ms")
    model = population.model.extended(more.times, more.ids)
    model.steps(network.dt_si, start=more.times[0])  # refuses a neuron that would spike twice in a step
    population.model = model
    if network._engine is not None:
        network._engine.add_spikes(population, steps, numbers)
