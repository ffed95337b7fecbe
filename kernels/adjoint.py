"""Reverse-mode differentiation of statements: each has its partial derivatives from SymPy, the rest is the chain rule.

A `Line` reads names through ``reads``, which says where the value stands that a symbol of its expression means; so an
expression stays as the simulation prints it (the order of a sum is kept, and with it every bit of the result), although
``v`` means the old value in one line and the new one in another. Every name is assigned once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import sympy as sp

from .expressions import CLIP, EXPREL, MOD, TRUNC, symbol
from .program import Assign

__all__ = ["CHOICE", "EXPREL_SLOPE", "SLOPE", "SPIKE", "Line", "partial", "reverse", "temporaries"]

#: ``SPIKE(u)`` is 1 where u is beyond the threshold, ``SLOPE(u)`` what the backward pass takes for its derivative.
SPIKE, SLOPE = sp.Function("_spike", real=True), sp.Function("_slope", real=True)
#: ``CHOICE(s, a, b)``: a where s = 1 and b where s = 0.
CHOICE = sp.Function("_choice", real=True)
#: The derivative of exprel.
EXPREL_SLOPE = sp.Function("exprel_slope", real=True)


class Line(NamedTuple):
    """``name = expr``, with the names under which the symbols of ``expr`` are found (their own if not listed).

    ``stops`` are symbols through which no derivative goes.
    """

    name: str
    expr: sp.Basic
    reads: Mapping[str, str] = {}
    stops: frozenset[str] = frozenset()

    def read(self, s: sp.Symbol) -> str:
        """Where the value of a symbol of the expression stands."""
        return self.reads.get(s.name, s.name)


def partial(e: sp.Basic, z: sp.Symbol) -> sp.Expr:
    """The derivative of ``e`` with respect to ``z``, almost everywhere.

    Conditions, ``sign``, ``floor``, ``ceil`` and ``int`` have none; that of ``abs`` at 0 is 0, that of ``clip`` at its
    bounds is 1, as in PyTorch.
    """
    if not isinstance(e, sp.Expr) or z not in e.free_symbols:
        return sp.Integer(0)
    if e == z:
        return sp.Integer(1)
    if isinstance(e, sp.Piecewise):
        return sp.Piecewise(*((partial(a, z), c) for a, c in e.args), evaluate=False)
    inner = [partial(a, z) for a in e.args]
    if all(d == 0 for d in inner):
        return sp.Integer(0)
    if e.is_Add:
        return sp.Add(*inner)
    if e.is_Mul:
        terms = [sp.Mul(d, *e.args[:k], *e.args[k + 1 :]) for k, d in enumerate(inner) if d != 0]
        return sp.Add(*terms)
    if e.is_Pow:
        base, power = e.args
        if inner[1] == 0:
            return power * sp.Pow(base, power - 1) * inner[0]
        return e * (inner[1] * sp.log(base) + power * inner[0] / base)
    return sp.Add(*(_slope(e, k) * d for k, d in enumerate(inner) if d != 0))


def _where(condition: sp.Basic, a: sp.Expr | int, b: sp.Expr | int) -> sp.Expr:
    return sp.Piecewise((a, condition), (b, True), evaluate=False)


def _slope(e: sp.Expr, k: int) -> sp.Expr:
    """The derivative of a function with respect to its argument number ``k``."""
    x = e.args[0]
    if isinstance(e, sp.Abs):
        return _where(x > 0, 1, _where(x < 0, -1, 0))
    if isinstance(e, sp.sign | sp.floor | sp.ceiling | TRUNC | sp.arg | sp.im):
        return sp.Integer(0)
    if isinstance(e, sp.re):
        return sp.Integer(1)
    if isinstance(e, EXPREL):
        return EXPREL_SLOPE(x)
    if isinstance(e, MOD):
        return sp.Integer(1) if k == 0 else -sp.floor(x / e.args[1])
    if isinstance(e, CLIP):
        low, high = e.args[1:]
        above = sp.Or(sp.And(x < low, low > high), sp.And(x >= low, x > high))
        return (
            _where(sp.Or(x < low, above), 0, 1) if k == 0
            else _where(sp.And(x < low, sp.Not(above)), 1, 0) if k == 1
            else _where(above, 1, 0)
        )  # fmt: skip
    if isinstance(e, SPIKE):
        return SLOPE(x)
    return e.fdiff(k + 1)


def temporaries(lines: Iterable[Line]) -> list[Line]:
    """Give functions and powers that cost something names of their own, since their derivatives hold them again.

    What stands inside a case of a `Piecewise` stays there: where that case is not taken, it may be no number.
    """
    out: list[Line] = []
    count = 0
    for line in lines:
        found: dict[sp.Basic, sp.Symbol] = {}
        before: list[Line] = []

        def rebuild(
            e: sp.Basic, line: Line = line, found: dict = found, before: list[Line] = before, top: bool = False
        ) -> sp.Basic:
            nonlocal count
            if e.is_Atom or isinstance(e, sp.Piecewise) or not isinstance(e, sp.Expr):
                return e
            if e in found:
                return found[e]
            args = [rebuild(a) for a in e.args]
            new = e if all(a is b for a, b in zip(args, e.args, strict=True)) else e.func(*args, evaluate=False)
            if top or not _is_costly(e):
                return new
            name = f"_f{count}"
            count += 1
            before.append(Line(name, new, line.reads, line.stops))
            found[e] = symbol(name)
            return found[e]

        if isinstance(line.expr, SPIKE | CHOICE) or not isinstance(line.expr, sp.Expr):
            out.append(line)
            continue
        expr = rebuild(line.expr, top=True)
        out += [*before, line._replace(expr=expr)]
    return out


def _is_costly(e: sp.Basic) -> bool:
    return bool(e.free_symbols) and (e.is_Function or (e.is_Pow and not e.exp.is_Integer))


def _partials(line: Line, smooth: bool) -> dict[sp.Symbol, sp.Expr]:
    """The partial derivatives of a line that are not 0, in its own symbols."""
    if isinstance(line.expr, CHOICE):
        s, a, b = line.expr.args
        hit = sp.Gt(s, sp.Rational(1, 2))
        taken, left = (s, 1 - s) if smooth else (_where(hit, 1, 0), _where(hit, 0, 1))
        found: dict[sp.Symbol, sp.Expr] = {s: a - b}
        for part, factor in ((a, taken), (b, left)):
            for z in part.free_symbols:
                found[z] = found.get(z, sp.Integer(0)) + _times(factor, partial(part, z))
    else:
        found = {z: partial(line.expr, z) for z in line.expr.free_symbols}
    return {z: d for z, d in found.items() if d != 0 and z.name not in line.stops}


def _times(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    if a == 1 or b == 1:
        return b if a == 1 else a
    if isinstance(a, sp.Piecewise) and len(a.args) == 2 and {a.args[0][0], a.args[1][0]} == {0, 1}:
        # a choice of the one or the other, and not a product: where it is not taken, b may be no number
        condition = a.args[0][1]
        return _where(condition, b, 0) if a.args[0][0] == 1 else _where(condition, 0, b)
    return sp.Mul(a, b, evaluate=False)


def reverse(
    lines: list[Line], seeds: Mapping[str, list[sp.Expr]], leaves: Iterable[str], smooth: bool = False
) -> tuple[list[Assign], dict[str, sp.Expr]]:
    """Go through the lines backwards.

    Parameters
    ----------
    lines : list of Line
    seeds : mapping
        Name of a result -> its adjoints, which come from outside.
    leaves : iterable of str
        Names whose adjoints are asked for.
    smooth : bool
        Spikes may lie between 0 and 1.

    Returns
    -------
    statements, adjoints
        Assignments (each name once) which may read what the lines computed, and leaf -> expression (0 if the seeds do
        not depend on it).
    """
    leaves = list(leaves)
    active, partials = set(leaves), []
    for line in lines:
        mine = {z: d for z, d in _partials(line, smooth).items() if line.read(z) in active}
        partials.append(mine)
        if mine:
            active.add(line.name)
    parts: dict[str, list[sp.Expr]] = {n: list(e) for n, e in seeds.items()}
    out: list[Assign] = []
    for line, mine in zip(reversed(lines), reversed(partials), strict=True):
        given = parts.pop(line.name, [])
        if not mine or not given:
            continue
        adjoint = given[0]
        if len(given) > 1 or not adjoint.is_Symbol:
            out.append(Assign(f"_g{line.name}", sp.Add(*given, evaluate=False) if len(given) > 1 else adjoint))
            adjoint = symbol(f"_g{line.name}")
        names = {s: symbol(line.read(s)) for s in line.expr.free_symbols}
        for z in sorted(mine, key=str):
            d = mine[z].xreplace(names)
            parts.setdefault(line.read(z), []).append(adjoint if d == 1 else _times(d, adjoint))
    return out, {n: _total(parts.get(n, [])) for n in leaves}


def _total(parts: list[sp.Expr]) -> sp.Expr:
    return sp.Integer(0) if not parts else parts[0] if len(parts) == 1 else sp.Add(*parts, evaluate=False)
