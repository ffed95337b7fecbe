r"""NMDA synapse: slow, saturating, blocked by magnesium unless the cell is depolarised.

**Dynamics.** A presynaptic spike raises x by 1; x opens the part s of the channels, which closes slowly,

    tau_rise dx/dt = -x,   ds/dt = -s/tau_decay + alpha x (1 - s)          (every step, exponential Euler)
    target_j = sum over i of  w_ij s_ij B(v_j),   B(v) = 1/(1 + Mg exp(-v/v_block)/3.57)

The target is a conductance that only synapses set (a summed variable): a line ``g_nmda : siemens`` in the cell's
equations and ``g_nmda*(e_rev - v)`` among its currents; `LIFNMDA` has it. The cell has a potential ``v``, read at the
beginning of the step. s stays in [0, 1) at any rate, so that the current of a busy synapse saturates at w.

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
tau_rise   2 ms       tau_rise    how long transmitter opens channels; slower and larger
tau_decay  100 ms     tau_decay   closing; longer, more summation
alpha      500 Hz     alpha       opening rate (0.5/ms); larger s per spike, earlier saturation
Mg         1          [Mg2+]      magnesium outside, in mM; stronger block, 0: none
v_block    16.13 mV   1/0.062     how many mV change the block by a factor e; softer
=========  =========  ==========  ====================================================================

**Variables** [S]: w, the conductance with all channels open, in the unit of the target variable (uS); s, x. Input:
presynaptic spikes and v of the target; output: a conductance.

**Left out.** The block follows v at once. Where it is the same for all synapses of a cell it could be computed once in
the cell: set ``Mg=0`` here and write B(v) there, which saves an exponential per synapse and step.

**Reference.** C. E. Jahr and C. F. Stevens 1990, J. Neurosci. 10 (block); X.-J. Wang 1999, J. Neurosci. 19 and N.
Brunel and X.-J. Wang 2001, J. Comput. Neurosci. 11 (gating, values).

>>> from spikegram.networks import Network, OneToOne, SpikeArray     # held at 0 mV: B = 1/(1 + 1/3.57) = 0.7812
>>> from spikegram.neurons import LIFNMDA
>>> net = Network(dt=1); pre = net.population(1, SpikeArray([[]])); cell = net.population(1, LIFNMDA(v_th=9), name="c")
>>> cell.set(v=0)
>>> _ = net.project(pre, cell, OneToOne(), weight=1, target="g_nmda", synapse=NMDA, init=dict(s=1))
>>> _ = net.run(1, backend="reference"); cell.get("g_nmda").round(4).tolist()
[0.7812]
"""

from .model import SynapseModel

__all__ = ["NMDA"]

NMDA = SynapseModel(
    """
    w : weight
    dx/dt = -x/tau_rise : 1 (clock-driven)
    ds/dt = -s/tau_decay + alpha*x*(1 - s) : 1 (clock-driven)
    target_post = w*s/(1 + Mg*exp(-v_post/v_block)/3.57) : weight (summed)
    """,
    on_pre="x += 1",
    method="exponential_euler",
    parameters=dict(
        tau_rise=("2*ms", "how long transmitter opens channels"),
        tau_decay=("100*ms", "closing of channels"),
        alpha=("0.5/ms", "opening rate"),
        Mg=(1.0, "magnesium outside, in mM"),
        v_block=("1/0.062*mV", "how many mV change the block by a factor e"),
    ),
    bounds=dict(s=(0, 1)),
    name="NMDA",
    source="Jahr and Stevens 1990; Brunel and Wang 2001",
    description="slow saturating conductance with magnesium block; the target is a variable that only synapses set",
)
