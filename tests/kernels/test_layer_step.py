"""One step of a layer: its lines, what they read, and what is refused."""

from __future__ import annotations

import pytest
import sympy as sp

from spikegram.kernels import neuron_program
from spikegram.kernels.adjoint import CHOICE, SPIKE
from spikegram.kernels.layer_form import LayerForm, SurrogateForm
from spikegram.kernels.layer_step import build_step
from spikegram.neurons import AMSU, GIF, LIF, BellecALIF, NeuronModel


def form(*inputs: str, **changes) -> LayerForm:
    kind = SurrogateForm("atan", names=("k",))
    start = LayerForm(inputs, (1.0,) * len(inputs), "", 1.0, (), (), (), False, False, kind)
    return start._replace(**changes)


def test_each_name_is_assigned_once_and_read_after() -> None:
    step = build_step(neuron_program(LIF), form("I_ext", counted=True))
    seen = {*step.states, *step.scalars, *step.vectors, "_x0"}
    for line in step.lines:
        assert {line.read(s) for s in line.expr.free_symbols} <= seen, line
        assert line.name not in seen
        seen.add(line.name)
    assert step.output in seen
    assert set(step.new.values()) <= seen
    assert step.states == ("v", "I", "_count")


def test_a_counter_only_where_there_is_a_period() -> None:
    assert build_step(neuron_program(LIF), form("I_ext")).states == ("v", "I")


def test_constants_that_follow_from_learned_parameters() -> None:
    step = build_step(neuron_program(LIF), form("I_ext", learned=("tau_syn", "v_th")))
    assert step.depends["v_th"] == ("v_th",)
    assert set(step.depends["tau_syn"]) == {n for n in step.scalars if n.startswith("_P")}
    step = build_step(neuron_program(LIF), form("I_ext", vectors=("v_th",)))
    assert step.vectors == ("v_th",)


def test_comparisons_are_joined_by_products() -> None:
    cell = NeuronModel("v : 1\nw : 1\nx : 1 (input)", update="v = v + x\nw = w + v", threshold="v > 1 or not w > 2",
                       reset="v = 0")  # fmt: skip
    step = build_step(neuron_program(cell), form("x"))
    assert sum(isinstance(line.expr, SPIKE) for line in step.lines) == 2
    spike = next(line.expr for line in step.lines if line.name == "_s")
    a, b = (sp.Symbol(n, real=True) for n in sorted(step.spikes))
    for va, vb in ((0, 0), (0, 1), (1, 0), (1, 1)):
        texts = {name: str(e) for name, (e, _) in step.spikes.items()}
        first, second = (va, vb) if texts[str(a)].startswith("v") else (vb, va)  # of v > 1 and of the other comparison
        other = second if ">" in texts[str(b if texts[str(a)].startswith("v") else a)] else 1 - second
        expected = 1 if first or not other else 0
        assert spike.xreplace({a: sp.Integer(va), b: sp.Integer(vb)}) == expected


def test_decisions_of_update_rules_are_spikes_once() -> None:
    step = build_step(neuron_program(AMSU), form("x"))
    assert sum(isinstance(line.expr, SPIKE) for line in step.lines) == 1
    assert next(line.expr for line in step.lines if line.name == "_s").name == step.new["s"]


def test_reset_goes_through_where_asked() -> None:
    for through, stops in (((), {"_s"}), (("z",), set())):
        step = build_step(neuron_program(BellecALIF), form("x", through=through))
        (choice,) = [line for line in step.lines if isinstance(line.expr, CHOICE)]
        assert choice.name == "_end_z"
        assert choice.stops == stops


def test_random_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="draws random numbers"):
        build_step(neuron_program(GIF), form("I_ext"))
