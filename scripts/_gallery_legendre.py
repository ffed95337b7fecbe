"""Panels of the Legendre memory and the LMU for the gallery: an input, and what they know of it up to 100 ms later.

>>> legendre().title, list(lmu().y)
('legendre_step', ['input', 'unit for 50 ms', 'unit for 100 ms'])
"""

from __future__ import annotations

import numpy as np

from ..neurons import LegendreParams, LMUParams, legendre_init, legendre_step, lmu_init, lmu_step
from ..neurons.legendre import decode_delay
from ._gallery_cells import Curves

__all__ = ["DELAYS", "legendre", "lmu"]

MEMORY = LegendreParams(12, 100.5)  # a window of 100 ms and half a step
DELAYS = (50, 100)  # ms
STEPS = 400
INPUT = np.exp(-0.5 * ((np.arange(STEPS) - 80) / 15) ** 2) - 0.6 * np.exp(-0.5 * ((np.arange(STEPS) - 140) / 20) ** 2)
READ = decode_delay(MEMORY.order, MEMORY.theta, np.array(DELAYS))


def legendre() -> Curves:
    """Give the input and what is decoded of it half a window and a whole window later."""
    state, found = legendre_init((), MEMORY), []
    for u in INPUT:
        m, state = legendre_step(state, u, MEMORY)
        found.append(READ @ m)
    return _curves("legendre_step", "read", np.array(found))


def lmu() -> Curves:
    """Give the hidden units of a cell whose weights read the two delays off its memory."""
    params = LMUParams(MEMORY, e_x=[[1.0]], W_m=READ)
    state, found = lmu_init((), params), []
    for u in INPUT:
        h, state = lmu_step(state, np.array([u]), params)
        found.append(h)
    return _curves("lmu_step", "unit for", np.array(found))


def _curves(name: str, word: str, found: np.ndarray) -> Curves:
    lines = {"input": INPUT} | {f"{word} {d} ms": line for d, line in zip(DELAYS, found.T, strict=True)}
    return Curves(name, np.arange(STEPS), lines, "time (ms)", "input, memory")
