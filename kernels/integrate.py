"""From equations with units to update statements, by Brian 2.

Brian 2 parses the equations, checks every unit and, for all methods but ``exact``, writes the update of one step.
``exact`` takes from Brian 2 the linear system ``dx/dt = A x + b``. For cells it stays a matrix exponential, which
unlike Brian 2's closed form also holds where two time constants are equal, the matrix is singular or its eigenvalues
are complex; for synapses it becomes a closed form with the same property, of the few systems that occur there.

Refractoriness of ``(unless refractory)`` equations is two systems: the full one, and one in which those variables stand
still; a select on ``not_refractory`` takes the one or the other.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import sympy as sp

from ..language import Equation, Statement
from ..units import ABBREVIATIONS, TIME, Dims, dims_expression, dims_text, parse_dims, parse_quantity
from .expressions import EXPREL, Randoms, symbol, to_sympy
from .program import Assign, Propagator, names_in

__all__ = [
    "check_equations",
    "check_expression",
    "check_statements",
    "closed_form",
    "derive",
    "group_for",
    "linear_parts",
    "propagator",
]


@cache
def _brian() -> Any:
    import logging
    import sys
    import warnings

    loaded, hook, show = "brian2" in sys.modules, sys.excepthook, warnings.showwarning
    import brian2

    if not loaded:  # the user did not ask for Brian 2: take back what it changes for all of the program
        sys.excepthook = hook  # its own calls every error a bug of Brian 2
        if warnings.showwarning is not show:
            logging.captureWarnings(False)
        logging.getLogger("brian2").setLevel(logging.ERROR)
    return brian2


def _rename(text: str) -> str:
    """Brian 2 keeps names that end in ``_pre`` and ``_post`` for itself; give them another form while it reads them."""
    return re.sub(r"\b([A-Za-z]\w*_(?:pre|post))\b", r"\1_at", text)


def _rename_back(text: str) -> str:
    return re.sub(r"(_(?:pre|post))_at\b", r"\1", text)


@cache
def _where() -> Any:
    import numpy as np

    return _brian().Function(
        pyfunc=np.where, arg_units=[None, None, "a"], return_unit=lambda _c, a, _b: a, arg_names=["c", "a", "b"]
    )


@cache
def _namespace() -> dict[str, Any]:
    """Give what our equations know and Brian 2's do not: ``where``, and abbreviations such as uV and kOhm."""
    from brian2.core.namespace import DEFAULT_UNITS

    b, ours = _brian(), {n: parse_quantity(n) for n in ABBREVIATIONS if n not in DEFAULT_UNITS}
    units = {n: b.Quantity(value, dim=b.get_or_create_dimension(dims)) for n, (value, dims) in ours.items()}
    return {"where": _where(), **units}


def group_for(lines: Iterable[Equation], parameters: dict[str, Dims], refractory: bool, owner: str) -> Any:
    """Build the Brian 2 group that knows the variables of a model; units are written in one form that Brian 2 reads."""
    b = _brian()
    text = []
    for line in lines:
        unit = line.unit if line.unit in ("boolean", "integer") else dims_expression(parse_dims(line.unit))
        line = replace(line, name=_rename(line.name), expr=_rename(line.expr), unit=unit)
        text.append(line.text(drop=("input", "unless refractory", "event-driven", "clock-driven")))
    text += [f"{_rename(name)} : {dims_expression(dims)} (constant)" for name, dims in parameters.items()]
    extra = dict(threshold="False", reset="", refractory=1 * b.ms) if refractory else {}
    try:
        group = b.NeuronGroup(1, "\n".join(text), namespace=_namespace(), **extra)
        group._network = False  # only looked at; else Brian 2 warns that it was never run
        return group
    except (b.equations.equations.EquationError, SyntaxError, TypeError, ValueError) as error:
        raise ValueError(f"{owner}: {error}") from None


def _variables(group: Any, names: set[str]) -> dict[str, Any]:
    known = {n: v for n, v in group.variables.items()}
    known.update(group.resolve_all({n for n in names if n != "where"} - set(known), run_namespace={}))
    if "where" in names:
        known["where"] = _where()
    return known


def _words(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text.strip(), mode="eval")) if isinstance(node, ast.Name)}


def check_expression(group: Any, expr: str, expected: Dims, owner: str, line: str) -> None:
    """Refuse an expression whose unit is not the expected one."""
    dims = _dims_of(group, expr, owner, line)
    if dims != tuple(expected):
        raise ValueError(
            f"{owner}: unit error in {line!r}: expected {dims_text(expected)}, "
            f"the right-hand side is in {dims_text(dims)}"
        )


def _dims_of(group: Any, expr: str, owner: str, line: str, local: dict[str, Any] | None = None) -> Dims:
    from brian2.parsing.expressions import parse_expression_dimensions

    b = _brian()
    expr = _rename(expr)
    try:
        variables = {**_variables(group, _words(expr) - set(local or {})), **(local or {})}
        found = parse_expression_dimensions(expr, variables)
    except (b.DimensionMismatchError, SyntaxError, KeyError, TypeError, ValueError, NotImplementedError) as error:
        raise ValueError(f"{owner}: unit error in {line!r}: {str(error).strip()}") from None
    return tuple(float(d) for d in found._dims)


def check_statements(group: Any, statements: Iterable[Statement], owner: str, what: str) -> None:
    """Check the units of assignments; temporaries take the unit of their first value."""
    b = _brian()
    from brian2.core.variables import Variable
    from brian2.units.fundamentalunits import get_dimensions

    local: dict[str, Any] = {}
    for s in statements:
        line = f"{s.name} {s.op} {s.expr}"
        expr = s.expr if s.op == "=" else f"{s.name} {s.op[:-1]} ({s.expr})"
        dims = _dims_of(group, expr, f"{owner}: {what}", line, local)
        target = group.variables.get(_rename(s.name)) or local.get(_rename(s.name))
        if target is None:
            brian_dims = b.get_or_create_dimension(dims)
            local[_rename(s.name)] = Variable(name=s.name, dimensions=get_dimensions(brian_dims))
        elif tuple(float(d) for d in target.dim._dims) != dims:
            raise ValueError(
                f"{owner}: unit error in the {what} line {line!r}: {s.name} is in "
                f"{dims_text(tuple(float(d) for d in target.dim._dims))}, the right-hand side in {dims_text(dims)}"
            )


def check_equations(group: Any, lines: Iterable[Equation], owner: str, dims: dict[str, Dims]) -> None:
    """Check the units of all right-hand sides."""
    for line in lines:
        if line.expr and not any(n == "xi" or n.startswith("xi_") for n in _words(line.expr)):
            expected = dims[line.name]
            if line.kind == "differential":
                expected = tuple(a - b for a, b in zip(expected, TIME, strict=True))
            check_expression(group, line.expr, expected, owner, line.text())
    try:
        group.equations.check_units(group, run_namespace={})
    except Exception as error:  # Brian 2 raises several kinds, all of them about the text of the equations
        raise ValueError(f"{owner}: {str(error).strip()}") from None


def derive(
    group: Any, method: str, owner: str, known: set[str], meaning: Mapping[str, sp.Basic],
    randoms: Randoms | None = None,
) -> list[Assign]:  # fmt: skip
    """Let Brian 2 write the update statements of one step, by any method but ``exact``."""
    b = _brian()
    from brian2.stateupdaters.base import StateUpdateMethod

    try:
        code = StateUpdateMethod.apply_stateupdater(group.equations, group.variables, method, group_name="model")
    except (b.stateupdaters.base.UnsupportedEquationsException, ValueError, NotImplementedError) as error:
        advice = "; for noise use 'euler', or 'milstein' where it is multiplied by a variable"
        noise = advice if group.equations.is_stochastic else ""
        raise ValueError(f"{owner}: method {method!r} does not hold for these equations: {error}{noise}") from None
    out: list[Assign] = []
    names = set(known)
    for line in re.sub(r"\b__(?=\w)", "_", _rename_back(code)).splitlines():
        left, right = (part.strip() for part in line.split("=", 1))
        # a step of several stages puts the equations into each other; it is never written out
        out.append(Assign(left, to_sympy(right, owner, names, randoms, meaning, terms=10**9)))
        names.add(left)
    return out


def linear_parts(
    group: Any, owner: str, constant: set[str], moving: set[str], known: set[str], meaning: Mapping[str, sp.Basic],
    advice: str = "",
) -> tuple[list[str], list[sp.Expr], list[list[sp.Expr]]]:  # fmt: skip
    """Give the linear system of the equations: variables, what is constant in a step, and the rows of [A | B].

    What is constant in a step (inputs, variables without an equation, functions of them) is a column of B each; the
    last column is for 1.

    Parameters
    ----------
    constant : set of str
        Names that a coefficient may hold.
    moving : set of str
        Names that change within a step, which only ``A x`` can describe.

    Raises
    ------
    ValueError
        If the equations are not linear with constant coefficients.
    """
    from brian2.parsing.sympytools import sympy_to_str
    from brian2.stateupdaters.base import UnsupportedEquationsException
    from brian2.stateupdaters.exact import get_linear_system

    fails = f"{owner}: method 'exact' does not hold"
    advice = advice or "expected linear equations with constant coefficients; try method='exponential_euler' or 'rk4'"
    if group.equations.is_stochastic:
        raise ValueError(f"{fails} for equations with noise (xi); use 'euler'")
    try:
        names, matrix, rest = get_linear_system(group.equations, group.variables)
    except (UnsupportedEquationsException, ValueError, NotImplementedError) as error:
        raise ValueError(f"{fails}: {error}; {advice}") from None

    def ours(e: sp.Basic) -> sp.Expr:
        return to_sympy(_rename_back(sympy_to_str(e)), owner, known, meaning=meaning)

    variables = [_rename_back(name) for name in names]
    coefficients, drives = [], []
    for row, name in enumerate(variables):
        coefficients.append([ours(matrix[row, c]) for c in range(len(variables))])
        if changing := sorted(names_in(*coefficients[row]) - constant):
            hint = "; write (unless refractory)" if changing[0] == "not_refractory" else ""
            raise ValueError(
                f"{fails} for d{name}/dt: a coefficient holds {changing[0]!r}, which is no parameter (each neuron may "
                f"have its own value of a parameter){hint}; {advice}"
            )
        drive = sp.expand(ours(rest[row]))
        varying = [s for s in drive.free_symbols if s.name not in constant]
        parts: dict[sp.Expr, sp.Expr] = {}
        for term in sp.Add.make_args(drive):
            factor, column = term.as_independent(*varying, as_Add=False)
            parts[column] = parts.get(column, sp.Integer(0)) + factor
        drives.append(parts)
        if changing := sorted(names_in(*parts) & (moving | set(variables))):
            raise ValueError(f"{fails} for d{name}/dt, which depends on {changing[0]!r}; {advice}")
    columns = sorted({c for parts in drives for c in parts} - {sp.Integer(1)}, key=str)
    rows = [
        [*coefficients[row], *(parts.get(c, sp.Integer(0)) for c in (*columns, sp.Integer(1)))]
        for row, parts in enumerate(drives)
    ]
    return variables, columns, rows


def closed_form(
    variables: list[str], inputs: list[sp.Expr], rows: list[list[sp.Expr]], step: sp.Symbol, owner: str
) -> list[Assign]:
    """Write the exact step of equations that follow, at most, one that decays by itself.

    With rates a and b, the answer of dx/dt = a x + c y to dy/dt = b y is c y (exp(a t) - exp(b t))/(a - b), written so
    that it holds for a = b as well.
    """
    n, out = len(variables), []
    for r, (name, row) in enumerate(zip(variables, rows, strict=True)):
        a = row[r]
        drive = sp.Add(*(e * u for e, u in zip(row[n:], [*inputs, sp.Integer(1)], strict=True)))
        value = symbol(name) * sp.exp(a * step) + drive * step * _exprel(a * step)
        for c, b in ((c, rows[c][c]) for c in range(n) if c != r and row[c] != 0):
            if any(e != 0 for k, e in enumerate(rows[c]) if k != c):
                raise ValueError(
                    f"{owner}: method 'exact' does not hold for d{name}/dt: it follows {variables[c]!r}, which "
                    "does not decay by itself; make them (clock-driven) with method='rk4'"
                )
            apart = sp.Abs(a - b)
            slower = sp.exp((a + b + apart) / 2 * step)
            value += row[c] * symbol(variables[c]) * step * slower * _exprel(-apart * step)
        out.append(Assign(f"_new_{name}", value))
    return out


def _exprel(z: sp.Expr) -> sp.Expr:
    return EXPREL(z) if z != 0 else sp.Integer(1)


def propagator(
    variables: list[str], inputs: list[sp.Expr], rows: list[list[sp.Expr]], tag: str
) -> tuple[Propagator, list[Assign]]:
    """Write x(t + dt) = P [x, u, 1] with P the matrix exponential of the extended system; zero entries are left out."""
    columns = [*map(symbol, variables), *inputs, sp.Integer(1)]
    reach = {(r, c) for r, row in enumerate(rows) for c, e in enumerate(row) if e != 0}
    reach |= {(r, r) for r in range(len(variables))}
    while more := {(a, d) for a, b in reach for c, d in reach if b == c} - reach:
        reach |= more
    taken: set[str] = set()
    names, updates = [], []
    for r, v in enumerate(variables):
        row, terms = [], []
        for k, c in enumerate(columns):
            label = c.name if c.is_Symbol else "1" if c == 1 else f"input{k}"
            name = f"_P{tag}_{v}_{label}" if (r, k) in reach else ""
            while name in taken:
                name += "_"
            row.append(name)
            if name:
                taken.add(name)
                terms.append(symbol(name) * c)
        names.append(tuple(row))
        updates.append(Assign(v, sp.Add(*terms)))
    return Propagator(tuple(tuple(r) for r in rows), tuple(names)), updates
