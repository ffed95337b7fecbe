r"""Rule of Bienenstock, Cooper and Munro (BCM) between rates: a sliding threshold makes units selective.

**Dynamics.** Between units with a rate (`RateUnit`), in each step

    drive_post = sum of w r_pre                                      (summed variable, before the units' update)
    w <- w + dt/tau_w * x_pre r_post (r_post - theta)                (after it, with theta of before)
    theta <- theta + dt/tau_theta * (r_post^2 - theta)

where x_pre is the rate that drove r_post (see `rate_unit.py`). Responses above the threshold theta strengthen the
active synapses, smaller ones weaken them; theta follows the mean of the squared response. It is kept with each synapse,
the same number in all synapses of a unit.

For K orthonormal inputs, equally frequent, exactly the selective states are stable: the unit answers one input with K,
the others with 0, and theta = K. This holds if theta is fast against the weights, and slow against the presentation of
single inputs; with a slow theta the responses oscillate.

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
tau_w      1e5 ms     1/eta       learning time constant for rates of 1; slower
tau_theta  1000 ms    tau         averaging time of the threshold; smoother, closer to oscillation
=========  =========  ==========  ====================================================================

**Variables** [S]: w, theta, without unit. Input: x and r of the presynaptic, r of the postsynaptic unit; output: drive.

**Left out.** Bounds of the weights, which may become negative; delays.

**Reference.** E. L. Bienenstock, L. N. Cooper, P. W. Munro 1982, J. Neurosci. 2; in the form of N. Intrator and L. N.
Cooper 1992, Neural Networks 5.

>>> from spikegram.networks import Network, OneToOne     # x = 1, w = 2: y = 2, theta = 1: w + 0.1*2*(2 - 1) = 2.2
>>> from spikegram.neurons import RateUnit
>>> net = Network(dt=1); unit = net.population(1, RateUnit), net.population(1, RateUnit); net.inject(unit[0], 1)
>>> q = net.project(*unit, OneToOne(), weight=2, synapse=BCM(tau_w=10, tau_theta=1e12), init=dict(theta=1))
>>> _ = net.run(2, backend="reference"); q.weights.round(9).tolist()
[2.2]
"""

from .model import SynapseModel

__all__ = ["BCM"]

BCM = SynapseModel(
    """
    dw/dt = x_pre*r_post*(r_post - theta)/tau_w : 1 (clock-driven)
    dtheta/dt = (r_post**2 - theta)/tau_theta : 1 (clock-driven)
    drive_post = w*r_pre : 1 (summed)
    """,
    on_pre="",
    method="euler",
    parameters=dict(
        tau_w=("100*second", "learning time constant for rates of 1"),
        tau_theta=("1*second", "averaging time of the threshold"),
    ),
    name="BCM",
    source="Bienenstock, Cooper and Munro 1982; Intrator and Cooper 1992",
    description="rule with a sliding threshold between rates",
)
