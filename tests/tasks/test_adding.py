"""The adding problem: one mark in each half, the target is the marked sum."""

import numpy as np
import pytest

from spikegram.tasks import adding


@pytest.mark.parametrize("T", [2, 7, 100])
def test_marks_and_targets(T: int) -> None:
    x, target = adding(T=T).batch(200)
    value, mark = x[..., 0], x[..., 1]
    assert set(np.unique(mark)) <= {0.0, 1.0}
    assert (mark[: T // 2].sum(axis=0) == 1).all() and (mark[T // 2 :].sum(axis=0) == 1).all()
    assert (value >= 0).all() and (value < 1).all()
    for k in (0, 17, 199):
        assert target[k, 0] == pytest.approx(float(value[mark[:, k] == 1, k].sum()), rel=1e-6)
    assert (mark.argmax(axis=0) == 0).mean() == pytest.approx(1 / (T // 2), abs=0.08)


def test_too_short() -> None:
    with pytest.raises(ValueError, match="T: expected at least 2 steps, got 1"):
        adding(T=1)
