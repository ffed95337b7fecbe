"""A synapse model as the program of one step, for layers: x is whether its presynaptic cell spikes in this step.

The order is that of a simulation: clock-driven variables go one step on, ``on_pre`` is executed where x is 1, and
event-driven variables go one step on, by the same statements that bring them up to date when a spike arrives. So the
variables after a step are those that a spike of the next step finds. What ``on_pre`` adds to its target is what the
synapse sends. Every change of a spike is taken in the proportion x,

    variable <- variable + x (on_pre(variable) - variable),   y = x (what on_pre adds),

which for 0 and 1 is the simulation, and gives x a gradient.
"""

from __future__ import annotations

import sympy as sp

from ..plasticity.model import SynapseModel
from ..units import Dims
from .build import build_synapse
from .expressions import symbol
from .layer_form import EVENT, SENT
from .program import Assign, NeuronProgram, SynapseProgram, hoist, inline_copies, share, ssa

__all__ = ["synapse_steps"]

_UNKNOWN = {"t": "the time", "i": "the number of the neuron", "j": "the number of the target neuron"}


def synapse_steps(model: SynapseModel, dims: Dims) -> NeuronProgram:
    """Make the program.

    Parameters
    ----------
    model : SynapseModel
        Bound: without the pseudo-unit ``weight``.
    dims : tuple
        Dimensions of the variable that it adds to.

    Returns
    -------
    NeuronProgram
        With the variables that change as states; those that do not are parameters.

    Raises
    ------
    ValueError
        For what a synapse without its two cells cannot do.
    """
    owner = f"SynapseLayer: model {model.name!r}"
    for has, what in ((model.post_statements, "on_post statements"), (model.summed, "summed variables")):
        if has:
            raise ValueError(f"{owner} has {what}; expected a model that only presynaptic spikes (on_pre) drive")
    own = {*model.variables, *model.parameters}
    targets = sorted({s.name for s in model.pre_statements if s.name.endswith("_post")} - own)
    if len(targets) != 1:
        came = f"{', '.join(targets)}" if targets else "nothing"
        raise ValueError(f"{owner}: expected on_pre to add to one variable of the target, which is sent; got {came}")
    target = targets[0]
    p = build_synapse(model, {}, {target.removesuffix("_post"): dims})
    if p.pre_randoms:
        raise ValueError(f"{owner} draws random numbers; expected a model without rand() and randn()")
    changed = {a.name for a in p.everything}
    states = tuple(n for n in p.variables if n in changed)
    parameters = (*p.parameters, *(n for n in p.variables if n not in changed))
    _check_names(p, {*states, *parameters, "dt"}, target, owner)
    statements = [*p.clocked, *_event(p, states, target)]
    statements += [Assign(n, e.xreplace({symbol("_age"): symbol("dt")})) for n, e in p.to_date]
    update, new = inline_copies(*ssa(statements, (*states, SENT)))
    update.append(Assign(SENT, symbol(new.pop(SENT))))
    constants, update = hoist(update, frozenset((*parameters, "dt")))
    return NeuronProgram(
        name=model.name, states=states, inputs=(EVENT,), parameters=parameters, vectors=frozenset(), propagators=(),
        constants=tuple(constants), update=tuple(share(update)), new=new, threshold=None, reset=(), refractory="",
        refractory_expr=None, gated=frozenset(), rates=(), update_randoms={}, reset_randoms={},
    )  # fmt: skip


def _check_names(p: SynapseProgram, known: set[str], target: str, owner: str) -> None:
    """Refuse what the synapse does not know, and variables of one kind that follow those of the other."""
    made = {a.name for a in p.everything} | {"_age"}
    for name in sorted({s.name for a in p.everything for s in a.expr.free_symbols} - known - made | {target}):
        read = any(symbol(name) in a.expr.free_symbols for a in p.everything)
        if read and name in _UNKNOWN:
            raise ValueError(f"{owner} uses {name!r} ({_UNKNOWN[name]}), which a layer does not know")
        if read:
            raise ValueError(f"{owner} reads {name!r} of a cell; expected a model that knows its own variables alone")
    driven, clocked = ({a.name for a in its} & set(p.variables) for its in (p.to_date, p.clocked))
    for its, others, kind in ((p.clocked, driven, "event-driven"), (p.to_date, clocked, "clock-driven")):
        if mixed := sorted({s.name for a in its for s in a.expr.free_symbols} & others):
            raise ValueError(
                f"{owner}: the equation of another variable follows {mixed[0]!r}, which is {kind}; make both "
                "(clock-driven) or both (event-driven)"
            )


def _event(p: SynapseProgram, states: tuple[str, ...], target: str) -> list[Assign]:
    """The statements ``on_pre`` under names of their own, then the share x of what they change."""
    x, now, out, sent = symbol(EVENT), {}, [], []
    for name, expr in p.pre:
        value = expr.xreplace({symbol(n): symbol(m) for n, m in now.items()})
        if name == target:
            sent.append(f"_part{len(sent)}")
            out.append(Assign(sent[-1], value))
        else:
            now[name] = f"_at_{name}"
            out.append(Assign(now[name], value))
    for n in states:
        if n in now:
            change = sp.Add(symbol(now[n]), sp.Mul(-1, symbol(n), evaluate=False), evaluate=False)
            out.append(Assign(n, sp.Add(symbol(n), sp.Mul(x, change, evaluate=False), evaluate=False)))
    return [*out, Assign(SENT, sp.Mul(x, sp.Add(*map(symbol, sent)), evaluate=False))]
