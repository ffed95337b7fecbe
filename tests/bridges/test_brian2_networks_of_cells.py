"""Cells of many kinds against Brian 2: equal spikes, one for one, and equal traces to 1e-9, for 200 ms or more."""

from __future__ import annotations

import numpy as np
import pytest
from brian2_networks import COMMON, RULE, SCATTER, START, Networks, driven, poisson

from spikegram.networks import FixedProbability
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel

NETWORKS = Networks()
network = NETWORKS.add


@network(200, 200)
def alpha_synapse_and_the_refractory_count_of_nest(net):
    alpha = NeuronModel(
        """dv/dt = (E_L - v + R*I)/tau_m : volt (unless refractory)
           dI/dt = (x - I)/tau_s : amp
           dx/dt = -x/tau_s : amp""",
        threshold="v >= v_th", reset="v = v_reset", refractory="t_ref + dt",
        parameters=dict(COMMON, tau_m="15*ms", tau_s="3*ms", R="50*Mohm"),
    )  # fmt: skip
    cells = net.population(40, alpha, name="cells", init=START)
    driven(net, cells, "x", "0.9*nA*rand()")
    net.project(cells, cells, FixedProbability(0.1), weight="-0.5*nA*rand()", delay=1.5, target="x")
    net.record(cells, "spikes")
    net.record(cells[:4], ["v", "I", "x"])


ADEX = NeuronModel(
    """dv/dt = (g_L*(E_L - v) + g_L*D*exp((v - v_T)/D) - w + I)/C : volt
       dw/dt = (a*(v - E_L) - w)/tau_w : amp
       dI/dt = -I/tau_s : amp""",
    threshold="v > v_cut", reset="v = E_L\nw += b",
    parameters=dict(
        C="281*pF", g_L="30*nS", E_L="-70.6*mV", v_T="-50.4*mV", D="2*mV", tau_w="40*ms", a="4*nS", b="0.08*nA",
        v_cut="-40*mV", tau_s="5*ms",
    ),
    init=dict(v="-70*mV + 5*mV*rand()", w="0.1*nA*rand()"),
)  # fmt: skip


def _adex(method: str, dt: float):
    @network(200, 300, dt=dt, name=f"adex_by_{method}")
    def adex(net):
        cells = net.population(30, ADEX(method=method), name="cells", parameters=dict(a="2*nS + 4*nS*rand()"))
        driven(net, cells, "I", "0.8*nA*rand()", rate=100)
        net.project(cells, cells, FixedProbability(0.1), weight="0.3*nA*rand()", delay=1.5, target="I")
        net.record(cells, "spikes")
        net.record(cells[:4], ["v", "w"], interval=1)


_adex("euler", 0.1)
_adex("rk4", 0.1)


@network(250, 200)
def izhikevich_by_his_equations(net):
    model = NeuronModel(
        """dv/dt = (0.04/ms/mV)*v**2 + (5/ms)*v + 140*mV/ms - u + I : volt
           du/dt = a*(b*v - u) : volt/second
           dI/dt = -I/tau_s : volt/second""",
        threshold="v >= 30*mV", reset="v = c; u += d", method="euler",
        parameters=dict(a="0.02/ms", b="0.2/ms", c="-65*mV", d="8*mV/ms", tau_s="5*ms"),
    )  # fmt: skip
    each = dict(d="2*mV/ms + 6*mV/ms*rand()", c="-65*mV + 15*mV*rand()")
    cells = net.population(50, model, name="cells", init=dict(v=-65, u="-13*mV/ms"), parameters=each)
    driven(net, cells, "I", "6*mV/ms*rand()")
    net.project(cells, cells, FixedProbability(0.1), weight="2*mV/ms*rand()", delay=1.5, target="I")
    net.record(cells, "spikes")
    net.record(cells[:4], ["v", "u"])


@network(200, 300)
def adaptive_threshold_refractory_by_condition_and_delta_synapses(net):
    model = NeuronModel(
        "dv/dt = -v/tau_m : 1 (unless refractory)\ndth/dt = (th0 - th)/tau_th : 1\nx = v/th : 1",
        threshold="x > 1", reset="v -= th; th *= 1.1; th += b", refractory="v > 0.3*th0",
        parameters=dict(tau_m="10*ms", tau_th="50*ms", th0=1.0, b=0.05), init=dict(th="th0", v="0.9*rand()"),
    )  # fmt: skip
    cells = net.population(50, model, name="cells")
    driven(net, cells, "v", "0.4*rand()", rate=100)
    net.project(cells, cells[10:40], FixedProbability(0.1), weight="0.5*rand() - 0.2", delay=SCATTER, target="v")
    net.record(cells, "spikes")
    net.record(cells[:4], ["v", "th"])


@network(300, 500, dt=1.0)
def update_rule_with_input_variable_and_injected_currents(net):
    cells = net.population(30, RULE, name="cells")
    driven(net, cells, "I", "3*nA*rand()", rate=40, delay="1*ms*floor(1 + 5*rand())")
    mutual = dict(
        weight="1*nA*(rand() - 0.4)", delay="1*ms*floor(2 + 4*rand())", dendritic_delay="1*ms*floor(3*rand())"
    )
    net.project(cells, cells, FixedProbability(0.2), target="I", **mutual)
    rng = np.random.default_rng(0)
    net.inject(cells[:10], 0.08, target="I", start=20, stop=150)
    net.inject(cells[5:15], 0.05 * rng.random((40, 10)), start=37, interval=5)
    net.inject(cells, 0.05 * rng.random(300))
    net.record(cells, "spikes")
    net.record(cells[:15], ["v", "I", "left"])


def _refractory(name: str, least: int, refractory: str, method: str, flag: str = "(unless refractory)") -> None:
    model = NeuronModel(
        f"dv/dt = (E_L - v + R*I)/tau_m : volt {flag}\ndI/dt = -I/tau : amp\ndu/dt = (v - u)/tau_u : volt",
        threshold="v > v_th", reset="v = v_reset", refractory=refractory, method=method,
        parameters=dict(COMMON, E_L="-52*mV", tau="5*ms", tau_u="13*ms"), init=dict(START, u="-60*mV"),
    )  # fmt: skip

    @network(200, least, name=name)
    def refractory_cells(net):
        cells = net.population(20, model, name="cells", parameters=dict(t_ref="0.1*ms*floor(40*rand())"))
        driven(net, cells, "I", "0.3*nA*rand()")
        net.project(cells, cells, FixedProbability(0.2), weight="1*mV*(rand() - 0.5)", delay=0.7, target="v")
        net.record(cells, "spikes")
        net.record(cells[:6], ["v", "u"])


_refractory("refractory_for_a_time_of_each_neuron_by_rk4", 200, "t_ref", "rk4")
_refractory("refractory_for_twice_the_time_by_rk2", 200, "2*t_ref", "rk2")
_refractory("refractory_without_a_held_variable_by_heun", 200, "t_ref", "heun", flag="")
_refractory("refractory_by_a_condition_on_two_variables_by_euler", 200, "u > -56*mV and v < -55*mV", "euler")


@network(200, 40)
def functions_of_the_language_time_and_the_last_spike(net):
    model = NeuronModel(
        """dv/dt = (E_L - v + D*drive + 4*mV*(1 - exp(-(t - lastspike)/tau_m)))/tau_m : volt
           drive = exprel(clip(v/E_L, 0, 1)) - abs(sin(x)) + sign(x - 1) + floor(2*x) - ceil(x/2) + wave : 1
           wave = int(x > 0.5) + int(x*3) + x%0.3 + where(i > 3, log10(x + 1), sqrt(x)) + arctan(x)/2 + x**3 : 1
           dx/dt = -(x - 1 - 0.5*sin(t/(7*ms)))/(10*ms) : 1""",
        threshold="(v > v_th or x > 1.4) and not i == 7", reset="v = v_reset; x *= 0.5", refractory="t_ref",
        method="euler", parameters=dict(COMMON, D="1*mV"), init=dict(START, x="rand()"),
    )  # fmt: skip
    cells = net.population(20, model, name="cells")
    net.record(cells, ["spikes", "v", "x"])


@network(200, 50)
def names_that_brian_2_keeps_for_itself(net):
    cell = NeuronModel(
        "dv_post/dt = (E_pre - v_post + x_pre)/tau_post : volt\ndx_pre/dt = -x_pre/tau : volt",
        threshold="v_post > th", reset="v_post = 0*mV", init=dict(v_post="5*mV*rand()"),
        parameters=dict(E_pre="9*mV", tau_post="10*ms", tau="5*ms", th="10*mV"),
    )  # fmt: skip
    synapse = SynapseModel(
        "w : volt\nda_pre/dt = -a_pre/tau : 1 (event-driven)",
        on_pre="th = 3*a_pre; x_pre_post += w*(1 + th); a_pre += 0.1", parameters=dict(tau="20*ms"),
    )  # fmt: skip
    cells = net.population(20, cell, name="2 odd-names")
    source = net.population(20, poisson(20, 100, 2), name="2 odd names")
    net.project(source, cells, FixedProbability(0.5), weight="1*mV*rand()", delay=SCATTER, synapse=synapse)
    net.record(cells, ["spikes", "v_post", "x_pre"])


# variants of what others show: the methods are in kernels/test_integrate.py, alpha synapses in test_brian2_models.py
SLOW = {
    "refractory_for_a_time_of_each_neuron_by_rk4", "names_that_brian_2_keeps_for_itself", "izhikevich_by_his_equations",
    "refractory_for_twice_the_time_by_rk2", "refractory_without_a_held_variable_by_heun", "adex_by_rk4",
    "alpha_synapse_and_the_refractory_count_of_nest",
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS.cases(SLOW))
def test_spikes_traces_and_weights_are_those_of_brian2(name: str) -> None:
    NETWORKS.check(name)
