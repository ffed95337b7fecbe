"""Sums of outer products, of rows that are listed and of whole ones, are NumPy's and the same bits."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.kernels.elm_events import find_events
from spikegram.kernels.outer_products import Outer, add_outer, outer_sum


@pytest.mark.parametrize("density", [0.1, 0.9], ids=["listed", "dense"])
def test_sum_over_steps_and_samples(density: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(70, 3, 21)) * (rng.random((70, 3, 21)) < density)
    b = rng.normal(size=(70, 3, 37))
    total = outer_sum(a, b)
    np.testing.assert_allclose(total, np.einsum("tbi,tbj->ij", a, b), rtol=1e-11, atol=1e-11)
    for threads in (2, 3):
        assert (outer_sum(a, b, threads) == total).all()


def test_listed_rows_give_the_same_bits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(70, 3, 21)) * (rng.random((70, 3, 21)) < 0.3), rng.normal(size=(210, 37))
    listed, whole = np.ones((21, 37)), np.ones((21, 37))
    for first, last in ((0, 90), (90, 210)):
        some = (
            Outer(find_events(a), b[first:last], listed, first),
            Outer(a.reshape(210, 21)[first:last], b[first:last], whole),
        )
        add_outer(some, threads=2)
    assert (listed == whole).all()


def test_no_rows_give_nothing() -> None:
    assert not outer_sum(np.zeros((0, 2, 3)), np.zeros((0, 2, 4))).any()
