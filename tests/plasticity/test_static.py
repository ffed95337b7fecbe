"""Static synapses: what arrives, when, and with which sign."""

from __future__ import annotations

import numpy as np

from spikegram.networks import FromList, Network, SpikeArray
from spikegram.neurons import LIFDelta
from spikegram.plasticity import Static, SynapseModel


def test_weights_add_up_after_their_delays() -> None:
    """Three synapses, one of them negative and two onto the same cell in the same step."""
    net = Network(dt=1)
    source = net.population(2, SpikeArray([[1], [2]]))
    cells = net.population(2, LIFDelta(tau_m=1e15, v_th=1e3), name="cells")
    wiring = FromList([(0, 0), (1, 0), (0, 1)])
    projection = net.project(source, cells, wiring, weight=[3, 0.5, -2], delay=[2, 1, 0], target="v", synapse=Static)
    net.record(cells, "v")
    v = net.run(6, backend="reference")["cells"].v
    assert np.allclose(v[:, 0] + 60, [0, 0, 0, 0, 3.5, 3.5], atol=1e-9)
    assert np.allclose(v[:, 1] + 60, [0, 0, -2, -2, -2, -2], atol=1e-9)
    assert np.array_equal(np.sort(projection.weights), [-2, 0.5, 3])


def test_it_is_what_a_projection_has_by_default() -> None:
    assert Static == SynapseModel(name="static")
    net = Network(dt=1)
    cells = net.population(1, LIFDelta)
    first = net.project(cells, cells, FromList([(0, 0)]), weight=1, target="v")
    second = net.project(cells, cells, FromList([(0, 0)]), weight=1, target="v", synapse=Static)
    assert first.synapse == second.synapse
