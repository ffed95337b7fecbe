"""Sparsey's synapses: the table of age, permanence, errors."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.plasticity.sparsey import NEVER, PERMANENT, SparseyRule, coactive, weight

DECAY = SparseyRule(decay=True)


@pytest.mark.parametrize(
    ("stiffness", "age", "expected"),
    [
        *((0, 0, 127), (0, 1999, 127), (0, 2000, 120), (0, 2999, 120), (0, 3000, 50), (0, 3999, 50), (0, 4000, 0)),
        *((1, 3999, 127), (1, 4000, 120), (1, 6000, 50), (1, 7999, 50), (1, 8000, 0), (2, 10**9, 127)),
    ],
)
def test_table(stiffness: int, age: int, expected: int) -> None:
    assert int(weight(stiffness, age, DECAY)) == expected
    assert int(weight(stiffness, age, SparseyRule())) == 127


def after(stiffness: int, last: int, now: int, rule: SparseyRule = DECAY, persistence: int = 1) -> tuple[int, int]:
    s, t = coactive(np.array([stiffness], np.uint8), np.array([last]), now, rule, persistence)
    return int(s[0]), int(t[0])


def test_a_second_co_activity_makes_stiff_and_a_third_permanent() -> None:
    assert after(0, NEVER, 0) == (0, 0)
    assert after(0, 0, 100) == (1, 100)
    assert after(1, 100, 200) == (PERMANENT, 200)
    assert after(PERMANENT, 200, 10**6) == (PERMANENT, 10**6)


def test_a_late_co_activity_only_renews_and_one_after_decay_begins_anew() -> None:
    assert after(0, 0, 1999) == (1, 1999)
    assert after(0, 0, 2000) == (0, 2000)
    assert after(1, 0, 4000) == (1, 4000)
    assert after(1, 0, 7999) == (1, 7999)
    assert after(1, 0, 8000) == (0, 8000)


def test_co_activities_while_one_code_persists_count_once() -> None:
    assert after(0, 10, 11, persistence=2) == (0, 11)
    assert after(0, 10, 12, persistence=2) == (1, 12)


def test_without_decay_nothing_stiffens() -> None:
    assert after(0, 5, 105, SparseyRule()) == (0, 105)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (dict(weights=(127, 50, 120)), r"SparseyRule.weights: expected 127 >= a >= b >= c > 0"),
        (dict(ages=((3, 2, 1), (4, 5, 6))), r"SparseyRule.ages: expected rows 0 < a <= b <= c"),
        (dict(ages=((1, 2, 3),)), r"SparseyRule.ages: expected two rows, got 1"),
        (dict(freeze="all"), r"SparseyRule.freeze: expected 'mac', 'cell' or None, got 'all'"),
        (dict(saturation=0), r"SparseyRule.saturation: expected a number in \(0, 1\), got 0"),
    ],
)
def test_wrong_values(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SparseyRule(**wrong)
