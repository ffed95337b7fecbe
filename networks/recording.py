"""What a run keeps: spikes of chosen neurons, and variables of chosen neurons at chosen intervals."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..language import expression_names
from ..neurons.model import NeuronModel
from ..units import DIMENSIONLESS, TIME, VOLTAGE, Dims, edge_unit, parse_quantity, to_edge
from ..versions import versions_of
from .network_checks import check_own
from .records import PopulationRecord, ProjectionRecord, Trace
from .result import Result
from .spiketrains import SpikeTrains
from .values import evaluate, interval_steps

if TYPE_CHECKING:
    from .network import Network
    from .population import Population, PopulationView
    from .projection import Projection

__all__ = ["SpikeRecorder", "TraceRecorder", "collect", "record_cells", "record_weights"]


@dataclass
class SpikeRecorder:
    """Spikes of some neurons of a population, chunk by chunk."""

    population: Population
    ids: np.ndarray
    begin: int
    steps: list[np.ndarray] = field(default_factory=list)
    numbers: list[np.ndarray] = field(default_factory=list)

    def add(self, steps: np.ndarray, ids: np.ndarray) -> None:
        """Keep those of the population's spikes that are wanted."""
        if len(self.ids) < self.population.size:
            wanted = np.zeros(self.population.size, dtype=bool)
            wanted[self.ids] = True
            keep = wanted[ids]
            steps, ids = steps[keep], ids[keep]
        if len(steps):
            self.steps.append(steps)
            self.numbers.append(ids)

    def joined(self) -> tuple[np.ndarray, np.ndarray]:
        """All steps and ids; the chunks are kept as one, so that many short runs stay cheap."""
        if len(self.steps) != 1:
            empty = np.zeros(0, dtype=np.int64)
            self.steps = [np.concatenate([empty, *self.steps])]
            self.numbers = [np.concatenate([empty.astype(np.int32), *self.numbers])]
        return self.steps[0], self.numbers[0]


@dataclass
class TraceRecorder:
    """One variable of some neurons, every ``every`` steps, at the start of the step.

    ``part_of`` names the expression (``x = expr : unit``) for which the variable is recorded, '' if for itself.
    """

    population: Population
    variable: str
    ids: np.ndarray
    every: int
    begin: int
    part_of: str = ""
    steps: list[np.ndarray] = field(default_factory=list)
    values: list[np.ndarray] = field(default_factory=list)

    @property
    def label(self) -> str:
        """A name that no other recorder of the population has."""
        return f"{self.part_of}_{self.variable}" if self.part_of else self.variable

    def joined(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps [T] and values [T, K] in SI; the chunks are kept as one."""
        if len(self.steps) != 1:
            none = np.zeros((0, len(self.ids)), dtype=self.population.network.dtype)
            self.steps = [np.concatenate([np.zeros(0, dtype=np.int64), *self.steps])]
            self.values = [np.concatenate([none, *self.values])]
        return self.steps[0], self.values[0]

    def first(self, step: int) -> int:
        """The first step at or after ``step`` that is recorded."""
        return -(-step // self.every) * self.every

    def samples(self, step: int, n: int) -> int:
        """How many samples fall in steps ``step`` ... ``step + n - 1``."""
        return max(0, -(-(step + n - self.first(step)) // self.every))


def record_weights(network: Network, projection: Projection, what: str | Sequence[str]) -> None:
    """Keep the weights that a projection has now, and show them in results beside the later ones."""
    names = _names_in(what)
    if projection.network is not network:
        raise TypeError(f"record: view: expected a projection of this network, got {projection!r}")
    if names not in (["weights"], ["spikes"]) or "w" not in projection.values:
        raise ValueError(f"record: {projection.what}: expected 'weights', got {what!r}")
    network._weight_recorders.setdefault(projection, projection.weights)


def record_cells(
    network: Network, view: Population | PopulationView, what: str | Sequence[str], interval: Any
) -> None:  # fmt: skip
    """Begin to record spikes or variables of cells; nothing is begun if one of them is refused."""
    names = _names_in(what)
    check_own(network, view, "record: view")
    p, every = view.population, interval_steps(interval, network.dt_si, "record: interval")
    if interval is not None and set(names) <= {"spikes"}:
        raise ValueError(f"record: interval: all spikes are kept, an interval is for variables; got {interval!r}")
    spikes: list[SpikeRecorder] = []
    traces: list[TraceRecorder] = []
    for n in names:
        taken = (*network._spike_recorders, *spikes) if n == "spikes" else (*network._trace_recorders, *traces)
        if any(r.population is p and (getattr(r, "part_of", "") or getattr(r, "variable", n)) == n for r in taken):
            raise ValueError(f"record: {n!r} of population {p.name!r} is recorded already")
        if n != "spikes":
            traces += _recorders_of(p, n, view.ids, every, network.step)
            continue
        if isinstance(p.model, NeuronModel) and not p.model.threshold:
            cells = f"model {p.model.name!r} of population {p.name!r}"
            raise ValueError(f"record: {cells} has no threshold and never spikes")
        spikes.append(SpikeRecorder(p, np.sort(view.ids), network.step))
    network._spike_recorders += spikes
    network._trace_recorders += traces


def _names_in(what: Any) -> list[str]:
    if not isinstance(what, Sequence):
        raise TypeError(f"record: what: expected 'spikes' or names of variables, got {what!r}")
    return [what] if isinstance(what, str) else list(what)


def collect(network: Network, backend: str, interrupted: bool) -> Result:
    """Make the result of everything recorded since the last reset."""
    dt, stop = network.dt, network.step * network.dt
    spikes = {id(r.population): r for r in network._spike_recorders}
    populations = {}
    for p in network.populations.values():
        trains = None
        if id(p) in spikes:
            r = spikes[id(p)]
            steps, ids = r.joined()
            recorded = None if len(r.ids) == p.size else r.ids
            trains = SpikeTrains(steps, ids, p.size, dt, stop, r.begin * dt, recorded)
        traces: dict[str, Trace] = {}
        for t in network._trace_recorders:
            if t.population is p:
                name = t.part_of or t.variable
                traces.setdefault(name, _derived(network, p, name) if t.part_of else _trace(t, dt))
        populations[p.name] = PopulationRecord(p.name, p.size, trains, traces, _threshold(p), {"model": _name(p)})
    projections = {}
    for q in network.projections.values():
        if q in network._weight_recorders:
            projections[q.name] = ProjectionRecord(
                q.name, q.pre.name, q.post.name, q.pre_ids, q.post_ids, q.weights, q.delays, q.unit(),
                network._weight_recorders[q], q.pre.population.size, q.post.population.size,
            )  # fmt: skip
    meta = dict(
        dt=dt, duration=stop, seed=network.seed, backend=backend, dtype=str(np.dtype(network.dtype)),
        interrupted=interrupted, versions=_versions(),
    )  # fmt: skip
    return Result(populations, projections, meta)


@cache
def _versions() -> dict[str, str]:
    """Versions of what computes; reading them takes milliseconds, as long as a short run."""
    return versions_of("spikegram", "numpy", "numba") | {"python": platform.python_version()}


def _trace(r: TraceRecorder, dt: float) -> Trace:
    dims = r.population.dims(r.variable)
    steps, values = r.joined()
    return Trace(r.variable, steps * dt, r.ids, to_edge(values, dims), edge_unit(dims)[0])


def _recorders_of(p: Population, name: str, ids: np.ndarray, every: int, begin: int) -> list[TraceRecorder]:
    """Give what must be recorded to know a variable: itself, or for an expression the variables that it reads."""
    model = p.model
    if not isinstance(model, NeuronModel) or name not in model.subexpressions:
        p.dims(name) if not isinstance(model, NeuronModel) else p._row(name)
        return [TraceRecorder(p, name, ids, every, begin)]
    expressions = {e.name: e.expr for e in model.lines if e.kind == "subexpression"}
    wanted, reads = [name], set()
    for n in wanted:
        names = expression_names(expressions[n], model.owner)
        wanted += [m for m in sorted(names) if m in expressions and m not in wanted]
        reads |= names - set(expressions)
    if strange := reads & {"not_refractory", "lastspike", "xi"}:
        raise ValueError(f"record: {name!r} of population {p.name!r} reads {strange.pop()!r} and cannot be recorded")
    rows = [n for n in (*model.states, *model.inputs) if n in reads]
    if not rows:
        raise ValueError(
            f"record: {name!r} of population {p.name!r} reads no variable; it is known without a recording"
        )
    return [TraceRecorder(p, n, ids, every, begin, part_of=name) for n in rows]


def _derived(network: Network, p: Population, name: str) -> Trace:
    """Evaluate a recorded expression from the variables that it reads."""
    parts = [r for r in network._trace_recorders if r.population is p and r.part_of == name]
    ids, steps = parts[0].ids, parts[0].joined()[0]
    shape = (len(steps), len(ids))

    def each(values: Any) -> np.ndarray:
        return np.broadcast_to(values, shape).ravel()

    names: dict[str, tuple[Any, Dims]] = {r.variable: (each(r.joined()[1]), p.dims(r.variable)) for r in parts}
    names["t"], names["i"] = (each(steps[:, None] * network.dt_si), TIME), (each(ids), DIMENSIONLESS)
    names["dt"] = (network.dt_si, TIME)
    for n, value in p.parameters.items():
        names[n] = (value if np.ndim(value) == 0 else each(value[ids]), p.dims(n))
    lines = {e.name: e for e in p.model.lines if e.kind == "subexpression"}

    def value_of(n: str) -> tuple[Any, Dims]:
        for m in expression_names(lines[n].expr, p.model.owner) & set(lines):
            names.setdefault(m, value_of(m))
        what = f"population {p.name!r}: {n}"
        return evaluate(lines[n].expr, shape[0] * shape[1], names, (network.seed, 0, 0), what)

    values, dims = value_of(name)
    return Trace(
        name,
        steps * network.dt,
        ids,
        to_edge(np.broadcast_to(values, shape[0] * shape[1]).reshape(shape), dims),
        edge_unit(dims)[0],
    )


def _threshold(p: Population) -> float | None:
    """The fixed threshold of v in mV, if the model's condition is one (``v > v_th``), for pictures."""
    if not isinstance(p.model, NeuronModel):
        return None
    left, _, right = p.model.threshold.replace(">=", ">").partition(">")
    right = right.strip()
    if left.strip() != "v" or "v" not in p.model.states or p.model.dims("v") != VOLTAGE:
        return None
    value = p.parameters.get(right)
    if value is None:
        try:
            value = parse_quantity(right)[0]
        except ValueError:
            return None
    return float(np.mean(value)) * 1e3


def _name(p: Population) -> str:
    return p.model.name if isinstance(p.model, NeuronModel) else "spike array"
