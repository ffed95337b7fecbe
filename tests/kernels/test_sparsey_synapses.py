"""Counts of set synapses, through the kernel; weights by age are compared with the reference in `test_sparsey.py`."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.kernels.sparsey import run
from spikegram.networks.sparsey_layout import SparseyLevel, make_layout
from spikegram.networks.sparsey_tables import make_codes, make_tables, make_work, new_memory
from spikegram.neurons.sparsey import SparseyParams


@pytest.mark.parametrize("n", [1, 7, 8, 9, 16, 31, 130])
def test_counting_of_bits(n: int, seed: int) -> None:
    """A mac with n active inputs: V is the count of set synapses over n."""
    layout = make_layout((1, n), [SparseyLevel(SparseyParams(3, 5), signals="U")])
    tables, codes = make_tables(layout), make_codes(layout, 1)
    memory = new_memory(layout, tables)
    grown = np.random.default_rng(seed).random((n, 15)) < 0.5
    memory.bits[:n] = grown @ (1 << np.arange(15)).astype(np.uint64)
    work = make_work(layout)
    run(
        np.arange(1), 0, 1, np.ones((1, n), bool), np.ones(1, bool), False, True, np.zeros(3), np.zeros(8, np.uint8), 0,
        False, np.uint64(0), np.uint64(1), 0, 0, tables, memory, codes, *work,
    )  # fmt: skip
    assert work.acc[:15].tolist() == grown.sum(0).tolist()
    assert work.V[work.acc[:15]].tolist() == (grown.sum(0) / n).tolist()
