"""Expressions of a model read as polynomials of its variables, with numbers as coefficients.

An exporter asks what an equation computes, not how it is written: ``(v_rest - v + R*I)/tau_m`` and
``(E_L - v)/tau + I/C`` are the same cell once the parameters are known. Everything that does not depend on a variable
is evaluated at once (SI); what is left is a sum of coefficients times products of variables.

>>> p = polynomial("(v_rest - v)/tau + 2*v*g", {"v_rest": constant(-0.06), "tau": constant(0.02)}, {"v", "g"})
>>> {" ".join(k): float(round(c, 9)) for k, c in sorted(p.items())}
{'': -3.0, 'g v': 2.0, 'v': -50.0}
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from ..language import Statement, parse_expression
from ..units import is_unit, parse_quantity

__all__ = ["PolynomialError", "Polynomial", "after", "constant", "is_constant", "polynomial", "same"]

#: Sorted names of the variables in a product -> coefficient, a number or one for each neuron.
Polynomial = dict[tuple[str, ...], Any]

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{n: getattr(np, n) for n in ("exp", "log", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{n: getattr(np, n) for n in ("arcsin", "arccos", "arctan", "abs", "sign", "floor", "ceil", "clip", "where")},
    "int": np.trunc,
    "exprel": lambda x: np.where(np.asarray(x) == 0, 1.0, np.expm1(x) / np.where(np.asarray(x) == 0, 1.0, x)),
}
_COMPARE: dict[type[ast.cmpop], Callable[..., Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
_LARGEST_DEGREE = 4


class PolynomialError(ValueError):
    """The expression is no polynomial of the variables, or uses a name that has no value here."""


def constant(value: Any) -> Polynomial:
    """Give the polynomial without variables; of a truth value too (1 or 0)."""
    value = value * 1.0
    return {(): value} if np.any(value) else {}


def is_constant(p: Polynomial) -> bool:
    """True if no variable is left."""
    return not any(p)


def same(a: Polynomial, b: Polynomial) -> bool:
    """True if two polynomials have the same coefficients."""
    return set(a) == set(b) and all(np.all(np.equal(a[k], b[k])) for k in a)


def polynomial(text: str, names: Mapping[str, Polynomial], variables: Collection[str]) -> Polynomial:
    """Expand an expression.

    Parameters
    ----------
    text : str
        In the equation language.
    names : mapping
        What is known by a name: parameters, ``dt``, ``not_refractory``, expressions found before.
    variables : collection of str
        Names that stay.

    Returns
    -------
    dict
        Without products whose coefficient is 0.

    Raises
    ------
    PolynomialError
        Saying which part it is.
    """

    def value(node: ast.expr, why: str) -> Any:
        p = run(node)
        if not is_constant(p):
            raise PolynomialError(
                f"{ast.unparse(node)!r} depends on {', '.join(sorted({n for k in p for n in k}))} {why}"
            )
        return p.get((), 0.0)

    def run(node: ast.expr) -> Polynomial:
        match node:
            case ast.Constant():
                return constant(node.value)
            case ast.Name(id=name):
                if name in names:
                    return names[name]
                if name in variables:
                    return {(name,): 1.0}
                if is_unit(name):
                    return constant(parse_quantity(name)[0])
                raise PolynomialError(f"{name!r} has no fixed value")
            case ast.UnaryOp(op=ast.USub()):
                return _times(constant(-1.0), run(node.operand))
            case ast.UnaryOp(op=ast.UAdd()):
                return run(node.operand)
            case ast.UnaryOp(op=ast.Not()):
                return constant(np.logical_not(value(node.operand, "behind 'not'")))
            case ast.BinOp(op=ast.Add()):
                return _plus(run(node.left), run(node.right))
            case ast.BinOp(op=ast.Sub()):
                return _plus(run(node.left), _times(constant(-1.0), run(node.right)))
            case ast.BinOp(op=ast.Mult()):
                return _times(run(node.left), run(node.right))
            case ast.BinOp(op=ast.Div()):
                divisor = value(node.right, "in a divisor")
                if not np.all(divisor):
                    raise PolynomialError(f"{ast.unparse(node)!r} divides by 0")
                return _times(run(node.left), constant(1.0 / divisor), exact=divisor)
            case ast.BinOp(op=ast.Pow()):
                return _power(run(node.left), value(node.right, "in an exponent"), node)
            case ast.BinOp(op=ast.Mod() | ast.FloorDiv()):
                function = np.mod if isinstance(node.op, ast.Mod) else np.floor_divide
                return constant(function(value(node.left, "left of %"), value(node.right, "right of %")))
            case ast.Compare():
                sides = value(node.left, "in a comparison"), value(node.comparators[0], "in a comparison")
                return constant(_COMPARE[type(node.ops[0])](*sides))
            case ast.BoolOp():
                join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
                found = [value(v, "in a condition") for v in node.values]
                return constant(join.reduce(np.broadcast_arrays(*found)) if len(found) > 1 else found[0])
            case ast.Call(func=ast.Name(id="where")):
                condition = value(node.args[0], "as the condition of where()")
                if np.ndim(condition) == 0:
                    return run(node.args[1] if condition else node.args[2])
                kept = constant(np.asarray(condition, dtype=bool)), constant(~np.asarray(condition, dtype=bool))
                return _plus(_times(kept[0], run(node.args[1])), _times(kept[1], run(node.args[2])))
            case ast.Call(func=ast.Name(id=name)) if name in _FUNCTIONS:
                return constant(_FUNCTIONS[name](*(value(a, f"inside {name}()") for a in node.args)))
        raise PolynomialError(f"{ast.unparse(node)!r} has no fixed value")

    with np.errstate(all="ignore"):
        result = run(parse_expression(text, "export"))
    if not all(np.all(np.isfinite(c)) for c in result.values()):
        raise PolynomialError(f"{text!r} is not finite")
    return result


def after(
    statements: tuple[Statement, ...], names: Mapping[str, Polynomial], variables: Collection[str]
) -> dict[str, Polynomial]:
    """Execute assignments one after the other; give the variables (and temporaries) that they change.

    Parameters
    ----------
    statements : tuple of Statement
    names, variables
        As for `polynomial`; a statement sees what the ones above left.

    Returns
    -------
    dict
        Name -> polynomial of the variables' values before the first statement.
    """
    known, changed = dict(names), {}
    for s in statements:
        text = s.expr if s.op == "=" else f"{s.name} {s.op[:-1]} ({s.expr})"
        known[s.name] = changed[s.name] = polynomial(text, known, variables)
    return changed


def _plus(a: Polynomial, b: Polynomial) -> Polynomial:
    total = dict(a)
    for key, c in b.items():
        total[key] = total.get(key, 0.0) + c
    return {k: c for k, c in total.items() if np.any(c)}


def _times(a: Polynomial, b: Polynomial, exact: Any = None) -> Polynomial:
    if exact is not None:  # dividing once is nearer to what was meant than multiplying by a rounded inverse
        return {k: c / exact for k, c in a.items()}
    total: Polynomial = {}
    for ka, ca in a.items():
        for kb, cb in b.items():
            key = tuple(sorted(ka + kb))
            if len(key) > _LARGEST_DEGREE:
                raise PolynomialError(f"{'*'.join(key)} has more than {_LARGEST_DEGREE} factors")
            total[key] = total.get(key, 0.0) + ca * cb
    return {k: c for k, c in total.items() if np.any(c)}


def _power(base: Polynomial, exponent: Any, node: ast.expr) -> Polynomial:
    if is_constant(base):
        return constant(np.asarray(base.get((), 0.0), dtype=float) ** exponent)
    if np.ndim(exponent) or not (0 <= exponent <= _LARGEST_DEGREE and math.floor(exponent) == exponent):
        raise PolynomialError(f"{ast.unparse(node)!r} is no polynomial")
    total = constant(1.0)
    for _ in range(int(exponent)):
        total = _times(total, base)
    return total
