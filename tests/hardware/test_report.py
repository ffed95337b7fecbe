"""Reports and errors of exports."""

from __future__ import annotations

import json
from pathlib import Path

from spikegram.hardware import ExportError, ExportReport, Finding


def test_error_lists_every_reason() -> None:
    error = ExportError("target", [Finding("population 'a'", "too large"), Finding("projection 'b'", "too long")])
    assert isinstance(error, ValueError)
    assert str(error) == (
        "target cannot hold this network, for 2 reasons:\n  population 'a': too large\n  projection 'b': too long"
    )
    assert [f.where for f in error.refused] == ["population 'a'", "projection 'b'"]
    assert "for 1 reason:" in str(ExportError("target", [Finding("x", "y")]))


def test_report(tmp_path: Path) -> None:
    same = (Finding("a", "is kept"), Finding("b", "is kept"))
    report = ExportReport("target", tmp_path, ("x.py",), kept=same, rounded=(Finding("a", "v"),), limits={"bits": 16})
    assert report.table() == (
        "Survives:\n  a, b: is kept\nRounded:\n  a: v\nRefused and left out: nothing\nNotes: nothing"
    )
    assert str(report).startswith(f"target -> {tmp_path}\nSurvives:")
    report.save(tmp_path / "report.json")
    read = json.loads((tmp_path / "report.json").read_text())
    assert read["kept"] == [{"where": "a", "what": "is kept"}, {"where": "b", "what": "is kept"}]
    assert read["limits"] == {"bits": 16} and read["files"] == ["x.py"] and read["refused"] == []
