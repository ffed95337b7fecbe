r"""Any synapse model that presynaptic spikes alone drive, as a PyTorch layer: `SynapseLayer`.

One synapse (or axon) a feature: x is 1 where a spike arrives in this step, else 0; y is what the synapse sends. In each
step, in the order of a simulation (`networks`),

1. clock-driven variables go one step of dt on,
2. the statements ``on_pre`` are executed, one after the other, where x is 1; what they add to the target is y,
3. event-driven variables go one step of dt on: exactly, as when they are brought up to date at a spike.

So in float64 y is what a `Network` with the same synapses adds to the target in the step in which those spikes arrive,
up to rounding, and the state is what a spike of the next step finds. Gradients are exact and need no surrogate, since x
decides whether there is a spike; conditions in a model count as constant.

**Graded spikes.** A value s between 0 and 1 takes the share s of all that a spike does:

    variable <- variable + s (on_pre(variable) - variable),   y = s (what on_pre adds)

of which x has its gradient; behind a layer of cells it goes on through their surrogate. x = 2 is no pair of spikes: it
extrapolates.

**Units.** As in `SpikingLayer`: states in SI, learned parameters in edge units (``raw_tau_d`` is mapped as
``decay_param`` says; shares such as U are stored as they are). y is in the edge unit of ``unit``, by default a pure
number. The weight ``w`` and other variables that no statement changes are parameters here; w is 1 if not given, for
weights from each synapse to each cell that belong to an `torch.nn.Linear` behind.

>>> import torch
>>> from torch import nn
>>> from spikegram.bridges.torch import Chain, SpikingLayer
>>> from spikegram.neurons import BellecALIF
>>> from spikegram.plasticity import TsodyksMarkram
>>> axons = SynapseLayer(TsodyksMarkram(U=0.5, tau_d=100, tau_f=1e-3), 1, learn=("U", "tau_d"))
>>> y, state = axons(torch.tensor([[1.0], [0], [1], [0]]))     # 0.5, and after 2 ms 0.5 (1 - 0.5 exp(-2/100))
>>> [round(v, 4) for v in y.flatten().tolist()]
[0.5, 0.0, 0.255, 0.0]
>>> axons = SynapseLayer(TsodyksMarkram, 20, learn=("U", "tau_d", "tau_f"))
>>> net = Chain(axons, nn.Linear(20, 8), SpikingLayer(BellecALIF, 8))
>>> y, states = net((torch.rand(50, 4, 20) < 0.1).float())
>>> y.shape, sorted(states[0]._fields)
(torch.Size([50, 4, 8]), ['u', 'x'])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...kernels import structure_key, synapse_constants_module, synapse_layer_module
from ...kernels.cache import digest
from ...kernels.layer_form import EVENT, SENT, LayerForm, SurrogateForm
from ...networks.values import check_bounds
from ...plasticity.model import SynapseModel
from ...units import Dims, edge_unit, parse_dims
from .generated import GeneratedLayer
from .layer_constants import LayerConstants, constants_of
from .spiking_checks import features_of, names_of
from .spiking_config import fields_of, model_of, plain
from .spiking_op import register
from .spiking_state import state_class
from .spiking_values import parameters_of, start_of

__all__ = ["SynapseLayer"]


class SynapseLayer(GeneratedLayer):
    """A layer of synapses of one model.

    Parameters
    ----------
    model : SynapseModel
        Event-driven or clock-driven, without ``on_post``, summed variables, random numbers, and without anything that
        it reads of its two cells; ``on_pre`` adds to one variable of the target.
    features : int or tuple of int
        Synapses of the layer.
    learn : sequence of str
        Parameters that are trained: those of the model, and its variables that no statement changes (``w``).
    unit : str
        Of the variable that is added to, as in an equation: ``amp``, ``siemens``, ``1``. y and w are in its edge unit.
    dt : float
        Time step in ms.
    parameters : mapping, optional
        Parameter -> value or one per synapse, in edge units.
    init : mapping, optional
        Variable -> start value (edge units, or an expression as in a model's ``init``).
    decay_param : str
        How learned time constants are stored: sigmoid, logtau, softplus, stable_exp or bitshift (`decays`).
    init_state : "rest" or "learn"
        Where sequences start: in the start values, or in values that are learned from there on, one per synapse in
        edge units (``start_x`` and so on).
    batch_first : bool
        x and y are (B, T, ...).
    backend : "auto", "numba" or "torch"
        ``torch`` is the loop over `step`: slow, with derivatives of any order. ``auto`` takes the compiled kernels
        for tensors on the CPU. ``backend_used`` says which it was.

    Notes
    -----
    State: one field (B, *features) for each variable that changes, in SI.

    Shapes: x (T, B, *features) -> y (T, B, *features).

    Kept for the backward pass: x, and the state in one step of 32 (of 64 for models with more than four variables).

    Not exported: NIR has no node for synapses with a state.

    Raises
    ------
    ValueError
        For models that are more than presynaptic, start values outside of the model's bounds, unknown names.
    """

    def __init__(
        self,
        model: SynapseModel | Mapping[str, Any],
        features: int | Sequence[int],
        *,
        learn: Sequence[str] = (),
        unit: str = "1",
        dt: float = 1.0,
        parameters: Mapping[str, Any] | None = None,
        init: Mapping[str, Any] | None = None,
        decay_param: str = "sigmoid",
        init_state: str = "rest",
        batch_first: bool = False,
        backend: str = "auto",
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        rule: SynapseModel = model_of(model, SynapseModel, "SynapseLayer")
        shape = features_of(features, "SynapseLayer")
        owner = f"SynapseLayer: model {rule.name!r}"
        try:
            sent = parse_dims(unit)
        except ValueError as error:
            raise ValueError(f"{owner}: unit: {error}") from None
        bound = rule.bind("target", sent)
        reference = synapse_constants_module(bound, sent)
        still = [n for n in bound.variables if n not in reference.STATES]
        super().__init__(
            shape, shape, owner, learn=names_of(learn, (*bound.parameters, *still), f"{owner}: learn"), dt=dt,
            decay_param=decay_param, backend=backend, batch_first=batch_first,
        )  # fmt: skip
        self.model, self.unit, self._bound, self._sent = rule, unit, bound, sent
        self._given = {"parameters": dict(parameters or {}), "init": dict(init or {})}
        weight, values = {"w": 1.0}, {n: p.value for n, p in bound.parameters.items()}
        first = start_of(bound, (1,), {n: weight[n] for n in still if n in weight}, values, owner, still)
        values = parameters_of(
            bound, shape, self._given["parameters"], owner, {n: float(v[0]) for n, v in first.items()}
        )
        given = {n: weight[n] for n in reference.STATES if n in weight} | self._given["init"]
        start = start_of(bound, shape, given, values, owner, reference.STATES)
        for n in bound.variables:
            check_bounds(bound, n, values[n] if n in still else start[n], owner)
        self._form = LayerForm(
            inputs=(EVENT,), scales=(1.0,), output=SENT, output_scale=edge_unit(sent)[1],
            vectors=tuple(n for n, v in values.items() if np.ndim(v)), learned=self.learn, through=(), counted=False,
            smooth=False, surrogate=SurrogateForm(""),
        )  # fmt: skip
        self._find_modules()
        self._make_learned(values, dict(device=device, dtype=dtype or torch.get_default_dtype()), {})
        found = constants_of(reference, self._torch, values, self.dt, {}, owner)
        self._fixed = LayerConstants(self._torch, values, found, start, self._size, self.dt)
        self._learn_start(init_state, device, dtype)

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Field -> shape without the batch axis."""
        return dict.fromkeys(self._torch.STATES, self.features)

    def start_units(self) -> dict[str, float]:
        """Variables that change, with their edge units in SI."""
        return {n: edge_unit(self._dims(n))[1] for n in self._torch.STATES}

    def config(self) -> dict[str, Any]:
        """The arguments as JSON values."""
        return {
            "model": fields_of(self.model), "features": list(self.features), "learn": list(self.learn),
            "unit": self.unit, "dt": self.dt, "decay_param": self.decay_param, "init_state": self.starts,
            "batch_first": self.batch_first, "backend": self.backend, **{k: plain(v) for k, v in self._given.items()},
        }  # fmt: skip

    def extra_repr(self) -> str:
        """Print the model and what differs from the defaults."""
        parts = [self.model.name, str(self.features if len(self.features) > 1 else self.features[0])]
        parts += [f"learn={self.learn}"] if self.learn else []
        parts += [f"unit={self.unit!r}"] if self.unit != "1" else []
        parts += ["init_state='learn'"] if self.starts == "learn" else []
        return ", ".join([*parts, f"dt={self.dt:g}"])

    def _dims(self, name: str) -> Dims:
        return self._bound.dims(name)

    # -- running ----------------------------------------------------------------------------------------------------
    def run(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """A whole sequence."""
        if self._use(x) == "torch":
            return self._by_steps(x, state, self._named(self._constants(x)))
        y, end = self._fused(x, state, self._constants(x))
        return y, self.State(*end)

    def advance(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """One step."""
        return self._step(x, state, self._named(self._constants(x)))

    def _step(self, x: Tensor, state: Any, constants: dict[str, Tensor]) -> tuple[Tensor, Any]:
        y, new = self._torch.step((x,), tuple(state), constants)
        return y.expand(x.shape), self.State(*(t.expand(x.shape) for t in new))

    def _find_modules(self) -> None:
        self._torch = synapse_layer_module(self._bound, self._sent, self._form, "torch")
        self._kept = self._torch.STATES
        self.State = state_class(self._kept)
        name = digest([list(self._form), structure_key(self._bound), list(self._sent)])
        compiled = partial(_compiled, self._bound, self._sent, self._form)
        self._options = register(name, len(self._torch.STATES), compiled)


def _compiled(model: SynapseModel, dims: Dims, form: LayerForm, single: bool) -> ModuleType:
    return synapse_layer_module(model, dims, form, "numba", single)
