# ruff: noqa: N802, N815  (SymPy finds these methods by the names of its classes)
"""One printer class per target: SymPy expressions as Python text for NumPy arrays or for a Numba loop.

Names of the generated code that do not come from the model begin with an underscore, which no name of a model does.
"""

from __future__ import annotations

import math

import sympy as sp
from sympy.printing.str import StrPrinter

__all__ = ["NumbaPrinter", "NumpyPrinter"]


class _Printer(StrPrinter):
    """What both targets print alike."""

    functions: dict[str, str]
    module = ""

    def number(self, value: float) -> str:
        return self.finite(value) if math.isfinite(value) else f"({value!r})".replace("inf", f"{self.module}.inf")

    def finite(self, value: float) -> str:
        return repr(value)

    def _print_Float(self, expr: sp.Float) -> str:
        return self.number(float(expr))

    _print_Integer = _print_Rational = _print_Float
    _print_Half = _print_One = _print_Zero = _print_NegativeOne = _print_Float
    _print_Infinity = _print_NegativeInfinity = _print_Float

    def _print_NumberSymbol(self, expr: sp.Expr) -> str:
        return self.number(float(expr))

    _print_Pi = _print_Exp1 = _print_NumberSymbol

    def _print_BooleanTrue(self, expr: sp.Basic) -> str:
        return "True"

    def _print_BooleanFalse(self, expr: sp.Basic) -> str:
        return "False"

    def _print_Pow(self, expr: sp.Pow, rational: bool = False) -> str:
        base, power = expr.args
        if power == sp.Rational(1, 2):
            return self.call("sqrt", base)
        if power == -sp.Rational(1, 2):
            return f"({self.number(1)}/{self.call('sqrt', base)})"
        text = f"({self._print(base)})"
        if power.is_Integer and 1 <= int(power) <= 4:
            return "(" + "*".join([text] * int(power)) + ")"
        if power.is_Integer and -4 <= int(power) <= -1:
            return f"({self.number(1)}/(" + "*".join([text] * -int(power)) + "))"
        return f"({text}**({self._print(power)}))"

    def _print_Mul(self, expr: sp.Mul) -> str:
        top, bottom, sign = [], [], ""
        for a in expr.args:
            if a.is_Pow and a.exp.is_number and a.exp.is_negative:
                bottom.append(sp.Pow(a.base, -a.exp, evaluate=True))
            elif a == -1:
                sign = "-" if not sign else ""
            else:
                top.append(a)
        text = "*".join(f"({self._print(a)})" if a.is_Add or a.is_Piecewise else self._print(a) for a in top)
        text = text or self.number(1)
        for a in bottom:
            inner = self._print(a)
            text += f"/{inner}" if a.is_Symbol else f"/({inner})"
        return f"{sign}{text}" if not sign else f"({sign}{text})"

    def _print_Add(self, expr: sp.Add, order: str | None = None) -> str:
        return " + ".join(f"({self._print(a)})" if a.is_Piecewise else self._print(a) for a in expr.args)

    def _print_Relational(self, expr: sp.Basic) -> str:
        return f"({self._print(expr.lhs)} {expr.rel_op} {self._print(expr.rhs)})"

    def _print_And(self, expr: sp.And, order: str | None = None) -> str:
        return "(" + " & ".join(self._print(a) for a in sorted(expr.args, key=str)) + ")"

    def _print_Or(self, expr: sp.Or, order: str | None = None) -> str:
        return "(" + " | ".join(self._print(a) for a in sorted(expr.args, key=str)) + ")"

    def call(self, name: str, *args: sp.Basic) -> str:
        return f"{self.functions.get(name, f'{self.module}.{name}')}({', '.join(self._print(a) for a in args)})"

    def _print_Function(self, expr: sp.Function) -> str:
        return self.call(type(expr).__name__, *expr.args)

    def _print_Abs(self, expr: sp.Expr) -> str:
        return self.call("abs", *expr.args)

    # SymPy brings these in where it does not see that a number is real, as all are here
    def _print_re(self, expr: sp.Expr) -> str:
        return self._print(expr.args[0])

    def _print_im(self, expr: sp.Expr) -> str:
        return self.number(0.0)

    def _print_arg(self, expr: sp.Expr) -> str:
        return self._print(sp.Piecewise((sp.pi, sp.Lt(expr.args[0], 0)), (0, True)))

    def _print_Piecewise(self, expr: sp.Piecewise) -> str:
        *cases, (value, _) = expr.args
        text = self._print(value)
        for value, condition in reversed(cases):
            text = self.choose(self._print(condition), self._print(value), text)
        return text

    def choose(self, condition: str, a: str, b: str) -> str:
        raise ValueError("each printer says how it chooses")


_COMMON = {"exprel": "_exprel", "mod": "_mod", "clip": "_clip"}


class NumpyPrinter(_Printer):
    """Text that works on whole arrays: the readable reference."""

    module = "_np"
    functions = {
        **_COMMON, "abs": "_np.abs", "clip": "_np.clip", "mod": "_np.mod",
        "ceiling": "_np.ceil", "asin": "_np.arcsin", "acos": "_np.arccos", "atan": "_np.arctan",
    }  # fmt: skip

    def choose(self, condition: str, a: str, b: str) -> str:
        return f"_np.where({condition}, {a}, {b})"

    def _print_Not(self, expr: sp.Not) -> str:
        return f"_np.logical_not({self._print(expr.args[0])})"


class NumbaPrinter(_Printer):
    """Text for one neuron or synapse inside a compiled loop, in double or single precision."""

    module = "_math"
    functions = {
        **_COMMON, "exp": "_exp", "abs": "abs", "sign": "_np.sign", "trunc": "_np.trunc", "floor": "_np.floor",
        "ceiling": "_np.ceil",
    }  # fmt: skip

    def __init__(self, single: bool = False) -> None:
        super().__init__()
        self.single = single

    def finite(self, value: float) -> str:
        return f"_f4({value!r})" if self.single else repr(value)

    def choose(self, condition: str, a: str, b: str) -> str:
        return f"_where({condition}, {a}, {b})"

    def _print_Not(self, expr: sp.Not) -> str:
        return f"(not {self._print(expr.args[0])})"
