"""Numbers as a SpiNNaker core stores them, to say before an export what will be rounded.

>>> s16_15(0.3), s16_15(20.0)
(0.29998779296875, 20.0)
>>> shift = weight_shift(2.0)                  # the ring buffer must hold 2.0, so weights have steps of 2**-13
>>> shift, stored_weight([0.3, 2.0, 0.0004, 1.7], shift).tolist()
(2, [0.300048828125, 2.0, 0.0003662109375, 1.699951171875])
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["SynapseGroup", "largest_input", "s16_15", "stored_weight", "weight_shift"]

_FRACTION_BITS = 15


class SynapseGroup(NamedTuple):
    """Synapses of a projection: magnitudes [S], most inputs of one neuron, rate of a source in Hz, one delay or not."""

    weights: np.ndarray
    inputs: int
    rate: float
    same_delay: bool


def s16_15(value: Any) -> Any:
    """Round to signed 32-bit fixed point with 15 fractional bits; the range is the caller's to check."""
    scaled = np.rint(np.asarray(value, dtype=float) * 2**_FRACTION_BITS) / 2**_FRACTION_BITS
    return float(scaled) if scaled.ndim == 0 else scaled


def weight_shift(largest: float) -> int:
    """Give the shift s of a receptor that gets at most ``largest`` in one step: weights have steps of 2**(s - 15)."""
    if not (math.isfinite(largest) and largest >= 0):
        raise ValueError(f"largest: expected a finite weight >= 0, got {largest!r}")
    shift = max(0, math.ceil(math.log2(largest))) if largest > 0 else 0
    return shift + 1 if 2**shift <= largest else shift


def stored_weight(weights: Any, shift: int) -> np.ndarray:
    """Give magnitudes as they come back from 16 bits with this shift."""
    step = 2.0 ** (shift - _FRACTION_BITS)
    return np.rint(np.abs(np.asarray(weights, dtype=float)) / step) * step


def largest_input(groups: Sequence[SynapseGroup], dt: float, sigma: float) -> float:
    """Estimate the largest input to a receptor in one step, by which sPyNNaker chooses the shift.

    If the synapses of each projection have one delay, all sources may arrive together: the sum over projections of the
    largest weight times the inputs of a neuron. Otherwise spikes are taken as Poisson, mean + ``sigma`` standard
    deviations, but not more than that sum. It is at least the largest single weight.

    Parameters
    ----------
    groups : list of SynapseGroup
    dt : float
        Step in ms.
    sigma : float

    Returns
    -------
    float
        In the unit of the weights; 0 without synapses.
    """
    groups = [g for g in groups if len(g.weights)]
    if not groups:
        return 0.0
    single = max(float(g.weights.max()) for g in groups)
    together = sum(float(g.weights.max()) * g.inputs for g in groups)
    if all(g.same_delay for g in groups):
        return max(single, together)
    inputs = sum(g.inputs for g in groups)
    mean = sum(float(g.weights.mean()) * g.inputs for g in groups) / inputs
    square = sum(float((g.weights**2).mean()) * g.inputs for g in groups) / inputs
    spikes = sum(g.rate * g.inputs for g in groups) * dt * 1e-3
    return max(single, min(together, spikes * mean + sigma * math.sqrt(spikes * square)))
