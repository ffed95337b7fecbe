"""Numbers, arrays and expressions that users give: units, random streams, refusals; times on the grid."""

from __future__ import annotations

import math
import operator

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spikegram.kernels.random import normal, uniform
from spikegram.networks.values import evaluate, grid_steps, interval_steps, resolve, time_steps
from spikegram.units import CURRENT, DIMENSIONLESS, LENGTH, TIME, VOLTAGE

STREAM = (1, 64, 2**62)
NAMES = {
    "i": (np.arange(4), DIMENSIONLESS),
    "N": (4, DIMENSIONLESS),
    "d": (np.array([0.0, 1e-3, 2e-3, 5e-3]), LENGTH),
    "v_rest": (-0.07, VOLTAGE),
    "tau": (np.array([1.0, 2, 3, 4]) * 1e-3, TIME),
}


def value(text, size=4, names=NAMES):
    return evaluate(text, size, names, STREAM, "x")[0]


# -- expressions ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "expected", "dims"),
    [
        ("3", 3.0, DIMENSIONLESS),
        ("-60*mV", -0.06, VOLTAGE),
        ("+2*nA", 2e-9, CURRENT),
        ("v_rest + 10*mV", -0.06, VOLTAGE),
        ("i/N", [0, 0.25, 0.5, 0.75], DIMENSIONLESS),
        ("2**3**2 - -1", 513, DIMENSIONLESS),
        ("(2*ms)**2/ms", 4e-3, TIME),
        ("tau**-1*tau*5*mV", [5e-3] * 4, VOLTAGE),
        ("i**-1", [math.inf, 1, 1 / 2, 1 / 3], DIMENSIONLESS),
        ("exp(-d/(2*mm))", np.exp(-np.array([0, 0.5, 1, 2.5])), DIMENSIONLESS),
        ("sqrt(4*ms*ms)", 2e-3, TIME),
        ("where(i < 2, 1*mV, v_rest)", [1e-3, 1e-3, -0.07, -0.07], VOLTAGE),
        ("where(not (i == 1 or i > 2) and True, 1, 0)", [1, 0, 1, 0], DIMENSIONLESS),
        ("clip(i*ms, 1*ms, 2*ms)", [1e-3, 1e-3, 2e-3, 2e-3], TIME),
        ("i % 3", [0, 1, 2, 0], DIMENSIONLESS),
        ("(7*ms) % (4*ms)", 3e-3, TIME),
        ("(7*ms) // (4*ms)", 1, DIMENSIONLESS),
        ("abs(-3*mV)", 3e-3, VOLTAGE),
        ("sign(v_rest)", -1, DIMENSIONLESS),
        ("int(-1.7) + floor(-1.2) + ceil(1.2)", -1 - 2 + 2, DIMENSIONLESS),
        ("exprel(0)", 1, DIMENSIONLESS),
        ("log10(100)*cos(0) + arctan(0)", 2, DIMENSIONLESS),
        ("(i != 1) + (i <= 1) + (i >= 3)", [2, 1, 1, 2], DIMENSIONLESS),
    ],
)  # fmt: skip
def test_expressions(text, expected, dims):
    found, found_dims = evaluate(text, 4, NAMES, STREAM, "x")
    assert found == pytest.approx(np.array(expected) if np.ndim(expected) else expected, rel=1e-15)
    assert tuple(found_dims) == tuple(dims)
    assert isinstance(found, float) == (np.ndim(expected) == 0)


numbers = st.floats(-100, 100).map(lambda x: round(x, 3))
expressions = st.recursive(
    numbers.map(lambda x: (repr(x), x)) | st.sampled_from([("a", 2.5), ("b", -0.75)]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(
        lambda t: (
            f"({t[0][0]} {t[1]} {t[2][0]})",
            {"+": operator.add, "-": operator.sub, "*": operator.mul}[t[1]](t[0][1], t[2][1]),
        )
    ),
    max_leaves=12,
)


@given(expressions)
def test_arithmetic_is_that_of_floats(case):
    text, expected = case
    assert value(text, names={"a": (2.5, DIMENSIONLESS), "b": (-0.75, DIMENSIONLESS)}) == expected


def test_random_numbers_are_those_of_the_streams():
    index = np.arange(5)
    assert np.array_equal(value("rand()", 5), uniform(1, 64, index, 2**62))
    assert np.array_equal(value("randn()", 5), normal(1, 64, index, 2**62))
    # each call in a text has a stream of its own; a neuron's number does not depend on how many there are
    both = value("rand() + 10*floor(1000*rand())", 5)
    assert np.array_equal(both, uniform(1, 64, index, 2**62) + 10 * np.floor(1000 * uniform(1, 65, index, 2**62)))
    assert np.array_equal(value("rand()", 3), value("rand()", 5)[:3])
    drawn = value("rand()", 20_000)
    assert drawn.mean() == pytest.approx(0.5, abs=0.01)
    assert value("randn()", 20_000).std() == pytest.approx(1, abs=0.02)
    assert evaluate("rand()", 5, {}, (2, 64, 2**62), "x")[0][0] != drawn[0]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("1*mV + 1*ms", "joins volt and second"),
        ("where(i < 1, 1*mV, 2)", "joins volt and no unit"),
        ("clip(i, 0, 1*ms)", "joins no unit"),
        ("exp(1*mV)", "joins volt and no unit"),
        ("floor(3.7*mV)", "joins volt and no unit"),
        ("2**(1*ms)", "joins second and no unit"),
        ("(1*ms)**i", "the exponent of a quantity must be one number"),
        ("1*mV < 1*nA", "joins volt and amp"),
        ("v_rst", "unknown name 'v_rst' in 'v_rst'; expected a unit or i, N, d, v_rest, tau"),
        ("", "not a valid expression"),
        ("1 +", "not a valid expression"),
        ("1 < i < 3", "chained comparison"),
        ("rand(3)", r"rand\(\) takes 0 arguments, got 1"),
        ("where(i, 1)", r"where\(\) takes 3 arguments, got 2"),
        ("1" * 5000, "not a valid expression|too large a number"),
        ("1e5" + "0" * 400, "x"),
        ("10" + "0" * 400, "too large a number"),
        ("+".join(["1"] * 4000), "too many brackets|not a valid expression"),
        ("-" * 3000 + "1", "too many brackets|not a valid expression"),
        ("(" * 500 + "1" + ")" * 500, "not a valid expression"),
    ],
)  # fmt: skip
def test_wrong_expressions(text, match):
    with pytest.raises(ValueError, match=match) as caught:
        resolve(text, 4, DIMENSIONLESS, NAMES, STREAM, "weight of x")
    assert "weight of x" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').mkdir('trapped')", "().__class__", "i.dtype", "i[0]", "lambda: 1", "[1 for x in (1,)]",
        "f'{1}'", "open('trapped', 'w')", "exec('1')", "(x := 1)", "'a'*9", "1 if 1 else 2", "{1: 2}", "1j", "...",
        "__name__", "i; 1", "1\n2", "print(1)", "rand.__call__()", "np.exp(1)", "*i", "await i", "None", "i @ i", "~i",
        "1 << 4", "i is i", "\0",
    ],
)  # fmt: skip
def test_code_is_refused_not_run(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="^weight"):
        resolve(text, 4, DIMENSIONLESS, NAMES, STREAM, "weight")
    assert not list(tmp_path.iterdir())


@given(st.text(st.characters(max_codepoint=0x2FF), max_size=40))
def test_any_text_is_a_number_or_a_value_error(text):
    try:
        found = resolve(text, 4, DIMENSIONLESS, NAMES, STREAM, "w")
    except ValueError as error:
        assert str(error).startswith("w: ")
    else:
        assert np.all(np.isfinite(found))


@given(st.text(alphabet="019.e()+-*/%<>= inNdtauexpsqrtrandwhere,", max_size=30))
def test_nearly_an_expression(text):
    try:
        resolve(text, 4, DIMENSIONLESS, NAMES, STREAM, "w")
    except ValueError as error:
        assert str(error).startswith("w: ")


# -- values -----------------------------------------------------------------------------------------------------------
def test_resolve():
    assert resolve(-60, 3, VOLTAGE, {}, STREAM, "v") == -0.06
    assert resolve("-60*mV", 3, VOLTAGE, {}, STREAM, "v") == -0.06
    assert resolve([1, 2, 3], 3, TIME, {}, STREAM, "t").tolist() == [1e-3, 2e-3, 3e-3]
    assert resolve(np.float32(0.5), 3, DIMENSIONLESS, {}, STREAM, "w") == 0.5
    assert resolve(np.array(2.0), 3, TIME, {}, STREAM, "t") == 2e-3
    assert resolve([], 0, TIME, {}, STREAM, "t").shape == (0,)
    assert resolve("rand()", 0, DIMENSIONLESS, {}, STREAM, "w").shape == (0,)
    # whether there is a value per element follows from the text, not from the values or how many there are
    assert resolve("0*rand()", 1, DIMENSIONLESS, {}, STREAM, "w").shape == (1,)
    assert isinstance(resolve("5*2", 7, DIMENSIONLESS, {}, STREAM, "w"), float)


def test_resolve_with_brian2():
    import brian2

    assert resolve(3 * brian2.mV, 2, VOLTAGE, {}, STREAM, "v") == pytest.approx(3e-3)
    assert resolve([3, 4] * brian2.mV, 2, VOLTAGE, {}, STREAM, "v") == pytest.approx([3e-3, 4e-3])
    with pytest.raises(ValueError, match="v: expected a value in volt .*in second"):
        resolve(3 * brian2.ms, 2, VOLTAGE, {}, STREAM, "v")


@pytest.mark.parametrize(
    ("given_value", "error", "match"),
    [
        (float("nan"), ValueError, "NaN"),
        (float("inf"), ValueError, "finite numbers, got inf"),
        ([1.0, float("nan"), 2.0], ValueError, "NaN"),
        ([1.0, -float("inf"), 2.0], ValueError, "finite"),
        ([1.0, 2.0], ValueError, r"one value or 3 values, got an array of shape \(2,\)"),
        (np.ones((3, 1)), ValueError, r"got an array of shape \(3, 1\)"),
        ("0/0", ValueError, "finite"),
        ("1/(1 - 1)", ValueError, "finite"),
        ("1/0", ValueError, "finite"),
        ("0**-1", ValueError, "finite"),
        ("log(0)", ValueError, "finite"),
        ("(-8)**0.5", ValueError, "finite"),
        ("10.0**400", ValueError, "finite"),
        ("1*ms", ValueError, r"expected no unit \(1\), '1\*ms' is in second"),
        (None, TypeError, "expected a number, a quantity or an array, got None"),
        (True, TypeError, "got True"),
        (1j, TypeError, "got 1j"),
        (b"1", TypeError, "got b'1'"),
        ({"w": 1}, TypeError, "got {'w': 1}"),
        (["a", "b", "c"], TypeError, "an array of numbers"),
        ([[1], [1, 2], 3], TypeError, "an array of numbers"),
        (lambda: 1, TypeError, "got <function"),
    ],
)  # fmt: skip
def test_refused_values(given_value, error, match):
    with pytest.raises(error, match=f"^the weight: .*{match}"):
        resolve(given_value, 3, DIMENSIONLESS, {}, STREAM, "the weight")


# -- the grid ---------------------------------------------------------------------------------------------------------
@given(st.integers(0, 10**9), st.sampled_from([1e-4, 2.5e-5, 1e-3, 1 / 3 * 1e-3, 1e-6]))
def test_multiples_of_dt_are_on_the_grid(n, dt):
    assert grid_steps(n * dt, dt, "t") == n
    assert grid_steps(n * (dt * 1e3) / 1e3, dt, "t") == n


@given(st.integers(0, 10**6), st.floats(0.001, 0.999))
def test_others_are_refused_or_rounded(n, part):
    assume(abs(part - 0.5) > 1e-3)
    time = (n + part) * 1e-4
    with pytest.raises(ValueError, match="delay: .* ms is not a multiple of the time step dt = 0.1 ms"):
        grid_steps(time, 1e-4, "delay")
    assert grid_steps(time, 1e-4, "delay", rounding=True) == n + (part > 0.5)


def test_grid_of_arrays():
    steps = grid_steps(np.array([0, 1e-4, 0.3]), 1e-4, "t")
    assert steps.tolist() == [0, 1, 3000]
    assert steps.dtype == np.int64
    assert grid_steps(np.zeros(0), 1e-4, "t").shape == (0,)
    with pytest.raises(ValueError, match=r"t: 0\.25 ms is not a multiple"):
        grid_steps(np.array([1e-4, 2.5e-4, 3.7e-4]), 1e-4, "t")
    with pytest.raises(ValueError, match="t: expected times >= 0, got -0.1 ms"):
        grid_steps(np.array([1e-4, -1e-4]), 1e-4, "t")
    for long in (np.inf, np.nan, 1e9):
        with pytest.raises(ValueError, match="is too long for steps of 0.1 ms"):
            grid_steps(np.array([1e-4, long]), 1e-4, "t")


def test_one_time_of_a_user_in_steps():
    assert [time_steps(t, 1e-4, "t") for t in (0, 0.3, "2*ms", np.float64(1))] == [0, 3, 20, 10]
    with pytest.raises(TypeError, match="t: expected one time, got"):
        time_steps([1, 2], 1e-4, "t")
    assert [interval_steps(t, 1e-4, "t") for t in (None, 0.1, "1*ms")] == [1, 1, 10]
    with pytest.raises(ValueError, match="t: expected at least dt = 0.1 ms, got 0"):
        interval_steps(0, 1e-4, "t")
