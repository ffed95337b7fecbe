"""What layers share whose step and kernels are generated from equations: parameters, constants, kernels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...units import TIME, Dims, edge_unit, to_edge
from .decays import UNBOUNDED, from_time, to_time
from .layer_constants import LayerConstants
from .sequence import SequenceLayer

__all__ = ["GeneratedLayer"]


class GeneratedLayer(SequenceLayer):
    """Base of generated layers.

    A layer (the final class) sets ``_torch``, the generated step, ``_options``, those of the operator, and ``State`` in
    `_find_modules`, and ``_fixed``. Learned parameters are stored in edge units under ``raw_NAME``, time constants as
    `decays` says.
    """

    _torch: ModuleType
    _options: str
    _fixed: LayerConstants

    def __init__(
        self, in_shape: Sequence[int], features: tuple[int, ...], owner: str, *, learn: tuple[str, ...], dt: float,
        decay_param: str, backend: str, batch_first: bool,
    ) -> None:  # fmt: skip
        super().__init__(in_shape, batch_first)
        if backend not in ("auto", "numba", "torch"):
            raise ValueError(f"{owner}: backend: expected auto, numba or torch, got {backend!r}")
        if decay_param not in UNBOUNDED:
            raise ValueError(f"{owner}: decay_param: expected one of {', '.join(UNBOUNDED)}, got {decay_param!r}")
        if not float(dt) > 0:
            raise ValueError(f"{owner}: dt: expected a time > 0 ms, got {dt!r}")
        self.features, self.learn, self.dt, self.decay_param = features, learn, float(dt), decay_param
        self.backend, self.backend_used = backend, ""
        self._owner, self._size = owner, int(np.prod(features))
        self._times: tuple[str, ...] = ()  # learned parameters that are time constants
        self._units: dict[str, float] = {}  # SI value of the unit of each learned parameter

    @abstractmethod
    def _dims(self, name: str) -> Dims:
        """Dimensions of a parameter."""

    @abstractmethod
    def _find_modules(self) -> None: ...

    @property
    def out_shape(self) -> tuple[int, ...]:
        """Features of one step of y."""
        return self.features

    # -- learned parameters -----------------------------------------------------------------------------------------
    def _make_learned(self, values: Mapping[str, Any], kind: Mapping[str, Any], reasons: Mapping[str, str]) -> None:
        """Make the parameters from their values in SI; ``reasons`` says why one that has no gradient has none."""
        for n in self.learn:
            if not self._torch.DEPENDS[n]:
                raise ValueError(f"{self._owner}: learn: {n!r} has no gradient ({reasons.get(n, 'unused')})")
            dims = self._dims(n)
            self._units[n] = edge_unit(dims)[1]
            value = torch.as_tensor(np.asarray(to_edge(values[n], dims)), dtype=torch.float64)
            value = value.reshape(self.features) if value.ndim else value
            if dims == TIME:
                self._times += (n,)
            stored = from_time(self.decay_param, value, self.dt)[0] if dims == TIME else value
            setattr(self, f"raw_{n}", nn.Parameter(stored.to(**kind)))

    def parameter(self, name: str) -> Tensor:
        """A learned parameter in edge units (ms, mV, ...), with its gradient."""
        if name not in self.learn:
            raise ValueError(f"{self._owner}: {name!r} is not learned; expected one of {', '.join(self.learn)}")
        stored = getattr(self, f"raw_{name}")
        return to_time(self.decay_param, stored, self.dt) if name in self._times else stored

    def _learned(self) -> dict[str, Tensor]:
        """Learned parameters in SI, float64, neurons on one axis."""
        found = {}
        for n in self.learn:
            value = self.parameter(n).double()
            found[n] = (value.flatten() if value.ndim else value) * self._units[n]
        return found

    def _constants(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Scalars [.] and vectors [., N] in the order of the compiled module."""
        return self._fixed.tensors(self._torch, self._learned(), like)

    def _named(self, x: Tensor) -> dict[str, Tensor]:
        """The constants by name, as the generated step takes them."""
        m = self._torch
        scalars, vectors = self._constants(x)
        names = [n for n in m.CONSTANTS if n not in m.VECTORS]
        found = dict(zip(names, scalars.unbind(0), strict=True))
        rows = vectors.reshape(len(m.VECTORS), *self.features).unbind(0)
        return found | dict(zip(m.VECTORS, rows, strict=True)) | {"_like": x.new_zeros(())}

    # -- running ----------------------------------------------------------------------------------------------------
    def _use(self, x: Tensor) -> str:
        if self.backend == "numba" and x.device.type != "cpu":
            raise ValueError(f"{self._owner}: backend 'numba' needs tensors on the CPU, got x on {x.device}")
        used = "torch" if self.backend == "torch" or x.device.type != "cpu" else "numba"
        if not torch.compiler.is_compiling():
            self.backend_used = used
        return used

    def _operator_options(self) -> str:
        """Without gradients nothing is kept."""
        return self._options if torch.is_grad_enabled() else f"{self._options.rsplit(' ', 1)[0]} 0"

    def _start_fields(self, like: Tensor) -> list[Tensor]:
        """Start values of the variables of the generated step, each of the shape of the features."""
        return [t.reshape(self.features) for t in self._fixed.start(self._torch.STATES, like)]

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: generated modules are found again."""
        return {k: v for k, v in super().__getstate__().items() if k not in ("_torch", "State")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._find_modules()
