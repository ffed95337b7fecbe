"""Connection rules: exact counts, exact distributions, and every message."""

from __future__ import annotations

import tracemalloc
from dataclasses import FrozenInstanceError
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.networks.connectors import (
    AllToAll,
    Connector,
    DistanceDependent,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    FromList,
    OneToOne,
)

SIGMAS = 5.0
UM = 1e-6  # metre
SIZES = st.integers(1, 40)
SEEDS = st.integers(0, 2**32 - 1)
DEGREES = {FixedInDegree: 1, FixedOutDegree: 0}


def draw(rule: Connector, n_pre: int, n_post: int, seed: int = 0, *, same=False, positions=None):
    rng = np.random.default_rng(seed)
    return rule.pairs(np.arange(n_pre), np.arange(n_post), same, rng, positions)


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


def test_list_keeps_its_order_and_repeats() -> None:
    listed = [(2, 0), (0, 1), (2, 0)]
    for given_as in (listed, np.array(listed), np.array(listed, float), iter(listed)):
        rows, columns = draw(FromList(given_as), 3, 2)
        assert rows.tolist() == [2, 0, 2]
        assert columns.tolist() == [0, 1, 0]


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


def test_a_step_of_distance() -> None:
    here, there = line(0, 100), line(10, 90, 200)
    for rule in (lambda d: d < 50 * UM, "d < 50*um", "where(d < 0.05*mm, 1, 0)"):
        rows, columns = draw(DistanceDependent(rule), 2, 3, positions=(here, there))
        assert rows.tolist() == [0, 1]
        assert columns.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("rule", "near"),
    [
        ("d > 5*um and d < 15*um", [10]),
        ("not (d > 5*um and d < 15*um)", [0, 20]),
        ("d < 5*um or d > 15*um", [0, 20]),
        ("int(d > 15*um)", [20]),
        ("clip(1e6*d - 9, 0, 1)", [10, 20]),
        ("-d*0 + 1", [0, 10, 20]),
    ],
)
def test_expressions_of_distance(rule: str, near: list[int]) -> None:
    _, columns = draw(DistanceDependent(rule), 1, 3, positions=(line(0), line(0, 10, 20)))
    assert [10 * k for k in columns.tolist()] == near


def test_distance_is_euclidean_and_in_metres() -> None:
    seen = []

    def rule(d: np.ndarray) -> float:
        seen.append(d)
        return 1.0

    here, there = np.array([[0.0, 0, 0]]), np.array([[3.0, 4, 0], [2, 3, 6]])
    draw(DistanceDependent(rule), 1, 2, positions=(here, there))
    assert np.concatenate(seen).tolist() == [5.0, 7.0]


def test_a_rule_that_is_infinite_at_zero_may_refuse_autapses() -> None:
    places = line(10, 20)
    rule = DistanceDependent("10*um/d", autapses=False)
    rows, columns = draw(rule, 2, 2, same=True, positions=(places, places))
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])


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


@pytest.mark.parametrize("size", [5, 120], ids=["dense", "sparse"])
@pytest.mark.parametrize("side", [0, 1], ids=["out", "in"])
def test_degree_draws_every_set_of_neurons_alike(size: int, side: int, seed: int) -> None:
    n, repeats = 2, 40_000 if size == 5 else 200_000
    rule = (FixedOutDegree, FixedInDegree)[side](n, multapses=False)
    sizes = (size, repeats) if side else (repeats, size)
    found = draw(rule, *sizes, seed)
    order = np.lexsort((found[1 - side], found[side]))
    sets = found[1 - side][order].reshape(repeats, n)
    counts = np.bincount(sets[:, 0] * size + sets[:, 1], minlength=size**2)
    possible = [i * size + j for i, j in combinations(range(size), 2)]
    assert counts.sum() == counts[possible].sum() == repeats
    share = 1 / len(possible)
    error = np.abs(counts[possible] - repeats * share).max()
    assert error < (SIGMAS + 1) * np.sqrt(repeats * share)
    # many sets share a distance between their numbers, so a bias near the diagonal shows
    gaps = np.bincount(sets[:, 1] - sets[:, 0], minlength=size)[1:]
    expected = repeats * share * np.arange(size - 1, 0, -1)
    assert (np.abs(gaps - expected) < SIGMAS * np.sqrt(expected) + 1).all()


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


def test_distance_sets_the_probability(seed: int) -> None:
    there = line(*np.repeat([0, 100, 300], 20_000))
    rule = DistanceDependent("0.4*exp(-d/(100*um))")
    _, columns = draw(rule, 1, 60_000, seed, positions=(line(0), there))
    for k, p in enumerate(0.4 * np.exp([-0.0, -1.0, -3.0])):
        count = np.count_nonzero(columns // 20_000 == k)
        assert abs(count - 20_000 * p) < SIGMAS * np.sqrt(20_000 * p * (1 - p))


def test_blocks_of_distances_join_without_a_seam(monkeypatch, seed: int) -> None:
    places = np.random.default_rng(seed).random((30, 3))
    for rule in (DistanceDependent("exp(-d/(1*metre))", autapses=False), FixedProbability(0.5)):
        whole = draw(rule, 30, 30, seed, same=True, positions=(places, places))
        monkeypatch.setattr("spikegram.networks.connectors._BLOCK", 70)
        parts = draw(rule, 30, 30, seed, same=True, positions=(places, places))
        monkeypatch.undo()
        if isinstance(rule, DistanceDependent):
            assert np.array_equal(whole, parts)
        assert (np.diff(parts[0] * 30 + parts[1]) > 0).all()
        assert parts[0].max() > 25


# -- values


def test_connectors_are_values() -> None:
    assert FixedInDegree(3) == FixedInDegree(np.int32(3)) != FixedInDegree(3, multapses=False)
    assert len({AllToAll(), AllToAll(True), OneToOne(), OneToOne()}) == 2
    assert FromList([(0, 1)]) == FromList(np.array([[0, 1]])) != FromList([(1, 0)])
    assert len({FromList([(0, 1)]), FromList(np.array([[0.0, 1]]))}) == 1
    assert FromList([]) != OneToOne()
    with pytest.raises(FrozenInstanceError):
        FixedProbability(0.1).p = 0.2


def test_a_list_does_not_change_with_the_array_it_was_made_of() -> None:
    listed = np.array([[0, 1]])
    rule = FromList(listed)
    listed[0, 0] = 9
    assert rule.synapses.tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="read-only"):
        rule.synapses[0, 0] = 9
    draw(rule, 2, 2)[0][0] = 5
    assert rule.synapses.tolist() == [[0, 1]]


def test_expected_count_allocates_nothing() -> None:
    assert AllToAll().expected_count(10**9, 10**9) == 1e18
    assert FixedProbability(0.1).expected_count(10**9, 10**9) == pytest.approx(1e17)
    assert FixedInDegree(1000).expected_count(10_000, 12_500) == 12_500_000.0
    assert FixedOutDegree(1000).expected_count(10_000, 12_500) == 10_000_000.0
    assert OneToOne().expected_count(7, 7) == 7.0
    assert DistanceDependent("0.1").expected_count(10, 20) == 200.0


# -- messages


@pytest.mark.parametrize("p", [-0.1, 1.0001, float("nan"), float("inf"), 2, np.float64(-1)])
def test_probability_outside_its_range(p: float) -> None:
    with pytest.raises(ValueError, match=r"FixedProbability\.p: expected a number from 0 to 1, got"):
        FixedProbability(p)


@pytest.mark.parametrize("p", ["0.1", None, True, 0.1j, [0.1]])
def test_probability_that_is_no_number(p: object) -> None:
    with pytest.raises(TypeError, match=r"FixedProbability\.p: expected a number from 0 to 1, got"):
        FixedProbability(p)


@pytest.mark.parametrize("rule", [FixedInDegree, FixedOutDegree, FixedTotalNumber])
def test_numbers_of_synapses(rule: type) -> None:
    message = rf"{rule.__name__}\.n: expected a whole number from 0 on, got "
    for n in (-1, 2.5, 3.0, float("nan")):
        with pytest.raises(ValueError, match=message + str(n)):
            rule(n)
    for n in ("3", None, True, [3]):
        with pytest.raises(TypeError, match=message):
            rule(n)


@pytest.mark.parametrize("flag", ["autapses", "multapses"])
def test_flags(flag: str) -> None:
    with pytest.raises(TypeError, match=rf"FixedInDegree\.{flag}: expected True or False, got 1"):
        FixedInDegree(3, **{flag: 1})
    assert FixedInDegree(3, **{flag: np.bool_(False)}) == FixedInDegree(3, **{flag: False})


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


@pytest.mark.parametrize(
    "row",
    [
        *[(0, -1), (1.5, 0), (float("nan"), 0), (0, float("inf")), (0, "1"), (0, None), (0,)],
        *[(0, 1, 2), 3, "01", (0, 2**60), (0, 2**70), (0, 1j)],
    ],
    ids=repr,
)
def test_list_names_the_bad_row(row: object) -> None:
    message = r"FromList\.synapses: row 2: expected two whole numbers from 0 on, got "
    with pytest.raises(ValueError, match=message):
        FromList([(0, 1), (1, 1), row, (-5, -5)])


@pytest.mark.parametrize("bad", [-1, 0.5, np.nan, np.inf, -np.inf])
def test_list_names_the_bad_row_of_an_array(bad: float) -> None:
    listed = np.array([[0, 1], [1, bad], [bad, 0]])
    with pytest.raises(ValueError, match=r"row 1: expected two whole numbers from 0 on, got \[1"):
        FromList(listed)


def test_list_of_wrong_kind() -> None:
    with pytest.raises(ValueError, match=r"expected shape \[S, 2\], got \[4, 3\]"):
        FromList(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"expected shape \[S, 2\], got \[4\]"):
        FromList(np.zeros(4))
    with pytest.raises(ValueError, match="row 0: expected two whole numbers"):
        FromList(np.ones((1, 2), bool))
    for wrong in ("0 1", 3, None, {0: 1}, {(0, 1)}):
        with pytest.raises(TypeError, match=r"expected a sequence of pairs or an array \[S, 2\]"):
            FromList(wrong)


def test_list_past_the_end() -> None:
    rule = FromList([(0, 0), (1, 3), (5, 0)])
    with pytest.raises(ValueError, match=r"row 2 is \[5, 0\]: expected a presynaptic .* below 5"):
        draw(rule, 5, 4)
    with pytest.raises(ValueError, match=r"row 1 is \[1, 3\]: expected a postsynaptic .* below 3"):
        draw(rule, 6, 3)
    with pytest.raises(ValueError, match="row 0 is"):
        draw(rule, 0, 3)


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        (3, TypeError, "expected a function of the distance or an expression in d, got 3"),
        ("exp(-d", ValueError, "not a valid expression"),
        ("d.real", ValueError, "Attribute is not part of the equation language"),
        ("x*d", ValueError, "units of length, got 'x' in"),
        ("d < 3*ms", ValueError, "units of length, got 'ms' in"),
        ("rand()*d", ValueError, r"expected only the functions .* got rand\(\)"),
    ],
)
def test_distance_rules_that_cannot_be_read(rule, error, message) -> None:
    with pytest.raises(error, match=r"DistanceDependent\.probability: .*" + message):
        DistanceDependent(rule)


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        ("d/(50*um)", ValueError, r"from 0 to 1, got 2 at a distance of 0.0001 m \(.* 0 to 1 "),
        ("-d", ValueError, "from 0 to 1, got -0.0001 at"),
        ("10*um/d", ValueError, "from 0 to 1, got inf at a distance of 0 m"),
        ("d/d", ValueError, "from 0 to 1, got nan at a distance of 0 m"),
        ("1/0", ValueError, "cannot evaluate '1 / 0': division by zero"),
        ("9**9**9**9", ValueError, "cannot evaluate"),
        ("d and 1", ValueError, "cannot evaluate 'd and 1'"),
        ("(-8)**(1/3)", ValueError, "the root or logarithm of a negative number"),
        (lambda d: "no", TypeError, "expected real numbers for the distances, got <U2"),
        (lambda d: d[1:], ValueError, r"for each of 2 distances, got shape \[1\]"),
        (lambda d: 1.5, ValueError, "from 0 to 1, got 1.5"),
    ],
)
def test_distance_rules_that_give_no_probabilities(rule, error, message) -> None:
    with pytest.raises(error, match=r"DistanceDependent\.probability: .*" + message):
        draw(DistanceDependent(rule), 1, 2, positions=(line(0), line(0, 100)))


@pytest.mark.parametrize(
    ("positions", "error", "message"),
    [
        (None, ValueError, "expected both populations to have positions in metres, got none"),
        (np.zeros((2, 2)), TypeError, "expected a pair of arrays .*, got ndarray"),
        ((line(0), line(0)), ValueError, r"of post: expected an array \[2, D\].*shape \[1, 1\]"),
        ((np.zeros(1), line(0, 1)), ValueError, r"of pre: expected .*, got shape \[1\]"),
        ((line(0), line(0, np.nan)), ValueError, r"of post: expected .* got \[nan\] in row 1"),
        ((np.array([["0"]]), line(0, 1)), TypeError, "of pre: expected .* got <U1"),
        ((np.zeros((1, 3)), line(0, 1)), ValueError, "same number of dimensions .* 3 and 1"),
    ],
)
def test_positions(positions, error, message) -> None:
    with pytest.raises(error, match=message):
        draw(DistanceDependent("0.5"), 1, 2, positions=positions)


@pytest.mark.parametrize(
    ("pre", "error", "message"),
    [
        ([0.0, 1.0], TypeError, r"pre: expected neuron numbers.* got shape \[2\] of float64"),
        ([[0, 1]], TypeError, r"pre: expected neuron numbers.* got shape \[1, 2\] of int64"),
        ([3, -1], ValueError, "pre: expected neuron numbers from 0 on, got -1"),
        ([3, 1, 3], ValueError, "pre: expected each neuron once, got 3 several times"),
    ],
)
def test_neuron_numbers(pre, error, message) -> None:
    with pytest.raises(error, match=message):
        AllToAll().pairs(np.array(pre), np.arange(3), False, np.random.default_rng(0), None)


def test_generator() -> None:
    with pytest.raises(TypeError, match=r"rng: expected a numpy\.random\.Generator, got 7"):
        FixedProbability(0.1).pairs(np.arange(3), np.arange(3), False, 7, None)
