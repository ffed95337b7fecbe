"""Connection rules: exact counts, exact distributions, and every message."""

from __future__ import annotations

import tracemalloc
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from draws import draw
from hypothesis import given
from hypothesis import strategies as st

from spikegram.networks.connectors import (
    AllToAll,
    Connector,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    OneToOne,
)
from spikegram.networks.distance_rule import DistanceDependent
from spikegram.networks.from_list import FromList

SIGMAS = 5.0
UM = 1e-6  # metre
SIZES = st.integers(1, 40)
SEEDS = st.integers(0, 2**32 - 1)
DEGREES = {FixedInDegree: 1, FixedOutDegree: 0}


def line(*micrometres: float) -> np.ndarray:
    return np.array(micrometres)[:, None] * UM


def random_rules(n: int, autapses: bool, multapses: bool) -> list[Connector]:
    return [
        FixedProbability(n / 40, autapses),
        FixedInDegree(n, autapses, multapses),
        FixedOutDegree(n, autapses, multapses),
        FixedTotalNumber(n, autapses, multapses),
        DistanceDependent(lambda d: np.exp(-d / ((n + 1) * UM)), autapses),
    ]


def draw_or_none(rule: Connector, pre: np.ndarray, post: np.ndarray, same: bool, seed: int):
    """The synapses, or None where the rule asks for more neurons than there are."""
    places = np.stack([np.arange(100.0), np.zeros(100)], axis=1) * UM
    try:
        rng = np.random.default_rng(seed)
        return rule.pairs(pre, post, same, rng, (places[pre], places[post]))
    except ValueError as error:
        assert "expected at most" in str(error)
        return None


# -- by hand


def test_one_to_one() -> None:
    rows, columns = draw(OneToOne(), 3, 3)
    assert rows.tolist() == columns.tolist() == [0, 1, 2]


def test_all_to_all() -> None:
    rows, columns = draw(AllToAll(), 2, 3)
    assert rows.tolist() == [0, 0, 0, 1, 1, 1]
    assert columns.tolist() == [0, 1, 2, 0, 1, 2]


def test_autapses_are_refused_by_neuron_number_and_not_by_position(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pre, post = np.array([7, 2, 5]), np.array([5, 9, 7, 1])
    rows, columns = AllToAll(autapses=False).pairs(pre, post, True, rng, None)
    found = set(zip(pre[rows].tolist(), post[columns].tolist(), strict=True))
    assert found == {(i, j) for i in (7, 2, 5) for j in (5, 9, 7, 1) if i != j}
    rows, _ = AllToAll(autapses=False).pairs(pre, post, False, rng, None)
    assert rows.size == 12  # two populations: equal numbers are different neurons


@pytest.mark.parametrize("p", [0, 1, 0.0, 1.0])
def test_certain_probabilities(p: float) -> None:
    rows, _ = draw(FixedProbability(p), 30, 50)
    assert rows.size == p * 1500


@pytest.mark.parametrize("rule", [FixedInDegree, FixedOutDegree])
def test_a_full_degree_is_all_to_all(rule: type) -> None:
    expected = draw(AllToAll(autapses=False), 9, 9, same=True)
    found = draw(rule(8, autapses=False, multapses=False), 9, 9, same=True)
    assert np.array_equal(found, expected)


def test_a_full_total_number_is_all_to_all() -> None:
    expected = draw(AllToAll(autapses=False), 9, 9, same=True)
    found = draw(FixedTotalNumber(72, autapses=False, multapses=False), 9, 9, same=True)
    assert np.array_equal(found, expected)


# -- properties


@given(SIZES, SIZES, st.integers(0, 45), st.booleans(), st.booleans(), st.booleans(), SEEDS)
def test_every_random_rule(n_pre, n_post, n, autapses, multapses, same, seed) -> None:
    shuffled = np.random.default_rng(seed).permutation(100)
    pre, post = shuffled[:n_pre], np.sort(shuffled[-n_post - 40 :])[:n_post]
    for rule in random_rules(min(n, 40), autapses, multapses):
        found = draw_or_none(rule, pre, post, same, seed)
        if found is None:
            continue
        rows, columns = found
        assert rows.dtype == columns.dtype == np.int64
        assert rows.shape == columns.shape
        assert ((rows >= 0) & (rows < n_pre) & (columns >= 0) & (columns < n_post)).all()
        keys = rows * n_post + columns
        assert (np.diff(keys) >= 0).all()
        if not multapses or not hasattr(rule, "multapses"):
            assert (np.diff(keys) > 0).all()
        if same and not autapses:
            assert (pre[rows] != post[columns]).all()
        if type(rule) in DEGREES:
            side = DEGREES[type(rule)]
            counts = np.bincount(found[side], minlength=(n_pre, n_post)[side])
            assert (counts == rule.n).all()
        if isinstance(rule, FixedTotalNumber):
            assert rows.size == rule.n
        again = draw_or_none(rule, pre, post, same, seed)
        assert np.array_equal(found, again)


@given(SIZES, SIZES, st.booleans(), st.booleans())
def test_more_than_there_are_is_refused_and_all_of_them_is_not(n_pre, n_post, same, autapses):
    pairs = n_pre * n_post - (min(n_pre, n_post) if same and not autapses else 0)
    rows, _ = draw(FixedTotalNumber(pairs, autapses, False), n_pre, n_post, same=same)
    assert rows.size == pairs
    with pytest.raises(ValueError, match=f"expected at most {pairs}, .* got {pairs + 1}$"):
        draw(FixedTotalNumber(pairs + 1, autapses, False), n_pre, n_post, same=same)


@given(SIZES, SIZES, st.integers(0, 40), SEEDS)
def test_expected_counts_are_met(n_pre, n_post, n, seed) -> None:
    rules = [AllToAll(), FixedInDegree(n), FixedOutDegree(n), FixedTotalNumber(n)]
    rules += [FixedProbability(1.0), FromList([(0, 0)] * n)]
    for rule in rules:
        rows, _ = draw(rule, n_pre, n_post, seed)
        expected = rule.expected_count(n_pre, n_post)
        assert isinstance(expected, float)
        assert rows.size == expected


@given(st.integers(0, 1), SEEDS)
def test_an_empty_side_gives_no_synapses(side, seed) -> None:
    sizes = (0, 4) if side else (4, 0)
    rules = [*random_rules(7, False, False), *random_rules(7, True, True), AllToAll(), FromList([])]
    for rule in rules:
        rows, columns = draw(rule, *sizes, seed, same=True)
        assert rows.dtype == columns.dtype == np.int64
        assert rows.shape == columns.shape == (0,)
        assert rule.expected_count(*sizes) == 0.0
    assert draw(OneToOne(), 0, 0)[0].size == 0


# -- distributions


@pytest.mark.parametrize("p", [0.003, 0.02, 0.3, 0.5, 0.97])
def test_probability_gives_a_binomial_count(p: float, seed: int) -> None:
    rng, repeats, pairs = np.random.default_rng(seed), 2000, 40 * 50
    pre, post = np.arange(40), np.arange(50)
    rule = FixedProbability(p)
    counts = [rule.pairs(pre, post, False, rng, None)[0].size for _ in range(repeats)]
    variance = pairs * p * (1 - p)
    assert abs(np.mean(counts) - pairs * p) < SIGMAS * np.sqrt(variance / repeats)
    # the variance of a sample variance, from the fourth central moment of the binomial
    fourth = variance * (1 + (3 * pairs - 6) * p * (1 - p))
    spread = np.sqrt((fourth - variance**2) / repeats)
    assert abs(np.var(counts, ddof=1) - variance) < SIGMAS * spread


@pytest.mark.parametrize("p", [0.1, 0.8])
def test_probability_is_the_same_for_each_pair_and_independent(p: float, seed: int) -> None:
    rng, repeats = np.random.default_rng(seed), 4000
    hits = np.zeros((repeats, 3, 4))
    for hit in hits:
        hit[FixedProbability(p).pairs(np.arange(3), np.arange(4), False, rng, None)] = 1
    flat = hits.reshape(repeats, 12)
    assert np.abs(flat.mean(axis=0) - p).max() < SIGMAS * np.sqrt(p * (1 - p) / repeats)
    apart = np.corrcoef(flat.T)[~np.eye(12, dtype=bool)]
    assert np.abs(apart).max() < SIGMAS / np.sqrt(repeats)


@pytest.mark.parametrize("p", [0.02, 1e-4])
def test_probability_of_large_networks(p: float, seed: int) -> None:
    rows, columns = draw(FixedProbability(p), 4000, 4000, seed)
    pairs = 16e6
    assert abs(rows.size - pairs * p) < SIGMAS * np.sqrt(pairs * p * (1 - p))
    for ids in (rows, columns):  # means of a uniform number, its variance 4000**2 / 12
        assert abs(ids.mean() - 1999.5) < SIGMAS * 4000 / np.sqrt(12 * rows.size)


def test_sparse_networks_need_little_memory(seed: int) -> None:
    n, p = 2 * 10**6, 2.5e-9  # 4e12 pairs, 10,000 synapses
    ids, rng = np.arange(n), np.random.default_rng(seed)
    tracemalloc.start()
    rows, columns = FixedProbability(p).pairs(ids, ids, False, rng, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 * n  # a few arrays of one number per neuron
    assert abs(rows.size - 10_000) < SIGMAS * 100
    assert rows.max() > 0.99 * n > 0.98 * n > columns.min()


@pytest.mark.parametrize("p", [5e-324, 1e-300, 1e-19])
def test_hardly_possible_synapses(p: float, seed: int) -> None:
    assert draw(FixedProbability(p), 10**5, 10**5, seed)[0].size == 0


@pytest.mark.parametrize("multapses", [True, False])
@pytest.mark.parametrize("rule", [FixedInDegree(3), FixedOutDegree(3), FixedTotalNumber(18)])
def test_each_allowed_pair_is_as_likely_as_any_other(rule, multapses, seed) -> None:
    rule = type(rule)(rule.n, autapses=False, multapses=multapses)
    rng, repeats, n = np.random.default_rng(seed), 3000, 6
    counts = np.zeros((n, n))
    for _ in range(repeats):
        np.add.at(counts, rule.pairs(np.arange(n), np.arange(n), True, rng, None), 1)
    assert counts.trace() == 0
    apart = counts[~np.eye(n, dtype=bool)] / repeats
    assert np.abs(apart - 0.6).max() < SIGMAS * np.sqrt(0.6 / repeats)


def test_total_number_is_multinomial_with_multapses(seed: int) -> None:
    n = 200_000
    rows, columns = draw(FixedTotalNumber(n), 10, 10, seed)
    counts = np.bincount(rows * 10 + columns, minlength=100)
    assert np.abs(counts - n / 100).max() < SIGMAS * np.sqrt(n * 0.01 * 0.99)


def test_total_number_of_large_networks(seed: int) -> None:
    rows, columns = draw(FixedTotalNumber(50_000, multapses=False), 10**5, 10**5, seed)
    assert (np.diff(rows * 10**5 + columns) > 0).all()
    for ids in (rows, columns):
        assert abs(ids.mean() - 5e4) < SIGMAS * 1e5 / np.sqrt(12 * 50_000)


# -- values


def test_connectors_are_values() -> None:
    assert FixedInDegree(3) == FixedInDegree(np.int32(3)) != FixedInDegree(3, multapses=False)
    assert len({AllToAll(), AllToAll(True), OneToOne(), OneToOne()}) == 2
    with pytest.raises(FrozenInstanceError):
        FixedProbability(0.1).p = 0.2


def test_expected_count_allocates_nothing() -> None:
    assert AllToAll().expected_count(10**9, 10**9) == 1e18
    assert FixedProbability(0.1).expected_count(10**9, 10**9) == pytest.approx(1e17)
    assert FixedInDegree(1000).expected_count(10_000, 12_500) == 12_500_000.0
    assert FixedOutDegree(1000).expected_count(10_000, 12_500) == 10_000_000.0
    assert OneToOne().expected_count(7, 7) == 7.0
    assert DistanceDependent("0.1").expected_count(10, 20) == 200.0


# -- messages


@pytest.mark.parametrize(("rule", "side"), [(FixedInDegree, "pre"), (FixedOutDegree, "post")])
def test_degrees_that_cannot_be_had(rule: type, side: str) -> None:
    message = rf"{rule.__name__}\.n: expected at most {{}}, the number of {side}synaptic .*got {{}}"
    with pytest.raises(ValueError, match=message.format(10, 11)):
        draw(rule(11, multapses=False), 10, 10)
    with pytest.raises(ValueError, match=message.format(9, 10)):
        draw(rule(10, autapses=False, multapses=False), 10, 10, same=True)
    with pytest.raises(ValueError, match=message.format(0, 3)):
        draw(rule(3, autapses=False), 1, 1, same=True)
    assert draw(rule(0, autapses=False), 1, 1, same=True)[0].size == 0


def test_total_numbers_that_cannot_be_had() -> None:
    message = r"FixedTotalNumber\.n: expected at most {}, the number of pairs .*got {}"
    with pytest.raises(ValueError, match=message.format(20, 21)):
        draw(FixedTotalNumber(21, multapses=False), 4, 5)
    with pytest.raises(ValueError, match=message.format(0, 2)):
        draw(FixedTotalNumber(2, autapses=False), 1, 1, same=True)


@pytest.mark.parametrize("sizes", [(3, 4), (0, 1)])
def test_one_to_one_needs_equal_sizes(sizes: tuple[int, int]) -> None:
    message = "equal size, got {} presynaptic and {} postsynaptic".format(*sizes)
    with pytest.raises(ValueError, match=message):
        draw(OneToOne(), *sizes)
