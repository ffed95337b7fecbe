"""Populations that are updated in every so many steps of the network."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikegram.hardware import export
from spikegram.networks import AllToAll, FixedProbability, Network, SpikeArray
from spikegram.neurons import LIF, NeuronModel
from spikegram.plasticity import SynapseModel

SLOW = NeuronModel(
    """dc/dt = -c/tau : 1
    drive : 1
    heard : 1""",
    threshold="c > 2", reset="c = 0; heard += 1", refractory="4*ms", parameters={"tau": "50*ms"}, name="slow",
)  # fmt: skip
FAST = NeuronModel("dv/dt = (30*mV - v)/(10*ms) : volt", threshold="v > 15*mV", reset="v = 0*mV", name="fast")


def build(dt: float | None = 1.0, delay: float = 0.2) -> Network:
    net = Network(dt=0.1, seed=3)
    fast = net.population(40, FAST, name="fast", init={"v": "15*mV*rand()"})
    slow = net.population(9, SLOW, name="slow", dt=dt, init={"c": "rand()"})
    kick = SynapseModel("w : 1", on_pre="c_post += w", name="kick")
    net.project(fast, slow, FixedProbability(0.5), weight=0.05, synapse=kick, delay=0.3)
    pull = SynapseModel("w : 1", on_pre="v_post -= w*mV", name="pull")
    net.project(slow, fast, AllToAll(), weight=0.5, synapse=pull, delay=delay)
    net.record(fast, "spikes")
    net.record(slow, ["spikes", "c"], interval=0.1)
    return net


def test_a_step_of_its_own_is_a_network_with_that_step() -> None:
    cell = NeuronModel("dv/dt = (20*mV - v + 1*mV*sin(t/ms))/(10*ms) : volt", threshold="v > 12*mV", reset="v = 0*mV",
                       method="euler")  # fmt: skip
    found = []
    for step, own in ((0.1, 0.5), (0.5, None)):
        net = Network(dt=step, seed=1)
        p = net.population(3, cell, name="p", dt=own, init={"v": [0.0, 5.0, 11.0]})
        net.record(p, ["spikes", "v"], interval=0.5)
        result = net.run(40, backend="reference")["p"]
        found.append((result.spikes.times, result.spikes.ids, result.traces["v"].values))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    assert len(found[0][0]) > 3


def test_same_on_both_backends_on_threads_in_pieces_and_in_brian2() -> None:
    pytest.importorskip("brian2")
    from spikegram.bridges import to_brian2

    whole = build().run(80)
    assert len(whole["slow"].spikes) > 3 and set((whole["slow"].spikes.steps % 10).tolist()) == {0}
    others = [build().run(80, backend="reference"), build().run(80, threads=2)]
    net = build()
    net.run(30.7)
    others.append(net.run(49.3))
    for other in others:
        assert other["fast"].spikes == whole["fast"].spikes and other["slow"].spikes == whole["slow"].spikes
        np.testing.assert_allclose(
            other["slow"].traces["c"].values, whole["slow"].traces["c"].values, rtol=1e-12, atol=1e-15
        )
    with pytest.raises(ValueError, match="delay: Brian 2 rounds it to multiples of the step of 'slow'"):
        to_brian2(build())
    found, other = build(delay=2).run(80), to_brian2(build(delay=2)).run(80)
    assert other["fast"].spikes == found["fast"].spikes and other["slow"].spikes == found["slow"].spikes
    assert whole["slow"].spikes != build(dt=None).run(80, backend="reference")["slow"].spikes
    assert "9 x slow, updated every 10 steps" in net.describe()


def test_groups_of_several_paces_and_sums() -> None:
    total = SynapseModel("drive_post = v_pre/(40*mV) : 1 (summed)", on_pre="", name="total")
    found = []
    for backend in ("numba", "reference"):
        net = Network(dt=0.1, seed=5)
        fast = net.population(10, FAST, name="fast", init={"v": "15*mV*rand()"})
        for k, dt in enumerate((0.5, None, 0.5)):
            slow = net.population(3, SLOW(tau=20 + k), name=f"slow{k}", dt=dt, init={"c": "3*rand()"})
            net.project(fast, slow, AllToAll(), synapse=total)
            net.record(slow, ["c", "drive"], interval=0.5)
        result = net.run(20, backend=backend)
        found.append(np.stack([result[f"slow{k}"].traces[n].values for k in range(3) for n in ("c", "drive")]))
    np.testing.assert_allclose(*found, rtol=1e-12)


def test_sums_of_one_variable_in_different_populations() -> None:
    total = SynapseModel("drive_post = v_pre/(40*mV) : 1 (summed)", on_pre="", name="total")
    other = NeuronModel("v : volt", name="other")
    found = []
    for backend in ("numba", "reference"):
        net = Network(dt=0.1, seed=5)
        sources = [net.population(5, FAST, name="fast", init={"v": "15*mV*rand()"})]
        sources.append(net.population(2, other, name="other", init={"v": 4}))
        for k, source in enumerate(sources):
            slow = net.population(3, SLOW, name=f"slow{k}")
            net.project(source, slow, AllToAll(), synapse=total)
            net.record(slow, "drive", interval=0.5)
        result = net.run(5, backend=backend)
        found.append([result[f"slow{k}"].traces["drive"].values for k in range(2)])
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-12)
    np.testing.assert_allclose(found[0][1][1:], 0.2, rtol=1e-12)
    net.reset()
    net.project(sources[1], net.populations["slow0"], AllToAll(), synapse=total)
    with pytest.raises(ValueError, match="the summed variable 'drive' is already set by another synapse model or from"):
        net.run(1, backend="reference")


def test_state_files_know_the_pace(tmp_path: Path) -> None:
    net = build()
    net.run(33.3)
    net.save_state(tmp_path / "s.npz")
    net.clear_recordings()
    rest, other = net.run(40), build()
    other.restore_state(tmp_path / "s.npz")
    assert other.run(40)["fast"].spikes == rest["fast"].spikes
    with pytest.raises(ValueError, match="another network"):
        build(dt=0.5).restore_state(tmp_path / "s.npz")


@pytest.mark.parametrize(
    ("model", "dt", "message"),
    [
        (SLOW, 0.25, "population 'p': dt: 0.25 ms is not a multiple of the time step"),
        (SLOW, 0, "population 'p': dt: expected a multiple of the network's step"),
        (SLOW, "1*mV", "population 'p': dt"),
        (LIF, 1.0, r"population 'p': dt: a model with inputs \('LIF'\) needs the step of the network, 0.1 ms, got 1.0"),
        (SpikeArray([[1.0]]), 1.0, "population 'p': dt: a spike array needs the step"),
    ],
)
def test_what_cannot_be_slow_is_refused(model: Any, dt: Any, message: str) -> None:
    net = Network(dt=0.1, seed=1)
    with pytest.raises(ValueError, match=message):
        net.population(2, model, name="p", dt=dt)
    assert not net.populations


def test_refractory_periods_are_multiples_of_the_own_step() -> None:
    net = Network(dt=0.1, seed=1)
    net.population(2, SLOW, name="p", dt=0.7)
    with pytest.raises(ValueError, match="population 'p': refractory period"):
        net.run(1)
    net = Network(dt=0.1, seed=1)
    net.population(2, SLOW(tau=0.5, method="euler"), name="p", dt=0.8)
    with pytest.raises(ValueError, match="cannot serve dt = 0.8 ms"):
        net.run(1)


def test_spinnaker_has_one_step(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="population 'slow': dt: it is updated every 10 steps of the network"):
        export(build(), target="spinnaker", path=tmp_path / "out")
