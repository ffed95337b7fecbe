"""The algebra of programs: single assignment, copies, hoisting."""

import numpy as np
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from spikegram.kernels.expressions import symbol
from spikegram.kernels.program import Assign, hoist, inline_copies, ssa

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
