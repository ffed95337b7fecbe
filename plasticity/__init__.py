"""What a synapse computes and how it learns: models as data."""

from .model import SynapseModel

__all__ = ["SynapseModel"]
