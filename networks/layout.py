"""Merges populations of one model and projections of one synapse kind into the arrays that the kernels work on.

A *group* is all populations whose generated module is the same; a *bundle* all projections with the same module between
the same two groups. So the compiled loop and its running cost do not grow with the number of populations.

Synapses of a bundle are sorted by (delay class, owner thread of the target, source, target, order of creation); a delay
class is a pair (axonal, dendritic) of steps. A target's sums are thus made in an order that does not depend on threads.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from ..kernels import neuron_module, synapse_module
from ..kernels.loop_code import GroupCall, LoopPlan, SynapseCall
from ..neurons.model import NeuronModel
from .population import NEVER, Population
from .projection import Projection
from .sources import SpikeArray
from .values import grid_steps

__all__ = ["Bundle", "Group", "Layout", "state_dims"]


class Group:
    """Populations of one model, one after the other in the same arrays."""

    def __init__(self, number: int, module: ModuleType | None, populations: list[Population], dtype: np.dtype) -> None:
        self.number, self.module, self.populations = number, module, populations
        sizes = [p.size for p in populations]
        self.start = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        self.size = int(self.start[-1])
        self.place = {id(p): k for k, p in enumerate(populations)}
        self.rows = () if module is None else (*module.STATES, *module.INPUTS)
        self.dtype = dtype
        self.state = np.zeros((len(self.rows), self.size), dtype=dtype)
        self.last = np.full(self.size, NEVER, dtype=np.int64)
        self.free = np.ones(self.size, dtype=bool)
        for p, a, b in zip(populations, self.start[:-1], self.start[1:], strict=True):
            self.state[:, a:b], self.last[a:b], self.free[a:b] = p._state, p._last, p._free
            p._state, p._last, p._free = self.state[:, a:b], self.last[a:b], self.free[a:b]
        # variables that something is added to, one accumulator each; inputs always have one, for injected currents
        self.targets: list[str] = list(module.INPUTS) if module else []
        self.history_steps = np.zeros(0, dtype=np.int64)
        self.history_ids = np.zeros(0, dtype=np.int32)
        self.depth = 1  # steps of spikes that are still needed
        self.slots = 2 if self.targets else 1

    @property
    def name(self) -> str:
        return " + ".join(p.name for p in self.populations)

    def accumulator(self, variable: str) -> int:
        """Give the accumulator of a variable, made if it is the first that adds to it."""
        if variable not in self.targets:
            self.targets.append(variable)
        return self.targets.index(variable)

    def finish(self, dt: float) -> None:
        """Compute what is constant in a run, and make the remaining arrays."""
        self.arrivals = np.zeros((len(self.targets), self.slots, self.size), dtype=self.dtype)
        self.acc_row = np.array([self.rows.index(v) for v in self.targets], dtype=np.int64)
        m = self.module
        inputs, gated = (m.INPUTS, m.GATED) if m else ((), ())
        self.acc_mode = np.array([0 if v in inputs else 2 if v in gated else 1 for v in self.targets], dtype=np.int64)
        self.fired = np.zeros(self.size, dtype=bool)
        self.refractory = np.zeros(self.size, dtype=np.int64)
        segments = len(self.populations)
        self.scalars = np.zeros((segments, len(m.SCALARS) if m else 0), dtype=self.dtype)
        self.vectors = np.zeros((len(m.VECTORS) if m else 0, self.size), dtype=self.dtype)
        self.stream = np.array([64 * p.number for p in self.populations], dtype=np.uint64)
        for k, p in enumerate(self.populations if m else []):
            self._constants(k, p, dt)

    def _constants(self, k: int, p: Population, dt: float) -> None:
        m, cut = self.module, slice(self.start[k], self.start[k + 1])
        with np.errstate(all="ignore"):
            # NumPy's numbers, whose 1/0 is inf: that is told below
            values = {n: np.asarray(v, dtype=np.float64)[()] for n, v in p.parameters.items()}
            constants, period, rates = m.constants(values, dt), m.refractory_time(values, dt), m.rates(values)
        for n, value in constants.items():
            if not np.all(np.isfinite(value)):
                given = (
                    f"{q} = {p.model.parameters[q]._replace(value=v) if np.ndim(v) == 0 else 'one value per neuron'}"
                    for q, v in p.parameters.items()
                )
                raise ValueError(
                    f"population {p.name!r} (model {p.model.name!r}): a constant of the update ({n}) is not finite for "
                    f"its parameters {', '.join(given)}"
                )
        for variable, rate in rates.items():
            if p.size and np.max(-np.asarray(rate)) * dt > 1:
                tau = 1e3 / np.max(-np.asarray(rate))
                raise ValueError(
                    f"population {p.name!r}: method {p.model.method!r} cannot serve dt = {dt * 1e3:g} ms: {variable!r} "
                    f"of model {p.model.name!r} has a time constant of {tau:g} ms; expected dt <= {tau:g} ms or "
                    "method='exact' or 'exponential_euler'"
                )
        self.scalars[k] = [constants[n] for n in m.SCALARS]
        for row, n in enumerate(m.VECTORS):
            self.vectors[row, cut] = constants[n]
        if period is not None:
            self.refractory[cut] = grid_steps(period, dt, f"population {p.name!r}: refractory period")

    def bounds(self, threads: int) -> np.ndarray:
        """First neuron of each thread, and the end."""
        return np.array([self.size * t // threads for t in range(threads + 1)], dtype=np.int64)

    def arrays(self, threads: int, capacity: int, steps: int) -> tuple:
        """The tuple that the kernels know as a group."""
        edge = self.bounds(threads)
        lo = np.clip(self.start[None, :-1], edge[:-1, None], edge[1:, None])
        hi = np.clip(self.start[None, 1:], edge[:-1, None], edge[1:, None])
        ids = np.empty((threads, max(1, capacity)), dtype=np.int32)
        ptr = np.zeros((threads, self.depth + steps + 1), dtype=np.int64)
        return (
            self.state, self.arrivals, self.vectors, self.scalars, self.free, self.last, self.refractory, self.fired,
            lo, hi, self.start[:-1].copy(), self.stream, ids, ptr, self.acc_row, self.acc_mode,
        )  # fmt: skip


class Bundle:
    """Projections of one synapse kind between two groups."""

    def __init__(self, module: ModuleType, source: Group, target: Group, projections: list[Projection]) -> None:
        self.module, self.source, self.target, self.projections = module, source, target, projections
        self.accumulators = np.array([target.accumulator(v) for v in module.TARGETS], dtype=np.int64)
        inputs = target.module.INPUTS
        self.late = np.array([int(v in inputs) for v in module.TARGETS], dtype=np.int64)
        start_pre = [source.start[source.place[id(p.pre.population)]] for p in projections]
        start_post = [target.start[target.place[id(p.post.population)]] for p in projections]
        self.base = np.array([start_pre, start_post], dtype=np.int64).T.copy()
        pre = [p.pre_ids + s for p, s in zip(projections, start_pre, strict=True)]
        post = [p.post_ids + s for p, s in zip(projections, start_post, strict=True)]
        self.pre, self.post = np.concatenate(pre).astype(np.int32), np.concatenate(post).astype(np.int32)
        axonal = np.concatenate([p.axonal_steps for p in projections])
        dendritic = np.concatenate([p.dendritic_steps for p in projections])
        width = int(dendritic.max(initial=0)) + 1
        pairs, self.delay_class = np.unique(axonal.astype(np.int64) * width + dendritic, return_inverse=True)
        self.axonal, self.dendritic = pairs // width, pairs % width
        # what an input variable is to hold in a step must be there before the state update
        self.early = ((self.dendritic == 0) & bool(self.late.any())).astype(np.int64)
        source.depth = max(source.depth, int(self.axonal.max(initial=0)) + 1)
        target.depth = max(target.depth, int(self.dendritic.max(initial=0)) + 1)
        target.slots = max(target.slots, int(self.dendritic.max(initial=0)) + 1)
        self.values = np.concatenate([p._values for p in projections], axis=1)
        self.when = np.zeros(len(self.pre) if module.EVENT_DRIVEN else 0, dtype=np.int64)
        self.order: np.ndarray | None = None

    def arrays(self, threads: int) -> tuple:
        """Sort for a number of threads and give the tuple that the kernels know as synapses."""
        count, classes = len(self.pre), len(self.axonal)
        edge = self.target.bounds(threads)
        owner = np.searchsorted(edge, self.post, side="right") - 1
        order = np.lexsort((np.arange(count), self.post, self.pre, owner, self.delay_class))
        self.order = order
        pre, post = self.pre[order], self.post[order]
        bins = (self.delay_class[order].astype(np.int64) * threads + owner[order]) * self.source.size + pre
        row = np.zeros((classes, threads, self.source.size + 1), dtype=np.int64)
        flat = np.concatenate(([0], np.cumsum(np.bincount(bins, minlength=classes * threads * self.source.size))))
        for c in range(classes):
            for t in range(threads):
                first = (c * threads + t) * self.source.size
                row[c, t] = flat[first : first + self.source.size + 1]
        colptr, col = self._columns(pre, post, order, classes)
        m = self.module
        self.sorted_values = np.ascontiguousarray(self.values[:, order])
        self.sorted_when = self.when[order] if len(self.when) else self.when
        place = np.empty(count, dtype=np.int64)
        place[order] = np.arange(count)
        done = 0
        for p in self.projections:
            p._place, p._merged = place[done : done + p.size], self.sorted_values
            done += p.size
        kinds = np.repeat(np.arange(len(self.projections), dtype=np.int32), [p.size for p in self.projections])
        own = np.concatenate([np.arange(p.size) for p in self.projections]) if m.RANDOM else np.zeros(0, np.int64)
        dtype = self.values.dtype
        scalars = np.array([[p.synapse.parameters[n].value for n in m.SCALARS] for p in self.projections], dtype=dtype)
        source_rows, target_rows = self.source.rows, self.target.rows
        summed = np.zeros(len(self.target.populations), dtype=bool)  # populations whose sums are made here
        summed[[self.target.place[id(p.post.population)] for p in self.projections]] = True
        return (
            row, post, pre, self.sorted_values, self.sorted_when,
            scalars.reshape(len(self.projections), len(m.SCALARS)),
            kinds[order] if len(self.projections) > 1 else np.zeros(1, dtype=np.int32),
            own[order] if m.RANDOM else own,
            np.array([2**31 + 64 * p.number for p in self.projections], dtype=np.uint64), self.base,
            self.axonal, self.dendritic, self.early, colptr, col,
            _positions(m.PRE, source_rows), _positions(m.POST, target_rows), self.accumulators, self.late,
            _positions(m.SUMS, target_rows), summed,
        )  # fmt: skip

    def _columns(
        self, pre: np.ndarray, post: np.ndarray, order: np.ndarray, classes: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Synapses by target, for postsynaptic spikes; empty where the model has no ``on_post``."""
        if not self.module.ON_POST:
            return np.zeros((classes, 1), dtype=np.int64), np.zeros(0, dtype=np.int64)
        delay_class = self.delay_class[order].astype(np.int64)
        col = np.lexsort((order, pre, post, delay_class))
        size = self.target.size
        flat = np.concatenate(([0], np.cumsum(np.bincount(delay_class * size + post, minlength=classes * size))))
        starts = np.arange(classes)[:, None] * size + np.arange(size + 1)[None, :]
        return flat[starts].astype(np.int64), col

    def unsort(self, keep: bool = False) -> None:
        """Bring values back into the order of creation; ``keep`` if the run goes on with the sorted ones."""
        if self.order is not None:
            self.values[:, self.order] = self.sorted_values
            if len(self.when):
                self.when[self.order] = self.sorted_when
            self.order = self.order if keep else None


def _positions(names: tuple[str, ...], rows: tuple[str, ...]) -> np.ndarray:
    return np.array([rows.index(n) for n in names], dtype=np.int64)


class Layout:
    """All groups and bundles of a network, for one target (``numba`` or ``reference``)."""

    def __init__(
        self, populations: list[Population], projections: list[Projection], dt: float, dtype: np.dtype, target: str
    ) -> None:
        single = dtype == np.float32
        by_model: dict[Any, list[Population]] = {}
        for p in populations:
            by_model.setdefault(_model_key(p), []).append(p)
        self.groups: list[Group] = []
        self.group_of: dict[int, Group] = {}
        for members in by_model.values():
            module = None
            if isinstance(members[0].model, NeuronModel):
                varying = {n for p in members for n, v in p.parameters.items() if isinstance(v, np.ndarray)}
                module = neuron_module(members[0].model, frozenset(varying), target, single)
            group = Group(len(self.groups), module, members, dtype)
            self.groups.append(group)
            self.group_of.update({id(p): group for p in members})
        by_kind: dict[Any, tuple[ModuleType, Group, Group, list[Projection]]] = {}
        for p in projections:
            pre, post = p.pre.population, p.post.population
            module = synapse_module(p.synapse, state_dims(pre), state_dims(post), target, single)
            source, to = self.group_of[id(pre)], self.group_of[id(post)]
            kind = module.__name__, source.number, to.number
            by_kind.setdefault(kind, (module, source, to, []))[3].append(p)
        self.bundles: list[Bundle] = []
        summed: set[tuple[int, str]] = set()
        for module, source, to, members in by_kind.values():
            for variable in module.SUMS:
                if (to.number, variable) in summed:
                    raise ValueError(
                        f"{members[0].what}: the summed variable {variable!r} is already set by another synapse model"
                    )
                summed.add((to.number, variable))
            self.bundles.append(Bundle(module, source, to, members))

    def plan(self) -> LoopPlan:
        """What the text of the loop depends on."""
        groups = tuple(
            GroupCall(_short(g.module), bool(g.module and g.module.INPUTS), bool(g.module and g.module.RESETS))
            for g in self.groups
        )
        bundles = tuple(
            SynapseCall(
                _short(b.module), b.source.number, b.target.number, b.module.ORDER[0] == "pre", b.module.ON_POST,
                b.module.CLOCKED, bool(b.module.SUMS), bool(b.late.any()), bool(b.module.PRE),
            )
            for b in self.bundles
        )  # fmt: skip
        return LoopPlan(groups, bundles)

    @property
    def modules(self) -> dict[str, ModuleType]:
        """Generated modules by the names that the plan uses."""
        found = [g.module for g in self.groups if g.module] + [b.module for b in self.bundles]
        return {_short(m): m for m in found}


def _short(module: ModuleType | None) -> str:
    return module.__name__.rsplit(".", 1)[1] if module else ""


def _model_key(p: Population) -> Any:
    from ..kernels import structure_key

    if isinstance(p.model, SpikeArray):
        return "spike array"
    return str(structure_key(p.model))


def state_dims(p: Population) -> dict[str, Any]:
    """Variables of a population's cells that synapses can see, with their dimensions."""
    return {} if isinstance(p.model, SpikeArray) else {n: p.model.dims(n) for n in (*p.model.states, *p.model.inputs)}
