"""The peers of the Hopfield works do the same as ours; wrong answers are noticed."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.scripts.bench.hopfield_works import WORKS, near, same

WITH_TORCH = [work for work in WORKS if "retrieval" in work.name or "layer" in work.name]
MEMORIES = [work for work in WORKS if work not in WITH_TORCH]


@pytest.mark.parametrize("work", MEMORIES, ids=lambda work: work.name)
def test_binary_networks_agree(work: object) -> None:
    answers = {label: call() for label, call in work.make(1, True).items()}
    assert len(answers) >= 2 and next(iter(answers.values())).shape == (2, 500)
    work.agree(answers)


@pytest.mark.parametrize("work", WITH_TORCH, ids=lambda work: work.name)
def test_real_patterns_agree(work: object) -> None:
    pytest.importorskip("torch")
    answers = {label: call() for label, call in work.make(1, True).items()}
    assert list(answers)[0] == "spikegram" and set(work.goals) == set(list(answers)[1:])
    work.agree(answers)


def test_differences_are_noticed() -> None:
    with pytest.raises(ValueError, match="peer: an answer differs by 1"):
        near({"ours": np.zeros(3), "peer": np.array([0.0, 1.0, 0.0])})
    with pytest.raises(ValueError, match="peer: 2 spins differ"):
        same({"ours": np.ones(3), "peer": np.array([1, -1, -1])})
