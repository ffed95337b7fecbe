r"""Links between spiking units and the astrocyte that they share (`neurons/am_su.py`).

**Dynamics.** `AMSUSensing`, unit to astrocyte, without delay: a spike raises the trace, after it has decayed in this
step,

    a <- a + (1 - lam_a) w

so that with w = 1/G for each of G units a <- lam_a a + (1 - lam_a) (mean of their s), the spikes of this step included.
`AMSUModulation`, astrocyte to unit: at the beginning of each step the unit's a is the sum of w a over its astrocytes.

**Variables** [S]: w, without unit; no parameters. Input: spikes of units, the trace a. Output: the trace a.

**Left out.** Delays: a link with a delay of d steps lets the astrocyte follow d steps later.

**Reference.** As in `neurons/am_su.py`: a definition of this project.

>>> from spikegram.networks import AllToAll, Network
>>> from spikegram.neurons.am_su import AMSUAstrocyte, AMSUPooled
>>> net = Network(dt=1); units = net.population(2, AMSUPooled); net.inject(units, [[1.5, 0]], interval=5)
>>> astrocyte = net.population(1, AMSUAstrocyte)                 # half of the units spike in each of five steps:
>>> _ = net.project(units, astrocyte, AllToAll(), weight=0.5, synapse=AMSUSensing)      # (1 - exp(-5/50))/2
>>> _ = net.project(astrocyte, units, AllToAll(), weight=1, synapse=AMSUModulation)
>>> _ = net.run(5, backend="reference"); astrocyte.get("a").round(6).tolist()
[0.047581]
"""

from .model import SynapseModel

__all__ = ["AMSUModulation", "AMSUSensing"]

AMSUSensing = SynapseModel(
    equations="w : 1",
    on_pre="a_post += w*rise_post",
    name="AMSUSensing",
    source="this project",
    description="spikes that raise the trace of a shared astrocyte",
)

AMSUModulation = SynapseModel(
    equations="""
        w : 1
        a_post = w*a_pre : 1 (summed)
    """,
    on_pre="",
    name="AMSUModulation",
    source="this project",
    description="the trace of a shared astrocyte, for its units",
)
