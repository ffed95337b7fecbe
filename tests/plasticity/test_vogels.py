"""Inhibitory STDP: its window, drift, the rate at which a cell settles, layout."""

from __future__ import annotations

import math

import numpy as np
import pytest
import spike_pairs as spikes

from spikegram.networks import AllToAll, Network
from spikegram.neurons import LIFCond
from spikegram.plasticity import InhibitorySTDP

RULE = dict(eta=0.01, tau=20, rho_0=3, w_max=2)
ALPHA = 0.12  # 2 * 3 Hz * 20 ms


# (a), (b)
def test_window_is_symmetric_and_each_presynaptic_spike_depresses() -> None:
    s = np.arange(-60, 61)
    s = s[s != 0]
    projection, _ = spikes.pairs(InhibitorySTDP(**RULE), [[70]] * s.size, [[70 + x] for x in s], 1.0)
    assert projection.weights - 1 == pytest.approx(0.01 * (np.exp(-np.abs(s) / 20) - ALPHA), rel=1e-12)


def test_spikes_of_one_step_are_one_pair() -> None:
    for order in (("pre", "post"), ("post", "pre")):
        projection, _ = spikes.pairs(InhibitorySTDP(order=order, **RULE), [[10]], [[10]], 1.0)
        assert projection.weights[0] - 1 == pytest.approx(0.01 * (1 - ALPHA), rel=1e-12)


def test_presynaptic_spikes_alone() -> None:
    """- eta alpha for each, down to the bound."""
    projection, _ = spikes.pairs(InhibitorySTDP(**RULE), [np.arange(0, 100, 10.0)] * 2, [[]] * 2, [1.0, 0.005])
    assert projection.weights == pytest.approx([1 - 10 * 0.01 * ALPHA, 0], rel=1e-12)


def test_postsynaptic_spikes_alone_change_nothing() -> None:
    projection, _ = spikes.pairs(InhibitorySTDP(**RULE), [[]], [np.arange(0, 100, 10.0)], 1.0)
    assert projection.weights[0] == 1


def test_random_trains_against_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pre, post = spikes.trains(rng, 6, 400, 0.1), spikes.trains(rng, 6, 400, 0.02)
    rule = InhibitorySTDP(eta=0.2, rho_0=20, tau=15, w_max=0.8)
    projection, _ = spikes.pairs(rule, pre, post, 0.4, duration=402)
    expected = []
    for a, b in zip(pre, post, strict=True):
        w, past = 0.4, {"pre": [], "post": []}
        for t, kind in spikes.events(a, b):
            other = "post" if kind == "pre" else "pre"
            near = sum(math.exp((x - t) / 15) for x in past[other])
            w = min(max(w + 0.2 * (near - (2 * 0.02 * 15 if kind == "pre" else 0)), 0), 0.8)
            past[kind].append(t)
        expected.append(w)
    assert projection.weights == pytest.approx(expected, abs=1e-12)
    assert np.ptp(expected) > 0.1


@pytest.mark.slow
def test_drift_of_poisson_trains() -> None:
    """Mean drift eta r_pre (2 tau r_post - alpha): none at the target rate, rising above it."""
    net = Network(dt=1, seed=4)
    rates = np.repeat([1, 3, 12], 60)
    pre = net.population(60, spikes.RANDOM(rate=20), name="pre")
    post = net.population(180, spikes.RANDOM, name="post", parameters=dict(rate=rates))
    q = net.project(pre, post, AllToAll(), weight=1, target="g", synapse=InhibitorySTDP(**RULE))
    net.run(5000, backend="reference")
    for rate in (1, 3, 12):
        drift = 0.01 * 20 * (2 * 0.02 * rate - ALPHA) * 5
        assert (q.weights - 1)[rates[q.post_ids] == rate].mean() == pytest.approx(drift, abs=0.03)


# the set point
def test_a_cell_settles_at_the_target_rate_from_any_start() -> None:
    """Cells that fire at 90 Hz without inhibition end at 10 Hz; from weights too weak and too strong alike.

    A few strong inputs would leave it above the target: their own spikes keep postsynaptic ones away.
    """
    net = Network(dt=0.5, seed=6)
    cells = net.population(40, LIFCond(i_offset=0.35, tau_syn_I=10), name="cells", init=dict(v="-70*mV + 15*mV*rand()"))
    inhibitory = net.population(120, spikes.RANDOM(rate=20), name="inhibitory")
    net.poisson_input(cells, "g_E", rate=500, weight=0.02)
    rule = InhibitorySTDP(eta=1.5e-5, rho_0=10, w_max=0.004)
    for part, weight in ((cells[:20], 0.0), (cells[20:], 1.8e-3)):
        net.project(inhibitory, part, AllToAll(), weight=weight, delay=1, target="g_I", synapse=rule)
    net.record(cells, "spikes")
    first = net.run(1000)["cells"].rates()
    net.run(9000)
    net.clear_recordings()
    last = net.run(6000)["cells"].rates()
    assert first[:20].mean() > 25 and first[20:].mean() < 5
    assert last[:20].mean() == pytest.approx(10, rel=0.1)
    assert last[20:].mean() == pytest.approx(10, rel=0.1)
    assert all(f"{trace}: per neuron" in net.describe() for trace in "xy")
