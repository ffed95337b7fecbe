r"""Two compartments, a soma that spikes and a dendrite with NMDA receptors, whose magnesium block makes it bistable.

**Dynamics.** Between spikes

    C_s dv_s/dt = g_Ls (v_rest - v_s) + g_c (v_d - v_s) + i_offset + I_s
    C_d dv_d/dt = g_Ld (v_rest - v_d) + g_c (v_s - v_d) + i_dend + I_d
                  + (g_nmda + g_tonic) B (e_rev_E - v_d) + g_E (e_rev_E - v_d) + g_I (e_rev_I - v_d)
    B = 1/(1 + (Mg/3.57 mM) exp(-0.062 v_d/mV))
    dg_nmda/dt = n x_nmda/tau_rise - g_nmda/tau_decay,   tau_rise dx_nmda/dt = -x_nmda
    n = (tau_decay/tau_rise)^(tau_rise/(tau_decay - tau_rise)),   tau_syn_E dg_E/dt = -g_E,   tau_syn_I dg_I/dt = -g_I

by second-order Runge-Kutta steps (midpoint). n makes the peak of g_nmda the weight of the spike. Spike when ``v_s >=
v_th``; then ``v_s = v_reset``, held while refractory (Brian 2's count); the dendrite goes on.

**Input.** Onto the dendrite a spike adds its weight (uS, positive) to ``x_nmda``, ``g_E`` (AMPA) or ``g_I``. ``I_s``
and ``I_d`` take injected currents (nA) of soma and dendrite.

=========  ===========  =============  =================================================================
name       default      symbol         meaning; larger means
=========  ===========  =============  =================================================================
C_s, C_d   0.1 nF       C              capacitance of soma and dendrite; slower
g_Ls, g_Ld 0.005 uS     g_L            leak conductance of soma and dendrite
g_c        0.005 uS     g_c            coupling conductance; both follow each other more closely
v_rest     -70 mV       E_L            resting potential
v_th       -55 mV       V_th           threshold of the soma; fewer spikes
v_reset    -60 mV       V_r            potential of the soma after a spike
t_ref      2 ms         t_ref          refractory period of the soma
Mg         1 mM         [Mg]           magnesium outside; stronger block at low v
g_tonic    0 uS         g              NMDA conductance that is always there; bistable if large
tau_rise   2 ms         tau_r          rise of the NMDA conductance
tau_decay  100 ms       tau_d          decay of the NMDA conductance; not equal to tau_rise
tau_syn_E  2 ms         tau_e          decay of the AMPA conductance
tau_syn_I  10 ms        tau_i          decay of the inhibitory conductance
e_rev_E    0 mV         E_e            reversal potential of AMPA and NMDA
e_rev_I    -75 mV       E_i            inhibitory reversal potential
i_offset   0 nA         I_0            constant current into the soma
i_dend     0 nA         I_d0           constant current into the dendrite; < 0 holds it down
=========  ===========  =============  =================================================================

A current into the dendrite alone gives at rest ``v_s - v_rest = (v_d - v_rest) g_c/(g_c + g_Ls)``: the dendrite sees
the leak g = g_Ld + g_c g_Ls/(g_c + g_Ls). The current that keeps it at v_d, ``g (v_d - v_rest) - g_tonic B (e_rev_E -
v_d)``, has a part of negative slope for g_tonic above g/max(-d/dv B (v - e_rev_E)), 32.06 nS with the values of the
table, and i_dend between its two folds leaves a lower and an upper stable potential (at -0.164 and -0.125 nA for 42 nS;
without spikes of the soma, which pull the upper one down). With i_dend = 0 and v_rest = -70 mV no g_tonic does: the
dendrite needs inhibition as well.

**State** [N]: v_s, v_d (mV), g_nmda, x_nmda, g_E, g_I (uS). ``B`` can be recorded. Output: spikes of the soma.

**Left out.** The action potential does not run back into the dendrite; calcium; saturation of NMDA receptors.

**Reference.** C. E. Jahr and C. F. Stevens 1990, J. Neurosci. 10(9), eq. 4 (magnesium block); bistability: J. E.
Lisman, J.-M. Fellous, X.-J. Wang 1998, Nat. Neurosci. 1. The conductances of the cell are chosen here.

>>> from spikegram.networks import Network      # the divider: 0.06 nA into 7.5 nS of the dendrite, 8 and 4 mV
>>> net = Network(dt=0.5)
>>> cell = net.population(1, TwoCompartment, name="cell"); net.inject(cell, 0.06, target="I_d")
>>> _ = net.run(400, backend="reference")
>>> [float(cell.get(v)[0].round(3)) for v in ("v_d", "v_s")]
[-62.0, -66.0]
"""

from .model import NeuronModel

__all__ = ["TwoCompartment"]

TwoCompartment = NeuronModel(
    equations="""
        dv_s/dt = (g_Ls*(v_rest - v_s) + g_c*(v_d - v_s) + i_offset + I_s)/C_s : volt (unless refractory)
        dv_d/dt = (g_Ld*(v_rest - v_d) + g_c*(v_s - v_d) + i_dend + I_d + I_syn)/C_d : volt
        I_syn = ((g_nmda + g_tonic)*B + g_E)*(e_rev_E - v_d) + g_I*(e_rev_I - v_d) : amp
        B = 1/(1 + Mg/(3.57*mM)*exp(-0.062*v_d/mV)) : 1
        dg_nmda/dt = n*x_nmda/tau_rise - g_nmda/tau_decay : siemens
        dx_nmda/dt = -x_nmda/tau_rise : siemens
        dg_E/dt = -g_E/tau_syn_E : siemens
        dg_I/dt = -g_I/tau_syn_I : siemens
        n = exp(log(tau_decay/tau_rise)*tau_rise/(tau_decay - tau_rise)) : 1
        I_s : amp (input)
        I_d : amp (input)
    """,
    threshold="v_s >= v_th",
    reset="v_s = v_reset",
    refractory="t_ref",
    method="rk2",
    parameters=dict(
        C_s=("100*pF", "capacitance of the soma"),
        C_d=("100*pF", "capacitance of the dendrite"),
        g_Ls=("5*nS", "leak conductance of the soma"),
        g_Ld=("5*nS", "leak conductance of the dendrite"),
        g_c=("5*nS", "coupling conductance"),
        v_rest=("-70*mV", "resting potential"),
        v_th=("-55*mV", "threshold of the soma"),
        v_reset=("-60*mV", "potential of the soma after a spike"),
        t_ref=("2*ms", "refractory period of the soma"),
        Mg=("1*mM", "magnesium outside"),
        g_tonic=("0*uS", "NMDA conductance that is always there"),
        tau_rise=("2*ms", "rise of the NMDA conductance"),
        tau_decay=("100*ms", "decay of the NMDA conductance"),
        tau_syn_E=("2*ms", "decay of the AMPA conductance"),
        tau_syn_I=("10*ms", "decay of the inhibitory conductance"),
        e_rev_E=("0*mV", "reversal potential of AMPA and NMDA"),
        e_rev_I=("-75*mV", "inhibitory reversal potential"),
        i_offset=("0*nA", "constant current into the soma"),
        i_dend=("0*nA", "constant current into the dendrite"),
    ),
    init=dict(v_s="v_rest", v_d="v_rest"),
    name="TwoCompartment",
    source="Jahr and Stevens 1990, eq. 4; Lisman, Fellous and Wang 1998",
    description="spiking soma and dendrite with NMDA receptors",
)
