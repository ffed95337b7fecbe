"""Expressions of the equation language as SymPy expressions.

Every symbol is real. A unit name becomes its SI factor, a random call becomes a fresh symbol (two calls of ``rand()``
are two numbers, which an algebra system would otherwise merge), ``where`` and ``int(condition)`` become `Piecewise`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Container

import sympy as sp

from ..language import parse_expression
from ..units import parse_quantity

__all__ = ["CLIP", "EXPREL", "MOD", "TRUNC", "Randoms", "symbol", "to_sympy"]

CLIP, EXPREL, TRUNC, MOD = sp.Function("clip"), sp.Function("exprel"), sp.Function("trunc"), sp.Function("mod")

_CALLS: dict[str, Callable[..., sp.Expr]] = {
    "exp": sp.exp, "log": sp.log, "sqrt": sp.sqrt, "log10": lambda x: sp.log(x) / sp.log(10),
    "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh,
    "arcsin": sp.asin, "arccos": sp.acos, "arctan": sp.atan, "abs": sp.Abs, "sign": sp.sign,
    "floor": sp.floor, "ceil": sp.ceiling, "clip": CLIP, "exprel": EXPREL,
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


class Randoms:
    """Collects the random draws of a piece of code: symbol name -> kind (``rand`` or ``randn``)."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.kinds: dict[str, str] = {}

    def draw(self, kind: str) -> sp.Symbol:
        name = f"{self.prefix}{len(self.kinds)}"
        self.kinds[name] = kind
        return symbol(name)


def to_sympy(text: str, owner: str, known: Container[str], randoms: Randoms | None = None) -> sp.Basic:
    """Translate an expression; names in ``known`` become symbols, others must be units.

    Raises
    ------
    ValueError
        For anything outside the equation language, or a random call where none is allowed (``randoms=None``).
    """

    def convert(node: ast.AST) -> sp.Basic:
        match node:
            case ast.Constant(value=bool()):
                return sp.true if node.value else sp.false
            case ast.Constant():
                return sp.Integer(node.value) if isinstance(node.value, int) else sp.Float(node.value)
            case ast.Name():
                if node.id in known:
                    return symbol(node.id)
                return sp.Float(parse_quantity(node.id)[0])
            case ast.BinOp():
                return _BINARY[type(node.op)](convert(node.left), convert(node.right))
            case ast.UnaryOp(op=ast.Not()):
                return sp.Not(convert(node.operand))
            case ast.UnaryOp(op=ast.USub()):
                return -convert(node.operand)
            case ast.UnaryOp():
                return convert(node.operand)
            case ast.BoolOp():
                join = sp.And if isinstance(node.op, ast.And) else sp.Or
                return join(*map(convert, node.values))
            case ast.Compare():
                return _COMPARE[type(node.ops[0])](convert(node.left), convert(node.comparators[0]))
            case ast.Call(func=ast.Name(id="where")):
                condition, a, b = map(convert, node.args)
                return sp.Piecewise((a, condition), (b, True))
            case ast.Call(func=ast.Name(id="int")):
                value = convert(node.args[0])
                is_condition = value in (sp.true, sp.false) or isinstance(
                    node.args[0], ast.Compare | ast.BoolOp
                ) or getattr(node.args[0], "id", "") == "not_refractory" or isinstance(value, sp.Not)
                return sp.Piecewise((1, value), (0, True)) if is_condition else TRUNC(value)
            case ast.Call(func=ast.Name(id="rand" | "randn" as kind)):
                if randoms is None:
                    raise ValueError(f"{owner}: {kind}() is not allowed in {text!r}")
                return randoms.draw(kind)
            case ast.Call(func=ast.Name(id=name)):
                return _CALLS[name](*map(convert, node.args))
        raise ValueError(f"{owner}: cannot translate {ast.dump(node)[:60]} in {text!r}")

    return convert(parse_expression(text, owner))
