"""Model -> program: check the units, integrate, hoist. Done once for a model's structure, then kept on disk as source."""

from __future__ import annotations

from typing import Any

import sympy as sp

from ..language import Equation, Statement
from ..neurons.model import NeuronModel
from ..plasticity.model import SynapseModel
from ..units import Dims, parse_dims
from . import integrate
from .expressions import Randoms, symbol, to_sympy
from .program import Assign, NeuronProgram, Propagator, SynapseProgram, hoist, inline_copies, ssa

__all__ = ["build_neuron", "build_synapse"]

_CLOCK = {"t", "dt", "i"}


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
    group = integrate.group_for(model.lines, dims, bool(model.refractory))
    integrate.check_equations(group, model.lines, owner, {e.name: model.dims(e.name) for e in model.lines})
    integrate.check_statements(group, model.update_statements, owner, "update")
    integrate.check_statements(group, model.reset_statements, owner, "reset")
    if model.threshold:
        integrate.check_condition(group, model.threshold, owner, model.threshold)

    known = set(dims) | {e.name for e in model.lines} | _CLOCK | {"not_refractory", "lastspike"}
    inline = _subexpressions(model.lines, owner, known)
    flagged = [e.name for e in model.lines if "unless refractory" in e.flags]
    randoms, reset_randoms = Randoms("_u"), Randoms("_r")
    propagators: list[Propagator] = []
    if model.update:
        statements = _statements(model.update_statements, owner, known, randoms)
        update, new = ssa([Assign(n, e.subs(inline)) for n, e in statements], model.states)
        update, new = inline_copies(update, new)
    else:
        update, new = _integrate(model, group, frozenset(), propagators, randoms, known)
        if flagged:
            update, new = _with_refractory(model, update, new, frozenset(flagged), propagators, randoms, known)
    constants, update = hoist([Assign(n, e.subs(inline)) for n, e in update], frozenset(dims) | {"dt"} | {
        n for p in propagators for row in p.names for n in row if n
    })
    threshold = to_sympy(model.threshold, owner, known, randoms).subs(inline) if model.threshold else None
    reset = [Assign(n, e.subs(inline)) for n, e in _statements(model.reset_statements, owner, known, reset_randoms)]
    kind, refractory = _refractory(model, group, known, inline)
    return NeuronProgram(
        name=model.name, states=model.states, inputs=model.inputs, parameters=tuple(dims), vectors=vectors,
        propagators=tuple(propagators), constants=tuple(constants), update=tuple(update), new=new,
        threshold=threshold, reset=tuple(reset), refractory=kind, refractory_expr=refractory,
        gated=frozenset(flagged), rates=_rates(model, known, inline), update_randoms=dict(randoms.kinds), reset_randoms=dict(reset_randoms.kinds),
    )  # fmt: skip


def _rates(model: NeuronModel, known: set[str], inline: dict) -> tuple[Assign, ...]:
    """How fast each variable relaxes by itself, for the check that dt is small enough for an explicit method."""
    if model.method in ("exact", "exponential_euler"):
        return ()
    found = []
    for line in model.lines:
        if line.kind == "differential":
            rate = sp.diff(to_sympy(line.expr, model.owner, known | {"xi"}, Randoms("_")).subs(inline), symbol(line.name))
            if rate != 0 and {s.name for s in rate.free_symbols} <= set(model.parameters):
                found.append(Assign(line.name, rate))
    return tuple(found)


def _subexpressions(lines: tuple[Equation, ...], owner: str, known: set[str]) -> dict[sp.Symbol, sp.Basic]:
    """Give each named expression with the ones it uses written out."""
    found = {
        symbol(e.name): to_sympy(e.expr, owner, known) for e in lines if e.kind == "subexpression"
    }
    for _ in found:
        found = {s: e.subs(found) for s, e in found.items()}
    for s, e in found.items():
        if e.free_symbols & set(found):
            raise ValueError(f"{owner}: the definition of {s.name!r} refers to itself")
    return found


def _statements(statements: tuple[Statement, ...], owner: str, known: set[str], randoms: Randoms) -> list[Assign]:
    out, names = [], set(known)
    for s in statements:
        text = s.expr if s.op == "=" else f"{s.name} {s.op[:-1]} ({s.expr})"
        out.append(Assign(s.name, to_sympy(text, owner, names, randoms)))
        names.add(s.name)
    return out


def _integrate(
    model: NeuronModel, group: Any, frozen: frozenset[str], propagators: list[Propagator], randoms: Randoms,
    known: set[str],
) -> tuple[list[Assign], dict[str, str]]:
    """Update statements of the equations; ``frozen`` variables are taken as constant in the step."""
    if not any(e.kind == "differential" and e.name not in frozen for e in model.lines):
        return [], {}
    if frozen:
        lines = [Equation("parameter", e.name, "", e.unit, ()) if e.name in frozen else e for e in model.lines]
        group = integrate.group_for(lines, {n: p.dims for n, p in model.parameters.items()}, True)
    if model.method == "exact":
        variables, inputs, rows = integrate.linear_parts(group, model.owner, set(model.parameters))
        p, statements = integrate.propagator(variables, inputs, rows, "r" if frozen else "")
        propagators.append(p)
        out = [Assign(f"{a.name}_new", a.expr) for a in statements]
        return out, {a.name: f"{a.name}_new" for a in statements}
    statements = integrate.derive(group, model.method, model.owner, randoms, known)
    return inline_copies(*ssa(statements, model.states))


def _with_refractory(
    model: NeuronModel, update: list[Assign], new: dict[str, str], flagged: frozenset[str],
    propagators: list[Propagator], randoms: Randoms, known: set[str],
) -> tuple[list[Assign], dict[str, str]]:
    """Let flagged variables stand still while refractory, and the others evolve with them held."""
    free, held = symbol("not_refractory"), {}
    touched = _depends(model, flagged)
    statements = list(update)
    if touched - flagged:
        second, names = _integrate(model, None, flagged, propagators, randoms, known)
        rename = {symbol(a.name): symbol(f"{a.name}_held") for a in second}
        statements += [Assign(f"{a.name}_held", a.expr.subs(rename)) for a in second]
        held = {s: f"{n}_held" for s, n in names.items()}
    result = dict(new)
    for state, name in new.items():
        if state in flagged:
            other = symbol(state)
        elif state in touched:
            other = symbol(held.get(state, state))
        else:
            continue
        statements.append(Assign(f"{state}_next", sp.Piecewise((symbol(name), free), (other, True))))
        result[state] = f"{state}_next"
    return inline_copies(statements, result)


def _depends(model: NeuronModel, flagged: frozenset[str]) -> set[str]:
    """Variables whose derivative depends, directly or through others, on the flagged ones."""
    from ..language import expression_names

    uses = {e.name: expression_names(e.expr, model.owner) for e in model.lines if e.expr}
    found = set(flagged)
    while more := {n for n, names in uses.items() if names & found} - found:
        found |= more
    return found


def _refractory(model: NeuronModel, group: Any, known: set[str], inline: dict) -> tuple[str, sp.Basic | None]:
    if not model.refractory:
        return "", None
    owner, text = model.owner, model.refractory
    expr = to_sympy(text, owner, known).subs(inline)
    if isinstance(expr, sp.logic.boolalg.Boolean) and not expr.is_Symbol or expr in (sp.true, sp.false):
        integrate.check_condition(group, text, owner, f"refractory = {text}")
        return "condition", expr
    integrate.check_expression(group, text, parse_dims("second"), owner, f"refractory = {text}")
    variable = {s.name for s in expr.free_symbols} - set(model.parameters) - {"dt"}
    if variable:
        raise ValueError(
            f"{owner}: refractory = {text!r}: a duration must be constant in a run (parameters and dt), "
            f"but {sorted(variable)[0]!r} changes"
        )
    return "duration", expr


def build_synapse(
    model: SynapseModel, pre: dict[str, Dims], post: dict[str, Dims]
) -> SynapseProgram:
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

    parameters = {n: p.dims for n, p in model.parameters.items()}
    extra = [Equation("parameter", n, "", integrate.dims_expression(d), ()) for n, d in outside.items()]
    extra.append(Equation("parameter", "j", "", "1", ()))
    group = integrate.group_for([*own, *extra], parameters, False)
    integrate.check_equations(group, own, owner, {e.name: parse_dims(e.unit) for e in own})
    for line in model.summed:
        if line.name not in outside:
            raise ValueError(f"{owner}: {line.text()!r}: the target has no variable {line.name[:-5]!r}")
        integrate.check_expression(group, line.expr, outside[line.name], owner, line.text())
    integrate.check_statements(group, model.pre_statements, owner, "on_pre")
    integrate.check_statements(group, model.post_statements, owner, "on_post")

    inline = _subexpressions(tuple(own), owner, known)
    pre_randoms, post_randoms = Randoms("_u"), Randoms("_r")
    on_pre = _events(model.pre_statements, owner, known, pre_randoms, inline)
    on_post = _events(model.post_statements, owner, known, post_randoms, inline)
    to_date = _to_date(model, own, extra, parameters, known, inline)
    clocked = _clocked(model, own, extra, parameters, known, inline)
    summed = tuple(Assign(e.name, to_sympy(e.expr, owner, known).subs(inline)) for e in model.summed)
    return SynapseProgram(
        name=model.name, variables=tuple(e.name for e in own if e.kind != "subexpression"),
        parameters=tuple(parameters), to_date=to_date, pre=on_pre, post=on_post, clocked=clocked, summed=summed,
        order=model.order, pre_randoms=dict(pre_randoms.kinds), post_randoms=dict(post_randoms.kinds),
    )  # fmt: skip


def _check_outside(model: SynapseModel, outside: set[str], declared: set[str]) -> None:
    from ..language import expression_names

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


def _events(
    statements: tuple[Statement, ...], owner: str, known: set[str], randoms: Randoms, inline: dict
) -> tuple[Assign, ...]:
    """``X_post += e`` is kept as the increment ``e``; everything else as the new value."""
    out, names = [], set(known)
    for s in statements:
        if s.name.endswith("_post") and s.op in ("+=", "-="):
            text = s.expr if s.op == "+=" else f"-({s.expr})"
        else:
            text = s.expr if s.op == "=" else f"{s.name} {s.op[:-1]} ({s.expr})"
        out.append(Assign(s.name, to_sympy(text, owner, names, randoms).subs(inline)))
        names.add(s.name)
    return tuple(out)


def _part(own: list[Equation], flag: str) -> list[Equation]:
    """The equations with this flag; the other differential ones stand still meanwhile."""
    return [
        Equation("parameter", e.name, "", e.unit, ("constant",))
        if e.kind == "differential" and flag not in e.flags or e.kind == "parameter"
        else e
        for e in own
    ]


def _to_date(
    model: SynapseModel, own: list[Equation], extra: list[Equation], parameters: dict, known: set[str], inline: dict
) -> tuple[Assign, ...]:
    lines = _part(own, "event-driven")
    if not any(e.kind == "differential" for e in lines):
        return ()
    group = integrate.group_for([*lines, *extra], parameters, False)
    statements = integrate.derive(group, "exact", model.owner, Randoms("_"), known)
    update, new = inline_copies(*ssa(statements, model.variables))
    return _named(update, new, {symbol("dt"): symbol("_age"), **inline})


def _clocked(
    model: SynapseModel, own: list[Equation], extra: list[Equation], parameters: dict, known: set[str], inline: dict
) -> tuple[Assign, ...]:
    lines = _part(own, "clock-driven")
    if not any(e.kind == "differential" for e in lines):
        return ()
    group = integrate.group_for([*lines, *extra], parameters, False)
    statements = integrate.derive(group, model.method, model.owner, Randoms("_"), known)
    update, new = inline_copies(*ssa(statements, model.variables))
    return _named(update, new, inline)


def _named(update: list[Assign], new: dict[str, str], substitute: dict) -> tuple[Assign, ...]:
    out = [Assign(a.name, a.expr.subs(substitute)) for a in update]
    return (*out, *(Assign(state, symbol(name)) for state, name in new.items()))
