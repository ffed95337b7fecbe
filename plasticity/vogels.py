r"""Inhibitory plasticity that keeps the postsynaptic cell at a target rate.

**Dynamics.** One trace of each cell, both with the same time constant,

    tau dx/dt = -x,   tau dy/dt = -y
    presynaptic spike:    w <- clip(w + eta (y - 2 rho_0 tau)),  transmit w,  x <- x + 1
    postsynaptic spike:   w <- clip(w + eta x),                  y <- y + 1

Spikes close in time strengthen the synapse whichever comes first, and each presynaptic spike by itself weakens it. One
pair changes w by eta exp(-|s|/tau) and one presynaptic spike by -2 eta rho_0 tau. For uncorrelated spikes the mean
drift is eta r_pre (2 tau r_post - 2 rho_0 tau): inhibition grows while the cell fires faster than rho_0 and fades while
it fires more slowly, so the rate settles at rho_0.

=========  ===========  ==========  ====================================================================
name       default      symbol      meaning; larger means
=========  ===========  ==========  ====================================================================
tau        20 ms        tau_STDP    width of the window
rho_0      3 Hz         rho_0       target rate; alpha = 2 rho_0 tau (0.12) is the depression by a spike
eta        0.001        eta         learning rate: change of w by a pair of simultaneous spikes
w_min      0            w_min       lowest weight
w_max      1            w_max       highest weight
=========  ===========  ==========  ====================================================================

eta and the bounds are in the edge unit of the weight: with a conductance as target, eta = 0.001 is 1 nS.

**Variables** [S]: w, x, y. Input: the spikes of both cells; output: w added to the target variable, so that the target
must be an inhibitory variable in which larger means more inhibition (``g_I`` of `LIFCond`).

**Left out.** Spikes of both cells in one step count as one pair. Coincident inputs (correlated with the postsynaptic
spikes) shift the rate at which the cell settles.

**Reference.** T. P. Vogels, H. Sprekeler, F. Zenke, C. Clopath, W. Gerstner 2011, Science 334:1569-1573, and its
supplement, equations 9 to 11.

>>> from spikegram.networks import Network, OneToOne       # ten presynaptic spikes, no postsynaptic one:
>>> from spikegram.neurons import LIFCond, Regular         # 0.005 - 10*0.0001*2*3*0.02 = 0.00488 uS
>>> net = Network(dt=1); pre = net.population(1, Regular(interval=10)); post = net.population(1, LIFCond)
>>> rule = InhibitorySTDP(eta=0.0001)
>>> synapse = net.project(pre, post, OneToOne(), weight=0.005, target="g_I", synapse=rule)
>>> _ = net.run(100, backend="reference"); synapse.weights.round(8).tolist()
[0.00488]
"""

from .model import SynapseModel

__all__ = ["InhibitorySTDP"]

InhibitorySTDP = SynapseModel(
    equations="""
        w : weight
        dx/dt = -x/tau : 1 (event-driven)
        dy/dt = -y/tau : 1 (event-driven)
    """,
    on_pre="""
        w = clip(w + eta*(y - 2*rho_0*tau), w_min, w_max)
        target_post += w
        x += 1
    """,
    on_post="""
        w = clip(w + eta*x, w_min, w_max)
        y += 1
    """,
    parameters=dict(
        tau=("20*ms", "width of the window"),
        rho_0=("3*Hz", "target rate"),
        eta=("0.001*weight", "learning rate"),
        w_min=("0*weight", "lowest weight"),
        w_max=("1*weight", "highest weight"),
    ),
    bounds=dict(w=("w_min", "w_max")),
    name="InhibitorySTDP",
    source="Vogels et al. 2011",
    description="symmetric pair rule with a target rate, hard bounds",
)
