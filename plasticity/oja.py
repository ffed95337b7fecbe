r"""Hebbian learning between rates: Oja's rule, and weights that do not change (`RateStatic`).

**Dynamics.** Between units with a rate (`RateUnit`), in each step

    drive_post = sum of w r_pre                              (summed variable, before the units' update)
    w <- w + dt/tau_w * r_post (x_pre - r_post w)            (after it)

where x_pre is the rate that drove r_post (see `rate_unit.py`). This is Oja's online rule dw = eta y (x - y w), y = w.x,
with eta = dt/tau_w for each step; a presentation that lasts several steps counts as often. `RateStatic` has the first
line only.

For inputs of correlation matrix C = E[x x'] the weights of a unit tend to plus or minus the eigenvector of C that has
the largest eigenvalue, of length 1, if that eigenvalue is alone and eta is small against 1/E[|x|^2].

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
tau_w      1000 ms    dt/eta      learning time constant for rates of 1; slower, smoother
=========  =========  ==========  ====================================================================

**Variables** [S]: w, without unit. Input: x and r of the presynaptic, r of the postsynaptic unit; output: drive.

**Left out.** Several ordered components: units of one population all find the first (`sanger.py` for more). Delays.

**Reference.** E. Oja 1982, J. Math. Biol. 15, equation 3.

>>> from spikegram.networks import Network, OneToOne     # x = 1, w = 0.5: y = 0.5, w + 0.1*0.5*(1 - 0.25) = 0.5375
>>> from spikegram.neurons import RateUnit
>>> net = Network(dt=1); unit = net.population(1, RateUnit), net.population(1, RateUnit); net.inject(unit[0], 1)
>>> q = net.project(*unit, OneToOne(), weight=0.5, synapse=Oja(tau_w=10))
>>> _ = net.run(2, backend="reference"); q.weights.tolist()
[0.5375]
"""

from .model import SynapseModel

__all__ = ["Oja", "RateStatic"]

_DRIVE = "drive_post = w*r_pre : 1 (summed)"

RateStatic = SynapseModel(
    f"w : 1\n{_DRIVE}",
    on_pre="",
    name="RateStatic",
    source="",
    description="weighted sum of rates",
)

Oja = SynapseModel(
    f"dw/dt = r_post*(x_pre - r_post*w)/tau_w : 1 (clock-driven)\n{_DRIVE}",
    on_pre="",
    method="euler",
    parameters=dict(tau_w=("1*second", "learning time constant for rates of 1")),
    name="Oja",
    source="Oja 1982, equation 3",
    description="Hebbian rule between rates that finds the first principal component",
)
