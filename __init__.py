"""Spiking, Hebbian and leaky-memory neurons from one statement of a model.

Names live in the folders: ``spikegram.neurons``, ``spikegram.plasticity``, ``spikegram.networks``,
``spikegram.bridges``, ``spikegram.hardware``. Importing any of them is quick: Brian 2, SymPy, Numba
and Matplotlib are imported when first needed.
"""

from __future__ import annotations

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """Look the version up when asked; ``0+unknown`` in a tree that was never installed."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("spikegram")
    except PackageNotFoundError:
        return "0+unknown"
