"""The stand-in for SHD-Adding: digits, rates and sums."""

import numpy as np
import pytest

from spikegram.tasks import shd_adding_standin


def test_halves_say_which_digits_were_added() -> None:
    task = shd_adding_standin(seed=5)
    x, target = task.batch(4000)
    assert set(np.unique(x)) == {0.0, 1.0} and set(np.unique(target)) == set(range(9))
    assert np.bincount(target) / len(target) == pytest.approx(np.array([1, 2, 3, 4, 5, 4, 3, 2, 1]) / 25, abs=0.03)
    first, second = x[:25], x[25:]
    assert first.mean() == pytest.approx(0.125, abs=0.02)  # the mean of U**3/2
    ends = target == 8  # both are digit 4: the same table twice, constant over a segment of five steps
    a, b = (half[:, ends].mean(axis=1).reshape(5, 5, 30).mean(axis=1) for half in (first, second))
    assert np.abs(a - b).max() < 0.15 and np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.95
    other = target == 0
    c = first[:, other].mean(axis=1).reshape(5, 5, 30).mean(axis=1)
    assert np.corrcoef(a.ravel(), c.ravel())[0, 1] < 0.5


def test_longer_ones_and_errors() -> None:
    assert shd_adding_standin(T=100).batch(2)[0].shape == (100, 2, 30)
    with pytest.raises(ValueError, match="T: expected a multiple of 10, got 55"):
        shd_adding_standin(T=55)
