"""How a model runs fast: model -> statements -> source for NumPy and Numba, and the pieces that a run needs."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..neurons.model import NeuronModel
from ..plasticity.model import SynapseModel
from ..units import Dims

if TYPE_CHECKING:
    from .layer_form import LayerForm
    from .loop_code import LoopPlan
    from .program import NeuronProgram
    from .synapse_form import SynapseForm

__all__ = [
    "layer_module",
    "loop_module",
    "neuron_module",
    "neuron_program",
    "neuron_source",
    "structure_key",
    "synapse_constants_module",
    "synapse_layer_module",
    "synapse_module",
]

TARGETS = ("numba", "reference")


def structure_key(model: NeuronModel | SynapseModel) -> list[Any]:
    """All of a model on which its source depends: not its name, not the values of its parameters."""
    texts = (
        [model.threshold, model.reset, model.refractory, model.update]
        if isinstance(model, NeuronModel)
        else [model.on_pre, model.on_post, model.order]
    )
    return [model.equations, model.method, *texts, {n: list(p.dims) for n, p in model.parameters.items()}]


def _check_target(target: str) -> None:
    if target not in TARGETS:
        raise ValueError(f"target: expected one of {', '.join(TARGETS)}, got {target!r}")


def neuron_program(model: NeuronModel, vectors: frozenset[str] = frozenset()) -> NeuronProgram:
    """Check a cell model's units and derive its update statements."""
    from .build import build_neuron

    return build_neuron(model, vectors)


def neuron_module(
    model: NeuronModel, vectors: frozenset[str] = frozenset(), target: str = "numba", single: bool = False
) -> ModuleType:
    """Import the module generated for a cell model, written on first use."""
    from .cache import generated

    _check_target(target)

    def write() -> str:
        from .neuron_code import numba_neuron, reference_neuron

        program = neuron_program(model, vectors)
        return numba_neuron(program, single) if target == "numba" else reference_neuron(program)

    key = [target, single and target == "numba", sorted(vectors), structure_key(model)]
    return generated(f"neuron_{target}", key, write)


def synapse_module(
    model: SynapseModel, pre: dict[str, Dims], post: dict[str, Dims], target: str = "numba", single: bool = False,
    form: SynapseForm | None = None,
) -> ModuleType:  # fmt: skip
    """Import the module generated for a bound synapse model between two cells, written on first use.

    Without a `SynapseForm` it is the general one.
    """
    from .cache import generated

    _check_target(target)

    def write() -> str:
        from .build import build_synapse
        from .synapse_form import SynapseForm
        from .synapse_numba import numba_synapse
        from .synapse_numpy import reference_synapse

        program, layout = build_synapse(model, pre, post), form or SynapseForm()
        return numba_synapse(program, layout, single) if target == "numba" else reference_synapse(program, layout)

    sides = [{n: list(d) for n, d in side.items()} for side in (pre, post)]
    key = [target, single and target == "numba", sides, structure_key(model), list(form or ())]
    return generated(f"synapse_{target}", key, write)


def loop_module(plan: LoopPlan) -> ModuleType:
    """Import the compiled time loop for a network's structure."""
    from .cache import generated
    from .loop_code import numba_loop

    return generated("loop_numba", [list(plan.groups), list(plan.synapses)], lambda: numba_loop(plan))


def layer_module(model: NeuronModel, form: LayerForm, target: str = "numba", single: bool = False) -> ModuleType:
    """Import the module generated for a layer of cells: compiled passes (``numba``) or one step (``torch``)."""
    return _layer_module(lambda: neuron_program(model), structure_key(model), form, target, single)


def synapse_layer_module(
    model: SynapseModel, dims: Dims, form: LayerForm, target: str = "numba", single: bool = False
) -> ModuleType:
    """Import the module generated for a layer of synapses that add to a variable of these dimensions."""
    return _layer_module(lambda: _synapse_steps(model, dims), [structure_key(model), list(dims)], form, target, single)


def synapse_constants_module(model: SynapseModel, dims: Dims) -> ModuleType:
    """Import the module in whose ``constants`` NumPy computes what is constant in a layer of synapses."""
    from .cache import generated

    def write() -> str:
        from .neuron_code import reference_neuron

        return reference_neuron(_synapse_steps(model, dims))

    return generated("synapse_layer_reference", [structure_key(model), list(dims)], write)


def _synapse_steps(model: SynapseModel, dims: Dims) -> NeuronProgram:
    from .synapse_step import synapse_steps

    return synapse_steps(model, dims)


def _layer_module(
    program: Callable[[], NeuronProgram], structure: list[Any], form: LayerForm, target: str, single: bool
) -> ModuleType:
    from .cache import generated

    if target not in ("numba", "torch"):
        raise ValueError(f"target: expected numba or torch, got {target!r}")

    def write() -> str:
        from .layer_numba import numba_layer
        from .layer_step import build_step
        from .layer_torch import torch_layer

        made = program()
        step = build_step(made, form)
        return numba_layer(step, form, single) if target == "numba" else torch_layer(made, step, form)

    key = [target, single and target == "numba", list(form), structure]
    return generated(f"layer_{target}", key, write)


def neuron_source(model: NeuronModel, target: str = "numba") -> str:
    """Give the text of the module generated for a cell model."""
    from pathlib import Path

    return Path(neuron_module(model, target=target).__file__).read_text(encoding="utf-8")
