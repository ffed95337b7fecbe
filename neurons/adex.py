r"""Adaptive exponential integrate-and-fire cell; presets for the firing patterns.

**Dynamics.**

    C_m dv/dt = -g_L (v - v_rest) + g_L delta_T exp((v - v_th)/delta_T) - w + I + i_offset + I_ext
    tau_w dw/dt = a (v - v_rest) - w,    tau_syn dI/dt = -I
    spike if v >= v_peak; then v = v_reset, w += b

integrated by Euler steps (choose another with ``AdEx(method="rk4")``). The exponent is cut off at 20, far above where
a spike is certain, so that v cannot overflow. v is held for the t_ref/dt - 1 steps after a spike (Brian 2's count; w
goes on), not at all by default.

**Input.** A spike adds its weight (nA; negative inhibits) to ``I``; ``I_ext`` takes injected currents (nA).

=========  ==========  ==========  ===================================================================
name       default     symbol      meaning; larger means
=========  ==========  ==========  ===================================================================
C_m        0.281 nF    C           capacitance; slower
g_L        0.03 uS     g_L         leak conductance; less depolarisation per current
v_rest     -70.6 mV    E_L         leak reversal potential
v_th       -50.4 mV    V_T         threshold of the exponential (where a spike begins, not where it is counted)
delta_T    2 mV        Delta_T     sharpness of spike initiation; 0 is the LIF
v_peak     20 mV       V_peak      where a spike is counted and cut off
v_reset    -70.6 mV    V_r         potential after a spike; above V_T, bursts
tau_w      144 ms      tau_w       adaptation time constant
a          0.004 uS    a           subthreshold adaptation; resonance, later spikes
b          0.0805 nA   b           spike-triggered adaptation; longer intervals
t_ref      0 ms        t_ref       refractory period
tau_syn    5 ms        tau_s       decay of the synaptic current
i_offset   0 nA        I           constant current
=========  ==========  ==========  ===================================================================

Presets: `TONIC`, `ADAPTING`, `INITIAL_BURST`, `REGULAR_BURSTING`, `DELAYED_ACCELERATING`, `DELAYED_BURSTING`,
`TRANSIENT`, `IRREGULAR`, each with the current that shows it as ``i_offset`` and v_peak 0 mV.

**State** [N]: v (mV), w (nA), I (nA). Output: spikes, at the step in which v passes v_peak, without interpolation.

**Left out.** v_reset is E_L in the paper, -60 mV in NEST, V_peak 20 and 0 mV. Spike times carry an error of order dt
which grows along a train: dt <= 0.01 ms for published counts, 0.1 ms for networks.

**Reference.** R. Brette and W. Gerstner 2005, J. Neurophysiol. 94; J. Touboul and R. Brette
2008, Biol. Cybern. 99 (loss of stability); R. Naud, N. Marcille, C. Clopath, W. Gerstner 2008, Biol. Cybern. 99
(patterns).

>>> from spikegram.networks import Network     # two Euler steps of 1 ms from rest, v_th is far away:
>>> net = Network(dt=1)                        # 0.281 nA/0.281 nF = 1 mV/ms, then the leak takes 30/281 mV away
>>> cell = net.population(1, AdEx(i_offset=0.281, v_th=900, v_rest=0, a=0), name="cell")
>>> _ = net.run(2, backend="reference")
>>> cell.get("v").round(6).tolist()
[1.893238]
"""

from .model import NeuronModel

__all__ = [
    "ADAPTING",
    "DELAYED_ACCELERATING",
    "DELAYED_BURSTING",
    "INITIAL_BURST",
    "IRREGULAR",
    "REGULAR_BURSTING",
    "TONIC",
    "TRANSIENT",
    "AdEx",
]

AdEx = NeuronModel(
    equations="""
        dv/dt = (g_L*(v_rest - v) + g_L*delta_T*exp(clip((v - v_th)/delta_T, -500, 20)) - w + I + i_offset + I_ext)/C_m
            : volt (unless refractory)
        dw/dt = (a*(v - v_rest) - w)/tau_w : amp
        dI/dt = -I/tau_syn : amp
        I_ext : amp (input)
    """,
    threshold="v >= v_peak",
    reset="v = v_reset\nw += b",
    refractory="t_ref",
    method="euler",
    parameters=dict(
        C_m=("281*pF", "capacitance"),
        g_L=("30*nS", "leak conductance"),
        v_rest=("-70.6*mV", "leak reversal potential"),
        v_th=("-50.4*mV", "threshold of the exponential"),
        delta_T=("2*mV", "sharpness of spike initiation"),
        v_peak=("20*mV", "where a spike is counted and cut off"),
        v_reset=("-70.6*mV", "potential after a spike"),
        tau_w=("144*ms", "adaptation time constant"),
        a=("4*nS", "subthreshold adaptation"),
        b=("80.5*pA", "spike-triggered adaptation"),
        t_ref=("0*ms", "refractory period"),
        tau_syn=("5*ms", "decay of the synaptic current"),
        i_offset=("0*nA", "constant current"),
    ),
    init=dict(v="v_rest"),
    name="AdEx",
    source="Brette and Gerstner 2005",
    description="adaptive exponential integrate-and-fire",
)


def _pattern(
    name: str, C_m: float, g_L: float, v_rest: float, a: float, tau_w: float, b: float, v_reset: float, current: float
) -> NeuronModel:
    """Give a preset from values in the units of the table by Naud et al.: pF, nS, mV, ms, pA."""
    return AdEx(
        name=name, C_m=f"{C_m}*pF", g_L=f"{g_L}*nS", v_rest=v_rest, v_th=-50, delta_T=2, v_peak=0, a=f"{a}*nS",
        tau_w=tau_w, b=f"{b}*pA", v_reset=v_reset, i_offset=f"{current}*pA",
    )  # fmt: skip


TONIC = _pattern("TONIC", 200, 10, -70, 2, 30, 0, -58, 500)
ADAPTING = _pattern("ADAPTING", 200, 12, -70, 2, 300, 60, -58, 500)
INITIAL_BURST = _pattern("INITIAL_BURST", 130, 18, -58, 4, 150, 120, -50, 400)
REGULAR_BURSTING = _pattern("REGULAR_BURSTING", 200, 10, -58, 2, 120, 100, -46, 210)
DELAYED_ACCELERATING = _pattern("DELAYED_ACCELERATING", 200, 12, -70, -10, 300, 0, -58, 300)
DELAYED_BURSTING = _pattern("DELAYED_BURSTING", 100, 10, -65, -10, 90, 30, -47, 110)
TRANSIENT = _pattern("TRANSIENT", 100, 10, -65, 10, 90, 100, -47, 180)
IRREGULAR = _pattern("IRREGULAR", 100, 12, -60, -11, 130, 30, -48, 160)
