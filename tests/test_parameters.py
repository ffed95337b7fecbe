"""Parameters: how values, units and meanings are declared and replaced."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.parameters import WEIGHT, Parameter, declare, replace_values
from spikegram.units import CURRENT, DIMENSIONLESS, TIME, VOLTAGE

OWNER = "model 'M'"


def floats(dims: tuple) -> tuple:
    return tuple(map(float, dims))


def test_forms_of_a_declaration() -> None:
    import brian2 as b

    found = declare(
        dict(
            tau="20*ms", v_th=("-50*mV", "threshold"), k=3, g=np.float32(0.5), E=-70 * b.mV,
            w_max=(" 0.5 * weight", "w"),
        ),
        OWNER,
    )  # fmt: skip
    assert found["tau"] == Parameter(0.02, floats(TIME), "")
    assert found["v_th"] == Parameter(-0.05, floats(VOLTAGE), "threshold")
    assert found["k"] == Parameter(3.0, DIMENSIONLESS, "")
    assert found["g"].value == 0.5
    assert found["E"] == Parameter(-0.07, floats(VOLTAGE), "")
    assert found["w_max"] == Parameter(0.5, WEIGHT, "w")
    assert declare(found, OWNER) == found  # declared ones stay as they are
    with pytest.raises(TypeError):
        found["tau"] = 3


def test_a_parameter_in_words() -> None:
    found = declare(dict(tau="20*ms", k=3.0, w="0.5*weight", x="1*metre"), OWNER)
    assert [str(p) for p in found.values()] == ["20 ms", "3", "0.5 weight", "1 metre"]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([1], TypeError, "parameters must be a dict, got list"),
        ({3: 1}, TypeError, "the name of a parameter must be a text, got 3"),
        ({"a b": 1}, ValueError, "parameter a b: 'a b' is no name"),
        ({"é": 1}, ValueError, "parameter é: 'é' is no name"),
        ({"lambda": 1}, ValueError, "parameter lambda: the name 'lambda' is reserved"),
        ({"_x": 1}, ValueError, "parameter _x: the name '_x' is reserved"),
        ({"t": 1}, ValueError, "parameter t: the name 't' is reserved"),
        ({"exp": 1}, ValueError, "parameter exp: the name 'exp' is reserved"),
        ({"mV": 1}, ValueError, "parameter mV: the name 'mV' is a unit or number"),
        ({"a": "3*bananas"}, ValueError, "parameter a: quantity '3\\*bananas': unknown unit 'bananas'"),
        ({"a": "__import__('os')"}, ValueError, "parameter a: quantity .*: Call is not allowed"),
        ({"a": "__import__('os')*weight"}, ValueError, "parameter a: quantity .*: Call is not allowed"),
        ({"a": "2*mV*weight"}, ValueError, "parameter a: expected a plain number times weight, got '2\\*mV\\*weight'"),
        ({"a": "weight"}, ValueError, "parameter a: quantity 'weight': unknown unit 'weight'"),
        ({"a": (1, 2, 3)}, ValueError, r"parameter a: expected \(value, 'meaning'\), got \(1, 2, 3\)"),
        ({"a": (1, 2)}, ValueError, r"parameter a: expected \(value, 'meaning'\)"),
        (
            {"a": [1, 2]},
            TypeError,
            r"parameter a: a model holds one number for each parameter, got \[1, 2\]; give values",
        ),
        ({"a": np.ones(2)}, TypeError, "parameter a: a model holds one number"),
        ({"a": None}, TypeError, "parameter a: a model holds one number for each parameter, got None"),
        ({"a": True}, TypeError, "parameter a: a model holds one number for each parameter, got True"),
        ({"a": math.nan}, ValueError, "parameter a: expected a finite number, got nan"),
        ({"a": math.inf}, ValueError, "parameter a: expected a finite number, got inf"),
        ({"a": "1e999*mV"}, ValueError, "parameter a: expected a finite number, got '1e999"),
    ],
)
def test_declarations_that_are_refused(given: object, error: type, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        declare(given, OWNER)
    assert str(caught.value).startswith(OWNER)


KNOWN = declare(dict(tau=("20*ms", "time"), k=2.0, w_max="1*weight"), OWNER)


def test_new_values_keep_unit_and_meaning() -> None:
    import brian2 as b

    for ten in (10, 10.0, "10*ms", "0.01*second", 10 * b.ms, np.int64(10)):
        changed = replace_values(KNOWN, dict(tau=ten), OWNER)
        assert changed["tau"] == Parameter(0.01, floats(TIME), "time")
        assert changed["k"] == KNOWN["k"]
    assert KNOWN["tau"].value == 0.02
    assert list(replace_values(KNOWN, dict(k=5), OWNER)) == ["tau", "k", "w_max"]


def test_a_value_of_the_weight_may_be_given_in_any_unit() -> None:
    assert replace_values(KNOWN, dict(w_max=3), OWNER)["w_max"] == Parameter(3.0, WEIGHT, "")
    assert replace_values(KNOWN, dict(w_max="3*weight"), OWNER)["w_max"] == Parameter(3.0, WEIGHT, "")
    assert replace_values(KNOWN, dict(w_max="3*nA"), OWNER)["w_max"] == Parameter(3 * 1e-9, floats(CURRENT), "")


@pytest.mark.parametrize(
    ("new", "error", "message"),
    [
        (dict(tua=3), ValueError, "no parameter 'tua'; expected one of tau, k, w_max"),
        (
            dict(tau="3*mV"),
            ValueError,
            r"parameter tau: expected a value in second \(a plain number is in ms\), got '3\*mV'",
        ),
        (dict(tau="3*weight"), ValueError, "parameter tau: .*unknown unit 'weight'"),
        (dict(k="3*ms"), ValueError, r"parameter k: expected a value in no unit \(1\)"),
        (dict(tau=[1, 2]), TypeError, r"parameter tau: a model holds one number for each parameter, got \[1, 2\]"),
        (dict(tau=math.nan), ValueError, "parameter tau: expected a finite number, got nan"),
        (dict(tau=None), TypeError, "parameter tau: .*got None"),
        (dict(w_max="2*mV*weight"), ValueError, "parameter w_max: expected a plain number times weight"),
    ],
)
def test_new_values_that_are_refused(new: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        replace_values(KNOWN, new, OWNER)
    assert str(caught.value).startswith(OWNER)


def test_a_model_without_parameters_says_so() -> None:
    with pytest.raises(ValueError, match=r"no parameter 'x'; expected one of \(it has none\)"):
        replace_values({}, dict(x=1), OWNER)
