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
from .ours import Built
from .prepared import prepare
from .task import Outcome, Task

__all__ = ["full", "tenth"]


def full(task: Task) -> Outcome:
    """Run the network at full size."""
    return _run(task, 1.0)


def tenth(task: Task) -> Outcome:
    """Run a tenth of the cells with a tenth of their inputs."""
    return _run(task, 0.1)


def _run(task: Task, scale: float) -> Outcome:
    numbers, duration = model.circuit(scale), task.seconds * 1e3

    def build(numbers: model.Circuit) -> Built:
        return Built(model.build(numbers, task.seed, task.dtype), {})

    p = prepare(lambda: build(model.circuit(0.002)), lambda: build(numbers), DT, WARM_UP, task.threads)
    net = p.built.net
    net.clear_recordings()
    began = time.perf_counter()
    result = net.run(duration, threads=task.threads)
    sim_s = time.perf_counter() - began
    spikes = {name: result[name.replace("/", "")].spikes for name in numbers.names}
    rates = {name: len(s) / s.size / task.seconds for name, s in spikes.items()}
    hope = expected(numbers, duration)
    misses = [
        f"{name} fires at {rates[name]:.2f} Hz, expected {want:.2f} +- {room:.2f} ({hope['source']})"
        for name, want, room in zip(numbers.names, hope["rates"], hope["allowed"], strict=True)
        if abs(rates[name] - want) > room
    ] if hope else []  # fmt: skip
    return Outcome(
        build_s=p.build_s, compile_s=p.compile_s, sim_s=sim_s, steps=round(duration / DT),
        synapses=int(numbers.synapses.sum()), events=float(events(numbers, spikes)), ready_s=p.ready_s,
        built_bytes=p.built_bytes, peak_bytes=machine.peak_memory(),
        more=dict(
            spikes=sum(map(len, spikes.values())), rates=rates,
            draw_s=p.draw_s, layout_s=p.layout_s, misses=misses,
        ),
    )  # fmt: skip
