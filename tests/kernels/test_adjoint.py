"""Partial derivatives and the reverse pass, held against difference quotients."""

from __future__ import annotations

import math

import pytest
import sympy as sp

from spikegram.kernels.adjoint import CHOICE, EXPREL_SLOPE, SLOPE, SPIKE, Line, partial, reverse, temporaries
from spikegram.kernels.expressions import CLIP, EXPREL, symbol, to_sympy

x, y, k = symbol("x"), symbol("y"), symbol("k")
NUMERIC = {
    CLIP: lambda x, low, high: min(max(x, low), high),
    EXPREL: lambda x: math.expm1(x) / x,
    EXPREL_SLOPE: lambda x: (x * math.exp(x) - math.expm1(x)) / x**2,
}


def value(e: sp.Basic, **names: float) -> float:
    e = sp.sympify(e).xreplace({symbol(n): sp.Float(v) for n, v in names.items()})
    for function, numeric in NUMERIC.items():
        e = e.replace(lambda f, F=function: isinstance(f, F), lambda f, n=numeric: sp.Float(n(*map(float, f.args))))
    return float(e)


@pytest.mark.parametrize(
    "text",
    [
        "x**3*y + 2*x", "exp(-x/y)", "x**y", "1/(1 + exp(-k*x))", "abs(x - y)", "clip(x, -0.5, y)", "clip(y, x, k)",
        "clip(y, k, x)", "exprel(-x*y)", "where(x > y, x*y, sin(x))", "sqrt(1 + x**2)/tanh(x)", "log1p(x**2)*expm1(x)",
        "floor(x)*x + sign(x)*x", "x % y", "arctan(x*y)", "cosh(x)**(-2)",
    ],
)  # fmt: skip
@pytest.mark.parametrize("point", [dict(x=0.7, y=0.4, k=1.3), dict(x=0.35, y=1.7, k=0.6)])
def test_partial(text: str, point: dict[str, float]) -> None:
    e, h = to_sympy(text, "test", {"x", "y", "k"}), 1e-6
    if text == "x % y":
        e = e.replace(
            lambda f: type(f).__name__ == "mod", lambda f: f.args[0] - f.args[1] * sp.floor(f.args[0] / f.args[1])
        )
    slope = (value(e, **point | {"x": point["x"] + h}) - value(e, **point | {"x": point["x"] - h})) / (2 * h)
    found = partial(to_sympy(text, "test", {"x", "y", "k"}), x)
    assert value(found, **point) == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_partial_at_corners() -> None:
    assert value(partial(sp.Abs(x), x), x=0) == 0
    for point, expected in ((0.0, 1), (1.0, 1), (1.1, 0), (-0.1, 0)):
        assert value(partial(CLIP(x, sp.Integer(0), sp.Integer(1)), x), x=point) == expected


def test_where_that_is_not_taken_gives_no_nan() -> None:
    e = to_sympy("where(x > 0, log(x), 0)", "test", {"x"})
    assert value(partial(e, x), x=-1.0) == 0


def test_reverse_is_the_chain_rule() -> None:
    # v' = exp(-k) v + x; u = v'^2; z = u v'
    lines = [
        Line("a", sp.exp(-k) * y + x),
        Line("b", symbol("v") ** 2, {"v": "a"}),
        Line("z", symbol("a") * symbol("b")),
    ]
    statements, adjoints = reverse(lines, {"z": [symbol("g")]}, ["x", "y", "k"])
    at = dict(x=0.3, y=0.8, k=0.5, g=2.0)
    for name, e in [(line.name, line.expr.xreplace({symbol("v"): symbol("a")})) for line in lines]:
        at[name] = value(e, **at)
    for name, e in statements:
        at[name] = value(e, **at)
    a = math.exp(-0.5) * 0.8 + 0.3
    assert value(adjoints["x"], **at) == pytest.approx(2 * 3 * a**2)
    assert value(adjoints["y"], **at) == pytest.approx(2 * 3 * a**2 * math.exp(-0.5))
    assert value(adjoints["k"], **at) == pytest.approx(-2 * 3 * a**2 * math.exp(-0.5) * 0.8)
    assert len({n for n, _ in statements}) == len(statements)


@pytest.mark.parametrize("hit", [0.0, 1.0])
def test_a_choice_gives_its_gradient_to_what_was_chosen_and_to_the_spike(hit: float) -> None:
    s, r, v = symbol("s"), symbol("r"), symbol("v")
    through = Line("z", CHOICE(s, r, v))
    _, adjoints = reverse([through], {"z": [symbol("g")]}, ["s", "r", "v"])
    at = dict(s=hit, r=3.0, v=5.0, g=1.0)
    assert [value(adjoints[n], **at) for n in "srv"] == [-2.0, hit, 1 - hit]
    _, cut = reverse([through._replace(stops=frozenset("s"))], {"z": [symbol("g")]}, ["s", "r", "v"])
    assert cut["s"] == 0


def test_a_spike_has_the_surrogate_for_its_slope() -> None:
    _, adjoints = reverse([Line("s", SPIKE(x))], {"s": [symbol("g")]}, ["x"])
    assert set(adjoints["x"].args) == {SLOPE(x), symbol("g")}


def test_functions_get_names_but_not_inside_of_cases() -> None:
    e = to_sympy("exp(-x)*y + where(x > 0, exp(x), 0)", "test", {"x", "y"})
    lines = temporaries([Line("a", e)])
    assert [line.name for line in lines] == ["_f0", "a"]
    assert lines[0].expr == sp.exp(-x)
    assert lines[1].expr.has(sp.exp(x))
    assert not lines[1].expr.has(sp.exp(-x))
