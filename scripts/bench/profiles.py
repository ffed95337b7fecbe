"""The network ``cuba4k`` under conditions in which an engine may lose time: cut into many populations, and recorded.

Both show the dynamics of ``cuba4k`` and are checked against its ranges.
"""

from __future__ import annotations

from .catalogue import CELLS, DT, BenchNetwork
from .ours import Built, build, cell_model, measure
from .task import Outcome, Task

__all__ = ["many_populations", "recording"]

_CELLS = 40  # of a population
_TRACES = 100


def many_populations(task: Task) -> Outcome:
    """Cut the cells into populations of 40 and join each with each."""
    return measure(task, lambda network: _cut(network, task.seed, task.dtype, task.delivery), task.definition)


def _cut(network: BenchNetwork, seed: int, dtype: str, delivery: bool) -> Built:
    from spikegram.networks import FixedProbability, Network

    low, high = CELLS[network.cell].start
    net, model = Network(dt=DT, seed=seed, dtype=dtype), cell_model(network.cell)
    groups = {
        kind: [
            net.population(
                min(_CELLS, network.count(kind) - k), model, name=f"{kind}{k}",
                init=dict(v=f"{low!r}*mV + {high - low!r}*mV*rand()"),
            )
            for k in range(0, network.count(kind), _CELLS)
        ]
        for kind in "EI"
    }  # fmt: skip
    everyone = groups["E"] + groups["I"]
    for row in network.wiring if delivery else ():
        for pre in groups[row.pre]:
            for post in everyone:
                net.project(pre, post, FixedProbability(row.probability), weight=row.weight, target=row.target)
    for population in everyone:
        net.record(population, "spikes")
    return Built(net, groups)


def recording(task: Task) -> Outcome:
    """Record v of 100 cells in every step, besides all spikes."""

    def make(network: BenchNetwork) -> Built:
        built = build(network, task.seed, task.dtype, task.delivery)
        (exc,) = built.groups["E"]
        built.net.record(exc[:_TRACES], "v")
        return built

    return measure(task, make, task.definition)
