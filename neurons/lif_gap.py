r"""Leaky integrate-and-fire cell that takes part in gap junctions.

**Dynamics.** That of `LIF` with one more current, set in each step by synapses (`spikegram.plasticity.GapJunction`),

    tau_m dv/dt = v_rest - v + R (I + I_gap + i_offset + I_ext),    tau_syn dI/dt = -I

Spike when ``v >= v_th``; then ``v = v_reset``, held while refractory. I_gap is constant within a step, for which the
update is exact. A refractory cell takes no current but goes on giving some.

**Input.** A spike adds its weight (nA) to ``I``; ``I_ext`` takes injected currents; gap junctions write ``I_gap``.

Parameters, units and defaults are those of `LIF`, see `lif.py`. For another cell with gap junctions add the line
``I_gap : amp`` to its equations and ``I_gap`` to its currents.

**State** [N]: v (mV), I (nA), I_gap (nA, 0 where no gap junction arrives). Output: spikes; v to coupled cells.

**Left out.** The shape of a spike, and so the spikelet in coupled cells.

**Reference.** T. J. Lewis and J. Rinzel 2003, J. Comput. Neurosci. 14.

>>> from spikegram.networks import Network       # nobody sets I_gap: it stays at 0.05 nA * 100 MOhm = 5 mV
>>> net = Network(dt=1); cell = net.population(1, LIFGap, init=dict(I_gap=0.05))
>>> _ = net.run(400, backend="reference"); cell.get("v").round(4).tolist()
[-55.0]
"""

from .lif import LIF
from .model import NeuronModel

__all__ = ["LIFGap"]

LIFGap = NeuronModel(
    equations="""
        dv/dt = (v_rest - v + R*(I + I_gap + i_offset + I_ext))/tau_m : volt (unless refractory)
        dI/dt = -I/tau_syn : amp
        I_gap : amp
        I_ext : amp (input)
    """,
    threshold="v >= v_th",
    reset="v = v_reset",
    refractory="t_ref",
    parameters=LIF.parameters,
    init=dict(v="v_rest"),
    name="LIFGap",
    source="Lewis and Rinzel 2003",
    description="leaky integrate-and-fire with a variable for gap junctions",
)
