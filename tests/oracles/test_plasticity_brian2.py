"""Learning rules against Brian 2: the same spikes and, to 1e-9, the same weights, delays and coincidences included."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import AllToAll, FixedProbability, Network, SpikeArray
from spikegram.neurons import LIF, BellecALIF, ClopathAdEx, extend
from spikegram.plasticity import (
    DOPAMINE,
    LEARNING_SIGNAL,
    Clopath,
    ClopathHomeostatic,
    DopamineSTDP,
    EProp,
    InhibitorySTDP,
    STDPPowerNearest,
    STDPPreCentered,
    STDPRestricted,
    TripletSTDP,
    TripletSTDPNearest,
)

PAIRS = dict(A_plus=0.02, A_minus=0.015, w_max=0.5)
TRIPLETS = dict(A2_plus=0.01, A2_minus=0.015, A3_plus=0.02, A3_minus=0.01, w_max=0.5)
RULES = (
    STDPPowerNearest(**PAIRS), STDPPreCentered(**PAIRS), STDPRestricted(order=("post", "pre"), **PAIRS),
    TripletSTDP(**TRIPLETS), TripletSTDPNearest(order=("post", "pre"), **TRIPLETS),
    InhibitorySTDP(eta=0.02, rho_0=20, w_max=0.5), DopamineSTDP(A_plus=0.3, A_minus=0.3, eta=5, w_max=0.5),
)  # fmt: skip


def network() -> Network:
    rng = np.random.default_rng(7)
    steps, ids = np.nonzero(rng.random((240, 6)) < 0.05)
    net = Network(dt=0.5, seed=7)
    source = net.population(6, SpikeArray(steps * 0.5, ids, size=6), name="in")
    told = net.population(4, extend(LIF, **DOPAMINE), name="cells", parameters=dict(i_offset="0.1*nA + 0.05*nA*i"))
    voltage = net.population(3, ClopathAdEx, name="voltage", parameters=dict(i_offset="0.8*nA + 0.3*nA*i"))
    learning = net.population(3, extend(BellecALIF, **LEARNING_SIGNAL), name="learning")
    late = "0.5*ms*floor(1 + 4*rand())"
    for rule in RULES:
        net.project(source, told, AllToAll(), weight=0.05, delay=late, target="I", synapse=rule, name=rule.name)
    net.project(source[:1], told, AllToAll(), weight=1, delay=5, target="dopamine", name="reward")
    for rule in (Clopath, ClopathHomeostatic):
        net.project(
            source, voltage, FixedProbability(0.7), weight=0.1, delay=late, target="I", synapse=rule, name=rule.name
        )
    net.project(
        source, learning, AllToAll(), weight="0.2 + 0.2*rand()", delay=late, target="x", synapse=EProp, name="EProp"
    )
    net.inject(learning, rng.standard_normal((240, 3)), target="learn")
    for q in net.projections.values():
        if q.name != "reward":
            net.record(q, "weights")
    for p in (told, voltage, learning):
        net.record(p, "spikes")
    return net


@pytest.mark.slow
def test_weights_and_spikes_of_every_rule() -> None:
    ours, theirs = (network().run(120, backend=b) for b in ("reference", "brian2"))
    for name in ("cells", "voltage", "learning"):
        assert ours[name].spikes == theirs[name].spikes and len(ours[name].spikes) > 10
    assert len(ours.projections) == 10
    for name, q in ours.projections.items():
        assert np.abs(q.weights - q.weights_before).max() > 1e-6, name
        assert np.abs(q.weights - theirs.projections[name].weights).max() < 1e-9, name
