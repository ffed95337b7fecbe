"""What a synapse computes and how it learns: models as data."""

from .bcm import BCM
from .clopath import Clopath, ClopathHomeostatic
from .dopamine import DOPAMINE, DopamineSTDP
from .eprop import LEARNING_SIGNAL, EProp
from .gap_junction import GapJunction
from .model import SynapseModel
from .nmda import NMDA
from .oja import Oja, RateStatic
from .rewiring import RewiringStatic, RewiringSTDP
from .sanger import SangerParams, SangerState, sanger_init, sanger_step
from .scaling import HomeostaticScaling, RateScaling
from .sparsey import SparseyRule
from .static import Static
from .stdp import (
    CA3STDP,
    STDP,
    STDPMultiplicative,
    STDPNearest,
    STDPPower,
    STDPPowerNearest,
    STDPPreCentered,
    STDPRestricted,
)
from .tripartite import GlialSensing, Gliotransmission, IP3GapJunction, Tripartite
from .triplet import TripletSTDP, TripletSTDPNearest
from .tsodyks_markram import TsodyksMarkram, TsodyksMarkramDepression
from .vogels import InhibitorySTDP

__all__ = [
    "BCM",
    "CA3STDP",
    "Clopath",
    "ClopathHomeostatic",
    "DOPAMINE",
    "DopamineSTDP",
    "EProp",
    "GapJunction",
    "GlialSensing",
    "Gliotransmission",
    "HomeostaticScaling",
    "IP3GapJunction",
    "InhibitorySTDP",
    "LEARNING_SIGNAL",
    "NMDA",
    "Oja",
    "RateScaling",
    "RateStatic",
    "RewiringSTDP",
    "RewiringStatic",
    "STDP",
    "STDPMultiplicative",
    "STDPNearest",
    "STDPPower",
    "STDPPowerNearest",
    "STDPPreCentered",
    "STDPRestricted",
    "SangerParams",
    "SangerState",
    "SparseyRule",
    "Static",
    "SynapseModel",
    "Tripartite",
    "TripletSTDP",
    "TripletSTDPNearest",
    "TsodyksMarkram",
    "TsodyksMarkramDepression",
    "sanger_init",
    "sanger_step",
]
