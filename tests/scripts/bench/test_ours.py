"""Our side: the networks are those of the catalogue, and the counts are right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.scripts.bench.catalogue import NETWORKS, find
from spikegram.scripts.bench.ours import build, count_events, joined, measure
from spikegram.scripts.bench.task import Task

RANDOM = [n for n, network in NETWORKS.items() if network.ours.endswith("ours:run")]
needs_drive = pytest.mark.skipif(not hasattr(Network, "poisson_input"), reason="no Poisson input yet")


@pytest.mark.parametrize("name", [n for n in RANDOM if find(n).drive is None])
def test_cuba_and_coba_are_built_as_the_catalogue_says(name: str, seed: int) -> None:
    network = find(name).small()
    built = build(network, seed, "float32")
    assert [p.size for p in built.net.populations.values()] == [32, 8]
    assert [q.target for q in built.net.projections.values()] == ["g_e", "g_e", "g_i", "g_i"]
    weights = [float(q.weights[0]) for q in built.net.projections.values() if q.size]
    assert set(np.round(weights, 6)) <= {row.weight for row in network.wiring}
    v = built.groups["E"][0].get("v")
    assert v.min() > -60 and v.max() < -50


@needs_drive
@pytest.mark.parametrize("name", [n for n in RANDOM if find(n).drive is not None])
def test_brunel_is_built_as_the_catalogue_says(name: str, seed: int) -> None:
    network = find(name).small()
    built = build(network, seed, "float32")
    rows = [(row, post) for row in network.wiring for post in row.post]
    for (row, post), q in zip(rows, built.net.projections.values(), strict=True):
        assert q.size == row.in_degree * network.count(post)
        assert np.mean(q.weights) == pytest.approx(row.weight, rel=0.02)
        if row.spread is None:
            assert set(np.round(q.delays, 6)) == {row.delay}
        else:
            assert len(set(np.round(q.delays, 6))) == 21 and q.delays.min() == 0.5 and q.delays.max() == 2.5
            assert np.std(q.weights) == pytest.approx(0.1 * abs(row.weight), rel=0.05)
    assert (built.plastic is not None) == (network.stdp is not None)
    if network.stdp:
        values = {n: p.value for n, p in built.plastic.synapse.parameters.items()}
        assert values["A_plus"] == pytest.approx(1e-6) and values["A_minus"] == pytest.approx(1.05e-6)
        assert values["w_max"] == pytest.approx(1e-3) and values["tau_plus"] == pytest.approx(0.02)


def test_counts_of_a_measured_run(seed: int) -> None:
    network = replace(
        find("cuba4k"), exc=160, inh=40, wiring=tuple(w._replace(probability=0.2) for w in find("cuba4k").wiring)
    )
    seen = []

    def make(n):
        seen.append(build(n, seed, "float64"))
        return seen[-1]

    outcome = measure(Task("cuba4k", "spikegram", 0.1), make, network)
    assert [b.net.populations["E"].size for b in seen] == [32, 160]
    built, result = seen[1], seen[1].net.result
    assert outcome.steps == 1000 and outcome.synapses == sum(q.size for q in built.net.projections.values())
    by_hand = 0
    for q in built.net.projections.values():
        ids = result[q.pre.name].spikes.ids
        by_hand += sum(int(np.sum(q.pre_ids == i)) for i in ids)
    assert outcome.events == count_events(built.net, result) == by_hand > 0
    assert sum(len(t) for t, _ in outcome.spikes.values()) == sum(len(result[n].spikes) for n in "EI")
    assert all(x > 0 for x in (outcome.build_s, outcome.compile_s, outcome.sim_s))
    assert outcome.more["draw_s"] + outcome.more["layout_s"] == pytest.approx(outcome.build_s)


def test_cells_of_several_populations_are_numbered_on(seed: int) -> None:
    built = build(find("cuba4k").small(), seed, "float64")
    result = built.net.run(30, backend="reference")
    both = joined(
        result, built._replace(groups={"E": built.groups["E"] + built.groups["I"], "I": []} | {"I": built.groups["I"]})
    )
    first = result["E"].spikes
    assert both["E"][1].tolist() == [*first.ids, *(result["I"].spikes.ids + 32)]
    assert both["I"][1].tolist() == result["I"].spikes.ids.tolist()


def test_without_delivery_there_are_no_synapses(seed: int) -> None:
    assert not build(find("cuba4k").small(), seed, "float64", delivery=False).net.projections
