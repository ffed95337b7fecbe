"""Reading classes off Sparsey's codes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import SparseyReadout, nearest_code

CODES = np.array([[[0, 1], [2, -1]], [[0, 2], [-1, -1]], [[3, 1], [2, -1]]])  # the second mac has one module


def field(rule: str) -> SparseyReadout:
    made = SparseyReadout(classes=2, macs=2, modules=2, cells=4, rule=rule)
    made.learn(CODES[:2], [0, 0])
    made.learn(CODES[2:], [1])
    return made


def test_set_once_synapses_by_hand() -> None:
    assert field("once").support(CODES).tolist() == [[3, 2], [2, 0], [2, 3]]
    assert field("once").classify(CODES).tolist() == [0, 0, 1]


def test_counts_by_hand() -> None:
    """K = 4; two codes of class 0, of which one has the second mac silent; one of class 1."""
    support = field("counts").support(CODES[:1])[0]
    zero = math.log(3 / 6) + math.log(2 / 6) + math.log(2 / 5)
    one = math.log(1 / 5) + math.log(2 / 5) + math.log(2 / 5)
    assert support == pytest.approx([zero, one], rel=1e-12)


def test_learning_in_parts_is_learning_at_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes, labels = rng.integers(-1, 5, (40, 3, 4)), rng.integers(0, 6, 40)
    whole, parts = (SparseyReadout(6, 3, 4, 5, "counts") for _ in range(2))
    whole.learn(codes, labels)
    for k in range(0, 40, 9):
        parts.learn(codes[k : k + 9], labels[k : k + 9])
    assert np.array_equal(whole.counts, parts.counts) and np.array_equal(whole.of_class, parts.of_class)


def test_nearest_code() -> None:
    asked = np.array([[[3, 1], [-1, -1]], [[0, 3], [1, -1]]])
    assert nearest_code(asked, CODES).tolist() == [2, 0]  # of two equals the first


def test_wrong_calls() -> None:
    made = field("once")
    with pytest.raises(ValueError, match="rule: expected one of once, counts, got 'all'"):
        field("all")
    with pytest.raises(ValueError, match=r"codes: expected whole numbers of shape \[., 2, 2\], got int64 \[1, 2\]"):
        made.support(np.zeros((1, 2), int))
    with pytest.raises(ValueError, match=r"codes: expected cells 0 ... 3, got 4"):
        made.support(np.full((1, 2, 2), 4))
    with pytest.raises(ValueError, match=r"labels: expected 3 whole numbers, got int64 \[2\]"):
        made.learn(CODES, [0, 1])
    with pytest.raises(ValueError, match=r"labels: expected 0 ... 1, got 0 ... 2"):
        made.learn(CODES, [0, 1, 2])
    with pytest.raises(ValueError, match=r"codes, stored: expected .* got \[3, 2, 2\], \[0, 2, 2\]"):
        nearest_code(CODES, CODES[:0])
