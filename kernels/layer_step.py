"""One step of a cell as a sequence layer computes it: what the simulation does in a step, in its order.

inputs | state update | threshold | arrivals onto state variables | reset. From a `NeuronProgram`; `layer_numba.py` and
`layer_torch.py` print it, `adjoint.py` differentiates it.

An assignment ``s = int(condition)`` of an update rule is a decision like the threshold, and has a surrogate as well.

A threshold is a condition; each comparison in it becomes a spike function of the distance u from equality, times
``_per<k>``, which brings u to the unit of the surrogate. Comparisons joined by and, or, not are joined by products.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import sympy as sp

from ..units import divisor
from .adjoint import CHOICE, SPIKE, Line, temporaries
from .expressions import symbol
from .layer_form import LayerForm
from .program import NeuronProgram

__all__ = ["LayerStep", "build_step"]

_HALF = sp.Rational(1, 2)
_UNKNOWN = {"t": "the time", "i": "the number of the neuron", "lastspike": "the time of the last spike"}


class LayerStep(NamedTuple):
    """Lines of one step and what goes in and out of it.

    Attributes
    ----------
    lines : list of Line
    spikes : dict
        Name of a spike function -> (the comparison, where its symbols are found).
    states : tuple of str
        What the next step needs: the model's states, then the refractory count ``_count`` or flag ``_free``.
    new : dict
        State -> name of its value after the step.
    output : str
        Name of the result.
    scalars, vectors : tuple of str
        Constants that the lines read, the same for all neurons or one per neuron.
    learned : tuple of str
        Those of them that have a gradient.
    differentiable : tuple of str
        States with a gradient.
    depends : dict
        Learned parameter -> the constants that follow from it.
    """

    lines: list[Line]
    spikes: dict[str, tuple[sp.Basic, Mapping[str, str]]]
    states: tuple[str, ...]
    new: dict[str, str]
    output: str
    scalars: tuple[str, ...]
    vectors: tuple[str, ...]
    learned: tuple[str, ...]
    differentiable: tuple[str, ...]
    depends: dict[str, tuple[str, ...]]


def _dependent(p: NeuronProgram, parameters: set[str]) -> set[str]:
    """Constants of a run that follow from these parameters, and the parameters themselves."""
    found = set(parameters)
    for propagator in p.propagators:
        if any(s.name in found for row in propagator.matrix for e in row for s in e.free_symbols):
            found |= {n for row in propagator.names for n in row if n}
    for name, expr in p.constants:
        if any(s.name in found for s in expr.free_symbols):
            found.add(name)
    if p.refractory == "duration" and any(s.name in found for s in p.refractory_expr.free_symbols):
        found.add("_ref")
    return found


def _unit(scale: float) -> sp.Expr:
    """The factor that brings x to SI, rounded as `units.to_si` rounds: for nA x is divided by 1e9."""
    return sp.Pow(sp.Float(by), -1, evaluate=False) if (by := divisor(scale)) > 1 else sp.Float(scale)


def _flag(condition: sp.Basic) -> sp.Expr:
    return sp.Piecewise((1, condition), (0, True), evaluate=False)


class _Threshold:
    """Turns the condition of a threshold into spike functions."""

    def __init__(self) -> None:
        self.reads: Mapping[str, str] = {}
        self.lines: list[Line] = []
        self.spikes: dict[str, tuple[sp.Basic, Mapping[str, str]]] = {}
        self.decided: set[str] = set()  # names of values that are 0 or 1 by a spike function

    def write(self, name: str, e: sp.Basic, reads: Mapping[str, str], gate: sp.Expr | None = None) -> list[Line]:
        """Give the lines that make ``name`` 1 where the condition holds, else 0."""
        self.reads, self.lines = reads, []
        value = self.soft(e)
        value = value if gate is None else sp.Mul(value, gate, evaluate=False)
        return [*self.lines, Line(name, value)]

    def _decided(self, e: sp.Basic) -> sp.Symbol | None:
        """The value itself, if the comparison asks whether one is 1 that was decided before."""
        if isinstance(e, sp.Gt | sp.Ge) and e.lhs.is_Symbol and e.rhs.is_number:
            name = self.reads.get(e.lhs.name, e.lhs.name)
            if name in self.decided and 0 <= e.rhs <= 1 and e.rhs != (1 if isinstance(e, sp.Gt) else 0):
                return symbol(name)
        return None

    def soft(self, e: sp.Basic) -> sp.Expr:
        if e in (sp.true, sp.false):
            return sp.Integer(1 if e == sp.true else 0)
        if isinstance(e, sp.And):
            return sp.Mul(*map(self.soft, e.args))
        if isinstance(e, sp.Or):
            return 1 - sp.Mul(*(1 - self.soft(a) for a in e.args))
        if isinstance(e, sp.Not):
            return 1 - self.soft(e.args[0])
        if (value := self._decided(e)) is not None:
            return value
        if isinstance(e, sp.Gt | sp.Ge | sp.Lt | sp.Le):
            k = len(self.spikes)
            above, below = (e.lhs, e.rhs) if isinstance(e, sp.Gt | sp.Ge) else (e.rhs, e.lhs)
            distance = sp.Add(above, sp.Mul(-1, below, evaluate=False), evaluate=False)
            self.lines.append(Line(f"_u{k}", sp.Mul(distance, symbol(f"_per{k}"), evaluate=False), self.reads))
            self.lines.append(Line(f"_h{k}", SPIKE(symbol(f"_u{k}"))))
            self.spikes[f"_h{k}"] = e, self.reads
            return symbol(f"_h{k}")
        name = f"_b{len(self.lines)}"
        self.lines.append(Line(name, _flag(e), self.reads))
        return symbol(name)


def _decision(e: sp.Basic) -> sp.Basic | None:
    """The condition of ``int(condition)`` on variables; None for anything else."""
    if not isinstance(e, sp.Piecewise) or len(e.args) != 2 or (e.args[0][0], e.args[1][0]) != (1, 0):
        return None
    condition = e.args[0][1]
    return condition if condition.atoms(sp.Gt, sp.Ge, sp.Lt, sp.Le) else None


def build_step(p: NeuronProgram, form: LayerForm) -> LayerStep:
    """Write one step of a cell for a layer.

    Raises
    ------
    ValueError
        For what a layer cannot do: random numbers, the time, the neuron's number.
    """
    owner = f"SpikingLayer: model {p.name!r}"
    if p.update_randoms or p.reset_randoms:
        raise ValueError(f"{owner} draws random numbers; expected a model without rand(), randn() and noise (xi)")
    lines: list[Line] = []
    arriving: dict[str, sp.Expr] = {}
    for c, (name, scale) in enumerate(zip(form.inputs, form.scales, strict=True)):
        x = symbol(f"_x{c}")
        arriving[name] = x if scale == 1 else sp.Mul(x, _unit(scale), evaluate=False)
    lines += [Line(n, arriving.pop(n, sp.Float(0))) for n in p.inputs]

    counted = p.refractory == "duration" and form.counted
    free: sp.Basic = sp.true
    if counted:
        free = sp.Le(symbol("_count"), 0)
    elif p.refractory == "condition":
        free = sp.Or(sp.Gt(symbol("_free"), _HALF), sp.Not(p.refractory_expr))
    lines.append(Line("not_refractory", free))
    gate = symbol("not_refractory")
    threshold = _Threshold()
    for a in p.update:
        if not form.surrogate.kind or (condition := _decision(a.expr)) is None:
            lines.append(Line(a.name, a.expr))
        else:
            lines += threshold.write(a.name, condition, {})
            threshold.decided.add(a.name)
    now = {s: p.new.get(s, s) for s in p.states}

    spike = symbol("_s")
    hit, missed = sp.Gt(spike, _HALF), sp.Le(spike, _HALF)
    if p.threshold is not None:
        gated = counted or p.refractory == "condition"
        lines += threshold.write("_s", p.threshold, dict(now), _flag(gate) if gated else None)
    spikes = threshold.spikes

    for name, amount in arriving.items():
        stops = frozenset() if name in form.through else frozenset({"_s"})
        if name in p.gated:
            amount = sp.Piecewise((amount, gate if form.smooth else sp.And(gate, missed)), (0, True), evaluate=False)
            amount = sp.Mul(1 - spike, amount, evaluate=False) if form.smooth else amount
        lines.append(
            Line(f"_in_{name}", sp.Add(symbol(name), amount, evaluate=False), {name: now[name]}, stops)
        )  # fmt: skip
        now[name] = f"_in_{name}"

    after = dict(now)
    if any("not_refractory" in {s.name for s in a.expr.free_symbols} for a in p.reset):
        lines.append(Line("_after", sp.false if p.refractory else sp.true))
        after["not_refractory"] = "_after"
    for k, (name, expr) in enumerate(p.reset):
        lines.append(Line(f"_r{k}", expr, dict(after)))
        after[name] = f"_r{k}"
    for name in p.states:
        if after[name] != now[name]:
            stops = frozenset() if name in form.through else frozenset({"_s"})
            choice = CHOICE(spike, symbol(after[name]), symbol(now[name]))
            lines.append(Line(f"_end_{name}", choice, {}, stops))
            now[name] = f"_end_{name}"

    states = list(p.states)
    if counted:
        less = sp.Piecewise((symbol("_count") - 1, sp.Gt(symbol("_count"), 0)), (0, True), evaluate=False)
        lines.append(Line("_new__count", sp.Piecewise((symbol("_ref"), hit), (less, True), evaluate=False)))
        states.append("_count")
        now["_count"] = "_new__count"
    elif p.refractory == "condition":
        lines.append(Line("_new__free", _flag(sp.And(gate, missed))))
        states.append("_free")
        now["_free"] = "_new__free"

    output = "_s" if not form.output else now.get(form.output, form.output)
    if form.output and form.output_scale != 1:
        lines.append(Line("_y", sp.Mul(symbol(output), 1 / sp.Float(form.output_scale), evaluate=False)))
        output = "_y"
    lines = temporaries(lines)
    made = {line.name for line in lines} | set(states) | {f"_x{c}" for c in range(len(form.inputs))}
    read = {line.read(s) for line in lines for s in line.expr.free_symbols}
    read |= {reads.get(s.name, s.name) for e, reads in spikes.values() for s in e.free_symbols}
    read |= {f"_sur_{n}" for n in form.surrogate.names} if spikes else set()
    for name, what in _UNKNOWN.items():
        if name in read - made:
            raise ValueError(f"{owner} uses {name!r} ({what}), which a layer does not know")
    constants = sorted(read - made)
    varying = _dependent(p, set(form.vectors))
    depends = {n: tuple(c for c in constants if c in _dependent(p, {n}) - {"_ref"}) for n in form.learned}
    grown = {c for its in depends.values() for c in its}
    return LayerStep(
        lines=lines, spikes=spikes, states=tuple(states), new=now, output=output,
        scalars=tuple(n for n in constants if n not in varying), vectors=tuple(n for n in constants if n in varying),
        learned=tuple(n for n in constants if n in grown), differentiable=p.states, depends=depends,
    )  # fmt: skip
