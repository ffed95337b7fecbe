r"""Spike-timing-dependent plasticity by triplets of spikes: pairs, and how often they come.

**Dynamics.** Four traces per synapse, a fast and a slow one of either cell, each decaying exponentially,

    tau_plus dr1/dt = -r1,   tau_x dr2/dt = -r2,   tau_minus do1/dt = -o1,   tau_y do2/dt = -o2
    presynaptic spike:    w <- clip(w - o1 (A2_minus + A3_minus r2)),  transmit w,  r1 <- r1 + 1,  r2 <- r2 + 1
    postsynaptic spike:   w <- clip(w + r1 (A2_plus + A3_plus o2)),    o1 <- o1 + 1,  o2 <- o2 + 1

Traces are read before their own spike is added (r2 and o2 "just before" their spike in the paper). With A3_plus =
A3_minus = 0 this is `STDP`. `TripletSTDPNearest` sets traces to 1 instead of raising them by 1. Order and delays are
those of `STDP`.

=========  ===========  ==========  ====================================================================
name       default      symbol      meaning; larger means
=========  ===========  ==========  ====================================================================
tau_plus   16.8 ms      tau_+       width of the potentiating side
tau_x      101 ms       tau_x       how long an earlier presynaptic spike adds to depression
tau_minus  33.7 ms      tau_-       width of the depressing side
tau_y      125 ms       tau_y       how long an earlier postsynaptic spike adds to potentiation
A2_plus    5e-10        A_2^+       potentiation by one pair; an absolute weight
A2_minus   0.007        A_2^-       depression by one pair
A3_plus    0.0062       A_3^+       potentiation by a triplet post-pre-post; stronger at high rates
A3_minus   2.3e-4       A_3^-       depression by a triplet pre-post-pre
w_min      0            w_min       lowest weight
w_max      100          w_max       highest weight; the paper has none
=========  ===========  ==========  ====================================================================

All A and the bounds are in the edge unit of the weight. `TripletSTDP` has the values of the visual cortex; presets for
fits with fewer parameters, nearest spikes and the hippocampus: `VISUAL_MINIMAL`, `VISUAL_NEAREST`,
`VISUAL_NEAREST_MINIMAL`, `HIPPOCAMPUS`, `HIPPOCAMPUS_MINIMAL`.

**Variables** [S]: w, r1, r2, o1, o2. Input: the spikes of both cells; output: w added to the target variable.

**Left out.** The paper's mapping to BCM, in which A2_minus follows the mean postsynaptic rate. For Poisson trains and
A3_minus = 0 the mean drift is r_pre r_post (A2_plus tau_plus - A2_minus tau_minus + A3_plus tau_plus tau_y r_post):
weights sink below a rate of the postsynaptic cell and rise above it.

**Reference.** J.-P. Pfister and W. Gerstner 2006, J. Neurosci. 26(38):9673-9682, equations 3 and 4, table 4.

>>> from spikegram.networks import Network, OneToOne       # post at 10 and 20 ms, pre at 0 and 11 ms:
>>> from spikegram.neurons import NeuronModel, Regular     # 1 + 0.01 (e^(-20/10) + e^(-9/10)) e^(-10/20) = 1.003287
>>> told = NeuronModel("drive : 1 (input)\ng : 1", threshold="drive > 0", reset="pass")
>>> net = Network(dt=1); pre = net.population(1, Regular(interval=11)); post = net.population(1, told)
>>> net.inject(post, [0] * 10 + [1] + [0] * 9 + [1])
>>> rule = TripletSTDP(A2_minus=0, A3_minus=0, A3_plus=0.01, tau_plus=10, tau_y=20)
>>> synapse = net.project(pre, post, OneToOne(), weight=1, target="g", synapse=rule)
>>> _ = net.run(21, backend="reference"); synapse.weights.round(6).tolist()
[1.003287]
"""

from .model import SynapseModel

__all__ = [
    "HIPPOCAMPUS",
    "HIPPOCAMPUS_MINIMAL",
    "VISUAL_MINIMAL",
    "VISUAL_NEAREST",
    "VISUAL_NEAREST_MINIMAL",
    "TripletSTDP",
    "TripletSTDPNearest",
]


def _rule(gain: str, name: str, description: str) -> SynapseModel:
    return SynapseModel(
        equations="""
            w : weight
            dr1/dt = -r1/tau_plus : 1 (event-driven)
            dr2/dt = -r2/tau_x : 1 (event-driven)
            do1/dt = -o1/tau_minus : 1 (event-driven)
            do2/dt = -o2/tau_y : 1 (event-driven)
        """,
        on_pre=f"""
            w = clip(w - o1*(A2_minus + A3_minus*r2), w_min, w_max)
            target_post += w
            r1 {gain} 1
            r2 {gain} 1
        """,
        on_post=f"""
            w = clip(w + r1*(A2_plus + A3_plus*o2), w_min, w_max)
            o1 {gain} 1
            o2 {gain} 1
        """,
        parameters=dict(
            tau_plus=("16.8*ms", "width of the potentiating side"),
            tau_x=("101*ms", "how long an earlier presynaptic spike adds to depression"),
            tau_minus=("33.7*ms", "width of the depressing side"),
            tau_y=("125*ms", "how long an earlier postsynaptic spike adds to potentiation"),
            A2_plus=("5e-10*weight", "potentiation by one pair"),
            A2_minus=("7e-3*weight", "depression by one pair"),
            A3_plus=("6.2e-3*weight", "potentiation by a triplet post-pre-post"),
            A3_minus=("2.3e-4*weight", "depression by a triplet pre-post-pre"),
            w_min=("0*weight", "lowest weight"),
            w_max=("100*weight", "highest weight"),
        ),
        bounds=dict(w=("w_min", "w_max")),
        name=name,
        source="Pfister and Gerstner 2006, equations 3 and 4, table 4",
        description=description,
    )


TripletSTDP = _rule("+=", "TripletSTDP", "triplet rule, all spikes, hard bounds")
TripletSTDPNearest = _rule("=", "TripletSTDPNearest", "triplet rule, nearest spikes, hard bounds")

VISUAL_MINIMAL = TripletSTDP(A2_plus=0, A2_minus=7.1e-3, A3_plus=6.5e-3, A3_minus=0, tau_y=114, name="VISUAL_MINIMAL")
VISUAL_NEAREST = TripletSTDPNearest(
    A2_plus=8.8e-11, A2_minus=6.6e-3, A3_plus=5.3e-2, A3_minus=3.1e-3, tau_x=714, tau_y=40, name="VISUAL_NEAREST"
)
VISUAL_NEAREST_MINIMAL = TripletSTDPNearest(
    A2_plus=0, A2_minus=8e-3, A3_plus=5e-2, A3_minus=0, tau_y=40, name="VISUAL_NEAREST_MINIMAL"
)
HIPPOCAMPUS = TripletSTDP(
    A2_plus=6.1e-3, A2_minus=1.6e-3, A3_plus=6.7e-3, A3_minus=1.4e-3, tau_x=946, tau_y=27, name="HIPPOCAMPUS"
)
HIPPOCAMPUS_MINIMAL = TripletSTDP(
    A2_plus=5.3e-3, A2_minus=3.5e-3, A3_plus=8e-3, A3_minus=0, tau_y=40, name="HIPPOCAMPUS_MINIMAL"
)
