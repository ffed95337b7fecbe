"""Units: against Brian 2's own table, edge units, and texts that are read but never run."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram import units
from spikegram.units import (
    CAPACITANCE,
    CONDUCTANCE,
    CURRENT,
    DIMENSIONLESS,
    FREQUENCY,
    LENGTH,
    RESISTANCE,
    TIME,
    VOLTAGE,
    dims_expression,
    dims_text,
    edge_unit,
    is_unit,
    parse_dims,
    parse_quantity,
    strip_quantity,
    to_edge,
    to_si,
)

EDGES = {
    TIME: ("ms", 1e-3), VOLTAGE: ("mV", 1e-3), CURRENT: ("nA", 1e-9), CAPACITANCE: ("nF", 1e-9),
    RESISTANCE: ("MOhm", 1e6), CONDUCTANCE: ("uS", 1e-6), FREQUENCY: ("Hz", 1.0), DIMENSIONLESS: ("", 1.0),
}  # fmt: skip
OURS = ["kOhm", "MOhm", "GOhm", "Ohm", "pi", "e"]  # known here, not as units there


def test_every_unit_of_brian2_has_the_same_value_and_dimensions() -> None:
    from brian2.core.namespace import DEFAULT_UNITS

    assert len(DEFAULT_UNITS) > 1500
    wrong = [
        name
        for name, unit in DEFAULT_UNITS.items()
        if not is_unit(name) or parse_quantity(name) != (float(np.asarray(unit)), tuple(map(float, unit.dim._dims)))
    ]
    assert wrong == []


def test_names_of_our_own() -> None:
    assert parse_quantity("kOhm") == (1e3, tuple(map(float, RESISTANCE)))
    assert parse_quantity("MOhm") == parse_quantity("Mohm")
    assert parse_quantity("pi")[0] == math.pi and parse_quantity("e")[0] == math.e
    assert all(is_unit(n) for n in OURS)


@pytest.mark.parametrize("name", ["", "m", "V", "msec", "mvolts", "ms22", "ms4", "kkgram", "mpi", "2", "_ms", "MS"])
def test_names_that_are_no_units(name: str) -> None:
    assert not is_unit(name)


@pytest.mark.parametrize(("dims", "edge"), EDGES.items(), ids=[e[0] or "1" for e in EDGES.values()])
def test_edge_units(dims: tuple, edge: tuple) -> None:
    assert edge_unit(dims) == edge
    assert to_si(1, dims, "x") == pytest.approx(edge[1], rel=1e-15)
    assert to_edge(to_si(37.25, dims, "x"), dims) == pytest.approx(37.25, rel=1e-15)


def test_other_dimensions_are_in_si() -> None:
    assert edge_unit(LENGTH) == ("metre", 1.0)
    assert to_si(3, LENGTH, "x") == 3.0
    assert edge_unit((1, 0, -1, 0, 0, 0, 0)) == ("metre second^-1", 1.0)


@given(st.integers(-100_000, 100_000))
def test_a_plain_number_is_the_float_nearest_to_its_text(number: int) -> None:
    tenth = number / 10
    assert to_si(tenth, TIME, "x") == tenth / 1000
    assert to_si(number, VOLTAGE, "x") == float(f"{number}e-3")
    assert to_si(number, CURRENT, "x") == float(f"{number}e-9")


@pytest.mark.parametrize(
    ("text", "value", "dims"),
    [
        ("20*ms", 0.02, TIME),
        (" -60 * mV ", -0.06, VOLTAGE),
        ("1/ms", 1e3, FREQUENCY),
        ("1/(2*ms)", 500.0, FREQUENCY),
        ("2**3*mV", 8e-3, VOLTAGE),
        ("uF/cm**2", 1e-2, tuple(a - 2 * b for a, b in zip(CAPACITANCE, LENGTH, strict=True))),
        ("uF/cm2", 1e-2, tuple(a - 2 * b for a, b in zip(CAPACITANCE, LENGTH, strict=True))),
        ("siemens/metre**2", 1.0, tuple(a - 2 * b for a, b in zip(CONDUCTANCE, LENGTH, strict=True))),
        ("nA*MOhm", 1e-3, VOLTAGE),
        ("3*mV + 2*mV - volt", -0.995, VOLTAGE),
        ("+(1.5e1)", 15.0, DIMENSIONLESS),
        ("2*pi", 2 * math.pi, DIMENSIONLESS),
        ("(9*volt**2)**0.5", 3.0, VOLTAGE),
        ("(-2)**3", -8.0, DIMENSIONLESS),
    ],
)
def test_quantities(text: str, value: float, dims: tuple) -> None:
    found, got = parse_quantity(text)
    assert found == pytest.approx(value, rel=1e-15)
    assert got == tuple(map(float, dims))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a valid expression"),
        ("20 ms", "not a valid expression"),
        ("20*", "not a valid expression"),
        ("\0", "not a valid expression"),
        ("20*ms; 3", "not a valid expression"),
        ("20*bananas", "unknown unit 'bananas'"),
        ("1*ms + 1*mV", "cannot add second and volt"),
        ("1*ms + 1", r"cannot add second and no unit \(1\)"),
        ("2**ms", "an exponent must have no unit"),
        ("1/0", "division by zero"),
        ("0**-1", "cannot raise 0 to the power -1"),
        ("(-1)**0.5", "cannot raise -1 to the power 0.5"),
        ("0**((-1)**0.5)", "cannot raise -1"),
        ("9**9**9**9", "cannot raise 9 to the power"),
        ("2**inf", "cannot raise 2 to the power inf"),
        ("10**64*10**64*(10**64)**5", "too large"),
        ("inf - inf", "not a number"),
        ("True", "Constant is not allowed"),
        ("1j*ms", "Constant is not allowed"),
        ("'ms'", "Constant is not allowed"),
        ("20 % 3", "BinOp is not allowed"),
        ("ms == ms", "Compare is not allowed"),
        ("[1]*ms", "List is not allowed"),
        ("ms[0]", "Subscript is not allowed"),
        ("ms.real", "Attribute is not allowed"),
        ("f'{ms}'", "JoinedStr is not allowed"),
        ("(lambda: 1)()", "Call is not allowed"),
        ("[x for x in ms]", "ListComp is not allowed"),
        ("(x := 3)", "NamedExpr is not allowed"),
        ("1 if ms else 2", "IfExp is not allowed"),
        ("1" * 201, "201 characters are too long"),
        ("(" * 95 + "1" + ")" * 95, "not a valid expression|1"),
    ],
)
def test_texts_that_are_no_quantity(text: str, why: str) -> None:
    if text.startswith("((((("):  # what Python's own parser takes may pass
        try:
            assert parse_quantity(text)[0] == 1
        except ValueError as error:
            assert "not a valid expression" in str(error)
        return
    with pytest.raises(ValueError, match=why) as caught:
        parse_quantity(text)
    assert "expected a number with a unit such as '20*ms'" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('pathlib').Path('{}').touch()",
        "open('{}', 'w')",
        "().__class__.__base__.__subclasses__()",
        "exec(\"open('{}', 'w')\")*ms",
        "[open('{}', 'w') for _ in (1,)][0]",
        "ms.__class__",
        "eval('1')*ms",
    ],
)
def test_code_in_a_quantity_is_not_run(text: str, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    for read in (parse_quantity, lambda t: to_si(t, TIME, "tau"), parse_dims):
        with pytest.raises(ValueError, match="not allowed|unknown unit"):
            read(text.format(trap))
    assert not trap.exists()


@given(st.text(max_size=40))
def test_any_text_is_a_quantity_or_a_value_error(text: str) -> None:
    try:
        value, dims = parse_quantity(text)
    except ValueError:
        return
    assert isinstance(value, float) and len(dims) == 7 and not math.isnan(value)


@pytest.mark.parametrize(
    ("text", "dims"),
    [
        ("1", DIMENSIONLESS), ("boolean", DIMENSIONLESS), ("integer", DIMENSIONLESS), ("volt", VOLTAGE),
        ("Hz", FREQUENCY), ("1/second", FREQUENCY), ("siemens/meter**2", (-4, -1, 3, 2, 0, 0, 0)),
        ("amp/(metre**2)", (-2, 0, 0, 1, 0, 0, 0)), ("radian", DIMENSIONLESS), ("mmolar", (-3, 0, 0, 0, 0, 1, 0)),
    ],
)  # fmt: skip
def test_units_of_equations(text: str, dims: tuple) -> None:
    assert parse_dims(text) == tuple(map(float, dims))


@pytest.mark.parametrize("text", ["mV", "1/ms", "5*volt", "2", "0.5", "uF/cm**2"])
def test_a_unit_of_an_equation_has_no_factor(text: str) -> None:
    with pytest.raises(ValueError, match="expected a unit without a factor, here "):
        parse_dims(text)


@pytest.mark.parametrize("name", ["volt", "siemens", "farad", "ohm", "second", "hertz", "metre", "tesla", "joule"])
def test_names_of_dimensions_in_messages(name: str) -> None:
    assert dims_text(parse_dims(name)) == name


def test_names_of_dimensions_without_a_unit_of_their_own() -> None:
    assert dims_text(DIMENSIONLESS) == "no unit (1)"
    assert dims_text((2, 0, -1, 0, 0, 0, 0)) == "metre^2 second^-1"


powers = st.tuples(*[st.integers(-4, 4)] * 7)


@given(powers)
def test_written_dimensions_are_read_again(dims: tuple) -> None:
    assert parse_dims(dims_expression(dims)) == tuple(map(float, dims))


# -- values of users ---------------------------------------------------------------------------------------------------


def test_brian2_quantities() -> None:
    import brian2 as b

    assert to_si(20 * b.ms, TIME, "x") == 0.02
    assert strip_quantity(b.mV) == (1e-3, tuple(map(float, VOLTAGE)))
    np.testing.assert_array_equal(to_si([1, 2] * b.mV, VOLTAGE, "x"), [1e-3, 2e-3])
    with pytest.raises(
        ValueError, match=r"tau: expected a value in second \(a plain number is in ms\), got .* in volt"
    ):
        to_si(20 * b.mV, TIME, "tau")


def test_a_list_of_quantities_keeps_its_unit() -> None:
    import brian2 as b

    np.testing.assert_allclose(to_si([1 * b.second, 2 * b.second], TIME, "x"), [1.0, 2.0])
    np.testing.assert_allclose(to_si(["1*second", "20*ms"], TIME, "x"), [1.0, 0.02])
    np.testing.assert_allclose(to_si([1, 20], TIME, "x"), [1e-3, 0.02])
    with pytest.raises(ValueError, match="got .* in volt"):
        to_si([1 * b.mV, 2 * b.mV], TIME, "x")
    for mixed in ([1 * b.ms, 2 * b.mV], [1 * b.ms, 2], ["1*ms", 2.0]):
        with pytest.raises(TypeError, match="x: expected an array of numbers or of quantities"):
            to_si(mixed, TIME, "x")


def test_arrays() -> None:
    given_array = np.array([[1.0, 2.0], [3.0, 4.0]])
    si = to_si(given_array, TIME, "x")
    np.testing.assert_array_equal(si, given_array / 1000)
    si[0, 0] = 7  # a copy
    assert given_array[0, 0] == 1.0
    assert to_si(np.arange(3, dtype=np.int16), DIMENSIONLESS, "x").dtype == np.float64
    assert to_si(np.float32(0.5), DIMENSIONLESS, "x") == 0.5 and isinstance(to_si(np.int64(2), TIME, "x"), float)
    assert to_si([], TIME, "x").shape == (0,)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("3*mV", ValueError, r"tau: expected a value in second \(a plain number is in ms\), got '3\*mV' in volt"),
        ("3", ValueError, r"tau: expected a value in second .* in no unit \(1\)"),
        ("3*nonsense", ValueError, "tau: quantity '3\\*nonsense': unknown unit 'nonsense'"),
        (math.nan, ValueError, "tau: NaN is not a value"),
        ([1.0, math.nan], ValueError, "tau: NaN is not a value"),
        (np.array([np.nan]), ValueError, "tau: NaN is not a value"),
        (True, TypeError, "tau: expected a number, a quantity or an array, got True"),
        (None, TypeError, "got None"),
        (1j, TypeError, "got 1j"),
        ({}, TypeError, "got {}"),
        (b"1", TypeError, "got b'1'"),
        (["a"], TypeError, "expected an array of numbers or of quantities, got"),
        ([[1], [1, 2]], TypeError, "expected an array of numbers"),
        (np.array(["1"]), TypeError, "expected an array of numbers"),
        (np.array([1j]), TypeError, "expected an array of numbers"),
        ([None], TypeError, "expected an array of numbers"),
    ],
)
def test_values_that_are_refused(value: object, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        to_si(value, TIME, "tau")


def test_infinity_is_left_to_the_caller() -> None:
    assert to_si(math.inf, TIME, "x") == math.inf


def test_numbers() -> None:
    assert all(units.is_number(x) for x in (1, 1.5, np.int8(1), np.float32(1)))
    assert not any(units.is_number(x) for x in (True, np.True_, "1", None, 1j, [1]))
    assert all(units.is_whole(x) for x in (1, -3, np.int8(1), np.uint64(2)))
    assert not any(units.is_whole(x) for x in (True, np.True_, 1.0, np.float32(1), "1", None, [1]))
