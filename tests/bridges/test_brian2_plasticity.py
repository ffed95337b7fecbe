"""Short-term, electrical, NMDA, homeostatic and rate synapses against Brian 2: same spikes, traces to 1e-9."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spikegram.networks import AllToAll, FixedProbability, Network, Result, SpikeArray
from spikegram.neurons import LIF, LIFNMDA, LIFGap, LIFIntrinsic, RateUnit
from spikegram.plasticity import (
    BCM,
    NMDA,
    GapJunction,
    HomeostaticScaling,
    Oja,
    RateScaling,
    RateStatic,
    RewiringStatic,
    RewiringSTDP,
    TsodyksMarkram,
    TsodyksMarkramDepression,
)

TOLERANCE = 1e-9  # of the largest value
DURATION = 100
EVENT_DRIVEN = {
    "TsodyksMarkram": TsodyksMarkram,
    "TsodyksMarkramDepression": TsodyksMarkramDepression,
    "HomeostaticScaling": HomeostaticScaling(tau_r=50, beta=0.2, gamma=1),
    "RewiringSTDP": RewiringSTDP(A_plus=0.05, A_minus=0.05),
    "RewiringStatic": RewiringStatic,
}
RATES = {
    "Oja": Oja(tau_w=50),
    "BCM": BCM(tau_w=200, tau_theta=20),
    "RateScaling": RateScaling(tau_w=40),
    "RateStatic": RateStatic,
}
LEARNING = {"HomeostaticScaling", "RewiringSTDP", "Oja", "BCM", "RateScaling"}


def events(names: tuple[str, ...]) -> Network:
    """Replayed Poisson spikes onto cells by these event-driven synapses."""
    rng = np.random.default_rng(4)
    steps, ids = np.nonzero(rng.random((DURATION * 10, 20)) < 0.004)
    net = Network(dt=0.1, seed=7)
    source = net.population(20, SpikeArray(steps * 0.1, ids, size=20, rounding=True), name="in")
    cells = net.population(6, LIF(v_rest=-53), name="cells")
    for name in names:
        options = dict(init=dict(active="rand() < 0.6")) if name.startswith("Rewiring") else {}
        q = net.project(
            source, cells, FixedProbability(0.6), weight="0.5*nA*rand()", delay="0.5*ms*floor(1 + 4*rand())",
            target="I", synapse=EVENT_DRIVEN[name], name=name, **options,
        )  # fmt: skip
        net.record(q, "weights")
    net.record(cells, ["spikes", "v", "I"])
    return net


def continuous(name: str) -> Network:
    """Cells that see each other's potential all the time, or have a threshold that moves."""
    net = Network(dt=0.1, seed=7)
    if name == "GapJunction":
        cells = net.population(6, LIFGap, name="cells", parameters=dict(i_offset="0.12*nA + 0.1*nA*rand()"))
        net.project(cells, cells, AllToAll(autapses=False), weight="2*nS*rand()", target="I_gap", synapse=GapJunction)
        variables = ["v", "I_gap"]
    elif name == "NMDA":
        cells = net.population(6, LIFNMDA(i_offset=0.6), name="cells", init=dict(v="-70*mV + 19*mV*rand()"))
        net.project(cells, cells, AllToAll(), weight="20*nS*rand()", delay=1, target="g_nmda", synapse=NMDA)
        variables = ["v", "g_nmda"]
    else:
        # Brian 2's closed form of "exact" is not there for a threshold that falls at a constant rate
        model = LIFIntrinsic(eta=0.5, method="rk4")
        cells = net.population(4, model, name="cells", parameters=dict(i_offset="0.08*nA + 0.2*nA*rand()"))
        variables = ["v", "v_th"]
    net.record(cells, ["spikes", *variables])
    return net


def rates(name: str) -> Network:
    """Units that learn from random rates; nobody sums into the inputs."""
    rng = np.random.default_rng(3)
    net = Network(dt=1, seed=2)
    inputs = net.population(3, RateUnit, name="inputs")
    net.inject(inputs, rng.random((60, 3)))
    units = net.population(4, RateUnit, name="units")
    q = net.project(inputs, units, AllToAll(), weight="0.2 + rand()", synapse=RATES[name], name=name)
    net.record(units, ["r", "x", "drive"])
    net.record(q, "weights")
    return net


def compare(make: Callable[..., Network], duration: float, *arguments: Any) -> Result:
    """Run both ways: equal spikes, and traces and weights to the tolerance."""
    one, other = (make(*arguments).run(duration, backend=way) for way in ("reference", "brian2"))
    for name in one:
        assert one[name].spikes == other[name].spikes, name
        for trace in one[name].traces:
            a, b = one[name].trace(trace).values, other[name].trace(trace).values
            assert np.ptp(a) > 0 and np.abs(a - b).max() <= TOLERANCE * np.abs(a).max(), (name, trace)
    for name, record in one.projections.items():
        a, b = record.weights, other.projections[name].weights
        assert np.abs(a - b).max() <= TOLERANCE * np.abs(a).max(), name
        assert (np.abs(a - record.weights_before).max() > 0) == (name in LEARNING), name
    return one


@pytest.mark.parametrize(
    "names",
    [
        ("TsodyksMarkram", "TsodyksMarkramDepression"),
        pytest.param(("HomeostaticScaling", "RewiringSTDP", "RewiringStatic"), marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
def test_event_driven_synapses(names: tuple[str, ...]) -> None:
    assert len(compare(events, DURATION, names)["cells"].spikes) >= 12


@pytest.mark.parametrize("name", ["GapJunction", "NMDA", "LIFIntrinsic"])
def test_continuous_synapses_and_thresholds(name: str) -> None:
    assert len(compare(continuous, DURATION, name)["cells"].spikes) >= 12


@pytest.mark.parametrize("name", RATES)
def test_rate_rules(name: str) -> None:
    compare(rates, 60, name)
