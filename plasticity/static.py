r"""A synapse that does not change; what a projection has if nothing is said.

**Dynamics.** None. A presynaptic spike that arrives adds the weight to the target variable of the postsynaptic cell.

**Variables** [S]: w, the weight, in the unit of the target variable (nA, uS, mV, ...). It has no parameters. Input:
spikes; output: what the target variable means to the cell (a current, a conductance, a jump of v).

**Left out.** The shape of the postsynaptic current or conductance is part of the cell (``dI/dt = -I/tau_syn``), for
all of its synapses together.

**Reference.** None needed.

>>> from spikegram.networks import Network, OneToOne
>>> from spikegram.neurons import LIFDelta, Regular
>>> net = Network(dt=1); clock = net.population(1, Regular); cell = net.population(1, LIFDelta(tau_m=1e12))
>>> _ = net.project(clock, cell, OneToOne(), weight=4, target="v", synapse=Static)
>>> _ = net.run(150, backend="reference")
>>> cell.get("v").round(6).tolist()
[-52.0]
"""

from .model import SynapseModel

__all__ = ["Static"]

Static = SynapseModel("w : weight", on_pre="target_post += w", name="static")
