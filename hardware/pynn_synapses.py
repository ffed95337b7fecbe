"""Which of PyNN's synapses a model is: static, or additive pair STDP; found from what its statements compute."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..language import Statement, parse_expression
from ..plasticity.model import SynapseModel
from .polynomial import Polynomial, PolynomialError, constant, is_constant, polynomial, same

__all__ = ["PairRule", "SynapseForm", "recognise_synapse"]


@dataclass(frozen=True)
class PairRule:
    """Additive pair STDP: time constants in ms; amplitudes (absolute) and bounds of the weight in SI."""

    tau_plus: float
    tau_minus: float
    A_plus: float
    A_minus: float
    w_min: float
    w_max: float


@dataclass(frozen=True)
class SynapseForm:
    """What a spike adds to ``variable`` of the target: ``weights`` in SI [S], changed by ``rule`` if there is one."""

    variable: str
    weights: np.ndarray
    rule: PairRule | None = None
    notes: tuple[str, ...] = ()


def recognise_synapse(model: SynapseModel, values: Mapping[str, np.ndarray]) -> SynapseForm:
    """Find the PyNN synapse that a bound model is.

    Parameters
    ----------
    model : SynapseModel
        Bound to its target.
    values : mapping
        Synaptic variables in SI, [S] each.

    Returns
    -------
    SynapseForm

    Raises
    ------
    PolynomialError
        Saying what the target has no synapse for.
    """
    for line in model.lines:
        if "summed" in line.flags:
            raise PolynomialError(f"{line.text()!r}: graded (summed) synapses; a spike can only add its weight")
        if "clock-driven" in line.flags:
            raise PolynomialError(f"{line.text()!r}: variables that change in every step")
    parameters = {n: constant(p.value) for n, p in model.parameters.items()}
    traces = {line.name for line in model.lines if line.kind == "differential"}
    changed = {s.name for s in (*model.pre_statements, *model.post_statements)}
    fixed = {n: constant(v) for n, v in values.items() if n not in traces | changed}
    names = {**parameters, **fixed}
    if not traces and not changed & set(model.variables):
        if model.post_statements:
            raise PolynomialError("on_post: a postsynaptic spike changes the target")
        sent = _Events(model.pre_statements, names, set(), "on_pre")
        return SynapseForm(
            sent.target(), np.broadcast_to(sent.amount(), np.shape(next(iter(values.values()), 0))).copy()
        )
    return _pair_rule(model, values, names, traces)


class _Events:
    """Statements of one event: what is sent, what is added to the traces, what becomes of the weight."""

    def __init__(self, statements: tuple[Statement, ...], names: Mapping[str, Polynomial], own: set[str], what: str):
        self.what = what
        self.sent: dict[str, Polynomial] = {}
        self.steps: dict[str, Polynomial] = {}
        self.weight: Polynomial | None = None
        self.bounds: tuple[float, float] | None = None
        self.sent_first = False
        known = dict(names)
        for s in statements:
            text = s.expr if s.op == "=" else f"{s.name} {s.op[:-1]} ({s.expr})"
            if s.name.endswith("_post") and s.name not in own:
                text = s.expr if s.op == "+=" else f"-({s.expr})"
                self._send(s.name[:-5], polynomial(text, known, own))
            elif s.name == "w" and "w" in own:
                self._weight(text, known, own)
            elif s.name in own:
                self.steps[s.name] = polynomial(text, known, own)
            else:
                known[s.name] = polynomial(text, known, own)

    def _send(self, name: str, amount: Polynomial) -> None:
        if self.sent:
            raise PolynomialError(f"{self.what}: a spike acts on the target twice ({', '.join([*self.sent, name])})")
        self.sent[name], self.sent_first = amount, self.weight is None

    def _weight(self, text: str, known: Mapping[str, Polynomial], own: set[str]) -> None:
        node = parse_expression(text, "export")
        if self.weight is not None:
            raise PolynomialError(f"{self.what}: w is changed twice")
        if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "clip"):
            raise PolynomialError(f"{self.what}: w = {text} has no bounds; expected w = clip(..., w_min, w_max)")
        low, high = (polynomial(ast.unparse(a), known, own) for a in node.args[1:])
        if not (is_constant(low) and is_constant(high)):
            raise PolynomialError(f"{self.what}: the bounds of w are not fixed")
        self.weight = polynomial(ast.unparse(node.args[0]), known, own)
        self.bounds = (_one(low.get((), 0.0), "w_min"), _one(high.get((), 0.0), "w_max"))

    def target(self) -> str:
        if len(self.sent) != 1:
            raise PolynomialError(f"{self.what}: expected that a spike adds to one variable of the target")
        return next(iter(self.sent))

    def amount(self) -> Any:
        p = self.sent[self.target()]
        if not is_constant(p):
            raise PolynomialError(f"{self.what}: what a spike adds depends on {sorted({n for k in p for n in k})}")
        return p.get((), 0.0)

    def jump(self, names: set[str]) -> tuple[str, float]:
        """The one trace that the event raises, and by how much."""
        if len(self.steps) != 1 or not set(self.steps) <= names:
            raise PolynomialError(f"{self.what}: expected one trace that a spike adds to, found {sorted(self.steps)}")
        name, p = next(iter(self.steps.items()))
        if set(p) - {(), (name,)} or not same({(): p.get((name,), 0.0)}, {(): 1.0}):
            raise PolynomialError(f"{self.what}: the trace {name!r} does not add up all spikes")
        return name, _one(p.get((), 0.0), name)

    def slope(self, trace: str) -> float:
        """d(w)/d(trace) at the event, if w changes by nothing else."""
        p = self.weight or {}
        if set(p) - {("w",), (trace,)} or not same({(): p.get(("w",), 0.0)}, {(): 1.0}):
            raise PolynomialError(f"{self.what}: the weight change is not additive, w + A*{trace}")
        return _one(p.get((trace,), 0.0), f"the change of w by {trace}")


def _one(value: Any, what: str) -> float:
    if np.ndim(value) and not np.all(value == np.ravel(value)[0]):
        raise PolynomialError(f"{what} differs between synapses of one projection")
    return float(np.ravel(value)[0]) if np.size(value) else 0.0


def _pair_rule(
    model: SynapseModel, values: Mapping[str, np.ndarray], names: Mapping[str, Polynomial], traces: set[str]
) -> SynapseForm:
    own = traces | {"w"}
    if "w" not in model.variables or len(traces) != 2:
        raise PolynomialError("expected a fixed weight, or a weight w and two exponential traces (pair STDP)")
    taus = {}
    for line in model.flagged("event-driven"):
        p = polynomial(line.expr, names, own)
        decay = _one(p.get((line.name,), 0.0), f"tau of {line.name}")
        if set(p) != {(line.name,)} or decay >= 0:
            raise PolynomialError(f"{line.text()!r}: expected an exponential decay, -{line.name}/tau")
        taus[line.name] = -1e3 / decay
    pre = _Events(model.pre_statements, names, own, "on_pre")
    post = _Events(model.post_statements, names, own, "on_post")
    if post.sent:
        raise PolynomialError("on_post: a postsynaptic spike changes the target")
    x, up = pre.jump(traces)
    y, down = post.jump(traces)
    if pre.weight is None or post.weight is None or pre.bounds is None or x == y:
        raise PolynomialError("expected depression by a presynaptic and potentiation by a postsynaptic spike")
    if pre.bounds != post.bounds:
        raise PolynomialError(f"the bounds of w differ between on_pre {pre.bounds} and on_post {post.bounds}")
    if not same(pre.sent[pre.target()], {("w",): 1.0}):
        raise PolynomialError("on_pre: what a spike adds to the target is not w")
    rule = PairRule(taus[x], taus[y], post.slope(x) * up, -pre.slope(y) * down, *pre.bounds)
    notes = []
    if pre.sent_first:
        notes.append("here a spike sends the weight from before its own depression, there the one after it")
    if model.order == ("pre", "post"):
        notes.append("spikes that reach the synapse in one step: here pre before post; there the simulator's own order")
    if any(np.any(values.get(trace, 0)) for trace in (x, y)):
        notes.append(f"the traces {x!r} and {y!r} start at 0 there, whatever they are here")
    return SynapseForm(pre.target(), np.asarray(values["w"], dtype=float), rule, tuple(notes))
