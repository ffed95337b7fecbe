r"""Leaky integrate-and-fire cells with excitatory and inhibitory conductances: exponential (`LIFCond`), alpha-shaped
(`LIFCondAlpha`) and pulsed (`LIFCondDelta`).

**Dynamics.** Between spikes

    C_m dv/dt = g_L (v_rest - v) + g_E (e_rev_E - v) + g_I (e_rev_I - v) + i_offset + I_ext
    tau_syn_E dg_E/dt = -g_E,   tau_syn_I dg_I/dt = -g_I

Spike when ``v >= v_th``; then ``v = v_reset``, held while refractory (the conductances go on decaying). The update is
exponential Euler: v relaxes for one step with the conductances g of the step's beginning,

    v <- v_inf + (v - v_inf) exp(-dt g/C_m),   g = g_L + g_E + g_I,
    v_inf = (g_L v_rest + g_E e_rev_E + g_I e_rev_I + i_offset + I_ext)/g,   g_E <- g_E exp(-dt/tau_syn_E)

which is exact for constant g and never takes v beyond the reversal potentials. The refractory count is that of
`lif.py` (Brian 2's).

`LIFCondAlpha` has conductances w (t/tau_syn) exp(1 - t/tau_syn), which have their peak w at tau_syn:

    tau_syn_E dg_E/dt = e h_E - g_E,   tau_syn_E dh_E/dt = -h_E,   and so for I

`LIFCondDelta` is the limit of short conductances of the same area: a spike of weight x = (integral of g dt)/C_m takes v
to ``e_rev + (v - e_rev) exp(-x)``, leak and pulses of a step acting at once; lost while refractory.

**Input.** A spike adds its weight (uS, positive) to ``g_E`` or ``g_I`` of `LIFCond`; its weight is the peak conductance
(uS) to ``h_E`` or ``h_I`` of `LIFCondAlpha`; it has no unit, to ``x_E`` or ``x_I`` of `LIFCondDelta`. ``I_ext`` takes
injected currents (nA); of `LIFCondDelta` name it: ``net.inject(cells, 0.3, target="I_ext")``.

=========  ===========  ==========  ====================================================================
name       default      symbol      meaning; larger means
=========  ===========  ==========  ====================================================================
C_m        0.25 nF      C           capacitance; slower (tau_m = C_m/g_L = 15 ms at rest)
g_L        0.016667 uS  g_L         leak conductance; faster, less depolarisation per current
v_rest     -70 mV       E_L         resting potential
e_rev_E    0 mV         E_e         excitatory reversal potential
e_rev_I    -85 mV       E_i         inhibitory reversal potential
tau_syn_E  0.2 ms       tau_e       decay of g_E (not LIFCondDelta)
tau_syn_I  2 ms         tau_i       decay of g_I (not LIFCondDelta)
v_th       -55 mV       V_th        threshold; fewer spikes
v_reset    -60 mV       V_r         potential after a spike
t_ref      2 ms         t_ref       refractory period
i_offset   0 nA         I_0         constant current
=========  ===========  ==========  ====================================================================

**State** [N]: v (mV), g_E, g_I (uS), h_E, h_I (uS, LIFCondAlpha only). Output: spikes.

**Left out.** Within a step g (and h) is taken as constant: first order in dt, so dt should be well below tau_syn_E.
Negative conductances have no meaning and are not looked for.

**Reference.** A. Destexhe, M. Rudolph, J.-M. Fellous, T. J. Sejnowski 2001, Neuroscience 107; default values
of NEST's ``iaf_cond_exp`` and ``iaf_cond_alpha``.

>>> from spikegram.networks import Network
>>> net = Network(dt=0.1)                                  # g_E = 3 g_L for ever: v_inf = (-70 + 3*0)/4 = -17.5 mV
>>> cell = net.population(1, LIFCond(tau_syn_E=1e12, v_th=0), name="cell", init=dict(g_E=0.05))
>>> _ = net.run(100, backend="reference")
>>> cell.get("v").round(3).tolist()
[-17.5]
"""

from typing import Any

from .model import NeuronModel

__all__ = ["LIFCond", "LIFCondAlpha", "LIFCondDelta"]

_MEMBRANE = """
        dv/dt = (g_L*(v_rest - v) + g_E*(e_rev_E - v) + g_I*(e_rev_I - v) + i_offset + I_ext)/C_m
            : volt (unless refractory)
        I_ext : amp (input)
"""
_PARAMETERS = dict(
    C_m=("250*pF", "capacitance"),
    g_L=("50/3*nS", "leak conductance"),
    v_rest=("-70*mV", "resting potential"),
    e_rev_E=("0*mV", "excitatory reversal potential"),
    e_rev_I=("-85*mV", "inhibitory reversal potential"),
    v_th=("-55*mV", "threshold"),
    v_reset=("-60*mV", "potential after a spike"),
    t_ref=("2*ms", "refractory period"),
    i_offset=("0*nA", "constant current"),
)
_TAU_SYN = dict(
    tau_syn_E=("0.2*ms", "decay of the excitatory conductance"),
    tau_syn_I=("2*ms", "decay of the inhibitory conductance"),
)
_COMMON: dict[str, Any] = dict(
    threshold="v >= v_th", reset="v = v_reset", refractory="t_ref", method="exponential_euler", init=dict(v="v_rest")
)

LIFCond = NeuronModel(
    equations=_MEMBRANE
    + """
        dg_E/dt = -g_E/tau_syn_E : siemens
        dg_I/dt = -g_I/tau_syn_I : siemens
    """,
    parameters={**_PARAMETERS, **_TAU_SYN},
    name="LIFCond",
    source="Destexhe et al. 2001; values of NEST iaf_cond_exp",
    description="leaky integrate-and-fire, exponential conductances",
    **_COMMON,
)

LIFCondAlpha = NeuronModel(
    equations=_MEMBRANE
    + """
        dg_E/dt = (exp(1)*h_E - g_E)/tau_syn_E : siemens
        dg_I/dt = (exp(1)*h_I - g_I)/tau_syn_I : siemens
        dh_E/dt = -h_E/tau_syn_E : siemens
        dh_I/dt = -h_I/tau_syn_I : siemens
    """,
    parameters={**_PARAMETERS, **_TAU_SYN},
    name="LIFCondAlpha",
    source="Destexhe et al. 2001; values of NEST iaf_cond_alpha",
    description="leaky integrate-and-fire, alpha-shaped conductances; targets h_E, h_I, the weight is the peak",
    **_COMMON,
)

LIFCondDelta = NeuronModel(
    equations="""
        dv/dt = (g_L*(v_rest - v) + i_offset + I_ext)/C_m + (x_E*(e_rev_E - v) + x_I*(e_rev_I - v))/dt
            : volt (unless refractory)
        x_E : 1 (input)
        x_I : 1 (input)
        I_ext : amp (input)
    """,
    parameters=_PARAMETERS,
    name="LIFCondDelta",
    source="Destexhe et al. 2001, in the limit of short conductances",
    description="leaky integrate-and-fire, a spike takes v a part of the way to a reversal potential",
    **_COMMON,
)
