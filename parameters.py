"""Named values with units that a model carries, shared by neuron and synapse models."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from .units import Dims, edge_unit, is_number, strip_quantity, to_edge, to_si

__all__ = ["WEIGHT", "Parameter", "declare", "replace_values"]

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
        if isinstance(given, Parameter):
            found[name] = given
            continue
        meaning = ""
        if isinstance(given, tuple):
            if len(given) != 2 or not isinstance(given[1], str):
                raise ValueError(f"{owner}: parameter {name}: expected (value, 'meaning'), got {given!r}")
            given, meaning = given
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
            raise ValueError(f"{owner}: {name!r} cannot be the name of a parameter")
        if isinstance(given, str) and given.replace(" ", "").endswith("*weight"):
            number = strip_quantity(given[: given.rindex("*")])[0]
            found[name] = Parameter(number, WEIGHT, meaning)
            continue
        try:
            plain, dims = strip_quantity(given)
        except ValueError as error:
            raise ValueError(f"{owner}: parameter {name}: {error}") from None
        dims = (0.0,) * 7 if dims is None else dims
        if not is_number(plain):
            raise TypeError(
                f"{owner}: parameter {name}: a model holds one number for each parameter, got {given!r}; "
                "give values that differ between neurons to Network.population(parameters=...)"
            )
        value = to_si(float(plain), (0.0,) * 7, f"{owner}: parameter {name}")
        found[name] = Parameter(value, dims, meaning)
    return MappingProxyType(found)


def replace_values(
    known: Mapping[str, Parameter], new: Mapping[str, Any], owner: str
) -> Mapping[str, Parameter]:
    """Give the parameters of ``known`` other values; each keeps its unit and meaning."""
    changed = dict(known)
    for name, given in new.items():
        if name not in known:
            raise ValueError(
                f"{owner}: no parameter {name!r}; expected one of {', '.join(known) or '(it has none)'}"
            )
        old, dims = known[name], known[name].dims
        if dims == WEIGHT:
            plain, own = strip_quantity(given)
            value = to_si(plain, (0.0,) * 7, f"{owner}: {name}")
            dims = WEIGHT if own is None else own
        else:
            value = to_si(given, dims, f"{owner}: {name}")
        if not isinstance(value, float):
            raise TypeError(f"{owner}: {name}: expected one number, got {given!r}")
        changed[name] = Parameter(value, dims, old.meaning)
    return MappingProxyType(changed)
