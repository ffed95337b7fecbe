"""Which of PyNN's cells a model is, found from what its equations compute, not from its name.

Three forms are known; in all of them a cell spikes where ``v > v_th`` or ``v >= v_th``, and v is set to a fixed value:

- ``IF_curr_exp``: dv/dt linear in v and in currents that decay exponentially (equations);
- ``IF_cond_exp``: the same with conductances, terms ``g*(E - v)``;
- ``IF_curr_exp`` again, as the step that sPyNNaker computes (an update rule): arrivals are felt in the step in which
  they arrive, ``v`` relaxes for one step towards ``v_rest + R*(I_E - I_I)``.

Capacitance, time constants and the factor between our weights and PyNN's are computed from the coefficients. A cell
whose synaptic variable is no current (``ge : volt``) has no capacitance of its own: it gets ``cm = tau_m/(1 MOhm)``, so
that 1 mV of drive becomes 1 nA; a conductance without unit (in units of the leak) is taken as uS in the same way.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..language import parse_expression
from ..neurons.model import NeuronModel
from ..units import CONDUCTANCE, CURRENT, VOLTAGE, dims_text
from .polynomial import Polynomial, PolynomialError, after, constant, is_constant, polynomial, same

__all__ = ["CellForm", "NotHeldError", "Receptor", "recognise_cell"]

_OWN_RESISTANCE = 1e6  # ohm; of a cell whose drive is a voltage
_SAME = 1e-9  # relative difference up to which two computed coefficients are the same number


class NotHeldError(ValueError):
    """The target has no such cell; ``reasons`` lists why."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class Receptor:
    """What an arriving weight does: ``scale`` (SI to signed nA, or to uS), ``tau`` in ms, ``reversal`` in mV."""

    scale: Any
    tau: Any
    reversal: Any = None


@dataclass(frozen=True)
class CellForm:
    """A cell in PyNN's words.

    Parameters
    ----------
    cell : str
        ``IF_curr_exp`` or ``IF_cond_exp``.
    parameters : dict
        PyNN's names, in ms, mV, nF, nA; numbers or one per neuron. Those of the receptors are not among them.
    receptors : dict of str to Receptor
        By the variable here that projections target.
    currents : dict
        ``(input)`` variable -> factor from SI to nA of ``i_offset``, for constant injected currents.
    same_step : bool
        True if a spike is felt in the step in which it arrives (sPyNNaker's order), False if in the next one.
    membrane : str
        Name of the membrane potential here.
    notes : tuple of str
        What is not quite the same on the target.
    """

    cell: str
    parameters: dict[str, Any]
    receptors: dict[str, Receptor]
    currents: dict[str, Any]
    same_step: bool
    membrane: str
    notes: tuple[str, ...] = ()


@dataclass
class _Reader:
    """A model with its parameters as numbers, and the reasons against it found so far."""

    model: NeuronModel
    names: dict[str, Polynomial]
    dt: float
    variables: set[str]
    reasons: list[str] = field(default_factory=list)

    def read(self, text: str) -> Polynomial:
        return polynomial(text, self.names, self.variables)


def recognise_cell(model: NeuronModel, values: Mapping[str, Any], dt: float, fixed: Mapping[str, Any]) -> CellForm:
    """Find the PyNN cell that a model is.

    Parameters
    ----------
    model : NeuronModel
    values : mapping
        Parameters in SI, numbers or one per neuron.
    dt : float
        Step in s.
    fixed : mapping
        State variables that nothing changes (declared without an equation) -> value in SI.

    Returns
    -------
    CellForm

    Raises
    ------
    NotHeldError
        With every reason that was found.
    """
    names = {**{n: constant(v) for n, v in values.items()}, "dt": constant(dt), "not_refractory": constant(1.0)}
    moving = {e.name for e in model.lines if e.kind == "differential"} | {s.name for s in model.update_statements}
    moving |= {s.name for s in model.reset_statements}
    names.update({n: constant(v) for n, v in fixed.items() if n not in moving})
    variables = ({*model.states, *model.inputs}) - set(names)
    reader = _Reader(model, names, dt, variables)
    for _ in model.subexpressions:  # a name may be used above its own line
        for line in model.lines:
            if line.kind == "subexpression" and line.name not in names:
                try:
                    names[line.name] = reader.read(line.expr)
                except PolynomialError:
                    continue
    try:
        v, v_th, strict = _threshold(reader)
    except PolynomialError as error:
        reader.reasons.append(f"threshold {model.threshold!r}: {error}")
        raise NotHeldError(reader.reasons) from None
    if tuple(model.dims(v)) != VOLTAGE:
        reader.reasons.append(f"{v!r} is in {dims_text(model.dims(v))}; a membrane potential in volt is expected")
    v_reset, held = _reset(reader, v), _held_steps(reader, v)
    form = None
    try:
        form = _step(reader, v) if model.update else _flow(reader, v)
    except PolynomialError as error:
        reader.reasons.append(str(error))
    if reader.reasons or form is None:
        raise NotHeldError(reader.reasons)
    form.parameters.update(v_thresh=v_th * 1e3, v_reset=v_reset * 1e3, tau_refrac=held * dt * 1e3)
    notes = list(form.notes)
    if strict:
        notes.append("the threshold is passed at v > v_th here, at v >= v_thresh there")
    return CellForm(form.cell, form.parameters, form.receptors, form.currents, form.same_step, v, tuple(notes))


def _threshold(r: _Reader) -> tuple[str, Any, bool]:
    if not r.model.threshold:
        raise PolynomialError("the cell never spikes")
    node = parse_expression(r.model.threshold, r.model.owner)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        rest = [part for part in node.values if ast.unparse(part) != "not_refractory"]
        node = rest[0] if len(rest) == 1 else node
    if not isinstance(node, ast.Compare) or isinstance(node.ops[0], ast.Eq | ast.NotEq):
        raise PolynomialError("expected v > v_th or v >= v_th")
    left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
    if isinstance(node.ops[0], ast.Lt | ast.LtE):
        left, right = right, left
    p = r.read(f"({left}) - ({right})")
    used = [k for k in p if k]
    if len(used) != 1 or len(used[0]) != 1 or used[0][0] not in r.model.states or not np.all(p[used[0]] > 0):
        raise PolynomialError("expected one membrane potential on the left and a fixed value on the right")
    return used[0][0], -p.get((), 0.0) / p[used[0]], isinstance(node.ops[0], ast.Lt | ast.Gt)


def _reset(r: _Reader, v: str) -> Any:
    try:
        changed = after(r.model.reset_statements, r.names, r.variables)
    except PolynomialError as error:
        r.reasons.append(f"reset: {error}")
        return 0.0
    for name, p in changed.items():
        if name != v:
            r.reasons.append(f"reset: a spike changes {name!r}; it may only set {v!r}")
        elif not is_constant(p):
            r.reasons.append(
                f"reset: {v!r} is set to an expression of {sorted({n for k in p for n in k})}, not to a value"
            )
    if v not in changed:
        r.reasons.append(f"reset: a spike does not set {v!r}")
    return changed.get(v, {}).get((), 0.0)


def _held_steps(r: _Reader, v: str) -> Any:
    """Steps in which v is held after the step of the spike, as NEST and sPyNNaker count."""
    model, count = r.model, np.zeros(())
    if model.refractory:
        try:
            p = r.read(model.refractory)
        except PolynomialError as error:
            r.reasons.append(f"refractory {model.refractory!r}: {error}; a duration is expected")
            return 0.0
        if not is_constant(p):
            r.reasons.append(f"refractory {model.refractory!r}: it changes in time; a fixed duration is expected")
            return 0.0
        steps = np.asarray(p.get((), 0.0)) / r.dt
        count = np.rint(steps)
        if np.any(np.abs(steps - count) > 1e-6 * np.maximum(1, count)):
            r.reasons.append(f"refractory {model.refractory!r}: no multiple of the step")
    if model.update or not np.any(np.asarray(count) > 1):
        return np.maximum(count - 1, 0)
    gated = {e.name for e in model.lines if "unless refractory" in e.flags}
    if v not in gated:
        r.reasons.append(f"{v!r} moves on while refractory; it is held there (write 'unless refractory')")
    for name in sorted(gated - {v}):
        r.reasons.append(f"{name!r} stands still while refractory; there it decays")
    return np.maximum(count - 1, 0)


def _flow(r: _Reader, v: str) -> CellForm:
    """Equations: a linear membrane driven by exponentials."""
    rates: dict[str, Polynomial] = {}
    for line in r.model.lines:
        if line.kind == "differential":
            try:
                rates[line.name] = r.read(line.expr)
            except PolynomialError as error:
                r.reasons.append(f"d{line.name}/dt: {error}")
    dv = rates.get(v)
    if dv is None:
        raise NotHeldError(r.reasons or [f"{v!r} has no differential equation"])
    strange = False
    for key in sorted(dv):
        if len(key) > 2 or key.count(v) > 1 or (len(key) == 2 and v not in key):
            strange = True
            r.reasons.append(f"d{v}/dt: the term with {'*'.join(key)} has no place in a leaky integrate-and-fire cell")
    leak = -np.asarray(dv.get((v,), 0.0))
    if strange:
        raise NotHeldError(r.reasons)
    if not np.all(leak > 0):
        raise PolynomialError(f"{v!r} has no leak (tau_m <= 0)")
    tau, receptors, currents = 1 / leak, {}, {}
    drives = {n: np.asarray(dv.get((n,), 0.0)) for n in sorted({n for k in dv for n in k if n != v})}
    gates = {n: -np.asarray(dv.get(tuple(sorted((n, v))), 0.0)) for n in drives}
    cm = tau / _OWN_RESISTANCE
    for name, drive in drives.items():
        if r.model.dims(name) in (CURRENT, CONDUCTANCE):
            cm = 1 / np.abs(gates[name] if np.any(gates[name]) else drive)
            break
    for name, drive in drives.items():
        gate = gates[name]
        conductance = bool(np.any(gate))
        k = gate if conductance else drive
        if name in r.model.inputs:
            currents[name] = k * cm * 1e9
            continue
        decay = rates.get(name, {})
        if name in rates and (set(decay) != {(name,)} or not np.all(np.asarray(decay[(name,)]) < 0)):
            r.reasons.append(f"d{name}/dt: expected a plain exponential decay, -{name}/tau with tau > 0")
        elif conductance and not np.all(gate > 0):
            r.reasons.append(f"{name!r} is a negative conductance")
        elif name in rates:
            scale = k * cm * (1e6 if conductance else 1e9)
            receptors[name] = Receptor(scale, -1e3 / decay[(name,)], drive / gate * 1e3 if conductance else None)
    known = {(), (v,)} | {(n,) for n in (*receptors, *currents)} | {tuple(sorted((n, v))) for n in receptors}
    for key in sorted(set(dv) - known):
        if not r.reasons:
            r.reasons.append(f"d{v}/dt: the term with {'*'.join(key)} has no place in a leaky integrate-and-fire cell")
    for name in rates:
        if name != v and name not in receptors and (name,) not in dv:
            r.reasons.append(f"the variable {name!r} has no place in the cell")
    kinds = {x.reversal is not None for x in receptors.values()}
    if len(kinds) > 1:
        r.reasons.append("currents and conductances in one cell")
    rest = dv.get((), 0.0) / leak
    return _form(r, v, "IF_cond_exp" if kinds == {True} else "IF_curr_exp", tau, cm, rest, receptors, currents, False)


def _step(r: _Reader, v: str) -> CellForm:
    """An update rule: the step of sPyNNaker's IF_curr_exp."""
    new = after(r.model.update_statements, r.names, r.variables)
    still = after(r.model.update_statements, {**r.names, "not_refractory": {}}, r.variables)
    dv, others = new.get(v, {(v,): 1.0}), [s for s in r.model.states if s != v and s in r.variables]
    if r.model.refractory and not same(still.get(v, {(v,): 1.0}), {(v,): 1.0}):
        r.reasons.append(f"update: {v!r} moves on while refractory; it is held there")
    for s in others:
        if not same(new.get(s, {}), still.get(s, {})):
            r.reasons.append(f"update: {s!r} depends on refractoriness; there it does not")
    stay = np.asarray(dv.get((v,), 0.0))
    if not np.all((stay > 0) & (stay < 1)) or any(len(k) > 1 for k in dv):
        raise PolynomialError(f"update: {v!r} does not relax exponentially towards the sum of currents")
    tau, rest = -r.dt / np.log(stay), dv.get((), 0.0) / (1 - stay)
    receptors: dict[str, Receptor] = {}
    cm = tau / _OWN_RESISTANCE
    for s in others:
        p = new.get(s, {(s,): 1.0})
        keep = np.asarray(p.get((s,), 0.0))
        fed = [k[0] for k in p if k and k != (s,)]
        plain = all(len(k) == 1 for k in p) and not set(fed) - set(r.model.inputs)
        if not (plain and np.all((keep > 0) & (keep < 1))):
            r.reasons.append(f"update: {s!r} is no exponentially decaying current that inputs are added to")
            continue
        tau_syn = -r.dt / np.log(keep)
        first_step = tau_syn / r.dt * (1 - keep)  # sPyNNaker: an arrival counts as the mean of its first step
        for u in fed:
            felt = np.asarray(dv.get((u,), 0.0))
            if not np.any(felt) or not np.allclose(felt, dv.get((s,), 0.0) * p[(u,)] / keep, rtol=_SAME, atol=0):
                r.reasons.append(f"update: {u!r} does not act on {v!r} in its own step as it does later through {s!r}")
                continue
            resistance = felt / (1 - stay) / first_step
            if not receptors and r.model.dims(s) == CURRENT:
                cm = tau * (1 - stay) / np.abs(dv[(s,)])
            receptors[u] = Receptor(resistance * cm / tau * 1e9, tau_syn * 1e3)
    for key in sorted(set(dv) - {(), (v,)}):
        if key[0] not in others and key[0] not in receptors and not r.reasons:
            r.reasons.append(f"update: {key[0]!r} acts on {v!r} directly; there only through a decaying current")
    return _form(r, v, "IF_curr_exp", tau, cm, rest, receptors, {}, True)


def _form(
    r: _Reader, v: str, cell: str, tau: Any, cm: Any, rest: Any, receptors: dict[str, Receptor],
    currents: dict[str, Any], same_step: bool,
) -> CellForm:  # fmt: skip
    """Split the resting value into v_rest and i_offset as the model does, if it has a v_rest."""
    own = r.names["v_rest"].get((), 0.0) if "v_rest" in r.model.parameters else rest
    offset = np.asarray((rest - own) * cm / tau * 1e9)
    if np.all(np.abs(rest - own) <= _SAME * np.maximum(np.abs(rest), np.abs(own))):
        own, offset = rest, np.float64(0.0)
    parameters = dict(tau_m=tau * 1e3, cm=cm * 1e9, v_rest=own * 1e3, i_offset=offset)
    notes = []
    if cell == "IF_cond_exp":
        notes.append(f"conductances are integrated by {r.model.method!r} here, by the simulator's own method there")
    return CellForm(cell, parameters, receptors, currents, same_step, v, tuple(notes))
