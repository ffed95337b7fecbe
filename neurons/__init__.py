"""What a cell computes: models as data, one file per model or family."""

from .model import NeuronModel

__all__ = ["NeuronModel"]
