"""Projections of a network as Brian 2 synapses: one pathway for each moment at which something happens.

``on_pre`` runs when a spike has passed the axonal part of the delay, ``on_post`` after the dendritic part. What
``on_pre`` adds to the target travels the dendritic part too:

- it is the same at any time (a static synapse): one pathway with the total delay;
- there is no dendritic part: it is added at once;
- otherwise the amount is kept in the synapse for as many steps and a pathway of its own, ``send``, delivers it.

What is meant for an ``(input)`` variable must be there before the state update of the step. Its pathway runs in the
slot ``groups``, before Brian 2 has found the spikes of that step, and so with a delay that is one step shorter.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..language import Statement, expression_names
from ..networks.network import Network
from ..networks.projection import Projection
from ..networks.sources import SpikeArray
from ..plasticity.model import SynapseModel
from ..units import dims_expression
from .brian2_cells import CellGroup, Order, assignment, fresh, line_text, quantity, rename, where_function

__all__ = ["LONGEST_KEPT", "added_variables", "is_static", "make_synapses", "projection_problems", "read_variables"]

#: Steps for which a synapse that learns can keep an amount on its dendritic way.
LONGEST_KEPT = 64
_PATHWAYS = ("pre", "pre_input", "post", "send", "send_input")


def read_variables(model: SynapseModel) -> set[str]:
    """Variables of cells, as ``X_pre`` and ``X_post``, that a spike reads."""
    found: set[str] = set()
    for s in (*model.pre_statements, *model.post_statements):
        found |= _outside(model, expression_names(s.expr, model.owner))
    return found


def added_variables(model: SynapseModel) -> list[str]:
    """Variables of the target cell that spikes add to."""
    names = [s.name for s in (*model.pre_statements, *model.post_statements) if _adds(model, s)]
    return [n.removesuffix("_post") for n in dict.fromkeys(names)]


def is_static(model: SynapseModel) -> bool:
    """True if what ``on_pre`` adds does not depend on when it is evaluated."""
    changing = {e.name for e in model.lines if e.kind == "differential"} | {"t"}
    changing |= {s.name for s in model.post_statements}
    reads: set[str] = set()
    for s in model.pre_statements:
        if not _adds(model, s):
            return False
        reads |= expression_names(s.expr, model.owner)
    named = {e.name: expression_names(e.expr, model.owner) for e in model.lines if e.kind == "subexpression"}
    while more := {n for name in reads & set(named) for n in named[name]} - reads:
        reads |= more
    return not reads & changing and not _outside(model, reads)


def projection_problems(network: Network, q: Projection) -> list[str]:
    """What of a projection cannot be handed over."""
    model, dendritic = q.synapse, q.dendritic_steps
    found: list[str] = []
    if is_static(model) or q.size == 0 or dendritic.max() == 0:
        return found
    if dendritic.max() > LONGEST_KEPT:
        found.append(
            f"{q.what}: dendritic_delay: a synapse that changes can keep what it sends for at most {LONGEST_KEPT} "
            f"steps ({LONGEST_KEPT * network.dt:g} ms), got {dendritic.max() * network.dt:g} ms"
        )
    if dendritic.min() == 0 and set(added_variables(model)) & _inputs(q):
        found.append(
            f"{q.what}: dendritic_delay: onto an input variable either all or none of the synapses may have one, if "
            "they change; use two projections"
        )
    return found


def make_synapses(
    network: Network, q: Projection, name: str, made: dict[str, Any], source: CellGroup, target: CellGroup,
    sums: dict[str, str],
) -> tuple[Any, dict[str, str]]:  # fmt: skip
    """Make the Brian 2 synapses of a projection; with them comes what its variables are called there.

    Parameters
    ----------
    network, q
    name : str
        Name in Brian 2.
    made : dict
        ``clock`` and ``codeobj_class``.
    source, target : CellGroup
    sums : dict
        Summed variable of the target -> the variable in Brian 2 that this projection's sum is written to.
    """
    import brian2

    model, dt = q.synapse, network.dt_si
    inputs = _inputs(q)
    names = _names(model, source, target)
    text = []
    for e in model.lines:
        left = {e.name: f"{sums[e.name.removesuffix('_post')]}_post"} if "summed" in e.flags else {}
        text.append(line_text(e, {**names, **left}, drop=("shared",)))
    namespace = {names[n]: quantity(p.value, p.dims) for n, p in model.parameters.items()}
    namespace["where"] = where_function()
    paths, integers = _paths(q, model, names, target, inputs, text)
    silent = {side for side, cell in (("pre", source), ("post", target)) if "spike" not in cell.group.events}
    paths = [p for p in paths if p.side not in silent]  # cells without a threshold send nothing
    s = brian2.Synapses(
        source.group, target.group, "\n".join(text), namespace=namespace, method=model.method, name=name,
        on_pre={p.name: p.code for p in paths if p.side == "pre"},
        on_post={p.name: p.code for p in paths if p.side == "post"}, **made,
    )  # fmt: skip
    s.connect(i=q.pre_ids.astype(np.int32), j=q.post_ids.astype(np.int32))
    for n, value in {**{names[n]: v for n, v in q.values.items()}, **integers}.items():
        variable = s.variables[n]
        variable.set_value(np.asarray(value).astype(variable.dtype))
    for p in paths:
        pathway = getattr(s, p.name)
        pathway.variables["delay"].set_value((p.steps - (p.when == "groups")) * dt)
        pathway.when, pathway.order = p.when, p.order
    for updater in s.summed_updaters.values():
        updater.order = Order.SUMS
    if s.state_updater is not None:
        s.state_updater.order = Order.CLOCKED
    return s, names


class _Path:
    """One pathway: its code, the delay in steps, and where in the step it runs."""

    def __init__(self, name: str, side: str, code: list[str], steps: np.ndarray, when: str, order: int) -> None:
        self.name, self.side, self.code = name, side, "\n".join(code)
        self.steps, self.when, self.order = steps, when, order


def _paths(
    q: Projection, model: SynapseModel, names: dict[str, str], target: CellGroup, inputs: set[str], text: list[str]
) -> tuple[list[_Path], dict[str, np.ndarray]]:
    """Give the pathways; lines of the equations that they need are added to ``text``, integers are returned."""

    def adds(s: Statement, amount: str) -> str:
        return f"{target.arrivals[s.name.removesuffix('_post')]}_post {s.op} {amount}"

    def written(s: Statement) -> str:
        expr = rename(s.expr, names)
        return adds(s, f"({expr})") if _adds(model, s) else assignment(names.get(s.name, s.name), s.op, expr)

    def early(s: Statement) -> bool:
        return _adds(model, s) and s.name.removesuffix("_post") in inputs

    axonal, dendritic = q.axonal_steps.astype(int), q.dendritic_steps.astype(int)
    total = axonal + dendritic
    first, second = (Order.FIRST, Order.SECOND) if model.order[0] == "pre" else (Order.SECOND, Order.FIRST)
    pre, post = model.pre_statements, [written(s) for s in model.post_statements]
    paths = [_Path("post", "post", post, dendritic, "synapses", second)] if post else []
    if is_static(model):
        late, soon = ([written(s) for s in pre if early(s) is which] for which in (False, True))
        paths += [_Path("pre", "pre", late, total, "synapses", first)] if late else []
        paths += [_Path("pre_input", "pre", soon, total, "groups", Order.EARLY)] if soon else []
        return paths, {}
    if dendritic.max() == 0:
        when, order = ("groups", Order.EARLY) if any(map(early, pre)) else ("synapses", first)
        return [*paths, _Path("pre", "pre", [written(s) for s in pre], axonal, when, order)], {}

    slots, own = int(dendritic.max()) + 1, {*names.values(), *target.group.variables}
    way, slot = fresh("way", own), fresh("slot", own)
    text.append(f"{way} : integer (constant)")
    code, late, soon = [f"{slot} = t_in_timesteps % {slots}"], [], []
    for k, s in enumerate(pre):
        if not _adds(model, s):
            code.append(written(s))
            continue
        amount = fresh(f"amount{k}", own)
        kept = [fresh(f"kept{k}_{m}", own) for m in range(slots)]
        unit = dims_expression(q.post.population.dims(s.name.removesuffix("_post")))
        text += [f"{v} : {unit}" for v in kept]
        code.append(f"{amount} = {rename(s.expr, names)}")
        code += [f"{v} = where({slot} == {m}, {amount}, {v})" for m, v in enumerate(kept)]
        sent = " + ".join(f"int({slot} == {m})*{v}" for m, v in enumerate(kept))
        (soon if early(s) else late).append(adds(s, f"({sent})"))
    began = [f"{slot} = (t_in_timesteps - {way} + {slots}) % {slots}"]
    paths.append(_Path("pre", "pre", code, axonal, "synapses", first))
    if late:
        paths.append(_Path("send", "pre", began + late, total, "synapses", Order.SEND))
    if soon:
        paths.append(_Path("send_input", "pre", began + soon, total, "groups", Order.EARLY))
    return paths, {way: dendritic}


def _inputs(q: Projection) -> set[str]:
    cell = q.post.population.model
    return set() if isinstance(cell, SpikeArray) else set(cell.inputs)


def _adds(model: SynapseModel, s: Statement) -> bool:
    return s.name.endswith("_post") and s.name not in model.variables


def _outside(model: SynapseModel, names: set[str]) -> set[str]:
    own = {e.name for e in model.lines if "summed" not in e.flags} | set(model.parameters)
    return {n for n in names if n.endswith(("_pre", "_post"))} - own


def _names(model: SynapseModel, source: CellGroup, target: CellGroup) -> dict[str, str]:
    """Our names -> Brian 2's, which takes a name without ``_post`` for the target's variable if it has one."""
    summed = {e.name for e in model.summed}
    variables = [e.name for e in model.lines if e.name not in summed]
    others = [s.name for s in (*model.pre_statements, *model.post_statements) if not _adds(model, s)]
    names: dict[str, str] = {}
    for side, word in ((source, "_pre"), (target, "_post")):
        names.update({f"{n}{word}": f"{b}{word}" for n, b in side.names.items()})
    taken = {*target.group.variables, "i", "j", "delay", "lastupdate", "N_pre", "N_post", *_PATHWAYS}
    for n in dict.fromkeys([*variables, *model.parameters, *others]):
        plain = re.sub(r"_(pre|post)$", r"\1", n)
        names[n] = fresh(f"{plain}_syn", taken) if plain in taken else plain
        taken.add(names[n])
    return names
