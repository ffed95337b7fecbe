"""Which macs a Sparsey network has and what each of them sees: levels, fields, sources.

A level is a grid of macs over the grid below it (pixels, or macs). Each mac sees a window of the grid below; windows
are of one size and spread evenly, so that the first begins at the first row and the last ends at the last. A mac gets

- U from its window, in the same frame;
- H from the macs of its own level at most ``neighbours`` rows and columns away, itself included (but no module of
  itself from its own cells), in the frame before;
- D from the macs of the next level whose window it lies in, in the frame before.

>>> layout = make_layout((4, 4), [SparseyLevel(SparseyParams(2, 3), grid=(2, 2), field=(2, 2))])
>>> layout.sources[1][U].tolist(), layout.sources[3][H].tolist(), int(layout.rows[3][H])
([2, 3, 6, 7], [3], 6)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..neurons.sparsey import SparseyParams
from ..plasticity.sparsey import SparseyRule

__all__ = ["D", "H", "SIGNALS", "U", "SparseyLayout", "SparseyLevel", "make_layout"]

SIGNALS = "UHD"
U, H, D = range(3)


@dataclass(frozen=True, slots=True)
class SparseyLevel:
    """A grid of equal macs.

    Parameters
    ----------
    mac : SparseyParams
        Constants of each mac.
    grid : tuple of two int
        Rows and columns of macs.
    field : tuple of two int, optional
        Rows and columns of the grid below that a mac sees; all of them by default.
    neighbours : int
        How many rows and columns away H comes from.
    signals : str
        Which of U, H and D the macs have; U is needed. A memory of single frames needs no other.
    rule : SparseyRule
        How the synapses learn.
    hard_when_frozen : bool
        A learning mac whose U synapses are frozen takes its most likely cells instead of drawing.

    Raises
    ------
    ValueError, TypeError
        A value out of range.
    """

    mac: SparseyParams
    grid: tuple[int, int] = (1, 1)
    field: tuple[int, int] | None = None
    neighbours: int = 0
    signals: str = "UHD"
    rule: SparseyRule = SparseyRule()
    hard_when_frozen: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.mac, SparseyParams):
            raise TypeError(f"SparseyLevel.mac: expected SparseyParams, got {self.mac!r}")
        if not isinstance(self.rule, SparseyRule):
            raise TypeError(f"SparseyLevel.rule: expected a SparseyRule, got {self.rule!r}")
        for name in ("grid", "field"):
            value = getattr(self, name)
            if name == "field" and value is None:
                continue
            if len(value) != 2 or not all(isinstance(v, int | np.integer) and v >= 1 for v in value):
                raise ValueError(f"SparseyLevel.{name}: expected two whole numbers >= 1, got {value!r}")
        if not isinstance(self.neighbours, int | np.integer) or self.neighbours < 0:
            raise ValueError(f"SparseyLevel.neighbours: expected a whole number >= 0, got {self.neighbours!r}")
        if "U" not in self.signals or len(set(self.signals)) != len(self.signals) or set(self.signals) - set(SIGNALS):
            raise ValueError(f"SparseyLevel.signals: expected 'U' with or without H and D, got {self.signals!r}")


class SparseyLayout(NamedTuple):
    """Macs of all levels, numbered from the lowest level on.

    Attributes
    ----------
    inputs : tuple of two int
        Rows and columns of the input.
    levels : tuple of SparseyLevel
    level_of : ndarray
        int [M]: level of each mac, from 0.
    first : ndarray
        int [levels + 1]: number of the first mac of each level.
    sources : tuple
        [M][3] int arrays: inputs (U of level 0) or macs that a mac hears by U, H and D.
    rows : ndarray
        int [M, 3]: afferent cells or inputs of each bundle.
    """

    inputs: tuple[int, int]
    levels: tuple[SparseyLevel, ...]
    level_of: np.ndarray
    first: np.ndarray
    sources: tuple[tuple[np.ndarray, np.ndarray, np.ndarray], ...]
    rows: np.ndarray

    @property
    def modules(self) -> int:
        """Largest number of modules of a mac."""
        return max(level.mac.modules for level in self.levels)

    def level(self, m: int) -> SparseyLevel:
        """Level of a mac."""
        return self.levels[self.level_of[m]]

    def macs(self, level: int) -> range:
        """Numbers of the macs of a level (negative levels count from the top)."""
        level = range(len(self.levels))[level]
        return range(int(self.first[level]), int(self.first[level + 1]))


def make_layout(inputs: tuple[int, int], levels: Sequence[SparseyLevel]) -> SparseyLayout:
    """Lay macs out over ``inputs``, rows and columns.

    Raises
    ------
    ValueError
        A field larger than the grid below, ``norm="fixed"`` without an expected number, or no level.
    """
    if not levels:
        raise ValueError("levels: expected at least one, got none")
    first = np.cumsum([0, *(level.grid[0] * level.grid[1] for level in levels)])
    level_of = np.repeat(np.arange(len(levels)), np.diff(first))
    sources = []
    for n, level in enumerate(levels):
        below, offset = (inputs, 0) if n == 0 else (levels[n - 1].grid, int(first[n - 1]))
        if n == 0 and level.mac.norm == "fixed" and level.mac.expected is None:
            raise ValueError("SparseyParams.expected: norm='fixed' needs the expected number of active inputs")
        seen = _windows(below, level, n)
        parents = _parents(levels[n + 1], n + 1, level.grid, int(first[n + 1])) if n + 1 < len(levels) else None
        for m in range(level.grid[0] * level.grid[1]):
            h = _near(m, level) + int(first[n]) if "H" in level.signals else np.empty(0, np.int64)
            d = parents[m] if parents is not None and "D" in level.signals else np.empty(0, np.int64)
            sources.append((seen[m] + offset, h, d))
    cells = [levels[k].mac.modules * levels[k].mac.cells for k in level_of]
    rows = np.array([
        [sum(cells[s] for s in bundle) if x != U or level_of[m] else len(bundle) for x, bundle in enumerate(three)]
        for m, three in enumerate(sources)
    ])  # fmt: skip
    return SparseyLayout(inputs, tuple(levels), level_of, first, tuple(sources), rows)


def _windows(below: tuple[int, int], level: SparseyLevel, n: int) -> list[np.ndarray]:
    """What each mac of a level sees of the grid below, in order of rows and columns."""
    size = below if level.field is None else level.field
    starts = []
    for axis in (0, 1):
        if size[axis] > below[axis]:
            raise ValueError(f"SparseyLevel.field of level {n}: expected at most {list(below)}, got {list(size)}")
        number, room = level.grid[axis], below[axis] - size[axis]
        starts.append([(2 * k * room + number - 1) // (2 * (number - 1)) if number > 1 else room // 2
                       for k in range(number)])  # fmt: skip
    whole = np.arange(below[0] * below[1]).reshape(below)
    return [whole[r : r + size[0], c : c + size[1]].ravel() for r in starts[0] for c in starts[1]]


def _near(m: int, level: SparseyLevel) -> np.ndarray:
    row, column = divmod(m, level.grid[1])
    r, c = np.indices(level.grid)
    return np.flatnonzero((abs(r - row) <= level.neighbours) & (abs(c - column) <= level.neighbours))


def _parents(above: SparseyLevel, n: int, grid: tuple[int, int], first: int) -> list[np.ndarray]:
    windows = _windows(grid, above, n)
    return [
        np.array([first + k for k, seen in enumerate(windows) if m in seen], np.int64) for m in range(grid[0] * grid[1])
    ]
