"""The public names: what each folder exports, and the names that users' programs rely on."""

from __future__ import annotations

import importlib
import importlib.metadata

import pytest

import spikegram

# Names that stay. A folder may export more.
CONTRACT = {
    "neurons": {"NeuronModel", "LIF", "ALIF", "Izhikevich", "AdEx", "HodgkinHuxley"},
    "plasticity": {"SynapseModel", "STDP"},
    "networks": {
        *("Network", "FixedProbability", "AllToAll", "OneToOne", "FixedInDegree"),
        *("FixedTotalNumber", "FromList", "CA3Memory", "HopfieldNetwork"),
        *("DenseHebbian", "MultitaskingHebbian", "Sparsey"),
    },
    "bridges": {"to_brian2"},
    "bridges.torch": {
        *("Chain", "ELM", "Hopfield", "HopfieldLayer", "HopfieldPooling", "LMU", "SpikingLayer", "SynapseLayer"),
    },
    "hardware": {"export"},
    "tasks": {"make_task"},
}
FOLDERS = [*CONTRACT, "kernels", "scripts", "scripts.bench"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_exported_name_can_be_imported(folder: str) -> None:
    package = importlib.import_module(f"spikegram.{folder}")
    missing = [name for name in package.__all__ if not hasattr(package, name)]
    assert not missing
    assert len(package.__all__) == len(set(package.__all__))


@pytest.mark.parametrize("folder", CONTRACT)
def test_contract(folder: str) -> None:
    package = importlib.import_module(f"spikegram.{folder}")
    assert CONTRACT[folder] <= set(package.__all__)


def test_version_is_the_installed_one() -> None:
    assert spikegram.__version__ == importlib.metadata.version("spikegram")


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = spikegram.no_such_name
