"""The synapses of a run: projections of one kind between two groups, merged into the arrays that the kernels work on.

A *class* of synapses shares its delay (axonal and dendritic steps) and its *kind*: parameters and whatever variable
has one value for all synapses of a projection and is never changed. Synapses lie sorted by (thread that owns the
target, source, class, projection, target): a spike is, for each thread, one stretch of memory, of which each step takes
the part whose delay has come. A target's sums are made in an order that does not depend on threads. While a run lasts
the projections hold nothing themselves: a static synapse costs its target (2 bytes where a thread has at most 65,536
neurons, else 4) and, if weights differ, its weight; the delay is in the class.

Where so many kinds meet that classes would be mostly empty, the kind is stored with each synapse (``mixed``).
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels.arrays import SynapseArrays
from ..kernels.synapse_form import SynapseForm
from .wiring import Wiring, number_type, same_everywhere, smallest

if TYPE_CHECKING:
    from .layout import Group
    from .projection import Projection

__all__ = ["Bundle"]

_MOST_CLASSES = 32  # beyond two for each delay, kinds are stored with the synapses
_BLOCK = 128  # rows that are delivered in one go
_MANY_DELAYS = 8  # for which the rows of a spike are listed ahead
_LISTED = 256, 512  # rows that a list has room for at least, and a part of all rows of all classes
_REMEMBERED = 2**20  # synapses of a projection up to which the way back to it is kept


class Bundle:
    """Projections of one synapse kind between two groups.

    Parameters
    ----------
    facts : module
        The general generated module, for what it says of the model.
    make : callable
        Gives the module of a `SynapseForm`.
    source, target : Group
    projections : list of Projection
    direct : tuple of str
        Variables of the target that nothing reads while spikes are delivered.
    step : int
        The present step.
    """

    drawn = False  # rows are drawn anew at each spike

    def __init__(
        self, facts: ModuleType, make: Callable[[SynapseForm], ModuleType], source: Group, target: Group,
        projections: list[Projection], direct: tuple[str, ...], step: int,
    ) -> None:  # fmt: skip
        self.source, self.target, self.projections = source, target, projections
        start_pre = [source.start[source.place[id(p.pre.population)]] for p in projections]
        start_post = [target.start[target.place[id(p.post.population)]] for p in projections]
        self.base = np.array([start_pre, start_post], dtype=np.int64).T.copy()
        constant = tuple(n for n in facts.FIXED if all(p._values[n].ndim == 0 for p in projections))
        traces = bool(any(facts.PRIVATE)) and all(p.has_one_delay and p.is_touched(step) for p in projections)
        self._classes(facts, constant, tuple(n for side in facts.PRIVATE for n in side) if traces else ())
        self.traces = self._traces(*facts.PRIVATE) if traces and not self.mixed else None
        self.late = np.array([int(v in target.module.INPUTS) for v in facts.TARGETS], dtype=np.int64)
        # what an input variable is to hold in a step must be there before the state update
        self.early = ((self.dendritic == 0) & bool(self.late.any())).astype(np.int64)
        form = SynapseForm(
            constant, tuple(n for n in facts.TARGETS if n in direct), self.traces is not None, self.mixed, self.drawn,
            target.compiled and not self.drawn and self._many_delays(),
        )  # fmt: skip
        self.module, self.form = make(form), form
        m = self.module
        self.accumulators = np.array(
            [target.rows.index(v) if v in direct else target.accumulator(v) for v in m.TARGETS], dtype=np.int64
        )
        source.depth = max(source.depth, int(self.axonal.max(initial=0)) + 1)
        target.depth = max(target.depth, int(self.dendritic.max(initial=0)) + 1)
        target.slots = max(target.slots, int(self.dendritic.max(initial=0)) + 1)
        self.scalars = np.array(
            [[p.constant(n) for n in m.SCALARS] for p in projections], dtype=target.dtype
        ).reshape(len(projections), len(m.SCALARS))  # fmt: skip
        self.threads, self.member = 0, np.empty(0, dtype=np.int32)

    # -- classes ----------------------------------------------------------------------------------------------------
    def _classes(self, facts: ModuleType, constant: tuple[str, ...], private: tuple[str, ...]) -> None:
        """Number kinds and classes, and note which classes each projection has, in the order of their delays."""
        used = [n for n in facts.SCALARS if n not in facts.FIXED or n in constant]
        kinds: dict[Any, int] = {}
        self.kind_of = np.zeros(len(self.projections), dtype=np.int64)
        self.first_of_kind: list[int] = []
        delays: list[set[tuple[int, int]]] = []
        for k, p in enumerate(self.projections):
            key = [p.constant(n) for n in (*used, *constant)]
            key += [p._values[n].item() if p._values[n].ndim == 0 else None for n in private]
            if facts.PLACED or facts.RANDOM:
                key += [*self.base[k], p.number]
            if (number := kinds.setdefault(tuple(key), len(kinds))) == len(self.first_of_kind):
                self.first_of_kind.append(k)
            self.kind_of[k] = number
            delays.append(p.delay_pairs())
        different = set().union(*delays)
        found = {(a, d, int(k)) for pairs, k in zip(delays, self.kind_of, strict=True) for a, d in pairs}
        self.mixed = len(found) > 2 * len(different) + _MOST_CLASSES and not self.drawn
        classes = sorted({(a, d, 0) for a, d, _ in found} if self.mixed else found)
        self.axonal, self.dendritic, self.class_kind = np.array(classes, dtype=np.int64).reshape(-1, 3).T.copy()
        number = {c: n for n, c in enumerate(classes)}
        self.own_classes = [
            sorted(number[a, d, 0 if self.mixed else int(k)] for a, d in pairs)
            for pairs, k in zip(delays, self.kind_of, strict=True)
        ]

    def _class_of(self, k: int, wiring: Wiring) -> np.ndarray:
        """Class of each synapse of a projection, [1] or [S]."""
        own = np.array(self.own_classes[k], dtype=np.int64)
        if not len(own):
            return np.zeros(1, dtype=np.uint16)
        table = np.zeros((int(self.axonal[own].max()) + 1, int(self.dendritic[own].max()) + 1), dtype=np.uint16)
        table[self.axonal[own], self.dendritic[own]] = own
        return table[wiring.axonal, wiring.dendritic]

    def _many_delays(self) -> bool:
        """True if it is worth while, and possible, to list the rows of a spike once for all of its delays."""
        alone = len(np.unique(self.axonal)) == len(self.axonal)
        return len(self.axonal) >= _MANY_DELAYS and alone and len(np.unique(self.early)) == 1

    # -- traces -----------------------------------------------------------------------------------------------------
    def _traces(self, pre: tuple[str, ...], post: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray] | None:
        """Values of traces by (trace, class, neuron), or None if synapses of a neuron differ in them."""
        out = []
        for names, side, group in ((pre, 0, self.source), (post, 1, self.target)):
            values = np.full((len(names), len(self.axonal), group.size), np.nan, dtype=self.target.dtype)
            for k, p in enumerate(self.projections):
                for row, n in zip(values, names, strict=True):
                    if not self._agree(k, p, n, row, side):
                        return None
            out.append(np.nan_to_num(values, nan=0.0))
        return out[0], out[1]

    def _agree(self, k: int, p: Projection, name: str, row: np.ndarray, side: int) -> bool:
        """Enter a variable of a projection into its neurons' traces; False if two synapses disagree."""
        given = p._values[name]
        if given.ndim == 0:
            view = p.pre if side == 0 else p.post
            neurons = view.ids + self.base[k, side]
            classes = np.array(self.own_classes[k], dtype=np.int64)[:, None]
        else:
            wiring = p.wiring
            neurons = (wiring.sources() if side == 0 else wiring.targets.astype(np.int64)) + self.base[k, side]
            classes = np.broadcast_to(self._class_of(k, wiring), neurons.shape)
        there = row[classes, neurons]
        if not (np.isnan(there) | (there == given)).all():
            return False
        row[classes, neurons] = given
        return bool((row[classes, neurons] == given).all())

    # -- arrays -----------------------------------------------------------------------------------------------------
    def arrays(self, threads: int) -> SynapseArrays:
        """Take the synapses over from the projections and give the arrays of a run."""
        from ..kernels import packing

        m, group = self.module, self.target
        self.edge, self.threads = group.bounds(threads), threads
        if self.traces is not None:  # what the projections hold now, which another number of threads may have left
            self.traces = self._traces(m.PRE_TRACES, m.POST_TRACES)
        width = len(self.axonal)
        rows = np.zeros((threads, self.source.size * width + 1), dtype=np.int64)
        for k in range(len(self.projections)):
            packing.count(*self._given(k), self.edge, width, rows)
        size = int(packing.starts(rows))
        self._found: dict[int, tuple[Wiring, np.ndarray]] = {}
        self.targets = np.empty(size, dtype=number_type(np.diff(self.edge).max()))
        self.values = np.empty((len(m.VARYING), size), dtype=group.dtype)
        when = np.zeros((int(m.AGES), size), dtype=np.int64)
        kinds = np.empty(size if self.mixed else 0, dtype=np.int32)
        self.member = np.empty(size if self._overlap() else 0, dtype=np.int32)
        own = np.empty(size if m.RANDOM else 0, dtype=np.int64)
        none = np.zeros(0, dtype=np.int64)
        cursor = rows.copy()
        for k, p in enumerate(self.projections):
            number = np.array([self.kind_of[k], k])
            given, wiring = self._given(k), p.wiring
            order = wiring.numbers if m.RANDOM and len(wiring.places) else none
            rest = (number, *given[3:], self.edge, width, cursor, self.targets)
            mine = [np.broadcast_to(p._values[n], (wiring.size,)) for n in m.VARYING]
            stacked = np.stack(mine) if mine else np.zeros((0, wiring.size), dtype=group.dtype)
            before = cursor.copy() if m.AGES else cursor
            packing.fill(*given[:3], stacked, *rest, self.values, kinds, self.member, own, order)
            if m.AGES:
                ages = np.broadcast_to(p._when, (1, wiring.size)).copy()
                rest = (number, *given[3:], self.edge, width, before, self.targets)
                packing.fill(*given[:3], ages, *rest, when, none, none, none, order)
            p.lend(self, k)
        del cursor
        self.rows = rows.astype(np.int32) if size < 2**31 else rows
        self.when = when[0] if m.AGES else none
        src = np.empty(0, dtype=np.uint16)
        if m.ON_POST or m.CLOCKED or m.SUMS:
            src = np.empty(size, dtype=number_type(self.source.size))
            packing.sources(self.rows, width, src)
        colptr, col = np.zeros((len(self.axonal), 1), dtype=self.rows.dtype), np.zeros(0, dtype=np.uint32)
        if m.ON_POST:
            colptr = np.zeros((len(self.axonal), group.size + 1), dtype=self.rows.dtype)
            col = np.empty(size, dtype=np.uint32 if size < 2**32 else np.uint64)
            packing.columns(self.rows, width, self.edge, self.targets, colptr, col)
        pre, post = self.traces if self.traces is not None else (np.zeros((0, 1, 1), group.dtype),) * 2
        self.pre_traces = np.repeat(pre[:, None], threads, axis=1)  # a copy for each thread
        self.post_traces = post.copy()
        summed = np.zeros(len(group.populations), dtype=bool)  # populations whose sums are made here
        summed[[group.place[id(p.post.population)] for p in self.projections]] = True
        return self._as_arrays(
            row=self.rows, src=src, Y=self.values, when=self.when, kind=kinds, sid=own, colptr=colptr, col=col,
            summed=summed, xtr=self.pre_traces, ytr=self.post_traces,
        )  # fmt: skip

    def _lists(self, kind: np.dtype) -> tuple[np.ndarray, np.ndarray]:
        """Room for the rows that become due in each of the coming steps; see `kernels.synapse_delivery`."""
        steps = int(np.ptp(self.axonal)) + 1 if self.form.ahead else 0
        slots = -(-steps // 8) * 8  # whole cache lines
        least, part = _LISTED
        room = max(min(self.source.size, least), self.source.size * len(self.axonal) // part)
        due = np.empty((self.threads, slots * 2 * room), dtype=kind)  # two numbers a row or more
        return due, np.zeros((self.threads, 4, slots), dtype=np.int64)

    def start(self) -> None:
        """Before a run: what was listed ahead is forgotten, and looked up again among the last spikes."""
        self.book[:] = 0

    def _as_arrays(self, **more: np.ndarray) -> SynapseArrays:
        """Give the arrays: what every bundle has, and what is given; the rest is empty."""
        m, kept, none = self.module, self.first_of_kind, np.zeros(0, dtype=np.int64)
        self.kind_scalars = self.scalars[kept]
        stream = np.array([2**31 + 64 * self.projections[k].number for k in kept], dtype=np.uint64)
        empty = dict(
            row=none[None], src=np.empty(0, np.uint16), Y=np.empty((0, 0), self.target.dtype), when=none,
            kind=np.empty(0, np.int32), sid=none, colptr=none[None], col=np.empty(0, np.uint32),
            summed=np.empty(0, bool), xtr=np.zeros((0, 1, 1, 1), self.target.dtype),
            ytr=np.zeros((0, 1, 1), self.target.dtype), rules=none[None], scales=np.empty(0), crule=none,
        )  # fmt: skip
        made = empty | more
        kind = made["row"].dtype
        self.due, self.book = self._lists(kind)
        made |= dict(
            tgt=self.targets, C=self.kind_scalars, ckind=self.class_kind, stream=stream, base=self.base[kept],
            ax=self.axonal, dend=self.dendritic, early=self.early,
            rpre=_positions(m.PRE, self.source.rows), rpost=_positions(m.POST, self.target.rows),
            racc=self.accumulators, late=self.late, rsum=_positions(m.SUMS, self.target.rows),
            seg=np.zeros((self.threads, 4 * _BLOCK), dtype=kind), due=self.due, book=self.book,
        )  # fmt: skip
        self._arrays = SynapseArrays(**made)
        return self._arrays

    def _given(self, k: int) -> tuple:
        w = self.projections[k].wiring
        return w.row, w.targets, self._class_of(k, w), int(self.base[k, 0]), int(self.base[k, 1])

    def _overlap(self) -> bool:
        """True if two of the projections join the same populations, so that a synapse does not tell its own."""
        pairs = {tuple(b) for b in self.base.tolist()}
        empty = any(p.post.population.size == 0 or p.pre.population.size == 0 for p in self.projections)
        return len(pairs) < len(self.projections) or empty

    # -- the way back -----------------------------------------------------------------------------------------------
    def find(self, k: int) -> tuple[Wiring, np.ndarray]:
        """The wiring of the k-th projection, and where its synapses lie [S] (in stored order)."""
        from ..kernels import packing

        if k in self._found:
            return self._found[k]
        p, own = self.projections[k], np.array(self.own_classes[k], dtype=np.int64)
        n_pre, n_post = p.pre.population.size, p.post.population.size
        row = np.empty(n_pre + 1, dtype=np.int64)
        targets = np.empty(p.size, dtype=number_type(n_post))
        which, place = np.empty(p.size, dtype=np.int16), np.empty(p.size, dtype=np.int64)
        packing.unpack(
            self.rows, len(self.axonal), self.edge, self.targets, self.member, k, own, int(self.base[k, 0]), n_pre,
            int(self.base[k, 1]), n_post, row, targets, which, place,
        )  # fmt: skip
        if not p.size:
            own = np.zeros(1, dtype=np.int64)
            which = np.zeros(1, dtype=np.int16)
        late = [same_everywhere(smallest(d[own])[which]) if len(d) else d for d in (self.axonal, self.dendritic)]
        found = Wiring(row, targets, *late, *p._numbers), place
        if p.size <= _REMEMBERED:
            self._found[k] = found
        return found

    def get(self, k: int, name: str, place: np.ndarray | None = None) -> np.ndarray:
        """Values of a variable of the k-th projection in stored order, [S], or one for all."""
        m = self.module
        if name in m.VARYING:
            place = self.find(k)[1] if place is None else place
            return self.values[m.VARYING.index(name), place]
        if name in (*m.PRE_TRACES, *m.POST_TRACES):
            return self._trace_values(k, name)
        return self.projections[k]._values[name]

    def _trace_values(self, k: int, name: str) -> np.ndarray:
        wiring, _ = self.find(k)
        classes, targets = self._class_of(k, wiring), wiring.targets.astype(np.int64) + self.base[k, 1]
        if name in self.module.POST_TRACES:
            return self.post_traces[self.module.POST_TRACES.index(name), classes, targets]
        owner = np.searchsorted(self.edge, targets, side="right") - 1
        sources = wiring.sources() + self.base[k, 0]
        return self.pre_traces[self.module.PRE_TRACES.index(name), owner, classes, sources]

    def set(self, k: int, name: str, stored: np.ndarray) -> bool:
        """Set a variable of the k-th projection; False if that needs another form of the bundle."""
        m = self.module
        if name in m.VARYING:
            self.values[m.VARYING.index(name), self.find(k)[1]] = stored
            return True
        if name in self.form.constant and stored.ndim == 0 and (self.kind_of == self.kind_of[k]).sum() == 1:
            if name in m.SCALARS:
                self.kind_scalars[self.kind_of[k], m.SCALARS.index(name)] = stored
            self.projections[k]._values[name] = stored
            return True
        return False

    def touched(self, k: int, step: int) -> np.ndarray:
        """Step at which synapses of the k-th projection were last brought up to date, [S] as stored, or one for all."""
        return self.when[self.find(k)[1]] if self.module.AGES else np.array(step)

    def release(self, step: int) -> None:
        """Give everything back to the projections."""
        if not self.threads:
            return
        back = []
        for k, p in enumerate(self.projections):
            wiring, place = self.find(k)
            values = {n: self.get(k, n, place) for n in p._values}
            when = self.when[place] if self.module.AGES else np.array(step)
            back.append((wiring, values, when))
        for p, (wiring, values, when) in zip(self.projections, back, strict=True):
            p.take_back(wiring, values, when)
        self.threads = 0

    def describe(self) -> str:
        """How the synapses are laid out."""
        m, size = self.module, len(self.targets) if self.threads else sum(p.size for p in self.projections)
        bits = 8 * np.dtype(number_type(np.diff(self.target.bounds(max(1, self.threads))).max())).itemsize
        parts = [f"{bits}-bit targets"]
        for n in m.VARIABLES:
            place = (
                "one value a kind" if n in self.form.constant
                else "per neuron" if n in (*m.PRE_TRACES, *m.POST_TRACES)
                else "one per synapse"
            )  # fmt: skip
            parts.append(f"{n}: {place}")
        parts.append(f"{len(self.first_of_kind)} kind(s){' stored with the synapses' if self.mixed else ''}")
        listed = ", rows of a spike listed ahead" if self.form.ahead else ""
        parts.append(f"{len(self.axonal)} class(es) of delay and kind{listed}")
        if self.threads and size:
            parts.append(f"{self.memory / size:.1f} bytes a synapse")
        return ", ".join(parts)

    @property
    def memory(self) -> int:
        """Bytes of the arrays of a run."""
        return self.member.nbytes + sum(a.nbytes for a in self._arrays)


def _positions(names: tuple[str, ...], rows: tuple[str, ...]) -> np.ndarray:
    return np.array([rows.index(n) for n in names], dtype=np.int64)
