"""Which backends there are, and what to install for one that is missing."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

__all__ = ["BACKENDS", "Backend", "check_backend"]


class Backend(NamedTuple):
    """A way to run a network."""

    name: str
    package: str
    what: str

    def is_available(self) -> bool:
        """True if the package it needs is installed."""
        return find_spec(self.package) is not None


BACKENDS = {
    b.name: b
    for b in (
        Backend("numba", "numba", "compiled loop on the CPU, several threads"),
        Backend("reference", "numpy", "plain NumPy, slow and readable"),
        Backend("brian2", "brian2", "the same network in Brian 2, for comparison"),
    )
}


def check_backend(name: str) -> Backend:
    """Give the backend of this name.

    Raises
    ------
    ValueError
        If there is none of this name.
    ImportError
        If its package is not installed.
    """
    if not isinstance(name, str) or name not in BACKENDS:
        raise ValueError(f"backend: expected one of {', '.join(BACKENDS)}, got {name!r}")
    backend = BACKENDS[name]
    if not backend.is_available():
        raise ImportError(f"backend {name!r} needs the package {backend.package}: pip install {backend.package}")
    return backend
