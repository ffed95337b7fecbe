"""Programs of models: refractory selects, hoisting, subexpressions, refusals."""

import pytest

from spikegram.kernels.build import build_neuron, build_synapse
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel
from spikegram.units import VOLTAGE

ADAPTING = NeuronModel(
    "dv/dt = (v_rest - v - R*w)/tau : volt (unless refractory)\ndw/dt = (a*(v - v_rest) - w)/tau_w : amp\n"
    "dq/dt = -q/tau : 1",
    threshold="v > -50*mV", reset="v = v_rest; w += b", refractory=2,
    parameters=dict(tau="20*ms", tau_w="100*ms", R="100*Mohm", a="1*nS", b="10*pA", v_rest="-60*mV"), name="adapting",
)  # fmt: skip


def test_what_depends_on_the_held_variable_has_two_systems_and_the_rest_one() -> None:
    p = build_neuron(ADAPTING)
    by_name = {a.name: a.expr for a in p.update}
    free = {s: "not_refractory" in {x.name for x in by_name[p.new[s]].free_symbols} for s in ("v", "w", "q")}
    assert free == {"v": True, "w": True, "q": False}
    assert len(p.propagators) == 2
    assert p.gated == {"v"} and p.refractory == "duration"


def test_subexpressions_are_written_out_and_may_not_turn_in_circles() -> None:
    chain = NeuronModel(
        "dv/dt = b/tau : 1\nb = c + 1 : 1\nc = v*k : 1", parameters=dict(tau="1*ms", k=2.0), method="euler"
    )
    names = {s.name for a in build_neuron(chain).update for s in a.expr.free_symbols}
    assert not {"b", "c"} & names and "v" in names
    with pytest.raises(ValueError, match=r"refers to itself|depend|cycl|recurs"):
        build_neuron(NeuronModel("dv/dt = b/tau : 1\nb = c + 1 : 1\nc = b + v : 1", parameters=dict(tau="1*ms")))


def test_duration_must_be_constant() -> None:
    with pytest.raises(ValueError, match="refractory"):
        build_neuron(NeuronModel("v : 1\nr : second", threshold="v > 1", reset="v = 0", refractory="r"))


def test_condition_may_use_the_state() -> None:
    p = build_neuron(NeuronModel("v : 1", threshold="v > 1", reset="pass", refractory="v > 0.5"))
    assert p.refractory == "condition" and p.reset == ()


def test_synapse_sees_the_variables_of_both_cells_only() -> None:
    with pytest.raises(ValueError, match="synapse model 'synapse'.*'u_post'|has no variable 'u'"):
        build_synapse(SynapseModel("w : 1", on_pre="v_post += u_post"), {}, {"v": VOLTAGE})
    with pytest.raises(ValueError, match="unit error.*v_post \\+= w|v_post"):
        build_synapse(SynapseModel("w : 1", on_pre="v_post += w"), {}, {"v": VOLTAGE})
