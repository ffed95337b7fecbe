"""The algebra of programs: single assignment, copies, hoisting."""

import numpy as np
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from spikegram.kernels.expressions import symbol
from spikegram.kernels.program import Assign, hoist, inline_copies, share, ssa

V, W, TAU, DT, R = (symbol(n) for n in ("v", "w", "tau", "dt", "R"))


def run(statements: list[Assign], values: dict[str, float]) -> dict[str, float]:
    values = dict(values)
    for name, expr in statements:
        values[name] = float(expr.subs({symbol(n): x for n, x in values.items()}))
    return values


def test_reads_refer_to_the_latest_assignment() -> None:
    statements, new = ssa([Assign("v", V + 1), Assign("w", V * 2), Assign("v", V + W)], ("v", "w"))
    out = run(statements, dict(v=10.0, w=5.0))
    assert out[new["w"]] == 22  # (10 + 1) * 2
    assert out[new["v"]] == 33  # 11 + 22


def test_swap_needs_no_temporary() -> None:
    statements, new = ssa([Assign("tmp", V), Assign("v", W), Assign("w", symbol("tmp"))], ("v", "w"))
    statements, new = inline_copies(statements, new)
    assert statements == []
    assert new == {"v": "w", "w": "v"}


def test_what_nobody_reads_is_dropped() -> None:
    statements, new = inline_copies(*ssa([Assign("a", V * 2), Assign("v", V + 1)], ("v",)))
    assert [a.name for a in statements] == [new["v"]]


def test_constant_factors_are_grouped() -> None:
    constants, statements = hoist([Assign("x", DT * (R * W - V) / TAU)], frozenset({"dt", "tau", "R"}))
    assert [c.expr for c in constants] == [DT / TAU]
    assert statements[0].expr.free_symbols == {symbol("_k0"), R, W, V}


leaves = st.sampled_from([V, W, TAU, DT, R, sp.Integer(2), sp.Float(0.5)])
trees = st.recursive(
    leaves,
    lambda children: st.one_of(
        st.tuples(st.sampled_from("+-*"), children, children).map(
            lambda t: {"+": t[1] + t[2], "-": t[1] - t[2], "*": t[1] * t[2]}[t[0]]
        ),
        children.map(lambda e: sp.exp(-e / 10)),
        st.tuples(children, children).map(lambda t: sp.Piecewise((t[0], V > W), (t[1], True))),
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(trees)
def test_hoisting_never_changes_a_value(expr: sp.Expr) -> None:
    values = dict(v=0.7, w=-0.4, tau=2.0, dt=0.3, R=1.5)
    constants, statements = hoist([Assign("x", expr)], frozenset({"tau", "dt", "R"}))
    assert all(s.name in {"tau", "dt", "R"} for c in constants for s in c.expr.free_symbols)
    expected = float(expr.subs({symbol(n): x for n, x in values.items()}))
    assert np.isclose(run([*constants, *statements], values)["x"], expected, rtol=1e-12)


def test_one_name_is_assigned_once_and_is_no_name_of_a_model() -> None:
    lines = [
        Assign("v", V + 1),
        Assign("v", V * 2),
        Assign("_v", V + 3),
        Assign("v_", V),
        Assign("v", symbol("_v") + V),
    ]
    statements, new = ssa(lines, ("v",))
    names = [a.name for a in statements]
    assert len(set(names)) == len(names) and all(n.startswith("_new_v") for n in names)
    assert new == {"v": names[-1]}
    assert run(statements, dict(v=10.0))[new["v"]] == 25 + 22  # _v = (10 + 1)*2 + 3


assignments = st.lists(st.tuples(st.sampled_from(["v", "w", "tmp", "_tmp"]), trees), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(assignments)
def test_the_whole_way_computes_what_the_statements_say(lines: list[tuple[str, sp.Expr]]) -> None:
    start = dict(v=0.7, w=-0.4, tau=2.0, dt=0.3, R=1.5)
    lines = [(name, expr.xreplace({R: symbol("tmp")}) if "tmp" in [n for n, _ in lines[:k]] else expr)
             for k, (name, expr) in enumerate(lines)]  # fmt: skip
    expected = run([Assign(name, expr) for name, expr in lines], start)
    statements, new = inline_copies(*ssa([Assign(name, expr) for name, expr in lines], ("v", "w")))
    constants, statements = hoist(statements, frozenset({"tau", "dt", "R"}))
    found = run([*constants, *share(statements)], start)
    for state in ("v", "w"):
        assert np.isclose(found[new.get(state, state)], expected[state], rtol=1e-11, atol=1e-12)


def test_costly_parts_are_computed_once_in_order() -> None:
    inner = sp.exp(-V)
    a, b = inner * sp.exp(inner + W), sp.exp(inner + W) + V**0.5 + sp.exp(-W)
    shared = share([Assign("a", a), Assign("b", b), Assign("c", V**0.5 + V**2)])
    assert [a.name for a in shared] == ["_c0", "_c1", "a", "_c2", "b", "c"]
    assert shared[0].expr == inner
    assert shared[1].expr == sp.exp(symbol("_c0") + W)
    assert sum(a.expr.count(sp.exp) for a in shared) == 3  # exp(-w) occurs once and stays where it is
    assert not any(symbol("_c3") in a.expr.free_symbols for a in shared)  # squares are cheap


def test_functions_of_numbers_become_numbers() -> None:
    (a,) = hoist([Assign("a", sp.exp(sp.Rational(-13, 4)) * V + sp.sqrt(2))], frozenset())[1]
    assert not a.expr.has(sp.exp, sp.Pow)
    assert float(a.expr.coeff(V)) == np.exp(-3.25) and float(a.expr.subs(V, 0)) == np.sqrt(2)


def test_a_constant_select_is_hoisted_whole() -> None:
    guarded = sp.Piecewise((1 / TAU, TAU > 0), (0, True))
    constants, statements = hoist([Assign("a", guarded * V)], frozenset({"tau"}))
    assert [c.expr for c in constants] == [guarded]
    assert statements[0].expr == symbol("_k0") * V
