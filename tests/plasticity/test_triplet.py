"""Triplet STDP: the frequency table, the definition as sums over spikes, drift of Poisson trains, limits, layout."""

from __future__ import annotations

import math

import numpy as np
import pytest
import spike_pairs as spikes

from spikegram.networks import AllToAll, Network, OneToOne
from spikegram.plasticity import STDP, TripletSTDP, TripletSTDPNearest
from spikegram.plasticity.triplet import (
    HIPPOCAMPUS,
    HIPPOCAMPUS_MINIMAL,
    VISUAL_MINIMAL,
    VISUAL_NEAREST,
    VISUAL_NEAREST_MINIMAL,
)

# change of the weight by 60 pairs at 10 ms (pre first) and -10 ms; rates in Hz
RATES = (0.1, 10, 20, 40, 50)
TABLE = {
    "minimal": [(0, -0.3166), (0.1186, -0.3322), (0.2278, -0.3417), (0.5321, 0.1737), (0.7627, 0.7492)],
    "full": [(0, -0.3122), (0.1321, -0.3336), (0.2470, -0.3516), (0.5337, 0.1548), (0.7409, 0.7272)],
}
PRESETS = (HIPPOCAMPUS, HIPPOCAMPUS_MINIMAL, VISUAL_MINIMAL, VISUAL_NEAREST, VISUAL_NEAREST_MINIMAL, TripletSTDP)
STRONG = dict(
    tau_plus=8, tau_x=40, tau_minus=12, tau_y=30, A2_plus=0.1, A2_minus=0.2, A3_plus=0.15, A3_minus=0.1, w_max=1
)


def by_definition(rule, pre, post, w, post_first=False, nearest=False):
    """Equations 3 and 4 with each trace written out as a sum over all earlier spikes (or the last one)."""
    p = {n: q.value for n, q in rule.parameters.items()}

    def trace(times, now, tau):
        past = times[-1:] if nearest else times
        return sum(math.exp((s - now) / tau / 1e3) for s in past)

    past = {"pre": [], "post": []}
    for t, kind in spikes.events(pre, post, post_first):
        if kind == "pre":
            slow = trace(past["pre"], t, p["tau_x"])
            w -= trace(past["post"], t, p["tau_minus"]) * (p["A2_minus"] + p["A3_minus"] * slow)
        else:
            slow = trace(past["post"], t, p["tau_y"])
            w += trace(past["pre"], t, p["tau_plus"]) * (p["A2_plus"] + p["A3_plus"] * slow)
        w = min(max(w, p["w_min"]), p["w_max"])
        past[kind].append(t)
    return w


# (a), (b): the table of the card
@pytest.mark.parametrize(("fit", "rule"), [("minimal", VISUAL_MINIMAL), ("full", TripletSTDP)])
def test_sixty_pairs_at_each_rate(fit: str, rule) -> None:
    pre, post = [], []
    for rate in RATES[1:]:
        first = [10 + 1000 / rate * k for k in range(60)]
        second = [t + 10 for t in first]
        pre += [first, second]
        post += [second, first]
    projection, _ = spikes.pairs(rule, pre, post, 1.0, dt=5)
    change = (projection.weights - 1).reshape(-1, 2)
    assert np.abs(change - TABLE[fit][1:]).max() < 6e-5
    # at 0.1 Hz pairs do not feel each other: sixty times one pair
    one, _ = spikes.pairs(rule, [[0], [10]], [[10], [0]], 1.0, dt=5)
    assert np.abs(60 * (one.weights - 1) - TABLE[fit][0]).max() < 6e-5


@pytest.mark.parametrize("post_first", [False, True], ids=["pre-first", "post-first"])
@pytest.mark.parametrize("rule", [TripletSTDP, TripletSTDPNearest], ids=["all", "nearest"])
def test_random_trains_against_the_definition(rule, post_first: bool, seed: int) -> None:
    """With coincidences, and bounds met on both sides."""
    rng = np.random.default_rng(seed)
    pre, post = spikes.trains(rng, 6, 300, 0.1), spikes.trains(rng, 6, 300, 0.1)
    model = rule(order=("post", "pre") if post_first else ("pre", "post"), **STRONG)
    projection, _ = spikes.pairs(model, pre, post, 0.5, duration=302)
    nearest = rule is TripletSTDPNearest
    expected = [by_definition(model, a, b, 0.5, post_first, nearest) for a, b in zip(pre, post, strict=True)]
    assert projection.weights == pytest.approx(expected, abs=1e-12)
    assert len(set(np.round(expected, 9))) > 2


@pytest.mark.parametrize("rule", PRESETS, ids=lambda rule: rule.name)
def test_presets_at_low_and_high_rates(rule) -> None:
    """Post first depresses in single pairs; in the visual cortex 60 pairs at 50 Hz potentiate in both orders.

    Pre first potentiates in the hippocampus and hardly acts in the visual cortex, both in single pairs.
    """
    one, _ = spikes.pairs(rule, [[0], [10]], [[10], [0]], 1.0, dt=10)
    ltp, ltd = 60 * (one.weights - 1)
    assert -0.6 < ltd < -0.03
    if rule in (HIPPOCAMPUS, HIPPOCAMPUS_MINIMAL):
        assert 0.1 < ltp < 0.3
        return
    assert 0 <= ltp < 1e-6
    first = [10 + 20 * k for k in range(60)]
    second = [t + 10 for t in first]
    fast, _ = spikes.pairs(rule, [first, second], [second, first], 1.0, dt=10)
    assert (fast.weights - 1 > 0.3).all()


# limits
def test_without_triplet_terms_it_is_pair_stdp(seed: int) -> None:
    rng = np.random.default_rng(seed)
    both = [spikes.trains(rng, 4, 200, 0.1) for _ in range(2)]
    rule = TripletSTDP(A2_plus=0.01, A2_minus=0.012, A3_plus=0, A3_minus=0, tau_plus=17, tau_minus=34)
    pair = STDP(A_plus=0.01, A_minus=0.012, tau_plus=17, tau_minus=34, w_max=100)
    one, _ = spikes.pairs(rule, *both, 1.0, duration=202)
    other, _ = spikes.pairs(pair, *both, 1.0, duration=202)
    assert one.weights == pytest.approx(other.weights, abs=1e-14)
    assert np.abs(one.weights - 1).max() > 0.01


@pytest.mark.slow
def test_drift_of_poisson_trains_is_bcm_like() -> None:
    """Sinks below, rises above the rate at which A2- tau- = A3+ tau+ tau_y r: 8.6 Hz for this rule."""
    net = Network(dt=1, seed=2)
    rates = np.repeat([4, 30], 60)
    pre = net.population(60, spikes.RANDOM(rate=20), name="pre")
    post = net.population(120, spikes.RANDOM, name="post", parameters=dict(rate=rates))
    rule = VISUAL_MINIMAL(A2_minus=0.004, A3_plus=0.0083)
    q = net.project(pre, post, AllToAll(), weight=50, target="g", synapse=rule)
    net.run(6000, backend="reference")
    changes = {r: (q.weights - 50)[rates[q.post_ids] == r].mean() for r in (4, 30)}
    for rate, change in changes.items():
        r = rate / 1e3
        assert change == pytest.approx(0.02 * r * (-0.004 * 33.7 + 0.0083 * 16.8 * 114 * r) * 6000, rel=0.25)
    assert changes[4] < 0 < changes[30]


# (d), (e)
def weights_after(seed: int, backend: str) -> np.ndarray:
    """Of a network with one delay, where a synapse holds nothing but its weight."""
    net = Network(dt=1, seed=seed)
    pre, post = net.population(8, spikes.RANDOM(rate=80)), net.population(6, spikes.RANDOM(rate=80), name="post")
    q = net.project(pre, post, AllToAll(), weight=0.5, delay=2, target="g", synapse=TripletSTDP(**STRONG))
    net.run(300, backend=backend)
    assert all(f"{trace}: per neuron" in net.describe() for trace in ("r1", "r2", "o1", "o2"))
    assert "w: one per synapse" in net.describe()
    return q.weights


def test_traces_are_kept_per_neuron(seed: int) -> None:
    assert np.ptp(weights_after(seed, "reference")) > 0.1


@pytest.mark.slow  # compiles for 6 s; that of pairs is compiled in neurons/test_all_models.py by default
def test_numba_agrees(seed: int) -> None:
    reference, numba = (weights_after(seed, backend) for backend in ("reference", "numba"))
    assert np.abs(reference - numba).max() < 1e-12


def test_permuted_neurons_give_permuted_weights(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pre, post = spikes.trains(rng, 5, 200, 0.1), spikes.trains(rng, 5, 200, 0.1)
    order = rng.permutation(5)
    one, _ = spikes.pairs(TripletSTDP(**STRONG), pre, post, 0.5, duration=202)
    other, _ = spikes.pairs(TripletSTDP(**STRONG), [pre[k] for k in order], [post[k] for k in order], 0.5, duration=202)
    assert np.array_equal(one.weights[order], other.weights)


def test_clocked_traces_give_the_same_weights(seed: int) -> None:
    """The same rule with traces advanced in every step, to 1e-9."""
    from spikegram.plasticity import SynapseModel

    rng = np.random.default_rng(seed)
    both = [spikes.trains(rng, 6, 300, 0.1) for _ in range(2)]
    model = TripletSTDP(**STRONG)
    clocked = SynapseModel(
        equations=model.equations.replace("event-driven", "clock-driven"), on_pre=model.on_pre, on_post=model.on_post,
        parameters=model.parameters, bounds=model.bounds, method="exact",
    )  # fmt: skip
    one, _ = spikes.pairs(model, *both, 0.5, duration=302)
    other, _ = spikes.pairs(clocked, *both, 0.5, duration=302)
    assert np.abs(one.weights - other.weights).max() < 1e-9


# (h) errors
def test_a_start_weight_above_the_bound_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'TripletSTDP' keeps w in \[0, 100\] nA, got 101"):
        spikes.pairs(TripletSTDP, [[1]], [[2]], 101)


def test_one_to_one_needs_no_more_than_the_weight() -> None:
    """Without a target the projection is refused, by name."""
    net = Network(dt=1)
    cells = net.population(1, spikes.TOLD)
    with pytest.raises(ValueError, match="target: name the variable of 'told'"):
        net.project(cells, cells, OneToOne(), weight=1, synapse=TripletSTDP)
