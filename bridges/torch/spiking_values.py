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
from .surrogates import Surrogate

__all__ = ["CellConstants", "parameters_of", "start_of", "steps_held"]

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


class CellConstants:
    """What is constant in a run: scalars and vectors in the order of the generated module.

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

    def __init__(
        self, model: NeuronModel, module: ModuleType, values: Mapping[str, Any], start: Mapping[str, np.ndarray],
        held: np.ndarray, size: int, surrogate: Surrogate, scale: Any, dt: float, owner: str,
    ) -> None:  # fmt: skip
        self.values, self.size, self.seconds = dict(values), size, dt * 1e-3
        with np.errstate(all="ignore"):
            numbers = {n: np.asarray(v, dtype=np.float64)[()] for n, v in values.items()}
            reference = neuron_module(model, target="reference")
            found = dict(numbers) | reference.constants(numbers, self.seconds)
        found |= {"dt": self.seconds, "_ref": held if held.size > 1 else float(np.max(held))}
        found |= {f"_sur_{n}": v for n, v in surrogate.values}
        found |= {n: 1.0 for n in module.CONSTANTS if n.startswith("_per")}
        for n in module.CONSTANTS:
            if not np.all(np.isfinite(found[n])):
                raise ValueError(f"{owner}: a constant of the update ({n}) is not finite for its parameters")
        like = torch.zeros((), dtype=torch.float64)
        gaps = module.distances(
            [torch.as_tensor(np.array(start[s])) if s in start else like for s in module.STATES],
            {"_like": like} | {n: torch.as_tensor(np.asarray(found[n])) for n in module.CONSTANTS},
        )
        self.scales = tuple(_scale(model, scale, float(g.abs().mean()), owner) for g in gaps)
        found |= {f"_per{k}": 1.0 / s for k, s in enumerate(self.scales)}
        self._start = {**start, "_count": np.zeros(size), "_free": np.ones(size), "spikes": np.zeros(size)}
        scalars = [n for n in module.CONSTANTS if n not in module.VECTORS]
        self._scalars = np.array([np.mean(found[n]) for n in scalars], dtype=np.float64)
        self._vectors = np.array([np.broadcast_to(found[n], (size,)) for n in module.VECTORS], dtype=np.float64)
        self._vectors = self._vectors.reshape(len(module.VECTORS), size)
        self._places = tuple(
            [names.index(n) for n in module.LEARNED if n in names] for names in (scalars, module.VECTORS)
        )
        self._cache: dict[Any, Any] = {}
        self._balance: dict[int, tuple[float, ...]] = {}

    def fixed(self, like: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Scalars and vectors, and the places of those that depend on learned parameters."""
        key = like.dtype, like.device
        if key not in self._cache:
            places = tuple(torch.tensor(p, dtype=torch.int64, device=like.device) for p in self._places)
            scalars, vectors = (torch.as_tensor(a).to(like.device, like.dtype) for a in (self._scalars, self._vectors))
            self._cache[key] = scalars, vectors, places
        return self._cache[key]

    def start(self, states: Sequence[str], shape: Shape, like: Tensor) -> Tensor:
        """Start values [S, *shape] of these variables of the generated step; not to be written to."""
        key = *states, like.dtype, like.device
        if key not in self._cache:
            values = np.array([self._start[s] for s in states], dtype=np.float64)
            self._cache[key] = torch.as_tensor(values).to(like.device, like.dtype).reshape(len(states), *shape)
        return self._cache[key]

    def learned(self, module: ModuleType, parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Constants that depend on learned parameters (given in SI, float64)."""
        device = next(iter(parameters.values())).device
        values = {
            n: torch.as_tensor(v, device=device) if isinstance(v, np.ndarray) else v
            for n, v in (self.values | dict(parameters)).items()
        }
        like = torch.zeros((), dtype=torch.float64, device=device)
        return module.constants(values, self.seconds, like, self._balance)

    def tensors(self, module: ModuleType, parameters: Mapping[str, Tensor], like: Tensor) -> tuple[Tensor, Tensor]:
        """Scalars [.] and vectors [., N] for these learned parameters."""
        scalars, vectors, places = self.fixed(like)
        if not parameters:
            return scalars, vectors
        found = self.learned(module, parameters)
        one = [found[n] for n in module.LEARNED if n not in module.VECTORS]
        many = [found[n].expand(self.size) for n in module.LEARNED if n in module.VECTORS]
        if one:
            scalars = scalars.index_copy(0, places[0], torch.stack(one).to(like.dtype))
        if many:
            vectors = vectors.index_copy(0, places[1], torch.stack(many).to(like.dtype))
        return scalars, vectors

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_cache": {}}


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
