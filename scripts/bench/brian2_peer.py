"""Brian 2: the networks of the catalogue as its users write them, C++ standalone or runtime with Cython.

Standalone: ``sim_s`` is the time of the run loop that the program writes to its run-information file; building is the
rest of the program's time (it wires the network) and that of the Python objects. Memory is the program's own peak,
from nothing on.

Delta synapses act only outside refractoriness, by ``int(not_refractory)``, as in the other systems. ``PoissonInput``
cannot do so: its events go to a variable of their own, from where one more line takes them to v.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from . import machine, small_process
from .catalogue import CELLS, DT, BenchNetwork, Wiring
from .task import Outcome, Task

__all__ = ["run"]

_GATE = "v += drive*int(not_refractory)\ndrive = 0*mV"
_STDP = dict(
    model="""w : volt
    dx/dt = -x/tau_stdp : 1 (event-driven)
    dy/dt = -y/tau_stdp : 1 (event-driven)""",
    on_pre="""w = clip(w - A_minus*y, 0*mV, w_max)
    v_post += w*int(not_refractory_post)
    x += 1""",
    on_post="""w = clip(w + A_plus*x, 0*mV, w_max)
    y += 1""",
)


def run(task: Task) -> Outcome:
    """Run a network of the catalogue in Brian 2."""
    import brian2 as b

    standalone, folder = task.system == "brian2", tempfile.mkdtemp(prefix="bench-brian2-")
    try:
        if standalone:
            b.set_device("cpp_standalone", directory=folder, build_on_run=False)
            b.prefs.devices.cpp_standalone.openmp_threads = task.threads if task.threads > 1 else 0
        else:
            b.prefs.codegen.target = "cython"
        began, before = time.perf_counter(), machine.resident()
        b.defaultclock.dt = DT * b.ms
        b.seed(task.seed)
        net, monitor, plastic = _build(task.definition)
        built, after = time.perf_counter(), machine.resident()
        took = _standalone(net, task, folder) if standalone else _runtime(net, task)
        outcome = Outcome(
            build_s=built - began + took["wiring"], compile_s=took["compile"], sim_s=took["sim"],
            steps=round(task.seconds * 1e3 / DT), synapses=sum(len(s) for s in net.objects if _is_synapses(s)),
            spikes=_spikes(monitor, task.definition.exc), peak_bytes=took["peak"], ready_s=took["ready"],
            built_bytes=took["peak"] if standalone or before is None or after is None else after - before,
        )  # fmt: skip
        if plastic is not None:
            outcome.weights = np.asarray(plastic.w / b.mV), 0.0, task.definition.stdp.w_max
        return outcome
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _quantity(text: str) -> Any:
    import brian2 as b

    value, unit = text.split("*")
    return float(value) * getattr(b, unit)


def _build(network: BenchNetwork) -> tuple[Any, Any, Any]:
    """Make the network; give it, its spike monitor and the synapses that learn."""
    import brian2 as b

    cell, (low, high) = CELLS[network.cell], CELLS[network.cell].start
    namespace = {name: _quantity(text) for name, text in cell.parameters.items()}
    equations = cell.equations + ("\ndrive : volt" if network.drive else "")
    group = b.NeuronGroup(
        network.cells, equations, threshold=cell.threshold, reset="v = v_reset", refractory="t_ref",
        method=cell.method, namespace=namespace,
    )  # fmt: skip
    group.v = f"{low!r}*mV + {high - low!r}*mV*rand()"
    parts = {"E": group[: network.exc], "I": group[network.exc :], "EI": group}
    net, plastic = b.Network(group), None
    if network.drive is not None:
        d = network.drive
        net.add(b.PoissonInput(group, "drive", N=d.n, rate=d.rate * b.Hz, weight=d.weight * b.mV))
        net.add(group.run_regularly(_GATE, when="synapses", order=1))
    for row in network.wiring:
        synapses = _synapses(network, row, parts[row.pre], parts[row.post])
        plastic = synapses if row.plastic else plastic
        net.add(synapses)
    monitor = b.SpikeMonitor(group)
    net.add(monitor)
    return net, monitor, plastic


def _synapses(network: BenchNetwork, row: Wiring, pre: Any, post: Any) -> Any:
    import brian2 as b

    unit = "*mV" if row.target == "v" or network.cell == "cuba" else ""
    gate = "*int(not_refractory_post)" if row.target == "v" else ""
    if row.plastic:
        s = network.stdp
        names = dict(
            tau_stdp=s.tau * b.ms, w_max=s.w_max * b.mV, A_plus=s.rate * s.w_max * b.mV,
            A_minus=s.rate * s.alpha * s.w_max * b.mV,
        )  # fmt: skip
        synapses = b.Synapses(pre, post, **_STDP, namespace=names, delay=row.delay * b.ms)
    elif row.spread is not None:
        synapses = b.Synapses(pre, post, "w : volt", on_pre=f"{row.target}_post += w{gate}")
    else:
        on_pre = f"{row.target}_post += {row.weight!r}{unit}{gate}"
        synapses = b.Synapses(pre, post, on_pre=on_pre, delay=row.delay * b.ms if row.delay else None)
    if row.in_degree is not None:
        synapses.connect(i=f"int(rand()*N_pre) for _ in range({row.in_degree})")
    else:
        synapses.connect(p=row.probability)
    if row.plastic:
        synapses.w = row.weight * b.mV
    elif row.spread is not None:
        deviation, last = row.spread
        synapses.w = f"{row.weight!r}*mV*(1 + {deviation!r}*randn())"
        delays = round((last - row.delay) / DT) + 1
        synapses.delay = f"{row.delay!r}*ms + {DT!r}*ms*floor({delays}*rand())"
    return synapses


def _standalone(net: Any, task: Task, folder: str) -> dict[str, Any]:
    import brian2 as b

    memory = Path(folder, "peak")
    launcher = [sys.executable, "-S", "-E", small_process.__file__, str(memory), "./main"]
    b.prefs.devices.cpp_standalone.run_cmd_unix = launcher
    began = time.perf_counter()
    net.run(task.seconds * b.second)
    b.device.build(directory=folder, compile=True, run=False, debug=False)
    compiled, age = time.perf_counter(), machine.age()
    b.device.run(folder, with_output=False, run_args=[])
    sim = b.device._last_run_time
    whole = time.perf_counter() - compiled
    peak = int(memory.read_text(encoding="ascii")) * 1024
    return {"compile": compiled - began, "sim": sim, "wiring": whole - sim, "peak": peak,
            "ready": None if age is None else age + whole - sim}  # fmt: skip


def _runtime(net: Any, task: Task) -> dict[str, Any]:
    import brian2 as b

    began = time.perf_counter()
    net.run(DT * b.ms)
    compiled, age = time.perf_counter(), machine.age()
    net.run(task.seconds * b.second)
    sim = time.perf_counter() - compiled
    return {"compile": compiled - began, "sim": sim, "wiring": 0.0, "peak": machine.peak_memory(), "ready": age}


def _is_synapses(thing: Any) -> bool:
    import brian2 as b

    return isinstance(thing, b.Synapses)


def _spikes(monitor: Any, exc: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    import brian2 as b

    times, ids = np.asarray(monitor.t / b.ms), np.asarray(monitor.i)
    first = ids < exc
    return {"E": (times[first], ids[first]), "I": (times[~first], ids[~first] - exc)}
