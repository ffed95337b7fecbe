"""Projections in PyNN's words: which synapse, which receptor, which sign; checked against the limits of SpiNNaker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..networks.network import Network
from ..networks.population import Population
from ..networks.projection import Projection
from .polynomial import PolynomialError
from .pynn_cells import CellForm, Receptor
from .pynn_synapses import PairRule, SynapseForm, recognise_synapse
from .spinnaker_parts import Plan, PopulationPlan, ProjectionPlan, limits, plain, slug

__all__ = ["Link", "find_links", "receive"]


@dataclass(eq=False)
class Link:
    """A projection whose synapses PyNN has, before its receptor is known."""

    projection: Projection
    form: SynapseForm
    pre: PopulationPlan
    post: PopulationPlan


def find_links(
    network: Network, plans: dict[Population, PopulationPlan], forms: dict[Population, CellForm | None], plan: Plan,
    from_start: bool,
) -> list[Link]:  # fmt: skip
    """Go through all projections: those that PyNN's synapses can be, and a finding for each that they cannot."""
    found = (_link(q, plans, forms, plan, from_start) for q in network.projections.values())
    return [link for link in found if link is not None]


def _link(
    q: Projection, plans: dict[Population, PopulationPlan], forms: dict[Population, CellForm | None], plan: Plan,
    from_start: bool,
) -> Link | None:  # fmt: skip
    where, pre, post = f"projection {q.name!r}", q.pre.population, q.post.population
    if q.size == 0:
        plan.note(where, "no synapses: left out")
        return None
    if from_start and q.network.step:
        values = q.start_values()
    else:
        values = q.values
    total, before = q.axonal_steps + q.dendritic_steps, len(plan.refused)
    form = None
    try:
        form = recognise_synapse(q.synapse, values)
    except PolynomialError as error:
        has = ", ".join(limits()["synapses"]["written"])
        plan.refuse(where, f"synapse model {q.synapse.name!r}: {error} (the target has {has})")
    if form is not None and not np.all(np.isfinite(form.weights)):
        plan.refuse(where, "a weight is not finite")
    if form is not None and form.rule is not None:
        _check_rule(q, form.rule, plan)
        for note in form.notes:
            plan.note(where, note)
    _check_delays(total, plans[post], where, plan)
    cell = forms.get(post)
    if form is not None and cell is not None and form.variable not in cell.receptors:
        has = ", ".join(cell.receptors) or "nothing"
        plan.refuse(where, f"target {form.variable!r}: {cell.cell} has input through {has}, no pulses or jumps")
    elif cell is None and plans[post].held:
        plan.refuse(where, f"{plans[post].cell} receives nothing")
    if form is None or len(plan.refused) > before:
        return None
    if not (plans[pre].held and plans[post].held):
        plan.note(where, "left out with a population that is refused")
        return None
    return Link(q, form, plans[pre], plans[post])


def _check_rule(q: Projection, r: PairRule, plan: Plan) -> None:
    where = f"projection {q.name!r}"
    if np.any(q.axonal_steps):
        plan.refuse(
            where, "a plastic synapse with an axonal delay; there all delay is dendritic (dendritic_delay=delay)"
        )
    if not (r.A_plus > 0 and r.A_minus > 0 and 0 <= r.w_min < r.w_max):
        values = f"{r.A_plus:.3g}, {r.A_minus:.3g}, {r.w_min:.3g}, {r.w_max:.3g}"
        plan.refuse(where, f"STDP needs A_plus > 0, A_minus > 0 and 0 <= w_min < w_max, has {values} (SI)")
    if r.w_min > 0:
        plan.note(where, "pyNN.nest has no w_min other than 0 and will stop at it")


def _check_delays(total: np.ndarray, post: PopulationPlan, where: str, plan: Plan) -> None:
    least = limits()["delays"]["least_steps"]
    if total.min() < least:
        plan.refuse(where, f"delay {total.min() * plan.dt:g} ms is less than one step ({least * plan.dt:g} ms)")
    longest, room = _longest_delay(post.size)
    allowed = longest if post.same_step else longest - 1
    if total.max() > allowed:
        limit = f"{allowed * plan.dt:g} ms ({longest} steps with {room} neurons per core)"
        plan.refuse(where, f"delay {total.max() * plan.dt:g} ms is longer than {limit}")


def _longest_delay(size: int) -> tuple[int, int]:
    """Longest delay in steps to a population, and the neurons on each of its cores."""
    on_core = min(size, limits()["cores"]["neurons_per_core"])
    return next(steps for room, steps in limits()["delays"]["longest_steps"] if on_core <= room), on_core


def receive(
    post: PopulationPlan, form: CellForm, links: list[Link], plan: Plan, slugs: set[str]
) -> list[ProjectionPlan]:
    """Give the projections to one population their receptors, and the population its synaptic time constants."""
    amounts = {}
    for link in links:
        scale = form.receptors[link.form.variable].scale
        ids = link.projection.post_ids
        amounts[link.projection] = link.form.weights * (scale[ids] if np.ndim(scale) else scale)
    used = [name for name in form.receptors if any(link.form.variable == name for link in links)]
    by_tau: list[list[str]] = []
    for name in used:
        kind = form.receptors[name]
        group = next((g for g in by_tau if _same(form.receptors[g[0]], kind)), None)
        by_tau.append([name]) if group is None else group.append(name)
    where, names = f"population {post.name!r}", ", ".join(used)
    if len(by_tau) > 2:
        plan.refuse(where, f"{len(by_tau)} kinds of synaptic input ({names}); {form.cell} has two")
        return []
    conductance = form.cell == "IF_cond_exp"
    receptor = _by_reversal(form, by_tau) if conductance else _by_sign(form, by_tau, links, amounts, post, plan)
    if receptor is None:
        return []
    first = next(iter(form.receptors.values()), None)
    for letter, word in (("E", "excitatory"), ("I", "inhibitory")):
        chosen = next((form.receptors[n] for n in used if receptor[n] in (word, "both")), None)
        chosen = chosen or next((k for n, k in form.receptors.items() if n not in used), first)
        if chosen is not None:
            post.parameters[f"tau_syn_{letter}"] = plain(chosen.tau)
            if conductance:
                post.parameters[f"e_rev_{letter}"] = plain(chosen.reversal)
    made: list[ProjectionPlan] = []
    for link in links:
        made += _split(link, form, amounts[link.projection], receptor[link.form.variable], plan, slugs)
    rules = {tuple(sorted(q.rule.items())) for q in made if q.rule}
    if len(rules) > limits()["synapses"]["rules_per_target"]:
        plan.refuse(where, f"{len(rules)} different STDP rules among its inputs; there is one per population")
    return made


def _same(a: Receptor, b: Receptor) -> bool:
    pairs = [(a.tau, b.tau)] + ([] if a.reversal is None else [(a.reversal, b.reversal)])
    return all(np.allclose(x, y, rtol=1e-12, atol=0) for x, y in pairs)


def _by_reversal(form: CellForm, groups: list[list[str]]) -> dict[str, str]:
    ordered = sorted(groups, key=lambda g: -float(np.mean(form.receptors[g[0]].reversal)))
    words = ["excitatory", "inhibitory"]
    if len(ordered) == 1 and float(np.mean(form.receptors[ordered[0][0]].reversal)) < float(
        np.mean(form.parameters["v_thresh"])
    ):
        words = ["inhibitory"]
    return {n: word for group, word in zip(ordered, words, strict=False) for n in group}


def _by_sign(
    form: CellForm, groups: list[list[str]], links: list[Link], amounts: dict[Projection, np.ndarray],
    post: PopulationPlan, plan: Plan,
) -> dict[str, str] | None:  # fmt: skip
    """Currents: one time constant takes both signs, two take one sign each."""
    if len(groups) <= 1:
        return {n: "both" for group in groups for n in group}
    signs = []
    for group in groups:
        mine = [amounts[link.projection] for link in links if link.form.variable in group]
        signs.append((any((a > 0).any() for a in mine), any((a < 0).any() for a in mine)))
    (up0, down0), (up1, down1) = signs
    if not (down0 or up1):
        words = "excitatory", "inhibitory"
    elif not (up0 or down1):
        words = "inhibitory", "excitatory"
    else:
        taus = ", ".join(f"{g[0]}: {np.mean(form.receptors[g[0]].tau):g} ms" for g in groups)
        for link in links:
            up, down = ((s * amounts[link.projection] > 0).any() for s in (1, -1))
            word = "has both signs" if up and down else "depolarises" if up else "hyperpolarises"
            plan.refuse(
                f"projection {link.projection.name!r}",
                f"sign of the weights against the receptor: it {word} through {link.form.variable!r}; with two time "
                f"constants ({taus}) there is one for each sign",
            )
        return None
    return {n: word for group, word in zip(groups, words, strict=True) for n in group}


def _split(
    link: Link, form: CellForm, amount: np.ndarray, receptor: str, plan: Plan, slugs: set[str]
) -> list[ProjectionPlan]:
    """One PyNN projection for each sign."""
    q, conductance = link.projection, form.cell == "IF_cond_exp"
    where = f"projection {q.name!r}"
    highest = limits()["parameters"]["highest"]
    if np.abs(amount).max() > highest:
        plan.refuse(where, f"weight {np.abs(amount).max():.6g} is above {highest:.6g}")
        return []
    rule = None
    if link.form.rule is not None:
        scale = form.receptors[link.form.variable].scale
        scale = np.unique(scale[q.post_ids]) if np.ndim(scale) else np.asarray([scale])
        if scale.size != 1 or scale[0] <= 0:
            why = "differs between target neurons" if scale.size > 1 else "is inhibitory"
            plan.refuse(where, f"a plastic synapse whose effect {why}")
            return []
        rule = {k: v * (1.0 if k.startswith("tau") else float(scale[0])) for k, v in vars(link.form.rule).items()}
    if conductance and (amount < 0).any():
        plan.refuse(where, f"sign of the weights against the receptor: {amount.min():g} uS is a negative conductance")
        return []
    parts = []
    wanted = {"both": ("excitatory", "inhibitory")}.get(receptor, (receptor,))
    for word in wanted:
        if conductance or len(wanted) == 1 or rule:
            keep = np.ones(q.size, dtype=bool) if word == wanted[0] else np.zeros(q.size, dtype=bool)
        else:
            keep = amount < 0 if word == "inhibitory" else amount >= 0
        if keep.any():
            name = q.name if keep.all() else f"{q.name} ({word})"
            parts.append(
                ProjectionPlan(
                    name,
                    slug(name, slugs),
                    link.pre,
                    link.post,
                    word,
                    q.pre_ids[keep],
                    q.post_ids[keep],
                    amount[keep],
                    (q.axonal_steps + q.dendritic_steps)[keep].astype(np.int64),
                    rule,
                )  # fmt: skip
            )
    kind = "static" if rule is None else "pair STDP"
    plan.keep(where, f"{q.size} synapses, {kind}, {' and '.join(part.receptor for part in parts)}")
    return parts
