"""What a cell computes, as data: equations with units, a threshold, a reset, parameters, a source.

>>> cell = NeuronModel("dv/dt = -v/tau : volt", threshold="v > v_th", reset="v = 0*volt",
...                    parameters=dict(tau="20*ms", v_th="15*mV"), name="leaky")
>>> cell(tau=10).parameters["tau"].value, cell.parameters["tau"].value
(0.01, 0.02)
"""

from __future__ import annotations

from collections.abc import Mapping
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
    parse_expression,
    parse_statements,
)
from ..parameters import Parameter, declare, parameter_table, replace_values
from ..units import TIME, Dims, parse_dims, to_si

__all__ = ["METHODS", "NeuronModel"]

BUILT_IN = frozenset({"t", "dt", "i", "not_refractory", "lastspike"})
_FIELDS = (
    "equations", "threshold", "reset", "refractory", "method", "parameters", "init", "update", "name", "source",
    "description",
)  # fmt: skip


class NeuronModel:
    """A cell model as data; called with other parameter values it gives a new model.

    Parameters
    ----------
    equations : str
        Brian 2 equations: ``dx/dt = expr : unit (unless refractory)``, ``x = expr : unit``, ``x : unit``. A line
        ``x : unit (input)`` declares an input variable: in each step it holds the sum of the synaptic weights that
        arrive and of the currents injected in this very step, before the state update.
    threshold : str
        Spike condition, such as ``"v > v_th"``; '' if the cell never spikes.
    reset : str
        Statements executed at a spike, each of which sees what the ones above changed; names that are no state
        variable are temporary. A threshold needs one: write ``reset="pass"`` if nothing is to change.
    refractory : str or float
        A duration (number in ms, ``"5*ms"``, or an expression of parameters and ``dt``), or a condition such as
        ``"v > 0*mV"`` while which the cell stays refractory. Counting is Brian 2's: a cell that spikes in step n is
        free again in step n + duration/dt.
    method : str
        ``exact`` (linear equations: propagator matrix) or Brian 2's ``exponential_euler``, ``euler``, ``rk2``,
        ``rk4``, ``heun``, ``milstein``.
    parameters : dict
        Name -> ``"20*ms"``, ``("20*ms", "meaning")`` or a Brian 2 quantity. Constant in a run; each neuron may have
        its own value (``Network.population(parameters=...)``).
    init : dict
        State variable -> start value or expression of parameters, ``rand()``, ``randn()`` and ``i``; 0 if not given.
    update : str
        A direct update rule per step in place of ``dx/dt`` equations, for cells that are defined that way.
        Statements see the values that the ones above left; names that are no state variable are temporary.
    name, source, description : str
        For messages, documentation and result files; ``source`` (authors, year, equation) is kept as `reference`.

    Raises
    ------
    ValueError, TypeError
        With the model's name, the line and what was expected. Units are checked when the model is first used.
    """

    def __init__(
        self,
        equations: str = "",
        threshold: str = "",
        reset: str = "",
        refractory: Any = "",
        method: str = "exact",
        parameters: Mapping[str, Any] | None = None,
        init: Mapping[str, Any] | None = None,
        update: str = "",
        name: str = "cell",
        source: str = "",
        description: str = "",
    ) -> None:
        owner = f"model {name!r}"
        check_texts(
            owner, name=name, equations=equations, threshold=threshold, reset=reset, update=update, source=source,
            description=description,
        )  # fmt: skip
        if method not in METHODS:
            raise ValueError(f"{owner}: method: expected one of {', '.join(METHODS)}, got {method!r}")
        self.equations, self.threshold, self.reset, self.update = equations, threshold.strip(), reset, update
        self.method, self.name, self.reference, self.description = method, name, source, description
        self.owner = owner
        self.parameters: Mapping[str, Parameter] = declare(parameters or {}, owner)
        self.init: Mapping[str, Any] = MappingProxyType(dict(init or {}))
        self.lines: tuple[Equation, ...] = parse_equations(equations, owner)
        self.refractory = _refractory_text(refractory, owner)
        self._dims: dict[str, Dims] = {n: p.dims for n, p in self.parameters.items()}
        for line in self.lines:
            if line.name in self.parameters:
                raise ValueError(f"{owner}: {line.name!r} is both a parameter and a line of the equations")
            self._dims[line.name] = line_dims(line, owner)
        self.reset_statements: tuple[Statement, ...] = parse_statements(
            "" if reset.strip() == "pass" else reset, "reset", owner
        )
        self.update_statements: tuple[Statement, ...] = parse_statements(update, "update", owner)
        self._check()

    # -- what the rest of the toolkit asks ---------------------------------------------------------------------------
    @property
    def states(self) -> tuple[str, ...]:
        """Variables with a value of their own in each neuron, inputs excluded."""
        return tuple(e.name for e in self.lines if e.kind != "subexpression" and "input" not in e.flags)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Variables flagged ``(input)``."""
        return tuple(e.name for e in self.lines if "input" in e.flags)

    @property
    def subexpressions(self) -> tuple[str, ...]:
        """Variables that are short names for an expression."""
        return tuple(e.name for e in self.lines if e.kind == "subexpression")

    def dims(self, name: str) -> Dims:
        """Dimensions of a variable or parameter; a ValueError lists what there is."""
        if name not in self._dims:
            raise ValueError(f"{self.owner}: no variable {name!r}; expected one of {', '.join(self._dims)}")
        return self._dims[name]

    def __call__(self, **values: Any) -> NeuronModel:
        """Give a new model with other parameter values; a plain number is in the parameter's edge unit.

        ``name``, ``method``, ``refractory`` and ``init`` can be replaced the same way: ``LIF(tau_m=10, name="fast")``.
        """
        kwargs = self._fields()
        for key in ("name", "method", "refractory", "init"):
            if key in values and key not in self.parameters:
                kwargs[key] = values.pop(key)
        kwargs["parameters"] = replace_values(self.parameters, values, self.owner)
        return NeuronModel(**kwargs)

    def check(self) -> NeuronModel:
        """Check all units and the integration method now (it is done anyway when the model is first used)."""
        from ..kernels import neuron_program  # a model reaches outward only to show what is made of it

        neuron_program(self)
        return self

    def source(self, target: str = "numba") -> str:
        """Show the code generated from the equations: ``"numba"`` or ``"reference"`` (NumPy)."""
        from ..kernels import neuron_source

        return neuron_source(self, target)

    def table(self) -> str:
        """List the parameters with unit and meaning, one a line."""
        return parameter_table(self.parameters)

    # -- a value ----------------------------------------------------------------------------------------------------
    def _fields(self) -> dict[str, Any]:
        fields = {k: self.reference if k == "source" else getattr(self, k) for k in _FIELDS}
        return {k: dict(v) if isinstance(v, Mapping) else v for k, v in fields.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NeuronModel) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash((self.equations, self.threshold, self.reset, self.update, self.name))

    def __reduce__(self) -> tuple:
        return _rebuild, (self._fields(),)

    def __repr__(self) -> str:
        return f"NeuronModel({self.name!r}: {', '.join(f'{n}={p}' for n, p in self.parameters.items())})"

    # -- checks -----------------------------------------------------------------------------------------------------
    def _check(self) -> None:
        owner, known = self.owner, set(self._dims) | BUILT_IN
        for line in self.lines:
            for flag in ("event-driven", "clock-driven", "summed"):
                if flag in line.flags:
                    raise ValueError(f"{owner}: {line.text()!r}: ({flag}) belongs to synapses, not to cells")
            if "unless refractory" in line.flags and not self.refractory:
                raise ValueError(f"{owner}: {line.text()!r} asks for a refractory period, but none is given")
            if line.expr:
                names = expression_names(line.expr, owner, line.text())
                noise = {n for n in names if line.kind == "differential" and (n == "xi" or n.startswith("xi_"))}
                check_names(names, known | noise, owner, line.text())
        if self.update_statements and any(e.kind == "differential" for e in self.lines):
            raise ValueError(f"{owner}: give dx/dt equations or an update rule, not both")
        for what, statements in (("update", self.update_statements), ("reset", self.reset_statements)):
            local: set[str] = set()
            read: set[str] = set()
            for s in statements:
                text = f"{s.name} {s.op} {s.expr}"
                names = expression_names(s.expr, owner, text)
                check_names(names, known | local, owner, text)
                self._check_assignment(s, what, local)
                read |= names
            check_temporaries(local, read, self.states, f"{owner}: {what}")
        if self.threshold:
            text = f"threshold = {self.threshold}"
            check_names(expression_names(self.threshold, owner, text), known, owner, text)
            if not self.reset.strip():
                raise ValueError(
                    f"{owner}: the threshold {self.threshold!r} needs a reset; write reset='pass' if a spike is to "
                    "change nothing"
                )
        elif self.reset.strip() or self.refractory:
            raise ValueError(f"{owner}: reset and refractory need a threshold, such as threshold='v > v_th'")
        if self.refractory:
            text = f"refractory = {self.refractory}"
            check_names(expression_names(self.refractory, owner, text), known, owner, text)
        for name, value in self.init.items():
            if name not in self.states:
                raise ValueError(f"{owner}: init: {name!r} is no state variable ({', '.join(self.states)})")
            if isinstance(value, str):
                text = f"init {name} = {value}"
                check_names(expression_names(value, owner, text), known, owner, text)

    def _check_assignment(self, s: Statement, what: str, local: set[str]) -> None:
        where = f"{self.owner}: {what} line '{s.name} {s.op} {s.expr}'"
        if s.name in self.parameters:
            raise ValueError(f"{where}: {s.name!r} is a parameter; a variable that changes is declared in equations")
        if s.name in self.states:
            if "constant" in next(e for e in self.lines if e.name == s.name).flags:
                raise ValueError(f"{where}: {s.name!r} is declared constant")
        elif s.name in self._dims:
            raise ValueError(f"{where}: {s.name!r} is an input or a subexpression and cannot be assigned")
        elif s.op != "=" and s.name not in local:
            raise ValueError(f"{where}: {s.name!r} is no state variable ({', '.join(self.states)})")
        else:
            local.add(s.name)


def line_dims(line: Equation, owner: str) -> Dims:
    """Dimensions of the unit behind the colon of an equation line."""
    try:
        return parse_dims(line.unit)
    except ValueError as error:
        raise ValueError(f"{owner}: in {line.text()!r}: {error}") from None


def _refractory_text(refractory: Any, owner: str) -> str:
    if refractory is None or refractory is False:
        return ""
    if isinstance(refractory, str):
        if refractory.strip():
            parse_expression(refractory, owner, f"refractory = {refractory}")
        return refractory.strip()
    value = to_si(refractory, TIME, f"{owner}: refractory")
    if not isinstance(value, float) or not 0 <= value < float("inf"):
        raise ValueError(f"{owner}: refractory: expected a time >= 0, got {refractory!r}")
    return f"{value!r}*second"


def _rebuild(fields: dict[str, Any]) -> NeuronModel:
    return NeuronModel(**fields)
