"""Projections without stored synapses: the same network as one that stores the pairs they draw."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikegram.networks import AllToAll, FixedInDegree, FixedOutDegree, FixedProbability, FromList, Network
from spikegram.networks.procedural import ProceduralBundle
from spikegram.neurons import LIF
from spikegram.plasticity import STDP, SynapseModel

CELL = LIF(tau_m=20, tau_syn=5, v_rest=-60, v_reset=-60, v_th=-50, t_ref=5, R=100, i_offset=0.12)
RULES = (FixedProbability(0.1), FixedOutDegree(30, autapses=False), AllToAll(autapses=False))


def build(stored: Network | None = None, dtype: str = "float64", delays: tuple[float, ...] = (1.5, 0.7, 2)) -> Network:
    """Three populations; with ``stored`` the pairs that its procedural projections draw are given as lists."""
    net = Network(dt=0.1, seed=8, dtype=dtype)
    cells = [
        net.population(n, CELL, name=name, init={"v": "-60*mV + 10*mV*rand()"}) for n, name in ((120, "a"), (70, "b"))
    ]
    cells.append(net.population(40, CELL, name="c", init={"v": "-60*mV + 10*mV*rand()"}))
    a, b, c = cells
    todo = [
        (a, a, 0, 0.01),
        (a, b, 0, 0.01),
        (b, a, 1, -0.012),
        (b[10:50], b[:30], 1, -0.01),
        (c, c, 2, 0.003),
        (a, c, 0, 0.01),
    ]
    for k, (pre, post, rule, weight) in enumerate(todo):
        more: dict[str, Any] = dict(weight=weight, delay=delays[rule], target="I")
        if stored is None:
            net.project(pre, post, RULES[rule], procedural=True, **more)
        else:
            q = list(stored.projections.values())[k]
            net.project(pre.population, post.population, FromList(np.stack([q.pre_ids, q.post_ids], axis=1)), **more)
    for p in cells:
        net.record(p, "spikes")
    return net


def spikes(net: Network, duration: float = 60, **more: Any) -> list[Any]:
    result = net.run(duration, **more)
    return [result[n].spikes for n in "abc"]


@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
def test_the_same_as_the_stored_network_on_any_threads(dtype: str) -> None:
    net = build(dtype=dtype)
    found = spikes(net)
    assert min(len(s) for s in found) > 30
    assert found == spikes(build(stored=net, dtype=dtype)) == spikes(build(dtype=dtype), threads=2)
    bundles = net._engine.layout.bundles
    assert all(isinstance(b, ProceduralBundle) for b in bundles)
    assert "drawn anew at each spike" in net.describe()


def test_reference_and_pieces() -> None:
    whole = spikes(build())
    assert whole == spikes(build(), backend="reference")
    net = build()
    spikes(net, 17.3)
    spikes(net, 2.7, threads=2)
    assert spikes(net, 40) == whole


def test_it_stores_nothing_and_draws_the_same_pairs_again() -> None:
    net = build()
    a, b = build(), net
    for one, other in zip(a.projections.values(), b.projections.values(), strict=True):
        assert one.pre_ids.tolist() == other.pre_ids.tolist() and one.post_ids.tolist() == other.post_ids.tolist()
        assert one.size == len(one.pre_ids) == len(one.weights) == len(one.delays)
    q = net.projections["b -> a"]
    assert q.size == 70 * 30 and np.bincount(q.pre_ids).tolist() == [30] * 70
    part = list(net.projections.values())[3]
    assert part.pre_ids.min() >= 10 and part.pre_ids.max() < 50 and part.post_ids.max() < 30
    assert not (part.pre_ids == part.post_ids).any()
    net.run(1)
    (bundle,) = net._engine.layout.bundles
    assert bundle.targets.size == 120  # room for one row, the longest
    big = Network(dt=0.1, seed=1)
    cells = big.population(1_000_000, CELL)
    far = big.project(cells, cells, FixedProbability(0.5), weight=0.1, delay=1, target="I", procedural=True)
    assert far.memory == 0  # half a trillion synapses


def test_weights_are_set_while_it_runs() -> None:
    net, stored = build(), build(stored=build())
    for n in (net, stored):
        n.run(20)
        list(n.projections.values())[0].set(w=0.02)
        list(n.projections.values())[2].set(w=-0.001)
    assert spikes(net, 40) == spikes(stored, 40)
    net.reset()
    assert spikes(net) == spikes(build())


def test_state_files(tmp_path: Path) -> None:
    net = build()
    net.run(20)
    net.projections["c -> c"].set(w=0.004)
    net.save_state(tmp_path / "state.npz")
    net.clear_recordings()
    rest = spikes(net, 40)
    other = build()
    other.restore_state(tmp_path / "state.npz")
    assert spikes(other, 40) == rest
    with pytest.raises(ValueError, match="belongs to another network"):
        build(delays=(1.5, 0.8, 2)).restore_state(tmp_path / "state.npz")


def test_a_conductance_may_read_the_target() -> None:
    model = SynapseModel("w : 1", on_pre="v_post += w*(-50*mV - v_post)", name="pull")
    found = []
    for backend, threads in (("numba", 1), ("numba", 2), ("reference", 1)):
        net = Network(dt=0.1, seed=2)
        cells = net.population(150, CELL, name="a", init={"v": "-60*mV + 10*mV*rand()"})
        net.project(cells, cells, FixedProbability(0.05), weight=0.05, synapse=model, delay=0.3, procedural=True)
        net.record(cells, "spikes")
        found.append(net.run(50, backend=backend, threads=threads)["a"].spikes)
    assert found[0] == found[1] == found[2] and len(found[0]) > 100


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"connector": FixedInDegree(3)}, "can draw the rows of AllToAll, FixedProbability"),
        ({"connector": FixedOutDegree(3, multapses=False)}, "can draw the rows of"),
        ({"connector": 0.1}, "expected one such as FixedProbability"),
        ({"weight": "0.1*nA*rand()"}, "weight: procedural=True needs one value for all synapses"),
        ({"weight": [0.1] * 5}, "weight"),
        ({"weight": "0.1*nA*i"}, "unknown name 'i'"),
        ({"delay": "1*ms + 1*ms*floor(2*rand())"}, "delay: procedural=True needs one value"),
        ({"synapse": STDP, "weight": 0.1}, "procedural=True stores nothing for a synapse"),
        ({"pre": slice(0, 9, 2)}, "pre: procedural=True needs neurons in a row"),
    ],
)
def test_what_cannot_be_drawn_is_refused(given: dict[str, Any], message: str) -> None:
    net = Network(dt=0.1, seed=1)
    cells = net.population(10, CELL, name="a")
    pre = cells[given.pop("pre")] if "pre" in given else cells
    more = {"connector": FixedProbability(0.5), "weight": 0.1, "delay": 1, "target": "I"} | given
    with pytest.raises((ValueError, TypeError), match=message):
        net.project(pre, cells, procedural=True, **more)
    assert not net.projections


def test_no_target_left() -> None:
    net = Network(dt=0.1, seed=1)
    one = net.population(1, CELL, name="one")
    with pytest.raises(ValueError, match="finds no target among 1 neurons"):
        net.project(one, one, FixedOutDegree(2, autapses=False), weight=1, delay=1, target="I", procedural=True)
    none = net.project(one, one, FixedProbability(0), weight=1, delay=1, target="I", procedural=True)
    assert none.size == 0 and net.run(1).duration == 1
