"""CUBA, 4,000 neurons: spikegram beside Brian 2 (runtime and C++ standalone), in one run.

Network: Vogels and Abbott (2005) in the current-based form of Brette et al. (2007), the CUBA example of Brian 2: 3,200
excitatory and 800 inhibitory cells, every pair connected with probability 0.02, dt 0.1 ms, delay 0.

Every run is a process of its own; systems take turns. Warm-up (compilation) is timed apart. A timing counts only with
its statistics: rates and CV of the intervals after 200 ms must lie in the ranges that Brian 2, NEST and an independent
implementation agree on for the same duration. Usage: ``python -m spikegram.scripts.bench.cuba [--seconds 1]``.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import click
import numpy as np

__all__ = ["main"]

SYSTEMS = (
    "spikegram float64", "spikegram float64, 2 threads", "spikegram float32", "spikegram float32, 2 threads",
    "brian2 runtime (Cython)", "brian2 C++ standalone", "brian2 C++ standalone, OpenMP 2 threads",
)  # fmt: skip
RANGES = {  # accepted statistics of one run: duration in s -> (rate_E, rate_I in Hz, cv_E, cv_I)
    1.0: dict(rate_E=(4.9, 6.1), rate_I=(5.3, 5.8), cv_E=(0.49, 0.58), cv_I=(0.49, 0.59)),
    10.0: dict(rate_E=(5.0, 6.1), rate_I=(5.35, 5.75), cv_E=(0.71, 0.78), cv_I=(0.71, 0.79)),
}
EQUATIONS = """dv/dt = (g_e + g_i - (v - E_L))/tau_m : volt (unless refractory)
dg_e/dt = -g_e/tau_e : volt
dg_i/dt = -g_i/tau_i : volt"""
VALUES = dict(tau_m="20*ms", tau_e="5*ms", tau_i="10*ms", E_L="-49*mV", v_th="-50*mV", v_reset="-60*mV", t_ref="5*ms")
EXCITATORY, INHIBITORY, P = 3200, 800, 0.02
WARM = 0.1  # ms, run before the clock starts


def run_spikegram(seconds: float, seed: int, dtype: str, threads: int) -> dict:
    """Build, warm up and run in this process."""
    from spikegram.networks import FixedProbability, Network
    from spikegram.neurons import NeuronModel

    began = time.perf_counter()
    cell = NeuronModel(
        EQUATIONS, threshold="v > v_th", reset="v = v_reset", refractory="t_ref", parameters=VALUES, name="cuba"
    )
    net = Network(dt=0.1, seed=seed, dtype=dtype)
    exc, inh = (
        net.population(n, cell, name=name, init=dict(v="v_reset + (v_th - v_reset)*rand()"))
        for n, name in ((EXCITATORY, "exc"), (INHIBITORY, "inh"))
    )
    for pre, target, weight in ((exc, "g_e", 1.62), (inh, "g_i", -9.0)):
        for post in (exc, inh):
            net.project(pre, post, FixedProbability(P), weight=weight, target=target)
    net.record(exc, "spikes")
    net.record(inh, "spikes")
    built = time.perf_counter()
    net.run(WARM, threads=threads)
    warm = time.perf_counter()
    result = net.run(seconds * 1e3, threads=threads)
    done = time.perf_counter()
    spikes = {n: (result[n].spikes.times, result[n].spikes.ids) for n in ("exc", "inh")}
    return dict(build_s=built - began, compile_s=warm - built, sim_s=done - warm, **statistics(spikes, seconds))


def run_brian2(seconds: float, seed: int, mode: str, threads: int) -> dict:
    """The same network as a user of Brian 2 writes it."""
    import tempfile

    import brian2 as b

    began = time.perf_counter()
    folder = tempfile.mkdtemp()
    if mode == "standalone":
        b.set_device("cpp_standalone", directory=folder, build_on_run=False)
        b.prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
    else:
        b.prefs.codegen.target = "cython"
    b.defaultclock.dt = 0.1 * b.ms
    b.seed(seed)
    namespace = {n: b.Quantity(eval_quantity(v)) for n, v in VALUES.items()}
    group = b.NeuronGroup(
        EXCITATORY + INHIBITORY, EQUATIONS, threshold="v > v_th", reset="v = v_reset", refractory="t_ref",
        method="exact", namespace=namespace,
    )  # fmt: skip
    group.v = "v_reset + (v_th - v_reset)*rand()"
    exc, inh = group[:EXCITATORY], group[EXCITATORY:]
    c_e = b.Synapses(exc, group, on_pre="g_e_post += 1.62*mV")
    c_i = b.Synapses(inh, group, on_pre="g_i_post -= 9*mV")
    c_e.connect(p=P)
    c_i.connect(p=P)
    monitor = b.SpikeMonitor(group)
    net = b.Network(group, c_e, c_i, monitor)
    built = time.perf_counter()
    if mode == "standalone":
        net.run(seconds * b.second)
        b.device.build(directory=folder, compile=True, run=False, debug=False)
        warm = time.perf_counter()
        b.device.run(folder, with_output=False, run_args=[])
        sim = b.device._last_run_time
    else:
        net.run(WARM * b.ms)
        warm = time.perf_counter()
        net.run(seconds * b.second)
        sim = time.perf_counter() - warm
    times, ids = np.asarray(monitor.t / b.ms), np.asarray(monitor.i)
    is_exc = ids < EXCITATORY
    spikes = {"exc": (times[is_exc], ids[is_exc]), "inh": (times[~is_exc], ids[~is_exc] - EXCITATORY)}
    return dict(build_s=built - began, compile_s=warm - built, sim_s=sim, **statistics(spikes, seconds))


def eval_quantity(text: str) -> object:
    """Give a Brian 2 quantity from "20*ms"."""
    import brian2 as b

    number, unit = text.split("*")
    return float(number) * getattr(b, unit)


def statistics(spikes: dict, seconds: float) -> dict:
    """Rates in Hz and mean CV of the intervals of neurons with at least 5, after 200 ms."""
    out: dict = {"spikes": int(sum(len(t) for t, _ in spikes.values()))}
    for name, size, letter in (("exc", EXCITATORY, "E"), ("inh", INHIBITORY, "I")):
        times, ids = spikes[name]
        keep = times >= 200
        times, ids = times[keep], ids[keep]
        out[f"rate_{letter}"] = len(times) / size / (seconds - 0.2)
        order = np.lexsort((times, ids))
        times, ids = times[order], ids[order]
        gaps, same = np.diff(times), np.diff(ids) == 0
        gaps, owner = gaps[same], ids[1:][same]
        cvs = [g.std(ddof=1) / g.mean() for i in np.unique(owner) if len(g := gaps[owner == i]) >= 5]
        out[f"cv_{letter}"] = float(np.mean(cvs)) if cvs else None
    return out


def run_one(system: str, seconds: float, seed: int) -> dict:
    """Run one system in this process."""
    threads = 2 if "2 threads" in system else 1
    if system.startswith("spikegram"):
        return run_spikegram(seconds, seed, "float32" if "float32" in system else "float64", threads)
    return run_brian2(seconds, seed, "standalone" if "standalone" in system else "runtime", threads)


def in_range(row: dict, seconds: float) -> bool:
    """True if the statistics are those that all simulators agree on."""
    limits = RANGES[seconds]
    return all(row[k] is not None and low <= row[k] <= high for k, (low, high) in limits.items())


@click.command()
@click.option("--seconds", type=click.Choice(["1", "10"]), default="1", help="Biological time.")
@click.option("--repeats", default=3, show_default=True, help="Runs of each system; medians are compared.")
@click.option("--out", default="runs/bench", show_default=True, help="Folder of the result file.")
@click.option("--worker", hidden=True)
@click.option("--seed", default=1234, hidden=True)
def main(seconds: str, repeats: int, out: str, worker: str | None, seed: int) -> None:
    """Time the CUBA network on every system that is installed."""
    duration = float(seconds)
    if worker:
        click.echo("RESULT " + json.dumps(run_one(worker, duration, seed)))
        return
    load = os.getloadavg()[0]
    rows: dict[str, list[dict]] = {s: [] for s in SYSTEMS}
    for repeat in range(repeats):
        for system in SYSTEMS:
            command = [sys.executable, "-P", "-m", "spikegram.scripts.bench.cuba", "--worker", system]
            command += ["--seconds", seconds, "--seed", str(seed + repeat)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
            if not lines:
                raise click.ClickException(f"{system} failed:\n{done.stderr[-2000:]}")
            row = json.loads(lines[0][7:])
            row["in_range"] = in_range(row, duration)
            rows[system].append(row)
            click.echo(f"{system:<42} sim {row['sim_s']:7.3f} s   rate_E {row['rate_E']:.2f} Hz")
    report(rows, duration, load, Path(out))


def report(rows: dict[str, list[dict]], seconds: float, load: float, out: Path) -> None:
    """Print medians and ratios, and write the result file."""
    from importlib.metadata import version

    best = {kind: min(median(r["sim_s"] for r in rs) for s, rs in rows.items() if s.startswith(kind))
            for kind in ("brian2 runtime", "brian2 C++")}  # fmt: skip
    click.echo(f"\nCUBA 4,000 neurons, {seconds:g} s, medians (load at start {load:.2f})")
    click.echo(
        f"{'system':<42} {'sim s':>8} {'min':>8} {'build':>7} {'compile':>8}  ratio to runtime, to standalone (better)"
    )
    table = {}
    for system, rs in rows.items():
        sim = median(r["sim_s"] for r in rs)
        ratios = {k: v / sim for k, v in best.items()}
        table[system] = dict(
            sim_s=sim, sim_min_s=min(r["sim_s"] for r in rs), build_s=median(r["build_s"] for r in rs),
            compile_s=median(r["compile_s"] for r in rs), ratio_runtime=ratios["brian2 runtime"],
            ratio_standalone=ratios["brian2 C++"], in_range=all(r["in_range"] for r in rs), runs=rs,
        )  # fmt: skip
        row = table[system]
        click.echo(
            f"{system:<42} {sim:8.3f} {row['sim_min_s']:8.3f} {row['build_s']:7.2f} {row['compile_s']:8.2f}"
            f"  {row['ratio_runtime']:6.1f} {row['ratio_standalone']:6.1f}{'' if row['in_range'] else '  OUT OF RANGE'}"
        )
    out.mkdir(parents=True, exist_ok=True)
    machine = dict(processor=_processor(), cores=os.cpu_count(), python=platform.python_version(), load=load)
    versions = {n: version(n) for n in ("spikegram", "brian2", "numba", "numpy")}
    path = out / f"cuba-{seconds:g}s.json"
    path.write_text(json.dumps(dict(machine=machine, versions=versions, seconds=seconds, systems=table), indent=1))
    click.echo(f"written to {path}")
    if not all(row["in_range"] for row in table.values()):
        raise click.ClickException("a run's statistics are out of range, so its time means nothing")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


if __name__ == "__main__":
    main()
