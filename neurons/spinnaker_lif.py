r"""The current-based LIF of sPyNNaker as a discrete update rule with its own order of events; presets `SLOW`, `FAST`.

**Dynamics.** In each step, in this order (in_E, in_I: sums of the weights that arrive in this very step)

    1.  I_E <- I_E + g0_E in_E,   I_I <- I_I + g0_I in_I,   g0 = (tau_syn/dt) (1 - exp(-dt/tau_syn))
    2.  v_inf = v_rest + R (I_E - I_I + i_offset);   v <- v_inf - (v_inf - v) exp(-dt/tau_m) unless refractory
    3.  spike if v >= v_th and not refractory; then v <- v_reset
    4.  I_E <- I_E exp(-dt/tau_syn_E),   I_I alike

g0 makes one arriving weight the mean of its decaying current over the first step; R = tau_m/C_m. The rule is the
model: it is no integration of an equation, so a smaller dt gives other numbers (they converge to those of
`lif_pynn.py`).

**Refractory count.** v is held for t_ref/dt steps after a spike, so the shortest interval is t_ref/dt + 1 steps.

**Input.** Delay d >= 1 step: a spike in step n is in the sums of step n + d and acts on v in that step. Weights (nA)
are positive for both ``in_E`` and ``in_I``; the second is subtracted.

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
C_m        0.27 nF    C_m         capacitance; less depolarisation per current
tau_m      3 ms       tau_m       membrane time constant; slower, at given C_m more depolarisation
tau_syn_E  0.3 ms     tau_syn_E   decay of the excitatory current
tau_syn_I  0.3 ms     tau_syn_I   decay of the inhibitory current
v_rest     -60 mV     v_rest      resting potential
v_reset    -60 mV     v_reset     potential after a spike
v_th       -57 mV     v_th        threshold; fewer spikes
t_ref      1 ms       t_ref       refractory period
i_offset   0 nA       i_offset    constant current
=========  =========  ==========  ====================================================================

`SLOW` has these values; `FAST` has C_m 0.14 nF and tau_m 0.5 ms. They belong to dt = 1 ms.

**State** [N]: v (mV), I_E, I_I (nA). Output: spikes, stamped with the step in which they are found.

**Left out.** Fixed-point arithmetic: SpiNNaker rounds states and weights, here they are float64 (or float32).

**Reference.** O. Rhodes et al. 2018, "sPyNNaker", Front. Neurosci. 12:816; values of D. Casanueva-Morato
et al. 2024, Neural Networks 178, 106474 (CA3 content-addressable memory).

>>> from spikegram.networks import Network        # g0 = 0.3 (1 - exp(-1/0.3)) = 0.28930; 0.28930 * 6 nA * 11.11 MOhm
>>> net = Network(dt=1)                           # * (1 - exp(-1/3)) = 5.467 mV, more than 3 mV: a spike in this step
>>> cells = net.population(2, SLOW(v_th=-50), name="cells"); net.inject(cells[:1], 6, target="in_E", stop=1)
>>> _ = net.run(1, backend="reference")
>>> cells.get("v").round(3).tolist()
[-54.533, -60.0]
"""

from .model import NeuronModel

__all__ = ["FAST", "SLOW", "SpiNNakerLIF"]

SpiNNakerLIF = NeuronModel(
    equations="""
        v : volt
        I_E : amp
        I_I : amp
        in_E : amp (input)
        in_I : amp (input)
    """,
    update="""
        I_E = I_E + in_E*tau_syn_E/dt*(1 - exp(-dt/tau_syn_E))
        I_I = I_I + in_I*tau_syn_I/dt*(1 - exp(-dt/tau_syn_I))
        v_inf = v_rest + tau_m/C_m*(I_E - I_I + i_offset)
        v = where(not_refractory, v_inf - (v_inf - v)*exp(-dt/tau_m), v)
        I_E = I_E*exp(-dt/tau_syn_E)
        I_I = I_I*exp(-dt/tau_syn_I)
    """,
    threshold="v >= v_th",
    reset="v = v_reset",
    refractory="t_ref + dt",
    parameters=dict(
        C_m=("0.27*nF", "capacitance"),
        tau_m=("3*ms", "membrane time constant"),
        tau_syn_E=("0.3*ms", "decay of the excitatory current"),
        tau_syn_I=("0.3*ms", "decay of the inhibitory current"),
        v_rest=("-60*mV", "resting potential"),
        v_reset=("-60*mV", "potential after a spike"),
        v_th=("-57*mV", "threshold"),
        t_ref=("1*ms", "refractory period"),
        i_offset=("0*nA", "constant current"),
    ),
    init=dict(v="v_rest"),
    name="SpiNNakerLIF",
    source="Rhodes et al. 2018; values of Casanueva-Morato et al. 2024",
    description="current-based LIF of sPyNNaker, exponential synapses, update rule",
)

SLOW = SpiNNakerLIF(name="SLOW")
FAST = SpiNNakerLIF(name="FAST", C_m=0.14, tau_m=0.5)
