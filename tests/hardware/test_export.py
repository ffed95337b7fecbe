"""`export` chooses the target and refuses wrong arguments by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikegram.hardware import TARGETS, ExportReport, export
from spikegram.networks import Network
from spikegram.neurons import LIF


def network() -> Network:
    net = Network(dt=1)
    net.population(2, LIF, name="cells")
    return net


def test_default_target(tmp_path: Path) -> None:
    report = export(network(), path=tmp_path / "out")
    assert isinstance(report, ExportReport) and report.target == "spinnaker"
    assert set(report.files) == {p.name for p in (tmp_path / "out").iterdir()}
    assert export(network(), target="spinnaker", path=str(tmp_path / "text")).path == tmp_path / "text"


def test_unknown_target_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="target: expected one of 'spinnaker', got 'abacus'") as caught:
        export(network(), target="abacus", path=tmp_path / "out")
    assert all(name in str(caught.value) for name in TARGETS)
    assert not list(tmp_path.iterdir())


def test_arguments(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="network: expected a Network, got str"):
        export("net", path=tmp_path / "out")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="path: expected the folder"):
        export(network())
    with pytest.raises(TypeError, match="result: expected a Result, got dict"):
        export(network(), path=tmp_path / "out", result={})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="colour"):
        export(network(), path=tmp_path / "out", colour="red")
