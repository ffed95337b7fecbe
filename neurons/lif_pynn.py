r"""The two integrate-and-fire cells of PyNN, with its parameters and default values, for networks that go there.

**Dynamics.** `IFCurrExp` is PyNN's ``IF_curr_exp`` (NEST ``iaf_psc_exp``), `IFCondExp` its ``IF_cond_exp``:

    IF_curr_exp:  tau_m dv/dt = v_rest - v + (tau_m/C_m) (I_E + I_I + i_offset + I_ext)
    IF_cond_exp:  tau_m dv/dt = v_rest - v + (tau_m/C_m) (g_E (e_rev_E - v) + g_I (e_rev_I - v) + i_offset + I_ext)

with I_E, g_E decaying with tau_syn_E and I_I, g_I with tau_syn_I. Spike when ``v >= v_th``; then ``v = v_reset``,
held while refractory. IFCurrExp is integrated exactly (matrix exponential), IFCondExp by exponential Euler
(`lif_cond.py`).

**Refractory count.** NEST's and sPyNNaker's: v is held in the t_ref/dt steps after the step of the spike. In this
package's (Brian 2's) count that is ``refractory="t_ref + dt"``.

**Input.** As in PyNN an excitatory spike goes to ``I_E`` or ``g_E``, an inhibitory one to ``I_I`` or ``g_I``. Weights
are in nA, **negative for I_I**, or in uS, positive for both. ``I_ext`` takes injected currents (nA).

===========  ========  ==========  ======================================================================
name         default   symbol      meaning; larger means
===========  ========  ==========  ======================================================================
C_m          1 nF      C           capacitance; less depolarisation per current
tau_m        20 ms     tau_m       membrane time constant; slower
t_ref        0.1 ms    t_ref       refractory period
tau_syn_E    5 ms      tau_e       decay of the excitatory current or conductance
tau_syn_I    5 ms      tau_i       decay of the inhibitory one
e_rev_E      0 mV      E_e         excitatory reversal potential (IFCondExp)
e_rev_I      -70 mV    E_i         inhibitory reversal potential (IFCondExp)
v_rest       -65 mV    E_L         resting potential
v_reset      -65 mV    V_r         potential after a spike
v_th         -50 mV    V_th        threshold; fewer spikes
i_offset     0 nA      I_0         constant current
===========  ========  ==========  ======================================================================

The names are PyNN's but for three: C_m is ``cm`` there (here the name of a unit), t_ref ``tau_refrac``, v_th
``v_thresh``.

**State** [N]: v (mV); I_E, I_I (nA) or g_E, g_I (uS). Output: spikes.

**Left out.** A spike of ours carries the time of the beginning of its step, one of NEST that of its end: dt later.
NEST solves IF_cond_exp with adaptive Runge-Kutta steps, so traces agree to first order in dt.

**Reference.** A. P. Davison et al. 2009, "PyNN", Front. Neuroinform. 2:11; PyNN 0.12 ``standardmodels/cells.py``.

>>> from spikegram.networks import Network        # 20 MOhm 1 nA = 20 mV of drive against 15 mV: 20 ms ln 4
>>> net = Network(dt=0.1)                         # = 27.7 ms
>>> net.record(net.population(1, IFCurrExp(i_offset=1), name="cell"), "spikes")
>>> net.run(60, backend="reference")["cell"].spikes.times.round(1).tolist()
[27.7, 55.6]
"""

from typing import Any

from .model import NeuronModel

__all__ = ["IFCondExp", "IFCurrExp"]

_PARAMETERS = dict(
    C_m=("1*nF", "capacitance"),
    tau_m=("20*ms", "membrane time constant"),
    t_ref=("0.1*ms", "refractory period"),
    tau_syn_E=("5*ms", "decay of the excitatory input"),
    tau_syn_I=("5*ms", "decay of the inhibitory input"),
    v_rest=("-65*mV", "resting potential"),
    v_reset=("-65*mV", "potential after a spike"),
    v_th=("-50*mV", "threshold"),
    i_offset=("0*nA", "constant current"),
)
_COMMON: dict[str, Any] = dict(
    threshold="v >= v_th", reset="v = v_reset", refractory="t_ref + dt", init=dict(v="v_rest"),
    source="Davison et al. 2009; PyNN standard cells",
)  # fmt: skip

IFCurrExp = NeuronModel(
    equations="""
        dv/dt = (v_rest - v)/tau_m + (I_E + I_I + i_offset + I_ext)/C_m : volt (unless refractory)
        dI_E/dt = -I_E/tau_syn_E : amp
        dI_I/dt = -I_I/tau_syn_I : amp
        I_ext : amp (input)
    """,
    parameters=_PARAMETERS,
    name="IFCurrExp",
    description="PyNN's IF_curr_exp: exponential excitatory and inhibitory currents",
    **_COMMON,
)

IFCondExp = NeuronModel(
    equations="""
        dv/dt = (v_rest - v)/tau_m + (g_E*(e_rev_E - v) + g_I*(e_rev_I - v) + i_offset + I_ext)/C_m
            : volt (unless refractory)
        dg_E/dt = -g_E/tau_syn_E : siemens
        dg_I/dt = -g_I/tau_syn_I : siemens
        I_ext : amp (input)
    """,
    method="exponential_euler",
    parameters={
        **_PARAMETERS,
        "e_rev_E": ("0*mV", "excitatory reversal potential"),
        "e_rev_I": ("-70*mV", "inhibitory reversal potential"),
    },
    name="IFCondExp",
    description="PyNN's IF_cond_exp: exponential excitatory and inhibitory conductances",
    **_COMMON,
)
