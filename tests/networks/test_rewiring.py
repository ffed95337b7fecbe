"""Rewiring: in-degrees stay, the weakest go, preference decides who comes, correlated inputs win, messages."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import AllToAll, FromList, Network, SpikeArray
from spikegram.networks.rewiring import rewire
from spikegram.neurons import NeuronModel
from spikegram.plasticity import STDP, RewiringStatic, RewiringSTDP

HOLD = NeuronModel("g : amp", name="hold")
# fires as soon as about 6 of its inputs have come within a few milliseconds
COUNT = NeuronModel("dg/dt = -g/(3*ms) : amp", threshold="g > 6*nA", reset="g = 0*nA", name="count")


def projection(weight, active, n_pre=6, n_post=2, synapse=RewiringStatic):
    net = Network(dt=1)
    pre, post = net.population(n_pre, SpikeArray([], size=n_pre)), net.population(n_post, HOLD)
    return net.project(pre, post, AllToAll(), weight=weight, target="g", synapse=synapse, init=dict(active=active))


def test_one_call_by_hand() -> None:
    """Target 0 has three active synapses, two weak, one free place; target 1 none that is weak."""
    w = np.array([0.9, 0.9, 0.1, 0.9, 0.2, 0.9, 0.3, 0.9])
    active = np.array([1, 1, 1, 1, 1, 0, 0, 0.0])
    q = projection(w, active, n_pre=4)
    done = rewire(q, np.random.default_rng(0), below=0.25, weight=0.5)
    assert done.pruned.tolist() == [2] and done.grown.tolist() == [6]
    assert q.get("active").tolist() == [1, 1, 0, 1, 1, 0, 1, 0]
    assert q.weights == pytest.approx([0.9, 0.9, 0.5, 0.9, 0.2, 0.9, 0.5, 0.9])
    assert rewire(q, np.random.default_rng(0), below="0.1*nA", weight="500*pA").pruned.size == 0


def test_degrees_stay_and_nothing_weak_is_left(seed: int) -> None:
    rng = np.random.default_rng(seed)
    q = projection(rng.random(400), (rng.random(400) < 0.3).astype(float), n_pre=40, n_post=10)
    before, degree = q.get("active") > 0.5, np.bincount(q.post_ids, q.get("active"))
    weak = before & (q.weights < 0.4)
    done = rewire(q, rng, below=0.4, weight=0.6)
    after = q.get("active") > 0.5
    assert np.array_equal(np.bincount(q.post_ids, q.get("active")), degree)
    assert np.array_equal(np.flatnonzero(weak), done.pruned) and not after[done.pruned].any()
    assert not before[done.grown].any() and after[done.grown].all()
    assert len(np.unique(done.grown)) == len(done.grown) == len(done.pruned) > 10
    assert q.weights[after].min() >= 0.4


def test_preference(seed: int) -> None:
    """One synapse goes in each call; who comes instead is drawn in proportion to the preference."""
    like, counts, calls = np.array([1.0, 1, 2, 4, 0, 3]), np.zeros(6), 3000
    rng = np.random.default_rng(seed)
    q = projection(0.5, 0, n_post=1)
    for _ in range(calls):
        q.set(w=[0.0, 1, 1, 1, 1, 1], active=[1.0, 0, 0, 0, 0, 0])
        counts[rewire(q, rng, below=0.5, weight=1, preference=like).grown] += 1
    p = np.array([0, 1, 2, 4, 0, 3]) / 10
    assert counts.sum() == calls and counts[0] == counts[4] == 0
    assert np.abs(counts - calls * p).max() < 5 * np.sqrt(calls * 0.25)


def test_correlated_inputs_take_the_places_of_others() -> None:
    """Twenty inputs that fire together among sixty at random; a fifth of the potential synapses conducts."""
    rng = np.random.default_rng(1)
    steps, calls = 300, 10
    spikes = rng.random((steps * calls, 60)) < 0.03
    spikes[:, :20] = (rng.random((steps * calls, 1)) < 0.02) & (rng.random((steps * calls, 20)) < 0.9)
    at, ids = np.nonzero(spikes)
    net = Network(dt=1, seed=2)
    pre, cell = net.population(60, SpikeArray(at.astype(float), ids, size=60)), net.population(5, COUNT)
    rule = RewiringSTDP(A_plus=0.05, A_minus=0.08, tau_plus=10, tau_minus=20, w_max=2)
    q = net.project(pre, cell, AllToAll(), weight=1, target="g", synapse=rule, init=dict(active="rand() < 0.4"))
    share = []
    for _ in range(calls):
        net.run(steps, backend="reference")
        active = q.get("active") > 0.5
        share.append(active[q.pre_ids < 20].sum() / active.sum())
        rewire(q, rng, below=0.9, weight=1)
    assert share[0] == pytest.approx(1 / 3, abs=0.12)
    assert share[-1] > share[0] + 0.2


def test_messages() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="variables 'w' and 'active', such as RewiringSTDP, got Projection"):
        net = Network(dt=1)
        cells = net.population(1, HOLD), net.population(1, HOLD)
        rewire(net.project(*cells, FromList([(0, 0)]), weight=0, target="g", synapse=STDP), rng, 1, 1)
    q = projection(0.5, 1)
    with pytest.raises(ValueError, match="below.*mV"):
        rewire(q, rng, below="1*mV", weight=1)
    with pytest.raises(TypeError, match=r"rng: expected a numpy.random.Generator, got 3"):
        rewire(q, 3, below=1, weight=1)
    for wrong in ([1.0], [-1.0] * 12, [np.nan] * 12):
        with pytest.raises(ValueError, match="preference: expected 12 numbers from 0 on"):
            rewire(q, rng, below=1, weight=1, preference=wrong)
