"""The peers of the dense Monte Carlo do what ours does."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.scripts.bench import memories_dense
from spikegram.scripts.bench.works import same, works


def test_all_give_the_same_states() -> None:
    answers = {name: call() for name, call in memories_dense.make(quick=True).items()}
    assert list(answers) == ["spikegram", "NumPy, direct", "NumPy, overlaps"]
    same(answers)
    again = memories_dense.make(threads=2, quick=True)["spikegram"]()
    assert np.array_equal(again, answers["spikegram"]) and again.shape == (2, 100)


def test_it_is_a_work_of_the_suite() -> None:
    (work,) = memories_dense.WORKS
    assert work in works("memories") and work.goals == {"NumPy, direct": 50.0}


def test_a_wrong_answer_is_told() -> None:
    ones = np.ones((2, 3), dtype=np.int8)
    with pytest.raises(ValueError, match="other: 1 spins differ"):
        same({"spikegram": ones, "other": np.where([[1, 1, 0], [1, 1, 1]], 1, -1)})
