"""Networks against Brian 2: the same spikes, one for one, and the same traces to 1e-9, each for 200 ms or more.

The networks are small or weakly chaotic, so that in this time a rounding error never decides whether a neuron fires;
each spikes often enough that a wrong order, delay, reset or refractory period would show.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

import numpy as np
import pytest

from spikegram.bridges import to_brian2
from spikegram.networks import (
    CA3Memory,
    FixedInDegree,
    FixedProbability,
    FixedTotalNumber,
    Network,
    SpikeArray,
)
from spikegram.networks.ca3 import Learn, Recall
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel

TOLERANCE = 1e-9  # of the largest value of a trace, float64
SCATTER = "0.5*ms*floor(1 + 5*rand())"  # delays of 0.5 to 2.5 ms
COMMON = dict(tau_m="20*ms", R="100*Mohm", E_L="-60*mV", v_th="-50*mV", v_reset="-62*mV", t_ref="2*ms")
START = dict(v="-60*mV + 9*mV*rand()")


def poisson(n: int, rate: float, seed: int, duration: float = 300, dt: float = 0.1) -> SpikeArray:
    """Spikes of Poisson processes (rate in Hz, duration and dt in ms), drawn once and replayed from arrays."""
    rng = np.random.default_rng(seed)
    steps, ids = np.nonzero(rng.random((round(duration / dt), n)) < rate * dt * 1e-3)
    return SpikeArray(steps * dt, ids, size=n, rounding=True)


def driven(
    net: Network, cells, target: str, weight: str, rate: float = 60, delay: str = SCATTER, seed: int = 2, **more
):
    """Connect twenty replayed Poisson sources to a population."""
    source = net.population(20, poisson(20, rate, seed, dt=net.dt))
    return net.project(source, cells, FixedProbability(0.5), weight=weight, delay=delay, target=target, **more)


# -- the networks: name -> (duration in ms, least number of spikes, builder) -------------------------------------------
NETWORKS: dict[str, tuple[float, int, Callable[[], Network]]] = {}


def network(duration: float, least: int, *, dt: float = 0.1):
    """Register a function that adds populations, projections and recordings to a network."""

    def register(build: Callable[[Network], None]) -> Callable[[Network], None]:
        def make() -> Network:
            net = Network(dt=dt, seed=len(build.__name__))
            build(net)
            return net

        NETWORKS[build.__name__] = (duration, least, make)
        return build

    return register


LIF = NeuronModel(
    "dv/dt = (E_L - v)/tau_m + I/C : volt (unless refractory)\ndI/dt = -I/tau_s : amp",
    threshold="v > v_th", reset="v = v_reset", refractory="t_ref",
    parameters=dict(COMMON, tau_s="5*ms", C="0.2*nF", t_ref="3*ms"), init=START, name="lif",
)  # fmt: skip


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
    @network(200, 300, dt=dt)
    def adex(net):
        cells = net.population(30, ADEX(method=method), name="cells", parameters=dict(a="2*nS + 4*nS*rand()"))
        driven(net, cells, "I", "0.8*nA*rand()", rate=100)
        net.project(cells, cells, FixedProbability(0.1), weight="0.3*nA*rand()", delay=1.5, target="I")
        net.record(cells, "spikes")
        net.record(cells[:4], ["v", "w"], interval=1)

    NETWORKS[f"adex_by_{method}"] = NETWORKS.pop("adex")


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


STDP = SynapseModel(
    """w : weight
       dapre/dt = -apre/tau_pre : 1 (event-driven)
       dapost/dt = -apost/tau_post : 1 (event-driven)""",
    on_pre="target_post += w; apre += A_pre; w = clip(w - A_post*apost*w_max, 0*w_max, w_max)",
    on_post="apost += 1; w = clip(w + apre*w_max, 0*w_max, w_max)",
    parameters=dict(tau_pre="20*ms", tau_post="25*ms", A_pre=0.05, A_post=0.06, w_max="0.5*weight"),
)


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


RULE = NeuronModel(
    "v : volt\nI : amp (input)\nleft : second",
    update="""left = left - dt
              free = left <= 0*ms
              dv = where(free, (E_L - v + R*I)*(1 - exp(-dt/tau_m)), 0*mV)
              v = v + dv""",
    threshold="v > v_th", reset="v = v_reset; left = t_ref", parameters=COMMON, init=START,
)  # fmt: skip


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


def _refractory(name: str, least: int, refractory: str, method: str, flag: str = "(unless refractory)") -> None:
    model = NeuronModel(
        f"dv/dt = (E_L - v + R*I)/tau_m : volt {flag}\ndI/dt = -I/tau : amp\ndu/dt = (v - u)/tau_u : volt",
        threshold="v > v_th", reset="v = v_reset", refractory=refractory, method=method,
        parameters=dict(COMMON, E_L="-52*mV", tau="5*ms", tau_u="13*ms"), init=dict(START, u="-60*mV"),
    )  # fmt: skip

    @network(200, least)
    def refractory_cells(net):
        cells = net.population(20, model, name="cells", parameters=dict(t_ref="0.1*ms*floor(40*rand())"))
        driven(net, cells, "I", "0.3*nA*rand()")
        net.project(cells, cells, FixedProbability(0.2), weight="1*mV*(rand() - 0.5)", delay=0.7, target="v")
        net.record(cells, "spikes")
        net.record(cells[:6], ["v", "u"])

    NETWORKS[name] = NETWORKS.pop("refractory_cells")


_refractory("refractory_for_a_time_of_each_neuron_by_rk4", 200, "t_ref", "rk4")
_refractory("refractory_for_twice_the_time_by_rk2", 200, "2*t_ref", "rk2")
_refractory("refractory_without_a_held_variable_by_heun", 200, "t_ref", "heun", flag="")
_refractory("refractory_by_a_condition_on_two_variables_by_euler", 200, "u > -56*mV and v < -55*mV", "euler")


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


# -- the comparison ---------------------------------------------------------------------------------------------------
def compare(ours, theirs) -> int:
    """Check that two results are the same; gives the number of spikes of cells."""
    spikes = 0
    for name in ours:
        a, b = ours[name], theirs[name]
        if a.spikes is not None:
            assert a.spikes.first_difference(b.spikes) is None, f"{name}: {a.spikes.first_difference(b.spikes)}"
            spikes += len(a.spikes) * (a.meta["model"] != "spike array")
        assert set(a.traces) == set(b.traces)
        for variable, trace in a.traces.items():
            other = b.trace(variable)
            np.testing.assert_array_equal(trace.times, other.times)
            np.testing.assert_array_equal(trace.ids, other.ids)
            scale = np.abs(other.values).max()
            np.testing.assert_allclose(
                trace.values, other.values, rtol=0, atol=TOLERANCE * scale, err_msg=f"{name}.{variable}"
            )
    assert set(ours.projections) == set(theirs.projections)
    for name, a in ours.projections.items():
        b = theirs.projections[name]
        np.testing.assert_array_equal(a.weights_before, b.weights_before)
        np.testing.assert_allclose(a.weights, b.weights, rtol=0, atol=TOLERANCE * np.abs(b.weights).max(), err_msg=name)
        assert np.abs(a.weights - a.weights_before).max() > 0.05 * np.abs(a.weights_before).max()  # it has learned
    return spikes


# variants of what others show
SLOW = {
    "stdp_post_before_pre", "stdp_post_before_pre_with_dendritic_delays", "refractory_for_a_time_of_each_neuron_by_rk4",
    "names_that_brian_2_keeps_for_itself", "izhikevich_by_his_equations", "lif_conductance_between_views",
    "refractory_for_twice_the_time_by_rk2", "synapses_onto_an_input_that_read_the_voltage_of_both_cells",
}  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in NETWORKS])
def test_spikes_traces_and_weights_are_those_of_brian2(name: str) -> None:
    duration, least, make = NETWORKS[name]
    assert duration >= 200
    ours = make().run(duration, backend="reference")
    net = make()
    theirs = net.run(duration, backend="brian2")
    assert compare(ours, theirs) >= least
    assert net.step == 0 and net.result is theirs and theirs.meta["backend"] == "brian2"


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


def test_a_script_for_brian2_written_by_hand() -> None:
    """STDP, delays, refractoriness and two kinds of synapse, 250 ms, without the help of `to_brian2`."""
    import brian2 as b
    from brian2.codegen.runtime.numpy_rt import NumpyCodeObject

    net = Network(dt=0.1, seed=5)
    given = poisson(40, 30, 6)
    source = net.population(40, given, name="in")
    cells = net.population(30, LIF, name="cells", parameters=dict(E_L=-52))
    learning = net.project(
        source, cells, FixedProbability(0.5), weight="0.4*nA*rand()", delay=SCATTER, target="I", synapse=STDP
    )
    inhibition = net.project(cells, cells, FixedProbability(0.2), weight="-0.2*nA*rand()", delay=0.8, target="I")
    net.record(cells, ["spikes", "v"])
    net.record(learning, "weights")
    start, before, others = cells.get("v"), learning.weights, inhibition.weights
    ours = net.run(250, backend="reference")

    made = dict(clock=b.Clock(0.1 * b.ms), codeobj_class=NumpyCodeObject)
    inputs = b.SpikeGeneratorGroup(40, given.ids, given.times * b.ms, **made)
    group = b.NeuronGroup(
        30, "dv/dt = (-52*mV - v)/(20*ms) + I/(0.2*nF) : volt (unless refractory)\ndI/dt = -I/(5*ms) : amp",
        threshold="v > -50*mV", reset="v = -62*mV", refractory=3 * b.ms, method="exact", **made,
    )  # fmt: skip
    group.v = start * b.mV
    plastic = b.Synapses(
        inputs, group, "w : amp\ndx/dt = -x/(20*ms) : 1 (event-driven)\ndy/dt = -y/(25*ms) : 1 (event-driven)",
        on_pre="I += w\nx += 0.05\nw = clip(w - 0.06*y*0.5*nA, 0*nA, 0.5*nA)",
        on_post="y += 1\nw = clip(w + x*0.5*nA, 0*nA, 0.5*nA)", **made,
    )  # fmt: skip
    plastic.connect(i=learning.pre_ids, j=learning.post_ids)
    plastic.w, plastic.pre.delay = before * b.nA, learning.delays * b.ms
    static = b.Synapses(group, group, "w : amp", on_pre="I += w", delay=0.8 * b.ms, **made)
    static.connect(i=inhibition.pre_ids, j=inhibition.post_ids)
    static.w = others * b.nA
    spikes = b.SpikeMonitor(group, codeobj_class=NumpyCodeObject)
    traces = b.StateMonitor(group, "v", True, **made)
    b.Network(inputs, group, plastic, static, spikes, traces).run(250 * b.ms)

    order = np.lexsort((spikes.i, np.rint(spikes.t / b.ms * 10)))
    np.testing.assert_array_equal(ours["cells"].spikes.ids, spikes.i[order])
    np.testing.assert_array_equal(ours["cells"].spikes.steps, np.rint(np.asarray(spikes.t / b.ms) * 10)[order])
    assert len(spikes.i) > 500
    np.testing.assert_allclose(ours["cells"].v, np.asarray(traces.v / b.mV).T, rtol=0, atol=TOLERANCE * 65)
    np.testing.assert_allclose(learning.weights, np.asarray(plastic.w / b.nA), rtol=0, atol=TOLERANCE * 0.5)


# -- what to_brian2 gives ---------------------------------------------------------------------------------------------
def pair() -> Network:
    net = Network(dt=0.1)
    cells = net.population(3, LIF, name="two words", init=dict(v="-60*mV + 4*mV*i"))
    source = net.population(2, SpikeArray([[1.0], [2.0, 4.0]]), name="in")
    net.population(0, LIF, name="nobody")
    net.project(source, cells, FixedProbability(1), weight=0.5, delay=1, target="I", name="->")
    net.project(cells, cells, FixedProbability(0), weight=1, delay=1, target="I", name="nothing")
    net.record(cells, ["spikes", "v"])
    net.record(net.populations["nobody"], ["spikes", "v"])
    net.record(net.projections["->"], "weights")
    return net


def test_groups_synapses_and_monitors_go_by_our_names() -> None:
    import brian2

    given = to_brian2(pair())
    assert set(given.groups) == {"two words", "in"} and set(given.synapses) == {"->"}
    assert set(given.monitors) == {("two words", "spikes"), ("two words", "v")}
    assert given.groups["two words"].name == "two_words" and given.groups["in"].N == 2
    np.testing.assert_allclose(given.groups["two words"].v / brian2.mV, [-60, -56, -52], rtol=1e-12)
    synapses = given.synapses["->"]
    assert (len(synapses), *np.unique(synapses.w / brian2.nA), *np.unique(synapses.pre.delay / brian2.ms)) == (
        6,
        0.5,
        1.0,
    )


def test_empty_populations_are_recorded_as_empty() -> None:
    result = pair().run(5, backend="brian2")
    assert len(result["nobody"].spikes) == 0 and result["nobody"].v.shape == (0, 0)
    assert result["two words"].v.shape == (50, 3) and result.duration == 5
    assert result.projections["->"].weights.tolist() == [0.5] * 6
    assert "brian2" in result.meta["versions"]


def test_a_run_goes_on() -> None:
    once, twice = to_brian2(pair()), to_brian2(pair())
    whole = once.run(30)
    assert twice.run("10*ms").duration == 10
    rest = twice.run(20)
    assert rest.duration == whole.duration == 30
    assert len(whole["two words"].spikes) >= 5 and rest["two words"].spikes == whole["two words"].spikes
    np.testing.assert_array_equal(rest["two words"].v, whole["two words"].v)


def test_present_values_are_handed_over_and_ours_stay() -> None:
    net = pair()
    net.populations["two words"].set(v=[-55, -54, -53])
    net.projections["->"].set(w=2)
    result = net.run(3, backend="brian2")
    assert result["two words"].v[0].tolist() == pytest.approx([-55, -54, -53], rel=1e-15)
    assert result.projections["->"].weights.tolist() == [2.0] * 6
    assert net.populations["two words"].get("v").tolist() == pytest.approx([-55, -54, -53], rel=1e-15)
    again = net.run(3, backend="reference")  # still at time 0
    np.testing.assert_allclose(again["two words"].v, result["two words"].v, rtol=1e-12)


def test_brian2_is_left_as_it_was() -> None:
    import brian2

    dt, target = brian2.defaultclock.dt, brian2.prefs.codegen.target
    text = brian2.prefs.as_file
    to_brian2(pair()).run(1)
    assert brian2.defaultclock.dt == dt and brian2.prefs.codegen.target == target and brian2.prefs.as_file == text


def test_single_precision_networks_run_in_double_precision() -> None:
    net = Network(dt=0.1, dtype="float32")
    cells = net.population(2, LIF, parameters=dict(E_L=-40))
    net.record(cells, "v")
    v = net.run(1, backend="brian2")["lif"].v
    assert v.dtype == np.float64
    assert v[1:, 0] == pytest.approx(-40 + (v[0, 0] + 40) * np.exp(-np.arange(1, 10) * 0.1 / 20), rel=1e-12)


# -- what is refused --------------------------------------------------------------------------------------------------
def test_the_list_of_what_cannot_be_handed_over_is_complete() -> None:
    noise = NeuronModel(
        "dv/dt = -v/tau + s*xi*tau**-0.5 : 1", method="euler", parameters=dict(tau="9*ms", s=0.1), name="ou"
    )
    jump = NeuronModel("v : 1", update="v = v + randn()", threshold="v > 3", reset="v = rand()", name="walk")
    lossy = SynapseModel(on_pre="target_post += w*int(rand() < 0.5)", name="lossy")
    net = Network(dt=0.1)
    a, b, c = net.population(2, noise, name="a"), net.population(2, jump, name="b"), net.population(2, LIF, name="c")
    net.project(b, a, FixedProbability(1), weight=1, delay=1, target="v", synapse=lossy, name="q")
    net.project(c, c, FixedProbability(1), weight=0.1, delay=9, dendritic_delay=8, target="I", synapse=STDP, name="far")
    net.run(1, backend="reference")
    with pytest.raises(ValueError) as caught:
        net.run(1, backend="brian2")
    text = str(caught.value)
    for part in (
        "network is at t = 1 ms; reset() it",
        "population 'a': model 'ou' draws random numbers (xi)",
        "population 'b': model 'walk' draws random numbers (randn)",
        "projection 'q': synapse model 'lossy' draws random numbers (rand)",
        "projection 'far': dendritic_delay: a synapse that changes can keep what it sends for at most 64 steps "
        "(6.4 ms), got 8 ms",
    ):
        assert part in text
    assert text.count("\n- ") == 5


def test_learning_synapses_onto_an_input_with_and_without_dendritic_delay_are_refused() -> None:
    net = Network(dt=1)
    cells = net.population(2, RULE)
    q = dict(weight=0.1, delay=2, target="I", synapse=STDP)
    net.project(cells, cells, FixedProbability(1), dendritic_delay="1*ms*(i%2)", name="both", **q)
    with pytest.raises(ValueError, match="projection 'both': dendritic_delay: onto an input variable"):
        to_brian2(net)
    net = Network(dt=1)
    cells = net.population(2, RULE)
    net.project(cells, cells, FixedProbability(1), dendritic_delay=1, **q)
    assert to_brian2(net).synapses


def test_another_device_of_brian2_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("brian2.devices.device"), "get_device", lambda: "a compiler")
    with pytest.raises(ValueError, match=r"Brian 2's device is str; set_device\('runtime'\) first"):
        to_brian2(pair())


def test_a_closed_form_that_does_not_exist_is_told() -> None:
    """Brian 2 divides by the difference of two time constants; our matrix exponential does not."""
    net = Network(dt=0.1)
    cells = net.population(1, LIF(tau_s=20), init=dict(I=0.1))
    net.record(cells, "v")
    assert np.isfinite(net.run(1, backend="reference")["lif"].v).all()
    net.reset()
    with pytest.raises(ValueError, match="population 'lif': 'v' is not finite in Brian 2.*equal time constants"):
        net.run(1, backend="brian2")


def test_the_ca3_memory_learns_and_recalls_in_brian2_too() -> None:
    """Three images learned, recalled by cue and by content, 250 ms: every spike of all ten populations."""
    bits = ({0, 3, 5}, {1, 3, 6, 7}, {2})
    work = [Learn(cue=k, bits=b) for k, b in enumerate(bits)] + [Recall(cue=k) for k in range(3)] + [Recall(bits={3})]
    memory, copy = (CA3Memory(cues=3, bits=8, backend="reference") for _ in range(2))
    ours = memory.schedule(work, duration=250)
    net = copy.network
    for name, p in memory.network.populations.items():
        if isinstance(p.model, SpikeArray):
            net.add_spikes(net.populations[name], p.model.times, p.model.ids)
    theirs = net.run(250, backend="brian2")
    assert len(ours["OUT"].spikes) > 30
    for name in ours:
        assert ours[name].spikes.first_difference(theirs[name].spikes) is None, name
