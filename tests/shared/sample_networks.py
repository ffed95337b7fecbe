"""Networks shared by the tests of the engine: each is one compiled structure, whatever its sizes, values and delays."""

from __future__ import annotations

import numpy as np

from spikegram.networks import AllToAll, FixedInDegree, FixedProbability, FromList, Network, SpikeArray
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel

# A cell with noise in the update and in the reset, an input, and a variable that synapses sum into.
NOISY = NeuronModel(
    "v : volt\nI : amp\npull : volt\ndrive : amp (input)",
    update="""
        I = I*exp(-dt/tau_syn)
        v = where(not_refractory, v + dt/tau_m*(v_rest - v + R*(I + drive) + pull) + noise*(rand() - 0.5), v)""",
    threshold="v > v_th",
    reset="v = v_reset + jitter*rand()",
    refractory="t_ref",
    parameters=dict(
        tau_m="10*ms", tau_syn="5*ms", R="10*Mohm", v_rest="-60*mV", v_th="-50*mV", v_reset="-65*mV", noise="2*mV",
        jitter="3*mV", t_ref="1*ms",
    ),
    init=dict(v="v_rest + 10*mV*rand()"),
    name="noisy",
)  # fmt: skip

STDP = SynapseModel(
    "w : weight\nseen : volt\ndx/dt = -x/tau_pre : 1 (event-driven)\ndy/dt = -y/tau_post : 1 (event-driven)",
    on_pre="target_post += w\nw = clip(w - a_minus*y, 0*weight_unit, w_max)\nseen = v_pre - v_post\nx = x + 1",
    on_post="w = clip(w + a_plus*x, 0*weight_unit, w_max)\ny = y + 1",
    parameters=dict(
        tau_pre="20*ms", tau_post="15*ms", a_plus="0.02*weight", a_minus="0.015*weight", w_max="0.1*weight",
        weight_unit="1*weight",
    ),
    bounds=dict(w=(0, "w_max")),
    name="stdp",
)  # fmt: skip

GAP = SynapseModel(
    "w : 1\ndc/dt = -c/tau_c : 1 (clock-driven)\npull_post = w*(1 + c)*(v_pre - v_post) : volt (summed)",
    on_pre="c = c + 0.5",
    parameters=dict(tau_c="30*ms"),
    name="gap",
)


def busy(seed=1, dtype="float64", sizes=(40, 13), record=True):
    """Two merged populations and a source: STDP, gap junctions, all kinds of delays, noise, an injected current.

    About a spike a millisecond at the default sizes; every variable depends on all the others within some steps.
    """
    net = Network(dt=0.1, seed=seed, dtype=dtype)
    exc = net.population(sizes[0], NOISY, name="exc", parameters=dict(tau_m="8*ms + 4*ms*rand()"))
    inh = net.population(sizes[1], NOISY(t_ref=0.5), name="inh", parameters=dict(tau_m="6*ms + 2*ms*rand()"))
    times = np.arange(0, 3000, 4)
    source = net.population(5, SpikeArray(times * 0.1, times // 4 % 5), name="source")
    net.project(
        exc, exc, FixedProbability(0.3), weight="0.06*nA*rand()", delay="0.1*ms*(6 + floor(12*rand()))",
        dendritic_delay="0.1*ms*floor(6*rand())", target="I", synapse=STDP, name="stdp",
    )  # fmt: skip
    net.project(exc, inh, FixedInDegree(6), weight=0.4, delay="0.1*ms*floor(9*rand())", target="I", name="up")
    net.project(inh, exc, FixedInDegree(3), weight=-0.6, delay=0.8, target="I", name="down")
    net.project(inh, inh, AllToAll(autapses=False), weight="0.02*rand()", synapse=GAP, name="gap")
    net.project(
        source, exc, FixedInDegree(2), weight=4, delay="0.1*ms*(1 + floor(5*rand()))", target="drive", name="in"
    )
    net.inject(exc[5:], 0.85, target="drive")
    net.inject(inh, np.sin(np.arange(100)) + 1.0, interval=0.3, start=2)
    if record:
        net.record(exc, "spikes")
        net.record(inh[::2], "spikes")
        net.record(exc[[-1, 1]], ["v", "drive"])
        net.record(inh, "pull", interval=0.5)
        net.record(net.projections["stdp"], "weights")
    return net


def everything(result, net):
    """All that a run leaves behind, as bytes: records, states and synaptic variables."""
    found = {}
    for name in result:
        record = result[name]
        if record.spikes is not None:
            found[name, "spikes"] = record.spikes.steps.tobytes() + record.spikes.ids.tobytes()
        for key, trace in record.traces.items():
            found[name, key] = trace.times.tobytes() + trace.values.tobytes()
    return found | state_of(net)


def state_of(net):
    """Present values of all variables, as bytes."""
    found = {(p.name, v, "state"): p.get(v).tobytes() for p in net.populations.values() for v in p._rows}
    for q in net.projections.values():
        found |= {(q.name, v, "values"): values.tobytes() for v, values in q.values.items()}
    return found


# A cell that only counts: it spikes when told to, `x` and `z` add up what arrives, `y` holds what arrives in a step.
COUNTER = NeuronModel(
    "x : 1\nz : 1\ngo : 1 (input)\ny : 1 (input)", threshold="go > 0.5", reset="pass", name="counter"
)  # fmt: skip

# Whole numbers that depend on the order of events, and an event-driven trace read by `seen`.
COUNTING = SynapseModel(
    "w : weight\nn_pre : 1\nn_post : 1\nseen : 1\ndq/dt = -q/tau_q : 1 (event-driven)",
    on_pre="target_post += w\nw = w + n_post\nn_pre = n_pre + 1\nq = q + 1",
    on_post="w = w - 2*n_pre\nn_post = n_post + 1\nseen = seen + q",
    parameters=dict(tau_q="2*ms"),
    name="counting",
)


def counting(raster, synapses, dtype="float64"):
    """Cells that spike as ``raster`` [T, N] says, with the same synapses three times: static, plastic, onto an input.

    ``synapses`` are rows (pre, post, weight, total delay, dendritic part), delays in steps of 0.1 ms.
    """
    raster = np.asarray(raster, dtype=float)
    pre, post, weight, total, dendritic = np.array(synapses, dtype=np.int64).reshape(-1, 5).T
    net = Network(dt=0.1, dtype=dtype)
    cells = net.population(raster.shape[1], COUNTER, name="cells")
    net.inject(cells, raster, target="go")
    pairs = FromList(np.stack([pre, post], axis=1))
    common = dict(weight=weight.astype(float), dendritic_delay=0.1 * dendritic)
    net.project(cells, cells, pairs, delay=0.1 * total, target="x", name="static", **common)
    net.project(cells, cells, pairs, delay=0.1 * total, target="z", synapse=COUNTING, name="plastic", **common)
    late = 0.1 * np.maximum(total, 1)
    net.project(cells, cells, pairs, delay=late, target="y", synapse=COUNTING, name="late", **common)
    net.record(cells, ["x", "z", "y"])
    net.record(cells, "spikes")
    return net
