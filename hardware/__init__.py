"""Export to neuromorphic hardware, with the limits of each target; spike files and address events."""

from .aer import AddressField, AddressPacking, AerEvents, read_aer, write_aer
from .export import TARGETS, export
from .report import ExportError, ExportReport, Finding
from .spike_files import SpikeFile, read_spikes, write_spikes

__all__ = [
    "TARGETS",
    "AddressField",
    "AddressPacking",
    "AerEvents",
    "ExportError",
    "ExportReport",
    "Finding",
    "SpikeFile",
    "export",
    "read_aer",
    "read_spikes",
    "write_aer",
    "write_spikes",
]
