"""The hand-written kernel simulates the networks it stands for."""

import numpy as np
import pytest

from spikegram.scripts.bench import yardstick
from spikegram.scripts.bench.task import Task


def spikes(network, threads, seconds):
    outcome = yardstick.run(Task(network, "hand-written", seconds, seed=3, dtype="float32", threads=threads))
    assert outcome.steps == round(seconds * 1e4) and outcome.sim_s > 0
    return outcome


@pytest.mark.slow
@pytest.mark.parametrize(("network", "low", "high"), [("cuba4k", 4.5, 6.5), ("brunel", 30, 45)])
def test_rates_and_threads(network, low, high):
    one, two = spikes(network, 1, 0.4), spikes(network, 2, 0.4)
    for kind, size in (("E", 0.8), ("I", 0.2)):
        cells = size * (4000 if network == "cuba4k" else 12500)
        times, ids = one.spikes[kind]
        assert ids.min() >= 0 and ids.max() < cells
        late = times > 200
        assert low < late.sum() / cells / 0.2 < high
        a, b = (sorted(zip(*map(np.ndarray.tolist, o.spikes[kind]), strict=True)) for o in (one, two))
        assert a == b


def test_it_is_a_system_of_the_benchmark():
    from spikegram.scripts.bench.systems import SYSTEMS, missing

    assert missing(SYSTEMS["hand-written"]) is None
