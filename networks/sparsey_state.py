"""What a Sparsey network holds in `networks.sparsey_reference`: the codes that are on, and the synapses.

Time and weights: the state of the codes goes in and comes out of a frame; the synapses are changed in place.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..plasticity.sparsey import NEVER
from .sparsey_layout import SparseyLayout

__all__ = ["Moment", "SparseyState", "Synapses", "initial", "new_synapses"]


class SparseyState(NamedTuple):
    """Codes that are on: ``codes`` int32 [M, Q], -1 if silent; ``gains`` [M]; ``ages`` int32 [M], frames for which a
    code has been on, 0 if silent; ``G`` [M], nan if silent; ``used`` uint8 [M], bits of the signals that chose it,
    with `SKIPPED` if its H was one step ahead and `HELD` once it was held (`kernels.sparsey_columns`)."""

    codes: np.ndarray
    gains: np.ndarray
    ages: np.ndarray
    G: np.ndarray
    used: np.ndarray


class Synapses(NamedTuple):
    """What is learned: per mac and signal [M][3] ``last`` int64 and ``stiffness`` uint8 [rows, Q, K], ``frozen`` bool
    [Q, K]; ``inflection`` [M, 2], v0 and the largest mean V (``sigmoid="java"``)."""

    last: list[list[np.ndarray]]
    stiffness: list[list[np.ndarray]]
    frozen: list[list[np.ndarray]]
    inflection: np.ndarray


class Moment(NamedTuple):
    """What all macs share in a frame: ``inputs`` bool [N], ``now`` the number of frames learned before, ``seed`` and
    ``step`` of the uniform numbers."""

    layout: SparseyLayout
    synapses: Synapses
    inputs: np.ndarray
    now: int
    seed: int
    step: int


def initial(layout: SparseyLayout) -> SparseyState:
    """All macs silent."""
    M = len(layout.level_of)
    return SparseyState(
        np.full((M, layout.modules), -1, np.int32), np.zeros(M), np.zeros(M, np.int32), np.full(M, np.nan),
        np.zeros(M, np.uint8),
    )  # fmt: skip


def new_synapses(layout: SparseyLayout) -> Synapses:
    """All weights 0."""
    macs = [layout.level(m).mac for m in range(len(layout.level_of))]
    shapes = [[(int(n), p.modules, p.cells) for n in rows] for p, rows in zip(macs, layout.rows, strict=True)]
    return Synapses(
        [[np.full(s, NEVER, np.int64) for s in three] for three in shapes],
        [[np.zeros(s, np.uint8) for s in three] for three in shapes],
        [[np.zeros(s[1:], bool) for s in three] for three in shapes],
        np.array([[p.shape[1], 0.0] for p in macs]),
    )
