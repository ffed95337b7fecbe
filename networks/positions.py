"""Places of neurons for distance-dependent wiring: on a line, in a plane or in a volume.

A population takes them as ``positions=``; `DistanceDependent` and expressions in ``d`` (weights, delays) use them. Both
give float arrays [n, D] in metres.

>>> (1e6 * grid((2, 2), "100*um")).round(3).tolist()
[[0.0, 0.0], [0.0, 100.0], [100.0, 0.0], [100.0, 100.0]]
>>> scattered(4, ("1*mm", "1*mm", "200*um"), seed=1).shape
(4, 3)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..units import LENGTH, is_whole, to_si

__all__ = ["grid", "scattered"]


def grid(shape: int | Sequence[int], spacing: Any) -> np.ndarray:
    """Places on a regular grid, the last axis running fastest.

    PyNN: ``Line``, ``Grid2D``, ``Grid3D``; NEST: ``nest.spatial.grid``.

    Parameters
    ----------
    shape : int or tuple
        Neurons along each axis: n for a line, (rows, columns), (layers, rows, columns).
    spacing : quantity or one for each axis
        Distance of neighbours, such as ``"50*um"``; a plain number is in metres.

    Raises
    ------
    ValueError, TypeError
        If a number of neurons is no whole number from 1 on, or a distance not above 0.
    """
    sizes = [shape] if np.ndim(shape) == 0 else list(shape)
    if not sizes or not all(is_whole(n) and n > 0 for n in sizes):
        raise ValueError(f"grid: shape: expected whole numbers from 1 on, got {shape!r}")
    steps = _lengths(spacing, len(sizes), "grid: spacing")
    return np.stack(np.meshgrid(*map(np.arange, sizes), indexing="ij"), axis=-1).reshape(-1, len(sizes)) * steps


def scattered(n: int, size: Any, seed: int = 0) -> np.ndarray:
    """Uniformly random places in a line, rectangle or box that begins at 0.

    PyNN: ``RandomStructure(Cuboid(...))``; NEST: ``nest.spatial.free``.

    Parameters
    ----------
    n : int
        Number of neurons.
    size : quantity, or one for each axis
        Extent, such as ``("1*mm", "1*mm")``; a plain number is in metres.
    seed : int
        The same seed gives the same places.
    """
    if not is_whole(n) or n < 0:
        raise ValueError(f"scattered: n: expected a whole number from 0 on, got {n!r}")
    count = 1 if np.ndim(size) == 0 else len(size)
    return np.random.default_rng(seed).random((n, count)) * _lengths(size, count, "scattered: size")


def _lengths(given: Any, count: int, what: str) -> np.ndarray:
    """Give one length for each axis in metres."""
    parts = [given] * count if isinstance(given, str) or np.ndim(given) == 0 else list(given)
    if len(parts) != count:
        raise ValueError(f"{what}: expected one length, or {count}, got {given!r}")
    found = np.array([to_si(part, LENGTH, what) for part in parts])
    if not (found > 0).all() or not np.isfinite(found).all():
        raise ValueError(f"{what}: expected lengths above 0, got {given!r}")
    return found
