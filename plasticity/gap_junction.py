r"""Electrical synapse: a conductance between two cells (gap junction).

**Dynamics.** In each step every synapse passes a current from the presynaptic to the postsynaptic cell,

    target_j = sum over i of  w_ij (v_i - v_j),

written to the target variable of cell j before the state update (a summed variable). No spikes are involved. The
potentials are those at the beginning of the step, so the coupling is explicit: first order in dt.

**Cells.** The target is a variable that only synapses set: a line ``I_gap : amp`` in the cell's equations, with
``+ I_gap`` among its currents (`LIFGap` has it). Both cells have a potential ``v``.

**Both ways.** One synapse acts on its postsynaptic cell only. A gap junction that conducts equally both ways is a pair
of synapses of equal weight: ``AllToAll(autapses=False)``, or a list with each pair in both orders. Unequal weights make
a rectifying junction.

**Variables** [S]: w, the conductance, in the unit of the target variable over volt (uS if the target is a current).
It has no parameters. Input: v of both cells; output: a current.

**Left out.** The electrotonic spikelet of an integrate-and-fire cell: its spike is a reset, and only the drop to
v_reset is passed on (T. J. Lewis and J. Rinzel 2003, J. Comput. Neurosci. 14, discuss what to add). The step must be
short against the fastest exchange: dt < C_m/(g_L + sum of w).

**Reference.** M. V. L. Bennett 1966, Ann. N. Y. Acad. Sci. 137 (coupling coefficient); M. Galarreta and S. Hestrin
2001, Nat. Rev. Neurosci. 2.

>>> from spikegram.networks import FromList, Network        # passive cells, 0.01 uS each; 0.05 nA into the first:
>>> from spikegram.neurons import LIFGap                    # the second follows with w/(w + g_L) = 1/2
>>> net = Network(dt=1); cells = net.population(2, LIFGap(v_th=100))
>>> net.inject(cells[0], 0.05)
>>> _ = net.project(cells, cells, FromList([(0, 1), (1, 0)]), weight=0.01, target="I_gap", synapse=GapJunction)
>>> _ = net.run(400, backend="reference"); (cells.get("v") + 60).round(4).tolist()
[3.3333, 1.6667]
"""

from .model import SynapseModel

__all__ = ["GapJunction"]

GapJunction = SynapseModel(
    "w : weight/volt\ntarget_post = w*(v_pre - v_post) : weight (summed)",
    on_pre="",
    name="GapJunction",
    source="Bennett 1966",
    description="conductance between two cells; the target is a variable that only synapses set",
)
