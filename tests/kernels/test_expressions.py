"""Expressions of the language as SymPy: values, random symbols, units."""

import math

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from spikegram.kernels.expressions import Randoms, symbol, to_sympy

leaf = st.sampled_from(["v", "w", "2", "0.5", "3"])
texts = st.recursive(
    leaf,
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from(["+", "-", "*"]), part).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        part.map(lambda t: f"exp(-{t}/10)"),
        part.map(lambda t: f"abs({t})"),
        part.map(lambda t: f"-{t}"),
    ),
    max_leaves=10,
)


@settings(max_examples=80, deadline=None)
@given(texts)
def test_random_expressions_have_the_value_that_python_gives(text: str) -> None:
    values = dict(v=0.3, w=-1.2)
    expected = eval(text, {"exp": math.exp, "abs": abs}, values)  # the text was drawn above, from four harmless forms
    got = to_sympy(text, "test", set(values)).subs({symbol(n): x for n, x in values.items()})
    assert float(got) == pytest.approx(expected, rel=1e-11, abs=1e-11)


def test_two_draws_are_two_numbers() -> None:
    randoms = Randoms()
    expr = to_sympy("rand() - rand() + randn()", "test", set(), randoms)
    assert list(randoms.kinds.values()) == ["rand", "rand", "randn"]
    assert len(expr.free_symbols) == 3
    with pytest.raises(ValueError, match=r"rand\(\) is not allowed"):
        to_sympy("rand()", "test", set())


def test_variables_hide_units() -> None:
    assert to_sympy("ms", "test", set()) == sp.Float(0.001)
    assert to_sympy("ms", "test", {"ms"}) == symbol("ms")


def test_conditions_become_numbers() -> None:
    expr = to_sympy("int(v > 1 or not v > -1)", "test", {"v"})
    assert [int(expr.subs(symbol("v"), x)) for x in (-2, 0, 2)] == [1, 0, 1]
    choose = to_sympy("where(v > 0, v, 2)", "test", {"v"})
    assert [float(choose.subs(symbol("v"), x)) for x in (-1, 3)] == [2, 3]
