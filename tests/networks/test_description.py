"""A network in a few lines: what it is made of, and how a run lays it out."""

from __future__ import annotations

from sample_networks import COUNTER

from spikegram.networks import AllToAll, Network, SpikeArray
from spikegram.neurons import LIF
from spikegram.plasticity import STDP


def test_describe():
    net = Network(dt=0.1, seed=1)
    cells = net.population(3, COUNTER, name="cells")
    net.project(cells, cells, AllToAll(), weight=1, target="x", delay="0.1*ms*i + 0.5*ms", name="q")
    net.project(cells, cells[:0], AllToAll(), weight=1, target="x", name="nothing")
    net.population(2, SpikeArray([[1]]), name="source")
    assert net.describe().splitlines() == [
        "Network: dt 0.1 ms, seed 1, float64, at t = 0 ms",
        "  population 'cells': 3 x counter",
        "  population 'source': 2 x spike array",
        "  projection 'q': 9 synapses (static) -> x, delay 0.5 ... 0.7 ms",
        "  projection 'nothing': 0 synapses (static) -> x, delay -",
    ]
    assert repr(net) == "Network(5 neurons, 9 synapses, t = 0 ms)"


def test_describe_shows_how_synapses_are_laid_out():
    net = Network(dt=0.1, dtype="float32")
    cells = net.population(50, LIF, name="cells")
    net.project(cells, cells, AllToAll(), weight=0.1, delay=1.5, target="I", name="same")
    net.project(cells, cells, AllToAll(), weight="0.1*nA*rand()", delay=1.5, target="I", name="own", synapse=STDP)
    assert "layout" not in net.describe()
    net.run(0, threads=2)
    text = net.describe()
    assert "layout of 'same': 16-bit targets, w: one value a kind, 1 kind(s), 1 class(es)" in text
    assert "layout of 'own': 16-bit targets, w: one per synapse, x: per neuron, y: per neuron" in text
    assert "threads meet every 15 steps" in text
