"""Printed text computes what the expression says, on both targets and in both precisions."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from spikegram.kernels.expressions import symbol, to_sympy
from spikegram.kernels.printers import NumbaPrinter, NumpyPrinter
from spikegram.kernels.special import exprel

VALUES = dict(v=0.7, w=-1.3, x=2.5)
TEXTS = {
    "v - w - x": 0.7 + 1.3 - 2.5,
    "-(v + w)/x": 0.6 / 2.5,
    "v/w/x": 0.7 / -1.3 / 2.5,
    "v/(w/x)": 0.7 / (-1.3 / 2.5),
    "-v**2": -0.49,
    "(-v)**2": 0.49,
    "v**2 - w**3": 0.49 + 2.197,
    "x**4/x**-4*x**7": 2.5**15,
    "x**v": 2.5**0.7,
    "2**-x": 2**-2.5,
    "1/x**2": 0.16,
    "sqrt(x)/x**0.5": 1.0,
    "x**-0.5": 2.5**-0.5,
    "x**(1/3)": 2.5 ** (1 / 3),
    "exp(-v)*log(x)": math.exp(-0.7) * math.log(2.5),
    "exp(1)**v": math.exp(0.7),
    "where(v > w, v, where(v > 100, 1, w))": 0.7,
    "2*where(v < w, v, x) + where(v < w, 1, w)*3": 5.0 - 3.9,
    "int(v > w and not x < 1)": 1.0,
    "int(v > w or x < 1) - int(v == x)": 1.0,
    "int(v != w) + int(v <= 0.7) + int(x >= 2.6)": 2.0,
    "int(-2.7) + int(2.7)": 0.0,
    "(v > w)*x": 2.5,
    "clip(w, -1, 1) + abs(w)": 0.3,
    "clip(w, -inf, 1)": -1.3,
    "w % x": -1.3 % 2.5,
    "x % w": 2.5 % -1.3,
    "x // v": 3.0,
    "floor(w) + ceil(w) + sign(w)": -4.0,
    "timestep(x, v)": 3.0,
    "tanh(v) + arctan(x) + sinh(w)": math.tanh(0.7) + math.atan(2.5) + math.sinh(-1.3),
    "arcsin(v) - arccos(v) + cosh(w)": math.asin(0.7) - math.acos(0.7) + math.cosh(-1.3),
    "expm1(v) + log1p(x) + log10(x)": math.expm1(0.7) + math.log1p(2.5) + math.log10(2.5),
    "exprel(v) + exprel(v - v)": math.expm1(0.7) / 0.7 + 1,
    "sin(2*pi*v) + e": math.sin(2 * math.pi * 0.7) + math.e,
    "3*mV*2": 6e-3,
    "2*(v + w*(x - 1))": 2 * (0.7 - 1.3 * 1.5),
    "1e200*1e100*v": 0.7e300,
    "abs(exp(v // x)) + abs((v % x)**2)": 1.49,  # SymPy does not see that these are real
    "abs(exp(clip(v, w, x))) + abs(int(x)**v)": math.exp(0.7) + 2**0.7,
}
SCALAR = dict(
    _math=math, _np=np, _f4=np.float32, _clip=lambda x, a, b: min(max(x, a), b), _mod=lambda a, b: a % b,
    _exprel=lambda x: float(exprel(x)), _where=lambda c, a, b: a if c else b, _exp=math.exp,
)  # fmt: skip


def both(expr: sp.Basic, values: dict[str, float]) -> tuple[np.ndarray, float]:
    """Give the values of the two texts; the texts are our own printers', made from a checked expression."""
    arrays = {n: np.array([x, x]) for n, x in values.items()}
    with np.errstate(all="ignore"):
        array = eval(NumpyPrinter().doprint(expr), {"_np": np, "_exprel": exprel}, arrays)
        return np.broadcast_to(array, (2,)), eval(NumbaPrinter().doprint(expr), SCALAR, dict(values))


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_value_of_the_printed_text(text: str, expected: float) -> None:
    array, scalar = both(to_sympy(text, "test", set(VALUES)), VALUES)
    assert array == pytest.approx([expected] * 2, rel=1e-12, abs=1e-15)
    assert scalar == pytest.approx(expected, rel=1e-12, abs=1e-15)


# Random expressions, evaluated by Python itself. What jumps (floor, comparisons) takes one operation at most, so that
# rounding cannot decide; divisors, roots and powers are kept away from 0.
leaf = st.one_of(st.sampled_from(list(VALUES)), st.sampled_from(["2", "3", "0.25", "1.5", "-0.75", "(1/3)"]))
simple = leaf | st.builds("({} {} {})".format, leaf, st.sampled_from("+-*"), leaf)
condition = st.recursive(
    st.builds("({} {} {})".format, simple, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), simple)
    | st.sampled_from(["True", "False"]),
    lambda c: st.builds("(not {})".format, c) | st.builds("({} {} {})".format, c, st.sampled_from(["and", "or"]), c),
    max_leaves=4,
)
number = st.recursive(
    simple
    | st.builds("{}({})".format, st.sampled_from(["floor", "ceil", "sign", "int"]), simple)
    | st.builds("({} {} {})".format, leaf, st.sampled_from(["//", "%"]), st.sampled_from(["x", "0.7", "2", "-1.25"]))
    | st.builds("int({})".format, condition),
    lambda e: st.one_of(
        st.builds("({} {} {})".format, e, st.sampled_from("+-*"), e),
        st.builds("(-{})".format, e),
        st.builds("({})**{}".format, e, st.sampled_from(["2", "3"])),
        st.builds("{}/(2 + abs({}))".format, e, e),
        st.builds("(1.5 + abs({}))**({})".format, e, st.sampled_from(["0.5", "-0.5", "-2", "0.3", "x"])),
        st.builds("exp(-abs({}))".format, e),
        st.builds("{}({})".format, st.sampled_from(["tanh", "sin", "cos", "arctan", "abs"]), e),
        st.builds("{}(abs({}))".format, st.sampled_from(["log1p", "sqrt"]), e),
        st.builds("{}(tanh({}))".format, st.sampled_from(["exprel", "expm1", "sinh", "cosh", "exp"]), e),
        st.builds("clip({}, -1, 2)".format, e),
        st.builds("where({}, {}, {})".format, condition, e, e),
    ),
    max_leaves=8,
)
PYTHON = dict(
    exp=math.exp, log1p=math.log1p, sqrt=math.sqrt, tanh=math.tanh, sin=math.sin, cos=math.cos, arctan=math.atan,
    expm1=math.expm1, sinh=math.sinh, cosh=math.cosh, exprel=SCALAR["_exprel"], floor=math.floor, ceil=math.ceil,
    abs=abs, int=int, sign=lambda x: (x > 0) - (x < 0), clip=SCALAR["_clip"], where=lambda c, a, b: a if c else b,
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(number, st.lists(st.floats(-2, 2).map(lambda x: round(x, 3) + 0.0001234), min_size=3, max_size=3))
def test_random_expressions_on_both_targets_are_what_python_makes_of_them(text: str, drawn: list[float]) -> None:
    values = dict(zip(VALUES, drawn, strict=True))
    values["x"] = abs(values["x"]) + 0.5
    expected = eval(text, PYTHON, values)  # drawn above, from harmless forms
    array, scalar = both(to_sympy(text, "test", set(values)), values)
    assert scalar == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert array == pytest.approx([expected] * 2, rel=1e-9, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(condition)
def test_random_conditions_on_both_targets(text: str) -> None:
    array, scalar = both(to_sympy(text, "test", set(VALUES)), VALUES)
    expected = bool(eval(text, PYTHON, dict(VALUES)))
    assert bool(scalar) is expected and array.astype(bool).tolist() == [expected] * 2


def test_single_precision_wraps_every_number() -> None:
    expr = to_sympy("0.5*v + 3", "test", {"v"})
    kinds = SimpleNamespace(seen=[])
    eval(NumbaPrinter(single=True).doprint(expr), {"_f4": lambda x: kinds.seen.append(x) or x}, {"v": 1.0})
    assert sorted(kinds.seen) == [0.5, 3.0]


@settings(max_examples=80, deadline=None)
@given(number)
def test_single_precision_stays_single(text: str) -> None:
    values = {n: np.float32(x) for n, x in VALUES.items()}
    single = {  # the C library's functions for single precision, as compiled code has them
        n: (lambda f: lambda *a: np.float32(f(*a)))(getattr(math, n)) for n in dir(math) if not n.startswith("_")
    }  # fmt: skip
    scope = SCALAR | dict(_math=SimpleNamespace(**single), _exprel=lambda x: np.float32(exprel(x)), _exp=single["exp"])
    out = eval(NumbaPrinter(single=True).doprint(to_sympy(text, "test", set(values))), scope, values)
    assert not isinstance(out, np.float64) and type(out) is not float


def test_numbers_that_no_double_holds() -> None:
    v = symbol("v")
    for expr, expected in ((sp.oo, "inf"), (-sp.oo, "-inf"), (sp.Float(10) ** 400, "inf")):
        for printer in (NumpyPrinter(), NumbaPrinter(), NumbaPrinter(single=True)):
            assert eval(printer.doprint(expr), SCALAR) == float(expected)
            assert np.isinf(eval(printer.doprint(sp.Mul(v, expr, evaluate=False)), SCALAR, {"v": 2.0}))


def test_signs_and_brackets_of_products_that_were_not_simplified() -> None:
    v, w, x = symbol("v"), symbol("w"), symbol("x")
    inner = sp.Add(v, w, evaluate=False)
    for expr in (
        sp.Mul(sp.Integer(-1), inner, evaluate=False),
        sp.Mul(x, sp.Mul(sp.Integer(-1), inner, evaluate=False), evaluate=False),
        sp.Mul(x, sp.Pow(inner, -1), sp.Pow(w, -2), evaluate=False),
        sp.Mul(sp.Integer(-1), sp.Integer(-1), v, evaluate=False),
        sp.Add(v, sp.Mul(sp.Integer(-1), sp.Add(w, x, evaluate=False), evaluate=False), evaluate=False),
        sp.Pow(sp.Mul(sp.Integer(-1), x, evaluate=False), 2, evaluate=False),
        sp.Mul(sp.Rational(-1, 3), sp.Pow(sp.Add(v, x), sp.Rational(-1, 2)), evaluate=False),
    ):
        expected = float(expr.doit().subs({symbol(n): value for n, value in VALUES.items()}))
        array, scalar = both(expr, VALUES)
        assert scalar == pytest.approx(expected, rel=1e-14) and array == pytest.approx([expected] * 2, rel=1e-14)
