"""Synapse models as programs of one step: order of its statements, and what is refused."""

from __future__ import annotations

import pytest
import sympy as sp

from spikegram.kernels.expressions import symbol
from spikegram.kernels.layer_form import EVENT, SENT, LayerForm, SurrogateForm
from spikegram.kernels.layer_step import build_step
from spikegram.kernels.synapse_step import synapse_steps
from spikegram.plasticity import STDP, GapJunction, Static, SynapseModel, Tripartite, TsodyksMarkram
from spikegram.units import DIMENSIONLESS, parse_dims


def steps(model: SynapseModel, unit: str = "1"):
    dims = parse_dims(unit)
    return synapse_steps(model.bind("target", dims), dims)


def evaluate(program, values: dict[str, float]) -> dict[str, float]:
    """The constants and statements of a program, by SymPy's own arithmetic."""
    found = dict(values)
    for name, expr in (*program.constants, *program.update):
        value = expr.replace(lambda e: type(e).__name__ == "exprel", lambda e: (sp.exp(e.args[0]) - 1) / e.args[0])
        found[name] = float(value.subs({symbol(n): v for n, v in found.items()}))
    return found


@pytest.mark.parametrize("x", [0.0, 0.5, 1.0])
def test_the_order_of_a_step(x: float) -> None:
    """Clock-driven, event, event-driven; the share x of what the event does."""
    model = SynapseModel(
        "w : weight\ndc/dt = -c/tau : 1 (clock-driven)\ndq/dt = -q/tau : 1 (event-driven)",
        on_pre="c += 1\ntarget_post += w*c\nq = q + c\ntarget_post += 2*w*q\nc = 3*c",
        parameters=dict(tau="10*ms"), name="both",
    )  # fmt: skip
    program = steps(model)
    assert program.states == ("c", "q")
    assert program.parameters == ("tau", "w")
    decay = 0.9048374180359595  # exp(-0.1)
    found = evaluate(program, dict(tau=0.01, w=0.5, dt=0.001, c=2.0, q=4.0, **{EVENT: x}))
    c = 2 * decay
    assert found[program.new["c"]] == pytest.approx(c + x * (3 * (c + 1) - c), rel=1e-12)
    assert found[program.new["q"]] == pytest.approx(decay * (4 + x * (c + 1)), rel=1e-12)
    assert found[SENT] == pytest.approx(x * (0.5 * (c + 1) + 2 * 0.5 * (4 + c + 1)), rel=1e-12)


def test_a_layer_reads_what_was_assigned() -> None:
    form = LayerForm((EVENT,), (1.0,), SENT, 1.0, ("U",), ("U", "tau_d"), (), False, False, SurrogateForm(""))
    step = build_step(steps(TsodyksMarkram), form)
    seen = {*step.states, *step.scalars, *step.vectors, "_x0"}
    for line in step.lines:
        assert {line.read(s) for s in line.expr.free_symbols} <= seen, line
        assert line.name not in seen
        seen.add(line.name)
    assert step.states == step.differentiable == ("x", "u")
    assert step.vectors == ("U",)
    assert not step.spikes
    assert step.depends["U"] == ("U",)
    assert len(step.depends["tau_d"]) == 2  # the decay, and what recovers in a step


def test_conditions_of_synapses_have_no_surrogate() -> None:
    model = SynapseModel("w : weight\na : 1", on_pre="a = int(a < 2)\ntarget_post += w*a", name="condition")
    form = LayerForm((EVENT,), (1.0,), SENT, 1.0, (), (), (), False, False, SurrogateForm(""))
    assert not build_step(steps(model), form).spikes


def test_a_synapse_without_state_only_scales() -> None:
    program = steps(Static, "amp")
    assert program.states == ()
    assert evaluate(program, dict(w=3.0, dt=1.0, **{EVENT: 1.0}))[SENT] == 3


def one(equations: str, on_pre: str, **more) -> SynapseModel:
    return SynapseModel(equations, on_pre=on_pre, name="one", **more)


REFUSED = {
    "on_post": (STDP, "has on_post statements; expected a model that only presynaptic spikes"),
    "summed": (GapJunction, "has summed variables"),
    "random numbers": (one("w : weight", "target_post += w*rand()"), "draws random numbers"),
    "two targets": (Tripartite, "add to one variable of the target.* got Y_S_post, target_post"),
    "no target": (one("a : 1", "a += 1"), "add to one variable of the target.* got nothing"),
    "the time": (one("w : weight", "target_post += w*t/second"), r"uses 't' \(the time\)"),
    "a number": (one("w : weight", "target_post += w*i"), r"uses 'i' \(the number of the neuron\)"),
    "the target's state": (one("w : weight", "target_post += w*target_post"), "reads 'target_post' of a cell"),
    "another cell's state": (one("w : weight", "target_post += w*v_pre"), "the presynaptic cell has no variable 'v'"),
    "mixed kinds": (
        one("da/dt = -a/second : 1 (event-driven)\ndb/dt = (a - b)/second : 1 (clock-driven)", "target_post += b"),
        "follows 'a', which is event-driven",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_more_than_presynaptic_is_refused(case: str) -> None:
    model, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        synapse_steps(model.bind("target", DIMENSIONLESS), DIMENSIONLESS)


def test_the_unit_of_what_is_sent_is_checked() -> None:
    model = one("w : weight", "g_post += w", parameters={})
    with pytest.raises(ValueError, match="on_pre: unit error in 'g_post"):
        synapse_steps(model.bind("target", DIMENSIONLESS), parse_dims("amp"))
