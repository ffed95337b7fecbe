"""Sparsey's layout and synapses as the flat arrays that `kernels.sparsey` works on, and back.

>>> from spikegram.networks.sparsey_layout import SparseyLevel, make_layout
>>> layout = make_layout((1, 9), [SparseyLevel(SparseyParams(2, 3), signals="U")])
>>> tables = make_tables(layout)
>>> memory = new_memory(layout, tables)
>>> memory.bits.shape, memory.stamps.shape               # nine rows of one word, and an empty one
((10,), (0,))
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..kernels import sparsey_columns as c
from ..kernels.sparsey_columns import Codes, Memory, Tables
from ..neurons.sparsey import SIGMOIDS, SparseyParams
from ..plasticity.sparsey import NEVER
from .sparsey_layout import H, SparseyLayout, U
from .sparsey_state import Synapses

__all__ = ["Work", "make_codes", "make_tables", "make_work", "new_memory", "pack", "unpack", "unpack_bundle"]

_EVER = 2**31  # more active features than there can be


class Work(NamedTuple):
    """Work arrays of one thread, each as large as the largest mac needs."""

    rows: np.ndarray
    ends: np.ndarray
    gains: np.ndarray
    planes: np.ndarray
    eights: np.ndarray
    acc: np.ndarray
    signals: np.ndarray
    V: np.ndarray
    mu: np.ndarray
    weights: np.ndarray
    same: np.ndarray
    ahead: Codes


def _words(p: SparseyParams) -> int:
    return (p.modules * p.cells + 63) // 64


def make_tables(layout: SparseyLayout) -> Tables:
    """Write the facts of all macs into tables."""
    M = len(layout.level_of)
    ints, floats = np.zeros((M, c.INTS), np.int64), np.zeros((M, c.FLOATS))
    sources, rows, module, cell, place = [], [], 0, 0, 0
    start = {False: 0, True: 0}  # in words of bits, in stamps
    for m, k in enumerate(layout.level_of):
        level = layout.levels[k]
        p, rule = level.mac, level.rule
        row = ints[m]
        row[[c.Q, c.K, c.MODULE, c.CELL, c.LEVEL]] = p.modules, p.cells, module, cell, k
        row[[c.LEAST, c.MOST, c.DELTA]] = p.least, _EVER if p.most is None else p.most, p.persistence
        row[[c.FIXED, c.EXPECTED]] = p.norm == "fixed", p.expected or 0
        row[[c.SIGMOID, c.MOST_HYPOTHESES]] = list(SIGMOIDS).index(p.sigmoid), p.most_hypotheses
        row[c.POWER : c.POWER_FIRST + 1] = p.lambda_u, p.lambda_h, p.lambda_d, p.first_power
        row[c.FREEZE] = 0 if rule.freeze is None else 1 + ("mac", "cell").index(rule.freeze)
        row[[c.HARD_FROZEN, c.DECAY]] = level.hard_when_frozen, rule.decay
        row[c.WEIGHT : c.WEIGHT + 3], row[c.AGE_0 : c.AGE_1 + 3] = rule.weights, [*rule.ages[0], *rule.ages[1]]
        for x, heard in enumerate(layout.sources[m]):
            outside = x == U and k == 0
            row[[c.BEGIN + x, c.END + x]] = place, place + len(heard)
            row[c.START + x] = start[rule.decay]
            if not outside and len(heard):
                row[c.HEARD + x] = layout.level(int(heard[0])).mac.modules
            sizes = [1 if outside else layout.level(int(s)).mac.modules * layout.level(int(s)).mac.cells for s in heard]
            sources.append(heard)
            rows.append(np.cumsum([0, *sizes])[:-1])
            place += len(heard)
            row[c.POSSIBLE + x] = layout.rows[m, x] - (p.cells if x == H and m in heard else 0)
            start[rule.decay] += int(layout.rows[m, x]) * (p.modules * p.cells if rule.decay else _words(p))
        floats[m] = (p.g_minus, p.gamma, p.chi, *p.shape, p.v_zeta, p.gain_exponent, rule.saturation)
        module, cell = module + p.modules, cell + p.modules * p.cells
    return Tables(
        ints, floats, np.concatenate(sources).astype(np.int32), np.concatenate(rows).astype(np.int32)
    )  # fmt: skip


def new_memory(layout: SparseyLayout, tables: Tables) -> Memory:
    """All weights 0."""
    size = {False: 0, True: 0}
    for m, three in enumerate(layout.rows):
        level = layout.level(m)
        p = level.mac
        size[level.rule.decay] += int(three.sum()) * (p.modules * p.cells if level.rule.decay else _words(p))
    M, cells = len(layout.level_of), int(tables.ints[-1, c.CELL] + tables.ints[-1, c.Q] * tables.ints[-1, c.K])
    spare = max(_words(level.mac) for level in layout.levels)
    return Memory(
        np.zeros(size[False] + spare, np.uint64), np.zeros(size[True], np.uint32), np.zeros((3, cells), np.int32),
        np.zeros((3, cells), np.uint8), np.zeros((M, 3), np.int64), np.zeros((M, 3), np.int64),
        np.array([[layout.level(m).mac.shape[1], 0.0] for m in range(M)]), np.full((M, c.MEMO), -1, np.int64),
        np.zeros((M, c.MEMO)),
    )  # fmt: skip


def make_work(layout: SparseyLayout) -> Work:
    """Make the work arrays of one thread."""
    p = max((level.mac for level in layout.levels), key=_words)
    cells, sources = 64 * _words(p), max(len(s) for three in layout.sources for s in three)
    most = max(
        sum(1 if x == U and not layout.level_of[m] else layout.level(int(s)).mac.modules for s in heard)
        for m, three in enumerate(layout.sources)
        for x, heard in enumerate(three)
    )
    values = max(cells, most + 1)  # one for each cell, or for each count
    return Work(
        np.zeros(most, np.int64), np.zeros(sources, np.int64), np.zeros(sources),
        np.zeros((24, _words(p)), np.uint64), np.zeros((1, _words(p)), np.uint64), np.zeros(cells, np.int32),
        np.zeros((4, cells)), np.zeros(values), np.zeros(max(level.mac.cells for level in layout.levels)),
        np.zeros(values), np.arange(cells, dtype=np.int32), make_codes(layout, 1),
    )  # fmt: skip


def make_codes(layout: SparseyLayout, frames: int) -> Codes:
    """Make room for the codes of so many frames and the state before them, all silent."""
    M, T = len(layout.level_of), frames + 1
    return Codes(
        np.full((T, M, layout.modules), -1, np.int32), np.zeros((T, M)), np.zeros((T, M), np.int32),
        np.full((T, M), np.nan), np.zeros((T, M), np.uint8),
    )  # fmt: skip


def _bundle(layout: SparseyLayout, tables: Tables, memory: Memory, m: int, x: int) -> np.ndarray:
    """Give the part of the memory that holds a bundle, one row per afferent: words or stamps."""
    level, start, n = layout.level(m), int(tables.ints[m, c.START + x]), int(layout.rows[m, x])
    width = level.mac.modules * level.mac.cells if level.rule.decay else _words(level.mac)
    return (memory.stamps if level.rule.decay else memory.bits)[start : start + n * width].reshape(n, width)


def unpack_bundle(
    layout: SparseyLayout, tables: Tables, memory: Memory, m: int, x: int, now: int
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Give times of the last co-activity and stiffness [rows, Q, K] of a bundle; see `unpack`."""
    held, p = _bundle(layout, tables, memory, m, x), layout.level(m).mac
    shape = (len(held), p.modules, p.cells)
    if layout.level(m).rule.decay:
        time, s = held.astype(np.int64) >> 2, (held & 3).astype(np.uint8)
        return np.where(time == 0, NEVER, time - 1).reshape(shape), s.reshape(shape)
    whole = np.unpackbits(held.view(np.uint8), axis=1, bitorder="little")[:, : p.modules * p.cells]
    return np.where(whole, now, NEVER).reshape(shape), np.zeros(shape, np.uint8)


def unpack(layout: SparseyLayout, tables: Tables, memory: Memory, now: int) -> Synapses:
    """Give the synapses as dense arrays; set-once ones have the time ``now`` wherever they are set."""
    last: list[Any] = []
    stiffness: list[Any] = []
    frozen: list[Any] = []
    for m in range(len(layout.level_of)):
        p = layout.level(m).mac
        at = slice(int(tables.ints[m, c.CELL]), int(tables.ints[m, c.CELL]) + p.modules * p.cells)
        three = [unpack_bundle(layout, tables, memory, m, x, now) for x in range(3)]
        last.append([a for a, _ in three])
        stiffness.append([b for _, b in three])
        frozen.append([memory.frozen[x, at].astype(bool).reshape(p.modules, p.cells) for x in range(3)])
    return Synapses(last, stiffness, frozen, memory.inflection.copy())


def pack(layout: SparseyLayout, tables: Tables, synapses: Synapses) -> Memory:
    """Undo `unpack`; of set-once synapses only whether they are set is kept."""
    memory = new_memory(layout, tables)
    memory.inflection[:] = synapses.inflection
    for m in range(len(layout.level_of)):
        level = layout.level(m)
        n = level.mac.modules * level.mac.cells
        at = slice(int(tables.ints[m, c.CELL]), int(tables.ints[m, c.CELL]) + n)
        for x in range(3):
            held = _bundle(layout, tables, memory, m, x)
            last, s = (a[m][x].reshape(-1, n) for a in (synapses.last, synapses.stiffness))
            grown = last != NEVER
            if level.rule.decay:
                held[:] = np.where(grown, (last + 1) << 2 | s, 0)
            else:
                whole = np.zeros((len(held), 8 * held.shape[1]), np.uint8)
                packed = np.packbits(grown, axis=1, bitorder="little")
                whole[:, : packed.shape[1]] = packed
                held[:] = whole.view(np.uint64)
            memory.grown[x, at], memory.total[m, x] = grown.sum(0), grown.sum()
            memory.frozen[x, at] = synapses.frozen[m][x].ravel()
            memory.still[m, x] = synapses.frozen[m][x].sum()
    return memory
