"""Populations of a network as Brian 2 groups: names, equations, input variables, injected currents.

Brian 2 runs what happens in a step slot by slot (``start``, ``groups``, ``thresholds``, ``synapses``, ``resets``) and
within a slot by a number, the order. `Order` is the list of those numbers that give our step.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..language import Equation, Statement
from ..networks.network import Network
from ..networks.population import Population
from ..networks.sources import SpikeArray
from ..neurons.model import NeuronModel
from ..units import Dims, dims_expression

__all__ = [
    "CellGroup", "Order", "assignment", "code_of", "fresh", "line_text", "make_group", "noise_in", "quantity", "rename",
    "where_function",
]  # fmt: skip


class Order:
    """Orders within Brian 2's slots; its own state update of neurons has order 0."""

    SUMS, JOIN_SUMS, EARLY, INPUTS, RULE, CLOCKED = -30, -25, -20, -10, 10, 20  # in the slot "groups"
    FIRST, SECOND, SEND, ARRIVALS = -1, 1, 5, 10  # in the slot "synapses"


@dataclass
class CellGroup:
    """What synapses and recordings need to know of a population in Brian 2.

    Attributes
    ----------
    group : NeuronGroup or SpikeGeneratorGroup
    names : dict
        Our name of a variable -> the name in Brian 2, the same unless that one is reserved there.
    arrivals : dict
        Our variable -> the variable that synapses add to. The same one if spikes may be added at once; another one if
        they must be collected first.
    sums : dict
        Our variable -> variables for the parts of a sum that several projections make.
    """

    group: Any
    names: dict[str, str] = field(default_factory=dict)
    arrivals: dict[str, str] = field(default_factory=dict)
    sums: dict[str, list[str]] = field(default_factory=dict)


def fresh(name: str, taken: Iterable[str]) -> str:
    """Give ``name`` or, if it is taken, a longer one."""
    while name in taken:
        name += "x"
    return name


def rename(text: str, names: dict[str, str]) -> str:
    """Replace whole names."""
    return re.sub(r"\b[A-Za-z_]\w*\b", lambda m: names.get(m[0], m[0]), text)


def line_text(e: Equation, names: dict[str, str], drop: tuple[str, ...]) -> str:
    """Write a line of the equations with other names."""
    return replace(e, name=names.get(e.name, e.name), expr=rename(e.expr, names)).text(drop=drop)


def code_of(statements: Iterable[Statement], names: dict[str, str]) -> str:
    """Write statements, one a line."""
    return "\n".join(assignment(names.get(s.name, s.name), s.op, rename(s.expr, names)) for s in statements)


def assignment(name: str, op: str, expr: str) -> str:
    """Write one statement; Brian 2 has no ``**=``."""
    return f"{name} = {name}**({expr})" if op == "**=" else f"{name} {op} {expr}"


def noise_in(*texts: str) -> str:
    """Give the first word that draws random numbers, or ''."""
    found = re.search(r"\b(randn?(?=\s*\()|xi(_\w+)?\b)", "\n".join(texts))
    return found[0] if found else ""


def quantity(value: Any, dims: Dims) -> Any:
    """Give an SI value as Brian 2's quantity."""
    from brian2 import Quantity, get_or_create_dimension

    return Quantity(value, dim=get_or_create_dimension(dims))


def where_function() -> Any:
    """``where(condition, a, b)`` for Brian 2's targets."""
    from brian2 import Function

    f = Function(np.where, arg_units=[None] * 3, return_unit=lambda _c, a, _b: a, arg_names=["c", "a", "b"])
    f.implementations.add_implementation("numpy", np.where)
    f.implementations.add_implementation("cpp", "double where(bool c, double a, double b) { return c ? a : b; }")
    f.implementations.add_implementation(
        "cython", "cdef double where(bint c, double a, double b):\n    return a if c else b"
    )
    return f


def make_group(
    network: Network, p: Population, name: str, made: dict[str, Any], collect: set[str], sums: dict[str, int]
) -> CellGroup:
    """Make the Brian 2 group of a population.

    Parameters
    ----------
    network, p
    name : str
        The group's name in Brian 2.
    made : dict
        ``clock`` and ``codeobj_class`` of every object.
    collect : set of str
        Variables whose arrivals must be collected before they are added.
    sums : dict
        Summed variable -> number of projections that contribute, 1 excepted.
    """
    import brian2

    if isinstance(p.model, SpikeArray):
        steps, ids = p.model.steps(network.dt_si)
        times = brian2.Quantity(steps * network.dt_si, dim=brian2.second.dim)
        return CellGroup(brian2.SpikeGeneratorGroup(p.size, ids, times, name=name, sorted=False, **made))
    return _neurons(network, p, p.model, name, made, collect, sums)


def _neurons(
    network: Network, p: Population, model: NeuronModel, name: str, made: dict[str, Any], collect: set[str],
    sums: dict[str, int],
) -> CellGroup:  # fmt: skip
    import brian2

    names = _cell_names(model)
    taken = set(names.values())

    def new(base: str) -> str:
        taken.add(found := fresh(base, taken))
        return found

    lines = [line_text(e, names, drop=("input", "shared")) for e in model.lines]
    namespace: dict[str, Any] = {"where": where_function()}
    values: dict[str, Any] = {}
    for n, value in p.parameters.items():
        if isinstance(value, np.ndarray):
            lines.append(f"{names[n]} : {dims_expression(model.dims(n))} (constant)")
            values[names[n]] = value
        else:
            namespace[names[n]] = quantity(value, model.dims(n))
    arrivals = {n: names[n] for n in model.states if n not in collect}
    for n in (*model.inputs, *sorted(collect)):
        arrivals[n] = new(f"arrived_{names[n]}")
        lines.append(f"{arrivals[n]} : {dims_expression(model.dims(n))}")
    parts = {n: [new(f"part{k}_{names[n]}") for k in range(count)] for n, count in sums.items()}
    lines += [f"{v} : {dims_expression(model.dims(n))}" for n, found in parts.items() for v in found]
    injected: dict[str, list[str]] = {n: [] for n in model.inputs}
    for inj in network._injections:
        if inj.population is p:
            injected[inj.target].append(_injection(inj, network, new, lines, namespace, values))

    refractory: Any = rename(model.refractory, names) if model.refractory else False
    slow = dict(clock=None, dt=p.every * network.dt_si * brian2.second) if p.every > 1 else {}
    group = brian2.NeuronGroup(
        p.size, "\n".join(lines), threshold=rename(model.threshold, names) or None, refractory=refractory,
        reset=code_of(model.reset_statements, names) if model.threshold else None, method=model.method,
        namespace=namespace, name=name, **made | slow,
    )  # fmt: skip
    for row, n in enumerate(p._rows):
        values[names[n]] = p._state[row]
    for n, value in values.items():
        variable = group.variables[n]
        variable.set_value(np.asarray(value).astype(variable.dtype))

    run = dict(codeobj_class=made["codeobj_class"])
    if parts:
        joined = "\n".join(f"{names[n]} = {' + '.join(found) or f'0*{names[n]}'}" for n, found in parts.items())
        group.run_regularly(joined, when="groups", order=Order.JOIN_SUMS, name=f"{name}_join_sums", **run)
    take = []
    for n in model.inputs:
        take += [f"{names[n]} = {' + '.join([arrivals[n], *injected[n]])}", f"{arrivals[n]} = 0*{arrivals[n]}"]
    if take:
        group.run_regularly("\n".join(take), when="groups", order=Order.INPUTS, name=f"{name}_take_inputs", **run)
    if model.update:
        rule = code_of(model.update_statements, names)
        group.run_regularly(rule, when="groups", order=Order.RULE, name=f"{name}_update_rule", **run)
    add = [f"{names[n]} += {arrivals[n]}\n{arrivals[n]} = 0*{arrivals[n]}" for n in sorted(collect)]
    if add:
        group.run_regularly("\n".join(add), when="synapses", order=Order.ARRIVALS, name=f"{name}_add_arrivals", **run)
    return CellGroup(group, names, arrivals, parts)


def _cell_names(model: NeuronModel) -> dict[str, str]:
    """Brian 2 keeps names that end in ``_pre`` and ``_post`` for synapses."""
    own = [*(e.name for e in model.lines), *model.parameters]
    names: dict[str, str] = {}
    for n in own:
        plain = re.sub(r"_(pre|post)$", r"\1", n)
        names[n] = n if plain == n else fresh(plain, {*own, *names.values()})
    return names


def _injection(
    inj: Any, network: Network, new: Any, lines: list[str], namespace: dict[str, Any], values: dict[str, Any]
) -> str:
    """Give the expression of one injected current and add what it needs."""
    import brian2

    p, dims = inj.population, inj.population.dims(inj.target)
    window = []
    if inj.start > 0:
        window.append(f"t_in_timesteps >= {inj.start}")
    if inj.stop < 2**62:
        window.append(f"t_in_timesteps < {inj.stop}")
    name = new("injected")
    factors = [f"int({' and '.join(window)})"] if window else []
    if inj.values.size == 1:
        namespace[name] = quantity(float(inj.values.ravel()[0]), dims)
        factors.append(name)
    else:
        table = inj.values if inj.width > 1 else inj.values.ravel()
        # one entry a step in Brian 2's eyes, whatever the interval: it would look between its entries by rounding
        namespace[name] = brian2.TimedArray(quantity(table, dims), dt=network.dt_si * brian2.second)
        when = f"t_in_timesteps - {inj.start}" if inj.start else "t_in_timesteps"
        when = f"dt*(({when})//{inj.every})" if inj.every > 1 else f"dt*({when})"
        column = ""
        if inj.width > 1:
            column = new("column")
            lines.append(f"{column} : integer (constant)")
            values[column] = np.zeros(p.size, dtype=int)
            values[column][inj.ids] = np.arange(inj.width)
        factors.append(f"{name}({when}, {column})" if column else f"{name}({when})")
    if len(inj.ids) < p.size:
        chosen = new("chosen")
        lines.append(f"{chosen} : 1 (constant)")
        values[chosen] = np.isin(np.arange(p.size), inj.ids).astype(float)
        factors.append(chosen)
    return "*".join(factors)
