"""Receptors, signs, delays and plastic synapses in PyNN's words."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.hardware.spinnaker_parts import Plan
from spikegram.hardware.spinnaker_plan import make_plan
from spikegram.networks import AllToAll, FromList, Network, OneToOne, SpikeArray
from spikegram.neurons import LIF, IFCondExp, IFCurrExp, LIFDelta, NeuronModel, SpiNNakerLIF
from spikegram.plasticity import STDP

ONE_TAU = IFCurrExp(t_ref=1)
TWO_TAUS = ONE_TAU(tau_syn_I=10)
CONDUCTANCES = IFCondExp(t_ref=1)
THREE = NeuronModel(
    """
    dv/dt = (-v + a + b + c)/(20*ms) : volt
    da/dt = -a/(1*ms) : volt
    db/dt = -b/(2*ms) : volt
    dc/dt = -c/(3*ms) : volt
    """,
    threshold="v > 10*mV", reset="v = 0*mV", name="three",
)  # fmt: skip


def build(cell: NeuronModel, *projections: dict, n: int = 2, dt: float = 1.0) -> Plan:
    net = Network(dt=dt)
    source, cells = net.population(n, SpikeArray([[]] * n), name="source"), net.population(n, cell, name="cells")
    for k, given in enumerate(projections):
        pre = cells if given.pop("inside", False) else source
        net.project(pre, cells, **{"connector": OneToOne(), "delay": 1, "name": f"p{k}", **given})
    return make_plan(net, False)


def refused(plan: Plan) -> str:
    return "\n".join(map(str, plan.refused))


def receptors(plan: Plan) -> list[tuple[str, str, list[float]]]:
    return [(q.name, q.receptor, np.round(q.weights, 12).tolist()) for q in plan.projections]


def test_one_time_constant_takes_both_signs() -> None:
    plan = build(LIF, dict(weight=[0.5, -0.25], target="I"), dict(weight=-1, target="I"))
    assert receptors(plan) == [
        ("p0 (excitatory)", "excitatory", [0.5]),
        ("p0 (inhibitory)", "inhibitory", [-0.25]),
        ("p1", "inhibitory", [-1.0, -1.0]),
    ]
    assert plan.populations[1].parameters["tau_syn_E"] == plan.populations[1].parameters["tau_syn_I"] == 5.0


def test_two_time_constants_take_one_sign_each() -> None:
    plan = build(TWO_TAUS, dict(weight=1, target="I_E"), dict(weight=-2, target="I_I"))
    assert receptors(plan) == [("p0", "excitatory", [1.0, 1.0]), ("p1", "inhibitory", [-2.0, -2.0])]
    parameters = plan.populations[1].parameters
    assert (parameters["tau_syn_E"], parameters["tau_syn_I"]) == (5.0, 10.0)
    swapped = build(TWO_TAUS, dict(weight=1, target="I_I"), dict(weight=-2, target="I_E"))
    assert [q.receptor for q in swapped.projections] == ["excitatory", "inhibitory"]
    assert swapped.populations[1].parameters["tau_syn_E"] == 10.0


def test_sign_against_the_receptor() -> None:
    plan = build(TWO_TAUS, dict(weight=1, target="I_E"), dict(weight=2, target="I_I"))
    assert "projection 'p0': sign of the weights against the receptor: it depolarises through 'I_E'" in refused(plan)
    assert "projection 'p1': sign of the weights against the receptor: it depolarises through 'I_I'" in refused(plan)
    mixed = build(TWO_TAUS, dict(weight=[1, -1], target="I_E"), dict(weight=-2, target="I_I"))
    assert "projection 'p0': sign of the weights against the receptor: it has both signs" in refused(mixed)


def test_subtracted_input_is_inhibitory() -> None:
    plan = build(SpiNNakerLIF, dict(weight=6, target="in_E"), dict(weight=3, target="in_I"))
    assert receptors(plan) == [("p0", "excitatory", [6.0, 6.0]), ("p1", "inhibitory", [-3.0, -3.0])]
    assert plan.populations[1].same_step


def test_conductances() -> None:
    plan = build(CONDUCTANCES, dict(weight=0.01, target="g_I"), dict(weight=0.02, target="g_E"))
    assert receptors(plan) == [("p0", "inhibitory", [0.01, 0.01]), ("p1", "excitatory", [0.02, 0.02])]
    parameters = plan.populations[1].parameters
    assert (parameters["e_rev_E"], parameters["e_rev_I"]) == (0.0, -70.0)
    alone = build(CONDUCTANCES, dict(weight=0.01, target="g_I"))
    assert alone.projections[0].receptor == "inhibitory" and alone.populations[1].parameters["e_rev_E"] == 0.0
    assert "-0.01 uS is a negative conductance" in refused(build(CONDUCTANCES, dict(weight=-0.01, target="g_E")))


def test_three_kinds_of_input() -> None:
    three = [dict(weight=1, target=name) for name in "abc"]
    assert "3 kinds of synaptic input (a, b, c); IF_curr_exp has two" in refused(build(THREE, *three))
    assert not build(THREE, three[0] | {"name": "x"}, dict(weight=-1, target="c")).refused


def test_targets_that_are_no_receptors() -> None:
    assert "target 'I_ext': IF_curr_exp has input through I" in refused(build(LIF, dict(weight=1, target="I_ext")))
    assert "target 'v': IF_curr_exp has input through nothing" in refused(build(LIFDelta, dict(weight=1, target="v")))


@pytest.mark.parametrize(
    ("cell", "target", "n", "longest"),
    [(LIF, "I", 10, 4607), (LIF, "I", 64, 1151), (SpiNNakerLIF, "in_E", 64, 1152), (LIF, "I", 200, 1151)],
)
def test_delays(cell: NeuronModel, target: str, n: int, longest: int) -> None:
    """Cells that feel a spike one step later have one step less: it is added to the delay on SpiNNaker."""
    assert not build(cell, dict(weight=1, target=target, delay=longest), n=n).refused
    found = refused(build(cell, dict(weight=1, target=target, delay=longest + 1), n=n))
    assert f"projection 'p0': delay {longest + 1} ms is longer than {longest} ms" in found


def test_delay_of_less_than_a_step() -> None:
    found = refused(build(LIF, dict(weight=1, target="I", delay=[0.1, 0]), dt=0.1))
    assert found == "projection 'p0': delay 0 ms is less than one step (0.1 ms)"


def test_weights_that_are_too_large() -> None:
    assert "weight 70000 is above 65536" in refused(build(LIF, dict(weight=7e4, target="I")))


def test_plastic_synapses() -> None:
    rule = STDP(tau_plus=3, A_plus=0.1, A_minus=0.2, w_max=2)
    plan = build(ONE_TAU, dict(weight=1, target="I_E", synapse=rule, delay=2, dendritic_delay=2, connector=AllToAll()))
    expected = dict(tau_plus=3, tau_minus=20, A_plus=0.1, A_minus=0.2, w_min=0, w_max=2)
    assert plan.projections[0].rule == pytest.approx(expected, rel=1e-12)
    assert plan.projections[0].steps.tolist() == [2] * 4


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (dict(synapse=STDP, weight=0.5, delay=2, dendritic_delay=1, target="I"), "there all delay is dendritic"),
        (dict(synapse=STDP(A_plus=-1), weight=0.5, dendritic_delay=1, target="I"), "STDP needs A_plus > 0"),
        (dict(synapse=STDP(w_min=-1), weight=0.5, dendritic_delay=1, target="I"), "0 <= w_min < w_max"),
    ],
)
def test_plastic_synapses_that_are_refused(given: dict, words: str) -> None:
    assert words in refused(build(LIF, given))


def test_plastic_inhibition_and_two_rules() -> None:
    plastic = dict(weight=0.5, dendritic_delay=1)
    inhibition = build(SpiNNakerLIF, dict(synapse=STDP, target="in_I", **plastic))
    assert "a plastic synapse whose effect is inhibitory" in refused(inhibition)
    two = build(LIF, dict(synapse=STDP, target="I", **plastic), dict(synapse=STDP(tau_plus=9), target="I", **plastic))
    assert "population 'cells': 2 different STDP rules among its inputs" in refused(two)


def test_multapses_and_empty_projections() -> None:
    pairs = FromList([(0, 1), (0, 1), (1, 0)])
    plan = build(
        LIF, dict(weight=[1, 2, 3], target="I", connector=pairs), dict(weight=1, target="I", connector=FromList([]))
    )
    assert plan.projections[0].weights.tolist() == pytest.approx([1, 2, 3])
    assert "projection 'p1': no synapses: left out" in "\n".join(map(str, plan.notes))
