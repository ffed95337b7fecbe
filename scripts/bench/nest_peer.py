"""NEST: the networks of the catalogue with its own cells, at its defaults but for the number of threads.

``build_s`` includes the first step, in which NEST sorts its connections. Its least delay is one step, where the others
have none. Its delay counts as dendritic for STDP, where the others have it on the axon: statistics agree, spikes do
not.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from . import machine
from .catalogue import CELLS, DT, BenchNetwork, Wiring, number
from .task import Outcome, Task

__all__ = ["run"]

_MODELS = {"cuba": "iaf_psc_exp", "coba": "iaf_cond_exp", "brunel": "iaf_psc_delta"}
_PER_MV = 10.0  # pA, at C_m 200 pF and tau_m 20 ms; also nS of a conductance of one leak


def run(task: Task) -> Outcome:
    """Run a network of the catalogue in NEST."""
    import nest

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution, nest.local_num_threads, nest.rng_seed = DT, task.threads, task.seed
    network = task.definition
    began, before = time.perf_counter(), machine.resident()
    recorder, parts = _build(network)
    nest.Simulate(DT)
    built, after, age = time.perf_counter(), machine.resident(), machine.age()
    nest.Simulate(task.seconds * 1e3)
    sim_s = time.perf_counter() - built
    peak = machine.peak_memory()
    events = recorder.events
    first = events["senders"] <= network.exc  # cells are made first, so their numbers are 1 ... cells
    times, ids = events["times"], events["senders"].astype(np.int64) - 1
    outcome = Outcome(
        build_s=built - began, compile_s=0.0, sim_s=sim_s, steps=round(task.seconds * 1e3 / DT),
        synapses=int(nest.num_connections) - network.cells * (1 + (network.drive is not None)),
        spikes={"E": (times[first], ids[first]), "I": (times[~first], ids[~first] - network.exc)},
        built_bytes=None if before is None or after is None else after - before, peak_bytes=peak, ready_s=age,
    )  # fmt: skip
    if network.stdp is not None:
        plastic = nest.GetConnections(parts["E"], parts["E"], synapse_model="stdp_synapse")
        outcome.weights = np.asarray(plastic.weight), 0.0, network.stdp.w_max
    return outcome


def cell_values(name: str) -> dict[str, float]:
    """Give the parameters of the NEST model for a cell of the catalogue (mV, ms, pF, pA, nS)."""
    p = {key: number(text) for key, text in CELLS[name].parameters.items()}
    common = dict(V_th=p["v_th"], V_reset=p["v_reset"], t_ref=p["t_ref"])
    if name == "brunel":
        return dict(common, C_m=1.0, E_L=0.0, tau_m=p["tau_m"])
    common |= dict(C_m=200.0, E_L=p["E_L"], tau_syn_ex=p["tau_e"], tau_syn_in=p["tau_i"])
    if name == "cuba":
        return dict(common, tau_m=p["tau_m"])
    return dict(common, g_L=200.0 / p["tau_m"], E_ex=p["E_e"], E_in=p["E_i"], I_e=_PER_MV * p["I"])


def _build(network: BenchNetwork) -> tuple[Any, dict[str, Any]]:
    import nest

    cells = nest.Create(_MODELS[network.cell], network.cells, params=cell_values(network.cell))
    low, high = CELLS[network.cell].start
    cells.V_m = nest.random.uniform(low, high)
    parts = {"E": cells[: network.exc], "I": cells[network.exc :], "EI": cells}
    if network.drive is not None:
        d = network.drive
        source = nest.Create("poisson_generator", params=dict(rate=d.n * d.rate))
        nest.Connect(source, cells, syn_spec=dict(weight=d.weight, delay=network.wiring[0].delay))
    for row in network.wiring:
        rule = dict(rule="pairwise_bernoulli", p=row.probability)
        if row.in_degree is not None:
            rule = dict(rule="fixed_indegree", indegree=row.in_degree)
        nest.Connect(parts[row.pre], parts[row.post], rule, _synapse(network, row))
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    return recorder, parts


def _synapse(network: BenchNetwork, row: Wiring) -> dict[str, Any]:
    import nest

    scale = 1.0 if network.cell == "brunel" else _PER_MV
    if network.cell == "coba" and row.target == "g_i":
        scale = -scale  # iaf_cond_exp tells inhibition by the sign
    spec: dict[str, Any] = dict(weight=scale * row.weight, delay=max(row.delay, DT))
    if row.spread is not None:
        deviation, last = row.spread
        spec["weight"] = nest.random.normal(scale * row.weight, abs(scale * row.weight) * deviation)
        spec["delay"] = row.delay + DT * nest.random.uniform_int(round((last - row.delay) / DT) + 1)
    if row.plastic:
        s = network.stdp
        spec |= dict(synapse_model="stdp_synapse", tau_plus=s.tau, mu_plus=0.0, mu_minus=0.0)
        spec |= {"lambda": s.rate, "alpha": s.alpha, "Wmax": s.w_max}
    return spec
