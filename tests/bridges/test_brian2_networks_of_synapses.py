"""Many kinds of wiring and synapses against Brian 2: equal spikes, and traces to 1e-9, for 200 ms or more."""

from __future__ import annotations

import numpy as np
import pytest
from brian2_networks import COMMON, LIF, RULE, SCATTER, START, STDP, Networks, compare, driven, poisson

from spikegram.networks import FixedInDegree, FixedProbability, FixedTotalNumber, Network
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel

NETWORKS = Networks()
network = NETWORKS.add


@network(250, 150)
def lif_current_with_heterogeneous_neurons_weights_and_delays(net):
    each = dict(E_L="-49*mV + 1*mV*rand()", tau_m="15*ms + 10*ms*rand()", t_ref="0.1*ms*floor(20 + 20*rand())")
    exc = net.population(60, LIF, name="exc", parameters=each)
    inh = net.population(20, LIF(tau_s=8), name="inh", parameters=dict(E_L=-48))
    for pre, weight in ((exc, "0.05*nA*rand()"), (inh, "-0.15*nA*rand()")):
        for post in (exc, inh):
            net.project(pre, post, FixedProbability(0.2), weight=weight, delay=SCATTER, target="I")
    net.record(exc, "spikes")
    net.record(inh, "spikes")
    net.record(exc[:5], ["v", "I"])
    net.record(inh[[3, 1]], "v", interval=0.5)


CONDUCTANCE = NeuronModel(
    """dv/dt = (E_L - v + g_e*R*(E_e - v) + g_i*R*(E_i - v))/tau_m : volt (unless refractory)
       dg_e/dt = -g_e/tau_e : siemens
       dg_i/dt = -g_i/tau_i : siemens""",
    threshold="v > v_th", reset="v = v_reset", refractory="t_ref", method="exponential_euler",
    parameters=dict(COMMON, tau_e="5*ms", tau_i="10*ms", E_e="0*mV", E_i="-80*mV", t_ref="5*ms"), init=START,
)  # fmt: skip


@network(300, 100)
def lif_conductance_between_views(net):
    exc = net.population(80, CONDUCTANCE, name="exc", init=dict(g_e="4*nS*rand()"))
    inh = net.population(20, CONDUCTANCE, name="inh")
    source = net.population(30, poisson(30, 40, 1), name="in")
    net.project(source, exc, FixedProbability(0.3), weight="2*nS*rand()", delay=1, target="g_e")
    net.project(source, inh, FixedProbability(0.3), weight="2*nS*rand()", delay=0, target="g_e")
    net.project(exc[:40], inh, FixedInDegree(10), weight="1*nS", delay=0.8, target="g_e")
    net.project(exc[::2], exc[20:], FixedProbability(0.1), weight="0.6*nS", delay="0.5*ms*(1 + i%5)", target="g_e")
    net.project(inh, exc, FixedProbability(0.3), weight="3*nS", delay=0.5, target="g_i")
    for p in (exc, inh, source):
        net.record(p, "spikes")
    net.record(exc[5:10], ["v", "g_e", "g_i"])


@network(200, 300)
def zero_delays_onto_the_voltage_and_several_synapses_a_pair(net):
    model = NeuronModel(
        "dv/dt = (E_L - v)/tau_m : volt (unless refractory)",
        threshold="v > v_th", reset="v = v_reset + 0.2*(v - v_th)", refractory="t_ref", parameters=COMMON, init=START,
    )  # fmt: skip
    a, b = net.population(30, model, name="a"), net.population(30, model(t_ref=0.1), name="b")
    driven(net, a, "v", "3*mV*rand()")
    net.project(a, b, FixedTotalNumber(400), weight="3*mV*rand()", delay=0, target="v")
    net.project(b, a, FixedTotalNumber(400), weight="1*mV*(rand() - 0.5)", delay="0.1*ms*floor(3*rand())", target="v")
    for p in (a, b):
        net.record(p, "spikes")
        net.record(p[:5], "v")


def _stdp(net: Network, order: tuple[str, str], dendritic: str = "0*ms", delay: str = SCATTER) -> None:
    source = net.population(40, poisson(40, 30, 6), name="inputs")
    cells = net.population(30, LIF, name="learning", parameters=dict(E_L=-52))
    for pre, weight, probability, change in (
        (source, "0.4*nA*rand()", 0.5, {}),
        (cells, "0.1*nA*rand()", 0.2, dict(tau_pre=10, A_post=0.03, w_max=0.3)),
    ):
        q = net.project(
            pre, cells, FixedProbability(probability), weight=weight, delay=delay, dendritic_delay=dendritic,
            target="I", synapse=STDP(order=order), parameters=change,
        )  # fmt: skip
        net.record(q, "weights")
    net.record(cells, "spikes")
    net.record(cells[:4], ["v", "I"])


@network(200, 500)
def stdp_pre_before_post(net):
    _stdp(net, ("pre", "post"))


@network(200, 500)
def stdp_post_before_pre(net):
    _stdp(net, ("post", "pre"))


@network(200, 500)
def stdp_with_dendritic_delays(net):
    _stdp(net, ("pre", "post"), "0.4*ms*floor(2*rand())", "0.4*ms*floor(1 + 3*rand())")


@network(200, 500)
def stdp_post_before_pre_with_dendritic_delays(net):
    _stdp(net, ("post", "pre"), "0.4*ms*floor(2*rand())", "0.4*ms*floor(1 + 3*rand())")


@network(200, 300, dt=1.0)
def plastic_synapses_onto_an_input_variable(net):
    source = net.population(40, poisson(40, 30, 6, dt=1.0), name="in")
    cells = net.population(30, RULE, name="cells")
    for k, (part, order) in enumerate(((slice(0, 20), ("pre", "post")), (slice(20, 40), ("post", "pre")))):
        q = net.project(
            source[part], cells, FixedProbability(0.5), weight="2*nA*rand()", delay="1*ms*floor(2 + 3*rand())",
            dendritic_delay=k, target="I", synapse=STDP(order=order, w_max=2),
        )  # fmt: skip
        net.record(q, "weights")
    net.record(cells, "spikes")
    net.record(cells[:4], ["v", "I"])


GAP_CELL = NeuronModel(
    "dv/dt = (E_L - v + R*(I_gap + I))/tau_m : volt\nI_gap : amp\nI : amp (input)",
    threshold="v > v_th", reset="v = v_reset", parameters=COMMON, init=START,
)  # fmt: skip
GAP = SynapseModel("w : siemens\nI_gap_post = w*(v_pre - v_post) : amp (summed)", on_pre="")


@network(250, 50)
def gap_junctions_summed_over_two_populations(net):
    a, b = (net.population(20, GAP_CELL, name=name) for name in "ab")
    alone = net.population(
        4, GAP_CELL, name="alone", init=dict(I_gap="0.12*nA")
    )  # nobody sums here: it keeps its value
    for pre, post in ((a, a), (a, b), (b, b)):
        net.project(pre, post, FixedProbability(0.3), weight="1*nS*rand()", synapse=GAP)
    net.inject(a, "0.11*nA")
    net.inject(b, 0.1 + 0.001 * np.arange(20)[None, :], interval=300)
    for p in (a, b, alone):
        net.record(p, "spikes")
        net.record(p, ["v", "I_gap", "I"])


@network(200, 30)
def synapses_onto_an_input_that_read_the_voltage_of_both_cells(net):
    ohmic = SynapseModel("w : amp", on_pre="I_post += w*(1 + (v_pre - v_post)/(10*mV))")
    cells = net.population(60, GAP_CELL, name="cells", parameters=dict(E_L="-49.5*mV + 1*mV*rand()"))
    net.project(cells, cells, FixedProbability(0.5), weight="0.2*nA*(rand() - 0.5)", delay=SCATTER, synapse=ohmic)
    net.record(cells, "spikes")
    net.record(cells[:5], ["v", "I"])


@network(200, 200)
def short_term_plasticity(net):
    model = SynapseModel(
        "w : weight\ndu/dt = (U - u)/tau_f : 1 (event-driven)\ndx/dt = (1 - x)/tau_d : 1 (event-driven)",
        on_pre="u += U*(1 - u); target_post += w*u*x; x -= u*x",
        parameters=dict(U=0.2, tau_f="100*ms", tau_d="50*ms"), init=dict(x=1, u=0.2),
    )  # fmt: skip
    cells = net.population(20, LIF, name="cells", parameters=dict(E_L=-52))
    driven(net, cells, "I", "2*nA*rand()", synapse=model)
    mutual = dict(weight="0.6*nA*rand()", delay=SCATTER, target="I", dendritic_delay=0.5)
    net.project(cells, cells, FixedProbability(0.3), synapse=model(U=0.5, tau_d=20), **mutual)
    net.record(cells, "spikes")
    net.record(cells[:5], ["v", "I"])


@network(200, 100)
def clock_driven_nmda_synapses(net):
    nmda = SynapseModel(
        """ds/dt = -s/tau_d + a*x*(1 - s) : 1 (clock-driven)
           dx/dt = -x/tau_r : 1 (clock-driven)
           w : 1
           mg = 1/(1 + exp(-v_post/(16*mV))) : 1
           s_tot_post = w*s*mg : 1 (summed)""",
        on_pre="x += 1", method="rk2", parameters=dict(tau_d="100*ms", tau_r="2*ms", a="0.5/ms"),
    )  # fmt: skip
    cell = NeuronModel(
        "dv/dt = (E_L - v - g*R*s_tot*v)/tau_m : volt (unless refractory)\ns_tot : 1", threshold="v > v_th",
        reset="v = v_reset", refractory="t_ref", method="euler", init=START,
        parameters=dict(COMMON, g="5*nS", E_L="-55*mV"),
    )  # fmt: skip
    cells = net.population(20, cell, name="cells")
    driven(net, cells, "v", "2*mV*rand()")
    net.project(cells, cells, FixedProbability(0.3), weight="0.3*rand()", delay=SCATTER, synapse=nmda)
    net.record(cells, "spikes")
    net.record(cells[:5], ["v", "s_tot"])


@network(200, 50)
def synapses_that_read_both_cells_the_time_and_change_both_ways(net):
    model = SynapseModel(
        "w : amp\nlast : second\nf : 1",
        on_pre="f = f*exp(-(t - last)/tau) + 0.3; last = t; I_post += w*(1 + v_pre/(50*mV))*f",
        on_post="f -= 0.1*f; v_post += -0.5*mV*f",
        parameters=dict(tau="30*ms"),
    )
    a, b = (net.population(20, LIF, name=n, parameters=dict(E_L=e)) for n, e in (("a", -49.2), ("b", -48.5)))
    net.project(a, b, FixedProbability(0.3), weight="0.6*nA*rand()", delay=SCATTER, synapse=model)
    net.project(b, a, FixedProbability(0.3), weight="0.6*nA*rand()", delay=1.5, dendritic_delay=0.2, synapse=model)
    for p in (a, b):
        net.record(p, "spikes")
        net.record(p[:5], ["v", "I"])


# variants of what others show
SLOW = {
    "stdp_pre_before_post", "stdp_post_before_pre", "stdp_post_before_pre_with_dendritic_delays",
    "lif_conductance_between_views",
    "synapses_onto_an_input_that_read_the_voltage_of_both_cells",
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS.cases(SLOW))
def test_spikes_traces_and_weights_are_those_of_brian2(name: str) -> None:
    NETWORKS.check(name)


@pytest.mark.slow
def test_compiled_networks_are_those_of_brian2_too() -> None:
    """Three of the networks in one, 200 ms, so that the loop is compiled once."""

    def make() -> Network:
        net = Network(dt=0.1, seed=3)
        lif_current_with_heterogeneous_neurons_weights_and_delays(net)
        stdp_with_dendritic_delays(net)
        gap_junctions_summed_over_two_populations(net)
        return net

    assert compare(make().run(200, backend="numba", threads=2), make().run(200, backend="brian2")) > 800
