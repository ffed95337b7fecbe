"""Synapses that test_all_models.py leaves out, to spare compiling: the compiled run equals the reference."""

from __future__ import annotations

import numpy as np
import pytest

import spikegram.plasticity
from spikegram.networks import AllToAll, Network, Result, SpikeArray
from spikegram.neurons import LIF, RateUnit

TOLERANCE = 1e-9  # of the largest value
NAMES = (
    "HomeostaticScaling",
    "RewiringSTDP",
    "RewiringStatic",
    "TsodyksMarkramDepression",
    "RateScaling",
    "RateStatic",
)
LEARNING = ("HomeostaticScaling", "RewiringSTDP", "RateScaling")


def run(name: str, backend: str) -> Result:
    rule = getattr(spikegram.plasticity, name)
    rng = np.random.default_rng(8)
    net = Network(dt=0.5, seed=3)
    if name.startswith("Rate"):
        source, cells = net.population(5, RateUnit, name="in"), net.population(4, RateUnit, name="cells")
        net.inject(source, rng.random((400, 5)))
        options: dict = dict(weight="rand()")
        net.record(cells, "r")
    else:
        steps, ids = np.nonzero(rng.random((400, 20)) < 0.02)
        source = net.population(20, SpikeArray(steps * 0.5, ids, size=20), name="in")
        cells = net.population(4, LIF(v_rest=-53), name="cells")
        options = dict(weight="0.3*nA*rand()", delay="0.5*ms*int(1 + 4*rand())", target="I")
        if name.startswith("Rewiring"):
            options["init"] = dict(active="rand() < 0.6")
        net.record(cells, ["spikes", "v", "I"])
    net.record(net.project(source, cells, AllToAll(), synapse=rule, name="q", **options), "weights")
    return net.run(200, backend=backend)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_reference_equals_numba(name: str) -> None:
    reference, one = (run(name, way) for way in ("reference", "numba"))
    assert one["cells"].spikes == reference["cells"].spikes
    assert name.startswith("Rate") or len(one["cells"].spikes) > 10
    for trace in one["cells"].traces:
        a, b = (r["cells"].trace(trace).values for r in (reference, one))
        assert np.ptp(a) > 0 and np.abs(a - b).max() <= TOLERANCE * np.abs(a).max()
    before, a, b = one.projections["q"].weights_before, *(r.projections["q"].weights for r in (reference, one))
    assert np.abs(a - b).max() <= TOLERANCE * np.abs(a).max()
    assert (np.abs(b - before).max() > 0) == (name in LEARNING)
