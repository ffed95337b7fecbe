"""STDP and its relatives: window, order of events, delays, drift, bounds, CA3's order."""

from __future__ import annotations

import math

import numpy as np
import pytest
import spike_pairs as spikes

from spikegram.networks import AllToAll, Network, OneToOne
from spikegram.plasticity import (
    CA3STDP,
    STDP,
    STDPMultiplicative,
    STDPNearest,
    STDPPower,
    STDPPowerNearest,
    STDPPreCentered,
    STDPRestricted,
)
from spikegram.plasticity.stdp import VAN_ROSSUM

pairs, RANDOM = spikes.pairs, spikes.RANDOM
RULE = dict(tau_plus=17, tau_minus=34, A_plus=0.01, A_minus=0.004, w_max=2)


def window(s, a_plus=0.01, a_minus=0.004, tau_plus=17, tau_minus=34):
    """W(s) of the card, without s = 0."""
    s = np.asarray(s, dtype=float)
    return np.where(s > 0, a_plus * np.exp(-np.abs(s) / tau_plus), -a_minus * np.exp(-np.abs(s) / tau_minus))


def by_definition(pre, post, p, w, post_first, clip=True):
    """Both traces as sums over all earlier spikes, events of a step in the given order; no decay is stored."""
    events = sorted([(t, not post_first, "post") for t in post] + [(t, post_first, "pre") for t in pre])
    past = {"pre": [], "post": []}
    for t, _, kind in events:
        if kind == "pre":
            w -= p["A_minus"] * sum(math.exp((s - t) / p["tau_minus"]) for s in past["post"])
        else:
            w += p["A_plus"] * sum(math.exp((s - t) / p["tau_plus"]) for s in past["pre"])
        w = min(max(w, 0.0), p["w_max"]) if clip else w
        past[kind].append(t)
    return w


# (a), (b): hand-computed events and the window
@pytest.mark.parametrize("order", [("pre", "post"), ("post", "pre")], ids=["pre-first", "post-first"])
def test_window(order) -> None:
    s = np.arange(-60, 61)
    projection, _ = pairs(STDP(order=order, **RULE), [[70]] * s.size, [[70 + x] for x in s], 1.0)
    expected = window(s)
    expected[s == 0] = 0.01 if order[0] == "pre" else -0.004
    assert np.abs(projection.weights - 1 - expected).max() < 1e-14


def test_window_integral() -> None:
    s = np.arange(-400, 401)
    projection, _ = pairs(STDP(**RULE), [[400]] * s.size, [[400 + x] for x in s], 1.0)
    change = projection.weights - 1
    change[s == 0] = (0.01 - 0.004) / 2  # trapezoid: half of either limit
    assert change.sum() == pytest.approx(0.01 * 17 - 0.004 * 34, rel=3e-3)


def test_isolated_pairs_add_up() -> None:
    """n pairs a second apart change the weight by n W(s)."""
    n, s = 8, [-40, -10, 10, 40]
    pre = [[100 + 1000 * k for k in range(n)]] * 4
    projection, _ = pairs(STDP(**RULE), pre, [[t + x for t in pre[0]] for x in s], 1.0, dt=10)
    assert projection.weights - 1 == pytest.approx(n * window(s), rel=1e-10)


def test_delays_shift_the_window() -> None:
    """A pre spike comes after the axonal delay, a post spike after the dendritic one."""
    for dendritic in (0, 2, 5):
        projection, _ = pairs(STDP(**RULE), [[20]], [[26]], 1.0, delay=5, dendritic_delay=dendritic)
        assert projection.weights[0] - 1 == pytest.approx(window(6 + dendritic - (5 - dendritic)), rel=1e-12)


def test_traces_of_all_pairs_and_of_nearest_spikes() -> None:
    """Three pre spikes 4 ms apart, then one post spike 2 ms after the last."""
    all_pairs, _ = pairs(STDP(**RULE), [[10, 14, 18]], [[20]], 1.0)
    nearest, _ = pairs(STDPNearest(**RULE), [[10, 14, 18]], [[20]], 1.0)
    assert all_pairs.weights[0] - 1 == pytest.approx(window([2, 6, 10]).sum(), rel=1e-12)
    assert nearest.weights[0] - 1 == pytest.approx(window(2), rel=1e-12)
    all_pairs, _ = pairs(STDP(**RULE), [[20]], [[10, 14, 18]], 1.0)
    nearest, _ = pairs(STDPNearest(**RULE), [[20]], [[10, 14, 18]], 1.0)
    assert all_pairs.weights[0] - 1 == pytest.approx(window([-2, -6, -10]).sum(), rel=1e-12)
    assert nearest.weights[0] - 1 == pytest.approx(window(-2), rel=1e-12)


def test_the_changed_weight_is_transmitted() -> None:
    """Depressed first, then sent; a potentiation is felt by the next spike."""
    projection, target = pairs(STDP(**RULE), [[10, 30]], [[5, 20]], 0.5)
    first = 0.5 + window(-5)
    second = first + window(10) + window(-25) + window(-10)
    assert projection.weights[0] == pytest.approx(second, rel=1e-12)
    assert target.get("g")[0] == pytest.approx(first + second, rel=1e-12)


@pytest.mark.parametrize("post_first", [False, True], ids=["pre-first", "post-first"])
def test_random_trains_against_the_definition(post_first: bool, seed: int) -> None:
    """Event-driven traces against sums over all pairs, bounds met on both sides; coincidences included."""
    rng = np.random.default_rng(seed)
    p = dict(tau_plus=8, tau_minus=12, A_plus=0.3, A_minus=0.25, w_max=1)
    trains = [[np.flatnonzero(rng.random(300) < 0.1).astype(float) for _ in range(6)] for _ in range(2)]
    synapse = STDP(order=("post", "pre") if post_first else ("pre", "post"), **p)
    projection, _ = pairs(synapse, *trains, 0.5, duration=302)
    expected = [by_definition(a, b, p, 0.5, post_first) for a, b in zip(*trains, strict=True)]
    free = [by_definition(a, b, p, 0.5, post_first, clip=False) for a, b in zip(*trains, strict=True)]
    assert projection.weights == pytest.approx(expected, abs=1e-12)
    assert np.abs(np.subtract(expected, free)).max() > 0.1


# kinds of nearest spikes
NEAREST = dict(symmetric=STDPNearest, centered=STDPPreCentered, restricted=STDPRestricted)


def partners(pre, post, scheme):
    """Which spikes make a pair, by the definition in words: (pre, post) times; no two spikes coincide."""
    order = spikes.events(pre, post)
    found = []
    for k, (t, kind) in enumerate(order):
        before = [(s, other) for s, other in order[:k] if other != kind]
        after_last_own = [s for s, other in order[k - 1 : k] if other != kind]
        if kind == "pre":  # depression
            s = after_last_own if scheme == "restricted" else [s for s, _ in before[-1:]]
        elif scheme == "symmetric":
            s = [s for s, _ in before[-1:]]
        elif scheme == "restricted":
            s = after_last_own
        else:  # all pre spikes that have this post spike as their next one
            last = max((s for s, other in order[:k] if other == kind), default=-1)
            s = [s for s, _ in before if s > last]
        found += [(t, x) if kind == "pre" else (x, t) for x in s]
    return found


@pytest.mark.parametrize("scheme", NEAREST)
def test_which_pairs_count(scheme: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    both = [rng.permutation(300)[:40] for _ in range(6)]  # no coincidences
    pre, post = ([np.sort(row[part]).astype(float) for row in both] for part in (slice(20), slice(20, None)))
    projection, _ = pairs(NEAREST[scheme](**RULE), pre, post, 1.0, duration=302)
    expected = [1 + sum(window(b - a) for a, b in partners(*row, scheme)) for row in zip(pre, post, strict=True)]
    assert projection.weights == pytest.approx(expected, rel=1e-12)


def test_kinds_of_nearest_spikes_by_hand() -> None:
    """Pre at 10 and 14, post at 20 and 25, pre at 31."""
    trains = [[10, 14, 31]], [[20, 25]]
    expected = dict(
        symmetric=window([6, 11, -6]), centered=window([10, 6, -6]), restricted=window([6, -6]),
    )  # fmt: skip
    for scheme, rule in NEAREST.items():
        projection, _ = pairs(rule(**RULE), *trains, 1.0)
        assert projection.weights[0] - 1 == pytest.approx(expected[scheme].sum(), rel=1e-12)


# weight dependence
def test_power_rule_by_hand() -> None:
    p = dict(RULE, w_min=0.2, w_max=1.2)
    rule = STDPPower(mu_plus=0.5, mu_minus=2, **p)
    projection, _ = pairs(rule, [[10], [20]], [[20], [10]], [0.45, 0.7])
    assert projection.weights[0] - 0.45 == pytest.approx(0.75**0.5 * window(10), rel=1e-12)
    assert projection.weights[1] - 0.7 == pytest.approx(0.5**2 * window(-10), rel=1e-12)
    additive, _ = pairs(STDPPower(mu_plus=0, mu_minus=0, **p), [[10], [20]], [[20], [10]], [0.45, 0.7])
    assert additive.weights == pytest.approx([0.45 + window(10), 0.7 + window(-10)], rel=1e-12)


def test_nearest_spikes_with_powers_by_hand() -> None:
    rule = STDPPowerNearest(mu_plus=0.5, mu_minus=2, **dict(RULE, w_max=1))
    projection, _ = pairs(rule, [[10, 14], [20]], [[20], [10, 14]], [0.75, 0.5])
    assert projection.weights[0] - 0.75 == pytest.approx(0.25**0.5 * window(6), rel=1e-12)
    assert projection.weights[1] - 0.5 == pytest.approx(0.5**2 * window(-6), rel=1e-12)


def test_van_rossum_potentiates_all_weights_alike() -> None:
    projection, _ = pairs(VAN_ROSSUM(**RULE), [[10]] * 2 + [[20]] * 2, [[20]] * 2 + [[10]] * 2, [0.2, 1.6] * 2)
    change = projection.weights - [0.2, 1.6] * 2
    assert change == pytest.approx(window([10, 10, -10, -10]) * [1, 1, 0.1, 0.8], rel=1e-12)


@pytest.mark.parametrize("mu", [0.5, 2])
def test_power_weights_settle_where_the_card_says(mu: float) -> None:
    """w* = 1/(1 + alpha^(1/mu)): the weight at which the mean drift changes sign."""
    alpha = 1.5
    w = 1 / (1 + alpha ** (1 / mu))
    rule = STDPPower(mu_plus=mu, mu_minus=mu, A_plus=1e-6, A_minus=1e-6 * alpha, tau_plus=20, tau_minus=20)
    shifts = np.arange(1, 200)  # the whole window, on both sides, at the fixed point and off it
    for start, sign in ((w, 0), (w - 0.1, 1), (w + 0.1, -1)):
        n = 2 * shifts.size
        projection, _ = pairs(rule, [[200]] * n, [[200 + s] for s in (*shifts, *-shifts)], start)
        drift = (projection.weights - start).sum()
        assert abs(drift) < 1e-10 if sign == 0 else drift * sign > 1e-6


def test_multiplicative_weights_settle_between_the_bounds() -> None:
    """Poisson trains, mu = 1: w* = 1/(1 + alpha) from any start, alpha the ratio of the areas under the window."""
    dt, tau = 1.0, 20.0
    net = Network(dt=dt, seed=3)
    pre, post = net.population(150, RANDOM(rate=50)), net.population(150, RANDOM(rate=50))
    rule = STDPMultiplicative(A_plus=0.02, A_minus=0.03, tau_plus=tau, tau_minus=tau)
    start = np.repeat([0.05, 0.95], 75)
    projection = net.project(pre, post, OneToOne(), weight=start, target="g", synapse=rule)
    net.run(2500, backend="reference")
    # sums over steps: spikes of one step count as potentiation
    alpha = 1.5 * math.exp(-dt / tau)
    halves = projection.weights[:75].mean(), projection.weights[75:].mean()
    assert halves == pytest.approx([1 / (1 + alpha)] * 2, abs=0.03)


# statistics
def test_drift_of_uncorrelated_trains() -> None:
    """Mean change r_pre r_post (A_plus tau_plus - A_minus tau_minus) per second."""
    net = Network(dt=1, seed=5)
    pre, post = net.population(40, RANDOM(rate=30)), net.population(40, RANDOM(rate=20))
    rule = STDP(tau_plus=20, tau_minus=30, A_plus=0.01, A_minus=0.004, w_max=100)
    projection = net.project(pre, post, AllToAll(), weight=50, target="g", synapse=rule)
    net.run(4000, backend="reference")
    drift = 30 * 20 * (0.01 * 0.020 - 0.004 * 0.030) * 4
    assert (projection.weights - 50).mean() == pytest.approx(drift, rel=0.15)
    same = (1 - math.exp(-0.03)) * (1 - math.exp(-0.02)) * 4000  # pairs of one step, and sums in place of integrals
    sums = 0.01 / (1 - math.exp(-1 / 20)) - 0.004 / (math.exp(1 / 30) - 1)
    assert (projection.weights - 50).mean() == pytest.approx(same * sums, rel=0.1)


def test_nearest_spikes_potentiate_less() -> None:
    """LTP per post spike A_plus r_pre/(r_pre + 1/tau_plus)."""
    net = Network(dt=0.5, seed=5)
    pre, post = net.population(50, RANDOM(rate=40)), net.population(50, RANDOM(rate=20), name="post")
    rule = STDPNearest(A_plus=0.01, A_minus=0, w_max=100)
    projection = net.project(pre, post, AllToAll(), weight=1, target="g", synapse=rule)
    net.record(post, "spikes")
    counts = net.run(1500, backend="reference")["post"].spikes.counts()
    gain = (projection.weights - 1).sum() / (50 * counts.sum())
    assert gain == pytest.approx(0.01 * 40 / (40 + 50), rel=0.05)


# (d) invariants
def test_without_postsynaptic_spikes_nothing_changes() -> None:
    projection, _ = pairs(STDP(**RULE), [np.arange(0, 300, 7.0)], [[]], 0.7, duration=302)
    assert projection.weights[0] == 0.7


# CA3
def test_ca3_coincident_spikes_depress() -> None:
    """Check 5 of the card: pre at 0 and 2, post at 1 with a dendritic delay of 1: 0 after the second pre spike."""
    start = [0, 0.5, 3, 6]
    projection, target = pairs(CA3STDP, [[0, 2]] * 4, [[1]] * 4, start, delay=1, dendritic_delay=1)
    assert np.array_equal(projection.weights, np.zeros(4))
    assert np.array_equal(target.get("g"), start)  # the first spike sent the start weight, the second 0


def test_ca3_learning_by_hand() -> None:
    """Pre at 1 and 3, post at 3, which reaches the synapse at 4: 6 (1 + exp(-2/3)) exp(-1/3) = 6.5, cut off at 6."""
    projection, _ = pairs(CA3STDP, [[1, 3]] * 2, [[], [3]], [0, 0], delay=1, dendritic_delay=1, duration=6)
    assert projection.weights.tolist() == [0, 6]
    free, _ = pairs(CA3STDP(w_max=60), [[1, 3]], [[3]], [0], delay=1, dendritic_delay=1, duration=6)
    assert free.weights[0] == pytest.approx(6 * (1 + math.exp(-2 / 3)) * math.exp(-1 / 3), rel=1e-12)
    assert free.weights[0] == pytest.approx(6.5, abs=0.01)


def test_ca3_query_side_effect() -> None:
    """A recalled cue two steps after a bit: + 6 exp(-2/3) = 3.08 nA."""
    projection, _ = pairs(CA3STDP, [[5]], [[6]], [0], delay=1, dendritic_delay=1, duration=9)
    assert projection.weights[0] == pytest.approx(3.08, abs=0.005)


# (h) errors
@pytest.mark.parametrize(("weight", "what"), [(-0.1, r"\[0, 2\] nA, got -0.1"), (2.1, "got 2.1")])
def test_weights_outside_the_bounds_are_refused(weight: float, what: str) -> None:
    with pytest.raises(ValueError, match=f"weight: 'STDP' keeps w in .*{what}"):
        pairs(STDP(**RULE), [[1]], [[2]], weight)
