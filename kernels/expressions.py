"""Expressions of the equation language as SymPy expressions.

Every symbol is real. A unit name becomes its SI factor, a random call becomes a fresh symbol (two calls of ``rand()``
are two numbers, which an algebra system would otherwise merge), ``where`` and ``int(condition)`` become `Piecewise`.
Conditions and numbers are kept apart: a condition in arithmetic counts 1 or 0, a number where a condition is needed is
an error.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Mapping

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p
from sympy.logic.boolalg import Boolean

from ..language import MAX_TERMS, parse_expression
from ..units import parse_quantity

__all__ = ["CLIP", "EXPREL", "MOD", "TRUNC", "Randoms", "as_number", "is_condition", "symbol", "to_sympy"]

CLIP, EXPREL, TRUNC, MOD = (sp.Function(name, real=True) for name in ("clip", "exprel", "trunc", "mod"))

_CALLS: dict[str, Callable[..., sp.Expr]] = {
    "exp": sp.exp, "log": sp.log, "sqrt": sp.sqrt, "log10": lambda x: sp.log(x) / sp.log(10),
    "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh,
    "arcsin": sp.asin, "arccos": sp.acos, "arctan": sp.atan, "abs": sp.Abs, "sign": sp.sign,
    "floor": sp.floor, "ceil": sp.ceiling, "clip": CLIP, "exprel": EXPREL, "expm1": expm1, "log1p": log1p,
    "timestep": lambda time, dt: TRUNC((time + sp.Float(1e-3) * dt) / dt),
}  # fmt: skip
_BINARY = {
    ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b, ast.Pow: lambda a, b: a**b, ast.Mod: MOD,
    ast.FloorDiv: lambda a, b: sp.floor(a / b),
}  # fmt: skip
_COMPARE = {ast.Lt: sp.Lt, ast.LtE: sp.Le, ast.Gt: sp.Gt, ast.GtE: sp.Ge, ast.Eq: sp.Eq, ast.NotEq: sp.Ne}


def symbol(name: str) -> sp.Symbol:
    """Give the real symbol of this name."""
    return sp.Symbol(name, real=True)


def is_condition(e: sp.Basic) -> bool:
    """True for what is true or false; a symbol is a number, except ``not_refractory``."""
    return isinstance(e, Boolean) and (not e.is_Symbol or e.name == "not_refractory")


def as_number(e: sp.Basic) -> sp.Expr:
    """Count a condition as 1 or 0."""
    return sp.Piecewise((1, e), (0, True)) if is_condition(e) else e


class Randoms:
    """Collects the random draws of a piece of code: symbol name -> kind (``rand`` or ``randn``)."""

    LIMIT = 32  # streams that the code of one event has (see `random`)

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}

    def draw(self, kind: str, owner: str) -> sp.Symbol:
        """Give the symbol of one more draw."""
        if len(self.kinds) == self.LIMIT:
            raise ValueError(f"{owner}: more than {self.LIMIT} random numbers in one step of one neuron or synapse")
        name = f"_{kind}{len(self.kinds)}"
        self.kinds[name] = kind
        return symbol(name)


def to_sympy(
    text: str, owner: str, known: Container[str], randoms: Randoms | None = None,
    meaning: Mapping[str, sp.Basic] | None = None, terms: int = MAX_TERMS,
) -> sp.Basic:  # fmt: skip
    """Translate an expression.

    Parameters
    ----------
    text : str
    owner : str
        The model's name, for messages.
    known : container of str
        Names that become symbols; others must be units.
    randoms : Randoms, optional
        Takes the random draws; without it they are refused.
    meaning : mapping, optional
        Names that stand for something else: named subexpressions, and boolean variables as conditions.
    terms : int
        How many terms there may be if it were written out.

    Raises
    ------
    ValueError
        For anything outside the equation language, and numbers that are not real.
    """
    meaning = meaning or {}

    def number(node: ast.AST) -> sp.Expr:
        return as_number(convert(node))

    def condition(node: ast.AST) -> sp.Basic:
        value = convert(node)
        if not is_condition(value):
            got = ast.unparse(node)
            raise ValueError(f"{owner}: in {text!r}: expected a condition such as 'v > v_th', got {got!r}")
        return value

    def convert(node: ast.AST) -> sp.Basic:
        match node:
            case ast.Constant(value=bool()):
                return sp.true if node.value else sp.false
            case ast.Constant():
                return sp.Integer(node.value) if isinstance(node.value, int) else sp.Float(node.value)
            case ast.Name():
                if node.id in meaning:
                    return meaning[node.id]
                return symbol(node.id) if node.id in known else sp.Float(parse_quantity(node.id)[0])
            case ast.BinOp():
                return _BINARY[type(node.op)](number(node.left), number(node.right))
            case ast.UnaryOp(op=ast.Not()):
                return sp.Not(condition(node.operand))
            case ast.UnaryOp():
                return -number(node.operand) if isinstance(node.op, ast.USub) else number(node.operand)
            case ast.BoolOp():
                join = sp.And if isinstance(node.op, ast.And) else sp.Or
                return join(*map(condition, node.values))
            case ast.Compare():
                return _COMPARE[type(node.ops[0])](number(node.left), number(node.comparators[0]))
            case ast.Call(func=ast.Name(id="where")):
                return sp.Piecewise((number(node.args[1]), condition(node.args[0])), (number(node.args[2]), True))
            case ast.Call(func=ast.Name(id="int")):
                value = convert(node.args[0])
                return as_number(value) if is_condition(value) else TRUNC(value)
            case ast.Call(func=ast.Name(id="rand" | "randn" as kind)):
                if randoms is None:
                    raise ValueError(f"{owner}: {kind}() is not allowed in {text!r}")
                return randoms.draw(kind, owner)
            case ast.Call(func=ast.Name(id=name)):
                return _CALLS[name](*map(number, node.args))
        raise ValueError(f"{owner}: cannot translate {ast.dump(node)[:60]} in {text!r}")

    result = convert(parse_expression(text, owner, nesting=300, terms=terms))
    if result.has(sp.nan, sp.zoo, sp.I) or getattr(result, "is_extended_real", None) is False:
        raise ValueError(f"{owner}: {text!r} is not a real number ({result})")
    return result
