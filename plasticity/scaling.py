r"""Synaptic scaling: all weights of a cell are multiplied until it fires at its goal (spikes), or the same for rates.

**Dynamics.** `HomeostaticScaling`, for cells that spike: r estimates the postsynaptic rate slowly, h sums its error up,

    tau_r dr/dt = -r, r <- r + 1/tau_r at a postsynaptic spike;   dh/dt = r_goal - r
    dw/dt = w (beta (r_goal - r) + gamma h)

This is linear in ln w, r and h, so it is solved exactly and only when a spike touches the synapse: after a time a, with
f = exp(-a/tau_r) and d = r_goal a - r tau_r (1 - f),

    w <- w exp(beta d + gamma (h a + r_goal a^2/2 - r tau_r (a - tau_r (1 - f)))),   h <- h + d,   r <- r f

Between spikes it costs nothing, and it does not depend on dt. At a presynaptic spike the weight is brought up to date
and transmitted; at a postsynaptic one it is brought up to date before r is raised.

`RateScaling`, between units with a rate (`RateUnit`), in each step

    drive_post = sum of w r_pre,   then   w <- w + dt/tau_w * w (r_goal - r_post)

For one input x it is logistic growth towards w = r_goal/x.

Every weight of a cell is multiplied by the same factor, so that ratios of weights stay.

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
r_goal     5 Hz       a_goal      rate to be reached; larger weights. RateScaling: 1, without unit
tau_r      1e5 ms     tau         averaging time of the rate; smoother, later
beta       4e-5       beta        relative growth per second and Hz of error; faster
gamma      1e-7 Hz    gamma       the same for the summed error; removes what beta leaves, oscillates if
                                  large
tau_w      1000 ms    -           RateScaling: time constant for an error of 1; slower
=========  =========  ==========  ====================================================================

**Variables** [S]: w (as the last spike at this synapse left it), r (Hz), h, last (ms); r begins with r_goal. Input:
spikes of both cells, or rates; output: w added to the target variable, or drive.

**Left out.** Bounds: the weights of a cell that never fires grow without end. r, h are the same in all synapses of a
cell, yet kept with each. In float32 the time of the last spike is rounded: use float64 for long runs. Hebbian
learning beside it: one synapse has one model, so write the lines of both into one.

**Reference.** G. G. Turrigiano, K. R. Leslie, N. S. Desai, L. C. Rutherford, S. B. Nelson 1998, Nature 391
(multiplicative); M. C. W. van Rossum, G. Q. Bi, G. G. Turrigiano 2000, J. Neurosci. 20, equation 3.

>>> from spikegram.networks import Network, OneToOne, SpikeArray     # a silent cell at r = 0 for 1 s, goal 5 Hz:
>>> from spikegram.neurons import LIF                                # w exp(0.02*5*1) = 1.105171
>>> net = Network(dt=1); pre = net.population(1, SpikeArray([[1000]])); cell = net.population(1, LIF(v_th=1e3))
>>> rule = HomeostaticScaling(beta=0.02, gamma=0, init=dict(r=0))
>>> q = net.project(pre, cell, OneToOne(), weight=1, target="I", synapse=rule)
>>> _ = net.run(1001, backend="reference"); q.weights.round(6).tolist()
[1.105171]
"""

from .model import SynapseModel

__all__ = ["HomeostaticScaling", "RateScaling"]

_TO_DATE = """
    age = t - last
    fade = exp(-age/tau_r)
    missed = r_goal*age - r*tau_r*(1 - fade)
    w *= exp(beta*missed + gamma*(h*age + r_goal*age**2/2 - r*tau_r*(age - tau_r*(1 - fade))))
    h += missed
    r *= fade
    last = t
"""

HomeostaticScaling = SynapseModel(
    "w : weight\nr : Hz\nh : 1\nlast : second",
    on_pre=f"{_TO_DATE}\ntarget_post += w",
    on_post=f"{_TO_DATE}\nr += 1/tau_r",
    parameters=dict(
        r_goal=("5*Hz", "rate to be reached"),
        tau_r=("100*second", "averaging time of the rate"),
        beta=(4e-5, "relative growth per second and Hz of error"),
        gamma=("1e-7*Hz", "the same for the summed error"),
    ),
    init=dict(r="r_goal"),
    name="HomeostaticScaling",
    source="van Rossum, Bi and Turrigiano 2000, equation 3",
    description="multiplies all weights of a cell until it fires at its goal",
)

RateScaling = SynapseModel(
    "dw/dt = w*(r_goal - r_post)/tau_w : 1 (clock-driven)\ndrive_post = w*r_pre : 1 (summed)",
    on_pre="",
    method="euler",
    parameters=dict(
        r_goal=(1.0, "rate to be reached"),
        tau_w=("1*second", "time constant for an error of 1"),
    ),
    name="RateScaling",
    source="Turrigiano et al. 1998; van Rossum, Bi and Turrigiano 2000",
    description="multiplies all weights of a unit until its rate is the goal",
)
