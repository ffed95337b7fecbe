"""Poisson events given to each neuron without cells and synapses for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..kernels.random import PoissonThresholds, poisson_thresholds
from ..units import FREQUENCY, edge_unit, to_si
from .sources import SpikeArray

if TYPE_CHECKING:
    from .network import Network
    from .population import Population, PopulationView

__all__ = ["PoissonInput", "make_poisson_input"]

_MOST = 10_000  # events a step


class PoissonInput(NamedTuple):
    """Events of ``weight`` (SI) added to ``target`` of the neurons ``ids``, ``mean`` of them in each step on average.

    ``n`` sources of ``rate`` Hz stand behind them; ``stream`` keys the random numbers, ``thresholds`` are
    those of their distribution.
    """

    population: Population
    ids: np.ndarray
    target: str
    rate: float
    weight: float
    n: int
    stream: int
    thresholds: PoissonThresholds

    def stretches(self) -> list[tuple[int, int]]:
        """Runs of consecutive neuron numbers: (first, end)."""
        ids = np.sort(self.ids)
        cuts = np.flatnonzero(np.diff(ids) > 1) + 1
        return [(int(part[0]), int(part[-1]) + 1) for part in np.split(ids, cuts) if len(part)]


def make_poisson_input(
    network: Network, view: Population | PopulationView, target: str | None, rate: Any, weight: Any, n: int
) -> PoissonInput:
    """Check the arguments of `Network.poisson_input`, and give them in SI."""
    p = view.population
    if isinstance(p.model, SpikeArray):
        raise ValueError(f"poisson_input: view: population {p.name!r} is a spike array and receives nothing")
    inputs, possible = p.model.inputs, (*p.model.states, *p.model.inputs)
    if target is None and len(inputs) == 1:
        target = inputs[0]
    if target not in possible:
        known = ", ".join(possible)
        raise ValueError(f"poisson_input: target: expected a variable of {p.name!r} ({known}), got {target!r}")
    what = f"poisson_input into {p.name!r}"
    unit = edge_unit(p.dims(target))[0] or "1"
    numbers = []
    for word, value, dims, expected in (("rate", rate, FREQUENCY, "Hz"), ("weight", weight, p.dims(target), unit)):
        if value is None:
            raise ValueError(f"{what}: {word}: expected a number in {expected}, got none")
        si = to_si(value, dims, f"{what}: {word}")
        if not isinstance(si, float) or not np.isfinite(si):
            raise ValueError(f"{what}: {word}: expected one finite number in {expected}, got {value!r}")
        numbers.append(si)
    if numbers[0] < 0:
        raise ValueError(f"{what}: rate: expected a rate >= 0 Hz, got {rate!r}")
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
        raise ValueError(f"{what}: n: expected a whole number >= 0, got {n!r}")
    mean = n * numbers[0] * network.dt_si
    if mean > _MOST:
        raise ValueError(f"{what}: n * rate * dt: expected at most {_MOST} events a step, got {mean:g}")
    stream = 2**31 + 2**30 + len(network._poisson_inputs)
    return PoissonInput(p, view.ids, target, numbers[0], numbers[1], int(n), stream, poisson_thresholds(mean))
