"""The networks as data: the numbers of the published ones, and what is said of an unknown name."""

from __future__ import annotations

import pytest

from spikegram.scripts.bench.catalogue import CELLS, NETWORKS, BenchNetwork, find, number, register


def test_cuba_and_coba() -> None:
    for name, n in (("cuba4k", 4_000), ("cuba40k", 40_000), ("cuba400k", 400_000)):
        network = find(name)
        assert (network.exc, network.inh) == (n * 4 // 5, n // 5)
        assert [w.weight for w in network.wiring] == [1.62, -9.0]
        assert all(w.probability * n == pytest.approx(80) and w.delay == 0 for w in network.wiring)
    assert [w.weight for w in find("coba40k").wiring] == [0.6, 6.7]


def test_brunel_is_at_twice_the_threshold_drive() -> None:
    for name, n, J, synapses in (("brunel", 12_500, 0.1, 15_625_000), ("brunel_stdp", 2_500, 0.5, 625_000)):
        network, p = find(name), {k: number(v) for k, v in CELLS["brunel"].parameters.items()}
        assert network.cells == n
        events = network.drive.n * network.drive.rate
        assert events * network.drive.weight * p["tau_m"] * 1e-3 == pytest.approx(2 * p["v_th"])
        assert network.drive.weight == J and network.wiring[-1].weight == pytest.approx(-5 * J)
        assert sum(w.in_degree * network.count(w.post) for w in network.wiring) == synapses
        assert {w.delay for w in network.wiring} == {1.5}


def test_variants_of_brunel() -> None:
    assert [w.plastic for w in find("brunel_stdp").wiring] == [True, False, False]
    assert not any(w.plastic for w in find("brunel_static").wiring)
    assert {(w.delay, w.spread) for w in find("brunel-het").wiring} == {(0.5, (0.1, 2.5))}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_complete(name: str) -> None:
    network = NETWORKS[name]
    assert network.name == name and network.title and network.cell in CELLS and network.seconds
    assert network.cells > 0 or all(case["cells"] > 0 for case in network.cases)
    assert set(network.goals) <= set(network.peers)
    assert network.small().cells == 40


def test_unknown_and_taken_names() -> None:
    with pytest.raises(ValueError, match=r"network: expected one of brunel, .*, got 'brunell'"):
        find("brunell")
    with pytest.raises(ValueError, match="network: the name 'brunel' is taken"):
        register(BenchNetwork("brunel", "", "brunel", 1, 1))
