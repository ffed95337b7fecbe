"""Probabilities by distance: expressions, distances, every message."""

from __future__ import annotations

import numpy as np
import pytest
from draws import draw

from spikegram.networks.distance_rule import DistanceDependent

SIGMAS = 5.0
UM = 1e-6  # metre


def line(*micrometres: float) -> np.ndarray:
    return np.array(micrometres)[:, None] * UM


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


def test_distance_sets_the_probability(seed: int) -> None:
    there = line(*np.repeat([0, 100, 300], 20_000))
    rule = DistanceDependent("0.4*exp(-d/(100*um))")
    _, columns = draw(rule, 1, 60_000, seed, positions=(line(0), there))
    for k, p in enumerate(0.4 * np.exp([-0.0, -1.0, -3.0])):
        count = np.count_nonzero(columns // 20_000 == k)
        assert abs(count - 20_000 * p) < SIGMAS * np.sqrt(20_000 * p * (1 - p))


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
