"""Expressions of the language as SymPy: values, conditions and numbers, random symbols, units."""

import math

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from spikegram.kernels.expressions import Randoms, as_number, is_condition, symbol, to_sympy
from spikegram.language import FUNCTIONS, METHODS
from spikegram.units import parse_quantity

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


@pytest.mark.parametrize("method", METHODS)
def test_methods_are_known(method: str) -> None:
    from brian2.stateupdaters.base import StateUpdateMethod

    assert method in StateUpdateMethod.stateupdaters


@pytest.mark.parametrize(("name", "count"), FUNCTIONS.items())
def test_every_function_is_translated(name: str, count: int) -> None:
    arguments = ["v > 1", "v", "w"] if name == "where" else ["v", "w", "x"]
    expr = to_sympy(f"{name}({', '.join(arguments[:count])})", "test", {"v", "w", "x"}, Randoms())
    assert isinstance(expr, sp.Expr) and expr.free_symbols


# -- random numbers ----------------------------------------------------------------------------------------------------


def test_two_draws_are_two_numbers() -> None:
    randoms = Randoms()
    expr = to_sympy("rand() - rand() + randn()", "test", set(), randoms)
    assert list(randoms.kinds.values()) == ["rand", "rand", "randn"]
    assert len(expr.free_symbols) == 3
    with pytest.raises(ValueError, match=r"test: rand\(\) is not allowed in 'rand\(\)'"):
        to_sympy("rand()", "test", set())


def test_a_step_has_streams_for_32_draws() -> None:
    randoms = Randoms()
    to_sympy("+".join(["randn()"] * 32), "test", set(), randoms)
    with pytest.raises(ValueError, match="test: more than 32 random numbers in one step"):
        to_sympy("rand()", "test", set(), randoms)


def test_names_of_draws_are_no_names_of_a_model() -> None:
    randoms = Randoms()
    assert all(str(s).startswith("_rand") for s in to_sympy("rand()*randn()", "test", set(), randoms).free_symbols)


# -- names and units ---------------------------------------------------------------------------------------------------


def test_variables_hide_units() -> None:
    assert to_sympy("ms", "test", set()) == sp.Float(0.001)
    assert to_sympy("ms", "test", {"ms"}) == symbol("ms")


@pytest.mark.parametrize("name", ["mV", "nS", "pi", "e", "uF", "MOhm", "cm2"])
def test_a_unit_is_its_si_factor(name: str) -> None:
    assert float(to_sympy(name, "test", set())) == parse_quantity(name)[0]


def test_infinity_is_a_bound() -> None:
    assert to_sympy("-inf*mV", "test", set()) == -sp.oo
    with pytest.raises(ValueError, match="test: 'inf - inf' is not a real number"):
        to_sympy("inf - inf", "test", set())


def test_numbers_are_exact() -> None:
    assert to_sympy("1/3", "test", set()) == sp.Rational(1, 3)
    assert float(to_sympy("0.1", "test", set())) == 0.1
    assert to_sympy("7//2", "test", set()) == 3 and to_sympy("-7//2", "test", set()) == -4


def test_names_with_a_meaning() -> None:
    meaning = {"rate": symbol("v") ** 2, "high": symbol("v") > 1}
    assert to_sympy("2*rate", "test", {"v", "rate"}, meaning=meaning) == 2 * symbol("v") ** 2
    assert to_sympy("int(high)", "test", {"v"}, meaning=meaning) == sp.Piecewise((1, symbol("v") > 1), (0, True))


# -- conditions and numbers --------------------------------------------------------------------------------------------


def test_conditions_become_numbers() -> None:
    expr = to_sympy("int(v > 1 or not v > -1)", "test", {"v"})
    assert [int(expr.subs(symbol("v"), x)) for x in (-2, 0, 2)] == [1, 0, 1]
    choose = to_sympy("where(v > 0, v, 2)", "test", {"v"})
    assert [float(choose.subs(symbol("v"), x)) for x in (-1, 3)] == [2, 3]


def test_a_condition_in_arithmetic_counts() -> None:
    for text, expected in {"(v > 1)*3 + 2": (2, 5), "-(v > 1)": (0, -1), "(v > 1) + True": (1, 2)}.items():
        expr = to_sympy(text, "test", {"v"})
        assert tuple(float(expr.subs(symbol("v"), x)) for x in (0, 2)) == expected, text
    both = to_sympy("(v > 1) == (w > 1)", "test", {"v", "w"})
    assert is_condition(both)
    assert bool(both.subs({symbol("v"): 0, symbol("w"): 0})) and not bool(both.subs({symbol("v"): 2, symbol("w"): 0}))


def test_what_is_a_condition() -> None:
    known = {"v", "not_refractory"}
    for text in ("v > 1", "not v > 1", "v > 1 and v < 2", "True", "v == 1", "not_refractory", "not not_refractory"):
        assert is_condition(to_sympy(text, "test", known)), text
    for text in ("v", "1", "v + 1", "int(v > 1)", "where(v > 1, 1, 0)", "-(v > 1)"):
        assert not is_condition(to_sympy(text, "test", known)), text
    assert as_number(symbol("v")) == symbol("v") and as_number(sp.true) == 1 and as_number(sp.false) == 0


@pytest.mark.parametrize("text", ["where(v, 1, 2)", "not v", "v and v > 1", "v > 1 or 2", "where(v + 1, v, 2)"])
def test_a_number_is_no_condition(text: str) -> None:
    with pytest.raises(ValueError, match="test: in '.*': expected a condition such as 'v > v_th', got '"):
        to_sympy(text, "test", {"v"})


@pytest.mark.parametrize("text", ["sqrt(-1)", "log(-2)", "log(0)", "v/(w - w)", "arcsin(2)", "sqrt(v - v - 4)"])
def test_what_is_not_real_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="^test: .*(is not a real number|expected a finite real number)"):
        to_sympy(text, "test", {"v", "w"})


@pytest.mark.parametrize("text", ["__import__('os')", "v.real", "v[0]", "lambda: 1", "9**9**9"])
def test_code_is_refused_here_too(text: str) -> None:
    with pytest.raises(ValueError, match="^test: "):
        to_sympy(text, "test", {"v"})
