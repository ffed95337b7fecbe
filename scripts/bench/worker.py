"""One run in a process of its own: ``python -P -m spikegram.scripts.bench.worker TASK FILE``.

TASK is a `task.Task` as JSON; the row of the run is written to FILE as JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any

from . import machine
from .ranges import misses
from .spike_statistics import START, spike_statistics, weight_statistics
from .systems import OURS, SYSTEMS
from .task import Outcome, Task

__all__ = ["main", "row"]


def main(args: list[str]) -> None:
    """Run the task and write its row."""
    text, path = args
    task = Task.from_json(text)
    began = time.perf_counter()
    outcome = load(task)(task)
    found = row(task, outcome)
    found["whole_s"] = time.perf_counter() - began
    with open(path, "w", encoding="utf-8") as file:
        json.dump(found, file)


def load(task: Task) -> Any:
    """Import the function that runs this task."""
    place = task.definition.ours if task.system == OURS else SYSTEMS[task.system].run
    module, function = place.split(":")
    return getattr(importlib.import_module(module), function)


def row(task: Task, outcome: Outcome) -> dict[str, Any]:
    """Give the numbers of one run: times, counts, memory, statistics and what of them is out of range."""
    network = task.definition
    count = {k: len(times) for k, (times, _) in outcome.spikes.items()}
    events = outcome.events
    if events is None:
        out = _mean_out_degrees(network)
        events = float(sum(count[k] * out[k] for k in count)) if task.delivery else 0.0
    peak = outcome.peak_bytes if outcome.peak_bytes is not None else machine.peak_memory()
    found: dict[str, Any] = dict(
        build_s=outcome.build_s, compile_s=outcome.compile_s, sim_s=outcome.sim_s, rtf=outcome.sim_s / task.seconds,
        ready_s=outcome.ready_s,
        steps=outcome.steps, synapses=outcome.synapses, spikes=sum(count.values()), events=events,
        updates=(task.case.get("cells") or network.cells) * outcome.steps, peak_bytes=peak,
        built_bytes=outcome.built_bytes,
        bytes_per_synapse=_per(outcome.built_bytes, outcome.synapses),
    )  # fmt: skip
    found |= outcome.more
    if outcome.spikes and task.seconds * 1e3 > START and task.delivery:
        found |= spike_statistics(outcome.spikes, {"E": network.exc, "I": network.inh}, task.seconds)
    if outcome.weights is not None:
        found |= weight_statistics(*outcome.weights)
    ranges = network.ranges.get(task.seconds) if task.delivery else None
    if ranges is not None:
        found["misses"] = misses(found, ranges) + found.get("misses", [])
    found["in_range"] = not found["misses"] if "misses" in found else None
    return found


def _mean_out_degrees(network: Any) -> dict[str, float]:
    """Synapses of a cell of each kind, on average."""
    out = dict.fromkeys("EI", 0.0)
    for w in network.wiring:
        per_post = w.in_degree if w.in_degree is not None else w.probability * network.count(w.pre)
        out[w.pre] += per_post * network.count(w.post) / network.count(w.pre)
    return out


def _per(size: float | None, n: int) -> float | None:
    return None if size is None or not n else size / n


if __name__ == "__main__":
    main(sys.argv[1:])
