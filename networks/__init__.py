"""Who is wired to whom: networks, populations, projections, connectors, recordings; and the assembled memories."""

from .ca3 import CA3Memory
from .ca3_autoassociative import CA3OscillatoryMemory, CA3RegulatedMemory
from .ca3_binary_cue import CA3BinaryCueMemory
from .connection_files import ConnectionSet, read_csv_connections, read_sonata_edges
from .connectors import (
    AllToAll,
    Connector,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    OneToOne,
)
from .dense_hebbian import DenseHebbian
from .distance_rule import DistanceDependent
from .from_list import FromList
from .graphs import Clustered, SmallWorld
from .hopfield import HopfieldNetwork
from .hopfield_binary import Classic, Exponential, Polynomial
from .linear_associator import LinearAssociator
from .modern_hopfield import ModernHopfield
from .multitasking import MultitaskingHebbian
from .network import Network
from .population import Population, PopulationView
from .positions import grid, scattered
from .projection import Projection
from .result import PopulationRecord, ProjectionRecord, Result, SpikeTrains, Trace
from .rewiring import Rewired, rewire
from .sdm import SDM
from .session import Learn, Recall
from .sources import SpikeArray
from .sparsey import Sparsey
from .sparsey_backoff import SparseyBackoff
from .sparsey_layout import SparseyLevel
from .sparsey_readout import SparseyReadout, nearest_code
from .sparsey_record import SparseyRecall, SparseyRecord, code_overlap
from .willshaw import Willshaw

__all__ = [
    "AllToAll",
    "CA3BinaryCueMemory",
    "CA3Memory",
    "CA3OscillatoryMemory",
    "CA3RegulatedMemory",
    "Classic",
    "Clustered",
    "ConnectionSet",
    "Connector",
    "DenseHebbian",
    "DistanceDependent",
    "Exponential",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedProbability",
    "FixedTotalNumber",
    "FromList",
    "HopfieldNetwork",
    "Learn",
    "LinearAssociator",
    "ModernHopfield",
    "MultitaskingHebbian",
    "Network",
    "OneToOne",
    "Polynomial",
    "Population",
    "PopulationRecord",
    "PopulationView",
    "Projection",
    "ProjectionRecord",
    "Recall",
    "Result",
    "Rewired",
    "SDM",
    "SmallWorld",
    "Sparsey",
    "SparseyBackoff",
    "SparseyLevel",
    "SparseyReadout",
    "SparseyRecall",
    "SparseyRecord",
    "SpikeArray",
    "SpikeTrains",
    "Trace",
    "Willshaw",
    "code_overlap",
    "grid",
    "nearest_code",
    "read_csv_connections",
    "read_sonata_edges",
    "rewire",
    "scattered",
]
