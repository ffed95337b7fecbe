"""The written folder, and what it computes: run on NEST, its spikes are ours."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from spikegram.hardware import ExportError, export, read_aer, read_spikes, spinnaker
from spikegram.networks import AllToAll, FixedProbability, Network, OneToOne, Result, SpikeArray
from spikegram.neurons import LIF, AdEx, IFCurrExp, LIFCond, NeuronModel
from spikegram.plasticity import STDP

NO_NEST = [name for name in ("nest", "pyNN") if importlib.util.find_spec(name) is None]
needs_nest = pytest.mark.skipif(bool(NO_NEST), reason=f"{' and '.join(NO_NEST)} not installed: pip install '.[nest]'")

CUBA = NeuronModel(
    """
    dv/dt = (ge + gi - (v - E_L))/tau_m : volt (unless refractory)
    dge/dt = -ge/tau_e : volt
    dgi/dt = -gi/tau_i : volt
    """,
    threshold="v > v_th", reset="v = v_reset", refractory="t_ref", name="cuba",
    parameters=dict(
        tau_m="20*ms", tau_e="5*ms", tau_i="10*ms", E_L="-49*mV", v_th="-50*mV", v_reset="-60*mV", t_ref="5*ms"
    ),
)  # fmt: skip


def recurrent(cell: NeuronModel, dt: float, targets: tuple[str, str], weights: tuple[str, str], seed: int) -> Network:
    """Excitation and inhibition, input from arrays (also in the first step), all weights and delays different."""
    net, rng = Network(dt=dt, seed=seed), np.random.default_rng(seed)
    given = [np.sort(rng.choice(round(200 / dt), 40, replace=False)) * dt for _ in range(20)]
    given[0][0] = 0.0
    source = net.population(20, SpikeArray([times.tolist() for times in given]), name="in put")
    start = dict(v="-60*mV + 10*mV*rand()")
    exc = net.population(60, cell, name="exc", init=start, parameters=dict(tau_m="15*ms + 10*ms*rand()"))
    inh = net.population(15, cell(tau_m=10), name="inh", init=start)
    delay = dict(delay="1*ms + 9*ms*rand()", round_delays=True)
    net.project(source, exc, FixedProbability(0.3), weight=f"2*{weights[0]}*(0.5 + rand())", target=targets[0], **delay)
    for pre, weight, target in ((exc, weights[0], targets[0]), (inh, weights[1], targets[1])):
        for post in (exc, inh):
            net.project(pre, post, FixedProbability(0.15), weight=f"{weight}*(0.5 + rand())", target=target, **delay)
    net.record(exc)
    net.record(inh)
    return net


def run_on_nest(folder: Path, *arguments: str) -> str:
    command = [sys.executable, str(folder / "network.py"), "nest", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, cwd=folder.parent, check=False, timeout=300)
    assert run.returncode == 0, run.stderr
    return run.stdout


def spikes_of(path: Path, dt: float) -> list[tuple[int, int]]:
    array = read_spikes(path, order="time_id").array
    return list(zip(*(a.tolist() for a in array.steps(dt * 1e-3)), strict=True))


def static_network(name: str) -> Network:
    if name == "LIF-1ms":
        return recurrent(LIF, 1.0, ("I", "I"), ("0.15*nA", "-0.5*nA"), seed=3)
    return recurrent(CUBA, 0.1, ("ge", "gi"), ("3*mV", "-9*mV"), seed=5)


@needs_nest
@pytest.mark.parametrize(("name", "duration"), [("LIF-1ms", 150), ("CUBA-0.1ms", 80)])
def test_nest_gives_the_same_spikes(name: str, duration: int, tmp_path: Path) -> None:
    """Not within one step but in the very same step, in a recurrent network of 75 cells."""
    net = static_network(name)
    result = net.run(duration, backend="reference")
    report = export(net, path=tmp_path / "out", result=result)
    assert not report.refused
    said = run_on_nest(tmp_path / "out")
    for population in ("exc", "inh"):
        spikes = result[population].spikes
        ours = list(zip(spikes.steps.tolist(), spikes.ids.tolist(), strict=True))
        assert len(ours) > 40
        assert spikes_of(tmp_path / "out/out" / f"{population}.spikes", net.dt) == ours
        assert spikes_of(tmp_path / "out/expected" / f"{population}.spikes", net.dt) == ours
        assert f"{population}: {len(ours)} spikes, {len(ours)} expected, {len(ours)} in common" in said


@needs_nest
def test_nest_integrates_conductances_its_own_way(tmp_path: Path) -> None:
    """First order against adaptive Runge-Kutta: the first spikes of each cell within 0.2 ms, the rate within 3 %."""
    net, rng = Network(dt=0.05, seed=2), np.random.default_rng(1)
    given = [np.sort(rng.choice(2000, 20, replace=False) * 0.05).tolist() for _ in range(30)]
    source = net.population(30, SpikeArray(given), name="source")
    cells = net.population(20, LIFCond(tau_syn_E=2, tau_syn_I=5), name="cells", init=dict(v="-70*mV + 5*mV*rand()"))
    net.project(source, cells, FixedProbability(0.5), weight=0.005, delay=1.5, target="g_E")
    net.project(cells, cells, FixedProbability(0.1), weight=0.01, delay=2, target="g_I")
    net.record(cells)
    result = net.run(100, backend="reference")
    export(net, path=tmp_path / "out", result=result)
    run_on_nest(tmp_path / "out")
    found = read_spikes(tmp_path / "out/out/cells.spikes", order="time_id", size=20).array
    assert abs(len(found.times) / len(result["cells"].spikes) - 1) < 0.03
    first = [found.times[found.ids == i][:2] - result["cells"].spikes[i][:2] for i in range(20)]
    assert np.abs(np.concatenate(first)).max() < 0.2


@needs_nest
def test_nest_learns_the_same_weight(tmp_path: Path) -> None:
    """Pairs that never fall into one step; absolute amplitudes here, relative to w_max in NEST."""
    net = Network(dt=0.1)
    pre = net.population(2, SpikeArray([[10.0, 31.0, 47.5, 90.0], [5.0, 24.0, 91.0]]), name="pre")
    clock = net.population(1, SpikeArray([[14.0, 28.0, 52.0]]), name="clock")
    post = net.population(1, IFCurrExp(t_ref=2), name="post")
    rule = STDP(tau_plus=15, tau_minus=25, A_plus=0.2, A_minus=0.1, w_max=4)
    plastic = net.project(pre, post, AllToAll(), 0.5, delay=2, dendritic_delay=2, target="I_E", synapse=rule, name="s")
    net.project(clock, post, AllToAll(), weight=30, delay=1, target="I_E")
    net.record(post)
    result = net.run(95, backend="reference")
    assert len(result["post"].spikes) >= 3
    assert (
        result["post"].spikes.times.max() < 85
    )  # all of them have reached the synapses at the last spike of each source
    export(net, path=tmp_path / "out", result=result)
    said = run_on_nest(tmp_path / "out", "--out", str(tmp_path / "results"))
    n = len(result["post"].spikes)
    assert f"post: {n} spikes, {n} expected, {n} in common" in said
    found = np.loadtxt(tmp_path / "results/s.weights.txt")
    assert found[:, :2].tolist() == [[0, 0], [1, 0]]
    assert np.abs(plastic.weights - 0.5).min() > 0.01
    np.testing.assert_allclose(found[:, 2], plastic.weights, rtol=1e-8)


def small(**more: object) -> Network:
    net = Network(dt=1, seed=1)
    source = net.population(3, SpikeArray([[1.0, 4.0], [], [2.0]]), name="source")
    cells = net.population(20, LIF, name="cells", **more)
    net.project(source, cells, FixedProbability(0.9), weight="1*nA + rand()*nA", delay=1, target="I", name="wiring")
    net.record(cells)
    return net


def test_folder(tmp_path: Path) -> None:
    net = small(init=dict(v="-60*mV + 5*mV*rand()"))
    result = net.run(30, backend="reference")
    report = export(net, path=tmp_path / "a/b/out", result=result)
    folder = tmp_path / "a/b/out"
    assert sorted(report.files) == sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert set(report.files) == {
        *("network.py", "README.txt", "report.json", "cells/cells.txt", "connections/wiring.txt"),
        *("input/source.spikes", "input/events.aer", "input/events.aer.json"),
        *("expected/cells.spikes", "expected/events.aer", "expected/events.aer.json"),
    }
    assert (folder / "input/source.spikes").read_text() == (
        "# population 'source'\n# time (ms)\tneuron\n# neurons: 3\n1\t0\n2\t2\n4\t0\n"
    )
    rows = np.loadtxt(folder / "connections/wiring.txt")
    wiring = net.projections["wiring"]
    np.testing.assert_array_equal(rows[:, :2], np.column_stack([wiring.pre_ids, wiring.post_ids]))
    np.testing.assert_allclose(rows[:, 2], wiring.weights, rtol=1e-14)
    assert (rows[:, 3] == 1.0).all()
    events = read_aer(folder / "expected/events.aer")
    spikes = result["cells"].spikes
    np.testing.assert_array_equal(events.times, spikes.steps * 1000)
    np.testing.assert_array_equal(events.fields["neuron"], spikes.ids)
    assert events.packing.fields[1].labels == ("cells",) and set(events.fields["population"]) == {0}
    written = json.loads((folder / "report.json").read_text())
    assert written["target"] == "spinnaker" and written["limits"]["parameters"]["format"] == "S16.15"
    assert "20 neurons of IF_curr_exp" in (folder / "README.txt").read_text()
    assert any("weights in steps of about" in f.what for f in report.rounded)


def test_start_values_of_one_step_before(tmp_path: Path) -> None:
    """NEST's sources are silent in its first step: v starts where one free step leads to the start value."""
    net = small(init=dict(v="-60*mV + 0.2*i*mV"))
    export(net, path=tmp_path / "out")
    v, early = np.loadtxt(tmp_path / "out/cells/cells.txt").T
    np.testing.assert_allclose(v, -60 + 0.2 * np.arange(20), rtol=1e-14)
    np.testing.assert_allclose(-60 + (early + 60) * np.exp(-1 / 20), v, rtol=1e-14)


def test_refuses_with_the_whole_list_and_writes_nothing(tmp_path: Path) -> None:
    net = small()
    other = net.population(3, AdEx, name="other")
    net.project(other, net.populations["cells"], AllToAll(), weight=1, delay=0, target="I", name="too quick")
    with pytest.raises(ExportError) as caught:
        export(net, path=tmp_path / "out")
    assert [f.where for f in caught.value.refused] == ["population 'other'", "projection 'too quick'"]
    assert "model 'AdEx' is none of IF_curr_exp" in str(caught.value)
    assert "delay 0 ms is less than one step (1 ms)" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_not_strict_leaves_out_and_says_so(tmp_path: Path) -> None:
    net = small()
    net.population(3, AdEx, name="other")
    with pytest.warns(UserWarning, match="1 things that SpiNNaker .* cannot hold are left out"):
        report = export(net, path=tmp_path / "out", strict=False)
    assert [f.where for f in report.refused] == ["population 'other'"]
    assert "label='other'" not in (tmp_path / "out/network.py").read_text()
    assert "Refused and left out:\n  population 'other'" in (tmp_path / "out/README.txt").read_text()
    nothing = Network(dt=1)
    nothing.population(3, AdEx, name="other")
    with pytest.raises(ExportError, match="AdEx"):
        export(nothing, path=tmp_path / "none", strict=False)


def test_only_an_earlier_export_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    export(small(), path=folder)  # an empty folder
    (folder / "left.txt").write_text("from before")
    export(small(), path=folder)
    assert not (folder / "left.txt").exists() and [p.name for p in tmp_path.iterdir()] == ["out"]
    (folder / "report.json").unlink()
    with pytest.raises(ValueError, match="exists and holds no earlier export"):
        export(small(), path=folder)
    assert (folder / "network.py").exists()
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(ValueError, match="exists and holds no earlier export"):
        export(small(), path=file)
    assert file.read_text() == "mine"


@pytest.mark.parametrize("before", [False, True])
def test_nothing_half_written(before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if before:
        export(small(), path=tmp_path / "out")
    text = (tmp_path / "out/network.py").read_bytes() if before else b""

    def fail(*_: object) -> str:
        raise OSError("disk full")

    monkeypatch.setattr(spinnaker, "_readme", fail)
    with pytest.raises(OSError, match="disk full"):
        export(small(), path=tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == (["out"] if before else [])
    assert not before or (tmp_path / "out/network.py").read_bytes() == text


def test_result_must_be_of_the_network(tmp_path: Path) -> None:
    net = small()
    result = net.run(5, backend="reference")
    with pytest.raises(ValueError, match="result: it shows a run from the start"):
        export(net, path=tmp_path / "out", result=result, begin="now")
    with pytest.raises(ValueError, match="begin: expected 'start' or 'now'"):
        export(net, path=tmp_path / "out", begin="later")
    with pytest.raises(ValueError, match="duration"):
        export(net, path=tmp_path / "out", duration=0)
    with pytest.raises(ValueError, match="duration"):
        export(net, path=tmp_path / "out", duration=1.5)
    other = Result({}, meta=dict(dt=0.1, duration=1.0))
    with pytest.raises(ValueError, match="result: expected steps of 1 ms, got 0.1 ms"):
        export(net, path=tmp_path / "out", result=other)
    foreign = Network(dt=1)
    foreign.record(foreign.population(2, LIF, name="cells"))
    with pytest.raises(ValueError, match="result: population 'cells' is not that of the network"):
        export(net, path=tmp_path / "out", result=foreign.run(1, backend="reference"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("given", "duration"), [({}, "104.0"), (dict(duration=7), "7.0")])
def test_duration(given: dict, duration: str, tmp_path: Path) -> None:
    export(small(), path=tmp_path / "out", **given)
    assert f"default={duration}, help" in (tmp_path / "out/network.py").read_text()


def test_names_stay_inside_the_folder(tmp_path: Path) -> None:
    net = Network(dt=1)
    a = net.population(20, SpikeArray([[1.0]] * 20), name="..")
    b = net.population(20, LIF, name="C:\\x", parameters=dict(tau_m="10*ms + i*ms"))
    net.project(a, b, OneToOne(), weight="1*nA + i*nA", delay=1, target="I", name="a'\"b")
    report = export(net, path=tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert {"input/part.spikes", "cells/c_x.txt", "connections/a_b.txt"} <= set(report.files)
