"""Who is wired to whom: networks, populations, projections, connectors, recordings; and the assembled memories."""

from .connectors import (
    AllToAll,
    Connector,
    DistanceDependent,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    FromList,
    OneToOne,
)
from .network import Network
from .population import Population, PopulationView
from .projection import Projection
from .result import PopulationRecord, ProjectionRecord, Result, SpikeTrains, Trace
from .sources import SpikeArray

__all__ = [
    "AllToAll",
    "Connector",
    "DistanceDependent",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedProbability",
    "FixedTotalNumber",
    "FromList",
    "Network",
    "OneToOne",
    "Population",
    "PopulationRecord",
    "PopulationView",
    "Projection",
    "ProjectionRecord",
    "Result",
    "SpikeArray",
    "SpikeTrains",
    "Trace",
]
