"""Model -> program: check the units, integrate, hoist. Done once for a structure; its source is kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

import sympy as sp

from ..language import Equation, Statement, expression_names
from ..neurons.model import NeuronModel
from ..plasticity.model import SynapseModel
from ..units import DIMENSIONLESS, TIME, Dims, parse_dims
from . import integrate
from .expressions import TRUNC, Randoms, as_number, is_condition, symbol, to_sympy
from .program import (
    Assign,
    NeuronProgram,
    Propagator,
    SynapseProgram,
    hoist,
    inline_copies,
    names_in,
    private_traces,
    share,
    ssa,
)

__all__ = ["build_neuron", "build_synapse"]

Meaning = Mapping[str, sp.Basic]

_CLOCK = {"t", "dt", "i"}
_MAX_OPERATIONS = 5000


def _shallow(build: Callable[..., Any]) -> Callable[..., Any]:
    """Tell a model whose expressions are nested too deeply for algebra from a mistake of ours."""

    @wraps(build)
    def inner(model: NeuronModel | SynapseModel, *args: Any, **kwargs: Any) -> Any:
        try:
            return build(model, *args, **kwargs)
        except RecursionError:
            raise ValueError(f"{model.owner}: its expressions are nested too deeply when written out") from None

    return inner


@_shallow
def build_neuron(model: NeuronModel, vectors: frozenset[str] = frozenset()) -> NeuronProgram:
    """Make the program of a cell model.

    Parameters
    ----------
    model : NeuronModel
    vectors : frozenset of str
        Parameters with a value per neuron.

    Raises
    ------
    ValueError
        Unit errors and methods that do not hold, with the model's name and the line.
    """
    owner = model.owner
    dims = {n: p.dims for n, p in model.parameters.items()}
    known = set(dims) | {e.name for e in model.lines} | _CLOCK | {"not_refractory", "lastspike"}
    meaning = _meaning(model.lines, owner, known)
    threshold, randoms = None, Randoms()
    if model.threshold:
        threshold = to_sympy(model.threshold, owner, known, randoms, meaning)
        if not is_condition(threshold):
            raise ValueError(f"{owner}: threshold = {model.threshold!r}: expected a condition such as 'v > v_th'")
    group = integrate.group_for(model.lines, dims, bool(model.refractory), owner)
    integrate.check_equations(group, model.lines, owner, {e.name: model.dims(e.name) for e in model.lines})
    integrate.check_statements(group, model.update_statements, owner, "update")
    integrate.check_statements(group, model.reset_statements, owner, "reset")
    if threshold is not None:
        integrate.check_expression(group, model.threshold, DIMENSIONLESS, owner, f"threshold = {model.threshold}")

    flagged = [e.name for e in model.lines if "unless refractory" in e.flags]
    reset_randoms = Randoms()
    propagators: list[Propagator] = []
    if model.update_statements:
        update = _statements(model.update_statements, model.lines, owner, known, randoms, meaning)
        update, new = inline_copies(*ssa(update, model.states))
    else:
        update, new = _integrate(model, group, frozenset(), propagators, randoms, known, meaning)
        if flagged:
            update, new = _with_refractory(model, update, new, frozenset(flagged), propagators, randoms, known, meaning)
    made = {n for p in propagators for row in p.names for n in row if n}
    constants, update = hoist(update, frozenset(dims) | {"dt"} | made)
    reset = _statements(model.reset_statements, model.lines, owner, known, reset_randoms, meaning)
    kind, refractory = _refractory(model, group, known, meaning)
    return NeuronProgram(
        name=model.name, states=model.states, inputs=model.inputs, parameters=tuple(dims), vectors=vectors,
        propagators=tuple(propagators), constants=tuple(constants), update=tuple(share(update)), new=new,
        threshold=threshold, reset=tuple(reset), refractory=kind, refractory_expr=refractory,
        gated=frozenset(flagged), rates=_rates(model, known, meaning), update_randoms=dict(randoms.kinds),
        reset_randoms=dict(reset_randoms.kinds),
    )  # fmt: skip


def _rates(model: NeuronModel, known: set[str], meaning: Meaning) -> tuple[Assign, ...]:
    """How fast each variable relaxes by itself, for the check that dt is small enough for an explicit method."""
    if model.method in ("exact", "exponential_euler"):
        return ()
    found = []
    for line in model.lines:
        if line.kind == "differential":
            names = known | expression_names(line.expr, model.owner)  # with the noise
            rate = sp.diff(to_sympy(line.expr, model.owner, names, Randoms(), meaning), symbol(line.name))
            if rate != 0 and names_in(rate) <= set(model.parameters):
                found.append(Assign(line.name, rate))
    return tuple(found)


def _meaning(lines: Iterable[Equation], owner: str, known: set[str]) -> Meaning:
    """Give each named expression with the ones it uses written out, and boolean variables as conditions."""
    found: dict[str, sp.Basic] = {e.name: sp.Ne(symbol(e.name), 0) for e in lines if e.unit == "boolean" and not e.expr}
    todo = {e.name: (e, expression_names(e.expr, owner)) for e in lines if e.kind == "subexpression"}
    while todo:
        ready = [e for e, names in todo.values() if not names & todo.keys()]
        if not ready:
            raise ValueError(f"{owner}: the definition of {min(todo)!r} refers to itself")
        for e in ready:
            value = to_sympy(e.expr, owner, known, meaning=found)
            if value.count_ops() > _MAX_OPERATIONS:
                raise ValueError(f"{owner}: {e.name!r} is too large: written out it has {value.count_ops()} operations")
            if e.unit == "boolean" and not is_condition(value):
                raise ValueError(f"{owner}: in {e.text()!r}: expected a condition such as 'v > v_th'")
            found[e.name] = value if e.unit == "boolean" else as_number(value)
            del todo[e.name]
    for e in lines:  # mistakes in the equations are told in our words before Brian 2 reads them
        if e.kind == "differential":
            to_sympy(e.expr, owner, known | expression_names(e.expr, owner), Randoms(), found)
    return found


def _statements(
    statements: Iterable[Statement], lines: Iterable[Equation], owner: str, known: set[str], randoms: Randoms,
    meaning: Meaning,
) -> list[Assign]:  # fmt: skip
    """Translate assignments; ``X_post += e``, if not a variable of the model's own, is kept as the increment ``e``."""
    kinds = {e.name: e.unit for e in lines}
    out, names, meaning = [], set(known), dict(meaning)
    for s in statements:
        if s.name.endswith("_post") and s.name not in kinds and s.op in ("+=", "-="):
            text = s.expr if s.op == "+=" else f"-({s.expr})"
        else:
            text = s.expr if s.op == "=" else f"{s.name} {s.op[:-1]} ({s.expr})"
        value = to_sympy(text, owner, names, randoms, meaning)
        kind = kinds.get(s.name, "boolean" if is_condition(value) else "")
        if kind == "boolean" and not is_condition(value):
            raise ValueError(f"{owner}: in '{s.name} {s.op} {s.expr}': {s.name!r} is boolean, expected a condition")
        if kind == "boolean":
            meaning[s.name] = sp.Ne(symbol(s.name), 0)
        else:
            meaning.pop(s.name, None)
        value = as_number(value)
        out.append(Assign(s.name, TRUNC(value) if kind == "integer" and not value.is_Integer else value))
        names.add(s.name)
    return out


def _integrate(
    model: NeuronModel, group: Any, frozen: frozenset[str], propagators: list[Propagator], randoms: Randoms,
    known: set[str], meaning: Meaning,
) -> tuple[list[Assign], dict[str, str]]:  # fmt: skip
    """Update statements of the equations; ``frozen`` variables are taken as constant in the step."""
    if not any(e.kind == "differential" and e.name not in frozen for e in model.lines):
        return [], {}
    if frozen:
        lines = [Equation("parameter", e.name, "", e.unit, ()) if e.name in frozen else e for e in model.lines]
        group = integrate.group_for(lines, {n: p.dims for n, p in model.parameters.items()}, True, model.owner)
    if model.method == "exact":
        variables, inputs, rows = integrate.linear_parts(
            group, model.owner, set(model.parameters), {"t"}, known, meaning
        )
        p, statements = integrate.propagator(variables, inputs, rows, "r" if frozen else "")
        propagators.append(p)
        out = [Assign(f"_new_{a.name}", a.expr) for a in statements]  # all at once
        return out, {a.name: f"_new_{a.name}" for a in statements}
    statements = integrate.derive(group, model.method, model.owner, known, meaning, randoms)
    return inline_copies(*ssa(statements, model.states))


def _with_refractory(
    model: NeuronModel, update: list[Assign], new: dict[str, str], flagged: frozenset[str],
    propagators: list[Propagator], randoms: Randoms, known: set[str], meaning: Meaning,
) -> tuple[list[Assign], dict[str, str]]:  # fmt: skip
    """Let flagged variables stand still while refractory, and the others evolve with them held."""
    free, held = symbol("not_refractory"), {}
    touched = _depends(model, flagged)
    statements = list(update)
    if touched - flagged:
        second, names = _integrate(model, None, flagged, propagators, randoms, known, meaning)
        rename = {symbol(a.name): symbol(f"_held{a.name}") for a in second}
        statements += [Assign(f"_held{a.name}", a.expr.xreplace(rename)) for a in second]
        held = {s: f"_held{n}" if symbol(n) in rename else n for s, n in names.items()}
    result = dict(new)
    for state, name in new.items():
        if state in flagged:
            other = symbol(state)
        elif state in touched:
            other = symbol(held.get(state, state))
        else:
            continue
        statements.append(Assign(f"_next_{state}", sp.Piecewise((symbol(name), free), (other, True))))
        result[state] = f"_next_{state}"
    return inline_copies(statements, result)


def _depends(model: NeuronModel, flagged: frozenset[str]) -> set[str]:
    """Variables whose derivative depends, directly or through others, on the flagged ones."""
    uses = {e.name: expression_names(e.expr, model.owner) for e in model.lines if e.expr}
    found = set(flagged)
    while more := {n for n, names in uses.items() if names & found} - found:
        found |= more
    return found


def _refractory(model: NeuronModel, group: Any, known: set[str], meaning: Meaning) -> tuple[str, sp.Basic | None]:
    if not model.refractory:
        return "", None
    owner, text = model.owner, model.refractory
    expr = to_sympy(text, owner, known, meaning=meaning)
    condition = is_condition(expr)
    integrate.check_expression(group, text, DIMENSIONLESS if condition else TIME, owner, f"refractory = {text}")
    if condition:
        return "condition", expr
    variable = names_in(expr) - set(model.parameters) - {"dt"}
    if variable:
        raise ValueError(
            f"{owner}: refractory = {text!r}: a duration must be constant in a run (parameters and dt), "
            f"but {sorted(variable)[0]!r} changes"
        )
    return "duration", expr


@_shallow
def build_synapse(model: SynapseModel, pre: dict[str, Dims], post: dict[str, Dims]) -> SynapseProgram:
    """Make the program of a bound synapse model between cells with these state variables.

    Parameters
    ----------
    model : SynapseModel
        Bound: without the pseudo-unit ``weight``.
    pre, post : dict
        Variables of the cells on either side and their dimensions.

    Raises
    ------
    ValueError
        Unit errors, unknown variables of the cells.
    """
    owner = model.owner
    outside = {f"{n}_pre": d for n, d in pre.items()} | {f"{n}_post": d for n, d in post.items()}
    summed_names = {e.name for e in model.summed}
    own = [e for e in model.lines if e.name not in summed_names]
    declared = {e.name for e in own} | set(model.parameters)
    known = declared | set(outside) | {"t", "dt", "i", "j"}
    outside = {n: d for n, d in outside.items() if n not in declared}
    _check_outside(model, set(outside), declared)

    meaning = _meaning(own, owner, known)
    parameters = {n: p.dims for n, p in model.parameters.items()}
    extra = [Equation("parameter", n, "", integrate.dims_expression(d), ()) for n, d in outside.items()]
    extra.append(Equation("parameter", "j", "", "1", ()))
    group = integrate.group_for([*own, *extra], parameters, False, owner)
    integrate.check_equations(group, own, owner, {e.name: parse_dims(e.unit) for e in own})
    for line in model.summed:
        if line.name not in outside:
            raise ValueError(f"{owner}: {line.text()!r}: the target has no variable {line.name[:-5]!r}")
        integrate.check_expression(group, line.expr, outside[line.name], owner, line.text())
    integrate.check_statements(group, model.pre_statements, owner, "on_pre")
    integrate.check_statements(group, model.post_statements, owner, "on_post")

    pre_randoms, post_randoms = Randoms(), Randoms()
    kinds = [*own, *(Equation("parameter", n, "", "1", ()) for n in parameters)]
    on_pre = tuple(_statements(model.pre_statements, kinds, owner, known, pre_randoms, meaning))
    on_post = tuple(_statements(model.post_statements, kinds, owner, known, post_randoms, meaning))
    to_date = _evolve(model, own, extra, parameters, known, meaning, "event-driven")
    clocked = _evolve(model, own, extra, parameters, known, meaning, "clock-driven")
    summed = tuple(Assign(e.name, as_number(to_sympy(e.expr, owner, known, meaning=meaning))) for e in model.summed)
    names = frozenset(parameters)
    seen = names_in(*(a.expr for a in (*clocked, *summed)))  # in between events: one per synapse
    pre_traces, post_traces = (
        {n: e for n, e in private_traces(to_date, a, b, names).items() if n not in seen}
        for a, b in ((on_pre, on_post), (on_post, on_pre))
    )
    return SynapseProgram(
        name=model.name, variables=tuple(e.name for e in own if e.kind != "subexpression"),
        parameters=tuple(parameters), to_date=to_date, pre=on_pre, post=on_post, clocked=clocked, summed=summed,
        order=model.order, pre_randoms=dict(pre_randoms.kinds), post_randoms=dict(post_randoms.kinds),
        pre_traces=pre_traces, post_traces=post_traces,
    )  # fmt: skip


def _check_outside(model: SynapseModel, outside: set[str], declared: set[str]) -> None:
    texts = [(e.expr, e.text()) for e in model.lines if e.expr]
    for s in (*model.pre_statements, *model.post_statements):
        texts += [(s.expr, f"{s.name} {s.op} {s.expr}"), (s.name, f"{s.name} {s.op} {s.expr}")]
    for expr, line in texts:
        for name in expression_names(expr, model.owner):
            if name.endswith(("_pre", "_post")) and name not in outside | declared:
                side = "presynaptic" if name.endswith("_pre") else "target"
                raise ValueError(
                    f"{model.owner}: in {line!r}: the {side} cell has no variable {name.rsplit('_', 1)[0]!r}; "
                    f"expected one of {', '.join(sorted(outside)) or '(none)'}"
                )


def _part(own: list[Equation], flag: str) -> list[Equation]:
    """The equations with this flag; the other differential ones stand still meanwhile."""
    return [
        Equation("parameter", e.name, "", e.unit, ("constant",))
        if e.kind == "differential" and flag not in e.flags or e.kind == "parameter"
        else e
        for e in own
    ]


def _evolve(
    model: SynapseModel, own: list[Equation], extra: list[Equation], parameters: dict, known: set[str],
    meaning: Meaning, flag: str,
) -> tuple[Assign, ...]:  # fmt: skip
    """Statements that bring event-driven variables up to date after ``_age``, or clock-driven ones to the next step."""
    lines = _part(own, flag)
    if not any(e.kind == "differential" for e in lines):
        return ()
    group = integrate.group_for([*lines, *extra], parameters, False, model.owner)
    driven = flag == "event-driven"
    if driven or model.method == "exact":
        step = symbol("_age" if driven else "dt")
        moving = {"t", *(e.name for e in extra if driven and e.name != "j")}
        constant = known - moving - {e.name for e in lines if e.kind == "differential"}
        advice = "an event-driven variable needs a linear equation of its own; make it (clock-driven)" if driven else ""
        system = integrate.linear_parts(group, model.owner, constant, moving, known, meaning, advice)
        update = integrate.closed_form(*system, step, model.owner)
        new = {v: f"_new_{v}" for v in system[0]}
    else:
        update = integrate.derive(group, model.method, model.owner, known, meaning)
        update, new = inline_copies(*ssa(update, model.variables))
    return (*update, *(Assign(state, symbol(name)) for state, name in new.items()))
