"""Merges populations of one model and projections of one synapse kind into the arrays that the kernels work on.

A *group* is all populations whose generated module is the same; a *bundle* (`bundle.py`) all projections with the same
statements between the same two groups. So the compiled loop and its running cost do not grow with the number of
populations.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from ..kernels import neuron_module, synapse_module
from ..kernels.arrays import GroupArrays
from ..kernels.loop_code import GroupCall, LoopPlan, SynapseCall
from ..kernels.synapse_form import SynapseForm
from ..neurons.model import NeuronModel
from .bundle import Bundle
from .population import NEVER, Population
from .procedural import ProceduralBundle
from .projection import Projection
from .sources import SpikeArray
from .values import grid_steps

__all__ = ["Group", "Layout", "state_dims"]

_LINE = 64  # bytes of a cache line
_LONGEST_SLAB = 32  # steps; the room for spikes must hold one slab in which every neuron fires in every step


class Group:
    """Populations of one model, one after the other in the same arrays."""

    def __init__(
        self, number: int, module: ModuleType | None, populations: list[Population], dtype: np.dtype,
        compiled: bool = False,
    ) -> None:  # fmt: skip
        self.number, self.module, self.populations, self.compiled = number, module, populations, compiled
        sizes = [p.size for p in populations]
        self.start = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        self.size = int(self.start[-1])
        self.place = {id(p): k for k, p in enumerate(populations)}
        self.every = populations[0].every  # steps from one update to the next
        self.rows = () if module is None else (*module.STATES, *module.INPUTS)
        self.dtype = dtype
        width = -(-self.size // _LINE) * _LINE  # so that each row begins with a cache line
        self.state = _aligned((len(self.rows), width), dtype)
        self.last = np.full(self.size, NEVER, dtype=np.int64)
        self.free = np.ones(self.size, dtype=bool)
        for p, a, b in zip(populations, self.start[:-1], self.start[1:], strict=True):
            self.state[:, a:b], self.last[a:b], self.free[a:b] = p._state, p._last, p._free
            p._state, p._last, p._free = self.state[:, a:b], self.last[a:b], self.free[a:b]
        # variables that something is added to, one accumulator each; inputs always have one, for injected currents
        self.targets: list[str] = list(module.INPUTS) if module else []
        self.fed: set[str] = set()  # those that something adds to
        self.history_steps = np.zeros(0, dtype=np.int64)
        self.history_ids = np.zeros(0, dtype=np.int32)
        self.driven = False  # by a Poisson input
        self.summed = False  # a variable of some of the populations is a sum over synapses
        self.depth = 1  # steps of spikes that are still needed
        self.slots = 2 if self.targets else 1

    @property
    def name(self) -> str:
        return " + ".join(p.name for p in self.populations)

    def accumulator(self, variable: str) -> int:
        """Give the accumulator of a variable for one that adds to it, made if it is the first."""
        self.fed.add(variable)
        if variable not in self.targets:
            self.targets.append(variable)
        return self.targets.index(variable)

    def finish(self, dt: float) -> None:
        """Compute what is constant in a run, and make the remaining arrays."""
        self.arrivals = _aligned((len(self.targets), self.slots, self.state.shape[1]), self.dtype)
        self.acc_row = np.array([self.rows.index(v) for v in self.targets], dtype=np.int64)
        m = self.module
        self.timed = bool(self.compiled and m and m.REFRACTORY == "duration")
        self.acc_mode = np.array([self._mode(v) for v in self.targets], dtype=np.int64)
        self.fired = _aligned((self.size + 64,), np.dtype(bool))  # `collect` looks at 64 from any neuron on
        self.refractory = np.zeros(self.size, dtype=np.int64)
        segments = len(self.populations)
        self.scalars = np.zeros((segments, len(m.SCALARS) if m else 0), dtype=self.dtype)
        self.vectors = np.zeros((len(m.VECTORS) if m else 0, self.size), dtype=self.dtype)
        self.stream = np.array([64 * p.number for p in self.populations], dtype=np.uint64)
        for k, p in enumerate(self.populations if m else []):
            self._constants(k, p, dt)
        self.cuts = self._cuts()

    def leave_idle(self) -> None:
        """Find the accumulators that stay 0 in a run, which need not be looked at in each step."""
        for a, (name, row) in enumerate(zip(self.targets, self.acc_row, strict=True)):
            idle = name not in self.fed and not self.arrivals[a].any() and not self.state[row].any()
            self.acc_mode[a] = -1 if idle else self._mode(name)

    def _mode(self, variable: str) -> int:
        """How what arrives for a variable gets into it; see `kernels.arrays.GroupArrays`."""
        if variable in self.module.INPUTS:
            return 0
        if variable in self.module.GATED:
            return 3 if self.timed else 2
        return 1

    def _cuts(self) -> np.ndarray:
        """Populations at which a stretch begins that the kernels take in one go: those before have other constants.

        Nothing must depend on where a population begins: neither the number ``i`` of a neuron, nor draws, nor sums.
        """
        everywhere = np.arange(len(self.populations))
        if self.module is None or self.module.PLACED or self.summed:
            return everywhere
        same = (self.scalars[1:] == self.scalars[:-1]).all(axis=1)
        return everywhere[np.concatenate(([True], ~same))]

    def _constants(self, k: int, p: Population, dt: float) -> None:
        m, cut = self.module, slice(self.start[k], self.start[k + 1])
        with np.errstate(all="ignore"):
            # NumPy's numbers, whose 1/0 is inf: that is told below
            values = {n: np.asarray(v, dtype=np.float64)[()] for n, v in p.parameters.items()}
            own = dt * self.every
            constants, period, rates = m.constants(values, own), m.refractory_time(values, own), m.rates(values)
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
            if p.size and np.max(-np.asarray(rate)) * own > 1:
                tau = 1e3 / np.max(-np.asarray(rate))
                raise ValueError(
                    f"population {p.name!r}: method {p.model.method!r} cannot serve dt = {own * 1e3:g} ms: "
                    f"{variable!r} of model {p.model.name!r} has a time constant of {tau:g} ms; "
                    f"expected dt <= {tau:g} ms or method='exact' or 'exponential_euler'"
                )
        self.scalars[k] = [constants[n] for n in m.SCALARS]
        for row, n in enumerate(m.VECTORS):
            self.vectors[row, cut] = constants[n]
        if period is not None:
            steps = grid_steps(period, own, f"population {p.name!r}: refractory period")
            self.refractory[cut] = np.asarray(steps) * self.every

    def bounds(self, threads: int) -> np.ndarray:
        """First neuron of each thread, and the end."""
        edge = np.array([self.size * t // threads for t in range(threads + 1)], dtype=np.int64)
        if self.size >= 16 * _LINE * threads:  # no two threads write to one cache line
            edge[1:-1] = edge[1:-1] // _LINE * _LINE
        return edge

    def arrays(self, threads: int, capacity: int, steps: int, step: int) -> GroupArrays:
        """The arrays of a run for ``steps`` steps from ``step`` on, with room for ``capacity`` spikes."""
        edge, first = self.bounds(threads), self.start[self.cuts]
        lo = np.clip(first[None], edge[:-1, None], edge[1:, None])
        hi = np.clip(np.append(first[1:], self.size)[None], edge[:-1, None], edge[1:, None])
        ids = np.empty((threads, max(1, capacity)), dtype=np.int32)
        ptr = np.zeros((threads, self.depth + steps + 1), dtype=np.int64)
        return GroupArrays(
            X=self.state, A=self.arrivals, V=self.vectors, C=self.scalars[self.cuts], nr=self.free, last=self.last,
            ref=self.refractory, fired=self.fired, lo=lo, hi=hi, start=first, stream=self.stream[self.cuts], ids=ids,
            ptr=ptr, acc_row=self.acc_row, acc_mode=self.acc_mode, until=self._until(step), zero=0, every=self.every,
        )  # fmt: skip

    def _until(self, step: int) -> np.ndarray:
        """The place in the chunk's list of steps (see `Group.depth`) from which on each neuron is free."""
        if not self.timed:
            return np.zeros(self.size, dtype=np.int64)
        whole = np.int32 if self.dtype == np.float32 else np.int64  # as wide as a state, for vector instructions
        end = self.last + np.maximum(self.refractory, 1) - step + self.depth
        until = _aligned((self.size,), np.dtype(whole))
        until[:] = np.clip(end, 0, 2**31 - 1)
        return until

    def note_free(self, until: np.ndarray, place: int) -> None:
        """After a chunk: enter which neurons are not refractory at the place of its last step."""
        if self.timed:
            np.less_equal(until, place, out=self.free)


class Layout:
    """All groups and bundles of a network, for one target (``numba`` or ``reference``)."""

    def __init__(
        self, populations: list[Population], projections: list[Projection], dt: float, dtype: np.dtype, target: str,
        step: int = 0,
    ) -> None:  # fmt: skip
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
            group = Group(len(self.groups), module, members, dtype, target == "numba")
            self.groups.append(group)
            self.group_of.update({id(p): group for p in members})
        by_kind: dict[Any, tuple[ModuleType, Group, Group, list[Projection]]] = {}
        for p in projections:
            pre, post = p.pre.population, p.post.population
            facts = synapse_module(p.synapse, state_dims(pre), state_dims(post), "reference")
            source, to = self.group_of[id(pre)], self.group_of[id(post)]
            drawn = p.procedural and target == "numba"
            kind = facts.__name__, source.number, to.number, drawn
            by_kind.setdefault(kind, (facts, source, to, []))[3].append(p)
        self.bundles: list[Bundle] = []
        summed: set[tuple[int, str]] = set()  # population, variable
        direct = self._direct(list(by_kind.values()))
        for facts, source, to, members in by_kind.values():
            for variable in facts.SUMS:
                to.summed = True
                here = {(id(p.post.population), variable) for p in members}
                if here & summed:
                    raise ValueError(
                        f"{members[0].what}: the summed variable {variable!r} is already set by another synapse model "
                        "or from another kind of cell"
                    )
                summed |= here

            def make(form: SynapseForm, p: Projection = members[0]) -> ModuleType:
                sides = state_dims(p.pre.population), state_dims(p.post.population)
                return synapse_module(p.synapse, *sides, target, single, form)

            at_once = tuple(v for v in facts.TARGETS if (to.number, v) in direct)
            made = ProceduralBundle if members[0].procedural and target == "numba" else Bundle
            self.bundles.append(made(facts, make, source, to, members, at_once, step))

    @staticmethod
    def _direct(kinds: list[tuple[ModuleType, Group, Group, list[Projection]]]) -> set[tuple[int, str]]:
        """Variables of groups that spikes may be added to at once: nothing reads them meanwhile or comes later."""
        found, refused = set(), set()
        for facts, source, to, members in kinds:
            found |= {(to.number, v) for v in facts.TARGETS}
            refused |= {(to.number, v) for v in (*to.module.INPUTS, *to.module.GATED, *facts.POST)}
            refused |= {(source.number, v) for v in facts.PRE}
            if any(p.has_dendrites for p in members):
                refused |= {(to.number, v) for v in facts.TARGETS}
        return found - refused

    def plan(self) -> LoopPlan:
        """What the text of the loop depends on."""
        groups = [
            GroupCall(
                _short(g.module), _arguments(g.module), bool(g.module and g.module.INPUTS),
                bool(g.module and g.module.RESETS), bool(g.targets), g.driven, g.every > 1,
            )
            for g in self.groups
        ]  # fmt: skip
        bundles = [
            SynapseCall(
                _short(b.module), _arguments(b.module), b.source.number, b.target.number,
                b.module.ORDER[0] == "pre", b.module.ON_POST, b.module.CLOCKED, bool(b.module.SUMS),
                bool(b.late.any()), bool(b.module.PRE), b.traces is not None,
            )
            for b in self.bundles
        ]  # fmt: skip
        return LoopPlan(tuple(groups), tuple(bundles))

    def slab(self) -> int:
        """Steps that threads may go on without meeting: every spike needs as long to reach anything. 0: each step."""
        if self.plan().meets_twice:
            return 0
        return min([_LONGEST_SLAB, *(int(b.axonal.min()) for b in self.bundles if len(b.axonal))])

    @property
    def modules(self) -> dict[str, ModuleType]:
        """Generated modules by the names that the plan uses."""
        found = [g.module for g in self.groups if g.module] + [b.module for b in self.bundles]
        return {_short(m): m for m in found}


def _aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Zeros that begin with a cache line."""
    size = int(np.prod(shape)) * dtype.itemsize
    room = np.zeros(size + _LINE, dtype=np.uint8)
    first = -room.ctypes.data % _LINE
    return room[first : first + size].view(dtype).reshape(shape)


def _short(module: ModuleType | None) -> str:
    """The name by which the time loop imports what it calls."""
    return getattr(module, "CODE", module.__name__.rsplit(".", 1)[1]) if module else ""


def _arguments(module: ModuleType | None) -> tuple:
    return tuple(getattr(module, "ARGUMENTS", {}).items())


def _model_key(p: Population) -> Any:
    from ..kernels import structure_key

    if isinstance(p.model, SpikeArray):
        return "spike array"
    return str(structure_key(p.model)), p.every


def state_dims(p: Population) -> dict[str, Any]:
    """Variables of a population's cells that synapses can see, with their dimensions."""
    return {} if isinstance(p.model, SpikeArray) else {n: p.model.dims(n) for n in (*p.model.states, *p.model.inputs)}
