"""Dopamine STDP: the closed form, the trace of eligibility, controls without reward, bounds, order of convergence."""

from __future__ import annotations

import math

import numpy as np
import pytest
import spike_pairs as spikes

from spikegram.networks import AllToAll, Network, OneToOne, SpikeArray
from spikegram.neurons import extend
from spikegram.plasticity import DOPAMINE, DopamineSTDP

CELL = extend(spikes.TOLD, **DOPAMINE)
RANDOM = extend(spikes.RANDOM, **DOPAMINE)
C0 = math.exp(-10 / 20)  # eligibility left by a pair of 10 ms
FREE = dict(w_min=-100, w_max=100)


def rewarded(pre, post, reward, pulse=1.0, dt=1.0, duration=4000, start=0.0, backend="reference", **parameters):
    """Run one synapse per row with pulses of dopamine; a row of ``reward`` may be empty."""
    n = len(pre)
    net = Network(dt=dt)
    source, payer = net.population(n, SpikeArray(pre)), net.population(n, SpikeArray(reward))
    cells = net.population(n, CELL, name="cells")
    drive = np.zeros((round(duration / dt), n))
    for k, row in enumerate(post):
        drive[np.rint(np.asarray(row) / dt).astype(int), k] = 1
    net.inject(cells, drive, target="drive")
    rule = DopamineSTDP(**{**FREE, **parameters})
    q = net.project(source, cells, OneToOne(), weight=start, target="g", synapse=rule)
    net.project(payer, cells, OneToOne(), weight=pulse, target="dopamine")
    net.run(duration, backend=backend)
    return q


def closed_form(t1, c0=C0, pulse=1.0, tau_c=1.0, tau_d=0.2):
    """The change of weight by a pulse t1 seconds after c0."""
    return c0 * pulse * math.exp(-t1 / tau_c) * tau_c * tau_d / (tau_c + tau_d)


# (a), (b)
def test_one_pair_and_a_reward_later() -> None:
    """+10 ms and -10 ms; reward 0 to 1.5 s after the pair. The step adds order dt: 0.25 % at 1 ms."""
    later = [0, 200, 1000, 1500]
    pre, post = [[0]] * 4 + [[10]] * 4, [[10]] * 4 + [[0]] * 4
    q = rewarded(pre, post, [[10.0 + t] for t in later] * 2, pulse=2.0, duration=2800)
    expected = [closed_form(t / 1e3, pulse=2.0) for t in later]
    assert q.weights == pytest.approx([*expected, *(-1.5 * x for x in expected)], rel=4e-3)


def test_a_reward_before_the_pair_acts_through_its_tail() -> None:
    q = rewarded([[300.0]], [[310.0]], [[110.0]], duration=1800)
    assert q.weights[0] == pytest.approx(closed_form(0, pulse=math.exp(-200 / 200)), rel=4e-3)


def test_the_error_halves_with_the_step() -> None:
    errors = []
    for dt in (2.0, 1.0, 0.5):
        q = rewarded([[0.0]], [[10.0]], [[200.0]], dt=dt, duration=1500, tau_c=300)
        full = closed_form(0.19, tau_c=0.3) * (1 - math.exp(-1.3 * (1 / 0.3 + 1 / 0.2)))
        errors.append(q.weights[0] - full)
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.05)


def test_each_step_by_hand(seed: int) -> None:
    """All traces over 400 steps with random spikes and rewards, against a loop over the statements, to 1e-9."""
    rng = np.random.default_rng(seed)
    pre, post, reward = (spikes.trains(rng, 3, 400, p) for p in (0.05, 0.05, 0.01))
    q = rewarded(pre, post, reward, duration=402, tau_c=80, eta=30, b=0.1, start=0.5, w_min=0, w_max=1)
    for k in range(3):
        w, c, x, y, d = 0.5, 0.0, 0.0, 0.0, 0.0
        for step in range(402):
            d *= math.exp(-1 / 200)
            w = min(max(w + 30 * c * (d - 0.1) * 1e-3, 0), 1)
            c *= math.exp(-1 / 80)
            x, y = x * math.exp(-1 / 20), y * math.exp(-1 / 20)
            if step in pre[k]:
                c, x = c - 1.5 * y, x + 1
            if step in post[k]:
                c, y = c + x, y + 1
            d += step in reward[k]
        assert q.weights[k] == pytest.approx(w, abs=1e-9)
        assert q.get("c")[k] == pytest.approx(c, abs=1e-9)
    assert 0 < q.weights.min() or q.weights.max() < 1


# (d) invariants
def test_no_dopamine_no_change_and_no_pair_no_change() -> None:
    q = rewarded([[0.0, 50.0], [0.0]], [[10.0], []], [[], [100.0]], start=0.5, duration=1000)
    assert q.weights.tolist() == [0.5, 0.5]


@pytest.mark.slow
def test_mean_dopamine_at_its_baseline_gives_no_drift() -> None:
    """Poisson trains and constant dopamine equal to b: weights stay; above b they follow the area of the window."""
    changes = []
    for b in (0.5, 0.0):
        net = Network(dt=1, seed=3)
        pre, post = (
            net.population(40, spikes.RANDOM(rate=20)),
            net.population(40, RANDOM(tau_d=1e12), init=dict(dopamine=0.5)),
        )
        q = net.project(pre, post, AllToAll(), weight=0, target="g", synapse=DopamineSTDP(b=b, **FREE))
        net.run(3000, backend="reference")
        changes.append(q.weights.mean())
    assert abs(changes[0]) < 1e-6  # tau_d is not infinite
    # c tends to r_pre r_post (A_plus tau_plus - A_minus tau_minus) tau_c; sums in place of integrals
    pairs = (1 - math.exp(-0.02)) ** 2 * (1 / (1 - math.exp(-1 / 20)) - 1.5 / (math.exp(1 / 20) - 1)) * 1e3
    t = 3 - 1 + math.exp(-3)  # the integral of 1 - exp(-t/tau_c) over 3 s
    assert changes[1] == pytest.approx(0.5 * pairs * t, rel=0.15)


def test_bounds_hold() -> None:
    q = rewarded([[0.0], [10.0]], [[10.0], [0.0]], [[20.0]] * 2, pulse=50.0, start=0.5, w_min=0, w_max=1, duration=500)
    assert q.weights == pytest.approx([1, 0], abs=1e-15)
    assert np.ptp(q.weights) > 0.99


# (e), (h)
def test_numba_agrees_and_traces_are_per_neuron(seed: int) -> None:
    results = []
    for backend in ("reference", "numba"):
        net = Network(dt=1, seed=seed)
        pre, post = (
            net.population(8, spikes.RANDOM(rate=60), name="pre"),
            net.population(6, RANDOM(rate=60), name="post"),
        )
        q = net.project(pre, post, AllToAll(), weight=1, delay=2, target="g", synapse=DopamineSTDP(**FREE))
        net.project(pre[:1], post, AllToAll(), weight=1, delay=300, target="dopamine")
        net.run(800, backend=backend)
        results.append((q.weights, q.get("c")))
        assert "x: per neuron" in net.describe() and "y: per neuron" in net.describe()
    assert np.abs(np.subtract(*results)).max() < 1e-12
    assert np.ptp(results[0][0]) > 0.1


def test_a_cell_without_dopamine_is_refused() -> None:
    with pytest.raises(ValueError, match="the target cell has no variable 'dopamine'"):
        spikes.pairs(DopamineSTDP, [[1]], [[2]], 0)
