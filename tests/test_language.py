"""The equation language: what is read, what is refused, and that nothing in a text is ever run."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.language import (
    FLAGS,
    FUNCTIONS,
    Equation,
    Statement,
    check_name,
    check_names,
    check_temporaries,
    check_texts,
    expression_names,
    parse_equations,
    parse_expression,
    parse_statements,
)

OWNER = "model 'M'"
EVENT = ("event-driven",)


# -- equations ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dv/dt = -v/tau : volt", Equation("differential", "v", "-v/tau", "volt", ())),
        ("dv / dt=-v:volt(unless refractory)", Equation("differential", "v", "-v", "volt", ("unless refractory",))),
        ("I = g*(E - v) : amp", Equation("subexpression", "I", "g*(E - v)", "amp", ())),
        ("x : 1", Equation("parameter", "x", "", "1", ())),
        ("x : 1 (constant)", Equation("parameter", "x", "", "1", ("constant",))),
        ("x : amp (input)", Equation("parameter", "x", "", "amp", ("input",))),
        ("x : 1 (shared , constant)", Equation("parameter", "x", "", "1", ("shared", "constant"))),
        ("x : siemens/meter**2", Equation("parameter", "x", "", "siemens/meter**2", ())),
        ("x : amp/(metre**2)", Equation("parameter", "x", "", "amp/(metre**2)", ())),
        ("x : amp/(metre)", Equation("parameter", "x", "", "amp/(metre)", ())),
        ("x : 1/(second) (constant)", Equation("parameter", "x", "", "1/(second)", ("constant",))),
        ("b : boolean", Equation("parameter", "b", "", "boolean", ())),
        ("n : integer (constant)", Equation("parameter", "n", "", "integer", ("constant",))),
        ("dv/dt = a*int(t > b)**2 # c: d; e\n : 1 # f", Equation("differential", "v", "a*int(t > b)**2", "1", ())),
        (" dv/dt = (a # one (of: two)\n\n  + b)/ # 2\n  c : 1", Equation("differential", "v", "(a + b)/ c", "1", ())),
        ("dx_post/dt = -x_post : 1 (event-driven)", Equation("differential", "x_post", "-x_post", "1", EVENT)),
        ("g_post = w*s : siemens (summed)", Equation("subexpression", "g_post", "w*s", "siemens", ("summed",))),
    ],
)  # fmt: skip
def test_lines(text: str, expected: Equation) -> None:
    assert parse_equations(text, OWNER) == (expected,)


def test_several_lines_in_order() -> None:
    text = "# a comment: with a colon\n\nx : 1; y : 1\r\ndz/dt = x : 1\n"
    assert [e.name for e in parse_equations(text, OWNER)] == ["x", "y", "z"]
    assert parse_equations("", OWNER) == parse_equations("\n # nothing\n", OWNER) == ()


def test_lines_are_written_again() -> None:
    for text in ("dv/dt = -v/tau : volt (unless refractory)", "I = g*v : amp", "x : 1 (constant, shared)"):
        (line,) = parse_equations(text, OWNER)
        assert line.text() == text
    assert line.text(drop=("shared",)) == "x : 1 (constant)"
    assert line.text(keep=()) == "x : 1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dv/dt = -v/tau", r"the line 'dv/dt = -v/tau' has no unit \(a colon and a unit must follow\)"),
        ("dv/dt = -v\ndw/dt = -w : 1", "'dv/dt = -v dw/dt = -w : 1': '-v dw/dt = -w' is not a valid expression"),
        ("v = : 1", "cannot read the line"),
        ("v =  : 1", "cannot read the line"),
        ("dv/dt : volt", "the line 'dv/dt : volt' has no right-hand side"),
        ("v : ", "names no unit behind the colon"),
        ("v = 3 : (constant)", "names no unit behind the colon"),
        ("3v : volt", "the name '3v'|'3v' is no name"),
        ("v : volt : volt", "cannot read the line 'v : volt : volt'; expected 'dx/dt = expr : unit"),
        ("v v : volt", "cannot read the line"),
        ("d/dt = 1 : 1", "cannot read the line"),
        ("v[0] : 1", "cannot read the line"),
        ("dτ/dt = 1 : 1", "cannot read the line"),
        ("x : 1\nx : 1", "'x' is defined twice, the second time in 'x : 1'"),
        ("x : 1\ndx/dt = 1/second : 1", "'x' is defined twice"),
        ("x : 1 (frozen)", r"in 'x : 1 \(frozen\)': unknown flag 'frozen' of a parameter; expected constant, sha"),
        ("dx/dt = 1/second : 1 (constant)", "unknown flag 'constant' of a differential; expected unless refractory"),
        ("x = 1 : 1 (unless refractory)", "unknown flag 'unless refractory' of a subexpression"),
        ("dn/dt = 1/second : integer", "a differential equation is of real numbers, not integer"),
        ("db/dt = 1/second : boolean", "a differential equation is of real numbers, not boolean"),
        ("t : second", "the name 't' is reserved"),
        ("dt : second", "the name 'dt' is reserved"),
        ("i : 1", "the name 'i' is reserved"),
        ("N : 1", "the name 'N' is reserved"),
        ("xi_1 : 1", "the name 'xi_1' is reserved"),
        ("lastspike : second", "the name 'lastspike' is reserved"),
        ("not_refractory : boolean", "the name 'not_refractory' is reserved"),
        ("exp : 1", "the name 'exp' is reserved"),
        ("lambda : 1", "the name 'lambda' is reserved"),
        ("_v : 1", "the name '_v' is reserved"),
        ("mV : 1", "the name 'mV' is a unit or number"),
        ("pi : 1", "the name 'pi' is a unit or number"),
    ],
)  # fmt: skip
def test_lines_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse_equations(text, OWNER)
    assert str(caught.value).startswith(OWNER)


# -- statements --------------------------------------------------------------------------------------------------------


def test_statements() -> None:
    text = "v = v_reset; w += b  # one; two\n\nx *= 2 ; y/=3\nz -= -1\nq **= 2\nu = where(v > 1,\n   a, # first\n   b)"
    assert parse_statements(text, "reset", OWNER) == (
        Statement("v", "=", "v_reset"),
        Statement("w", "+=", "b"),
        Statement("x", "*=", "2"),
        Statement("y", "/=", "3"),
        Statement("z", "-=", "-1"),
        Statement("q", "**=", "2"),
        Statement("u", "=", "where(v > 1, a, b)"),
    )
    assert parse_statements("", "reset", OWNER) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v", "cannot read the reset line 'v'; expected an assignment such as 'v = v_reset'"),
        ("v == 3", "cannot read the reset line 'v == 3'"),
        ("v = ", "cannot read the reset line 'v ='"),
        ("v %= 3", "cannot read the reset line"),
        ("v, w = 1, 2", "cannot read the reset line"),
        ("v.x = 1", "cannot read the reset line"),
        ("v[0] = 1", "cannot read the reset line"),
        ("del v", "cannot read the reset line"),
        ("import os", "cannot read the reset line"),
        ("v = w = 1", "'w = 1' is not a valid expression"),
        ("v = (1", r"'\(1' is not a valid expression"),
        ("v = 1)", r"'1\)' is not a valid expression"),
        ("v := 1", "cannot read the reset line"),
        ("t = 3", "the name 't' is reserved"),
        ("__x = 3", "the name '__x' is reserved"),
        ("mV = 3", "the name 'mV' is a unit"),
    ],
)
def test_statements_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse_statements(text, "reset", OWNER)
    assert str(caught.value).startswith(OWNER)


# -- expressions -------------------------------------------------------------------------------------------------------

CODE = [
    "__import__('os').system('touch {}')",
    "__import__",
    "open('{}', 'w')",
    "exec(\"open('{}', 'w')\")",
    "eval('1')",
    "getattr(v, 'x')",
    "v.__class__.__mro__",
    "v.real",
    "(1).__class__",
    "exp.__globals__",
    "v[0]",
    "v[0:1]",
    "(lambda x=1: x)()",
    "(lambda: open('{}', 'w'))()",
    "[open('{}', 'w') for _ in (1, 2)]",
    "{{open('{}', 'w')}}",
    "{{1: 2}}",
    "(x := 3)",
    'f\'{{open("{}", "w")}}\'',
    "'text'",
    "b'text'",
    "...",
    "None",
    "1j",
    "(1, 2)",
    "*v",
    "exp(*v)",
    "exp(**v)",
    "exp(x=v)",
    "await v",
    "yield v",
    "1 if v else 2",
    "v @ w",
    "v & w",
    "v | w",
    "v ^ w",
    "v << 3",
    "~v",
    "v is w",
    "v in w",
    "exp(v)(w)",
    "exp(v).real",
    "print(v)",
    "type(v)",
]


@pytest.mark.parametrize("text", CODE)
def test_code_is_refused_and_never_run(text: str, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    text = text.format(trap)
    for read in (
        lambda: parse_expression(text, OWNER),
        lambda: expression_names(text, OWNER),
        lambda: parse_equations(f"x = {text} : 1", OWNER),
        lambda: parse_equations(f"dx/dt = {text} : 1", OWNER),
        lambda: parse_equations(f"x : {text}", OWNER) and parse_expression(text, OWNER),
        lambda: parse_statements(f"x = {text}", "reset", OWNER),
        lambda: parse_statements(text, "reset", OWNER),
    ):
        with pytest.raises(ValueError, match=f"^{OWNER}: "):
            read()
    assert not trap.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v.x", "Attribute is not part of the equation language"),
        ("v[0]", "Subscript is not part of the equation language"),
        ("lambda: 1", "Lambda is not part"),
        ("f'{v}'", "JoinedStr is not part"),
        ("'text'", "the constant 'text' is not a real number"),
        ("1j", "the constant 1j is not a real number"),
        ("None", "the constant None is not a real number"),
        ("__import__", "the name '__import__' is not allowed"),
        ("a < b < c", "write a chained comparison as two, joined by 'and'"),
        ("foo(v)", "unknown function 'foo'; expected one of exp, log"),
        ("v.exp(1)", "unknown function 'Attribute'"),
        ("exp(1, 2)", r"exp\(\) takes 1 arguments, got 2"),
        ("clip(v)", r"clip\(\) takes 3 arguments, got 1"),
        ("rand(3)", r"rand\(\) takes 0 arguments, got 1"),
        ("exp(x=1)", r"exp\(\) takes 1 arguments, got 1"),
        ("", "'' is not a valid expression"),
        ("1 +", r"'1 \+' is not a valid expression \(invalid syntax\)"),
        ("\0", "is not a valid expression"),
        ("v + µ", "expected ASCII letters, got 'µ'"),
        ("ｅxp(1)", "expected ASCII letters, got 'ｅ'"),  # Python would read it as exp
        ("1/0", "cannot evaluate '1 / 0': division by zero; expected a finite real number"),
        ("v + 5 % 0", "cannot evaluate '5 % 0': division by zero"),
        ("(-8)**(1/3)", "cannot evaluate '.*': the root or logarithm of a negative number"),
        ("sqrt(-2)", "cannot evaluate 'sqrt\\(-2\\)': the root or logarithm of a negative number"),
        ("v + log(0)", "cannot evaluate 'log\\(0\\)': too large a number"),
        ("1e999", "cannot evaluate '.*': too large a number"),
        ("1e308*10", "too large a number"),
    ],
)
def test_expressions_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse_expression(text, OWNER)
    assert str(caught.value).startswith(f"{OWNER}: in {text!r}: ")
    with pytest.raises(ValueError, match=f"^{OWNER}: in 'the whole line': "):
        parse_expression(text, OWNER, "the whole line")


def test_what_the_language_has() -> None:
    for text in (
        "a + b - c*d/e1**2 % f // g",
        "-a + +b",
        "a > 1 and b <= 2 or not (c == d) and e1 != f",
        "True or False",
        "1.5e-3*mV",
        "x**100",
        "(a + b)**20",
        "2**-3",
        "(-2)**3",
        "sqrt(2)**2 + exp(1)**(1/3)",
        *(f"{name}({', '.join('x' * count)})" for name, count in FUNCTIONS.items()),
    ):
        assert isinstance(parse_expression(text, OWNER), ast.expr)


def test_names_of_an_expression() -> None:
    assert expression_names("exp(-(t - t0)/tau)*int(v > v_th) + 3*mV", OWNER) == {"t", "t0", "tau", "v", "v_th", "mV"}
    assert expression_names("exp + exp(1)", OWNER) == {"exp"}  # the name itself is a name, its call is not


# Algebra on these would not end; each is refused before any is tried.
ENDLESS = {
    "9**9**9**9": "too large a number",
    "((10**60)**60)**60": "too large a number",
    "(((10**-60)**60)**60)**60": "too small",
    "v**(10**9)": "the power 1e\\+09 is too large; at most 100 is read",
    "v**1000": "the power 1000 is too large",
    "v**-1000": "the power -1000 is too large",
    "v**floor(1e9)": "the power 1e\\+09 is too large",
    "floor(1e15)**floor(1e15)": "cannot evaluate 'floor\\(1.*too large a number",
    "((floor(9.5)**100)**100)**100": "too large a number",
    "where(True, 9, 1)**clip(1e9, 0, 1e8)": "too large a number",
    "exp(exp(100))": "too large a number",
    "(a + b + c + d + f + g)**90": "written out it has more than 10000 terms",
    "((a + b)**90)**90": "written out it has more than 10000 terms",
    "*".join(["(a + b)"] * 14): "written out it has more than 10000 terms",
    "exp((a + b + c + d + f + g)**90)": "written out it has more than 10000 terms",
    "-" * 5000 + "v": "nested too deeply|not a valid expression",
    "not " * 4000 + "v": "nested too deeply|not a valid expression",
    "(" * 5000 + "v" + ")" * 5000: "not a valid expression",
    "exp(" * 150 + "v" + ")" * 150: "nested too deeply|not a valid expression",
    "+".join(["v"] * 5000): "nested too deeply|not a valid expression",
    "v**" * 2000 + "v": "nested too deeply|not a valid expression",
    "v" * 20_001: "has 20001 characters, at most 20000 are read",
    "1" * 6000: "too large a number|not a valid expression",
}


@pytest.mark.parametrize("text", ENDLESS, ids=[k[:30] for k in ENDLESS])
def test_what_would_not_end_is_refused_at_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match=ENDLESS[text]) as caught:
        parse_expression(text, OWNER)
    assert time.process_time() - began < 1.0
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize(
    "text",
    ["x : a" + " " * 19_000 + ")", "x : " + "()" * 9000 + "!", "x" + " " * 19_000 + "y", "x = " + "(" * 9000 + ": 1"],
)
def test_long_lines_are_read_in_linear_time(text: str) -> None:
    began = time.process_time()
    try:
        parse_equations(text, OWNER)
    except ValueError as error:
        assert len(str(error)) < 1000
    assert time.process_time() - began < 1.0


def test_long_texts() -> None:
    with pytest.raises(ValueError, match="equations has 20001 characters, at most 20000 are read"):
        parse_equations("#" * 20_001, OWNER)
    with pytest.raises(ValueError, match="reset has 30000 characters"):
        parse_statements("v = 1\n" * 5000, "reset", OWNER)
    assert len(parse_statements("v = 1\n" * 3000, "reset", OWNER)) == 3000


@given(st.text(max_size=60) | st.text(alphabet="vx=+-*/().:;#[]{}'\" \n_1e&|<>,d t", max_size=60))
def test_any_text_is_read_or_refused_with_the_name_of_the_model(text: str) -> None:
    for read in (parse_equations, lambda t, o: parse_statements(t, "reset", o), parse_expression, expression_names):
        try:
            read(text, OWNER)
        except ValueError as error:
            assert str(error).startswith(OWNER)


# -- names -------------------------------------------------------------------------------------------------------------


def test_unknown_names_are_told_with_the_line() -> None:
    check_names({"v", "mV", "pi"}, {"v"}, OWNER, "v > 1*mV")
    with pytest.raises(ValueError) as caught:
        check_names({"v", "w", "tau"}, {"v", "tau"}, OWNER, "v + w/tau")
    assert str(caught.value) == (
        "model 'M': in 'v + w/tau': unknown name 'w'; expected a unit or one of tau, v. "
        "A constant is declared with parameters=dict(w='value*unit')"
    )


def test_names_for_variables() -> None:
    for name in ("v", "n", "j", "tau_m", "I2", "step", "count", "V"):
        check_name(name, OWNER)
    for name in ("1a", "a b", "a-b", "é", ""):
        with pytest.raises(ValueError, match=r"is no name \(letters, digits and underscores, a letter first\)"):
            check_name(name, OWNER)


def test_temporaries_that_nothing_reads() -> None:
    check_temporaries({"a"}, {"a", "b"}, ("v",), OWNER)
    with pytest.raises(ValueError, match=r"^model 'M': 'V' is no variable \(v, w\), and nothing reads it$"):
        check_temporaries({"V", "a"}, {"a"}, ("v", "w"), OWNER)


def test_what_is_no_text() -> None:
    check_texts(OWNER, reset="")
    for wrong in (None, 5, ["v = 1"], b"v = 1"):
        with pytest.raises(TypeError, match="^model 'M': reset: expected a text, got "):
            check_texts(OWNER, reset=wrong)
        with pytest.raises(TypeError, match="^model 'M': equations: expected a text"):
            parse_equations(wrong, OWNER)
        with pytest.raises(TypeError, match="^model 'M': expression: expected a text"):
            parse_expression(wrong, OWNER)


def test_flags_are_those_of_brian2_and_input() -> None:
    known = {"unless refractory", "event-driven", "clock-driven", "summed", "constant", "shared"}
    assert {f for flags in FLAGS.values() for f in flags} - {"constant over dt"} == known | {"input"}
