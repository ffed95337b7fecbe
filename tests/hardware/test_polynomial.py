"""Expressions as polynomials."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.hardware.polynomial import PolynomialError, after, constant, polynomial, same
from spikegram.language import parse_statements

NAMES = {"tau": constant(0.02), "E": constant(-0.07), "n": constant(np.array([1.0, 2.0])), "zero": {}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(E - v)/tau", {(): -3.5, ("v",): -50.0}),
        ("2*(v - 10*mV)*(g + 1)", {("g", "v"): 2.0, ("v",): 2.0, ("g",): -0.02, (): -0.02}),
        ("v - v + zero*g", {}),
        ("(v + 1)**2", {("v", "v"): 1.0, ("v",): 2.0, (): 1.0}),
        ("-v + +g", {("v",): -1.0, ("g",): 1.0}),
        ("where(tau > 10*ms, v, g)", {("v",): 1.0}),
        ("where(not (tau > 10*ms and E < 0*volt), v, g)", {("g",): 1.0}),
        ("exp(-tau/(20*ms))*v", {("v",): math.exp(-1)}),
        ("v*exprel(zero) + clip(5, 0, 3) + 7 % 4", {("v",): 1.0, (): 6.0}),
        ("int(tau > 1*ms)*g", {("g",): 1.0}),
    ],
)
def test_expansion(text: str, expected: dict) -> None:
    found = polynomial(text, NAMES, {"v", "g"})
    assert set(found) == set(expected)
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, rel=1e-14)


def test_one_coefficient_per_neuron() -> None:
    found = polynomial("where(n > 1, v, 3*g) + n", NAMES, {"v", "g"})
    np.testing.assert_array_equal(found[("v",)], [0, 1])
    np.testing.assert_array_equal(found[("g",)], [3, 0])
    np.testing.assert_array_equal(found[()], [1, 2])
    assert same(found, dict(found)) and not same(found, {**found, (): np.array([1.0, 3.0])})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("exp(v)", "depends on v inside exp"),
        ("1/v", "depends on v in a divisor"),
        ("2**v", "in an exponent"),
        ("v**0.5", "no polynomial"),
        ("v > 0", "in a comparison"),
        ("where(v > 0, 1, 2)", "depends on v"),
        ("v**3*g**2", "more than 4 factors"),
        ("rand()*v", "no fixed value"),
        ("t + v", "'t' has no fixed value"),
        ("1/zero", "divides by 0"),
        ("log(zero)*v", "not finite"),
    ],
)
def test_says_what_is_no_polynomial(text: str, words: str) -> None:
    with pytest.raises(PolynomialError, match=words):
        polynomial(text, NAMES, {"v", "g"})


def test_statements_see_those_above() -> None:
    statements = parse_statements("g += 1; x = 2*g; v = v + x; v *= 3", "update", "cell")
    found = after(statements, {}, {"v", "g"})
    assert found["v"] == {("v",): 3.0, ("g",): 6.0, (): 6.0}
    assert found["g"] == {("g",): 1.0, (): 1.0}
