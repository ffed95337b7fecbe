"""What a cell computes: models as data, one file per model or family."""

from .adex import AdEx
from .alif import ALIF, BellecALIF
from .am_su import AMSU
from .astrocyte import GChI, LiRinzel, ensheathed
from .clopath_adex import ClopathAdEx
from .extend import extend
from .hodgkin_huxley import HodgkinHuxley
from .izhikevich import Izhikevich, IzhikevichOriginal
from .lif import LIF, LIFAlpha, LIFDelta
from .lif_cond import LIFCond
from .lif_gap import LIFGap
from .lif_intrinsic import LIFIntrinsic
from .lif_nmda import LIFNMDA
from .lif_pynn import IFCondExp, IFCurrExp
from .model import NeuronModel
from .rate_unit import RateUnit, RectifiedUnit
from .sources import Poisson, Regular
from .spinnaker_lif import SpiNNakerLIF

__all__ = [
    "ALIF",
    "AMSU",
    "AdEx",
    "BellecALIF",
    "ClopathAdEx",
    "GChI",
    "HodgkinHuxley",
    "IFCondExp",
    "IFCurrExp",
    "Izhikevich",
    "IzhikevichOriginal",
    "LIF",
    "LIFAlpha",
    "LIFCond",
    "LIFDelta",
    "LIFGap",
    "LIFIntrinsic",
    "LIFNMDA",
    "LiRinzel",
    "NeuronModel",
    "Poisson",
    "RateUnit",
    "RectifiedUnit",
    "Regular",
    "SpiNNakerLIF",
    "ensheathed",
    "extend",
]
