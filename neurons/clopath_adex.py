r"""Adaptive exponential cell for voltage-based plasticity: a spike that lasts, and low-pass filtered potentials.

**Dynamics.** `AdEx` with a depolarising after-current z and a threshold that a spike raises, as in Clopath et al.,

    C_m dv/dt = -g_L (v - v_rest) + g_L delta_T exp((v - V_T)/delta_T) - w + z + I + i_offset + I_ext
    tau_w dw/dt = a (v - v_rest) - w,   tau_z dz/dt = -z,   tau_VT dV_T/dt = v_th - V_T,   tau_syn dI/dt = -I
    tau_minus du_minus/dt = v - u_minus,   tau_plus du_fast/dt = v - u_fast,   tau_long du_long/dt = u_minus - u_long
    u_plus is u_fast one step before, and stands still during a spike
    spike if v >= v_peak; then v = v_clamp for t_clamp, w += b, z = I_sp, V_T = V_T_max; then v = v_reset

integrated by Euler steps. The learning rule (`plasticity.clopath`) reads v and its averages. A spike must be as long
there as in a cell: held at v_clamp for t_clamp (2 ms), it potentiates; cut off at once, hardly. A cell that spikes in
step n has v_clamp after the steps n ... n + t_clamp/dt - 1, and v_reset after the next. A spike must not count as its
own past: potentiation is decided by u_plus, the average just before it. A cell that is given a start value above v_peak
is reset in the first step without a spike.

**Input.** A spike adds its weight (nA) to ``I``; ``I_ext`` takes injected currents (nA).

=========  ==========  ==========  ===================================================================
name       default     symbol      meaning; larger means
=========  ==========  ==========  ===================================================================
C_m        0.281 nF    C           capacitance; slower
g_L        0.03 uS     g_L         leak conductance; less depolarisation per current
v_rest     -70.6 mV    E_L         leak reversal potential
v_th       -50.4 mV    V_Trest     resting threshold of the exponential
delta_T    2 mV        Delta_T     sharpness of spike initiation
v_peak     20 mV       -           where a spike is counted
v_clamp    33 mV       -           potential during a spike
t_clamp    2 ms        -           length of a spike; more potentiation
v_reset    -49.6 mV    V_reset     potential after a spike (v_rest + 21 mV)
tau_w      144 ms      tau_w       adaptation time constant
a          0.004 uS    a           subthreshold adaptation
b          0.0805 nA   b           spike-triggered adaptation
I_sp       0.4 nA      I_sp        after-current of a spike; depolarising afterpotential
tau_z      40 ms       tau_z       decay of the after-current
V_T_max    30.4 mV     V_Tmax      threshold right after a spike
tau_VT     50 ms       tau_VT      decay of the threshold
tau_minus  10 ms       tau_-       average that decides on depression
tau_plus   7 ms        tau_+       average that decides on potentiation
tau_long   1000 ms     -           slow average of u_minus, for homeostasis
tau_syn    5 ms        tau_s       decay of the synaptic current
i_offset   0 nA        I           constant current
=========  ==========  ==========  ===================================================================

**State** [N]: v, V_T, u_minus, u_fast, u_plus, u_long (mV), w, z, I (nA). Output: spikes.

**Left out.** v_clamp, t_clamp and v_reset are those of NEST's `aeif_psc_delta_clopath` and its example.

**Reference.** C. Clopath, L. Busing, E. Vasilaki, W. Gerstner 2010, Nat. Neurosci. 13(3):344-352, methods.

>>> from spikegram.networks import Network                 # one spike at 0: 33 mV for 2 ms, then the reset
>>> net = Network(dt=0.1); cell = net.population(1, ClopathAdEx, name="cell"); net.inject(cell, [300.0])
>>> net.record(cell, "v"); v = net.run(2.4, backend="reference")["cell"].v[:, 0]
>>> v[[0, 1, 19, 20, 21]].round(1).tolist()
[-70.6, 33.0, 33.0, 33.0, -49.6]
"""

from .model import NeuronModel

__all__ = ["ClopathAdEx"]

ClopathAdEx = NeuronModel(
    equations="""
        dv/dt = where(v < v_peak, (g_L*(v_rest - v) + g_L*delta_T*exp(clip((v - V_T)/delta_T, -500, 20))
            - w + z + I + i_offset + I_ext)/C_m, (v_reset - v)/dt) : volt (unless refractory)
        dw/dt = (a*(v - v_rest) - w)/tau_w : amp
        dz/dt = -z/tau_z : amp
        dV_T/dt = (v_th - V_T)/tau_VT : volt
        du_minus/dt = (v - u_minus)/tau_minus : volt
        du_fast/dt = (v - u_fast)/tau_plus : volt
        du_plus/dt = (u_fast - u_plus)/dt : volt (unless refractory)
        du_long/dt = (u_minus - u_long)/tau_long : volt
        dI/dt = -I/tau_syn : amp
        I_ext : amp (input)
    """,
    threshold="v >= v_peak",
    reset="v = v_clamp\nw += b\nz = I_sp\nV_T = V_T_max",
    refractory="t_clamp",
    method="euler",
    parameters=dict(
        C_m=("281*pF", "capacitance"),
        g_L=("30*nS", "leak conductance"),
        v_rest=("-70.6*mV", "leak reversal potential"),
        v_th=("-50.4*mV", "resting threshold of the exponential"),
        delta_T=("2*mV", "sharpness of spike initiation"),
        v_peak=("20*mV", "where a spike is counted"),
        v_clamp=("33*mV", "potential during a spike"),
        t_clamp=("2*ms", "length of a spike"),
        v_reset=("-49.6*mV", "potential after a spike"),
        tau_w=("144*ms", "adaptation time constant"),
        a=("4*nS", "subthreshold adaptation"),
        b=("80.5*pA", "spike-triggered adaptation"),
        I_sp=("400*pA", "after-current of a spike"),
        tau_z=("40*ms", "decay of the after-current"),
        V_T_max=("30.4*mV", "threshold right after a spike"),
        tau_VT=("50*ms", "decay of the threshold"),
        tau_minus=("10*ms", "average that decides on depression"),
        tau_plus=("7*ms", "average that decides on potentiation"),
        tau_long=("1000*ms", "slow average of u_minus, for homeostasis"),
        tau_syn=("5*ms", "decay of the synaptic current"),
        i_offset=("0*nA", "constant current"),
    ),
    init=dict(v="v_rest", V_T="v_th", u_minus="v_rest", u_fast="v_rest", u_plus="v_rest", u_long="v_rest"),
    name="ClopathAdEx",
    source="Clopath et al. 2010, methods",
    description="adaptive exponential cell whose spikes last, with low-pass filtered potentials",
)
