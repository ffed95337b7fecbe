"""The cortical microcircuit (B6) as a part of the benchmark: ours only, beside times out of the literature.

The network is that of ``spikegram run microcircuit``. It runs for half a second before the clock starts, so that what
the first potentials do is not in the time nor in the rates, which are checked: a tenth of the network against NEST's,
the full one against published ones.
"""

from __future__ import annotations

import time

from .. import _microcircuit_model as model
from ..microcircuit import WARM_UP, events, expected
from . import machine
from .catalogue import DT
from .task import Outcome, Task

__all__ = ["full", "tenth"]


def full(task: Task) -> Outcome:
    """Run the network at full size."""
    return _run(task, 1.0)


def tenth(task: Task) -> Outcome:
    """Run a tenth of the cells with a tenth of their inputs."""
    return _run(task, 0.1)


def _run(task: Task, scale: float) -> Outcome:
    began = time.perf_counter()
    model.build(model.circuit(0.002), task.seed, task.dtype).run(DT, threads=task.threads)
    compiled, before = time.perf_counter(), machine.resident()
    numbers, duration = model.circuit(scale), task.seconds * 1e3
    net = model.build(numbers, task.seed, task.dtype)
    drawn = time.perf_counter()
    net.run(0, threads=task.threads)
    laid_out, after = time.perf_counter(), machine.resident()
    net.run(WARM_UP, threads=task.threads)
    net.clear_recordings()
    ready, age = time.perf_counter(), machine.age()
    result = net.run(duration, threads=task.threads)
    sim_s = time.perf_counter() - ready
    spikes = {name: result[name.replace("/", "")].spikes for name in numbers.names}
    rates = {name: len(s) / s.size / task.seconds for name, s in spikes.items()}
    hope = expected(numbers, duration)
    misses = [
        f"{name} fires at {rates[name]:.2f} Hz, expected {want:.2f} +- {room:.2f} ({hope['source']})"
        for name, want, room in zip(numbers.names, hope["rates"], hope["allowed"], strict=True)
        if abs(rates[name] - want) > room
    ] if hope else []  # fmt: skip
    return Outcome(
        build_s=laid_out - compiled, compile_s=compiled - began, sim_s=sim_s, steps=round(duration / DT),
        synapses=int(numbers.synapses.sum()), events=float(events(numbers, spikes)), ready_s=age,
        built_bytes=None if before is None or after is None else after - before, peak_bytes=machine.peak_memory(),
        more=dict(
            spikes=sum(map(len, spikes.values())), rates=rates,
            draw_s=drawn - compiled, layout_s=laid_out - drawn, misses=misses,
        ),
    )  # fmt: skip
