"""What a cell computes: models as data, one file per model or family."""

from .adex import AdEx
from .alif import ALIF, BellecALIF
from .am_su import AMSU
from .astrocyte import GChI, LiRinzel, ensheathed
from .clopath_adex import ClopathAdEx
from .elm import ELMParams, ELMState, elm_init, elm_random, elm_step, elm_timescales
from .elm_routing import ELMRouting, neuronio_routing, random_routing
from .extend import extend
from .gif import GIF
from .hodgkin_huxley import HodgkinHuxley
from .izhikevich import Izhikevich, IzhikevichOriginal
from .leaky_integrator import LeakyIntegrator
from .legendre import LegendreParams, LegendreState, legendre_init, legendre_step
from .lif import LIF, LIFAlpha, LIFDelta
from .lif_cond import LIFCond, LIFCondAlpha, LIFCondDelta
from .lif_gap import LIFGap
from .lif_intrinsic import LIFIntrinsic
from .lif_nmda import LIFNMDA
from .lif_noise import LIFCondNoise, LIFNoise
from .lif_pynn import IFCondExp, IFCurrExp
from .lmu import LMUParams, LMUState, lmu_init, lmu_step
from .mihalas_niebur import MihalasNiebur
from .model import NeuronModel
from .rate_unit import RateUnit, RectifiedUnit
from .resonate_and_fire import ResonateAndFire
from .sources import InhomogeneousPoisson, Poisson, Regular
from .sparsey import SparseyParams
from .spinnaker_lif import SpiNNakerLIF
from .two_compartment import TwoCompartment

__all__ = [
    "ALIF",
    "AMSU",
    "AdEx",
    "BellecALIF",
    "ClopathAdEx",
    "ELMParams",
    "ELMRouting",
    "ELMState",
    "GChI",
    "GIF",
    "HodgkinHuxley",
    "IFCondExp",
    "IFCurrExp",
    "InhomogeneousPoisson",
    "Izhikevich",
    "IzhikevichOriginal",
    "LIF",
    "LIFAlpha",
    "LIFCond",
    "LIFCondAlpha",
    "LIFCondDelta",
    "LIFCondNoise",
    "LIFDelta",
    "LIFGap",
    "LIFIntrinsic",
    "LIFNMDA",
    "LIFNoise",
    "LMUParams",
    "LMUState",
    "LeakyIntegrator",
    "LegendreParams",
    "LegendreState",
    "LiRinzel",
    "MihalasNiebur",
    "NeuronModel",
    "Poisson",
    "RateUnit",
    "RectifiedUnit",
    "Regular",
    "ResonateAndFire",
    "SparseyParams",
    "SpiNNakerLIF",
    "TwoCompartment",
    "elm_init",
    "elm_random",
    "elm_step",
    "elm_timescales",
    "ensheathed",
    "extend",
    "legendre_init",
    "legendre_step",
    "lmu_init",
    "lmu_step",
    "neuronio_routing",
    "random_routing",
]
