"""Inputs that are not zero are listed, whole and in order."""

from __future__ import annotations

import numpy as np

from spikegram.kernels.elm_events import find_events


def test_find_events(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(24, 5, 6)) * (rng.random((24, 5, 6)) < 0.2)
    for given in (x, x.transpose(1, 0, 2)):  # any strides of time and batch
        e = find_events(given, threads=2)
        rebuilt = np.zeros((given.shape[0] * given.shape[1], 6))
        for r in range(len(rebuilt)):
            part = slice(e.start[r], e.stop[r])
            rebuilt[r, e.index[part]] = e.value[part]
        assert (rebuilt == given.reshape(-1, 6)).all() and (e.stop - e.start).sum() == np.count_nonzero(x)
    assert find_events(x, one_in=4) is not None and find_events(x, one_in=8) is None
