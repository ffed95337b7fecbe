"""What is constant in a run of a generated layer, as tensors; with its gradient where a parameter is learned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["LayerConstants", "constants_of"]


def constants_of(
    reference: ModuleType, module: ModuleType, values: Mapping[str, Any], dt: float, more: Mapping[str, Any], owner: str
) -> dict[str, Any]:
    """Compute the constants of a run from parameters in SI and ``dt`` in ms, with ``more``.

    Parameters
    ----------
    reference, module : module
        The generated NumPy form, and the generated step.

    Raises
    ------
    ValueError
        For a constant that is not finite.
    """
    numbers = {n: np.asarray(v, dtype=np.float64)[()] for n, v in values.items()}
    with np.errstate(all="ignore"):
        found = numbers | reference.constants(numbers, dt * 1e-3) | {"dt": dt * 1e-3} | dict(more)
    for n in module.CONSTANTS:
        if not np.all(np.isfinite(found[n])):
            raise ValueError(f"{owner}: a constant of the update ({n}) is not finite for its parameters")
    return found


class LayerConstants:
    """Scalars and vectors in the order of the generated module.

    Parameters
    ----------
    module : module
        The generated step (`kernels.layer_module`, ``torch``).
    values : mapping
        Parameters in SI, numbers or one per neuron.
    found : mapping
        Of `constants_of`: every name of the module's ``CONSTANTS`` -> its value, in SI.
    start : mapping
        State -> start value of each neuron.
    size : int
        Neurons.
    dt : float
        In ms.
    """

    def __init__(
        self, module: ModuleType, values: Mapping[str, Any], found: Mapping[str, Any], start: Mapping[str, np.ndarray],
        size: int, dt: float,
    ) -> None:  # fmt: skip
        self.values, self.size, self.seconds, self._start = dict(values), size, dt * 1e-3, dict(start)
        scalars = [n for n in module.CONSTANTS if n not in module.VECTORS]
        self._scalars = np.array([np.mean(found[n]) for n in scalars], dtype=np.float64)
        self._vectors = np.array([np.broadcast_to(found[n], (size,)) for n in module.VECTORS], dtype=np.float64)
        self._vectors = self._vectors.reshape(len(module.VECTORS), size)
        self._places = tuple(
            [names.index(n) for n in module.LEARNED if n in names] for names in (scalars, module.VECTORS)
        )
        self._cache: dict[Any, Any] = {}
        self._balance: dict[int, tuple[float, ...]] = {}

    def fixed(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Scalars and vectors; those that depend on learned parameters have the values of the start."""

        def make() -> tuple[Tensor, ...]:
            return tuple(torch.as_tensor(a).to(like.device, like.dtype) for a in (self._scalars, self._vectors))

        return self._once(("fixed", like.dtype, like.device), make)

    def start(self, states: tuple[str, ...], like: Tensor) -> Tensor:
        """Start values [S, 1, N] of these variables of the generated step; not to be written to."""

        def make() -> Tensor:
            values = np.array([self._start[n] for n in states], dtype=np.float64)
            return torch.as_tensor(values).to(like.device, like.dtype).reshape(len(states), 1, self.size)

        return self._once((states, like.dtype, like.device), make)

    def _once(self, key: tuple, make: Callable[[], Any]) -> Any:
        """What was made before; tensors of a compiler or a transform, which stand for others, are not kept."""
        if (made := self._cache.get(key)) is not None:
            return made
        made = make()
        if not torch.compiler.is_compiling() and not torch._C._are_functorch_transforms_active():
            for t in made if isinstance(made, tuple) else (made,):
                if isinstance(t, Tensor) and t.is_cpu:
                    t.array = t.numpy()  # type: ignore[attr-defined]  # found again by `spiking_op`
            self._cache[key] = made
        return made

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
        scalars, vectors = self.fixed(like)
        if not parameters:
            return scalars, vectors

        def make() -> tuple[Tensor, ...]:
            return tuple(torch.tensor(p, dtype=torch.int64, device=like.device) for p in self._places)

        places = self._once(("places", like.device), make)
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
