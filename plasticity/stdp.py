r"""Spike-timing-dependent plasticity by pairs: additive (`STDP`), weight-dependent, three kinds of nearest spikes, CA3.

**Dynamics.** Two traces per synapse, x of presynaptic and y of postsynaptic spikes; each decays exponentially and is
brought up to date when a spike reaches the synapse (event-driven, so it costs nothing in between),

    tau_plus dx/dt = -x,   tau_minus dy/dt = -y
    presynaptic spike:    w <- clip(w - A_minus y),  transmit w,  x <- x + 1
    postsynaptic spike:   w <- clip(w + A_plus x),   y <- y + 1

with hard bounds [w_min, w_max]. Traces are read before their own spike is added. One pair at s = t_post - t_pre
changes w by A_plus exp(-s/tau_plus) for s > 0 and by -A_minus exp(s/tau_minus) for s < 0; every pair counts
(all-to-all).

- `STDPNearest` (symmetric): traces are set to 1 instead of raised by 1: each spike is paired with the nearest earlier
  one of the other cell.
- `STDPPreCentered`: each presynaptic spike is paired with the postsynaptic one before and the one after it; so a
  postsynaptic spike also sets x <- 0, and y <- 1.
- `STDPRestricted`: only neighbours: a spike also sets the trace of the other cell, which it has just used, to 0.
- `STDPPower`: A_plus is multiplied by (1 - u)^mu_plus and A_minus by u^mu_minus, u = (w - w_min)/(w_max - w_min), the
  rule of Gutig. Powers of 0 are additive, of 1 (`STDPMultiplicative`) multiplicative; `VAN_ROSSUM` has 0 and 1.
  `STDPPowerNearest` is the same with nearest spikes.
- `CA3STDP`: `STDP` with postsynaptic spikes before presynaptic ones of the same step, and the values of the CA3
  memory.

**Order and delays.** A presynaptic spike reaches the synapse after the axonal part of the delay, a postsynaptic one
after the dendritic part; s is the difference of those arrivals. For both in one step (s = 0) the order decides:
``order=("pre", "post")`` (Brian 2's) potentiates by A_plus, ``order=("post", "pre")`` depresses by A_minus.

=========  ===========  ==========  ====================================================================
name       default      symbol      meaning; larger means
=========  ===========  ==========  ====================================================================
tau_plus   20 ms        tau_+       width of the potentiating side
tau_minus  20 ms        tau_-       width of the depressing side
A_plus     0.005        A_+         potentiation by one pair; an absolute weight, not a part of w_max
A_minus    0.00525      A_-         depression by one pair; weights sink for uncorrelated spikes if
                                    A_minus tau_minus > A_plus tau_plus
w_min      0            w_min       lowest weight
w_max      1            w_max       highest weight
mu_plus    0.5          mu_+        STDPPower...: how fast potentiation fades towards w_max
mu_minus   0.5          mu_-        STDPPower...: how fast depression fades towards w_min
=========  ===========  ==========  ====================================================================

A_plus, A_minus, w_min, w_max are in the edge unit of the weight, whatever variable the projection targets.

**Variables** [S]: w, x, y. Input: the spikes of both cells; output: w added to the target variable.

**Left out.** Triplets, voltage, frequency dependence of the outcome; a bound cuts off the rest of a step.

**Reference.** W. Gerstner, R. Kempter, J. L. van Hemmen, H. Wagner 1996, Nature 383; S. Song, K. D. Miller, L. F.
Abbott 2000, Nat. Neurosci. 3 (values, hard bounds); R. Gutig, R. Aharonov, S. Rotter, H. Sompolinsky 2003, J.
Neurosci. 23 (powers); M. C. W. van Rossum, G. Q. Bi, G. G. Turrigiano 2000, J. Neurosci. 20 (`VAN_ROSSUM`); A.
Morrison, M. Diesmann, W. Gerstner 2008, Biol. Cybern. 98, section 4.1 and figure 7 (traces, nearest spikes);
D. Casanueva-Morato et al. 2024, Neural Networks 178, 106474 (CA3).

>>> from spikegram.networks import Network, OneToOne        # pre fires at 0 ms, post at 10 ms:
>>> from spikegram.neurons import LIF, Regular              # 0.001 + 0.005 exp(-10/20) = 0.0040327
>>> net = Network(dt=1); pre = net.population(1, Regular); post = net.population(1, LIF)
>>> net.inject(post, 100, start=10, stop=11)
>>> synapse = net.project(pre, post, OneToOne(), weight=0.001, target="I", synapse=STDP)
>>> _ = net.run(20, backend="reference"); synapse.weights.round(7).tolist()
[0.0040327]
"""

from typing import Any

from .model import SynapseModel

__all__ = [
    "CA3STDP",
    "STDP",
    "VAN_ROSSUM",
    "STDPMultiplicative",
    "STDPNearest",
    "STDPPower",
    "STDPPowerNearest",
    "STDPPreCentered",
    "STDPRestricted",
]

_PRE = "w = clip(w - A_minus*y{minus}, w_min, w_max)\ntarget_post += w\nx {gain} 1"
_POST = "w = clip(w + A_plus*x{plus}, w_min, w_max)\ny {gain} 1"
_PARAMETERS = dict(
    tau_plus=("20*ms", "width of the potentiating side"),
    tau_minus=("20*ms", "width of the depressing side"),
    A_plus=("0.005*weight", "potentiation by one pair"),
    A_minus=("0.00525*weight", "depression by one pair"),
    w_min=("0*weight", "lowest weight"),
    w_max=("1*weight", "highest weight"),
)
_COMMON: dict[str, Any] = dict(
    equations="""
        w : weight
        dx/dt = -x/tau_plus : 1 (event-driven)
        dy/dt = -y/tau_minus : 1 (event-driven)
    """,
    bounds=dict(w=("w_min", "w_max")),
)

STDP = SynapseModel(
    on_pre=_PRE.format(minus="", gain="+="),
    on_post=_POST.format(plus="", gain="+="),
    parameters=_PARAMETERS,
    name="STDP",
    source="Gerstner et al. 1996; Song, Miller and Abbott 2000",
    description="additive pair rule, all pairs, hard bounds",
    **_COMMON,
)

STDPNearest = SynapseModel(
    on_pre=_PRE.format(minus="", gain="="),
    on_post=_POST.format(plus="", gain="="),
    parameters=_PARAMETERS,
    name="STDPNearest",
    source="Morrison, Diesmann and Gerstner 2008, section 4.1",
    description="additive pair rule, nearest spikes, hard bounds",
    **_COMMON,
)

STDPPreCentered = SynapseModel(
    on_pre=_PRE.format(minus="", gain="+="),
    on_post=_POST.format(plus="", gain="=") + "\nx = 0",
    parameters=_PARAMETERS,
    name="STDPPreCentered",
    source="Morrison, Diesmann and Gerstner 2008, figure 7B",
    description="additive pair rule, each presynaptic spike with its neighbours, hard bounds",
    **_COMMON,
)

STDPRestricted = SynapseModel(
    on_pre=_PRE.format(minus="", gain="=") + "\ny = 0",
    on_post=_POST.format(plus="", gain="=") + "\nx = 0",
    parameters=_PARAMETERS,
    name="STDPRestricted",
    source="Morrison, Diesmann and Gerstner 2008, figure 7C",
    description="additive pair rule, neighbouring spikes only, hard bounds",
    **_COMMON,
)

_MINUS, _PLUS = "*((w - w_min)/(w_max - w_min))**mu_minus", "*((w_max - w)/(w_max - w_min))**mu_plus"
_POWERS = dict(
    mu_plus=(0.5, "how fast potentiation fades towards w_max"),
    mu_minus=(0.5, "how fast depression fades towards w_min"),
)

STDPPower = SynapseModel(
    on_pre=_PRE.format(minus=_MINUS, gain="+="),
    on_post=_POST.format(plus=_PLUS, gain="+="),
    parameters={**_PARAMETERS, **_POWERS},
    name="STDPPower",
    source="Gutig et al. 2003",
    description="pair rule with a power of the distance to the bounds, all pairs",
    **_COMMON,
)

STDPPowerNearest = SynapseModel(
    on_pre=_PRE.format(minus=_MINUS, gain="="),
    on_post=_POST.format(plus=_PLUS, gain="="),
    parameters={**_PARAMETERS, **_POWERS},
    name="STDPPowerNearest",
    source="Gutig et al. 2003; Morrison, Diesmann and Gerstner 2008, figure 7A",
    description="pair rule with a power of the distance to the bounds, nearest spikes",
    **_COMMON,
)

STDPMultiplicative = STDPPower(mu_plus=1, mu_minus=1, name="STDPMultiplicative")
VAN_ROSSUM = STDPPower(mu_plus=0, mu_minus=1, name="VAN_ROSSUM")

CA3STDP = STDP(order=("post", "pre"), tau_plus=3, tau_minus=3, A_plus=6, A_minus=6, w_max=6, name="CA3STDP")
