r"""Leaky integrate-and-fire cell with excitatory and inhibitory conductances.

**Dynamics.** Between spikes

    C_m dv/dt = g_L (v_rest - v) + g_E (e_rev_E - v) + g_I (e_rev_I - v) + i_offset + I_ext
    tau_syn_E dg_E/dt = -g_E,   tau_syn_I dg_I/dt = -g_I

Spike when ``v >= v_th``; then ``v = v_reset``, held while refractory (the conductances go on decaying). The update is
exponential Euler: v relaxes for one step with the conductances g of the step's beginning,

    v <- v_inf + (v - v_inf) exp(-dt g/C_m),   g = g_L + g_E + g_I,
    v_inf = (g_L v_rest + g_E e_rev_E + g_I e_rev_I + i_offset + I_ext)/g,   g_E <- g_E exp(-dt/tau_syn_E)

which is exact for constant g and never takes v beyond the reversal potentials. The refractory count is that of
`lif.py` (Brian 2's).

**Input.** A spike adds its weight (uS, positive) to ``g_E`` or ``g_I``. ``I_ext`` takes injected currents (nA).

=========  ===========  ==========  ====================================================================
name       default      symbol      meaning; larger means
=========  ===========  ==========  ====================================================================
C_m        0.25 nF      C           capacitance; slower (tau_m = C_m/g_L = 15 ms at rest)
g_L        0.016667 uS  g_L         leak conductance; faster, less depolarisation per current
v_rest     -70 mV       E_L         resting potential
e_rev_E    0 mV         E_e         excitatory reversal potential
e_rev_I    -85 mV       E_i         inhibitory reversal potential
tau_syn_E  0.2 ms       tau_e       decay of g_E
tau_syn_I  2 ms         tau_i       decay of g_I
v_th       -55 mV       V_th        threshold; fewer spikes
v_reset    -60 mV       V_r         potential after a spike
t_ref      2 ms         t_ref       refractory period
i_offset   0 nA         I_0         constant current
=========  ===========  ==========  ====================================================================

**State** [N]: v (mV), g_E, g_I (uS). Output: spikes.

**Left out.** Within a step g is taken as constant: first order in dt, so dt should be well below tau_syn_E. Negative
conductances have no meaning and are not looked for.

**Reference.** A. Destexhe, M. Rudolph, J.-M. Fellous, T. J. Sejnowski 2001, Neuroscience 107; default values
of NEST's ``iaf_cond_exp``.

>>> from spikegram.networks import Network
>>> net = Network(dt=0.1)                                  # g_E = 3 g_L for ever: v_inf = (-70 + 3*0)/4 = -17.5 mV
>>> cell = net.population(1, LIFCond(tau_syn_E=1e12, v_th=0), name="cell", init=dict(g_E=0.05))
>>> _ = net.run(100, backend="reference")
>>> cell.get("v").round(3).tolist()
[-17.5]
"""

from .model import NeuronModel

__all__ = ["LIFCond"]

LIFCond = NeuronModel(
    equations="""
        dv/dt = (g_L*(v_rest - v) + g_E*(e_rev_E - v) + g_I*(e_rev_I - v) + i_offset + I_ext)/C_m
            : volt (unless refractory)
        dg_E/dt = -g_E/tau_syn_E : siemens
        dg_I/dt = -g_I/tau_syn_I : siemens
        I_ext : amp (input)
    """,
    threshold="v >= v_th",
    reset="v = v_reset",
    refractory="t_ref",
    method="exponential_euler",
    parameters=dict(
        C_m=("250*pF", "capacitance"),
        g_L=("50/3*nS", "leak conductance"),
        v_rest=("-70*mV", "resting potential"),
        e_rev_E=("0*mV", "excitatory reversal potential"),
        e_rev_I=("-85*mV", "inhibitory reversal potential"),
        tau_syn_E=("0.2*ms", "decay of the excitatory conductance"),
        tau_syn_I=("2*ms", "decay of the inhibitory conductance"),
        v_th=("-55*mV", "threshold"),
        v_reset=("-60*mV", "potential after a spike"),
        t_ref=("2*ms", "refractory period"),
        i_offset=("0*nA", "constant current"),
    ),
    init=dict(v="v_rest"),
    name="LIFCond",
    source="Destexhe et al. 2001; values of NEST iaf_cond_exp",
    description="leaky integrate-and-fire, exponential conductances",
)
