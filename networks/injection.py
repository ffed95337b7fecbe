"""Currents given from outside: constant, or a waveform, to input variables of some neurons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..units import edge_unit, to_si
from .sources import SpikeArray
from .values import interval_steps, time_steps

if TYPE_CHECKING:
    from .network import Network
    from .population import Population, PopulationView

__all__ = ["Injection", "make_injection"]

FOREVER = 2**62  # steps


class Injection(NamedTuple):
    """What is added to ``target`` of the neurons ``ids`` in steps ``start`` up to, but without, ``stop``.

    ``values`` (SI) is [1], [T] or [T, n]; each row holds for ``every`` steps, ``width`` is its number of columns.
    """

    population: Population
    ids: np.ndarray
    target: str
    start: int
    stop: int
    every: int
    width: int
    values: np.ndarray


def make_injection(
    network: Network, view: Population | PopulationView, amplitude: Any, start: Any, stop: Any, target: str | None,
    interval: Any,
) -> Injection:  # fmt: skip
    """Check the arguments of `Network.inject`, and give them in steps and SI."""
    p = view.population
    inputs = () if isinstance(p.model, SpikeArray) else p.model.inputs
    if target is None and len(inputs) == 1:
        target = inputs[0]
    if target not in inputs:
        raise ValueError(
            f"inject: target: expected an (input) variable of population {p.name!r} "
            f"({', '.join(inputs) or 'it has none'}), got {target!r}"
        )
    what = f"inject into {p.name!r}"
    dims = p.dims(target)
    values = np.asarray(to_si(amplitude, dims, f"{what}: amplitude"), dtype=float)
    if not np.isfinite(values).all():
        raise ValueError(f"{what}: amplitude: expected finite numbers in {edge_unit(dims)[0]}")
    first = time_steps(start, network.dt_si, f"{what}: start")
    if values.ndim == 0:
        every, width, last = FOREVER, 1, FOREVER
    elif values.ndim in (1, 2) and (values.ndim == 1 or values.shape[1] == len(view)) and len(values):
        every = interval_steps(interval, network.dt_si, f"{what}: interval")
        width = 1 if values.ndim == 1 else values.shape[1]
        last = first + every * len(values)
    else:
        raise ValueError(f"{what}: amplitude: expected one value, [T] or [T, {len(view)}], got shape {values.shape}")
    if stop is not None:
        last = min(last, time_steps(stop, network.dt_si, f"{what}: stop"))
    if last <= first:
        raise ValueError(f"{what}: stop: expected a time after start, got {stop!r}")
    return Injection(p, view.ids, target, first, last, every, width, np.atleast_1d(values))
