"""U, H and D of a mac in plain NumPy: which rows of its synapses are active, and their normalised sums.

U sums over the active inputs, or the codes of the level below, of this frame; H and D over codes of the frame before,
each code times its gain. ``norm="fixed"`` divides by the expected number of active inputs (level 0), else by the number
of active macs (of U at least ``least``) times the Q of a mac that is heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ..neurons import sparsey as csa
from ..neurons.sparsey import SparseyParams
from ..plasticity.sparsey import NEVER, weight
from .sparsey_layout import H, SparseyLayout, U
from .sparsey_state import Moment, SparseyState

__all__ = ["Choice", "Source", "active", "own_rows", "powers", "signal", "support"]


class Source(NamedTuple):
    """Active rows of a bundle from one source, its gain, and how many of the rows each cell hears."""

    rows: np.ndarray
    gain: float
    heard: int


class Choice(NamedTuple):
    """Local support [Q, K] (None: the code that is on is held), familiarity, and bits of the signals used."""

    V: np.ndarray | None
    G: float
    used: int


def active(m: int, x: int, codes: SparseyState, at: Moment) -> list[Source]:
    """Sources of a bundle that are active; ``codes`` are those of this frame for U, of the frame before for H and D."""
    layout = at.layout
    sources = layout.sources[m][x]
    if x == U and layout.level_of[m] == 0:
        rows = np.flatnonzero(at.inputs[sources])
        return [Source(rows, 1.0, len(rows))] if rows.size else []
    found, row = [], 0
    for s in sources:
        p = layout.level(s).mac
        if codes.ages[s] > 0:
            rows = row + p.cells * np.arange(p.modules) + codes.codes[s, : p.modules]
            found.append(Source(rows, float(codes.gains[s]), p.modules - (x == H and s == m)))
        row += p.modules * p.cells
    return found


def own_rows(m: int, x: int, layout: SparseyLayout) -> np.ndarray:
    """Module of the mac itself that each row of a bundle comes from, -1 if it comes from elsewhere."""
    own = np.full(layout.rows[m, x], -1)
    if x == H:
        row = 0
        for s in layout.sources[m][x]:
            p = layout.level(s).mac
            if s == m:
                own[row : row + p.modules * p.cells] = np.repeat(np.arange(p.modules), p.cells)
            row += p.modules * p.cells
    return own


def signal(m: int, x: int, sources: list[Source], at: Moment) -> np.ndarray | None:
    """Normalised sums [Q, K] of a bundle over its active rows; None if none is heard."""
    level = at.layout.level(m)
    p = level.mac
    loud = [source for source in sources if source.gain > 0]
    heard = sum(source.heard for source in loud)
    if not heard:
        return None
    last, stiffness = at.synapses.last[m][x], at.synapses.stiffness[m][x]
    total = np.zeros((p.modules, p.cells))
    for rows, F, _ in loud:
        w = np.where(last[rows] == NEVER, 0, weight(stiffness[rows], at.now - last[rows], level.rule))
        total = total + F * w.sum(0, dtype=np.int64)
    if p.norm == "fixed":
        heard = _fixed(m, x, len(loud), at.layout)
    return csa.normalise(total, heard * level.rule.weights[0])


def _fixed(m: int, x: int, active: int, layout: SparseyLayout) -> int:
    p = layout.level(m).mac
    sources = layout.sources[m][x]
    if x == U and layout.level_of[m] == 0:
        return int(p.expected or 0)
    return (max(active, p.least) if x == U else active) * layout.level(sources[0]).mac.modules


def powers(p: SparseyParams, first: bool) -> tuple[int, int, int]:
    """Exponents of U, H and D; ``first``: in the first frame of a sequence."""
    return p.first_power if first else p.lambda_u, p.lambda_h, p.lambda_d


def support(signals: Mapping[int, np.ndarray], exponents: tuple[int, int, int], mask: int) -> Choice:
    """Local support and familiarity of the signals in a mask."""
    V = csa.local_support((signals[x], exponents[x]) for x in signals if mask >> x & 1)
    return Choice(V, csa.familiarity(V), mask)
