"""How cost grows with cells, synapses, firing rate and delays, in a network that fires at a given rate.

The cells are those of ``cuba`` with its synapses at a tenth of the weight; but they fire by chance, at a given rate,
and not by their potential: each spike draws the time of the next, so chance costs nothing in the steps between. So the
number of spikes and of synaptic events is set and not a result, and the cost of each can be told apart. The rate is a
variable of the cells and is changed between two runs of the same network. Each case is a process of its own; ours only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import machine
from .catalogue import CELLS, DT
from .ours import Built, count_events
from .prepared import prepare
from .task import Outcome, Task

if TYPE_CHECKING:
    from spikegram.networks import Network

__all__ = ["RATES", "build", "forced_cell", "run"]

RATES = (0.0, 1.0, 5.0, 20.0)  # Hz
_NEVER = 1e12  # ms
_SETTLE = 2.0  # ms after each change of the rate, before the clock starts
_COUNT_ALL = 2e8  # synapses up to which the out-degree of each spike is looked up


def forced_cell() -> Any:
    """Make the cell: the equations of ``cuba``, spikes at random."""
    from spikegram.neurons import NeuronModel

    cell = CELLS["cuba"]
    parameters = {name: text for name, text in cell.parameters.items() if name not in ("v_th", "t_ref")}
    return NeuronModel(
        cell.equations.replace(" (unless refractory)", "") + "\nrate : Hz\nnext_spike : second",
        threshold="t >= next_spike - dt/2", reset="v = v_reset\nnext_spike -= log(1 - rand())/rate",
        method=cell.method, parameters=parameters, name="forced",
    )  # fmt: skip


def build(case: Mapping[str, Any], seed: int, dtype: str) -> Built:
    """Build one case.

    Parameters
    ----------
    case : dict
        ``cells`` and ``synapses``; ``delays``, the number of delays (0 and multiples of dt; one delay of 0 if left
        out).
    seed, dtype
        Of the network.
    """
    from spikegram.networks import FixedProbability, Network

    n, p = int(case["cells"]), case["synapses"] / case["cells"] ** 2
    delays = int(case.get("delays", 1))
    net, model = Network(dt=DT, seed=seed, dtype=dtype), forced_cell()
    groups = {}
    for kind, size in (("E", n * 4 // 5), ("I", n - n * 4 // 5)):
        groups[kind] = [net.population(size, model, name=kind, init=dict(v="-60*mV + 10*mV*rand()", next_spike=_NEVER))]
    delay = 0.0 if delays == 1 else f"{DT!r}*ms*floor({delays}*rand())"
    for pre, target, weight in (("E", "g_e", 0.162), ("I", "g_i", -0.9)):
        for post in "EI":
            rule = FixedProbability(min(p, 1.0))
            net.project(groups[pre][0], groups[post][0], rule, weight=weight, delay=delay, target=target)
    for (population,) in groups.values():
        net.record(population, "spikes")
    return Built(net, groups)


def run(task: Task) -> Outcome:
    """Build one case and run it at each of its rates, ``task.seconds`` each."""
    case = task.case
    small = dict(case, cells=40, synapses=1600 if case["synapses"] >= case["cells"] ** 2 else 800)
    p = prepare(
        lambda: build(small, task.seed, task.dtype), lambda: build(case, task.seed, task.dtype), DT, DT, task.threads
    )  # fmt: skip
    built = p.built
    timed = [_time(built, rate, task) for rate in case.get("rates", RATES)]
    peak = machine.peak_memory()
    parts = [_part(built.net, rate, sim_s, result, task) for rate, sim_s, result in timed]
    synapses = sum(q.size for q in built.net.projections.values())
    return Outcome(
        build_s=p.build_s, compile_s=p.compile_s + p.warm_up_s,
        sim_s=sum(part["sim_s"] for part in parts), steps=sum(part["steps"] for part in parts), synapses=synapses,
        events=sum(part["events"] for part in parts), peak_bytes=peak, ready_s=p.ready_s,
        built_bytes=p.built_bytes,
        more=dict(
            parts=parts, spikes=sum(part["spikes"] for part in parts), draw_s=p.draw_s, layout_s=p.layout_s,
            misses=[part["miss"] for part in parts if part["miss"]],
        ),
    )  # fmt: skip


def _time(built: Built, rate: float, task: Task) -> tuple[float, float, Any]:
    """Run at one rate: the rate, seconds that it took, the result."""
    rng = np.random.default_rng(task.seed)
    for (population,) in built.groups.values():
        wait = 1e3 * rng.exponential(1 / rate, population.size) if rate else np.full(population.size, _NEVER)
        population.set(rate=rate, next_spike=built.net.time + wait)
    built.net.run(_SETTLE, threads=task.threads)
    built.net.clear_recordings()
    began = time.perf_counter()
    result = built.net.run(task.seconds * 1e3, threads=task.threads)
    return rate, time.perf_counter() - began, result


def _part(net: Network, rate: float, sim_s: float, result: Any, task: Task) -> dict[str, Any]:
    """Count what happened at one rate, and whether as many cells fired as were forced to."""
    cells, synapses = sum(p.size for p in net.populations.values()), sum(q.size for q in net.projections.values())
    steps = round(task.seconds * 1e3 / DT)
    spikes = sum(len(result[name].spikes) for name in net.populations)
    exact = synapses <= _COUNT_ALL
    expected = cells * rate * task.seconds
    deviation = math.sqrt(expected)
    miss = abs(spikes - expected) > 5 * deviation
    return dict(
        rate=rate, sim_s=sim_s, steps=steps, updates=cells * steps, spikes=spikes,
        events=count_events(net, result) if exact else spikes * synapses / cells, events_exact=exact,
        us_per_step=1e6 * sim_s / steps,
        miss=f"{spikes} spikes at {rate:g} Hz, expected {expected:.0f} +- {5 * deviation:.0f}" if miss else "",
    )  # fmt: skip
