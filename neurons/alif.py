r"""Integrate-and-fire cells with adaptive threshold: in physical units (`ALIF`), as the map of LSNNs (`BellecALIF`).

**Dynamics.** `ALIF` is `LIF` (same equations, parameters, refractory count) with a threshold that each spike raises:

    tau_m dv/dt = v_rest - v + R (I + i_offset + I_ext),   tau_syn dI/dt = -I,   tau_a da/dt = -a
    spike if v >= v_th + beta a;   then v = v_reset, a += 1

integrated exactly (a <- a exp(-dt/tau_a)). `BellecALIF` is the dimensionless map of recurrent networks of such cells,
with z = 1 in the step after a spike, x the sum of the weights that arrive in this very step, and subtraction as
reset:

    v <- alpha v + x - z v_th,   a <- rho a + z,   alpha = exp(-dt/tau_m),  rho = exp(-dt/tau_a)
    spike if v > v_th + beta a and not refractory

**Input.** ALIF: a spike adds its weight to ``I`` (nA); ``I_ext`` takes injected currents. BellecALIF: a spike adds
its weight (no unit) to ``x``, delay at least one step. With beta = 0, ALIF is `LIF` bit for bit.

=========  ==========  ==========  ===================================================================
name       default     symbol      meaning; larger means
=========  ==========  ==========  ===================================================================
tau_a      200 ms      tau_a       decay of the adaptation; 200 to 2000 ms keep a memory of activity
beta       1 mV        beta        rise of the threshold per spike; fewer spikes, longer intervals
                                   (BellecALIF: 0.1, no unit)
v_th       -50 mV      v_th        threshold without adaptation (BellecALIF: 1, no unit)
others     as LIF                  (BellecALIF has tau_m 20 ms and t_ref 0 ms of them)
=========  ==========  ==========  ===================================================================

**State** [N]: ALIF v (mV), I (nA), a (1); BellecALIF v, a, z (1). Output: spikes.

**Left out.** There is no standard value of beta. Bellec et al. 2018 write the adaptation with (1 - rho) z in place of
z, so that their beta is ours divided by 1 - rho (1.7 v_th there is 0.0085 v_th here at tau_a 200 ms, dt 1 ms).

**Reference.** G. Bellec, D. Salaj, A. Subramoney, R. Legenstein, W. Maass 2018, NeurIPS 31, "Long short-term memory
and learning-to-learn in networks of spiking neurons", section 2; G. Bellec et al. 2020, Nat. Commun. 11:3625, eqs.
6-9.

>>> from spikegram.networks import Network                  # a spike in every fifth step, 0.2 per step:
>>> net = Network(dt=1)                                     # the mean of a tends to 0.2/(1 - exp(-1/200)) = 40.10
>>> cell = net.population(1, BellecALIF(beta=0, tau_m=0.1), name="cell", init=dict(a=39.9))
>>> net.inject(cell, [2, 0, 0, 0, 0] * 4); net.record(cell, "a")
>>> net.run(20, backend="reference")["cell"].a[10:].mean().round(2)
np.float64(40.1)
"""

from .lif import LIF
from .model import NeuronModel

__all__ = ["ALIF", "BellecALIF"]

ALIF = NeuronModel(
    equations=LIF.equations + "\nda/dt = -a/tau_a : 1",
    threshold="v >= v_th + beta*a",
    reset="v = v_reset\na += 1",
    refractory=LIF.refractory,
    parameters={
        **LIF.parameters,
        "tau_a": ("200*ms", "decay of the adaptation"),
        "beta": ("1*mV", "rise of the threshold per spike"),
    },
    init=LIF.init,
    name="ALIF",
    source="Bellec et al. 2018, section 2; Bellec et al. 2020, eqs. 6-9",
    description="leaky integrate-and-fire with a threshold that each spike raises",
)

BellecALIF = NeuronModel(
    equations="""
        v : 1
        a : 1
        z : 1
        x : 1 (input)
    """,
    update="""
        v = exp(-dt/tau_m)*v + x - z*v_th
        a = exp(-dt/tau_a)*a + z
        z = 0
    """,
    threshold="v > v_th + beta*a",
    reset="z = 1",
    refractory="t_ref",
    parameters=dict(
        tau_m=("20*ms", "membrane time constant"),
        tau_a=("200*ms", "decay of the adaptation"),
        v_th=(1, "threshold without adaptation, and what a spike takes from v"),
        beta=(0.1, "rise of the threshold per spike"),
        t_ref=("0*ms", "refractory period"),
    ),
    name="BellecALIF",
    source="Bellec et al. 2020, eqs. 6-9",
    description="dimensionless adaptive LIF of LSNNs: reset by subtraction",
)
