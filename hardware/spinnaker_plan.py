"""From a network to what is written for SpiNNaker: every part in PyNN's words, checked against the limits.

Nothing is written here and nothing stops at the first problem: `make_plan` goes through the whole network and collects
what is kept, what will be rounded and what the target cannot hold.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..networks.network import Network
from ..networks.population import Population
from ..networks.sources import SpikeArray
from ..networks.values import resolve
from .pynn_cells import CellForm, NotHeldError, recognise_cell
from .pynn_sources import recognise_poisson
from .spinnaker_parts import Plan, PopulationPlan, limits, plain, slug
from .spinnaker_projections import find_links, receive
from .spinnaker_rounding import check_parameters, check_weights

__all__ = ["make_plan"]

_FOREVER = 2**62


def make_plan(network: Network, from_start: bool) -> Plan:
    """Translate a network.

    Parameters
    ----------
    network : Network
    from_start : bool
        True: as it was at time 0. False: with its present synapses, and only the given spikes that are still to come.

    Returns
    -------
    Plan
        ``refused`` lists what the target cannot hold; those parts are not among its populations and projections.
    """
    plan = Plan(network.dt, 0 if from_start else network.step)
    forms: dict[Population, CellForm | None] = {}
    plans: dict[Population, PopulationPlan] = {}
    slugs: set[str] = set()
    if np.rint(plan.dt * 2**15) == 0:
        plan.refuse("network", f"dt: a step of {plan.dt:g} ms is below the resolution of S16.15")
    for p in network.populations.values():
        if p.size == 0:
            plan.note(f"population {p.name!r}", "no neurons: left out")
            continue
        make = _source if isinstance(p.model, SpikeArray) else _neurons
        plans[p], forms[p] = make(p, plan, from_start, slug(p.name, slugs))
    links = find_links(network, plans, forms, plan, from_start)
    for p, form in forms.items():
        if form is not None:
            plan.projections += receive(plans[p], form, [link for link in links if link.post is plans[p]], plan, slugs)
    plan.populations = [made for made in plans.values() if check_parameters(made, plan) and made.held]
    for q in [q for q in plan.projections if q.post not in plan.populations or q.pre not in plan.populations]:
        plan.projections.remove(q)
        plan.note(f"projection {q.name!r}", "left out with a population that is refused")
    for made in plan.populations:
        check_weights([q for q in plan.projections if q.post is made], plan)
    return plan


def _source(p: Population, plan: Plan, from_start: bool, place: str) -> tuple[PopulationPlan, None]:
    """Given spikes; those that lie before the beginning are left out."""
    where = f"population {p.name!r}"
    made = PopulationPlan(p.name, place, p.size, "SpikeSourceArray", {})
    try:
        steps, ids = p.model.steps(p.network.dt_si)
    except ValueError as error:
        plan.refuse(where, str(error))
        made.held = False
        return made, None
    off = np.abs(np.sort(p.model.times) - steps * plan.dt) > 1e-6 * plan.dt
    if off.any():
        plan.rounds(where, f"{int(off.sum())} of {steps.size} spike times, to whole steps")
    coming = steps >= plan.begin
    made.steps, made.ids = steps[coming] - plan.begin, ids[coming]
    plan.keep(where, f"{_count(p.size)} of SpikeSourceArray, {made.steps.size} spikes")
    return made, None


def _neurons(p: Population, plan: Plan, from_start: bool, place: str) -> tuple[PopulationPlan, CellForm | None]:
    where, before = f"population {p.name!r}", len(plan.refused)
    if p.every > 1:
        plan.refuse(where, f"dt: it is updated every {p.every} steps of the network; sPyNNaker has one step for all")
    for drive in p.network._poisson_inputs:
        if drive.population is p:
            words = f"the Poisson input to {drive.target!r} is not written; give a population of Poisson cells instead"
            plan.refuse(where, words)
    injected = _injected(p, plan)
    states = {n: _state(p, n, from_start) for n in p.model.states}
    made, form = PopulationPlan(p.name, place, p.size, "", {}, p.model.name), None
    try:
        if source := recognise_poisson(p.model, p.parameters, p.network.dt_si, injected):
            _poisson(made, source, plan)
        else:
            form = recognise_cell(p.model, p.parameters, p.network.dt_si, states)
            _cell(made, form, states, injected, plan)
    except NotHeldError as error:
        cells = ", ".join(limits()["cells"]["written"])
        plan.refuse(where, f"model {p.model.name!r} is none of {cells}: {'; '.join(error.reasons)}")
    made.held = len(plan.refused) == before
    return made, form


def _poisson(made: PopulationPlan, source: dict[str, Any], plan: Plan) -> None:
    start = np.maximum(source["start"] - plan.begin * plan.dt, 0)
    stop = np.maximum(source["start"] + source["duration"] - plan.begin * plan.dt, 0)
    made.cell = "SpikeSourcePoisson"
    made.parameters = dict(rate=plain(source["rate"]), start=plain(start), duration=plain(np.maximum(stop - start, 0)))
    where = f"population {made.name!r}"
    plan.keep(where, f"{_count(made.size)} of SpikeSourcePoisson")
    plan.note(where, "random spikes: other ones there, with the same rate")


def _cell(
    made: PopulationPlan, form: CellForm, states: dict[str, np.ndarray], injected: dict[str, np.ndarray], plan: Plan
) -> None:
    where = f"population {made.name!r}"
    for name, amount in injected.items():
        if name in form.currents:
            form.parameters["i_offset"] = form.parameters["i_offset"] + amount * form.currents[name]
        else:
            plan.refuse(where, f"current injected into {name!r}, which {form.cell} has only through synapses")
    for name, value in states.items():
        if name != form.membrane and (name in form.receptors or form.same_step) and np.any(value):
            plan.refuse(where, f"{name!r} starts at values other than 0; synaptic input starts at 0 there")
    made.cell, made.v, made.same_step = form.cell, plain(states[form.membrane] * 1e3), form.same_step
    made.parameters = {k: plain(v) for k, v in form.parameters.items()}
    cores = -(-made.size // limits()["cores"]["neurons_per_core"])
    plan.keep(where, f"{_count(made.size)} of {form.cell}, about {cores} core{'s' * (cores > 1)}")
    for note in form.notes:
        plan.note(where, note)


def _injected(p: Population, plan: Plan) -> dict[str, np.ndarray]:
    """Constant values injected into each input variable [N], SI; anything else is refused."""
    found: dict[str, np.ndarray] = {}
    for injection in p.network._injections:
        if injection.population is not p or injection.stop <= plan.begin:
            continue
        if injection.start > plan.begin or injection.stop < _FOREVER or injection.values.size != 1:
            what = f"what is injected into {injection.target!r} changes in time; i_offset is constant"
            plan.refuse(f"population {p.name!r}", what)
            continue
        total = found.setdefault(injection.target, np.zeros(p.size))
        total[injection.ids] += injection.values.ravel()[0]
    return found


def _state(p: Population, name: str, from_start: bool) -> np.ndarray:
    """Values of a state variable in SI [N] at the beginning: those set now, or of the start if the network has run."""
    if p.network.step == 0:
        return p._state[p._row(name)].astype(float)
    given = p.init.get(name, p.model.init.get(name))
    if given is None:
        return np.zeros(p.size)
    row = p.model.states.index(name)
    value = resolve(
        given, p.size, p.model.dims(name), p._names(), p._stream(1000 + row), f"population {p.name!r}: {name}"
    )
    return np.broadcast_to(value, (p.size,)).astype(p.network.dtype).astype(float)


def _count(neurons: int) -> str:
    return f"{neurons} neuron{'s' * (neurons != 1)}"
