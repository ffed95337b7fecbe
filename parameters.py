"""Named values with units that a model carries, shared by neuron and synapse models."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from .language import check_name
from .units import DIMENSIONLESS, TIME, Dims, edge_unit, is_number, strip_quantity, to_edge, to_si

__all__ = ["WEIGHT", "Parameter", "check_duration", "declare", "parameter_table", "replace_values"]

#: Dimensions of a value in the unit of a synapse's weight, which is known only once the synapse has a target.
WEIGHT: Dims = ()


class Parameter(NamedTuple):
    """A parameter's value in SI, its dimensions and what it means."""

    value: float
    dims: Dims
    meaning: str = ""

    def __str__(self) -> str:
        if self.dims == WEIGHT:
            return f"{self.value:.10g} weight"
        unit = edge_unit(self.dims)[0]
        return f"{to_edge(self.value, self.dims):.10g}" + (f" {unit}" if unit else "")


def declare(values: Mapping[str, Any], owner: str) -> Mapping[str, Parameter]:
    """Read ``dict(tau_m="20*ms", R=("100*Mohm", "membrane resistance"))``.

    A plain number declares a parameter without unit; a string or a Brian 2 quantity brings its own. In a synapse
    ``"0.5*weight"`` is a value in the (edge) unit of the weight.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"{owner}: parameters must be a dict, got {type(values).__name__}")
    found = {}
    for name, given in values.items():
        if not isinstance(name, str):
            raise TypeError(f"{owner}: the name of a parameter must be a text, got {name!r}")
        what = f"{owner}: parameter {name}"
        check_name(name, what)
        if isinstance(given, Parameter):
            found[name] = given
            continue
        meaning = ""
        if isinstance(given, tuple):
            if len(given) != 2 or not isinstance(given[1], str):
                raise ValueError(f"{what}: expected (value, 'meaning'), got {given!r}")
            given, meaning = given
        value, dims = _read(given, what)
        check_duration(value, dims, what)
        found[name] = Parameter(value, DIMENSIONLESS if dims is None else dims, meaning)
    return MappingProxyType(found)


def replace_values(known: Mapping[str, Parameter], new: Mapping[str, Any], owner: str) -> Mapping[str, Parameter]:
    """Give the parameters of ``known`` other values; each keeps its unit and meaning."""
    changed = dict(known)
    for name, given in new.items():
        if name not in known:
            raise ValueError(f"{owner}: no parameter {name!r}; expected one of {', '.join(known) or '(it has none)'}")
        dims, what = known[name].dims, f"{owner}: parameter {name}"
        value, own = _read(given, what)
        if dims == WEIGHT:  # its unit is known once there is a target, and checked then
            dims = WEIGHT if own is None else own
        else:
            value = to_si(given, dims, what)
        check_duration(value, dims, what)
        changed[name] = Parameter(value, dims, known[name].meaning)
    return MappingProxyType(changed)


def parameter_table(parameters: Mapping[str, Parameter]) -> str:
    """List parameters with value, unit and meaning, one a line."""
    width = max((len(n) for n in parameters), default=0)
    return "\n".join(f"{n:<{width}}  {p!s:>14}  {p.meaning}".rstrip() for n, p in parameters.items())


def check_duration(value: Any, dims: Dims | None, what: str) -> None:
    """Refuse negative times: a time constant or period below zero would grow without end instead of decaying."""
    if dims == TIME and np.min(value, initial=0.0) < 0:
        raise ValueError(f"{what}: expected a time >= 0 ms, got {to_edge(float(np.min(value)), TIME):g} ms")


def _read(given: Any, what: str) -> tuple[float, Dims | None]:
    """Give one finite number and its dimensions (None for a plain number)."""
    in_weights = isinstance(given, str) and re.fullmatch(r"\s*(.+)\*\s*weight\s*", given)
    try:
        plain, dims = strip_quantity(in_weights[1] if in_weights else given)
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None
    if in_weights:
        if dims != DIMENSIONLESS:
            raise ValueError(f"{what}: expected a plain number times weight, got {given!r}")
        dims = WEIGHT
    if not is_number(plain):
        raise TypeError(
            f"{what}: a model holds one number for each parameter, got {given!r}; "
            "give values that differ between neurons to Network.population(parameters=...)"
        )
    if not math.isfinite(plain):
        raise ValueError(f"{what}: expected a finite number, got {given!r}")
    return float(plain), dims
