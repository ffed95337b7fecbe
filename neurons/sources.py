r"""Cells that fire by themselves: at random (`Poisson`, `InhomogeneousPoisson`) and regularly (`Regular`).

**Spike condition.** In the step that begins at t

    Poisson:  a uniform random number of [0, 1) is below  p = 1 - exp(-(rate + rate_ext) dt),
              and start <= t < start + duration
    Inhomogeneous:  the same with  p = 1 - exp(-r dt),  if no spike came in the last t_ref, for
              r = max(0, rate + amplitude sin(2 pi frequency (t + dt/2 - start) + phase) + rate_ext)
    Regular:  start + k interval, for a k = 0, 1, 2, ..., lies in (t - dt/2, t + dt/2]

So a Poisson cell fires at most once a step: the rate is (1 - exp(-rate dt))/dt, 0.5 % low at 100 Hz and dt 0.1 ms,
and the probability of a silent interval T is exp(-rate T) exactly, or exp(-integral of r dt) where it varies, with the
sine taken in the middle of each step. With dead time the mean interval is t_ref + 1/r, to order dt. A regular time
between two steps goes to the nearer one, so the mean rate is 1/interval also if the interval is no multiple of dt.
There is no state; nothing is reset.

**Input.** ``rate_ext`` (Hz) of both Poisson cells may be injected, with values over time, for any rate that varies; or
synapses onto it make a cell whose rate follows its input. Regular: none.

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
rate       10 Hz      r           Poisson: mean rate; 0 or less is silent
start      0 ms       t_0         Poisson: begin. Regular: time of the first spike
duration   1e10 ms    T           Poisson: length
interval   100 ms     T           Regular: time between two spikes, at least dt; lower rate
amplitude  10 Hz      r_1         Inhomogeneous: of the sine; above ``rate`` it is cut off at 0
frequency  5 Hz       f           Inhomogeneous: of the sine
phase      0          phi         Inhomogeneous: of the sine at ``start``, radians; earlier
t_ref      0 ms       t_ref       Inhomogeneous: dead time; lower and more regular rate
=========  =========  ==========  ====================================================================

Each may have its own value per neuron: ``net.population(3, Poisson, parameters=dict(rate=[5, 10, 20]))``.

**State**: none. Output: spikes. Given times are no model but an array: `spikegram.networks.SpikeArray`.

**Left out.** More than one spike of a neuron in a step. In float32 the time t loses its steps after about
2^23 of them: use float64 for long runs of `Regular` and `InhomogeneousPoisson`.

**Reference.** D. J. Heeger 2000, "Poisson model of spike generation" (Bernoulli approximation of a Poisson process).

>>> from spikegram.networks import Network
>>> net = Network(dt=1)
>>> net.record(net.population(2, Regular(interval=2.4), name="clock", parameters=dict(start=[0, 1])), "spikes")
>>> net.run(9, backend="reference")["clock"].spikes.by_neuron()[0].tolist()
[0.0, 2.0, 5.0, 7.0]
"""

from .model import NeuronModel

__all__ = ["InhomogeneousPoisson", "Poisson", "Regular"]

_WITHIN = " and t > start - dt/2 and t < start + duration - dt/2"
_PARAMETERS = dict(rate=("10*Hz", "mean rate"), start=("0*ms", "begin"), duration=("1e10*ms", "length"))

Poisson = NeuronModel(
    equations="rate_ext : Hz (input)",
    threshold="rand() < 1 - exp(-(rate + rate_ext)*dt)" + _WITHIN,
    reset="pass",
    parameters=_PARAMETERS,
    name="Poisson",
    source="Heeger 2000",
    description="fires at random, at most once a step",
)

InhomogeneousPoisson = NeuronModel(
    equations="""
        wave = sin(2*pi*frequency*(t + dt/2 - start) + phase) : 1
        r = rate + amplitude*wave + rate_ext : Hz
        rate_ext : Hz (input)
    """,
    threshold="rand() < 1 - exp(-r*dt)" + _WITHIN,
    reset="pass",
    refractory="t_ref",
    parameters=dict(
        **_PARAMETERS,
        amplitude=("10*Hz", "of the sine"),
        frequency=("5*Hz", "of the sine"),
        phase=(0, "of the sine at its start, radians"),
        t_ref=("0*ms", "dead time"),
    ),
    name="InhomogeneousPoisson",
    source="Heeger 2000",
    description="fires at random with a rate that follows a sine, with dead time",
)

Regular = NeuronModel(
    threshold="t + dt/2 >= start and floor((t + dt/2 - start)/interval) > floor((t - dt/2 - start)/interval)",
    reset="pass",
    parameters=dict(
        interval=("100*ms", "time between two spikes"),
        start=("0*ms", "time of the first spike"),
    ),
    name="Regular",
    description="fires regularly",
)
