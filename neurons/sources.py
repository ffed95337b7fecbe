r"""Cells that fire by themselves, without input: at random (`Poisson`) and regularly (`Regular`).

**Spike condition.** In the step that begins at t

    Poisson:  a uniform random number of [0, 1) is below  p = 1 - exp(-(rate + rate_ext) dt),
              and start <= t < start + duration
    Regular:  start + k interval, for a k = 0, 1, 2, ..., lies in (t - dt/2, t + dt/2]

So a Poisson cell fires at most once a step: the rate is (1 - exp(-rate dt))/dt, 0.5 % low at 100 Hz and dt 0.1 ms,
and the probability of a silent interval T is exp(-rate T) exactly. A regular time between two steps goes to the
nearer one, so the mean rate is 1/interval also if the interval is no multiple of dt. There is no state; nothing is
reset.

**Input.** Poisson: ``rate_ext`` (Hz) may be injected, with values over time, for a rate that varies. Regular: none.

=========  =========  ==========  ====================================================================
name       default    symbol      meaning; larger means
=========  =========  ==========  ====================================================================
rate       10 Hz      r           Poisson: mean rate; 0 or less is silent
start      0 ms       t_0         Poisson: begin. Regular: time of the first spike
duration   1e10 ms    T           Poisson: length
interval   100 ms     T           Regular: time between two spikes, at least dt; lower rate
=========  =========  ==========  ====================================================================

Each may have its own value per neuron: ``net.population(3, Poisson, parameters=dict(rate=[5, 10, 20]))``.

**State**: none. Output: spikes. Given times are no model but an array: `spikegram.networks.SpikeArray`.

**Left out.** Dead time; more than one spike of a neuron in a step. In float32 the time t loses its steps after about
2^23 of them: use float64 for long runs of `Regular`.

**Reference.** D. J. Heeger 2000, "Poisson model of spike generation" (Bernoulli approximation of a Poisson process).

>>> from spikegram.networks import Network
>>> net = Network(dt=1)
>>> net.record(net.population(2, Regular(interval=2.4), name="clock", parameters=dict(start=[0, 1])), "spikes")
>>> net.run(9, backend="reference")["clock"].spikes.by_neuron()[0].tolist()
[0.0, 2.0, 5.0, 7.0]
"""

from .model import NeuronModel

__all__ = ["Poisson", "Regular"]

Poisson = NeuronModel(
    equations="rate_ext : Hz (input)",
    threshold="rand() < 1 - exp(-(rate + rate_ext)*dt) and t > start - dt/2 and t < start + duration - dt/2",
    reset="pass",
    parameters=dict(
        rate=("10*Hz", "mean rate"),
        start=("0*ms", "begin"),
        duration=("1e10*ms", "length"),
    ),
    name="Poisson",
    source="Heeger 2000",
    description="fires at random, at most once a step",
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
