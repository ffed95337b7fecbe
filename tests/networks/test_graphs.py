"""Small worlds and clusters: lattice, counts, likelihood of each target, clustering and path lengths, messages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.networks import Clustered, Network, SmallWorld
from spikegram.neurons import LIF

SIGMAS = 5.0


def draw(rule, n: int, seed: int = 0, same: bool = True):
    ids = np.arange(n)
    return rule.pairs(ids, ids, same, np.random.default_rng(seed))


def matrix(rule, n: int, seed: int = 0) -> np.ndarray:
    """Number of synapses of each ordered pair."""
    found = np.zeros((n, n), dtype=int)
    np.add.at(found, draw(rule, n, seed), 1)
    return found


def clustering(a: np.ndarray) -> float:
    """Mean share of the pairs of a neuron's targets that are joined in the direction looked at."""
    a = (a > 0).astype(float)
    k = a.sum(1)
    return float((((a @ a) * a).sum(1) / (k * (k - 1))).mean())


def path_length(a: np.ndarray) -> float:
    """Mean number of synapses on the shortest way between two neurons."""
    reached, step, total = np.eye(len(a), dtype=bool), 0, 0
    while not reached.all():
        step += 1
        more = reached | (reached.astype(float) @ a > 0)
        assert (more > reached).any(), "not all neurons can be reached"
        total += step * (more & ~reached).sum()
        reached = more
    return total / (len(a) * (len(a) - 1))


# -- small worlds ----------------------------------------------------------------------------------------------------
def test_without_rewiring_it_is_the_ring_lattice() -> None:
    a = matrix(SmallWorld(k=4, p=0), 11)
    distance = np.abs(np.subtract.outer(np.arange(11), np.arange(11)))
    ring = np.minimum(distance, 11 - distance)
    assert np.array_equal(a, (ring >= 1) & (ring <= 2))
    assert clustering(matrix(SmallWorld(k=8, p=0), 60)) == pytest.approx(3 * (8 - 2) / (4 * (8 - 1)))


@given(n=st.integers(4, 30), half=st.integers(0, 4), p=st.floats(0, 1), autapses=st.booleans(), multapses=st.booleans())
def test_degrees_autapses_and_multapses(n, half, p, autapses, multapses) -> None:
    k = 2 * min(half, (n - 1) // 4)
    rule = SmallWorld(k, p, autapses, multapses)
    rows, columns = draw(rule, n, seed=n)
    assert np.array_equal(rows, np.repeat(np.arange(n), k)) and len(rows) == rule.expected_count(n, n)
    keys = rows * n + columns
    assert (np.diff(keys) >= (0 if multapses else 1)).all()
    assert autapses or (rows != columns).all()


@pytest.mark.parametrize(("autapses", "multapses"), [(False, False), (True, False), (True, True), (False, True)])
def test_each_other_target_is_alike(autapses: bool, multapses: bool, seed: int) -> None:
    """A share p of the synapses is rewired; where to is uniform over the neurons that are allowed."""
    n, k, p, trials = 14, 4, 0.3, 800
    total = sum(matrix(SmallWorld(k, p, autapses, multapses), n, seed + t) for t in range(trials))
    by_step = np.array([sum(total[i, (i + s) % n] for i in range(n)) for s in range(n)])
    made = trials * n * k
    near = [1, 2, n - 2, n - 1]
    far = [s for s in range(n) if s not in near and (s or autapses)]
    others = n - (not autapses) if multapses else len(far)
    each = made * p / others
    expected = np.zeros(n)
    expected[far] = each
    expected[near] = made * (1 - p) / k + (each if multapses else 0)
    assert np.abs(by_step - expected).max() < SIGMAS * np.sqrt(expected.max())
    assert np.abs(by_step[far] - each).max() < SIGMAS * np.sqrt(each)
    assert autapses or by_step[0] == 0


def test_a_few_rewired_synapses_make_a_small_world(seed: int) -> None:
    """Watts and Strogatz: at p = 0.05 ways are nearly as short as in a random graph, clustering hardly lower."""
    lattice, small, random = (matrix(SmallWorld(10, p), 200, seed) for p in (0, 0.05, 1))
    assert path_length(lattice) == pytest.approx(200 / 20, rel=0.06)
    assert path_length(small) < 0.45 * path_length(lattice)
    assert path_length(random) == pytest.approx(np.log(200) / np.log(10), rel=0.15)
    assert clustering(small) > 0.75 * clustering(lattice)
    assert clustering(random) < 0.15 * clustering(lattice)


def test_two_populations_may_be_joined_along_their_rings() -> None:
    rows, columns = draw(SmallWorld(2, 0), 4, same=False)
    assert list(zip(rows.tolist(), columns.tolist(), strict=True))[:4] == [(0, 1), (0, 3), (1, 0), (1, 2)]


def test_too_few_neurons_and_wrong_sides() -> None:
    with pytest.raises(ValueError, match=r"k: 4 neurons are too few for k = 4 .*expected k < n"):
        draw(SmallWorld(4, 0), 4)
    with pytest.raises(ValueError, match=r"k: 7 neurons are too few for k = 4 .*expected .* 4 other targets.* got 2"):
        draw(SmallWorld(4, 0.1), 7)
    assert len(draw(SmallWorld(4, 0.1, multapses=True), 7)[0]) == 28
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="equal size, got 3 presynaptic and 5 postsynaptic"):
        SmallWorld(2, 0).pairs(np.arange(3), np.arange(5), False, rng)
    with pytest.raises(ValueError, match="the same neurons in the same order"):
        SmallWorld(2, 0).pairs(np.arange(5), np.arange(5) + 1, True, rng)
    assert all(len(side) == 0 for side in draw(SmallWorld(2, 0.5), 0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(k=3, p=0), "k: expected an even number from 0 on, got 3"),
        (dict(k=-2, p=0), "k: expected an even number from 0 on, got -2"),
        (dict(k="2", p=0), "k: expected an even number from 0 on, got '2'"),
        (dict(k=2, p=1.5), r"SmallWorld.p: expected a number from 0 to 1, got 1.5"),
        (dict(k=2, p=0, autapses=1), "autapses: expected True or False, got 1"),
    ],
)
def test_malformed_small_worlds(arguments, message) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        SmallWorld(**arguments)


# -- clusters --------------------------------------------------------------------------------------------------------
def test_certain_clusters() -> None:
    """p_in 1, p_out 0: blocks; the other way round: all but the blocks."""
    blocks = np.equal.outer(np.repeat([0, 1, 2], [4, 3, 3]), np.repeat([0, 1, 2], [4, 3, 3]))
    assert np.array_equal(matrix(Clustered(3, 1, 0), 10), blocks)
    assert np.array_equal(matrix(Clustered(3, 0, 1), 10), ~blocks)
    assert np.array_equal(matrix(Clustered(3, 1, 0, autapses=False), 10), blocks & ~np.eye(10, dtype=bool))


def test_counts_within_and_between_clusters(seed: int) -> None:
    rule, n = Clustered(5, 0.3, 0.05), 400
    rows, columns = draw(rule, n, seed)
    keys = rows * n + columns
    assert (np.diff(keys) > 0).all()
    inside = rule.clusters(n)[rows] == rule.clusters(n)[columns]
    for count, trials, p in ((inside.sum(), n * n / 5, 0.3), ((~inside).sum(), n * n * 0.8, 0.05)):
        assert abs(count - trials * p) < SIGMAS * np.sqrt(trials * p * (1 - p))
    assert rule.expected_count(n, n) == pytest.approx(0.3 * n * n / 5 + 0.05 * n * n * 0.8)


def test_between_populations_of_different_size(seed: int) -> None:
    """Clusters of one number belong together, whatever their sizes; the expected count is exact."""
    rule, pre, post = Clustered(3, 0.5, 0.02), np.arange(7), np.arange(100)
    total = np.zeros((7, 100))
    for t in range(400):
        np.add.at(total, rule.pairs(pre, post, False, np.random.default_rng(seed + t)), 1)
    same = np.equal.outer(rule.clusters(7), rule.clusters(100))
    assert total[same].mean() / 400 == pytest.approx(0.5, abs=0.01)
    assert total[~same].mean() / 400 == pytest.approx(0.02, abs=0.002)
    assert total.sum() / 400 == pytest.approx(rule.expected_count(7, 100), rel=0.02)


@pytest.mark.parametrize("ratio", [0, 1, 2.5, 20])
def test_mean_and_ratio(ratio: float) -> None:
    rule = Clustered.of_mean(50, 0.2, ratio) if ratio < 6 else Clustered.of_mean(50, 0.02, ratio)
    mean = 0.2 if ratio < 6 else 0.02
    assert rule.p_in == pytest.approx(ratio * rule.p_out)
    assert rule.p_in / 50 + rule.p_out * 49 / 50 == pytest.approx(mean)


def test_more_clusters_than_neurons() -> None:
    assert np.array_equal(matrix(Clustered(20, 1, 0), 6), np.eye(6, dtype=int))
    assert all(len(side) == 0 for side in draw(Clustered(3, 1, 1), 0))
    assert Clustered(3, 1, 1).expected_count(0, 5) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(n_clusters=0, p_in=1, p_out=0), "n_clusters: expected a whole number from 1 on, got 0"),
        (dict(n_clusters=1.5, p_in=1, p_out=0), "n_clusters: expected a whole number from 1 on, got 1.5"),
        (dict(n_clusters=2, p_in=-0.1, p_out=0), "p_in: expected a number from 0 to 1, got -0.1"),
        (dict(n_clusters=2, p_in=1, p_out=None), "p_out: expected a number from 0 to 1, got None"),
    ],
)
def test_malformed_clusters(arguments, message) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        Clustered(**arguments)


def test_ratios_that_cannot_be_had() -> None:
    with pytest.raises(ValueError, match="p_in: expected a number from 0 to 1, got 1.25"):
        Clustered.of_mean(10, 0.5, 3)
    with pytest.raises(ValueError, match="ratio: expected a number from 0 on, got -1"):
        Clustered.of_mean(10, 0.5, -1)


def test_in_a_network() -> None:
    net = Network(dt=1, seed=3)
    cells = net.population(40, LIF, name="cells")
    ring = net.project(cells, cells, SmallWorld(4, 0.1), weight=1, target="I")
    part = net.project(cells[::2], cells[::2], SmallWorld(2, 0), weight=1, target="I", name="part")
    blocks = net.project(cells, cells, Clustered(4, 1, 0), weight=1, target="I", name="blocks")
    assert len(ring) == 160 and len(blocks) == 400
    assert part.pre_ids[:4].tolist() == [0, 0, 2, 2] and part.post_ids[:4].tolist() == [2, 38, 0, 4]
