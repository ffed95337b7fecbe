"""Tables in which `kernels.sparsey` finds a mac, and their columns: whole numbers, real numbers, memory, record.

Of the three columns for U, H and D only the first is named: the second and third follow it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["FLOATS", "INTS", "Codes", "Memory", "Tables"]

(
    Q, K, MODULE, CELL, LEVEL, LEAST, MOST, DELTA, FIXED, EXPECTED, SIGMOID, MOST_HYPOTHESES,
    POWER, POWER_H, POWER_D, POWER_FIRST, FREEZE, HARD_FROZEN, DECAY, WEIGHT, WEIGHT_1, WEIGHT_2,
    AGE_0, AGE_01, AGE_02, AGE_1, AGE_11, AGE_12, BEGIN, BEGIN_H, BEGIN_D, END, END_H, END_D,
    START, START_H, START_D, HEARD, HEARD_H, HEARD_D, POSSIBLE, POSSIBLE_H, POSSIBLE_D, INTS,
) = range(44)  # fmt: skip
G_MINUS, GAMMA, CHI, SIGMA, SIGMA_1, SIGMA_2, SIGMA_3, V_ZETA, GAIN, SATURATION, FLOATS = range(11)

MEMO = 512  # values of the sigmoid that are kept for each mac; a power of two
HELD, SKIPPED = 8, 16  # bits of ``Codes.used`` beside 1, 2 and 4, those of U, H and D
DRAWS, RECALLS, AHEAD = 0, 1, 2  # random streams: of codes to learn, to recognise, and that are skipped


class Tables(NamedTuple):
    """Facts of all macs: ``ints`` int64 [M, INTS], ``floats`` [M, FLOATS]; ``sources`` int32, all afferent inputs or
    macs one bundle after the other (from BEGIN to END), and ``row`` int32, the first row of each in its bundle."""

    ints: np.ndarray
    floats: np.ndarray
    sources: np.ndarray
    row: np.ndarray


class Memory(NamedTuple):
    """What is learned.

    ``bits`` uint64: synapses that are set once, one bit each, rows of whole words; its last words stay 0. ``stamps``
    uint32: synapses that decay, 4 (time of the last co-activity + 1) + stiffness, 0 if there was none. A bundle begins
    at START. ``grown`` int32 [3, cells]: increased synapses of a cell, kept up for macs that freeze by cells only;
    ``frozen`` uint8 [3, cells]; ``total`` and ``still`` int64 [M, 3]: increased synapses and frozen cells of a bundle;
    ``inflection`` [M, 2]; ``keys`` int64 and ``values`` [M, MEMO]: denominators of the sigmoid worked out before.
    """

    bits: np.ndarray
    stamps: np.ndarray
    grown: np.ndarray
    frozen: np.ndarray
    total: np.ndarray
    still: np.ndarray
    inflection: np.ndarray
    keys: np.ndarray
    values: np.ndarray


class Codes(NamedTuple):
    """Codes in time; row 0 is the state before, row t + 1 that after frame t (see `networks.sparsey_reference`)."""

    codes: np.ndarray
    gains: np.ndarray
    ages: np.ndarray
    G: np.ndarray
    used: np.ndarray

    def rows(self, where: Any) -> Codes:
        """Some rows."""
        return Codes(*(a[where] for a in self))
