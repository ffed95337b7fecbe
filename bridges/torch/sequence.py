"""The face that every sequence layer shows: shapes, states, ragged batches, single steps, checks and their errors.

A layer states its equations on whole batches only (`run`, `advance`); everything else is here, once.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .states import select

__all__ = ["SequenceLayer", "Trace"]

_HALF = (torch.float16, torch.bfloat16)


class Trace(NamedTuple):
    """What happened inside a layer.

    Attributes
    ----------
    variables : dict
        Name -> tensor (T, B, ...), steps counted from the first recorded one.
    every : int
        One step in ``every`` was kept: entry k is the value after step ``k * every``.
    """

    variables: dict[str, Tensor]
    every: int

    def __getitem__(self, name: str) -> Tensor:  # type: ignore[override]
        return self.variables[name]


class SequenceLayer(nn.Module, ABC):
    """Base of all layers with a state: ``y, state = layer(x, state)``.

    Parameters
    ----------
    in_shape : tuple of int
        Features of one step of ``x``; ``x`` is (T, B, *in_shape).
    batch_first : bool
        ``x`` and ``y`` are (B, T, ...).

    Notes
    -----
    A layer (the final class) has

    ``State``
        a NamedTuple class; every field a tensor with the batch axis first;
    ``state_shapes()``
        field -> shape without the batch axis;
    ``run(x, state) -> (y, state)``
        a whole sequence, time first, at least one step;
    ``advance(x, state) -> (y, state)``
        one step, the same numbers, plain torch (also for second derivatives and forward mode);
    ``out_shape``
        features of one step of ``y``;
    ``config()``
        the constructor's arguments as JSON values, so that ``type(layer)(**config)`` rebuilds it without its weights;
    and may have ``rest(batch, mode, like)`` if a resting or stationary state is not zero.

    With ``init_state="learn"`` the state in which sequences start is trained: a parameter ``start_FIELD``, one value
    per feature, for each field named by ``start_units()``; at first it is the resting state. A layer that offers it
    calls ``_learn_start`` last in its constructor.

    ``x`` in half precision is computed in float32, states included; ``y`` comes back in the dtype of ``x``.
    """

    State: type[Any]

    def __init__(self, in_shape: Sequence[int], batch_first: bool = False) -> None:
        super().__init__()
        self.in_shape, self.batch_first = tuple(in_shape), batch_first
        self._learned_fields: tuple[str, ...] = ()

    @property
    @abstractmethod
    def out_shape(self) -> tuple[int, ...]: ...

    @abstractmethod
    def state_shapes(self) -> dict[str, tuple[int, ...]]: ...

    @abstractmethod
    def run(self, x: Tensor, state: Any) -> tuple[Tensor, Any]: ...

    @abstractmethod
    def advance(self, x: Tensor, state: Any) -> tuple[Tensor, Any]: ...

    @abstractmethod
    def config(self) -> dict[str, Any]: ...

    def rest(self, batch: int, mode: str, like: Tensor) -> Any:
        """Make the state of ``batch`` samples in which nothing changes without input (``mode="rest"``)."""
        if mode == "rest":
            return self.init_state(batch, mode="zero", device=like.device, dtype=like.dtype)
        raise ValueError(f'{self._name}: mode {mode!r} is not defined for this layer; use "zero", "rest" or a callable')

    def start_units(self) -> dict[str, float]:
        """Field that can be learned as a start value -> the unit in which it is stored."""
        return dict.fromkeys(self.state_shapes(), 1.0)

    @property
    def starts(self) -> str:
        """``learn`` or ``rest``: where a sequence starts that is given no state."""
        return "learn" if self._learned_fields else "rest"

    def _learn_start(self, given: str, device: Any = None, dtype: torch.dtype | None = None) -> None:
        """Make the parameters that ``init_state=given`` asks for."""
        if given not in ("rest", "learn"):
            raise ValueError(f"{self._name}: init_state: expected 'rest' or 'learn', got {given!r}")
        if given == "rest":
            return
        with torch.no_grad():
            state = self.rest(1, "rest", torch.empty(0, device=device, dtype=torch.float64))
        for name, unit in self.start_units().items():
            value = (getattr(state, name)[0] / unit).to(device, dtype or torch.get_default_dtype())
            self.register_parameter(f"start_{name}", nn.Parameter(value.clone()))
        self._learned_fields = tuple(self.start_units())

    def _learned_state(self, batch: int, like: Tensor) -> Any:
        """The learned start for ``batch`` samples; fields that are not learned are at rest."""
        units = self.start_units()
        found = {
            name: (getattr(self, f"start_{name}").to(like.device, like.dtype) * units[name]).expand(batch, *shape)
            for name, shape in self.state_shapes().items()
            if name in self._learned_fields
        }
        if len(found) < len(self.state_shapes()):
            found = {**self.rest(batch, "rest", like)._asdict(), **found}
        return self.State(**found)

    def init_state(
        self,
        batch_shape: int | Sequence[int] = (),
        *,
        device: Any = None,
        dtype: torch.dtype | None = None,
        mode: str | Callable[..., Tensor] | None = None,
    ) -> Any:
        """Make a state for ``batch_shape`` samples: B, (B,), or () for a sequence without a batch axis.

        Parameters
        ----------
        mode : {"rest", "learn", "zero", "stationary"} or callable, optional
            By default "learn" if the layer learns it, else "rest". A callable makes each field: ``torch.zeros``,
            ``torch.rand``, called with (shape, device=, dtype=).
        """
        shape = (batch_shape,) if isinstance(batch_shape, int) else tuple(batch_shape)
        if len(shape) > 1:
            raise ValueError(f"{self._name}: batch_shape must be B, (B,) or (), got {shape}")
        like, mode = self._like(device, dtype), self.starts if mode is None else mode
        if callable(mode):
            fields = {
                name: mode((*shape, *rest), device=like.device, dtype=like.dtype)
                for name, rest in self.state_shapes().items()
            }
            return self.State(**fields)
        if mode == "zero":
            return self.init_state(shape, device=like.device, dtype=like.dtype, mode=torch.zeros)
        if mode == "learn" and not self._learned_fields:
            raise ValueError(f'{self._name}: mode "learn" needs a layer built with init_state="learn"')
        batch = shape[0] if shape else 1
        state = self._learned_state(batch, like) if mode == "learn" else self.rest(batch, mode, like)
        return state if shape else self.State(*(t[0] for t in state))

    def forward(self, x: Tensor, state: Any = None, *, lengths: Tensor | None = None) -> tuple[Tensor, Any]:
        """Run a whole sequence.

        Parameters
        ----------
        x : tensor (T, B, *features), with ``batch_first`` (B, T, *features); (T, *features) without a batch
        state : State, optional
            Where the last call stopped; None: at rest, or where ``init_state="learn"`` has learned to start.
        lengths : tensor of int (B,), optional
            Steps of each sample. Later outputs are zero; the state is the one after each sample's own last step.

        Returns
        -------
        y, state
        """
        single = self._single(x, "x", 1)
        if single:
            x = x.unsqueeze(1)
            state = None if state is None else self.State(*(t.unsqueeze(0) for t in state))
        elif self.batch_first:
            x = x.movedim(1, 0)
        work = self._work(x)
        if state is not None or lengths is not None or not self._from_rest(x):
            state = self._checked(state, x, 1, work)
        z = x if x.dtype == work else x.to(work)
        y, state = self._whole(z, state) if lengths is None else self._ragged(z, state, lengths)
        y = y if x.dtype == work else y.to(x.dtype)
        if single:
            return y.squeeze(1), self.State(*(t.squeeze(0) for t in state))
        return (y.movedim(0, 1) if self.batch_first else y), state

    def step(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Run one time step: x (B, *features) or (*features)."""
        single = self._single(x, "x", 0)
        if single:
            x = x.unsqueeze(0)
            state = None if state is None else self.State(*(t.unsqueeze(0) for t in state))
        work = self._work(x)
        y, state = self.advance(x.to(work), self._checked(state, x, 0, work))
        y = y.to(x.dtype)
        return (y.squeeze(0), self.State(*(t.squeeze(0) for t in state))) if single else (y, state)

    def trace(
        self, x: Tensor, state: Any = None, *, record: Sequence[str] | None = None, every: int = 1
    ) -> tuple[Tensor, Any, Trace]:
        """Run a sequence step by step and keep what the state was after each.

        Parameters
        ----------
        record : names of fields of the state, default all
        every : int
            Keep one step in ``every``.
        """
        names = tuple(self.state_shapes()) if record is None else tuple(record)
        for name in names:
            if name not in self.state_shapes():
                raise ValueError(f"{self._name}: record: expected {', '.join(self.state_shapes())}, got {name!r}")
        if every < 1:
            raise ValueError(f"{self._name}: every must be at least 1, got {every}")
        single = self._single(x, "x", 1)
        time = 1 if self.batch_first and not single else 0
        outputs: list[Tensor] = []
        kept: dict[str, list[Tensor]] = {name: [] for name in names}
        for k, x_t in enumerate(x.unbind(time)):
            y_t, state = self.step(x_t, state)
            outputs.append(y_t)
            if k % every == 0:
                for name in names:
                    kept[name].append(getattr(state, name))
        if not outputs:
            raise ValueError(f"{self._name}: trace needs at least one step, got x of shape {tuple(x.shape)}")
        variables = {name: torch.stack(values) for name, values in kept.items()}
        return torch.stack(outputs, time), state, Trace(variables, every)

    def extra_repr(self) -> str:
        """Print every argument that differs from its default."""
        given = {name: tuple(value) if isinstance(value, list) else value for name, value in self.config().items()}
        parts = []
        for name, parameter in inspect.signature(type(self).__init__).parameters.items():
            if name in given and given[name] != parameter.default:
                parts.append(
                    f"{name}={given[name]!r}" if parameter.default is not parameter.empty else f"{given[name]!r}"
                )
        return ", ".join(parts)

    def _from_rest(self, x: Tensor) -> bool:
        """Tell whether `run` itself begins at rest if it gets no state for this x, which saves making one."""
        return False

    # -- checks --

    @property
    def _name(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.in_shape))})"

    def _like(self, device: Any, dtype: torch.dtype | None) -> Tensor:
        if device is None or dtype is None:
            own = next((p for p in (*self.parameters(), *self.buffers()) if p.is_floating_point()), None)
            device = device if device is not None else (own.device if own is not None else None)
            dtype = dtype or (own.dtype if own is not None else torch.get_default_dtype())
        return torch.empty(0, device=device, dtype=torch.float32 if dtype in _HALF else dtype)

    def _single(self, x: Any, what: str, times: int) -> bool:
        """Tell whether ``x`` has no batch axis; refuse a wrong shape."""
        if not isinstance(x, Tensor):
            raise TypeError(f"{self._name}: {what} must be a tensor, got {type(x).__name__}")
        shape, n = tuple(x.shape), len(self.in_shape)  # parts of a `torch.Size` take longer
        before = len(shape) - n  # axes for time and batch
        if before - times not in (0, 1):
            axes = ("(B, T, " if self.batch_first else "(T, B, ") if times else "(B, "
            raise ValueError(
                f"{self._name}: {what} must be {axes}{', '.join(map(str, self.in_shape))}), got shape {shape}"
            )
        if shape[before:] != self.in_shape:
            last = shape[before:]
            found = last[0] if n == 1 else last
            hint = ". If x is (batch, feature, time), use x.movedim(-1, 0)" if self.in_shape[0] in shape else ""
            raise ValueError(
                f"{self._name}: last {'axis' if n == 1 else 'axes'} of {what} is {found}, expected"
                f" {self.in_shape[0] if n == 1 else self.in_shape} (shape {shape}){hint}."
            )
        return before == times

    def _work(self, x: Tensor) -> torch.dtype:
        """Return the dtype of the computation; refuse a mix of dtypes or devices."""
        if not x.is_floating_point():
            raise TypeError(f"{self._name}: x is {x.dtype}, expected floating point; use x.float()")
        work = torch.float32 if x.dtype in _HALF else x.dtype
        if not self._parameters and not self._modules:
            return work
        named = self.named_parameters() if torch.compiler.is_compiling() else _parameters(self)
        for name, p in named:
            if p.device != x.device:
                raise ValueError(f"{self._name}: x is on {x.device} but {name} on {p.device}; use layer.to(x.device)")
            if p.is_floating_point() and p.dtype not in (x.dtype, work):
                raise ValueError(
                    f"{self._name}: x is {x.dtype} but {name} is {p.dtype}; use layer.to(x.dtype) or x.to({p.dtype})"
                )
        return work

    def _checked(self, state: Any, x: Tensor, times: int, work: torch.dtype) -> Any:
        batch = x.shape[times]
        if state is None:
            like = x if x.dtype == work else x.new_empty(0, dtype=work)
            return self._learned_state(batch, like) if self._learned_fields else self.rest(batch, "rest", like)
        if not isinstance(state, self.State):
            raise TypeError(
                f"{self._name}: state must be a {self.State.__name__}, got {type(state).__name__};"
                " start with state=None"
            )
        device = x.device
        for (name, shape), t in zip(self._fields, state, strict=True):
            if t.shape != (batch, *shape) or t.dtype != work or t.device != device:
                raise ValueError(f"{self._name}: state.{name} {self._unfit(shape, t, x, batch, work)}")
        return state

    @cached_property
    def _fields(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """What `state_shapes` says: built in each call it would take longer than the checks."""
        return tuple(self.state_shapes().items())

    def _unfit(self, shape: tuple[int, ...], t: Tensor, x: Tensor, batch: int, work: torch.dtype) -> str:
        """What is wrong with a field of a state."""
        if t.ndim and t.shape[0] != batch:
            return (
                f"has batch {t.shape[0]} but x has batch {batch} (x is {tuple(x.shape)}). Start a new sequence with"
                " state=None, or keep rows with select(state, idx)."
            )
        if t.shape[1:] != shape:
            return f"must be (B, {', '.join(map(str, shape))}), got {tuple(t.shape)}"
        return f"is {t.dtype} on {t.device}, expected {work} on {x.device}; convert it with to(state, ...)"

    def _whole(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        if not x.shape[0]:
            return x.new_empty((0, x.shape[1], *self.out_shape), layout=torch.strided), state
        return self.run(x, state)

    def _ragged(self, x: Tensor, state: Any, lengths: Tensor) -> tuple[Tensor, Any]:
        """Run stretches between the lengths that occur, each with the samples that are still there."""
        steps, batch = x.shape[:2]
        lengths = torch.as_tensor(lengths)
        if lengths.shape != (batch,) or lengths.is_floating_point():
            raise ValueError(
                f"{self._name}: lengths must be {batch} integers, got {lengths.dtype} of shape {tuple(lengths.shape)}"
            )
        if batch and not 0 <= int(lengths.min()) <= int(lengths.max()) <= steps:
            raise ValueError(f"{self._name}: lengths must lie between 0 and T = {steps}, got {lengths.tolist()}")
        y = x.new_zeros((steps, batch, *self.out_shape), layout=torch.strided)
        start = 0
        for stop in sorted(set(lengths.tolist()) - {0}):
            alive = (lengths >= stop).nonzero().squeeze(1).to(x.device)
            y_part, later = self._whole(_part(x, start, stop, alive), select(state, alive))
            y = y.slice_scatter(y[start:stop].index_copy(1, alive, y_part), 0, start, stop)
            state = self.State(*(t.index_copy(0, alive, new) for t, new in zip(state, later, strict=True)))
            start = stop
        return y, state


def _parameters(module: nn.Module, prefix: str = "") -> list[tuple[str, Tensor]]:
    """Names and parameters as `nn.Module.named_parameters` gives them, in a tenth of the time."""
    found: list[tuple[str, Tensor]] = [(prefix + name, p) for name, p in module._parameters.items() if p is not None]
    for name, child in module._modules.items():
        if child is not None:
            found += _parameters(child, f"{prefix}{name}.")
    return found


def _part(x: Tensor, start: int, stop: int, samples: Tensor) -> Tensor:
    """Some steps of some samples, in ascending order."""
    if x.layout == torch.strided:
        return x[start:stop].index_select(1, samples)
    x = x.coalesce()
    places = torch.full((x.shape[1],), -1, device=x.device).index_copy(
        0, samples, torch.arange(len(samples), device=x.device)
    )
    t, b, *others = x.indices()
    there = (t >= start) & (t < stop) & (places[b] >= 0)
    indices = torch.stack([t[there] - start, places[b[there]], *(n[there] for n in others)])
    shape = (stop - start, len(samples), *x.shape[2:])
    return torch.sparse_coo_tensor(indices, x.values()[there], shape, is_coalesced=True)
