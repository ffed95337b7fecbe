"""Versions of what results depend on.

>>> versions_of("numpy", "no-such-package").keys()
dict_keys(['numpy'])
"""

from __future__ import annotations

__all__ = ["versions_of"]


def versions_of(*packages: str) -> dict[str, str]:
    """Give the versions of packages, as far as they are installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
