"""Numbers of a layer of cells: parameters, start values, and the constants of the compiled passes; in SI, float64."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...kernels import neuron_module
from ...language import expression_names
from ...networks.values import grid_steps, resolve
from ...neurons.model import NeuronModel
from ...parameters import check_duration
from ...units import DIMENSIONLESS, to_si
from .layer_constants import LayerConstants, constants_of
from .surrogates import Surrogate

__all__ = ["cell_constants", "parameters_of", "start_of", "steps_held"]

Shape = tuple[int, ...]
Model = Any  # NeuronModel or SynapseModel


def _names(model: Model, values: Mapping[str, Any], size: int) -> dict[str, Any]:
    """What expressions of values may use."""
    known: dict[str, Any] = {"i": (np.arange(size), DIMENSIONLESS), "N": (size, DIMENSIONLESS)}
    return known | {n: (v, model.dims(n)) for n, v in values.items()}


def _flattened(value: Any, features: Shape) -> Any:
    """Values of the shape of the features as one axis."""
    if isinstance(value, Tensor):
        value = value.detach().cpu().double().numpy()
    if isinstance(value, list):
        value = np.asarray(value)
    return value.reshape(-1) if isinstance(value, np.ndarray) and value.shape == features else value


def parameters_of(
    model: Model, features: Shape, given: Mapping[str, Any], owner: str, more: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """The model's parameters, and ``more``, with those that are given, numbers or one per cell."""
    size = int(np.prod(features))
    values: dict[str, Any] = {n: p.value for n, p in model.parameters.items()} | dict(more or {})
    for n, own in given.items():
        what = f"{owner}: parameters[{n!r}]"
        if n not in values:
            raise ValueError(f"{what}: no such parameter; expected one of {', '.join(values)}")
        names = _names(model, values, size)
        values[n] = resolve(_flattened(own, features), size, model.dims(n), names, (0, 0, len(values)), what)
        check_duration(values[n], model.dims(n), what)
    return values


def start_of(
    model: Model, features: Shape, given: Mapping[str, Any], values: Mapping[str, Any], owner: str,
    states: Sequence[str] | None = None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """State variable -> start value of each cell; ``states`` are those of a synapse model."""
    size = int(np.prod(features))
    names: Sequence[str] = model.states if states is None else states
    for n in given:
        if n not in names:
            expected = ", ".join(names) or "(none)"
            raise ValueError(f"{owner}: init: {n!r} is no state variable; expected one of {expected}")
    start = {}
    for k, n in enumerate(names):
        own = _flattened(given.get(n, model.init.get(n, 0.0)), features)
        what = f"{owner}: init[{n!r}]"
        value = resolve(own, size, model.dims(n), _names(model, values, size), (0, 0, 1000 + k), what)
        start[n] = np.broadcast_to(value, (size,))
    return start


def steps_held(model: NeuronModel, values: Mapping[str, Any], dt: float, owner: str) -> np.ndarray:
    """Refractory steps after that of the spike, one number or one per cell; refuses steps that are too long."""
    reference, seconds = neuron_module(model, target="reference"), dt * 1e-3
    period = reference.refractory_time(values, seconds)
    steps = np.ones(1) if period is None else grid_steps(period, seconds, f"{owner}: refractory period")
    for variable, rate in reference.rates(values).items():
        if np.max(-np.asarray(rate)) * seconds > 1:
            tau = 1e3 / np.max(-np.asarray(rate))
            raise ValueError(
                f"{owner}: method {model.method!r} cannot serve dt = {dt:g} ms: {variable!r} has a time "
                f"constant of {tau:g} ms; expected dt <= {tau:g} ms or method='exact' or 'exponential_euler'"
            )
    return np.maximum(np.asarray(steps, dtype=float) - 1, 0)


def cell_constants(
    model: NeuronModel, module: ModuleType, values: Mapping[str, Any], start: Mapping[str, np.ndarray],
    held: np.ndarray, size: int, surrogate: Surrogate, scale: Any, dt: float, owner: str,
) -> tuple[LayerConstants, tuple[float, ...]]:  # fmt: skip
    """Compute what is constant in a run, and the units of the surrogate's argument.

    Parameters
    ----------
    model : NeuronModel
    module : module
        The generated step (`kernels.layer_module`, ``torch``).
    values, start : mapping
        Of `parameters_of` and `start_of`.
    held : array
        Of `steps_held`.
    size : int
        Cells.
    surrogate : Surrogate
    scale : optional
        Unit of the surrogate's argument; None: how far the start is from the threshold.
    dt : float
        In ms.
    owner : str
        Begins the messages.
    """
    more = {"_ref": held if held.size > 1 else float(np.max(held))}
    more |= {f"_sur_{n}": v for n, v in surrogate.values}
    more |= {n: 1.0 for n in module.CONSTANTS if n.startswith("_per")}
    found = constants_of(neuron_module(model, target="reference"), module, values, dt, more, owner)
    like = torch.zeros((), dtype=torch.float64)
    gaps = module.distances(
        [torch.as_tensor(np.array(start[s])) if s in start else like for s in module.STATES],
        {"_like": like} | {n: torch.as_tensor(np.asarray(found[n])) for n in module.CONSTANTS},
    )
    scales = tuple(_scale(model, scale, float(g.abs().mean()), owner) for g in gaps)
    found |= {f"_per{k}": 1.0 / s for k, s in enumerate(scales)}
    others = {"_count": np.zeros(size), "_free": np.ones(size), "spikes": np.zeros(size)}
    return LayerConstants(module, values, found, {**start, **others}, size, dt), scales


def _scale(model: NeuronModel, given: Any, distance: float, owner: str) -> float:
    if given is None:
        if not 0 < distance < float("inf"):
            raise ValueError(
                f"{owner}: its start is at the threshold ({distance:g} away), which gives no unit for the "
                "surrogate; give surrogate_scale="
            )
        return distance
    states = [n for n in model.states if n in expression_names(model.threshold, owner)]
    dims = model.dims(states[0]) if states else DIMENSIONLESS
    value = to_si(given, dims, f"{owner}: surrogate_scale")
    if not isinstance(value, float) or not 0 < value < float("inf"):
        raise ValueError(f"{owner}: surrogate_scale: expected a number > 0, got {given!r}")
    return value
