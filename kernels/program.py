"""The intermediate form of a model: assignments between SymPy expressions, ready to be printed or differentiated.

A program is made once for a model's structure. It names no target: printers (`printers.py`) and the adjoint read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import sympy as sp

__all__ = [
    "Assign", "NeuronProgram", "Propagator", "SynapseProgram", "hoist", "inline_copies", "names_in", "private_traces",
    "share", "ssa",
]  # fmt: skip


def names_in(*expressions: sp.Basic) -> set[str]:
    """Give the names of the symbols that occur in expressions."""
    return {s.name for e in expressions for s in e.free_symbols}


class Assign(NamedTuple):
    """``name = expr``."""

    name: str
    expr: sp.Basic


class Propagator(NamedTuple):
    """Constants that are entries of the matrix exponential of ``matrix * dt``.

    ``names[row][column]`` is '' where the entry is not used; the rows are the differential variables, the columns those
    variables, then what is constant in a step (inputs), then 1.
    """

    matrix: tuple[tuple[sp.Expr, ...], ...]
    names: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class NeuronProgram:
    """What one neuron does in one step.

    Attributes
    ----------
    states, inputs : tuple of str
        Rows of the state matrix, in this order.
    parameters : tuple of str
        All parameters.
    vectors : frozenset of str
        Parameters whose value differs between neurons of a population.
    propagators, constants
        What is computed once per run from parameters and ``dt``.
    update : tuple of Assign
        Temporaries, then the new values under the names in ``new``.
    new : dict
        State -> name of its new value (absent: unchanged).
    threshold : sympy condition or None
    reset : tuple of Assign
        Executed one after the other, each sees what the ones above changed.
    refractory : '' or 'duration' or 'condition'
    refractory_expr : sympy expression or None
        Seconds, of parameters and dt; or a condition on the state.
    gated : frozenset of str
        States flagged (unless refractory): arrivals are lost while refractory.
    rates : tuple of Assign
        d(dx/dt)/dx in 1/s of variables that an explicit method integrates, where it is constant in a run.
    update_randoms, reset_randoms : dict
        Symbol -> ``rand`` or ``randn``.
    """

    name: str
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    vectors: frozenset[str]
    propagators: tuple[Propagator, ...]
    constants: tuple[Assign, ...]
    update: tuple[Assign, ...]
    new: dict[str, str]
    threshold: sp.Basic | None
    reset: tuple[Assign, ...]
    refractory: str
    refractory_expr: sp.Basic | None
    gated: frozenset[str]
    rates: tuple[Assign, ...]
    update_randoms: dict[str, str]
    reset_randoms: dict[str, str]


@dataclass(frozen=True)
class SynapseProgram:
    """What one synapse does at an arriving spike, and in each step.

    ``pre`` and ``post`` are executed in order; names ending in ``_post``/``_pre`` are variables of the neurons, an
    assignment to ``X_post`` holds the increment of ``X``. ``to_date`` brings event-driven variables up to date, with
    ``_age`` the seconds since the synapse was last touched.

    ``pre_traces`` are the event-driven variables that go the same way in all synapses of a presynaptic neuron (and of
    one delay), ``post_traces`` those of a target neuron, each with its value one step later: instead of one per
    synapse, one per neuron can be kept.
    """

    name: str
    variables: tuple[str, ...]
    parameters: tuple[str, ...]
    to_date: tuple[Assign, ...]
    pre: tuple[Assign, ...]
    post: tuple[Assign, ...]
    clocked: tuple[Assign, ...]
    summed: tuple[Assign, ...]
    order: tuple[str, str]
    pre_randoms: dict[str, str]
    post_randoms: dict[str, str]
    pre_traces: dict[str, sp.Expr]
    post_traces: dict[str, sp.Expr]

    @property
    def everything(self) -> tuple[Assign, ...]:
        return self.to_date + self.pre + self.post + self.clocked + self.summed


def private_traces(
    to_date: Iterable[Assign], own: Iterable[Assign], other: Iterable[Assign], parameters: frozenset[str]
) -> dict[str, sp.Expr]:
    """Event-driven variables that only ``own`` events change, by a rule that knows nothing else of the synapse.

    Returns
    -------
    dict
        Name -> value one step later.
    """
    later: dict[str, sp.Basic] = {}
    for name, expr in to_date:
        later[name] = expr.xreplace({sp.Symbol(n, real=True): e for n, e in later.items() if n.startswith("_")})
    elsewhere = {a.name for a in other}
    found = {}
    for name, expr in later.items():
        alone = parameters | {name, "dt"}
        rules = [e for n, e in own if n == name]
        if name.startswith("_") or name in elsewhere or not rules:
            continue
        if all(names_in(e) <= alone | {"_age"} for e in (expr, *rules)):
            found[name] = expr.xreplace({sp.Symbol("_age", real=True): sp.Symbol("dt", real=True)})
    for name, expr in later.items():  # what another variable follows must be known at that one's last event
        if not name.startswith("_"):
            found = {n: e for n, e in found.items() if n == name or n not in names_in(expr)}
    return found


def ssa(statements: list[Assign], states: tuple[str, ...]) -> tuple[list[Assign], dict[str, str]]:
    """Give every assignment a name of its own; reads refer to the latest one above.

    Returns the statements and, for each state that was assigned, the name of its last value. The new names begin with
    an underscore, so that they are no names of the model.
    """
    current: dict[sp.Basic, sp.Symbol] = {}
    out: list[Assign] = []
    taken: set[str] = set()
    for name, expr in statements:
        fresh = f"_new_{name.lstrip('_')}"
        while fresh in taken:
            fresh += "_"
        taken.add(fresh)
        out.append(Assign(fresh, expr.xreplace(current)))
        current[sp.Symbol(name, real=True)] = sp.Symbol(fresh, real=True)
    return out, {n.name: s.name for n, s in current.items() if n.name in states}


def inline_copies(statements: list[Assign], new: dict[str, str]) -> tuple[list[Assign], dict[str, str]]:
    """Drop ``a = b`` and what nobody reads."""
    alias: dict[sp.Symbol, sp.Basic] = {}
    kept: list[Assign] = []
    for name, expr in statements:
        expr = expr.xreplace(alias)
        if expr.is_Symbol:
            alias[sp.Symbol(name, real=True)] = expr
        else:
            kept.append(Assign(name, expr))
    new = {s: str(alias.get(sp.Symbol(n, real=True), n)) for s, n in new.items()}
    wanted = set(new.values())
    out: list[Assign] = []
    for a in reversed(kept):
        if a.name in wanted:
            out.append(a)
            wanted |= names_in(a.expr)
    return out[::-1], {s: n for s, n in new.items() if n != s}


def hoist(statements: list[Assign], constant: frozenset[str]) -> tuple[list[Assign], list[Assign]]:
    """Take out of the statements every subexpression of ``constant`` names alone; functions of numbers become numbers.

    Factors and terms that are constant are grouped first, so that ``dt*(R*I - v)/tau`` costs one product less.

    Returns
    -------
    constants, statements
    """
    found: dict[sp.Expr, sp.Symbol] = {}

    def is_constant(e: sp.Basic) -> bool:
        return bool(e.free_symbols) and all(s.name in constant for s in e.free_symbols)

    def name_of(e: sp.Expr) -> sp.Basic:
        if e.is_number:
            value = e.evalf(20)
            return value if value.is_Float and not e.is_Number else e
        if e.is_Symbol:
            return e
        if e not in found:
            found[e] = sp.Symbol(f"_k{len(found)}", real=True)
        return found[e]

    def rewrite(e: sp.Basic) -> sp.Basic:
        if e.is_Atom:
            return e
        if isinstance(e, sp.Expr) and (e.is_number or is_constant(e)):
            return name_of(e)
        if isinstance(e, sp.Add | sp.Mul):
            fixed = [a for a in e.args if is_constant(a) or a.is_number]
            rest = [rewrite(a) for a in e.args if not (is_constant(a) or a.is_number)]
            group = e.func(*fixed)
            head = [name_of(group)] if fixed else []
            return e.func(*head, *rest, evaluate=False) if len(head) + len(rest) > 1 else (head + rest)[0]
        if isinstance(e, sp.Piecewise):
            return sp.Piecewise(*((rewrite(a), rewrite(c)) for a, c in e.args), evaluate=False)
        return e.func(*map(rewrite, e.args))

    rewritten = [Assign(a.name, rewrite(a.expr)) for a in statements]
    return [Assign(s.name, e) for e, s in found.items()], rewritten


def share(statements: list[Assign]) -> list[Assign]:
    """Compute once what is costly (functions, powers) and occurs more than once; every name is assigned once."""
    counts: Counter[sp.Basic] = Counter()
    for a in statements:
        counts.update(e for e in sp.preorder_traversal(a.expr) if _is_costly(e))
    names: dict[sp.Basic, sp.Symbol] = {}
    out: list[Assign] = []
    for a in statements:
        for e in sp.postorder_traversal(a.expr):
            if counts[e] > 1 and e not in names:
                out.append(Assign(f"_c{len(names)}", e.func(*(part.xreplace(names) for part in e.args))))
                names[e] = sp.Symbol(out[-1].name, real=True)
        out.append(Assign(a.name, a.expr.xreplace(names)))
    return out


def _is_costly(e: sp.Basic) -> bool:
    is_function = isinstance(e, sp.Function) and not isinstance(e, sp.Piecewise)
    return bool(e.free_symbols) and (is_function or (e.is_Pow and not e.exp.is_Integer))
