r"""Leaky integrate-and-fire cells with exponential (`LIF`), alpha-shaped (`LIFAlpha`) and pulsed input (`LIFDelta`).

**Dynamics.** Between spikes

    tau_m dv/dt = v_rest - v + R (I + i_offset + I_ext),    tau_syn dI/dt = -I

Spike when ``v >= v_th``; then ``v = v_reset``, and v is held there while refractory (I goes on decaying). The
equations are linear, so the update is the matrix exponential of the system: exact for every dt, also where tau_syn =
tau_m. For `LIF` one step is

    v <- v_inf + (v - v_inf) e_m + P I,   I <- I e_s,   v_inf = v_rest + R (i_offset + I_ext),
    e_m = exp(-dt/tau_m),  e_s = exp(-dt/tau_syn),  P = R tau_syn/(tau_m - tau_syn) (e_m - e_s)

**Refractory count.** Brian 2's: a cell that spikes in step n is held in the t_ref/dt - 1 steps after it and
integrates again in step n + t_ref/dt. Time is thus counted from the beginning of the step of the spike; NEST and
sPyNNaker hold the cell one step longer (`lif_pynn.py`, or ``LIF(refractory="t_ref + dt")``).

**Input.** A spike adds its weight to ``I`` (nA; negative inhibits), or is the peak current: to ``J`` of `LIFAlpha`,
which then sends the current w (t/tau_syn) exp(1 - t/tau_syn); or is a jump of ``v`` in mV for `LIFDelta` (lost while
refractory). ``I_ext`` takes injected currents, and spikes as pulses of one step.

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
tau_m      20 ms      tau_m       membrane time constant; slower, sums inputs for longer
tau_syn    5 ms       tau_s       decay of the synaptic current; longer PSP (LIF, LIFAlpha)
R          100 MOhm   R           membrane resistance, tau_m/C; more depolarisation per current
v_rest     -60 mV     E_L         resting potential
v_th       -50 mV     V_th        threshold; fewer spikes
v_reset    -60 mV     V_r         potential after a spike
t_ref      5 ms       t_ref       refractory period; lower highest rate (1/t_ref)
i_offset   0 nA       I_0         constant current; depolarises by R i_offset
=========  =========  ==========  ====================================================================

**State** [N]: v (mV), I (nA), J (nA, LIFAlpha only). Output: spikes.

**Left out.** Spike shape, adaptation (`alif.py`, `adex.py`), dependence of the synaptic current on v (`lif_cond.py`).

**Reference.** L. Lapicque 1907; A. N. Burkitt 2006, "A review of the integrate-and-fire neuron model: I", Biol.
Cybern. 95. Exact step: S. Rotter and M. Diesmann 1999, Biol. Cybern. 81. Values: T. P. Vogels and L. F. Abbott 2005,
J. Neurosci. 25.

>>> from spikegram.networks import Network        # 20 mV of drive: v passes 10 mV after 20 ms * ln 2 = 13.86 ms,
>>> net = Network(dt=0.01)                        # and 5 ms of rest come on top: 1/18.86 ms = 53.0 Hz
>>> net.record(net.population(1, LIF(i_offset=0.2), name="cell"), "spikes")
>>> net.run(60, backend="reference")["cell"].spikes.times.round(1).tolist()
[13.9, 32.7, 51.6]
"""

from typing import Any

from .model import NeuronModel

__all__ = ["LIF", "LIFAlpha", "LIFDelta"]

_LEAK = "dv/dt = (v_rest - v + R*({current}i_offset + I_ext))/tau_m : volt (unless refractory)\nI_ext : amp (input)"
_PARAMETERS = dict(
    tau_m=("20*ms", "membrane time constant"),
    R=("100*Mohm", "membrane resistance"),
    v_rest=("-60*mV", "resting potential"),
    v_th=("-50*mV", "threshold"),
    v_reset=("-60*mV", "potential after a spike"),
    t_ref=("5*ms", "refractory period"),
    i_offset=("0*nA", "constant current"),
)
_TAU_SYN = dict(tau_syn=("5*ms", "decay of the synaptic current"))
_COMMON: dict[str, Any] = dict(threshold="v >= v_th", reset="v = v_reset", refractory="t_ref", init=dict(v="v_rest"))

LIF = NeuronModel(
    equations=_LEAK.format(current="I + ") + "\ndI/dt = -I/tau_syn : amp",
    parameters={**_PARAMETERS, **_TAU_SYN},
    name="LIF",
    source="Lapicque 1907; Burkitt 2006; values of Vogels and Abbott 2005",
    description="leaky integrate-and-fire, exponential synaptic current",
    **_COMMON,
)

LIFAlpha = NeuronModel(
    equations=_LEAK.format(current="I + ") + "\ndI/dt = (exp(1)*J - I)/tau_syn : amp\ndJ/dt = -J/tau_syn : amp",
    parameters={**_PARAMETERS, **_TAU_SYN},
    name="LIFAlpha",
    source="Rotter and Diesmann 1999",
    description="leaky integrate-and-fire, alpha-shaped synaptic current; target J, the weight is the peak current",
    **_COMMON,
)

LIFDelta = NeuronModel(
    equations=_LEAK.format(current=""),
    parameters=_PARAMETERS,
    name="LIFDelta",
    source="Lapicque 1907; Burkitt 2006",
    description="leaky integrate-and-fire, a spike is a jump of v",
    **_COMMON,
)
