"""Which models are PyNN's ``SpikeSourcePoisson``: a threshold ``rand() < p``, also with a begin and an end in ``t``."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..language import parse_expression
from ..neurons.model import NeuronModel
from .polynomial import PolynomialError, constant, polynomial
from .pynn_cells import NotHeldError

__all__ = ["recognise_poisson"]

_SAME = 1e-9  # relative difference up to which two rates are the same


def recognise_poisson(
    model: NeuronModel, values: Mapping[str, Any], dt: float, inputs: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Give the parameters of ``SpikeSourcePoisson`` (Hz, ms), or None if the model is no Poisson source.

    Parameters
    ----------
    model : NeuronModel
    values : mapping
        Parameters in SI, numbers or one per neuron.
    dt : float
        Step in s.
    inputs : mapping
        ``(input)`` variables -> the constant value injected, in SI; 0 if not named.

    Raises
    ------
    NotHeldError
        A Poisson source whose rate changes in time otherwise than by a begin and an end.
    """
    chance, window = None, []
    if not model.threshold:
        return None
    node = parse_expression(model.threshold, model.owner)
    for part in node.values if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) else [node]:
        if not isinstance(part, ast.Compare) or isinstance(part.ops[0], ast.Eq | ast.NotEq):
            return None
        low, high = ast.unparse(part.left), ast.unparse(part.comparators[0])
        if isinstance(part.ops[0], ast.Gt | ast.GtE):
            low, high = high, low
        if low == "rand()" and chance is None:
            chance = high
        else:
            window.append((low, high))
    if chance is None:
        return None
    names = {**{n: constant(v) for n, v in values.items()}, "dt": constant(dt)}
    names.update({n: constant(np.asarray(inputs.get(n, 0.0))) for n in model.inputs})
    reasons = []
    if model.states or model.update or model.refractory or model.reset_statements:
        reasons.append("a Poisson source with a state, a refractory period or a reset")
    found = dict(rate=0.0, start=0.0, duration=1e10)
    try:
        p = np.clip(polynomial(chance, names, ()).get((), 0.0), 0.0, 1.0)
        found["rate"] = _rate(p, dt, values)
        stop = 1e10
        for low, high in window:
            edge = polynomial(f"({high}) - ({low})", names, {"t"})
            slope = edge.get(("t",), 0.0)
            if set(edge) - {(), ("t",)} or np.ndim(slope) or slope == 0:
                raise PolynomialError(f"expected a begin and an end, got {low} < {high}")
            at = -np.asarray(edge.get((), 0.0)) / slope / dt
            if slope > 0:
                found["start"] = np.maximum(found["start"], np.maximum(np.floor(at) + 1, 0) * dt * 1e3)
            else:
                stop = np.minimum(stop, np.maximum(np.ceil(at), 0) * dt * 1e3)
        found["duration"] = np.maximum(stop - found["start"], 0.0)
    except PolynomialError as error:
        reasons.append(f"the rate of a Poisson source: {error}")
    if reasons:
        raise NotHeldError(reasons)
    return found


def _rate(p: Any, dt: float, values: Mapping[str, Any]) -> Any:
    """Rate for a chance p per step: the model's own number if it is one of its parameters, else the mean rate."""
    with np.errstate(divide="ignore"):
        exact = -np.log1p(-p) / dt
    for v in values.values():
        if np.shape(v) == np.shape(exact) and np.allclose(np.maximum(v, 0), exact, rtol=_SAME):
            return np.maximum(v, 0)
    return p / dt
