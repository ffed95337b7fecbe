"""From equations with units to update statements, by Brian 2.

Brian 2 parses the equations, checks every unit and, for all methods but ``exact``, writes the update of one step.
``exact`` takes from Brian 2 the linear system ``dx/dt = A x + b`` and leaves it as a matrix exponential: unlike the
closed form, that also holds where two time constants are equal, the matrix is singular or its eigenvalues are complex.

Refractoriness of ``(unless refractory)`` equations is two systems: the full one, and one in which those variables stand
still; a select on ``not_refractory`` takes the one or the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import sympy as sp

from ..language import Equation, Statement
from ..units import TIME, Dims, dims_expression, dims_text
from .expressions import Randoms, symbol, to_sympy
from .program import Assign, Propagator

__all__ = ["check_condition", "check_expression", "check_statements", "derive", "group_for", "linear_parts"]


@cache
def _brian() -> Any:
    import logging
    import sys

    hook = sys.excepthook
    import brian2

    sys.excepthook = hook  # Brian 2 puts in its own, which calls every error a bug of Brian 2
    logging.getLogger("brian2").setLevel(logging.ERROR)
    return brian2


def _rename(text: str) -> str:
    """Brian 2 keeps names that end in ``_pre`` and ``_post`` for itself; give them another form while it reads them."""
    return re.sub(r"\b([A-Za-z]\w*)_(pre|post)\b", r"at\2_\1", text)


def _rename_back(text: str) -> str:
    return re.sub(r"\b(\w*?)at(pre|post)_(\w+)\b", r"\1\3_\2", text)


@cache
def _where() -> Any:
    import numpy as np

    return _brian().Function(
        pyfunc=np.where, arg_units=[None, None, None], return_unit=lambda _c, a, _b: a, arg_names=["c", "a", "b"]
    )


def group_for(lines: Iterable[Equation], parameters: dict[str, Dims], refractory: bool) -> Any:
    """Build the Brian 2 group that knows the variables of a model."""
    b = _brian()
    text = [line.text(drop=("input", "unless refractory", "event-driven", "clock-driven")) for line in lines]
    text += [f"{name} : {dims_expression(dims)} (constant)" for name, dims in parameters.items()]
    extra = dict(threshold="False", reset="", refractory=1 * b.ms) if refractory else {}
    return b.NeuronGroup(1, _rename("\n".join(text)), namespace={}, **extra)


def _variables(group: Any, names: set[str]) -> dict[str, Any]:
    known = {n: v for n, v in group.variables.items()}
    known.update(group.resolve_all({n for n in names if n != "where"} - set(known), run_namespace={}))
    if "where" in names:
        known["where"] = _where()
    return known


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text)) - {"and", "or", "not", "True", "False"}


def check_expression(group: Any, expr: str, expected: Dims, owner: str, line: str) -> None:
    """Refuse an expression whose unit is not the expected one."""
    dims = _dims_of(group, expr, owner, line)
    if dims != tuple(expected):
        raise ValueError(
            f"{owner}: unit error in {line!r}: expected {dims_text(expected)}, the right-hand side is in {dims_text(dims)}"
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


def check_condition(group: Any, expr: str, owner: str, line: str) -> None:
    """Refuse what is not a condition."""
    from brian2.parsing.expressions import is_boolean_expression

    _dims_of(group, expr, owner, line)
    expr = _rename(expr)
    if not is_boolean_expression(expr, _variables(group, _words(expr))):
        raise ValueError(f"{owner}: {line!r}: expected a condition such as 'v > v_th'")


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
            brian_dims = b.get_or_create_dimension(*dims) if any(dims) else b.DIMENSIONLESS
            local[_rename(s.name)] = Variable(name=s.name, dimensions=get_dimensions(brian_dims))
        elif tuple(float(d) for d in target.dim._dims) != dims:
            raise ValueError(
                f"{owner}: unit error in the {what} line {line!r}: {s.name} is in "
                f"{dims_text(tuple(float(d) for d in target.dim._dims))}, the right-hand side in {dims_text(dims)}"
            )


def check_equations(group: Any, lines: Iterable[Equation], owner: str, dims: dict[str, Dims]) -> None:
    """Check the units of all right-hand sides."""
    for line in lines:
        if line.expr and "xi" not in _words(line.expr):
            expected = dims[line.name]
            if line.kind == "differential":
                expected = tuple(a - b for a, b in zip(expected, TIME, strict=True))
            check_expression(group, line.expr, expected, owner, line.text())
    try:
        group.equations.check_units(group, run_namespace={})
    except Exception as error:  # Brian 2 raises several kinds, all of them about the text of the equations
        raise ValueError(f"{owner}: {str(error).strip()}") from None


def derive(group: Any, method: str, owner: str, randoms: Randoms, known: set[str]) -> list[Assign]:
    """Let Brian 2 write the update statements of one step (all methods but ``exact``)."""
    b = _brian()
    from brian2.stateupdaters.base import StateUpdateMethod

    try:
        code = StateUpdateMethod.apply_stateupdater(group.equations, group.variables, method, group_name="model")
    except (b.stateupdaters.base.UnsupportedEquationsException, ValueError, NotImplementedError) as error:
        raise ValueError(f"{owner}: method {method!r} does not hold for these equations: {error}") from None
    out: list[Assign] = []
    names = set(known)
    for line in re.sub(r"\b__(?=\w)", "_", _rename_back(code)).splitlines():
        left, right = (part.strip() for part in line.split("=", 1))
        out.append(Assign(left, to_sympy(right, owner, names, randoms)))
        names.add(left)
    return out


def linear_parts(group: Any, owner: str, parameters: set[str]) -> tuple[list[str], list[str], list[list[sp.Expr]]]:
    """Give the linear system of the equations: variables, what is constant in a step, and the rows of [A | B].

    Raises
    ------
    ValueError
        If the equations are not linear with constant coefficients.
    """
    from brian2.stateupdaters.base import UnsupportedEquationsException
    from brian2.stateupdaters.exact import get_linear_system

    advice = "expected linear equations with constant coefficients; try method='exponential_euler' or 'rk4'"
    if group.equations.is_stochastic:
        raise ValueError(f"{owner}: method 'exact' does not hold for equations with noise (xi); use 'euler'")
    try:
        variables, matrix, rest = get_linear_system(group.equations, group.variables)
    except (UnsupportedEquationsException, ValueError, NotImplementedError) as error:
        raise ValueError(f"{owner}: method 'exact' does not hold: {error}; {advice}") from None
    constant = {symbol(p) for p in parameters}
    inputs = sorted(
        {s.name for row in range(len(variables)) for s in rest[row].free_symbols if s not in constant}
    )
    rows = []
    for row, name in enumerate(variables):
        coefficients = [_plain(matrix[row, c]) for c in range(len(variables))]
        drive = sp.expand(_plain(rest[row]))
        per_input = [drive.coeff(symbol(u)) for u in inputs]
        offset = sp.expand(drive - sum(c * symbol(u) for c, u in zip(per_input, inputs, strict=True)))
        entries = [*coefficients, *per_input, offset]
        if any(s not in constant for e in entries for s in e.free_symbols) or "t" in inputs:
            raise ValueError(f"{owner}: method 'exact' does not hold for d{name}/dt; {advice}")
        rows.append(entries)
    return [_rename_back(v) for v in variables], [_rename_back(u) for u in inputs], rows


def _plain(expr: sp.Expr) -> sp.Expr:
    return expr.xreplace({s: symbol(s.name) for s in expr.free_symbols})


def propagator(variables: list[str], inputs: list[str], rows: list[list[sp.Expr]], tag: str) -> tuple[Propagator, list[Assign]]:
    """Write x(t + dt) = P [x, u, 1] with P the matrix exponential of the extended system; zero entries are left out."""
    columns = [*variables, *inputs, "1"]
    reach = {(r, c) for r, row in enumerate(rows) for c, e in enumerate(row) if e != 0}
    reach |= {(r, r) for r in range(len(variables))}
    while more := {(a, d) for a, b in reach for c, d in reach if b == c} - reach:
        reach |= more
    names = tuple(
        tuple(f"P{tag}_{v}_{c}" if (r, k) in reach else "" for k, c in enumerate(columns))
        for r, v in enumerate(variables)
    )
    updates = []
    for r, v in enumerate(variables):
        terms = []
        for k, c in enumerate(columns):
            if names[r][k]:
                coefficient = symbol(names[r][k])
                terms.append(coefficient if c == "1" else coefficient * symbol(c))
        updates.append(Assign(v, sp.Add(*terms)))
    return Propagator(tuple(tuple(r) for r in rows), names), updates


