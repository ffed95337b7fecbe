"""Draws of pairs and sets: none is preferred, blocks join, refused partners are found by number."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from draws import draw

from spikegram.networks.connectors import (
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
)
from spikegram.networks.distance_rule import DistanceDependent
from spikegram.networks.pair_draws import nobody, refused_partners, rows_at_once, successes, without

SIGMAS = 5.0


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


def test_blocks_of_distances_join_without_a_seam(monkeypatch, seed: int) -> None:
    places = np.random.default_rng(seed).random((30, 3))
    for rule in (DistanceDependent("exp(-d/(1*metre))", autapses=False), FixedProbability(0.5)):
        whole = draw(rule, 30, 30, seed, same=True, positions=(places, places))
        monkeypatch.setattr("spikegram.networks.pair_draws.BLOCK", 70)
        parts = draw(rule, 30, 30, seed, same=True, positions=(places, places))
        monkeypatch.undo()
        if isinstance(rule, DistanceDependent):
            assert np.array_equal(whole, parts)
        assert (np.diff(parts[0] * 30 + parts[1]) > 0).all()
        assert parts[0].max() > 25


def test_refused_partners_are_found_by_their_number() -> None:
    ids, others = np.array([2, 5, 9]), np.array([9, 1, 2])
    assert refused_partners(ids, others, True, False).tolist() == [2, -1, 0]
    assert refused_partners(ids, others, True, True).tolist() == [-1, -1, -1]
    rows, columns = without(np.array([2, -1, 0]), np.array([0, 0, 1, 2]), np.array([1, 2, 0, 0]))
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])


def test_successes_of_few_and_of_no_trials(seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert [np.concatenate(list(successes(rng, p, n))).tolist() for p, n in ((1.0, 4), (0.0, 4), (0.5, 0))] == [
        [0, 1, 2, 3], [], [],
    ]  # fmt: skip
    assert [len(side) for side in nobody()] == [0, 0] and rows_at_once(2**30) == 1
