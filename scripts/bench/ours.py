"""Our side: a network of the catalogue through the public interface, built, warmed up and timed.

`prepared` says what is compiled, built and run before the clock starts: a network of 40 cells of the same kind, and one
step of the real one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import machine
from .catalogue import CELLS, DT, BenchNetwork, Wiring
from .prepared import prepare
from .task import Outcome, Task

if TYPE_CHECKING:
    from spikegram.networks import Network, Population, Projection

__all__ = ["Built", "build", "cell_model", "count_events", "joined", "measure", "run"]


class Built(NamedTuple):
    """A network of ours with its cells and the projection that learns."""

    net: Network
    groups: dict[str, list[Population]]
    plastic: Projection | None = None


def cell_model(name: str) -> Any:
    """Make the cell of `catalogue.CELLS` a model."""
    from spikegram.neurons import NeuronModel

    cell = CELLS[name]
    return NeuronModel(
        cell.equations, threshold=cell.threshold, reset="v = v_reset", refractory="t_ref", method=cell.method,
        parameters=dict(cell.parameters), name=name,
    )  # fmt: skip


def build(network: BenchNetwork, seed: int, dtype: str, delivery: bool = True) -> Built:
    """Build a network of the catalogue, with all spikes recorded."""
    from spikegram.networks import Network

    model, (low, high) = cell_model(network.cell), CELLS[network.cell].start
    net = Network(dt=DT, seed=seed, dtype=dtype)
    start = dict(v=f"{low!r}*mV + {high - low!r}*mV*rand()")
    groups = {k: [net.population(network.count(k), model, name=k, init=start)] for k in "EI"}
    plastic = None
    if network.drive is not None:
        for (population,) in groups.values():
            d = network.drive
            net.poisson_input(population, target="v", rate=d.rate, weight=d.weight, n=d.n)
    for row in network.wiring if delivery else ():
        for post in row.post:
            made = _project(network, net, groups[row.pre][0], groups[post][0], row)
            plastic = made if row.plastic else plastic
    for (population,) in groups.values():
        net.record(population, "spikes")
    return Built(net, groups, plastic)


def _project(network: BenchNetwork, net: Network, pre: Population, post: Population, row: Wiring) -> Projection:
    from spikegram.networks import FixedInDegree, FixedProbability
    from spikegram.plasticity import STDP

    rule = FixedInDegree(row.in_degree) if row.in_degree is not None else FixedProbability(row.probability)
    weight, delay, synapse = row.weight, row.delay, None
    if row.spread is not None:
        deviation, last = row.spread
        delays = round((last - row.delay) / DT) + 1
        weight = f"{row.weight!r}*mV*(1 + {deviation!r}*randn())"
        delay = f"{row.delay!r}*ms + {DT!r}*ms*floor({delays}*rand())"
    if row.plastic:
        s = network.stdp
        synapse = STDP(
            tau_plus=s.tau, tau_minus=s.tau, w_max=s.w_max, A_plus=s.rate * s.w_max, A_minus=s.rate * s.alpha * s.w_max
        )
    return net.project(pre, post, rule, weight=weight, delay=delay, target=row.target, synapse=synapse)


def run(task: Task) -> Outcome:
    """Run a network of the catalogue."""
    network = task.definition
    return measure(task, lambda n: build(n, task.seed, task.dtype, task.delivery), network)


def measure(task: Task, make: Any, network: BenchNetwork) -> Outcome:
    """Compile by a small network, then build, warm up and time the real one.

    Parameters
    ----------
    task : Task
    make : callable
        `BenchNetwork` -> `Built`.
    network : BenchNetwork
        Its `small` form must need the same compiled code.
    """
    p = prepare(lambda: make(network.small()), lambda: make(network), DT, DT, task.threads)
    built = p.built
    result = built.net.run(task.seconds * 1e3, threads=task.threads)
    sim_s = time.perf_counter() - p.ready
    peak = machine.peak_memory()
    outcome = Outcome(
        build_s=p.build_s, compile_s=p.compile_s + p.warm_up_s, sim_s=sim_s, steps=round(task.seconds * 1e3 / DT),
        synapses=sum(q.size for q in built.net.projections.values()), spikes=joined(result, built),
        events=count_events(built.net, result), built_bytes=p.built_bytes, peak_bytes=peak, ready_s=p.ready_s,
        more=dict(draw_s=p.draw_s, layout_s=p.layout_s, first_run_s=p.warm_up_s),
    )  # fmt: skip
    if built.plastic is not None:
        low, high = 0.0, network.stdp.w_max
        outcome.weights = built.plastic.weights, low, high
        outcome.more["plastic_updates"] = _plastic_updates(built.plastic, result)
    return outcome


def joined(result: Any, built: Built) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Spikes of the excitatory and the inhibitory cells, each numbered from 0."""
    found = {}
    for kind, populations in built.groups.items():
        first, times, ids = 0, [], []
        for population in populations:
            spikes = result[population.name].spikes
            times.append(spikes.times)
            ids.append(np.asarray(spikes.ids, np.int64) + first)
            first += population.size
        found[kind] = np.concatenate(times), np.concatenate(ids)
    return found


def count_events(net: Network, result: Any) -> float:
    """Sum of the out-degrees of all recorded spikes."""
    events = 0
    for q in net.projections.values():
        pre = q.pre.population
        degrees = np.bincount(q.pre_ids, minlength=pre.size)
        events += int(np.bincount(result[pre.name].spikes.ids, minlength=pre.size) @ degrees)
    return float(events)


def _plastic_updates(q: Projection, result: Any) -> float:
    """How often a plastic synapse was brought up to date: by each spike of either side."""
    updates = 0
    for population, ids in ((q.pre.population, q.pre_ids), (q.post.population, q.post_ids)):
        degrees = np.bincount(ids, minlength=population.size)
        updates += int(np.bincount(result[population.name].spikes.ids, minlength=population.size) @ degrees)
    return float(updates)
