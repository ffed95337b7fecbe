"""The microcircuit as an experiment: a small run, what it claims, and NEST with the same numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikegram.cli import main
from spikegram.experiment import Report, run_script
from spikegram.networks import Result
from spikegram.scripts import microcircuit
from spikegram.scripts._microcircuit_model import Circuit, build, circuit, table
from spikegram.scripts._microcircuit_statistics import statistics
from spikegram.scripts.bench import machine

NAMES = ["L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A thirtieth of the neurons with a tenth of the inputs: 2572 neurons, a million synapses."""
    out = tmp_path_factory.mktemp("microcircuit")
    return run_script("microcircuit", out=out, show=False, scale=1 / 30, inputs=0.1, duration=300.0)


def test_a_small_run(small: Report) -> None:
    found = json.loads((small.folder / "result.json").read_text())
    assert found["ok"] is True and small.ok
    numbers = found["numbers"]
    assert numbers["neurons"] == 2572 and numbers["synapses"] == small.checks[0].came
    assert list(numbers["means"]) == table()["populations"]
    assert all(s["rate"] > 0 for s in numbers["means"].values())
    assert numbers["build_s"] > 0
    if (peak := machine.peak_memory()) is None:
        assert numbers["peak_memory_GiB"] is None
    else:  # this process has held no less since
        assert 0.05 < numbers["peak_memory_GiB"] <= peak / 2**30
    assert numbers["real_time_factor"] == pytest.approx(numbers["simulate_s"] / 0.3)
    assert numbers["synaptic_events"] > 50 * numbers["spikes"]
    assert set(small.files) == {"raster.png", "statistics.png", "recording.h5", "result.json"}


def test_the_recording_holds_what_was_looked_at(small: Report) -> None:
    result = Result.load(small.folder / "recording.h5")
    assert list(result) == NAMES
    spikes = result["L4E"].spikes
    assert spikes.t_start == 500 and spikes.t_stop == 800  # without the first half second
    assert spikes.rate() == pytest.approx(small.numbers["means"]["L4E"]["rate"])
    assert sum(len(result[name].spikes) for name in result) == small.numbers["spikes"]


def test_the_seed_decides_and_threads_do_not() -> None:
    def spikes(seed: int, threads: int) -> dict[str, Any]:
        net = build(circuit(0.02, 0.05), seed)
        result = net.run(60, threads=threads)
        return {name: result[name].spikes for name in NAMES}

    first, threaded, other = spikes(1, 1), spikes(1, 2), spikes(2, 1)
    assert sum(map(len, first.values())) > 100
    assert all(first[name] == threaded[name] for name in NAMES)
    assert any(first[name] != other[name] for name in NAMES)


def test_constant_current_instead_of_poisson_input() -> None:
    """The currents are those derived, and of a cell without synapses they are all there is."""
    numbers = circuit(0.02, 0.2, "dc")
    net = build(numbers, 1)
    assert net.populations["L6I"].get("i_offset")[0] == pytest.approx(numbers.current[7])
    result = net.run(20)
    assert len(result["L6I"].spikes) > 0


def test_what_is_expected() -> None:
    full = microcircuit.expected(circuit(1), 10_000)
    assert full["rates"].tolist() == table()["published"]["rates"] and full["source"] == "published"
    assert (full["allowed"] / full["rates"]).round(2).tolist() == [0.12] * 4 + [0.2] + [0.12] * 3
    assert full["cv"][0] == 0.938
    short = microcircuit.expected(circuit(1), 625)
    assert short["cv"] is None and short["allowed"] == pytest.approx(2 * full["allowed"])
    tenth = microcircuit.expected(circuit(0.1), 10_000)
    assert tenth["source"] == "NEST" and tenth["cv"] is not None
    assert np.all(tenth["allowed"] >= 0.06 * tenth["rates"])
    assert microcircuit.expected(circuit(0.1), 5000)["cv"] is None
    assert microcircuit.expected(circuit(0.1, inputs=0.2), 10_000) is None


def test_a_rate_that_is_wrong_fails_the_run() -> None:
    numbers, rng = circuit(0.1), np.random.default_rng(1)
    nest = table()["nest"]

    def claims(factor: float) -> Report:
        found = {}
        for k, name in enumerate(numbers.names):
            rate = nest["rate"][k] * (factor if name == "L4I" else 1)
            values = np.full(10, rate), np.full(10, nest["cv"][k]), rng.random(3), 1.0
            found[name] = microcircuit.Statistics(*values)
        report = Report("microcircuit", None, show=False)
        microcircuit.check(report, numbers, found, 10_000, int(numbers.synapses.sum()))
        return report

    assert claims(1).ok
    assert [c.what for c in claims(1.3).checks if not c.ok] == ["L4I: rate (Hz)"]


def test_options_on_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["run", "microcircuit", "--help"]) == 0
    text = capsys.readouterr().out
    for option in ("--scale", "--inputs", "--duration", "--drive", "--start", "--threads", "--dtype", "--seed"):
        assert option in text
    assert main(["run", "microcircuit", "--scale", "2", "--out", str(tmp_path)]) == 2
    assert "scale: expected a part of the full size, above 0 and at most 1, got 2.0" in capsys.readouterr().err


def test_what_is_refused(tmp_path: Path) -> None:
    for bad in (99.9, float("nan")):
        with pytest.raises(ValueError, match="duration: expected at least 100 ms, got"):
            microcircuit.run(Report("x", tmp_path), duration=bad)
    with pytest.raises(ValueError, match="inputs: expected a part of the full size"):
        microcircuit.run(Report("x", tmp_path), inputs=0.0)


def nest_cells(numbers: Circuit) -> list[Any]:
    """Make the eight populations in a fresh NEST."""
    import nest

    cell = table()["neuron"]
    common = dict(
        tau_m=cell["tau_m"], C_m=1e3 * cell["C_m"], t_ref=cell["t_ref"], E_L=cell["v_rest"], V_th=cell["v_th"],
        V_reset=cell["v_reset"], tau_syn_ex=cell["tau_syn"], tau_syn_in=cell["tau_syn"],
    )  # fmt: skip
    nest.ResetKernel()
    nest.set(resolution=0.1, verbosity=nest.VerbosityLevel.ERROR)
    return [
        nest.Create("iaf_psc_exp", int(n), {**common, "I_e": 1e3 * float(current)})
        for n, current in zip(numbers.sizes, numbers.current, strict=True)
    ]


def nest_rates(numbers: Circuit, seed: int, warm: float, duration: float) -> list[float]:
    """Rates in Hz of the same network in NEST, wired by NEST."""
    import nest

    data = table()
    syn, first = data["synapse"], data["start"]
    populations, recorders = nest_cells(numbers), []
    nest.rng_seed = seed
    for k, p in enumerate(populations):
        p.V_m = nest.random.normal(first["optimised_mean"][k], first["optimised_sd"][k])
        rate = data["drive"]["rate"] * float(numbers.external[k])
        source = nest.Create("poisson_generator", params=dict(rate=rate))
        nest.Connect(source, p, syn_spec=dict(weight=1e3 * numbers.psc, delay=1.5))
        recorders.append(nest.Create("spike_recorder", params=dict(start=warm)))
        nest.Connect(p, recorders[-1])
    for t, s in np.argwhere(numbers.synapses > 0):
        w = 1e3 * float(numbers.weights[t, s])
        d = syn["delay_inhibitory" if s % 2 else "delay_excitatory"]
        low, high = (0.0, np.inf) if w > 0 else (-np.inf, 0.0)
        weight = nest.math.redraw(nest.random.normal(w, abs(w) * syn["weight_sd"]), min=low, max=high)
        delay = nest.math.redraw(nest.random.normal(d, d * syn["delay_sd"]), min=0.05, max=np.inf)
        rule = dict(rule="fixed_total_number", N=int(numbers.synapses[t, s]))
        nest.Connect(populations[s], populations[t], rule, dict(weight=weight, delay=delay))
    nest.Simulate(warm + duration)
    return [r.n_events / n / duration * 1e3 for r, n in zip(recorders, numbers.sizes, strict=True)]


@pytest.mark.slow
def test_rates_are_those_of_nest() -> None:
    """Two networks of a tenth in each simulator, 2 s each.

    L2/3E fires at 0.5 Hz, and the whole network's fluctuations move its rate: 20 %; the others 12 %.
    """
    pytest.importorskip("nest")
    numbers = circuit(0.1)
    wanted = np.mean([nest_rates(numbers, seed, 500.0, 2000.0) for seed in (1, 2)], axis=0)
    came = []
    for seed in (1, 2):
        net = build(numbers, seed)
        net.run(500)
        net.clear_recordings()
        result = net.run(2000)
        came.append([statistics(result[name].spikes).rates.mean() for name in NAMES])
    allowed = np.where(np.array(NAMES) == "L23E", 0.2, 0.12)
    assert np.all(np.abs(np.mean(came, axis=0) / wanted - 1) < allowed), f"{np.mean(came, axis=0)} against {wanted}"


@pytest.mark.slow
def test_spikes_are_those_of_nest() -> None:
    """The same wiring, weights, delays and first potentials, constant current: every spike of 500 ms in its step."""
    nest = pytest.importorskip("nest")
    numbers = circuit(0.03, 0.3, "dc")
    net = build(numbers, 3, "float64")
    populations = dict(zip(NAMES, nest_cells(numbers), strict=True))
    recorders = {}
    for name, p in populations.items():
        p.V_m = net.populations[name].get("v")
        recorders[name] = nest.Create("spike_recorder")
        nest.Connect(p, recorders[name])
    for q in net.projections.values():
        pre = np.asarray(populations[q.pre.name].global_id)[q.pre_ids]
        post = np.asarray(populations[q.post.name].global_id)[q.post_ids]
        nest.Connect(pre, post, "one_to_one", dict(weight=1e3 * q.weights, delay=np.round(q.delays, 6)))
    nest.Simulate(500.0)
    result = net.run(500)
    total = 0
    for name, p in populations.items():
        events, spikes = recorders[name].events, result[name].spikes
        theirs = {
            (round(t * 10) - 1, i - p[0].global_id) for t, i in zip(events["times"], events["senders"], strict=True)
        }
        assert theirs == set(zip(spikes.steps.tolist(), spikes.ids.tolist(), strict=True)), name
        total += len(theirs)
    assert total > 3000
