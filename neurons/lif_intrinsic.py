r"""Leaky integrate-and-fire cell whose threshold finds its firing rate (intrinsic plasticity).

**Dynamics.** That of `LIF`; besides, the threshold v_th is a variable,

    dv_th/dt = -eta r_goal  between spikes,   v_th <- v_th + eta  at a spike.

Over any time T with n spikes it changes by eta (n - r_goal T), exactly; so if it stays bounded, the mean rate is
r_goal. Spike when ``v >= v_th``; then ``v = v_reset``, held while refractory (v_th goes on).

**Input.** A spike adds its weight (nA) to ``I``; ``I_ext`` takes injected currents (nA).

Parameters of `LIF` (see `lif.py`) other than v_th, and

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
eta        0.05 mV    eta         rise of the threshold at a spike; settles sooner, on the time scale of
                                  1/(eta |d rate/d threshold|), and fluctuates more
r_goal     5 Hz       r_goal      rate to be reached; lower threshold
v_th0      -50 mV     V_th        threshold at the beginning
=========  =========  ==========  ====================================================================

**State** [N]: v (mV), I (nA), v_th (mV). Output: spikes.

**Left out.** Limits of the threshold: without any input it falls to v_rest and below, until the cell fires by itself at
r_goal. A change of the gain (slope) of the cell, which the mean rate alone cannot set.

**Reference.** N. S. Desai, L. C. Rutherford, G. G. Turrigiano 1999, Nat. Neurosci. 2 (phenomenon); rule in the form
threshold += eta (spike - r_goal) per step, as in A. Lazar, G. Pipa, J. Triesch 2009, Front. Comput. Neurosci. 3,
article 23, equation 5.

>>> from spikegram.networks import Network               # no spike: it falls by 0.05 mV * 5 Hz = 0.25 mV/s
>>> net = Network(dt=1); cell = net.population(1, LIFIntrinsic)
>>> _ = net.run(400, backend="reference"); cell.get("v_th").round(6).tolist()
[-50.1]
"""

from .lif import LIF
from .model import NeuronModel

__all__ = ["LIFIntrinsic"]

LIFIntrinsic = NeuronModel(
    equations="""
        dv/dt = (v_rest - v + R*(I + i_offset + I_ext))/tau_m : volt (unless refractory)
        dI/dt = -I/tau_syn : amp
        dv_th/dt = -eta*r_goal : volt
        I_ext : amp (input)
    """,
    threshold="v >= v_th",
    reset="v = v_reset\nv_th += eta",
    refractory="t_ref",
    parameters={
        **{name: p for name, p in LIF.parameters.items() if name != "v_th"},
        "eta": ("0.05*mV", "rise of the threshold at a spike"),
        "r_goal": ("5*Hz", "rate to be reached"),
        "v_th0": ("-50*mV", "threshold at the beginning"),
    },
    init=dict(v="v_rest", v_th="v_th0"),
    name="LIFIntrinsic",
    source="Desai, Rutherford and Turrigiano 1999; Lazar, Pipa and Triesch 2009, equation 5",
    description="leaky integrate-and-fire whose threshold finds its rate",
)
