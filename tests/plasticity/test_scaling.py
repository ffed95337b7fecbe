"""Synaptic scaling: closed forms between spikes, ratios of weights, the goal is reached, logistic growth of rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from spikegram.networks import AllToAll, Network, OneToOne, SpikeArray
from spikegram.neurons import NeuronModel, RateUnit
from spikegram.plasticity import HomeostaticScaling, RateScaling

TOLD = NeuronModel("told : 1 (input)\ng : amp", threshold="told > 0.5", reset="pass", name="told")
RULE = dict(tau_r=200, beta=0.05, gamma=0.1, r_goal=8)


def scaled(pre, post, rule, start=1.0, dt=1.0, duration=1000.0):
    """Run one synapse (or one for each start weight) with these spikes; give the projection and what was sent."""
    n = np.size(start)
    net = Network(dt=dt)
    source, cell = net.population(n, SpikeArray([pre] * n)), net.population(1, TOLD, name="cell")
    drive = np.zeros(round(duration / dt))
    drive[np.rint(np.asarray(post, dtype=float) / dt).astype(int)] = 1
    net.inject(cell, drive, target="told")
    q = net.project(source, cell, AllToAll(), weight=start, target="g", synapse=rule)
    net.run(duration, backend="reference")
    return q, cell.get("g")[0]


def by_integration(times, goal, tau, beta, gamma, end) -> float:
    """ln w at the end (s), by a Runge-Kutta integrator from one postsynaptic spike to the next."""
    state, t = np.array([goal, 0.0, 0.0]), 0.0  # r, e, ln w
    for stop in [*times, end]:
        if stop > t:
            right = lambda _, y: [-y[0] / tau, goal - y[0], beta * (goal - y[0]) + gamma * y[1]]  # noqa: E731
            state = solve_ivp(right, (t, stop), state, rtol=1e-11, atol=1e-13).y[:, -1]
        if stop in times:
            state[0] += 1 / tau
        t = stop
    return state[2]


# (a), (b)
def test_between_spikes_it_is_the_exact_solution() -> None:
    post = [40, 90, 95, 300, 310, 320, 700]
    q, _ = scaled([998], post, HomeostaticScaling(**RULE))
    goal = by_integration([t / 1e3 for t in post], 8, 0.2, 0.05, 0.1, 0.998)
    assert math.log(q.weights[0]) == pytest.approx(goal, rel=1e-8)


def test_it_does_not_matter_how_often_a_synapse_is_looked_at() -> None:
    """Presynaptic spikes bring the weight up to date and change nothing; nor does the step."""
    post = [40, 90, 300, 700]
    often, _ = scaled([*range(3, 950, 7), 998], post, HomeostaticScaling(**RULE))
    once, _ = scaled([998], post, HomeostaticScaling(**RULE))
    coarse, _ = scaled([998], post, HomeostaticScaling(**RULE), dt=2)
    assert often.weights == pytest.approx(once.weights, rel=1e-12)
    assert coarse.weights == pytest.approx(once.weights, rel=1e-12)


def test_the_scaled_weight_is_transmitted() -> None:
    q, sent = scaled([500], [], HomeostaticScaling(tau_r=200, beta=0.1, gamma=0), start=0.5)
    grown = 0.1 * 5 * (0.5 - 0.2 * (1 - math.exp(-0.5 / 0.2)))
    assert q.weights[0] == pytest.approx(0.5 * math.exp(grown), rel=1e-12)
    assert sent == q.weights[0]


# (d)
def test_ratios_of_weights_stay() -> None:
    start = np.array([0.1, 0.7, 1.3, 4.0])
    q, _ = scaled([100, 998], [10, 400, 401, 402], HomeostaticScaling(**RULE), start=start)
    factor = q.weights / start
    assert abs(factor[0] - 1) > 1e-3
    assert factor == pytest.approx(factor[0], rel=1e-12)


def test_a_cell_reaches_its_goal() -> None:
    """A Poisson cell whose rate is what arrives: from far below and far above to 20 Hz, and its weights with it."""
    cell = NeuronModel(
        "dg/dt = -g/(20*ms) : 1", threshold="rand() < 1 - exp(-g*Hz*dt)", reset="pass", name="linear", init=dict(g=20)
    )
    net = Network(dt=1, seed=3)
    source = net.population(40, SpikeArray([list(range(k % 5, 3000, 5)) for k in range(40)]))
    cells = net.population(40, cell, name="cells")
    rule = HomeostaticScaling(r_goal=20, tau_r=300, beta=0.2, gamma=0)
    start = np.repeat([1.0, 30.0], 20)  # mean of g: w 200 Hz 20 ms = 4 w; the goal needs w = 5
    q = net.project(source, cells, OneToOne(), weight=start, target="g", synapse=rule)
    net.record(cells, "spikes")
    spikes = net.run(3000, backend="reference")["cells"].spikes
    late = spikes.between(1500, 3000).counts() / 1.5
    assert late[:20].mean() == pytest.approx(20, rel=0.1) and late[20:].mean() == pytest.approx(20, rel=0.1)
    assert q.weights.mean() == pytest.approx(5, rel=0.1)


# rates
def test_rates_grow_logistically() -> None:
    """r = w x, w' = w (g - w x)/tau: w = (g/x)/(1 + (g/(x w0) - 1) exp(-g t/tau)); error of first order in dt/tau."""
    errors = []
    for tau in (50, 100, 200):
        net = Network(dt=1)
        a, b = net.population(1, RateUnit, init=dict(r=2)), net.population(1, RateUnit)
        net.inject(a, 2)
        q = net.project(a, b, OneToOne(), weight=0.1, synapse=RateScaling(tau_w=tau, r_goal=3))
        net.run(tau, backend="reference")
        exact = 1.5 / (1 + (3 / 0.2 - 1) * math.exp(-3))
        errors.append(abs(q.weights[0] - exact))
    assert errors[2] < 0.01
    assert math.log2(errors[0] / errors[1]) == pytest.approx(1, abs=0.15)
    assert math.log2(errors[1] / errors[2]) == pytest.approx(1, abs=0.1)


def test_rates_settle_at_the_goal_and_keep_ratios() -> None:
    net = Network(dt=1)
    a, b = net.population(3, RateUnit), net.population(2, RateUnit)
    net.inject(a, [[1.0, 0.5, 0.25]], interval=1000)
    start = np.array([0.1, 3, 0.2, 6, 0.8, 1])
    q = net.project(a, b, AllToAll(), weight=start, synapse=RateScaling(tau_w=20, r_goal=2))
    net.run(400, backend="reference")
    assert b.get("r") == pytest.approx(2, rel=1e-9)
    ratio = (q.weights / start).reshape(3, 2)
    assert ratio == pytest.approx(np.tile(ratio[0], (3, 1)), rel=1e-12)


# (h)
def test_errors() -> None:
    with pytest.raises(ValueError, match="r_goal"):
        HomeostaticScaling(r_goal="5*ms")
    with pytest.raises(ValueError, match="tau_r"):
        HomeostaticScaling(tau_r=-1)
