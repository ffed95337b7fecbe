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

from collections.abc import Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...kernels import layer_module, structure_key
from ...kernels.cache import digest
from ...kernels.layer_form import LayerForm, SurrogateForm
from ...neurons.model import NeuronModel
from ...units import Dims, edge_unit
from .generated import GeneratedLayer
from .laws import drawn
from .spiking_checks import features_of, inputs_of, names_of, output_of, through_of
from .spiking_config import fields_of, model_of, plain
from .spiking_delays import arriving, delays_of
from .spiking_op import register
from .spiking_pairs import PairDelays
from .spiking_recurrent import config_of_weights, make_weights, pairs_of, weight_matrix
from .spiking_state import state_class
from .spiking_values import cell_constants, parameters_of, start_of, steps_held
from .surrogates import Surrogate, as_surrogate

__all__ = ["SpikingLayer"]

_PUBLIC = {"_count": "refractory_steps", "_free": "not_refractory"}


class SpikingLayer(GeneratedLayer):
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
        Parameter -> value, one per cell or a law (`laws`), in edge units.
    init : mapping, optional
        State variable -> start value (edge units, a law, or an expression as in a model's ``init``).
    decay_param : str
        How learned time constants are stored: sigmoid, logtau, softplus, stable_exp or bitshift (`decays`).
    surrogate_scale : float or str, optional
        Unit of the surrogate's argument (edge units): see above.
    smooth : bool
        The primitive of the surrogate in place of the step, so that the layer is differentiable (gradient checks).
    recurrent : "dense", tensor (N, N) or law, optional
        Weights from every cell to every cell, in the unit of x: y_{t-1} @ W is added to x_t (its first channel), so a
        spike takes one step. ``dense`` draws them from a normal distribution with variance 1/N; of a sparse tensor
        only the entries that it has are trained (``recurrent_weight``, by the mask ``recurrent_mask``).
    inhibition : float
        What each spike takes from all other cells of its sample one step later, in the unit of x.
    recurrent_delay : float, tensor or sequence, optional
        When spikes reach other cells, weights and inhibition alike: ms, a whole number of steps >= 1, one for all, one
        for each cell that sends, or one for each synapse: (N, N), from cell (row) to cell (column), as the weights.
        Where there is no synapse its entry is not read. Default: one step.
    init_state : "rest" or "learn"
        Where sequences start: in the start values of the model, or in values that are learned from there on, one per
        cell in edge units (``start_v`` and so on).
    batch_first : bool
        x and y are (B, T, ...).
    backend : "auto", "numba" or "torch"
        ``torch`` is the loop over `step`: slow, with derivatives of any order. ``auto`` takes the compiled kernels
        for tensors on the CPU. ``backend_used`` says which it was.

    Notes
    -----
    State: one field (B, *features) for each state variable of the model, in SI; with a refractory period of more than
    one step ``refractory_steps`` (steps that are left), with a refractory condition ``not_refractory``; with recurrent
    weights or inhibition ``spikes``, those of the last step; with a longer ``recurrent_delay``, of up to D steps,
    those of the last D steps (B, D, *features), the oldest first.

    Cost: a spike costs one multiply-add for each of its cell's synapses; backward, each synapse costs one in every step
    and sample. Delays of single synapses, as many as there may be different ones, change neither number; but samples
    are then worked with in blocks of 16, and their pattern is that of the time of building.

    Shapes: x (T, B, *features) -> y (T, B, *features).

    Kept for the backward pass: x, and the state in one step of 32 (of 64 for models with more than four variables).

    Raises
    ------
    ValueError
        With the names that are possible. Models that draw random numbers or read the time are refused.
    """

    _pairs: PairDelays | None
    recurrent_mask: Tensor | None
    recurrent_steps: Tensor | None

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
        recurrent_delay: Any = None,
        init_state: str = "rest",
        batch_first: bool = False,
        backend: str = "auto",
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        cell: NeuronModel = model_of(model)
        shape = features_of(features)
        owner = f"SpikingLayer: model {cell.name!r}"
        inputs = inputs_of(cell, input, owner)
        super().__init__(
            shape if len(inputs) == 1 else (len(inputs), *shape), shape, owner,
            learn=names_of(learn, tuple(cell.parameters), f"{owner}: learn"), dt=dt, decay_param=decay_param,
            backend=backend, batch_first=batch_first,
        )  # fmt: skip
        self.model, self.inputs = cell, inputs
        self.surrogate, self.smooth = as_surrogate(surrogate), bool(smooth)
        self.reset_grad = reset_grad if isinstance(reset_grad, str) else tuple(reset_grad)
        self.output = output_of(cell, output, owner)
        self._given = {
            "parameters": {n: drawn(v, shape) for n, v in (parameters or {}).items()},
            "init": {n: drawn(v, shape) for n, v in (init or {}).items()}, "surrogate_scale": surrogate_scale,
        }  # fmt: skip
        self.inhibition = float(inhibition)
        self._connected = recurrent is not None or inhibition != 0
        if self._connected and self.output:
            raise ValueError(f"{owner}: recurrent and inhibition need spikes as output, got output={self.output!r}")
        if not 0 <= self.inhibition < float("inf"):
            raise ValueError(f"{owner}: inhibition: expected a number >= 0, got {inhibition!r}")
        if recurrent_delay is not None and not self._connected:
            raise ValueError(f"{owner}: recurrent_delay: expected recurrent or inhibition with it, got neither")
        self._given["recurrent_delay"] = recurrent_delay
        values = parameters_of(cell, shape, self._given["parameters"], owner)
        held = steps_held(cell, values, self.dt, owner)
        kind = dict(device=device, dtype=dtype or torch.get_default_dtype())
        weight, mask = make_weights(recurrent, self._size, owner, kind)
        self._make_delays(recurrent_delay, pairs_of(weight, mask, self.inhibition, self._size), device)
        self._form = self._form_of(values, held)
        self._find_modules()
        why = "the refractory period is a whole number of steps"
        self._make_learned(values, kind, {n: why for n in self.learn if n in cell.refractory})
        self.recurrent_weight = None if weight is None else nn.Parameter(weight)
        self.register_buffer("recurrent_mask", mask)
        start = start_of(cell, shape, self._given["init"], values, owner)
        self._fixed, self.scales = cell_constants(
            cell, self._torch, values, start, held, self._size, self.surrogate, surrogate_scale, self.dt, owner
        )
        with torch.no_grad():  # finds the units of a propagator
            self._constants(torch.empty(0, device=device, dtype=dtype))
            self.rest(1, "rest", torch.empty(0, device=device, dtype=dtype))
        self._learn_start(init_state, device, dtype)

    # -- what the layer is ------------------------------------------------------------------------------------------
    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Field -> shape without the batch axis."""
        shapes = dict.fromkeys(self._all_fields(), self.features)
        return shapes | {"spikes": self._spikes_shape} if self._connected else shapes

    @property
    def _spikes_shape(self) -> tuple[int, ...]:
        return (self._line, *self.features) if self._line else self.features

    def start_units(self) -> dict[str, float]:
        """State variables of the model, with their edge units in SI."""
        return {n: edge_unit(self.model.dims(n))[1] for n in self.model.states}

    def _all_fields(self) -> tuple[str, ...]:
        return tuple(_PUBLIC.get(s, s) for s in self._kept)

    def config(self) -> dict[str, Any]:
        """The arguments as JSON values."""
        given = {k: plain(v) for k, v in self._given.items()}
        return {
            "model": fields_of(self.model), "features": list(self.features), "learn": list(self.learn),
            "surrogate": self.surrogate.plain,
            "reset_grad": self.reset_grad if isinstance(self.reset_grad, str) else list(self.reset_grad),
            "dt": self.dt, "input": list(self.inputs), "output": self.output or None,
            "decay_param": self.decay_param, "smooth": self.smooth,
            "recurrent": config_of_weights(self.recurrent_weight, self.recurrent_mask),
            "inhibition": self.inhibition, "init_state": self.starts, "batch_first": self.batch_first,
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
        parts += ["init_state='learn'"] if self.starts == "learn" else []
        return ", ".join(parts)

    def distance(self, state: Any) -> Tensor:
        """How far each cell is from its threshold in this state, in SI: negative below it (B, *features)."""
        like = state[0] if len(state) else self._like(None, None)
        gaps = self._torch.distances(
            tuple(state)[: len(self._torch.STATES)], self._by_name(self._constants(like), None)
        )
        if len(gaps) != 1:
            raise ValueError(f"{self._owner}: its threshold is no single comparison: {self.model.threshold!r}")
        return gaps[0].expand(len(like), *self.features)

    def _dims(self, name: str) -> Dims:
        return self.model.dims(name)

    # -- parts ------------------------------------------------------------------------------------------------------
    def _form_of(self, values: Mapping[str, Any], held: np.ndarray) -> LayerForm:
        dims, owner = self.model.dims, self._owner
        through = through_of(self.model, self.reset_grad, owner)
        if self.smooth and self.surrogate.kind == "custom" and not self.surrogate.texts[1]:
            raise ValueError(f"{owner}: smooth=True needs a surrogate with a primitive")
        return LayerForm(
            self.inputs, tuple(edge_unit(dims(n))[1] for n in self.inputs), self.output,
            edge_unit(dims(self.output))[1] if self.output else 1.0, tuple(n for n, v in values.items() if np.ndim(v)),
            self.learn, through, bool(held.max() > 0), self.smooth, SurrogateForm(*self.surrogate.form),
            self._size if self._connected else 0,
            "pairs" if self._pairs is not None else "cells" if self._line else "",
        )  # fmt: skip

    def _make_delays(self, given: Any, pairs: Tensor, device: Any) -> None:
        steps = delays_of(given, self._size, self.dt, self._owner, pairs)
        self._line = 0 if steps is None else int(steps.max())
        self._pairs = PairDelays(steps, pairs).to(device) if steps is not None and steps.ndim == 2 else None
        self.register_buffer("recurrent_steps", steps if steps is None else steps.to(device), persistent=False)

    def _load_from_state_dict(self, state: dict, prefix: str, *rest: Any) -> None:
        mask = state.get(f"{prefix}recurrent_mask")
        if self._pairs is not None and mask is not None and not torch.equal(mask, self.recurrent_mask.to(mask.device)):
            raise ValueError(f"{self._owner}: recurrent_mask: the file has other synapses than those with delays here")
        super()._load_from_state_dict(state, prefix, *rest)

    def _weights(self, like: Tensor) -> Tensor | None:
        if not self._connected:
            return None
        return weight_matrix(self.recurrent_weight, self.recurrent_mask, self.inhibition, self._size, like)

    # -- running ----------------------------------------------------------------------------------------------------
    def rest(self, batch: int, mode: str, like: Tensor) -> Any:
        """The start values of the model (``mode="rest"``)."""
        state = super().rest(batch, mode, like)
        return state._replace(spikes=like.new_zeros(batch, *self._spikes_shape)) if self._line else state

    def run(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """A whole sequence."""
        return self._sequence(x, state, self._constants(x), self._weights(x) if self._connected else None)

    def _sequence(
        self, x: Tensor, state: Any, constants: tuple[Tensor, Tensor], weights: Tensor | None
    ) -> tuple[Tensor, Any]:
        """A sequence with these constants and weights from cell to cell."""
        if self._use(x) == "torch":
            return self._by_steps(x, state, self._by_name(constants, weights))
        connected: tuple[Tensor, ...] = ()
        if self._pairs is not None and weights is not None:
            connected = self._pairs.listed(weights), state.spikes.flatten(2).movedim(1, 0), *self._pairs.lists()
        elif weights is not None and self._line:
            connected = weights, state.spikes.flatten(2).movedim(1, 0), self.recurrent_steps
        elif weights is not None:
            connected = weights, state.spikes.flatten(1)
        y, end = self._fused(x if len(self.inputs) == 1 else x.movedim(2, 0), state, constants, *connected)
        return y, self.State(*end, *self._sent(state, y))

    def _sent(self, state: Any, y: Tensor) -> tuple[Tensor, ...]:
        """What the state keeps of the spikes, after those of y (T, B, *features)."""
        if not self._line:
            return (y[-1],) if self._connected else ()
        late = y[-self._line :].movedim(0, 1)
        return (torch.cat([state.spikes[:, late.shape[1] :], late], 1),)

    def advance(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """One step."""
        return self._step(x, state, self._by_name(self._constants(x), self._weights(x)))

    def _by_name(self, constants: tuple[Tensor, Tensor], weights: Tensor | None) -> dict[str, Tensor]:
        if self._pairs is not None and weights is not None:
            weights = self._pairs.received(weights)
        return self._named(constants) | ({"_weights": weights} if weights is not None else {})

    def _step(self, x: Tensor, state: Any, constants: dict[str, Tensor]) -> tuple[Tensor, Any]:
        channels = (x,) if len(self.inputs) == 1 else x.unbind(1)
        shape = (x.shape[0], *self.features)
        if self._connected:
            came = self._arrived(state, constants["_weights"])
            channels = (channels[0] + came.reshape(shape), *channels[1:])
        y, new = self._torch.step(channels, tuple(state)[: len(self._torch.STATES)], constants)
        y = y.expand(shape)
        return y, self.State(*(t.expand(shape) for t in new), *self._sent(state, y.unsqueeze(0)))

    def _arrived(self, state: Any, weights: Tensor) -> Tensor:
        """What arrives in a step (B, N)."""
        if self._pairs is not None:
            return self._pairs.arriving(state.spikes.flatten(2), weights)
        line = state.spikes
        return (arriving(line.flatten(2), self.recurrent_steps) if self._line else line.flatten(1)) @ weights

    def _find_modules(self) -> None:
        self._torch = layer_module(self.model, self._form, "torch")
        self._kept = (*self._torch.STATES, "spikes") if self._connected else self._torch.STATES
        self.State = state_class(self._all_fields())
        name = digest([list(self._form), structure_key(self.model)])
        self._options = register(name, len(self._torch.STATES), partial(_compiled, self.model, self._form))


def _compiled(model: NeuronModel, form: LayerForm, single: bool) -> ModuleType:
    return layer_module(model, form, "numba", single)
