"""A cell with more variables than it has: a dopamine level, low-pass filtered potentials, a calcium trace.

>>> from spikegram.neurons import LIF
>>> cell = extend(LIF, "dca/dt = -ca/tau_ca : 1", parameters=dict(tau_ca="50*ms"), reset="ca += 1", name="LIFCa")
>>> cell.states, cell(tau_ca=20).parameters["tau_ca"].value
(('v', 'I', 'ca'), 0.02)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .model import NeuronModel

__all__ = ["extend"]


def extend(
    model: NeuronModel, equations: str, parameters: Mapping[str, Any] | None = None, reset: str = "",
    init: Mapping[str, Any] | None = None, name: str | None = None,
) -> NeuronModel:  # fmt: skip
    """Give a new model: the cell with further lines, parameters and reset statements.

    Parameters
    ----------
    model : NeuronModel
    equations : str
        Lines in the cell's language; they may use its variables and parameters.
    parameters, init : dict
        Of the new lines.
    reset : str
        Statements executed at a spike after those of the cell.
    name : str, optional
        By default the cell's name.

    Returns
    -------
    NeuronModel
        Its reference and description are the cell's.

    Raises
    ------
    TypeError, ValueError
        What is no model; names that the cell has already; whatever `NeuronModel` refuses.
    """
    if not isinstance(model, NeuronModel):
        raise TypeError(f"extend: model: expected a NeuronModel, got {type(model).__name__}")
    taken = set(model.parameters) & set(parameters or {})
    if taken:
        raise ValueError(f"extend: parameters: {model.owner} has {min(taken)!r} already; call the model to change it")
    own = model.reset.strip()
    return NeuronModel(
        equations=f"{model.equations}\n{equations}",
        threshold=model.threshold,
        reset=model.reset if not reset.strip() else reset if own in ("", "pass") else f"{model.reset}\n{reset}",
        refractory=model.refractory,
        method=model.method,
        parameters={**model.parameters, **(parameters or {})},
        init={**model.init, **(init or {})},
        update=model.update,
        name=model.name if name is None else name,
        source=model.reference,
        description=model.description,
    )
