"""What SpiNNaker's fixed-point numbers do to parameters and weights, said before anything is loaded."""

from __future__ import annotations

import numpy as np

from .fixed_point import SynapseGroup, largest_input, s16_15, stored_weight, weight_shift
from .spinnaker_parts import Plan, PopulationPlan, ProjectionPlan, limits

__all__ = ["check_parameters", "check_weights"]

_POSITIVE = ("tau_m", "cm", "tau_syn_E", "tau_syn_I")


def check_parameters(p: PopulationPlan, plan: Plan) -> bool:
    """Refuse what S16.15 does not hold, and say what it rounds; True if the population can be held."""
    box, where, before = limits()["parameters"], f"population {p.name!r}", len(plan.refused)
    worst, names = 0.0, []
    for name, value in {**p.parameters, "v": p.v}.items():
        if value is None or p.cell == "SpikeSourcePoisson":
            continue
        array = np.atleast_1d(np.asarray(value, dtype=float))
        inside = (array >= box["lowest"]) & (array <= box["highest"])
        stored = np.atleast_1d(s16_15(np.where(inside, array, 0.0)))
        error = float(np.abs(stored - array)[inside].max(initial=0.0))
        if not inside.all():
            bad = array[~inside][0]
            plan.refuse(
                where, f"{name} = {bad:.6g}: outside of {box['format']}, {box['lowest']:g} to {box['highest']:.6g}"
            )
        elif name in _POSITIVE and not (stored > 0).all():
            plan.refuse(
                where, f"{name} = {array.min():.6g}: must be > 0, in steps of {box['step']:.3g} ({box['format']})"
            )
        elif error > 1e-12:
            worst = max(worst, error)
            names.append(name)
    if names:
        plan.rounds(where, f"{', '.join(names)} to {box['format']}, error up to {worst:.2g}")
    return len(plan.refused) == before


def check_weights(projections: list[ProjectionPlan], plan: Plan) -> None:
    """Say what 16-bit weights do to the inputs of one population (an estimate: the tools choose the scale)."""
    bound = limits()["weights"]
    for word in ("excitatory", "inhibitory"):
        mine = [q for q in projections if q.receptor == word]
        groups = [_group(q, bound["spikes_per_second"]) for q in mine]
        shift = weight_shift(largest_input(groups, plan.dt, bound["ring_buffer_sigma"]))
        step = 2.0 ** (shift - 15)
        for q in mine:
            true = np.abs(q.weights)[q.weights != 0]
            stored, text = stored_weight(true, shift), []
            error = (np.abs(stored - true) / true).max(initial=0.0)
            if error > 1e-12:
                text.append(f"weights in steps of about {step:.3g}, relative error up to {error:.2g}")
            if lost := int(np.count_nonzero(stored == 0)):
                text.append(f"{lost} of {len(q.weights)} weights become 0")
            if q.rule:
                text += [
                    f"{k} = {q.rule[k]:.3g} is less than a weight step"
                    for k in ("A_plus", "A_minus")
                    if q.rule[k] < step
                ]
            if text:
                plan.rounds(f"projection {q.name!r}", ", ".join(text))


def _group(q: ProjectionPlan, usual: float) -> SynapseGroup:
    weights = np.abs(q.weights) if q.rule is None else np.full(len(q.weights), q.rule["w_max"])
    rate = float(np.max(q.pre.parameters["rate"])) if q.pre.cell == "SpikeSourcePoisson" else usual
    return SynapseGroup(weights, int(np.bincount(q.post_ids).max()), rate, bool(np.ptp(q.steps) == 0))
