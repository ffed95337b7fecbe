r"""Leaky integrate-and-fire cell with AMPA, GABA and NMDA conductances; the NMDA one is set by its synapses.

**Dynamics.** Between spikes

    C_m dv/dt = g_L (v_rest - v) + (g_E + g_nmda) (e_rev_E - v) + g_I (e_rev_I - v) + i_offset + I_ext
    tau_syn_E dg_E/dt = -g_E,   tau_syn_I dg_I/dt = -g_I

by exponential Euler steps as in `lif_cond.py`. Spike when ``v >= v_th``; then ``v = v_reset``, held while refractory.
g_nmda holds in each step what the synapses computed (`spikegram.plasticity.NMDA`, with the magnesium block).

**Input.** A spike adds its weight (uS, positive) to ``g_E`` or ``g_I``; NMDA synapses write ``g_nmda``. ``I_ext`` takes
injected currents (nA).

=========  ===========  ==========  ====================================================================
name       default      symbol      meaning; larger means
=========  ===========  ==========  ====================================================================
C_m        0.5 nF       C_m         capacitance; slower (tau_m = C_m/g_L = 20 ms at rest)
g_L        0.025 uS     g_L         leak conductance; less depolarisation per current
v_rest     -70 mV       V_L         resting potential
e_rev_E    0 mV         V_E         reversal potential of AMPA and NMDA
e_rev_I    -70 mV       V_I         reversal potential of GABA
tau_syn_E  2 ms         tau_AMPA    decay of g_E
tau_syn_I  10 ms        tau_GABA    decay of g_I
v_th       -50 mV       V_th        threshold; fewer spikes
v_reset    -55 mV       V_reset     potential after a spike
t_ref      2 ms         tau_rp      refractory period
i_offset   0 nA         I_0         constant current
=========  ===========  ==========  ====================================================================

The defaults are a pyramidal cell; an interneuron has C_m 0.2 nF, g_L 0.02 uS, t_ref 1 ms.

**State** [N]: v (mV), g_E, g_I, g_nmda (uS). Output: spikes; v to NMDA synapses.

**Left out.** Dendrites: all synapses see the same v.

**Reference.** N. Brunel and X.-J. Wang 2001, J. Comput. Neurosci. 11, Methods.

>>> from spikegram.networks import Network     # g_nmda = g_L, held: v_inf = (-70 + 0)/2 = -35 mV
>>> net = Network(dt=0.1); cell = net.population(1, LIFNMDA(v_th=0), init=dict(g_nmda=0.025))
>>> _ = net.run(300, backend="reference"); cell.get("v").round(4).tolist()
[-35.0]
"""

from .model import NeuronModel

__all__ = ["LIFNMDA"]

LIFNMDA = NeuronModel(
    equations="""
        dv/dt = (g_L*(v_rest - v) + (g_E + g_nmda)*(e_rev_E - v) + g_I*(e_rev_I - v) + i_offset + I_ext)/C_m
            : volt (unless refractory)
        dg_E/dt = -g_E/tau_syn_E : siemens
        dg_I/dt = -g_I/tau_syn_I : siemens
        g_nmda : siemens
        I_ext : amp (input)
    """,
    threshold="v >= v_th",
    reset="v = v_reset",
    refractory="t_ref",
    method="exponential_euler",
    parameters=dict(
        C_m=("0.5*nF", "capacitance"),
        g_L=("25*nS", "leak conductance"),
        v_rest=("-70*mV", "resting potential"),
        e_rev_E=("0*mV", "reversal potential of AMPA and NMDA"),
        e_rev_I=("-70*mV", "reversal potential of GABA"),
        tau_syn_E=("2*ms", "decay of the AMPA conductance"),
        tau_syn_I=("10*ms", "decay of the GABA conductance"),
        v_th=("-50*mV", "threshold"),
        v_reset=("-55*mV", "potential after a spike"),
        t_ref=("2*ms", "refractory period"),
        i_offset=("0*nA", "constant current"),
    ),
    init=dict(v="v_rest"),
    name="LIFNMDA",
    source="Brunel and Wang 2001",
    description="leaky integrate-and-fire with AMPA, GABA and NMDA conductances",
)
