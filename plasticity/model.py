"""What a synapse computes and how it learns, as data: variables, ``on_pre``, ``on_post``, parameters, a source.

>>> pair = SynapseModel("w : weight", on_pre="target_post += g*w", parameters=dict(g=1.0), name="scaled")
>>> pair(g=2).parameters["g"].value
2.0
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ..language import (
    METHODS,
    Equation,
    Statement,
    check_names,
    check_temporaries,
    check_texts,
    expression_names,
    parse_equations,
    parse_statements,
)
from ..parameters import WEIGHT, Parameter, declare, parameter_table, replace_values
from ..units import Dims, dims_expression, edge_unit, is_number, parse_dims

__all__ = ["SynapseModel"]

BUILT_IN = frozenset({"t", "dt", "i", "j"})
_FIELDS = (
    "equations", "on_pre", "on_post", "parameters", "init", "bounds", "order", "method", "name", "source",
    "description",
)  # fmt: skip


class SynapseModel:
    """A synapse model as data; called with other parameter values it gives a new model.

    Parameters
    ----------
    equations : str
        Lines ``x : unit`` (a value per synapse), ``dx/dt = expr : unit (event-driven)`` (brought up to date when a
        spike arrives), ``dx/dt = expr : unit (clock-driven)`` (every step), ``X_post = expr : unit (summed)`` (each
        step the sum over a neuron's synapses is written to its variable ``X``), ``x = expr : unit``. The pseudo-unit
        ``weight`` stands for the unit of the variable that the projection targets.
    on_pre, on_post : str
        Statements executed when a presynaptic spike arrives and when a postsynaptic spike reaches the synapse.
        They may change the synapse's variables, add to variables of the postsynaptic neuron (``v_post += w``;
        ``target_post`` is the projection's target), and read variables of both neurons (``v_post``, ``x_pre``).
    parameters : dict
        As in `NeuronModel`; ``"0.5*weight"`` is a value in the weight's unit.
    init : dict
        Start values of the synaptic variables; 0 if not given. The weight ``w`` is given to the projection.
    bounds : dict
        Variable -> (lowest, highest), each a number in the variable's edge unit or a parameter's name. Start values
        outside are refused; keeping the bounds while learning is the statements' task (``w = clip(...)``).
    order : tuple
        ``("pre", "post")`` (Brian 2: spikes that arrive in one step run ``on_pre`` first) or ``("post", "pre")``.
    method : str
        Integration method of clock-driven variables; event-driven ones are always solved exactly.
    name, source, description : str
        ``source`` is kept as `reference`.

    Raises
    ------
    ValueError, TypeError
        With the model's name, the line and what was expected.
    """

    def __init__(
        self,
        equations: str = "w : weight",
        on_pre: str = "target_post += w",
        on_post: str = "",
        parameters: Mapping[str, Any] | None = None,
        init: Mapping[str, Any] | None = None,
        bounds: Mapping[str, tuple[Any, Any]] | None = None,
        order: tuple[str, str] = ("pre", "post"),
        method: str = "exact",
        name: str = "synapse",
        source: str = "",
        description: str = "",
    ) -> None:
        owner = f"synapse model {name!r}"
        check_texts(
            owner, name=name, equations=equations, on_pre=on_pre, on_post=on_post, method=method, source=source,
            description=description,
        )  # fmt: skip
        if tuple(order) not in (("pre", "post"), ("post", "pre")):
            raise ValueError(f"{owner}: order: expected ('pre', 'post') or ('post', 'pre'), got {order!r}")
        if method not in METHODS:
            raise ValueError(f"{owner}: method: expected one of {', '.join(METHODS)}, got {method!r}")
        self.equations, self.on_pre, self.on_post, self.order = equations, on_pre, on_post, tuple(order)
        self.method, self.name, self.reference, self.description = method, name, source, description
        self.owner = owner
        self.parameters: Mapping[str, Parameter] = declare(parameters or {}, owner)
        self.init: Mapping[str, Any] = MappingProxyType(dict(init or {}))
        self.bounds: Mapping[str, tuple[Any, Any]] = MappingProxyType(dict(bounds or {}))
        self.lines: tuple[Equation, ...] = parse_equations(equations, owner)
        self.pre_statements: tuple[Statement, ...] = parse_statements(on_pre, "on_pre", owner)
        self.post_statements: tuple[Statement, ...] = parse_statements(on_post, "on_post", owner)
        self._check()

    # -- what the rest of the toolkit asks ---------------------------------------------------------------------------
    @property
    def variables(self) -> tuple[str, ...]:
        """Names with a value per synapse."""
        return tuple(e.name for e in self.lines if e.kind != "subexpression")

    @property
    def summed(self) -> tuple[Equation, ...]:
        """The lines flagged ``(summed)``."""
        return tuple(e for e in self.lines if "summed" in e.flags)

    def flagged(self, flag: str) -> tuple[Equation, ...]:
        """The differential equations with this flag."""
        return tuple(e for e in self.lines if flag in e.flags)

    @property
    def uses_target(self) -> bool:
        """True if the projection must name a target variable."""
        text = f"{self.on_pre}\n{self.on_post}\n{self.equations}"
        return bool(re.search(r"\b(target_post|weight)\b", text)) or any(
            p.dims == WEIGHT for p in self.parameters.values()
        )

    def dims(self, name: str) -> Dims:
        """Dimensions of a variable or parameter of a bound model."""
        for line in self.lines:
            if line.name == name:
                return parse_dims(line.unit)
        if name in self.parameters:
            return self.parameters[name].dims
        raise ValueError(f"{self.owner}: no variable {name!r}; expected one of {', '.join(self.variables)}")

    def bind(self, target: str, dims: Dims) -> SynapseModel:
        """Give the model with ``weight`` and ``target`` replaced by a real unit and variable.

        Parameters
        ----------
        target : str
            Postsynaptic variable, '' if the model names its variables itself.
        dims : tuple
            Dimensions of that variable.
        """
        fields = self._fields()
        fields["equations"] = "\n".join(_bound(line, dims).text() for line in self.lines)
        for key in ("equations", "on_pre", "on_post"):
            fields[key] = re.sub(r"\btarget_post\b", f"{target}_post", fields[key])
        scale = edge_unit(dims)[1]
        fields["parameters"] = {
            n: p._replace(value=p.value * scale, dims=tuple(dims)) if p.dims == WEIGHT else p
            for n, p in self.parameters.items()
        }
        return SynapseModel(**fields)

    def __call__(self, **values: Any) -> SynapseModel:
        """Give a new model with other parameter values (also ``name``, ``init``, ``method``, ``order``)."""
        kwargs = self._fields()
        for key in ("name", "init", "method", "order"):
            if key in values and key not in self.parameters:
                kwargs[key] = values.pop(key)
        kwargs["parameters"] = replace_values(self.parameters, values, self.owner)
        return SynapseModel(**kwargs)

    def table(self) -> str:
        """List the parameters with unit and meaning, one a line."""
        return parameter_table(self.parameters)

    # -- a value ----------------------------------------------------------------------------------------------------
    def _fields(self) -> dict[str, Any]:
        fields = {k: self.reference if k == "source" else getattr(self, k) for k in _FIELDS}
        return {k: dict(v) if isinstance(v, Mapping) else v for k, v in fields.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SynapseModel) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash((self.equations, self.on_pre, self.on_post, self.name))

    def __reduce__(self) -> tuple:
        return _rebuild, (self._fields(),)

    def __repr__(self) -> str:
        return f"SynapseModel({self.name!r}: {', '.join(f'{n}={p}' for n, p in self.parameters.items())})"

    # -- checks -----------------------------------------------------------------------------------------------------
    def _check(self) -> None:
        owner = self.owner
        own = {e.name for e in self.lines} | set(self.parameters)
        if clash := {e.name for e in self.lines} & set(self.parameters):
            raise ValueError(f"{owner}: {clash.pop()!r} is both a parameter and a line of the equations")
        if "weight" in own:
            raise ValueError(f"{owner}: 'weight' is the pseudo-unit of the weight; call the variable 'w'")
        if "j" in own:
            raise ValueError(f"{owner}: the name 'j' is reserved: it is the number of the target neuron")
        for line in self.lines:
            if line.kind == "differential" and not {"event-driven", "clock-driven"} & set(line.flags):
                raise ValueError(f"{owner}: {line.text()!r}: say (event-driven) or (clock-driven)")
            if "unless refractory" in line.flags or "input" in line.flags:
                raise ValueError(f"{owner}: {line.text()!r}: this flag belongs to cells")
            if "summed" in line.flags and not line.name.endswith("_post"):
                raise ValueError(f"{owner}: {line.text()!r}: a summed variable is one of the target, such as g_post")
            if not re.search(r"\bweight\b", line.unit):
                try:
                    parse_dims(line.unit)
                except ValueError as error:
                    raise ValueError(f"{owner}: in {line.text()!r}: {error}") from None
            if line.expr:
                self._names(line.expr, own, line.text(), set())
        for what, statements in (("on_pre", self.pre_statements), ("on_post", self.post_statements)):
            local: set[str] = set()
            read: set[str] = set()
            for s in statements:
                text = f"{s.name} {s.op} {s.expr}"
                read |= self._names(s.expr, own, text, local)
                self._check_assignment(s, f"{owner}: {what} line '{text}'", local)
            check_temporaries(local, read, self.variables, f"{owner}: {what}")
        for name in (*self.init, *self.bounds):
            if name not in self.variables:
                raise ValueError(f"{owner}: init or bounds: {name!r} is no variable ({', '.join(self.variables)})")

        for name, limits in self.bounds.items():
            for limit in limits if isinstance(limits, tuple) and len(limits) == 2 else [None]:
                if not is_number(limit) and limit not in self.parameters:
                    raise ValueError(
                        f"{owner}: bounds[{name!r}]: expected (lowest, highest), each a number or a parameter's name, "
                        f"got {limits!r}"
                    )

    def _names(self, expr: str, own: set[str], line: str, local: set[str]) -> set[str]:
        names = expression_names(expr, self.owner, line)
        inside = {n for n in names if not n.endswith(("_pre", "_post")) or n in own}
        check_names(inside, own | BUILT_IN | local, self.owner, line)
        return names

    def _check_assignment(self, s: Statement, where: str, local: set[str]) -> None:
        if s.name in self.variables:
            return
        if s.name in self.parameters:
            raise ValueError(f"{where}: {s.name!r} is a parameter; a variable that changes is declared in equations")
        if s.name.endswith("_post"):
            if s.op not in ("+=", "-="):
                raise ValueError(f"{where}: a spike may only add to a variable of the target neuron (+= or -=)")
        elif s.name.endswith("_pre"):
            raise ValueError(f"{where}: a synapse cannot change a variable of its presynaptic neuron")
        elif s.op != "=" and s.name not in local:
            raise ValueError(f"{where}: {s.name!r} is no variable of the synapse ({', '.join(self.variables)})")
        else:
            local.add(s.name)


def _bound(line: Equation, dims: Dims) -> Equation:
    unit = re.sub(r"\bweight\b", f"({dims_expression(dims)})", line.unit)
    return line if unit == line.unit else replace(line, unit=dims_expression(parse_dims(unit)))


def _rebuild(fields: dict[str, Any]) -> SynapseModel:
    return SynapseModel(**fields)
