"""Projections that store no synapses: the targets of a spike are drawn anew at each spike.

For networks that do not fit into memory. J. C. Knight and T. Nowotny 2021, "Larger GPU-accelerated brain simulations
with procedural connectivity", Nat. Comput. Sci. 1:136-142; GeNN calls it ``PROCEDURAL``. A row is drawn from a
counter-based stream (`kernels.compiled_rows`), so it is always the same one. All synapses have one weight and one
delay. The ``reference`` backend, and whatever asks for the single synapses, draws all rows and keeps them.
"""

from __future__ import annotations

from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels.arrays import SynapseArrays
from .bundle import Bundle
from .connectors import AllToAll, Connector, FixedOutDegree, FixedProbability
from .memory_claims import fitting
from .projection import Projection
from .values import resolve
from .wiring import Wiring, number_type

if TYPE_CHECKING:
    from ..units import Dims

__all__ = ["ProceduralBundle", "ProceduralProjection"]

_REMEMBERED = 2**24  # synapses that are kept once somebody asked for them
_STREAM = 63  # of the projection's 64, those of its statements come first


class ProceduralProjection(Projection):
    """A projection of static synapses whose rows are drawn whenever they are needed."""

    procedural = True

    def _connect(self, connector: Connector, delay: Any, dendritic_delay: Any, round_delays: bool) -> None:
        self.connector, self.memory = connector, 0.0
        none = np.zeros(0, dtype=np.int64)
        self._numbers, self._kept = (none, none), None
        for word, view in (("pre", self.pre), ("post", self.post)):
            if (np.diff(view.ids) != 1).any():
                raise ValueError(f"{self.what}: {word}: procedural=True needs neurons in a row, got {view!r}")
        self._rule()
        self.axonal, self.dendritic = self._delays(delay, dendritic_delay, round_delays)
        self._start(self._start_values())

    def check(self, facts: ModuleType) -> None:
        """Refuse a synapse model that keeps anything for each synapse."""
        clocked = facts.ON_POST or facts.CLOCKED or facts.SUMS or facts.RANDOM or facts.EVENT_DRIVEN
        if clocked or facts.VARIABLES != facts.FIXED:
            raise ValueError(
                f"{self.what}: synapse: procedural=True stores nothing for a synapse; expected statements on_pre that "
                f"change no variable of the synapse and draw no numbers, got {self.synapse.name!r}"
            )

    def rule(self, base: tuple[int, int] = (0, 0)) -> tuple[list[int], float]:
        """Give the row of the table (`compiled_rows.RULE`) and 1/ln(1 - p); populations begin at ``base``."""
        degree, scale, autapses = self._rule()
        first = [int(v.ids[0]) + b if v.size else b for v, b in zip((self.pre, self.post), base, strict=True)]
        never_self = int(not autapses and self.pre.population is self.post.population)
        stream = self._stream(0)[1] + _STREAM
        return [first[0], first[0] + self.pre.size, first[1], self.post.size, degree, never_self, stream], scale

    def _rule(self) -> tuple[int, float, bool]:
        c = self.connector
        if isinstance(c, AllToAll):
            return -1, 0.0, c.autapses
        if isinstance(c, FixedProbability):
            with np.errstate(divide="ignore"):
                scale = 1 / np.log1p(-c.p) if c.p else 0.0
            return (-1 if c.p else 0), float(scale), c.autapses
        if isinstance(c, FixedOutDegree) and c.multapses:
            alone = not c.autapses and self.pre.population is self.post.population and self.post.size == 1
            if c.n and self.pre.size and (not self.post.size or alone):
                raise ValueError(f"{self.what}: connector: {c!r} finds no target among {self.post.size} neurons")
            return c.n, 0.0, c.autapses
        raise ValueError(
            f"{self.what}: connector: procedural=True can draw the rows of AllToAll, FixedProbability and "
            f"FixedOutDegree(multapses=True), got {c!r}"
        )

    # -- synapses, when they are asked for --------------------------------------------------------------------------
    @cached_property
    def _lengths(self) -> np.ndarray:
        """Targets of each neuron of ``pre``: int64 [n]."""
        from ..kernels.compiled_rows import row_lengths

        (*_, degree, _, _), _ = rule = self.rule()
        out = np.empty(self.pre.size, dtype=np.int64)
        row_lengths(*_table([rule]), np.uint64(self.network.seed), _room(max(degree, self.post.size)), out)
        return out

    @property
    def size(self) -> int:  # type: ignore[override]
        """Number of synapses; counting them draws all rows once."""
        return int(self._lengths.sum())

    @property
    def about(self) -> int:
        """Number of synapses on average."""
        return round(self.connector.expected_count(self.pre.size, self.post.size))

    @property
    def wiring(self) -> Wiring:
        """All synapses, drawn."""
        from ..kernels.compiled_rows import rows_of

        if self._kept is not None:
            return self._kept
        bits = number_type(self.post.population.size)
        fitting(self.network, self.size * np.dtype(bits).itemsize, f"{self.what}: {self.size:.3g} synapses, drawn")
        count = np.zeros(self.pre.population.size, dtype=np.int64)
        count[self.pre.ids] = self._lengths
        row = np.concatenate(([0], np.cumsum(count)))
        targets = np.empty(self.size, dtype=bits)
        mine = np.concatenate(([0], np.cumsum(self._lengths)))
        rows_of(*_table([self.rule()]), np.uint64(self.network.seed), mine, targets)
        found = Wiring(row, targets, self.axonal, self.dendritic, *self._numbers)
        if self.size <= _REMEMBERED:
            self._kept = found
        return found

    def delay_pairs(self) -> set[tuple[int, int]]:
        """The one combination of axonal and dendritic steps."""
        return {(int(self.axonal[0]), int(self.dendritic[0]))}

    # -- values -----------------------------------------------------------------------------------------------------
    @property
    def raw(self) -> np.ndarray:
        """All variables in the network's own precision: [variables, 1]."""
        return np.array([[self._values[n]] for n in self._variables()], self.network.dtype).reshape(-1, 1)

    def set_raw(self, values: np.ndarray, when: np.ndarray) -> None:
        """Take over `raw` values."""
        for n, mine in zip(self._variables(), values, strict=True):
            self._values[n] = mine[0]

    def touched(self) -> np.ndarray:
        """Nothing of a procedural synapse is ever brought up to date."""
        return np.zeros(0, dtype=np.int64)

    def _stored(self, name: str) -> np.ndarray:
        return np.broadcast_to(self._values[name], (self.size,))

    def _resolve(self, value: Any, dims: Dims, stream: tuple[int, int, int], what: str) -> float:
        found = resolve(
            value, 1, dims, {n: (p.value, p.dims) for n, p in self.synapse.parameters.items()}, stream, what
        )
        if np.ndim(found):
            raise ValueError(f"{what}: procedural=True needs one value for all synapses, got {value!r}")
        return found

    # -- a run ------------------------------------------------------------------------------------------------------
    def lend(self, bundle: Bundle, k: int) -> None:
        """Note who runs the synapses; there is nothing to hand over."""
        self._lent = bundle, k

    def take_back(self, wiring: Wiring | None, values: dict[str, np.ndarray], when: np.ndarray) -> None:
        """Note that nobody runs them any more."""
        self._lent = None


class ProceduralBundle(Bundle):
    """Procedural projections of one synapse kind between two groups; see `Bundle`."""

    drawn = True

    def arrays(self, threads: int) -> SynapseArrays:
        """The arrays of a run: rules in place of rows, room for a row of each thread."""
        self.edge, self.threads = self.target.bounds(threads), threads
        kind = np.array([classes[0] for classes in self.own_classes])
        order = np.argsort(kind, kind="stable")
        rules = [p.rule(tuple(b)) for p, b in zip(self.projections, self.base.tolist(), strict=True)]
        most = max(max(degree, targets) for (_, _, _, targets, degree, _, _), _ in rules)
        self.targets = _room(most * threads, int(np.diff(self.edge).max()))
        table, scales = _table([rules[k] for k in order])
        for k, p in enumerate(self.projections):
            p.lend(self, k)
        return self._as_arrays(
            rules=table, scales=scales, crule=np.searchsorted(kind[order], np.arange(len(self.axonal) + 1))
        )

    def release(self, step: int) -> None:
        """Tell the projections that the run is over."""
        for p in self.projections if self.threads else ():
            p._lent = None
        self.threads = 0

    def describe(self) -> str:
        """How the synapses are laid out."""
        kinds = f"{len(self.first_of_kind)} kind(s), {len(self.axonal)} class(es) of delay and kind"
        return f"drawn anew at each spike (procedural), {kinds}, nothing stored"


def _table(rules: list[tuple[list[int], float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([r for r, _ in rules], dtype=np.int64), np.array([s for _, s in rules])


def _room(number: int, neurons: int = 2**16 + 1) -> np.ndarray:
    return np.empty(max(1, number), dtype=number_type(neurons))
