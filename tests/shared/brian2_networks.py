"""Small networks that run in Brian 2 too: how they are written down, what they share, and how results are compared.

They are small or weakly chaotic, so that in the time they run a rounding error never decides whether a neuron fires;
each spikes often enough that a wrong order, delay, reset or refractory period would show.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from spikegram.networks import FixedProbability, Network, SpikeArray
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel

TOLERANCE = 1e-9  # of the largest value of a trace, float64
SCATTER = "0.5*ms*floor(1 + 5*rand())"  # delays of 0.5 to 2.5 ms
COMMON = dict(tau_m="20*ms", R="100*Mohm", E_L="-60*mV", v_th="-50*mV", v_reset="-62*mV", t_ref="2*ms")
START = dict(v="-60*mV + 9*mV*rand()")


def poisson(n: int, rate: float, seed: int, duration: float = 300, dt: float = 0.1) -> SpikeArray:
    """Spikes of Poisson processes (rate in Hz, duration and dt in ms), drawn once and replayed from arrays."""
    rng = np.random.default_rng(seed)
    steps, ids = np.nonzero(rng.random((round(duration / dt), n)) < rate * dt * 1e-3)
    return SpikeArray(steps * dt, ids, size=n, rounding=True)


def driven(
    net: Network, cells, target: str, weight: str, rate: float = 60, delay: str = SCATTER, seed: int = 2, **more
):
    """Connect twenty replayed Poisson sources to a population."""
    source = net.population(20, poisson(20, rate, seed, dt=net.dt))
    return net.project(source, cells, FixedProbability(0.5), weight=weight, delay=delay, target=target, **more)


class Networks(dict[str, tuple[float, int, Callable[[], Network]]]):
    """Name -> duration in ms, least number of spikes, builder."""

    def add(self, duration: float, least: int, *, dt: float = 0.1, name: str = "") -> Callable:
        """Register a function that adds populations, projections and recordings to a network."""

        def register(build: Callable[[Network], None]) -> Callable[[Network], None]:
            def make() -> Network:
                net = Network(dt=dt, seed=len(build.__name__))
                build(net)
                return net

            self[name or build.__name__] = (duration, least, make)
            return build

        return register

    def cases(self, slow: set[str]) -> list:
        """Names as parameters of a test; ``slow`` ones are variants of what others show."""
        return [pytest.param(name, marks=pytest.mark.slow) if name in slow else name for name in self]

    def check(self, name: str) -> None:
        """Run a network on NumPy and in Brian 2."""
        duration, least, make = self[name]
        assert duration >= 200
        ours = make().run(duration, backend="reference")
        net = make()
        theirs = net.run(duration, backend="brian2")
        assert compare(ours, theirs) >= least
        assert net.step == 0 and net.result is theirs and theirs.meta["backend"] == "brian2"


LIF = NeuronModel(
    "dv/dt = (E_L - v)/tau_m + I/C : volt (unless refractory)\ndI/dt = -I/tau_s : amp",
    threshold="v > v_th", reset="v = v_reset", refractory="t_ref",
    parameters=dict(COMMON, tau_s="5*ms", C="0.2*nF", t_ref="3*ms"), init=START, name="lif",
)  # fmt: skip

STDP = SynapseModel(
    """w : weight
       dapre/dt = -apre/tau_pre : 1 (event-driven)
       dapost/dt = -apost/tau_post : 1 (event-driven)""",
    on_pre="target_post += w; apre += A_pre; w = clip(w - A_post*apost*w_max, 0*w_max, w_max)",
    on_post="apost += 1; w = clip(w + apre*w_max, 0*w_max, w_max)",
    parameters=dict(tau_pre="20*ms", tau_post="25*ms", A_pre=0.05, A_post=0.06, w_max="0.5*weight"),
)

RULE = NeuronModel(
    "v : volt\nI : amp (input)\nleft : second",
    update="""left = left - dt
              free = left <= 0*ms
              dv = where(free, (E_L - v + R*I)*(1 - exp(-dt/tau_m)), 0*mV)
              v = v + dv""",
    threshold="v > v_th", reset="v = v_reset; left = t_ref", parameters=COMMON, init=START,
)  # fmt: skip


def compare(ours, theirs) -> int:
    """Check that two results are the same; gives the number of spikes of cells."""
    spikes = 0
    for name in ours:
        a, b = ours[name], theirs[name]
        if a.spikes is not None:
            assert a.spikes.first_difference(b.spikes) is None, f"{name}: {a.spikes.first_difference(b.spikes)}"
            spikes += len(a.spikes) * (a.meta["model"] != "spike array")
        assert set(a.traces) == set(b.traces)
        for variable, trace in a.traces.items():
            other = b.trace(variable)
            np.testing.assert_array_equal(trace.times, other.times)
            np.testing.assert_array_equal(trace.ids, other.ids)
            scale = np.abs(other.values).max()
            np.testing.assert_allclose(
                trace.values, other.values, rtol=0, atol=TOLERANCE * scale, err_msg=f"{name}.{variable}"
            )
    assert set(ours.projections) == set(theirs.projections)
    for name, a in ours.projections.items():
        b = theirs.projections[name]
        np.testing.assert_array_equal(a.weights_before, b.weights_before)
        np.testing.assert_allclose(a.weights, b.weights, rtol=0, atol=TOLERANCE * np.abs(b.weights).max(), err_msg=name)
        assert np.abs(a.weights - a.weights_before).max() > 0.05 * np.abs(a.weights_before).max()  # it has learned
    return spikes
