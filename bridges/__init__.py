"""To and from other simulators."""

from .brian2 import Brian2Network, to_brian2

__all__ = ["Brian2Network", "to_brian2"]
