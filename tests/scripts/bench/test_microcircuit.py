"""The microcircuit in the benchmark: sizes of the catalogue, and one run of a tenth."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.scripts._microcircuit_model import circuit, table
from spikegram.scripts.bench.catalogue import find
from spikegram.scripts.bench.microcircuit import tenth
from spikegram.scripts.bench.task import Task


@pytest.mark.parametrize(("name", "scale"), [("microcircuit", 1.0), ("microcircuit_tenth", 0.1)])
def test_the_catalogue_has_the_sizes_of_the_model(name: str, scale: float) -> None:
    network, sizes = find(name), circuit(scale).sizes
    assert (network.exc, network.inh) == (sizes[::2].sum(), sizes[1::2].sum())


@pytest.mark.slow
def test_a_tenth_fires_at_the_rates_of_nest() -> None:
    outcome, numbers = tenth(Task("microcircuit_tenth", "spikegram", 1.0, dtype="float32")), circuit(0.1)
    assert outcome.more["misses"] == [] and outcome.synapses == numbers.synapses.sum()
    expected = float(numbers.sizes @ np.array(table()["nest"]["rate"]))  # 7,717 cells at 2.73 Hz on average
    assert expected == pytest.approx(7_717 * 2.735, rel=1e-3)
    assert outcome.more["spikes"] == pytest.approx(expected, rel=0.1)
