r"""Any cell model as a PyTorch layer: `SpikingLayer`.

The layer computes the steps of the simulation, in its order (`networks`): x arrives at an (input) variable of this very
step, the state is updated, the threshold is compared, x arrives at state variables, spiking cells are reset. Forward
and backward pass over the whole sequence are one compiled kernel each, derived from the same equations:

    y_t = H(threshold(v_t)),    dH/du = surrogate(u/scale)/scale

with u the distance from the threshold. In float64 the spikes are those of a `Network` population with the same input,
bit for bit (for parameters that are learned, up to the rounding of exp and log).

**Units.** Equations and parameters are those of the model, in SI inside; x is in the unit that the variable it drives
has at the public edge (mV, nA, uS; none for dimensionless variables); parameters that are learned are stored, with
their gradients, in edge units (time constants mapped as `decay_param` says, in ms). States are SI numbers, so that a
sequence can be cut anywhere without rounding.

**Surrogate.** Its argument is in units of ``surrogate_scale``, by default the distance of the resting state from the
threshold (10 mV for `LIF`, 1 for `BellecALIF`): scaling all potentials changes nothing.

>>> import torch
>>> from spikegram.neurons import BellecALIF
>>> layer = SpikingLayer(BellecALIF(beta=0), 2, learn=("tau_m",))
>>> y, state = layer(torch.tensor([[0.6, 1.2]] * 3))        # two cells, three steps; decay exp(-1/20) = 0.951
>>> y.tolist()
[[0.0, 1.0], [1.0, 1.0], [0.0, 1.0]]
>>> [round(v, 3) for v in state.v.tolist()]                  # 1.1707 e - 1 + 0.6, 1.3415 e - 1 + 1.2, e = 0.951
[0.714, 1.476]
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...kernels import layer_module, neuron_module, structure_key
from ...kernels.cache import digest
from ...kernels.layer_form import LayerForm, SurrogateForm
from ...language import expression_names
from ...networks.values import grid_steps, resolve
from ...neurons.model import NeuronModel
from ...parameters import Parameter
from ...units import DIMENSIONLESS, TIME, edge_unit, to_edge, to_si
from .decays import UNBOUNDED, from_time, to_time
from .sequence import SequenceLayer
from .spiking_op import register, run_cells
from .spiking_state import state_class
from .surrogates import Surrogate, as_surrogate

__all__ = ["SpikingLayer"]

_PUBLIC = {"_count": "refractory_steps", "_free": "not_refractory"}


class SpikingLayer(SequenceLayer):
    """A layer of cells of one model.

    Parameters
    ----------
    model : NeuronModel
    features : int or tuple of int
        Cells of the layer.
    learn : sequence of str
        Parameters of the model that are trained.
    surrogate : str or Surrogate
        What stands for the derivative of the spike (`surrogates`).
    reset_grad : "detach", "through" or a sequence of str
        Whether gradients go through the reset to the spike: for no variable, for all, or for those named.
    dt : float
        Time step in ms.
    input : str or sequence of str, optional
        The variables that x drives, one channel each: (input) variables, or state variables as a projection's target.
        Default: the model's only (input) variable. With several, x is (T, B, channels, *features).
    output : str, optional
        Default: spikes, 0 or 1. Else a state variable, after the step and in edge units.
    parameters : mapping, optional
        Parameter -> value or one per cell, in edge units.
    init : mapping, optional
        State variable -> start value (edge units, or an expression as in a model's ``init``).
    decay_param : str
        How learned time constants are stored: sigmoid, logtau, softplus, stable_exp or bitshift (`decays`).
    surrogate_scale : float or str, optional
        Unit of the surrogate's argument (edge units): see above.
    smooth : bool
        The primitive of the surrogate in place of the step, so that the layer is differentiable (gradient checks).
    recurrent : "dense" or tensor (N, N), optional
        Weights from every cell to every cell, in the unit of x: y_{t-1} @ W is added to x_t (its first channel), so a
        spike takes one step. ``dense`` draws them from a normal distribution with variance 1/N; of a sparse tensor
        only the entries that it has are trained (``recurrent_weight``, by the mask ``recurrent_mask``).
    inhibition : float
        What each spike takes from all other cells of its sample one step later, in the unit of x.
    batch_first : bool
        x and y are (B, T, ...).
    backend : "auto", "numba" or "torch"
        ``torch`` is the loop over `step`: slow, with derivatives of any order. ``auto`` takes the compiled kernels
        for tensors on the CPU. ``backend_used`` says which it was.

    Notes
    -----
    State: one field (B, *features) for each state variable of the model, in SI; with a refractory period of more than
    one step ``refractory_steps`` (steps that are left), with a refractory condition ``not_refractory``; with recurrent
    weights or inhibition ``spikes``, those of the last step.

    Shapes: x (T, B, *features) -> y (T, B, *features).

    Kept for the backward pass: x, and the state in one step of 32 (of 64 for models with more than four variables).

    Raises
    ------
    ValueError
        With the names that are possible. Models that draw random numbers or read the time are refused.
    """

    def __init__(
        self,
        model: NeuronModel | Mapping[str, Any],
        features: int | Sequence[int],
        *,
        learn: Sequence[str] = (),
        surrogate: str | Surrogate = "fast_sigmoid",
        reset_grad: str | Sequence[str] = "detach",
        dt: float = 1.0,
        input: str | Sequence[str] | None = None,
        output: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        init: Mapping[str, Any] | None = None,
        decay_param: str = "sigmoid",
        surrogate_scale: Any = None,
        smooth: bool = False,
        recurrent: str | Tensor | None = None,
        inhibition: float = 0.0,
        batch_first: bool = False,
        backend: str = "auto",
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        model = model_of(model)
        shape = (features,) if isinstance(features, int) else tuple(features)
        if not shape or any(not isinstance(n, int) or n < 1 for n in shape):
            raise ValueError(f"SpikingLayer: features: expected whole numbers >= 1, got {features!r}")
        owner = f"SpikingLayer: model {model.name!r}"
        inputs = _inputs(model, input, owner)
        super().__init__(shape if len(inputs) == 1 else (len(inputs), *shape), batch_first)
        self.model, self.features, self.inputs = model, shape, inputs
        self.learn = _names(learn, tuple(model.parameters), f"{owner}: learn")
        self.surrogate, self.smooth = as_surrogate(surrogate), bool(smooth)
        self.reset_grad = reset_grad if isinstance(reset_grad, str) else tuple(reset_grad)
        self.output, self.dt, self.decay_param = _output(model, output, owner), float(dt), decay_param
        if backend not in ("auto", "numba", "torch"):
            raise ValueError(f"{owner}: backend: expected auto, numba or torch, got {backend!r}")
        if decay_param not in UNBOUNDED:
            raise ValueError(f"{owner}: decay_param: expected one of {', '.join(UNBOUNDED)}, got {decay_param!r}")
        if not self.dt > 0:
            raise ValueError(f"{owner}: dt: expected a time > 0 ms, got {dt!r}")
        self.backend, self.backend_used = backend, ""
        self._given = {
            "parameters": dict(parameters or {}), "init": dict(init or {}), "surrogate_scale": surrogate_scale,
        }  # fmt: skip
        self._owner, self._size = owner, int(np.prod(shape))
        self._values = self._resolve_parameters()
        self.inhibition = float(inhibition)
        self._connected = recurrent is not None or inhibition != 0
        if self._connected and self.output:
            raise ValueError(f"{owner}: recurrent and inhibition need spikes as output, got output={self.output!r}")
        if not 0 <= self.inhibition < float("inf"):
            raise ValueError(f"{owner}: inhibition: expected a number >= 0, got {inhibition!r}")
        self._build()
        self._make_parameters(device, dtype)
        self._connect(recurrent, device, dtype)
        self._start = self._resolve_start()
        self._set_fixed()

    # -- what the layer is ------------------------------------------------------------------------------------------
    @property
    def out_shape(self) -> tuple[int, ...]:
        """Features of one step of y."""
        return self.features

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Field -> shape without the batch axis."""
        return dict.fromkeys(self._all_fields(), self.features)

    def _all_fields(self) -> tuple[str, ...]:
        return (*(_PUBLIC.get(s, s) for s in self._torch.STATES), *(("spikes",) if self._connected else ()))

    def config(self) -> dict[str, Any]:
        """The arguments as JSON values."""
        given = {k: _plain(v) for k, v in self._given.items()}
        return {
            "model": _fields(self.model), "features": list(self.features), "learn": list(self.learn),
            "surrogate": self.surrogate.plain,
            "reset_grad": self.reset_grad if isinstance(self.reset_grad, str) else list(self.reset_grad),
            "dt": self.dt, "input": list(self.inputs), "output": self.output or None,
            "decay_param": self.decay_param, "smooth": self.smooth, "recurrent": self._config_of_weights(),
            "inhibition": self.inhibition, "batch_first": self.batch_first,
            "backend": self.backend, **given,
        }  # fmt: skip

    def extra_repr(self) -> str:
        """Print the model and what differs from the defaults."""
        parts = [self.model.name, str(self.features if len(self.features) > 1 else self.features[0])]
        parts += [f"learn={self.learn}"] if self.learn else []
        parts += [f"surrogate={self.surrogate}", f"dt={self.dt:g}"]
        parts += [f"input={self.inputs if len(self.inputs) > 1 else self.inputs[0]!r}"]
        parts += [f"output={self.output!r}"] if self.output else []
        parts += ["smooth=True"] if self.smooth else []
        return ", ".join(parts)

    def parameter(self, name: str) -> Tensor:
        """A learned parameter in edge units (ms, mV, ...), with its gradient."""
        if name not in self.learn:
            raise ValueError(f"{self._owner}: {name!r} is not learned; expected one of {', '.join(self.learn)}")
        stored = getattr(self, f"raw_{name}")
        return to_time(self.decay_param, stored, self.dt) if self.model.dims(name) == TIME else stored

    # -- values -----------------------------------------------------------------------------------------------------
    def _resolve_parameters(self) -> dict[str, Any]:
        values: dict[str, Any] = {n: p.value for n, p in self.model.parameters.items()}
        known = {"i": (np.arange(self._size), DIMENSIONLESS), "N": (self._size, DIMENSIONLESS)}
        for n, given in self._given["parameters"].items():
            what = f"{self._owner}: parameters[{n!r}]"
            if n not in values:
                raise ValueError(f"{what}: no such parameter; expected one of {', '.join(values)}")
            flat = _flattened(given, self.features)
            names = known | {m: (v, self.model.dims(m)) for m, v in values.items()}
            values[n] = resolve(flat, self._size, self.model.dims(n), names, (0, 0, len(values)), what)
        return values

    def _build(self) -> None:
        """Find the generated modules."""
        reference = neuron_module(self.model, target="reference")
        dt, owner = self.dt * 1e-3, self._owner
        period = reference.refractory_time(self._values, dt)
        steps = np.ones(1) if period is None else grid_steps(period, dt, f"{owner}: refractory period")
        self._ref = np.maximum(np.asarray(steps, dtype=float) - 1, 0)
        for variable, rate in reference.rates(self._values).items():
            if np.max(-np.asarray(rate)) * dt > 1:
                tau = 1e3 / np.max(-np.asarray(rate))
                raise ValueError(
                    f"{owner}: method {self.model.method!r} cannot serve dt = {self.dt:g} ms: {variable!r} has a time "
                    f"constant of {tau:g} ms; expected dt <= {tau:g} ms or method='exact' or 'exponential_euler'"
                )
        dims = self.model.dims
        scale = edge_unit(dims(self.output))[1] if self.output else 1.0
        through = {"detach": (), "through": self.model.states}.get(self.reset_grad) if isinstance(
            self.reset_grad, str
        ) else _names(self.reset_grad, self.model.states, f"{owner}: reset_grad")  # fmt: skip
        if through is None:
            raise ValueError(
                f"{owner}: reset_grad: expected 'detach', 'through' or names of variables, got {self.reset_grad!r}"
            )
        vectors = tuple(n for n, v in self._values.items() if np.ndim(v))
        self._form = LayerForm(
            self.inputs, tuple(edge_unit(dims(n))[1] for n in self.inputs), self.output, scale, vectors, self.learn,
            tuple(through), bool(self._ref.max() > 0), self.smooth, SurrogateForm(*self.surrogate.form),
            self._size if self._connected else 0,
        )  # fmt: skip
        if self.smooth and self.surrogate.kind == "custom" and not self.surrogate.texts[1]:
            raise ValueError(f"{owner}: smooth=True needs a surrogate with a primitive")
        self._find_modules()
        for n in self.learn:
            if not self._torch.DEPENDS[n]:
                why = "the refractory period is a whole number of steps" if n in self.model.refractory else "unused"
                raise ValueError(f"{owner}: learn: {n!r} has no gradient ({why})")

    def _make_parameters(self, device: Any, dtype: torch.dtype | None) -> None:
        for n in self.learn:
            dims = self.model.dims(n)
            value = torch.as_tensor(np.asarray(to_edge(self._values[n], dims)), dtype=torch.float64)
            value = value.reshape(self.features) if value.ndim else value
            stored = from_time(self.decay_param, value, self.dt)[0] if dims == TIME else value
            stored = stored.to(device=device, dtype=dtype or torch.get_default_dtype())
            setattr(self, f"raw_{n}", nn.Parameter(stored))

    def _connect(self, given: Any, device: Any, dtype: torch.dtype | None) -> None:
        """Make the recurrent weights."""
        n, kind = self._size, dict(device=device, dtype=dtype or torch.get_default_dtype())
        mask: Tensor | None = None
        weight: Tensor | None = None
        if isinstance(given, str) and given == "dense":
            weight = torch.randn(n, n, **kind) / n**0.5
        elif given is not None:
            if isinstance(given, Mapping):  # what `config` wrote
                mask = torch.tensor(given["mask"], dtype=torch.bool) if given["mask"] is not None else None
                given = torch.zeros(n, n)
            if not isinstance(given, Tensor) or tuple(given.shape) != (n, n):
                came = tuple(given.shape) if isinstance(given, Tensor) else given
                raise ValueError(f"{self._owner}: recurrent: expected 'dense' or a tensor ({n}, {n}), got {came!r}")
            if given.layout != torch.strided:
                given = given.to_dense()
                mask = given != 0
            weight = given.detach().to(**kind).clone()
        self.recurrent_weight = None if weight is None else nn.Parameter(weight)
        self.register_buffer("recurrent_mask", mask if mask is None else mask.to(device))

    def _config_of_weights(self) -> Any:
        if self.recurrent_weight is None:
            return None
        return {"mask": None if self.recurrent_mask is None else self.recurrent_mask.tolist()}

    def _weights(self, like: Tensor) -> Tensor:
        """Weights from cell to cell [N, N], with the inhibition."""
        n = self._size
        found = like.new_zeros(n, n)
        if self.recurrent_weight is not None:
            found = self.recurrent_weight.to(like.dtype)
            found = found if self.recurrent_mask is None else found * self.recurrent_mask
        if self.inhibition:
            found = found - self.inhibition * (1 - torch.eye(n, dtype=like.dtype, device=like.device))
        return found

    def _resolve_start(self) -> dict[str, np.ndarray]:
        for n in self._given["init"]:
            if n not in self.model.states:
                raise ValueError(
                    f"{self._owner}: init: {n!r} is no state variable; expected one of {', '.join(self.model.states)}"
                )
        names: dict[str, Any] = {"i": (np.arange(self._size), DIMENSIONLESS), "N": (self._size, DIMENSIONLESS)}
        names |= {n: (v, self.model.dims(n)) for n, v in self._values.items()}
        start = {}
        for k, n in enumerate(self.model.states):
            given = _flattened(self._given["init"].get(n, self.model.init.get(n, 0.0)), self.features)
            what = f"{self._owner}: init[{n!r}]"
            value = resolve(given, self._size, self.model.dims(n), names, (0, 0, 1000 + k), what)
            start[n] = np.broadcast_to(value, (self._size,))
        return start

    def _set_fixed(self) -> None:
        """Compute what is constant in a run, but for what depends on learned parameters."""
        m, dt = self._torch, self.dt * 1e-3
        with np.errstate(all="ignore"):
            values = {n: np.asarray(v, dtype=np.float64)[()] for n, v in self._values.items()}
            found = dict(values) | neuron_module(self.model, target="reference").constants(values, dt)
        found |= {"dt": dt, "_ref": self._ref if self._ref.size > 1 else float(np.max(self._ref))}
        found |= {f"_sur_{n}": v for n, v in self.surrogate.values}
        found |= {n: 1.0 for n in m.CONSTANTS if n.startswith("_per")}
        for n in m.CONSTANTS:
            if not np.all(np.isfinite(found[n])):
                raise ValueError(f"{self._owner}: a constant of the update ({n}) is not finite for its parameters")
        like = torch.zeros((), dtype=torch.float64)
        gaps = m.distances(
            [torch.as_tensor(np.array(self._start[s])) if s in self._start else like for s in m.STATES],
            {"_like": like} | {n: torch.as_tensor(np.asarray(found[n])) for n in m.CONSTANTS},
        )
        scales = [self._scale(float(g.abs().mean())) for g in gaps]
        found |= {f"_per{k}": 1.0 / s for k, s in enumerate(scales)}
        self.scales = tuple(scales)
        scalars = [n for n in m.CONSTANTS if n not in m.VECTORS]
        self._scalars = np.array([np.mean(found[n]) for n in scalars], dtype=np.float64)
        self._vectors = np.array([np.broadcast_to(found[n], (self._size,)) for n in m.VECTORS], dtype=np.float64)
        self._vectors = self._vectors.reshape(len(m.VECTORS), self._size)
        self._places = tuple([names.index(n) for n in m.LEARNED if n in names] for names in (scalars, m.VECTORS))
        self._cache: dict[Any, Any] = {}
        self._balance: dict[int, tuple[float, ...]] = {}
        if self.learn:
            with torch.no_grad():
                self._learned()

    def _scale(self, distance: float) -> float:
        given, owner = self._given["surrogate_scale"], self._owner
        if given is None:
            if not 0 < distance < float("inf"):
                raise ValueError(
                    f"{owner}: its start is at the threshold ({distance:g} away), which gives no unit for the "
                    "surrogate; give surrogate_scale="
                )
            return distance
        states = [n for n in self.model.states if n in expression_names(self.model.threshold, owner)]
        dims = self.model.dims(states[0]) if states else DIMENSIONLESS
        value = to_si(given, dims, f"{owner}: surrogate_scale")
        if not isinstance(value, float) or not 0 < value < float("inf"):
            raise ValueError(f"{owner}: surrogate_scale: expected a number > 0, got {given!r}")
        return value

    def _fixed_tensors(self, like: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
        key = like.dtype, like.device
        if key not in self._cache:
            places = tuple(torch.tensor(p, dtype=torch.int64, device=like.device) for p in self._places)
            both = (torch.as_tensor(a).to(like.device, like.dtype) for a in (self._scalars, self._vectors))
            self._cache[key] = (*both, places)
        return self._cache[key]

    def _learned(self) -> dict[str, Tensor]:
        """Constants that depend on learned parameters, in float64."""
        values: dict[str, Any] = dict(self._values)
        for n in self.learn:
            value = (
                self.parameter(n).double().flatten() if getattr(self, f"raw_{n}").ndim else self.parameter(n).double()
            )
            values[n] = value * edge_unit(self.model.dims(n))[1]
        first = getattr(self, f"raw_{self.learn[0]}")
        like = torch.zeros((), dtype=torch.float64, device=first.device)
        values = {
            n: torch.as_tensor(v, device=first.device) if isinstance(v, np.ndarray) else v for n, v in values.items()
        }
        return self._torch.constants(values, self.dt * 1e-3, like, self._balance)

    def _constants(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Scalars [.] and vectors [., N] in the order of the compiled module."""
        scalars, vectors, places = self._fixed_tensors(like)
        if not self.learn:
            return scalars, vectors
        found, m = self._learned(), self._torch
        one = [found[n] for n in m.LEARNED if n not in m.VECTORS]
        many = [found[n].expand(self._size) for n in m.LEARNED if n in m.VECTORS]
        if one:
            scalars = scalars.index_copy(0, places[0], torch.stack(one).to(like.dtype))
        if many:
            vectors = vectors.index_copy(0, places[1], torch.stack(many).to(like.dtype))
        return scalars, vectors

    # -- running ----------------------------------------------------------------------------------------------------
    def rest(self, batch: int, mode: str, like: Tensor) -> Any:
        """The start values of the model (``mode="rest"``)."""
        if mode != "rest":
            return super().rest(batch, mode, like)
        key = "start", like.dtype, like.device
        if key not in self._cache:
            values = {**self._start, "_count": np.zeros(self._size), "_free": np.ones(self._size)}
            self._cache[key] = [
                torch.as_tensor(np.array(values[s])).to(like.device, like.dtype).reshape(self.features)
                for s in self._torch.STATES
            ]
            if self._connected:
                self._cache[key].append(torch.zeros(self.features, dtype=like.dtype, device=like.device))
        return self.State(*(t.expand(batch, *self.features).contiguous() for t in self._cache[key]))

    def _use(self, x: Tensor) -> str:
        if self.backend == "numba" and x.device.type != "cpu":
            raise ValueError(f"{self._owner}: backend 'numba' needs tensors on the CPU, got x on {x.device}")
        return "torch" if self.backend == "torch" or x.device.type != "cpu" else "numba"

    def run(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """A whole sequence."""
        used = self._use(x)
        if not torch.compiler.is_compiling():
            self.backend_used = used
        if used == "torch":
            constants = self._by_name(x)
            outputs = []
            for x_t in x.unbind(0):
                y_t, state = self._step(x_t, state, constants)
                outputs.append(y_t)
            return torch.stack(outputs), state
        steps, batch, n = x.shape[0], x.shape[1], self._size
        channels = len(self.inputs)
        given = x.reshape(1, steps, batch, n) if channels == 1 else x.reshape(steps, batch, channels, n).movedim(2, 0)
        fields = tuple(state)[: len(self._torch.STATES)]
        start = torch.stack([t.reshape(batch, n) for t in fields]) if fields else x.new_zeros(0, batch, n)
        connected = (self._weights(x), state.spikes.reshape(batch, n)) if self._connected else ()
        options = (
            self._options if torch.is_grad_enabled() else f"{self._options.rsplit(' ', 1)[0]} 0"
        )  # nothing is kept
        y, end = run_cells(given, start, *self._constants(x), options, *connected)
        last = [t.reshape(batch, *self.features) for t in end.unbind(0)]
        y = y.reshape(steps, batch, *self.features)
        return y, self.State(*last, *((y[-1],) if self._connected else ()))

    def advance(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """One step."""
        return self._step(x, state, self._by_name(x))

    def _by_name(self, x: Tensor) -> dict[str, Tensor]:
        m = self._torch
        scalars, vectors = self._constants(x)
        names = [n for n in m.CONSTANTS if n not in m.VECTORS]
        found = dict(zip(names, scalars.unbind(0), strict=True))
        rows = vectors.reshape(len(m.VECTORS), *self.features).unbind(0)
        found |= {"_weights": self._weights(x)} if self._connected else {}
        return found | dict(zip(m.VECTORS, rows, strict=True)) | {"_like": x.new_zeros(())}

    def _step(self, x: Tensor, state: Any, constants: dict[str, Tensor]) -> tuple[Tensor, Any]:
        channels = (x,) if len(self.inputs) == 1 else x.unbind(1)
        shape = (x.shape[0], *self.features)
        if self._connected:
            arriving = state.spikes.reshape(shape[0], self._size) @ constants["_weights"]
            channels = (channels[0] + arriving.reshape(shape), *channels[1:])
        y, new = self._torch.step(channels, tuple(state)[: len(self._torch.STATES)], constants)
        new = (*new, y) if self._connected else new
        return y.expand(shape), self.State(*(t.expand(shape) for t in new))

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: generated modules are found again."""
        return {k: v for k, v in super().__getstate__().items() if k not in ("_torch", "_cache", "State")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._cache = {}
        self._find_modules()

    def _find_modules(self) -> None:
        self._torch = layer_module(self.model, self._form, "torch")
        self.State = state_class(self._all_fields())
        name = digest([list(self._form), structure_key(self.model)])
        self._options = register(name, len(self._torch.STATES), partial(_compiled, self.model, self._form))


def _compiled(model: NeuronModel, form: LayerForm, single: bool) -> ModuleType:
    return layer_module(model, form, "numba", single)


def _names(given: Sequence[str], known: Sequence[str], what: str) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    for n in names:
        if n not in known:
            near = difflib.get_close_matches(str(n), known, 3)
            hint = f" (did you mean {', '.join(near)}?)" if near else ""
            raise ValueError(f"{what}: expected names among {', '.join(known) or '(none)'}, got {n!r}{hint}")
    if len(set(names)) < len(names):
        raise ValueError(f"{what}: each name once, got {', '.join(names)}")
    return names


def _inputs(model: NeuronModel, given: Any, owner: str) -> tuple[str, ...]:
    possible = (*model.inputs, *model.states)
    if given is not None:
        names = _names(given, possible, f"{owner}: input")
        if not names:
            raise ValueError(f"{owner}: input: expected at least one of {', '.join(possible)}")
        return names
    if len(model.inputs) == 1:
        return model.inputs
    if not model.inputs and len(model.states) == 1:
        return model.states
    raise ValueError(f"{owner}: input: say which variable x drives, one or several of {', '.join(possible)}")


def _output(model: NeuronModel, given: str | None, owner: str) -> str:
    if given is not None:
        return _names(given, model.states, f"{owner}: output")[0]
    if not model.threshold:
        raise ValueError(f"{owner} has no spikes: output: name one of {', '.join(model.states)}")
    return ""


def _flattened(value: Any, features: tuple[int, ...]) -> Any:
    """Values of the shape of the features as one axis."""
    if isinstance(value, Tensor):
        value = value.detach().cpu().double().numpy()
    if isinstance(value, list):
        value = np.asarray(value)
    return value.reshape(-1) if isinstance(value, np.ndarray) and value.shape == features else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, Tensor | np.ndarray):
        return value.tolist()
    return value


def _fields(model: NeuronModel) -> dict[str, Any]:
    fields = model._fields()
    fields["parameters"] = {n: [p.value, list(p.dims), p.meaning] for n, p in fields["parameters"].items()}
    return fields


def model_of(given: NeuronModel | Mapping[str, Any]) -> NeuronModel:
    """Accept a model, or what `SpikingLayer.config` wrote of one."""
    if isinstance(given, NeuronModel):
        return given
    if not isinstance(given, Mapping) or "parameters" not in given:
        raise TypeError(f"SpikingLayer: model: expected a NeuronModel, got {type(given).__name__}")
    parameters = {n: Parameter(v, tuple(d), m) for n, (v, d, m) in given["parameters"].items()}
    return NeuronModel(**{**given, "parameters": parameters})
