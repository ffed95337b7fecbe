r"""Voltage-based plasticity: presynaptic spikes, and the potential of the postsynaptic cell with its averages.

**Dynamics.** With [z]_+ = max(z, 0), x a trace of presynaptic spikes, u the postsynaptic potential (``v`` of the
cell), u_minus and u_plus its averages,

    presynaptic spike:  w <- clip(w - A_LTD [u_minus - theta_minus]_+),  transmit w,  x <- x + 1
    dw/dt = A_LTP x/tau_x [u - theta_plus]_+ [u_plus - theta_minus]_+,   tau_x dx/dt = -x,   w_min <= w <= w_max

(x/tau_x is the paper's low-pass filtered spike train). `ClopathHomeostatic` multiplies A_LTD by
(u_long - v_rest)^2/u_ref2, u_long a slow average: a cell that is depolarised too much depresses its inputs more. A
step computes w <- clip(w + dt dw/dt) with u and u_plus after the state update and before the reset, and x <- x
exp(-dt/tau_x) exactly; u_minus is read after the state update of the step in which a spike arrives.

**The cell** must have variables v, u_minus and u_plus (and u_long), as `ClopathAdEx`. Its spikes should last about 2 ms
in v: cut off in one step of 0.1 ms they hardly potentiate.

===========  =========  ==========  ====================================================================
name         default    symbol      meaning; larger means
===========  =========  ==========  ====================================================================
A_LTD        1.4e-4     A_LTD       depression by one presynaptic spike, for each mV of u_minus
A_LTP        8e-5       A_LTP       potentiation, for each mV of u and each mV of u_plus
tau_x        15 ms      tau_x       decay of the trace of presynaptic spikes
theta_minus  -70.6 mV   theta_-     average from which spikes depress and potentiation is possible
theta_plus   -45.3 mV   theta_+     potential from which a synapse is potentiated
u_max        33 mV      -           peak of a spike, above which u is cut off: more potentiation by a spike
w_min        0          w_min       lowest weight
w_max        3          w_max       highest weight
v_rest       -70.6 mV   -           ClopathHomeostatic: from where depolarisation is measured
u_ref2       60 mV^2    u_ref^2     ClopathHomeostatic: mean square depolarisation at which A_LTD is as given
===========  =========  ==========  ====================================================================

A_LTD, A_LTP and the bounds are in the edge unit of the weight.

**Variables** [S]: w, x. Input: presynaptic spikes and potentials of the target; output: w added to the target variable.

**Left out.** `ClopathAdEx` holds u_plus during a spike, so that a spike is not its own past; NEST delays both averages
by 5 ms instead (``delay_u_bars``), and the two differ by up to 30 % for pairs at 50 Hz. w and x are advanced in every
step, so a synapse costs as much as a cell.

**Reference.** C. Clopath, L. Busing, E. Vasilaki, W. Gerstner 2010, Nat. Neurosci. 13(3):344-352, equations 1 to 3 and
the values of figure 2 (visual cortex).

>>> from spikegram.networks import Network, OneToOne       # a cell held at -60.6 mV for ever, one spike:
>>> from spikegram.neurons import NeuronModel, Regular     # 0.5 - 0.00014*10 = 0.4986
>>> held = NeuronModel("v : volt\nu_minus : volt\nu_plus : volt\ng : 1", init={n: -60.6 for n in ("v", "u_minus")})
>>> net = Network(dt=0.1); pre, cell = net.population(1, Regular), net.population(1, held)
>>> synapse = net.project(pre, cell, OneToOne(), weight=0.5, target="g", synapse=Clopath)
>>> _ = net.run(20, backend="reference"); synapse.weights.round(8).tolist()
[0.4986]
"""

from typing import Any

from .model import SynapseModel

__all__ = ["Clopath", "ClopathHomeostatic"]

_EQUATIONS = """
    dw/dt = (clip(w + A_LTP*x/tau_x*above*before*dt, w_min, w_max) - w)/dt : weight (clock-driven)
    dx/dt = x*(exp(-dt/tau_x) - 1)/dt : 1 (clock-driven)
    above = (clip(v_post, theta_plus, u_max) - theta_plus)/mV : 1
    before = clip((u_plus_post - theta_minus)/mV, 0, 1000) : 1
    low = clip((u_minus_post - theta_minus)/mV, 0, 1000) : 1
"""
_PRE = "w = clip(w - A_LTD*{factor}low, w_min, w_max)\ntarget_post += w\nx += 1"
_PARAMETERS = dict(
    A_LTD=("1.4e-4*weight", "depression by one presynaptic spike, for each mV of u_minus"),
    A_LTP=("8e-5*weight", "potentiation, for each mV of u and each mV of u_plus"),
    tau_x=("15*ms", "decay of the trace of presynaptic spikes"),
    theta_minus=("-70.6*mV", "average from which spikes depress and potentiation is possible"),
    theta_plus=("-45.3*mV", "potential from which a synapse is potentiated"),
    u_max=("33*mV", "peak of a spike, above which u is cut off"),
    w_min=("0*weight", "lowest weight"),
    w_max=("3*weight", "highest weight"),
)
_COMMON: dict[str, Any] = dict(
    bounds=dict(w=("w_min", "w_max")), method="euler", source="Clopath et al. 2010, equations 1 to 3"
)

Clopath = SynapseModel(
    equations=_EQUATIONS,
    on_pre=_PRE.format(factor=""),
    parameters=_PARAMETERS,
    name="Clopath",
    description="voltage-based rule, hard bounds",
    **_COMMON,
)

ClopathHomeostatic = SynapseModel(
    equations=_EQUATIONS + "    load = (u_long_post - v_rest)**2/u_ref2 : 1",
    on_pre=_PRE.format(factor="load*"),
    parameters={
        **_PARAMETERS,
        "v_rest": ("-70.6*mV", "from where depolarisation is measured"),
        "u_ref2": ("60*mV**2", "mean square depolarisation at which A_LTD is as given"),
    },
    name="ClopathHomeostatic",
    description="voltage-based rule whose depression follows the mean depolarisation, hard bounds",
    **_COMMON,
)
