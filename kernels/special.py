"""Functions of the equation language that NumPy does not have."""

from __future__ import annotations

import numpy as np

__all__ = ["exprel"]


def exprel(x: np.ndarray) -> np.ndarray:
    """(exp(x) - 1)/x, with its limit 1 at 0."""
    x = np.asarray(x, dtype=float)
    safe = np.where(np.abs(x) < 1e-16, 1.0, x)
    return np.where(np.abs(x) < 1e-16, 1.0, np.expm1(safe) / safe)
