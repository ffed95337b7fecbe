"""What a synapse computes and how it learns: models as data."""

from .model import SynapseModel
from .static import Static
from .stdp import CA3STDP, STDP, STDPMultiplicative, STDPNearest, STDPPower

__all__ = ["CA3STDP", "STDP", "STDPMultiplicative", "STDPNearest", "STDPPower", "Static", "SynapseModel"]
