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
from .backends import check_backend, may_compile
from .decays import UNBOUNDED, from_time, to_time
from .layer_constants import LayerConstants
from .sequence import SequenceLayer
from .spiking_op import run_cells

__all__ = ["GeneratedLayer"]


class GeneratedLayer(SequenceLayer):
    """Base of generated layers.

    A layer (the final class) sets ``_fixed``, and in `_find_modules` ``_torch``, the generated step, ``_kept``, the
    fields of a state, ``State`` and ``_options``, those of the operator. Its `_step` is one step with constants by
    name. Learned parameters are stored in edge units under ``raw_NAME``, time constants as `decays` says.
    """

    _torch: ModuleType
    _options: str
    _kept: tuple[str, ...]
    _fixed: LayerConstants

    def __init__(
        self, in_shape: Sequence[int], features: tuple[int, ...], owner: str, *, learn: tuple[str, ...], dt: float,
        decay_param: str, backend: str, batch_first: bool,
    ) -> None:  # fmt: skip
        super().__init__(in_shape, batch_first)
        check_backend(owner, backend)
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

    def _constants_of(self, learned: Mapping[str, Tensor], like: Tensor) -> tuple[Tensor, Tensor]:
        """Scalars [.] and vectors [., N] in the order of the compiled module, for parameters in edge units."""
        inside = {}
        for n, value in learned.items():
            value = value.double()
            inside[n] = (value.flatten() if value.ndim else value) * self._units[n]
        return self._fixed.tensors(self._torch, inside, like)

    def _constants(self, like: Tensor) -> tuple[Tensor, Tensor]:
        if not self.learn:
            return self._fixed.fixed(like)
        return self._constants_of({n: self.parameter(n) for n in self.learn}, like)

    def _named(self, constants: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Constants by name, as the generated step takes them."""
        m, (scalars, vectors) = self._torch, constants
        names = [n for n in m.CONSTANTS if n not in m.VECTORS]
        found = dict(zip(names, scalars.unbind(0), strict=True))
        rows = vectors.reshape(len(m.VECTORS), *self.features).unbind(0)
        return found | dict(zip(m.VECTORS, rows, strict=True)) | {"_like": scalars.new_zeros(())}

    # -- running ----------------------------------------------------------------------------------------------------
    def rest(self, batch: int, mode: str, like: Tensor) -> Any:
        """The start values of the model (``mode="rest"``)."""
        if mode != "rest":
            return super().rest(batch, mode, like)
        start = self._fixed.start(self._kept, like).expand(-1, batch, -1)
        start = start.clone(memory_format=torch.contiguous_format).view(len(self._kept), batch, *self.features)
        return self.State(*start.unbind(0))

    @abstractmethod
    def _step(self, x: Tensor, state: Any, constants: dict[str, Tensor]) -> tuple[Tensor, Any]: ...

    def _by_steps(self, x: Tensor, state: Any, constants: dict[str, Tensor]) -> tuple[Tensor, Any]:
        """A sequence, step by step in plain torch."""
        outputs = []
        for x_t in x.unbind(0):
            y_t, state = self._step(x_t, state, constants)
            outputs.append(y_t)
        return torch.stack(outputs), state

    def _fused(
        self, x: Tensor, state: Any, constants: tuple[Tensor, Tensor], *connected: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """A sequence ([C,] T, B, *features) in compiled code; gives y and the fields of the last state.

        ``connected`` is what `run_cells` takes for recurrent cells.
        """
        names, several = self._torch.STATES, len(self.features) > 1
        if several:  # neurons on one axis
            x = x.flatten(-len(self.features))
        if not names:
            start = x.new_zeros(0, *x.shape[-2:])
        elif state is None:
            start = self._fixed.start(names, x)
            start = start if x.shape[-2] == 1 else start.expand(-1, x.shape[-2], -1)
        else:
            fields = state[: len(names)]
            start = torch.stack([t.flatten(1) for t in fields] if several else fields)
        y, *end = run_cells(x, start, *constants, self._options, *connected)
        if several:
            y, end = y.unflatten(2, self.features), [t.unflatten(1, self.features) for t in end]
        return y, end

    def _from_rest(self, x: Tensor) -> bool:
        plain = self._kept is self._torch.STATES and not self._learned_fields
        fused = plain and may_compile(self._owner, self.backend, x)
        return fused and x.shape[0] > 0 and not torch.compiler.is_compiling()

    def _use(self, x: Tensor) -> str:
        used = "numba" if may_compile(self._owner, self.backend, x) else "torch"
        if used != self.backend_used and not torch.compiler.is_compiling():
            self.backend_used = used
        return used

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: generated modules are found again."""
        return {k: v for k, v in super().__getstate__().items() if k not in ("_torch", "State")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._find_modules()
