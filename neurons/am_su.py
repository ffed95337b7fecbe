r"""Spiking unit with an astrocyte, a map per step (`AMSU`); with one astrocyte for a group of units (`AMSUPooled`).

**Dynamics.** In each step, with the input x that arrives in it, and s and a on the right of the step before,

    v <- lam_v v (1 - s) + x (1 + gain a);   s <- 1 if v >= theta - shift a, else 0;   a <- lam_a a + (1 - lam_a) s

with lam = exp(-1/tau). The trace a follows the unit's spikes over tau_a steps, as calcium follows transmitter over
seconds; it raises the input and lowers the threshold. With gain = shift = 0 the unit is a leaky integrate-and-fire
cell without refractory period. a stays within 0 and 1; after n spikes in a row it is 1 - lam_a^n.

`AMSUPooled` takes a from one `AMSUAstrocyte` for G units, a <- lam_a a + (1 - lam_a) (mean of the s of the group). Two
projections without delay join them, with the synapses of `plasticity/am_su.py`: `AMSUSensing` from units to
astrocytes, weight 1/G, and `AMSUModulation` from astrocytes to units, weight 1.

=======  ========  =======  ======================================================================
name     default   symbol   meaning; larger means
=======  ========  =======  ======================================================================
tau_v    5         tau_v    time constant of v in steps; longer memory of the input
tau_a    50        tau_a    time constant of a in steps; slower astrocyte
theta    1         theta    threshold; fewer spikes
gain     0         gain     how much the astrocyte raises the input
shift    0         shift    how much the astrocyte lowers the threshold
=======  ========  =======  ======================================================================

A step is one of the network, whatever its dt in ms. tau_v of 2 to 20 and tau_a spaced evenly in the logarithm, from 10
to the length of the task, are meant; each unit may have its own (``population(parameters=...)``).

**Input.** ``x``: what arrives or is injected in this step; a synapse needs a delay of one step at least.

**State** [N]: v, s (0 or 1), a, without units. `AMSUAstrocyte`: a, and rise = 1 - lam_a. Output: spikes.

**Left out.** This is a definition of this project, inspired by AstroSNN, whose equations are not public: nothing of
that paper is reproduced, and nothing here may be compared with its numbers.

**Reference.** None for the equations. The idea: G. Shen, D. Zhao, Y. Dong, Y. Li, J. Li, K. Sun, Y. Zeng 2023,
"Astrocyte-Enabled Advancements in Spiking Neural Networks for Large Language Modeling", arXiv 2312.07625 (abstract).

>>> from spikegram.networks import Network       # an input above threshold in each step: a spike in each, so that
>>> net = Network(dt=1)                          # a = 1 - exp(-5/50) = 0.095163 after five steps
>>> unit = net.population(1, AMSU); net.inject(unit, 1.5)
>>> _ = net.run(5, backend="reference"); unit.get("a").round(6).tolist()
[0.095163]
"""

from typing import Any

from .model import NeuronModel

__all__ = ["AMSU", "AMSUAstrocyte", "AMSUPooled"]

_UNIT = """
    v = exp(-1/tau_v)*v*(1 - s) + x*(1 + gain*a)
    s = int(v >= theta - shift*a)
"""
_COMMON: dict[str, Any] = dict(
    threshold="s > 0.5",
    reset="pass",
    source="this project; idea of Shen et al. 2023 (AstroSNN), not reproduced",
)
_PARAMETERS = dict(
    tau_v=(5.0, "time constant of v in steps"),
    theta=(1.0, "threshold"),
    gain=(0.0, "how much the astrocyte raises the input"),
    shift=(0.0, "how much the astrocyte lowers the threshold"),
)
_TAU_A = dict(tau_a=(50.0, "time constant of the astrocyte in steps"))

AMSU = NeuronModel(
    equations="v : 1\ns : 1\na : 1\nx : 1 (input)",
    update=_UNIT + "a = exp(-1/tau_a)*a + (1 - exp(-1/tau_a))*s",
    parameters=_PARAMETERS | _TAU_A,
    name="AMSU",
    description="astrocyte-modulated spiking unit, a map per step",
    **_COMMON,
)

AMSUPooled = NeuronModel(
    equations="v : 1\ns : 1\na : 1\nx : 1 (input)",
    update=_UNIT,
    parameters=_PARAMETERS,
    name="AMSUPooled",
    description="spiking unit that shares an astrocyte with others",
    **_COMMON,
)

AMSUAstrocyte = NeuronModel(
    equations="a : 1\nrise : 1",
    update="a = exp(-1/tau_a)*a\nrise = 1 - exp(-1/tau_a)",
    parameters=_TAU_A,
    name="AMSUAstrocyte",
    source=_COMMON["source"],
    description="the astrocyte of a group of spiking units",
)
