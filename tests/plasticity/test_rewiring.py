"""Synapses that can be switched: inactive ones neither send nor learn, active ones are those of Static and STDP."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import Network, OneToOne, SpikeArray
from spikegram.neurons import NeuronModel
from spikegram.plasticity import STDP, RewiringStatic, RewiringSTDP, Static

TOLD = NeuronModel("drive : 1 (input)\ng : amp", threshold="drive > 0.5", reset="pass", name="told")


def run(synapse, init=None):
    """Two synapses, spikes at random on both sides."""
    rng = np.random.default_rng(3)
    net = Network(dt=1)
    pre = net.population(2, SpikeArray([np.flatnonzero(rng.random(200) < 0.1).astype(float)] * 2))
    post = net.population(2, TOLD, name="post")
    net.inject(post, (rng.random((200, 1)) < 0.1).astype(float) * np.ones(2))
    q = net.project(pre, post, OneToOne(), weight=0.5, target="g", synapse=synapse, init=init)
    net.run(200, backend="reference")
    return q.weights, post.get("g")


@pytest.mark.parametrize(
    ("switched", "plain"), [(RewiringStatic, Static), (RewiringSTDP(A_plus=0.02), STDP(A_plus=0.02))]
)
def test_active_and_inactive(switched, plain) -> None:
    weights, sent = run(switched, dict(active=[1, 0]))
    expected, total = run(plain)
    assert weights.tolist() == [expected[0], 0.5]
    assert sent.tolist() == [total[0], 0] and total[0] > 5
    assert (expected[0] != 0.5) == (plain is not Static)


def test_active_is_the_start_value() -> None:
    assert run(RewiringSTDP)[0][1] == run(STDP)[0][1]
    with pytest.raises(ValueError, match=r"active: 'RewiringStatic' keeps active in \[0, 1\].*got 2"):
        run(RewiringStatic, dict(active=2))
