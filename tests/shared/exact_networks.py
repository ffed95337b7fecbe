"""Networks of the benchmark in small, and what a run leaves behind, for the exactness tests of the engine."""

from __future__ import annotations

from dataclasses import replace

from spikegram.scripts.bench.catalogue import BenchNetwork, find

_INPUTS = 80  # of a cell of the CUBA and COBA networks
_DRIVE = 100.0  # mV, excitatory inputs times weight of Brunel's networks


def random_network(name: str, cells: int) -> BenchNetwork:
    """CUBA or COBA with so many cells, 80 inputs each."""
    base = find(name)
    wiring = tuple(row._replace(probability=_INPUTS / cells) for row in base.wiring)
    return replace(base, exc=cells * 4 // 5, inh=cells // 5, wiring=wiring)


def brunel_network(name: str, cells: int, k_exc: int) -> BenchNetwork:
    """One of Brunel's networks with so many cells and excitatory inputs of each; in-degree times weight is kept."""
    base = find(name)
    J = _DRIVE / k_exc
    factor = J / base.drive.weight
    wiring = tuple(
        row._replace(weight=row.weight * factor, in_degree=k_exc if row.pre == "E" else k_exc // 4)
        for row in base.wiring
    )
    stdp = base.stdp and base.stdp._replace(w_max=base.stdp.w_max * factor)
    return replace(
        base, exc=cells * 4 // 5, inh=cells // 5, wiring=wiring, stdp=stdp, drive=base.drive._replace(n=k_exc, weight=J)
    )  # fmt: skip


NETWORKS = {
    "cuba": lambda cells: random_network("cuba4k", cells),
    "coba": lambda cells: random_network("coba4k", cells),
    "brunel": lambda cells: brunel_network("brunel", cells, 40),
    "brunel_het": lambda cells: brunel_network("brunel_het", cells, 40),
    "brunel_stdp": lambda cells: brunel_network("brunel_stdp", cells, 40),
}


def spike_bytes(result):
    """Spikes of each population whose spikes were recorded, as bytes."""
    trains = {name: result[name].spikes for name in result}
    return {name: (s.steps.tobytes(), s.ids.tobytes()) for name, s in trains.items() if s is not None}


def everything(result, net):
    """All that a run leaves behind, as bytes: spikes, states and synaptic variables."""
    found = {(name, "spikes"): spikes for name, spikes in spike_bytes(result).items()}
    found |= {(p.name, v, "state"): p.get(v).tobytes() for p in net.populations.values() for v in p._rows}
    for q in net.projections.values():
        found |= {(q.name, v, "values"): values.tobytes() for v, values in q.values.items()}
    return found


def first_difference(result, other):
    """First step in which two results differ in a spike, with the population; None if they are equal."""
    found = []
    for name in result:
        sets = [
            set(zip(r[name].spikes.steps.tolist(), r[name].spikes.ids.tolist(), strict=True)) for r in (result, other)
        ]
        if apart := sets[0] ^ sets[1]:
            found.append((min(apart)[0], name))
    return min(found, default=None)
