"""The microcircuit in the benchmark: sizes of the catalogue, and one run of a tenth."""

from __future__ import annotations

import pytest

from spikegram.scripts._microcircuit_model import circuit
from spikegram.scripts.bench.catalogue import find
from spikegram.scripts.bench.microcircuit import tenth
from spikegram.scripts.bench.task import Task


@pytest.mark.parametrize(("name", "scale"), [("microcircuit", 1.0), ("microcircuit_tenth", 0.1)])
def test_the_catalogue_has_the_sizes_of_the_model(name: str, scale: float) -> None:
    network, sizes = find(name), circuit(scale).sizes
    assert (network.exc, network.inh) == (sizes[::2].sum(), sizes[1::2].sum())


@pytest.mark.slow
def test_a_tenth_fires_at_the_rates_of_nest() -> None:
    outcome = tenth(Task("microcircuit_tenth", "spikegram", 1.0, dtype="float32"))
    assert outcome.more["misses"] == [] and outcome.synapses == circuit(0.1).synapses.sum()
    assert outcome.more["spikes"] == pytest.approx(7_717 * 3.06, rel=0.1)
