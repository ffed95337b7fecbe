r"""Leaky integrator: a membrane that never spikes, to read out the spikes of others.

**Dynamics.** `LIF` without threshold and reset, with the same equations:

    tau_m dv/dt = v_rest - v + R (I + i_offset + I_ext),    tau_syn dI/dt = -I

The update is the matrix exponential: exact for every dt, also where tau_syn = tau_m.

**Input.** A spike adds its weight to ``I`` (nA; negative inhibits), or is a jump of ``v`` (target ``v``, mV: then v
is the exponential filter of the spikes, the readout of recurrent spiking networks). ``I_ext`` takes injected currents.

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
tau_m      20 ms      tau_m       membrane time constant; remembers for longer
tau_syn    5 ms       tau_s       decay of the synaptic current
R          100 MOhm   R           membrane resistance; more depolarisation per current
v_rest     0 mV       E_L         resting potential
i_offset   0 nA       I_0         constant current; v rests at v_rest + R i_offset
=========  =========  ==========  ====================================================================

**State** [N]: v (mV), I (nA). Output: v; there are no spikes.

**Left out.** Anything that is not linear; there is no bound of v.

**Reference.** P. Dayan and L. F. Abbott 2001, "Theoretical Neuroscience", eq. 5.7; as a readout G. Bellec et al.
2020, Nat. Commun. 11:3625, eq. 8.

>>> from spikegram.networks import Network                # 100 MOhm 0.1 nA = 10 mV, after one tau_m 10 (1 - 1/e) mV
>>> net = Network(dt=0.5)
>>> cell = net.population(1, LeakyIntegrator(i_offset=0.1), name="cell")
>>> _ = net.run(20, backend="reference")
>>> cell.get("v").round(4).tolist()
[6.3212]
"""

from .lif import LIF
from .model import NeuronModel

__all__ = ["LeakyIntegrator"]

_KEPT = ("tau_m", "tau_syn", "R", "i_offset")

LeakyIntegrator = NeuronModel(
    equations=LIF.equations.replace(" (unless refractory)", ""),
    parameters={**{name: LIF.parameters[name] for name in _KEPT}, "v_rest": ("0*mV", "resting potential")},
    init=LIF.init,
    name="LeakyIntegrator",
    source="Dayan and Abbott 2001, eq. 5.7; Bellec et al. 2020, eq. 8",
    description="leaky integrator without spikes",
)
