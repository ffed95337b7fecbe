"""The same network in Brian 2: equations, parameters, start values, wiring, delays, inputs and recordings.

>>> from spikegram.networks import Network
>>> from spikegram.neurons import NeuronModel
>>> leaky = NeuronModel("dv/dt = (20*mV - v)/(10*ms) : volt", threshold="v > 10*mV", reset="v = 0*mV")
>>> net = Network(dt=0.1)
>>> net.record(net.population(1, leaky, name="cell"), "spikes")
>>> to_brian2(net).run(20)["cell"].spikes.times.round(1).tolist()
[6.9, 13.9]
"""

from __future__ import annotations

import re
from collections import Counter
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..networks.network import Network
from ..networks.population import Population
from ..networks.projection import Projection
from ..networks.recording import SpikeRecorder, collect
from ..networks.result import Result
from ..networks.sources import SpikeArray
from ..networks.values import grid_steps
from ..neurons.model import NeuronModel
from ..units import TIME, to_edge, to_si
from .brian2_cells import CellGroup, fresh, make_group, noise_in
from .brian2_synapses import added_variables, make_synapses, projection_problems, read_variables

__all__ = ["Brian2Network", "run_in_brian2", "to_brian2"]


@dataclass(frozen=True)
class Brian2Network:
    """A network handed over to Brian 2; made by `to_brian2`.

    Attributes
    ----------
    source : Network
        Ours, which stays as it is.
    network : brian2.Network
    groups : dict
        Population -> ``NeuronGroup`` or ``SpikeGeneratorGroup``. Populations of size 0 are left out.
    synapses : dict
        Projection -> ``Synapses``. Projections without synapses are left out.
    monitors : dict
        (population, ``"spikes"`` or variable) -> ``SpikeMonitor`` or ``StateMonitor``.
    cells : dict
        Population -> how its variables are called in Brian 2.
    weights : dict
        Projection -> name of its weight in Brian 2.
    """

    source: Network
    network: Any
    groups: dict[str, Any]
    synapses: dict[str, Any]
    monitors: dict[tuple[str, str], Any]
    cells: dict[str, CellGroup]
    weights: dict[str, str]

    def run(self, duration: Any) -> Result:
        """Run in Brian 2, or go on, for ``duration`` (ms) and give all that was recorded, as `Network.run` does."""
        si = to_si(duration, TIME, "run: duration")
        return self.run_steps(int(grid_steps(si, self.source.dt_si, "run: duration")))

    def run_steps(self, steps: int) -> Result:
        """Run in Brian 2, or go on, for a number of steps."""
        import brian2

        self.network.run(steps * self.source.dt_si * brian2.second, namespace={})
        for name, cell in self.cells.items():
            model = self.source.populations[name].model
            if isinstance(model, SpikeArray):
                continue
            for n in (*model.states, *model.inputs):
                if not np.all(np.isfinite(cell.group.variables[cell.names[n]].get_value())):
                    raise ValueError(
                        f"population {name!r}: {n!r} is not finite in Brian 2. The method of model {model.name!r} is "
                        f"{model.method!r}; Brian 2's closed form of 'exact' does not hold for equal time constants, "
                        "nor for those that become equal because a variable is held while refractory"
                    )
        return self.result()

    def result(self) -> Result:
        """Give what the monitors hold, and the weights of now."""
        from importlib.metadata import version

        dt = self.source.dt_si
        net = copy(self.source)  # the same network, at another time and with other recordings
        net.step = round(float(self.network.t) / dt)
        net._spike_recorders = [SpikeRecorder(r.population, r.ids, r.begin) for r in net._spike_recorders]
        net._trace_recorders = [replace(r, steps=[], values=[]) for r in net._trace_recorders]
        for r in net._spike_recorders:
            if monitor := self.monitors.get((r.population.name, "spikes")):
                steps, ids = _steps(monitor, dt), monitor.variables["i"].get_value().astype(np.int32)
                order = np.lexsort((ids, steps))
                r.add(steps[order], ids[order])
        for trace in net._trace_recorders:
            if monitor := self.monitors.get((trace.population.name, trace.label)):
                trace.steps.append(_steps(monitor, dt))
                trace.values.append(monitor.variables[monitor.record_variables[0]].get_value().astype(float))
        result = collect(net, "brian2", False)
        for name, record in result.projections.items():
            if name in self.synapses:
                w = self.synapses[name].variables[self.weights[name]].get_value()
                dims = self.source.projections[name].synapse.dims("w")
                result.projections[name] = replace(record, weights=to_edge(w.astype(float), dims))
        result.meta["versions"]["brian2"] = version("brian2")
        return result


def to_brian2(network: Network) -> Brian2Network:
    """Build the network in Brian 2, in float64, with the same equations, numbers, wiring and recordings.

    Its objects have a clock of their own and run on Brian 2's ``numpy`` target; preferences and ``defaultclock`` are
    left alone. It begins at time 0 with the present start values. The method ``exact`` is Brian 2's closed form, which
    SymPy finds in seconds for three coupled variables, hardly ever for systems that oscillate, and which is undefined
    where two time constants are equal (the run then ends with an error).

    Parameters
    ----------
    network : Network
        At time 0.

    Returns
    -------
    Brian2Network

    Raises
    ------
    ValueError
        With the list of all that cannot be handed over: random numbers inside a run (the streams differ; replay them
        through a `SpikeArray` or `Network.inject`), dendritic delays that are too long, a network that has run already.
    """
    from ..kernels.integrate import _brian

    brian2 = _brian()  # imported without its hooks
    from brian2.codegen.runtime.numpy_rt import NumpyCodeObject

    problems = _problems(network)
    if problems:
        raise ValueError("to_brian2: this cannot be handed over to Brian 2:\n- " + "\n- ".join(problems))
    clock = brian2.Clock(network.dt_si * brian2.second)
    made = dict(clock=clock, codeobj_class=NumpyCodeObject)
    taken: set[str] = set()
    cells: dict[str, CellGroup] = {}
    populations = [p for p in network.populations.values() if p.size]
    projections = [q for q in network.projections.values() if q.size]
    contributions = Counter((q.post.name, e.name.removesuffix("_post")) for q in projections for e in q.synapse.summed)
    for q in network.projections.values():
        for e in q.synapse.summed:
            contributions.setdefault((q.post.name, e.name.removesuffix("_post")), 0)
    for p in populations:
        counts = {v: count for (owner, v), count in contributions.items() if owner == p.name and count != 1}
        cells[p.name] = make_group(network, p, _label(p.name, taken), made, _collected(p, projections), counts)
    synapses: dict[str, Any] = {}
    weights: dict[str, str] = {}
    parts: Counter = Counter()
    for q in projections:
        target = cells[q.post.name]
        sums: dict[str, str] = {}
        for e in q.synapse.summed:
            v = e.name.removesuffix("_post")
            sums[v] = target.sums[v][parts[q.post.name, v]] if v in target.sums else target.names[v]
            parts[q.post.name, v] += 1
        label, source = _label(q.name, taken), cells[q.pre.name]
        synapses[q.name], names = make_synapses(network, q, label, made, source, target, sums)
        weights[q.name] = names.get("w", "")
    monitors = _monitors(network, cells, made, taken)
    groups = {n: c.group for n, c in cells.items()}
    net = brian2.Network(*groups.values(), *synapses.values(), *monitors.values())
    return Brian2Network(network, net, groups, synapses, monitors, cells, weights)


def run_in_brian2(network: Network, steps: int) -> Result:
    """Run the network in Brian 2 from time 0 for ``steps`` steps; the network itself stays at time 0.

    The weights of the result are those that Brian 2 has at the end.
    """
    return to_brian2(network).run_steps(steps)


def _steps(monitor: Any, dt: float) -> np.ndarray:
    return np.rint(monitor.variables["t"].get_value() / dt).astype(np.int64)


def _problems(network: Network) -> list[str]:
    from brian2.devices.device import get_device, runtime_device

    found = []
    if network.step:
        found.append(f"the network is at t = {network.time:g} ms; reset() it, Brian 2 starts at 0")
    if get_device() is not runtime_device:
        found.append(f"Brian 2's device is {type(get_device()).__name__}; set_device('runtime') first")
    for p in network.populations.values():
        if isinstance(p.model, NeuronModel):
            m = p.model
            if word := noise_in(*(e.expr for e in m.lines), m.update, m.reset, m.threshold, m.refractory):
                found.append(f"population {p.name!r}: {m.owner} draws random numbers ({word}); the streams differ")
    for drive in network._poisson_inputs:
        found.append(f"population {drive.population.name!r}: a Poisson input to {drive.target!r}; the streams differ")
    for q in network.projections.values():
        y = q.synapse
        if word := noise_in(*(e.expr for e in y.lines), y.on_pre, y.on_post):
            found.append(f"{q.what}: {y.owner} draws random numbers ({word}); the streams differ")
        every = q.pre.population.every
        if every > 1 and any((a + d) % every for a, d in q.delay_pairs()):
            found.append(f"{q.what}: delay: Brian 2 rounds it to multiples of the step of {q.pre.name!r}")
        found += projection_problems(network, q)
    return found


def _collected(p: Population, projections: list[Projection]) -> set[str]:
    """Variables whose arrivals must be collected before they are added.

    In our engine a spike that reads ``v_post`` finds the value before all arrivals of the step, whatever the order of
    the projections; and a synapse onto an input variable runs before the state update, when nothing else may change.
    """
    if isinstance(p.model, SpikeArray):
        return set()
    read: set[str] = set()
    added: set[str] = set()
    for q in projections:
        names = read_variables(q.synapse)
        if q.pre.population is p:
            read |= {n.removesuffix("_pre") for n in names if n.endswith("_pre")}
        if q.post.population is p:
            read |= {n.removesuffix("_post") for n in names if n.endswith("_post")}
            mine = set(added_variables(q.synapse))
            added |= mine
            if mine & set(p.model.inputs):
                read |= mine
    return read & added - set(p.model.inputs)


def _monitors(network: Network, cells: dict[str, CellGroup], made: dict[str, Any], taken: set[str]) -> dict:
    import brian2

    monitors: dict[tuple[str, str], Any] = {}
    for r in network._spike_recorders:
        if cell := cells.get(r.population.name):
            name = _label(f"{r.population.name}_spikes", taken)
            monitors[r.population.name, "spikes"] = brian2.SpikeMonitor(
                cell.group, name=name, codeobj_class=made["codeobj_class"]
            )
    for trace in network._trace_recorders:
        if cell := cells.get(trace.population.name):
            when = {} if trace.every == 1 else dict(clock=None, dt=trace.every * network.dt_si * brian2.second)
            name = _label(f"{trace.population.name}_{trace.label}", taken)
            monitors[trace.population.name, trace.label] = brian2.StateMonitor(
                cell.group, cell.names[trace.variable], trace.ids, name=name, **{**made, **when}
            )
    return monitors


def _label(name: str, taken: set[str]) -> str:
    """Give a name that Brian 2 accepts."""
    label = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
    label = fresh(label if label[:1].isalpha() else f"n_{label}", taken)
    taken.add(label)
    return label
