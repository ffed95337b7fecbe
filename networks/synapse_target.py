"""Which variable of a cell a synapse model acts on: the model bound to it, or a message that says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ..neurons.model import NeuronModel
from ..plasticity.model import SynapseModel
from ..plasticity.static import Static
from ..units import DIMENSIONLESS, Dims

__all__ = ["bind_synapse"]


def bind_synapse(
    synapse: SynapseModel | None, parameters: Mapping[str, Any] | None, target: str | None, cell: NeuronModel, what: str
) -> tuple[SynapseModel, str]:
    """Bind a synapse model to a variable of a cell and its unit.

    Parameters
    ----------
    synapse : SynapseModel, optional
        Static synapses by default.
    parameters : mapping, optional
        Values in place of the model's own.
    target : str, optional
        A state or input of the cell; None for models that name their variables themselves.
    cell : NeuronModel
    what : str
        The words with which messages begin.

    Returns
    -------
    tuple
        The bound model and the target, ``""`` if there is none.

    Raises
    ------
    ValueError, TypeError
        No such variable, or one that the synapses must not set.
    """
    model = Static if synapse is None else synapse
    if not isinstance(model, SynapseModel):
        raise TypeError(f"{what}: synapse: expected a SynapseModel, got {type(model).__name__}")
    name, dims = _target(model, target, cell, what)
    if parameters:
        model = model(**dict(parameters))
    bound = _bound(model, name, dims)
    _check_sums(bound, cell, what)
    return bound, name


def _target(model: SynapseModel, target: str | None, cell: NeuronModel, what: str) -> tuple[str, Dims]:
    possible = (*cell.states, *cell.inputs)
    if not model.uses_target:
        if target is not None:
            raise ValueError(f"{what}: target: {model.owner} names its variables itself; leave it out")
        return "", DIMENSIONLESS
    if target is None:
        raise ValueError(
            f"{what}: target: name the variable of {cell.name!r} that spikes act on; one of {', '.join(possible)}"
        )
    if target not in possible:
        raise ValueError(
            f"{what}: target: model {cell.name!r} has no variable {target!r}; expected one of {', '.join(possible)}"
        )
    return target, cell.dims(target)


@lru_cache(maxsize=1024)
def _bound(model: SynapseModel, target: str, dims: Dims) -> SynapseModel:
    """`SynapseModel.bind`, once for all projections that are alike."""
    return model.bind(target, dims)


def _check_sums(model: SynapseModel, cell: NeuronModel, what: str) -> None:
    for line in model.summed:
        n = line.name.removesuffix("_post")
        if n in cell.inputs or any(e.name == n and e.kind != "parameter" for e in cell.lines):
            raise ValueError(
                f"{what}: {line.text()!r}: {n!r} of {cell.name!r} is set by the cell itself in each step; "
                f"expected a variable declared as '{n} : unit'"
            )
