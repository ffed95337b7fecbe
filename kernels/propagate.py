"""The exact step of a linear system: a matrix exponential, for one or for many parameter sets."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["propagator"]


def propagator(rows: tuple[tuple[Any, ...], ...], dt: float) -> np.ndarray:
    """Give the first rows of ``exp([[A, B], [0, 0]] dt)``.

    Parameters
    ----------
    rows : tuple of tuples
        [A | B] with scalars or arrays [N], n rows of n + m entries: dx/dt = A x + B u with u constant in the step.
    dt : float
        Step in s.

    Returns
    -------
    ndarray
        [n, n + m] or [n, n + m, N]; NaN where an entry is not finite. Scaling and squaring (Al-Mohy and Higham 2009, in
        SciPy), so equal time constants, singular and oscillating systems need no special case.
    """
    from scipy.linalg import expm as scipy_expm

    def expm(systems: np.ndarray) -> np.ndarray:
        good = np.isfinite(systems).all(axis=(-2, -1), keepdims=True)
        return np.where(good, scipy_expm(np.where(good, systems, 0.0)), np.nan)

    n, size = len(rows), len(rows[0])
    shape = np.broadcast_shapes(*(np.shape(e) for row in rows for e in row))
    system = np.zeros((*shape, size, size))
    for r, row in enumerate(rows):
        for c, entry in enumerate(row):
            system[..., r, c] = entry
    if shape:
        unique, back = np.unique(system.reshape(-1, size * size), axis=0, return_inverse=True)
        result = expm(unique.reshape(-1, size, size) * dt)[back.ravel()]
    else:
        result = expm(system * dt)
    return np.moveaxis(result[..., :n, :], (-2, -1), (0, 1))
