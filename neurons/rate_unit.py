r"""Units that have a rate in place of spikes: linear (`RateUnit`) and rectified (`RectifiedUnit`).

**Update**, once a step, not an equation in time:

    x <- r,   r <- f(gain (drive + drive_ext - theta)),   f(s) = s for `RateUnit`, max(0, s) for `RectifiedUnit`

``drive`` is set by synapses that sum w r of their presynaptic units (`spikegram.plasticity.Oja`, `BCM`, `RateStatic`,
...) before the update. x, the rate of the step before, is what the units downstream were driven by when they computed
their present r: a learning rule reads x of the presynaptic and r of the postsynaptic unit, which belong together. So a
signal needs one step per synapse.

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
gain       1          g           slope
theta      0          theta       threshold; lower rate
=========  =========  ==========  ====================================================================

**State** [N]: drive, r, x, all without unit. Input: ``drive_ext`` may be injected, with values over time. Output: r, by
way of summing synapses; no spikes.

**Left out.** Dynamics of the unit: a signal that lasts several steps stands for a presentation. There are no delays.

**Reference.** E. Oja 1982, J. Math. Biol. 15 (linear unit with learning input weights).

>>> from spikegram.networks import Network
>>> net = Network(dt=1); unit = net.population(2, RectifiedUnit(gain=2, theta=1))
>>> net.inject(unit, [[3, 0.5]], interval=10)
>>> _ = net.run(2, backend="reference"); unit.get("r").tolist()                      # 2 (3 - 1); max(0, 2 (0.5 - 1))
[4.0, 0.0]
"""

from typing import Any

from .model import NeuronModel

__all__ = ["RateUnit", "RectifiedUnit"]

_COMMON: dict[str, Any] = dict(
    equations="drive : 1\nr : 1\nx : 1\ndrive_ext : 1 (input)",
    parameters=dict(gain=(1.0, "slope"), theta=(0.0, "threshold")),
    source="Oja 1982",
)

RateUnit = NeuronModel(
    update="x = r\nr = gain*(drive + drive_ext - theta)",
    name="RateUnit",
    description="linear unit with a rate",
    **_COMMON,
)

RectifiedUnit = NeuronModel(
    update="x = r\nr = clip(gain*(drive + drive_ext - theta), 0, 1e300)",
    name="RectifiedUnit",
    description="rectified linear unit with a rate",
    **_COMMON,
)
