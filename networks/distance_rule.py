"""Synapses whose probability is a function of the distance between two neurons: expressions in d, positions, checks.

>>> round(float(distance_rule("0.5*exp(-d/(100*um))")(np.array(1e-4))), 6)             # exp(-1)/2
0.18394
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..language import expression_names, parse_expression
from ..units import LENGTH, is_unit, parse_quantity
from .connector_checks import check_call, set_flag
from .connectors import Connector, Positions
from .pair_draws import Ids, nobody, refused_partners, rows_at_once, split

__all__ = ["DistanceDependent", "distance_rule"]


@dataclass(frozen=True)
class DistanceDependent(Connector):
    """Join each ordered pair at most once, independently, with a probability set by its distance.

    Distances are Euclidean, in metres. All n_pre * n_post pairs are looked at, a block at a time.
    PyNN: ``DistanceDependentProbabilityConnector(d_expression)``, where d is in micrometres;
    NEST: ``pairwise_bernoulli`` with ``p`` a function of ``nest.spatial.distance``.

    Parameters
    ----------
    probability : callable or str
        A function that takes a float array [k] of distances in metres and gives probabilities from
        0 to 1 of the same shape, or one for all. Or an expression in ``d`` and units of length:
        ``"0.4*exp(-d/(100*um))"``, ``"d < 3*mm"``.
    autapses : bool
        False leaves out the synapse of a neuron with itself.

    Raises
    ------
    ValueError, TypeError
        If the expression cannot be read. `pairs` raises them if positions are missing or malformed,
        or a probability is outside [0, 1].
    """

    probability: Callable[[np.ndarray], Any] | str
    autapses: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.probability, str):
            distance_rule(self.probability)
        elif not callable(self.probability):
            raise TypeError(
                "DistanceDependent.probability: expected a function of the distance or an "
                f"expression in d, got {self.probability!r}"
            )
        set_flag(self, "autapses")

    def pairs(
        self, pre: Ids, post: Ids, same: bool, rng: np.random.Generator, positions: Positions = None
    ) -> tuple[Ids, Ids]:
        pre, post = check_call(pre, post, rng)
        if pre.size == 0 or post.size == 0:
            return nobody()
        here, there = _check_positions(positions, pre.size, post.size)
        rule = self.probability
        if isinstance(rule, str):
            rule = distance_rule(rule)
        selves = refused_partners(pre, post, same, self.autapses)
        step = rows_at_once(post.size)
        found = []
        for first in range(0, pre.size, step):
            squares: Any = 0.0
            for axis in range(here.shape[1]):
                squares += (here[first : first + step, None, axis] - there[None, :, axis]) ** 2
            own = selves[first : first + step]
            refused = np.flatnonzero(own >= 0) * post.size + own[own >= 0]
            p = _probabilities(rule, np.sqrt(squares).ravel(), refused, first * post.size, post.size)
            found.append(np.flatnonzero(rng.random(p.size) < p) + first * post.size)
        return split(np.concatenate(found), post.size)

    def expected_count(self, n_pre: int, n_post: int) -> float:
        """Give n_pre * n_post, the upper bound: the mean is not known without positions."""
        return float(n_pre) * float(n_post)


def _check_positions(positions: Any, n_pre: int, n_post: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of both sides in metres, [n, D] each."""
    if positions is None:
        raise ValueError("DistanceDependent: expected both populations to have positions in metres, got none")
    if not isinstance(positions, tuple | list) or len(positions) != 2:
        raise TypeError(f"positions: expected a pair of arrays (pre, post), got {type(positions).__name__}")
    arrays = []
    for name, given, size in zip(("pre", "post"), positions, (n_pre, n_post), strict=True):
        what = f"positions of {name}: expected an array [{size}, D] of metres"
        array = np.asarray(given)
        if array.dtype.kind not in "iuf":
            raise TypeError(f"{what}, got {array.dtype}")
        if array.ndim != 2 or array.shape[0] != size or array.shape[1] == 0:
            raise ValueError(f"{what}, got shape {list(array.shape)}")
        if not np.isfinite(array).all():
            row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
            raise ValueError(f"{what}, got {array[row].tolist()} in row {row}")
        arrays.append(array.astype(np.float64))
    here, there = arrays
    if here.shape[1] != there.shape[1]:
        raise ValueError(
            f"positions: expected the same number of dimensions on both sides, got {here.shape[1]} and {there.shape[1]}"
        )
    return here, there


def _probabilities(
    rule: Callable[[np.ndarray], Any], d: np.ndarray, refused: Ids, first: int, width: int
) -> np.ndarray:
    """Evaluate a distance rule [k]; pair ``j`` of ``d`` is pair ``first + j``, row by row."""
    what = "DistanceDependent.probability"
    with np.errstate(all="ignore"):  # what is not finite is refused below
        p = np.asarray(rule(d))
    if p.dtype.kind not in "biuf":
        raise TypeError(f"{what}: expected real numbers for the distances, got {p.dtype}")
    if p.shape not in ((), d.shape):
        raise ValueError(f"{what}: expected one probability for each of {d.size} distances, got shape {list(p.shape)}")
    p = np.array(np.broadcast_to(p, d.shape), dtype=np.float64)
    p[refused] = 0.0
    wrong = ~((p >= 0) & (p <= 1))  # NaN is wrong too
    if wrong.any():
        k = int(wrong.argmax())
        row, column = divmod(first + k, width)
        raise ValueError(
            f"{what}: expected numbers from 0 to 1, got {p[k]:g} at a distance of {d[k]:g} m "
            f"(from neuron {row} to {column} of those connected)"
        )
    return p


_DISTANCE_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("exp", "log", "log10", "sqrt", "sin", "cos", "tan")},
    **{name: getattr(np, name) for name in ("sinh", "cosh", "tanh", "arcsin", "arccos", "arctan")},
    **{name: getattr(np, name) for name in ("abs", "sign", "floor", "ceil", "clip", "where")},
    "int": lambda x: np.trunc(np.multiply(x, 1.0)),
}


class _Elementwise(ast.NodeTransformer):
    """Make ``and``, ``or`` and ``not``, which Python applies to whole arrays, & | ~.

    Numbers become floats, whose powers overflow at once instead of growing without end.
    """

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(float(node.value)) if type(node.value) is int else node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        join = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
        parts = [self.visit(value) for value in node.values]
        return functools.reduce(lambda a, b: ast.BinOp(a, join, b), parts)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        op = ast.Invert() if isinstance(node.op, ast.Not) else node.op
        return ast.UnaryOp(op, self.visit(node.operand))


def distance_rule(text: str) -> Callable[[np.ndarray], Any]:
    """Make an expression in ``d`` a function of an array of distances in metres."""
    what = "DistanceDependent.probability"
    tree = parse_expression(text, what)
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if unknown := called - _DISTANCE_FUNCTIONS.keys():
        raise ValueError(
            f"{what}: expected only the functions {', '.join(_DISTANCE_FUNCTIONS)}, got {min(unknown)}() in {text!r}"
        )
    values: dict[str, Any] = {}
    for name in sorted(expression_names(text, what) - {"d"}):
        if not is_unit(name) or parse_quantity(name)[1] != LENGTH:
            raise ValueError(f"{what}: expected only d, the distance, and units of length, got {name!r} in {text!r}")
        values[name] = parse_quantity(name)[0]
    body = ast.fix_missing_locations(ast.Expression(_Elementwise().visit(tree)))
    code = compile(body, "<distance rule>", "eval")
    scope = {"__builtins__": {}, **_DISTANCE_FUNCTIONS, **values}

    def rule(d: np.ndarray) -> Any:
        try:
            return eval(code, scope, {"d": d})
        except (TypeError, ArithmeticError) as error:
            raise ValueError(f"{what}: cannot evaluate {text!r}: {error}") from None

    return rule
