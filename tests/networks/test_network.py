"""The network as its user sees it: what a refused call leaves, when its structure is closed, how it runs on."""

from __future__ import annotations

import pytest
import sample_networks as samples

from spikegram.networks import AllToAll, Network, OneToOne
from spikegram.neurons import NeuronModel
from spikegram.plasticity import SynapseModel

COUNTER = samples.COUNTER


@pytest.fixture
def net():
    return Network(dt=0.1, seed=1)


@pytest.fixture
def cells(net):
    return net.population(3, COUNTER, name="cells")


def test_a_failed_population_leaves_nothing(net):
    wrong = NeuronModel("dv/dt = -v/tau : volt", parameters=dict(tau="1*mV"), name="wrong")
    claimed = net._claimed
    with pytest.raises(ValueError, match="wrong"):
        net.population(10**6, wrong, name="p")
    with pytest.raises(ValueError, match="init"):
        net.population(10**6, COUNTER, name="p", init=dict(y=1))
    assert (net.populations, net._claimed) == ({}, claimed)
    assert net.population(1, COUNTER, name="p").number == 0


def test_a_failed_projection_leaves_nothing(net, cells):
    claimed = net._claimed
    with pytest.raises(ValueError, match="weight"):
        net.project(cells, cells, AllToAll(), weight=float("nan"), target="x", name="q")
    with pytest.raises(ValueError, match="'v'"):
        net.project(cells, cells, AllToAll(), synapse=SynapseModel("u : 1", on_pre="v_post += 1"), name="q")
    assert (net.projections, net._claimed) == ({}, claimed)
    assert net.project(cells, cells, AllToAll(), weight=1, target="x", name="q").number == 0


# -- structure and runs -----------------------------------------------------------------------------------------------
def test_structure_is_closed_while_running(net, cells):
    net.run(0.5, backend="reference")
    with pytest.raises(
        ValueError, match=r"a population can be added before the first run or after reset\(\), not at t = 0.5 ms"
    ):
        net.population(1, COUNTER)
    with pytest.raises(ValueError, match="a projection can be added"):
        net.project(cells, cells, OneToOne(), weight=1, target="x")
    with pytest.raises(ValueError, match=r"running on 'reference'; reset\(\) it before changing to 'numba'"):
        net.run(1, backend="numba")
    net.reset()
    q = net.project(cells, cells, OneToOne(), weight=1, target="x")
    net.inject(cells, 1, target="go", stop=0.1)
    net.run(0.2, backend="reference")
    assert q.post.get("x").tolist() == [1, 1, 1]


def test_arguments_of_run(net):
    with pytest.raises(ValueError, match="run: the network has no population"):
        net.run(1)
    net.population(1, COUNTER)
    for threads in (0, -1, 1.5, True, "2", 1025):
        with pytest.raises(ValueError, match="run: threads: expected a whole number in 1 ... 1024, got"):
            net.run(1, threads=threads)
    with pytest.raises(ValueError, match="run: threads: the 'reference' backend runs on one thread, got 2"):
        net.run(1, backend="reference", threads=2)
    with pytest.raises(ValueError, match="backend: expected one of .*, got 'fast'"):
        net.run(1, backend="fast")
    for duration, error, words in (
        (-1, ValueError, ">= 0, got -1 ms"), (0.05, ValueError, "not a multiple of the time step dt = 0.1 ms"),
        (float("nan"), ValueError, "NaN"), (float("inf"), ValueError, "too long"), (1e300, ValueError, "too long"),
        ([1, 2], TypeError, "expected one time"), (None, TypeError, "expected a number"),
        ("1*mV", ValueError, "in volt"), ("soon", ValueError, "soon"),
    ):  # fmt: skip
        with pytest.raises(error, match=f"run: duration: .*{words}"):
            net.run(duration, backend="reference")
    with pytest.raises(ValueError, match="the network has not run yet"):
        net.result  # noqa: B018
    assert net._engine is None
    assert net.run("0.3*ms", backend="reference") is net.result
    assert net.step == 3


def test_time_does_not_drift(net):
    net.population(1, COUNTER)
    for _ in range(30):
        net.run(0.1, backend="reference")
    assert net.step == 30
    assert net.time == 30 * 0.1
    assert net.result.duration == net.time
