r"""Synapses that may be switched off and on for structural plasticity: static (`RewiringStatic`) and with STDP.

**Dynamics.** Those of `Static` and of `STDP` (see `stdp.py`; all pairs, hard bounds), multiplied by ``active``: a
synapse with active = 0 neither transmits nor learns, and keeps its weight. Between runs `spikegram.networks.rewire`
prunes weak synapses and grows others by moving ``active`` among the potential synapses of a projection.

Parameters of `RewiringSTDP` are those of `STDP`; `RewiringStatic` has none.

**Variables** [S]: w, active (1 or 0, start value 1); x and y of `RewiringSTDP`. Input: presynaptic spikes, and
postsynaptic ones for STDP; output: w added to the target variable.

**Left out.** What decides; see `rewire`. Potential synapses cost memory and time as active ones do.

**Reference.** S. A. Bamford, A. F. Murray, D. J. Willshaw 2010, IEEE Trans. Neural Netw. 21; P. A. Bogdan, A. G. D.
Rowley, O. Rhodes, S. B. Furber 2018, Front. Neurosci. 12.

>>> from spikegram.networks import AllToAll, Network, SpikeArray
>>> from spikegram.neurons import LIFDelta
>>> net = Network(dt=1); pre = net.population(2, SpikeArray([[1], [2]])); cell = net.population(1, LIFDelta(tau_m=1e15))
>>> q = net.project(pre, cell, AllToAll(), weight=3, target="v", synapse=RewiringStatic, init=dict(active=[0, 1]))
>>> _ = net.run(4, backend="reference"); cell.get("v").round(6).tolist()
[-57.0]
"""

from .model import SynapseModel
from .stdp import STDP

__all__ = ["RewiringSTDP", "RewiringStatic"]

RewiringStatic = SynapseModel(
    "w : weight\nactive : 1",
    on_pre="target_post += active*w",
    init=dict(active=1),
    bounds=dict(active=(0, 1)),
    name="RewiringStatic",
    source="Bamford, Murray and Willshaw 2010",
    description="static synapse that can be switched off and on",
)

RewiringSTDP = SynapseModel(
    f"{STDP.equations}\nactive : 1",
    on_pre="w = clip(w - active*A_minus*y, w_min, w_max)\ntarget_post += active*w\nx += 1",
    on_post="w = clip(w + active*A_plus*x, w_min, w_max)\ny += 1",
    parameters=STDP.parameters,
    init=dict(active=1),
    bounds=dict(w=("w_min", "w_max"), active=(0, 1)),
    name="RewiringSTDP",
    source="Bamford, Murray and Willshaw 2010; Bogdan et al. 2018",
    description="additive pair rule that can be switched off and on",
)
