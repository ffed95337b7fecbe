"""Neurons and memories as PyTorch sequence layers: ``y, state = layer(x, state)``."""

try:
    import torch  # noqa: F401
except ImportError as error:  # pragma: no cover
    raise ImportError("spikegram.bridges.torch needs PyTorch: pip install 'spikegram[torch]'") from error

from . import losses, regularisers, team
from .chain import Chain, Stream
from .decays import TimeConstant
from .delayed_linear import DelayedLinear
from .delays import Delay
from .elm import ELM, ELMLayerState
from .fluctuation import fluctuation_, fluctuation_weights, impulse_response
from .hopfield import Hopfield
from .hopfield_learned import HopfieldLayer, HopfieldPooling
from .laws import Gamma, Law, LogNormal, LogSpaced, LogUniform, Normal, Spaced, Uniform
from .legendre import LegendreMemory
from .lmu import LMU
from .saving import load, save
from .scan import matrix_scan, outer_scan, scan
from .sequence import SequenceLayer, Trace
from .spiking import SpikingLayer
from .states import clone, detach, select, stack, to
from .surrogates import Surrogate
from .synapses import SynapseLayer

__all__ = [
    "Chain",
    "Delay",
    "DelayedLinear",
    "ELM",
    "ELMLayerState",
    "Gamma",
    "Hopfield",
    "HopfieldLayer",
    "HopfieldPooling",
    "LMU",
    "Law",
    "LegendreMemory",
    "LogNormal",
    "LogSpaced",
    "LogUniform",
    "Normal",
    "SequenceLayer",
    "Spaced",
    "SpikingLayer",
    "Stream",
    "Surrogate",
    "SynapseLayer",
    "TimeConstant",
    "Trace",
    "Uniform",
    "clone",
    "detach",
    "fluctuation_",
    "fluctuation_weights",
    "impulse_response",
    "load",
    "losses",
    "matrix_scan",
    "outer_scan",
    "regularisers",
    "save",
    "scan",
    "select",
    "stack",
    "to",
]

team.join()
