"""What `networks.sparsey.Sparsey` gives back: codes of frames, and how a recall ended."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["SparseyRecall", "SparseyRecord", "code_overlap"]


class SparseyRecord(NamedTuple):
    """Codes of T frames in M macs, lowest level first.

    Attributes
    ----------
    codes : ndarray
        int32 [T, M, Q]: winner of each module; -1 in silent macs and beyond a mac's own modules.
    G : ndarray
        [T, M]: familiarity when the code was chosen, nan in silent macs.
    used : ndarray
        uint8 [T, M]: signals that chose it, 1 for U, 2 for H, 4 for D, added; with 16 if H was one step ahead, and
        with 8 from the frame on in which the code was held (see `SparseyBackoff`).
    ages : ndarray
        int32 [T, M]: frames for which the code has been on, 0 in silent macs.
    gains : ndarray
        [T, M]: F(zeta).
    """

    codes: np.ndarray
    G: np.ndarray
    used: np.ndarray
    ages: np.ndarray
    gains: np.ndarray


class SparseyRecall(NamedTuple):
    """How a recall ended: the fields of `RecallInfo`, then codes [B, M, Q], G [B, M] and the support of each input."""

    steps: np.ndarray
    converged: np.ndarray
    codes: np.ndarray
    G: np.ndarray
    support: np.ndarray


def code_overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Part of the modules of codes [..., Q] that have the same winner; modules without a winner count as different."""
    a, b = np.asarray(a), np.asarray(b)
    there = np.maximum((np.maximum(a, b) >= 0).sum(-1), 1)
    return ((a == b) & (a >= 0)).sum(-1) / there
