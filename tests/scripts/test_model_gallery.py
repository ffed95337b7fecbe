"""The gallery: its tables hold every public model, a missing or silent one is found out, panels are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from seen import hidden, saved_figures

from spikegram.experiment import Report, run_script
from spikegram.scripts import model_gallery as script
from spikegram.scripts._gallery_cells import Curves


def test_every_public_model_has_a_panel() -> None:
    report = Report("model-gallery", None, show=False)
    script.complete(report, [name for name, _, _ in script.panels()])
    assert report.ok and report.numbers["cells"] >= 30 and report.numbers["synapses and rules"] >= 30


def test_a_missing_panel_is_found_out() -> None:
    report = Report("model-gallery", None, show=False)
    script.complete(report, [name for name, _, _ in script.panels() if name not in ("LIF", "STDP")])
    assert [c.came for c in report.checks] == ["LIF", "STDP"] and not report.ok


def test_models_that_are_matrices_are_judged_too() -> None:
    report = Report("model-gallery", None, show=False)
    script.judge(report, {name: (draw(),) for name, page, draw in script.panels() if page == "leaky memories"})
    assert report.ok and len(report.checks) == 3


def test_a_silent_or_broken_model_is_found_out() -> None:
    report = Report("model-gallery", None, show=False)
    x = np.arange(3.0)
    still = Curves("LIF", x, {"_": 0 * x}, "", "", spikes=x[:0])
    broken = Curves("STDP", x, {"_": x * np.nan}, "", "")
    script.judge(report, {"LIF": (still,), "STDP": (broken,)})
    assert [c.came for c in report.checks] == ["LIF", "STDP", "LIF, STDP"]


@pytest.mark.parametrize("name", ["SpiNNakerLIF", "STDP", "TsodyksMarkram"])
def test_a_panel_is_drawn(name: str, tmp_path: Path) -> None:
    report = Report("model-gallery", tmp_path, show=False)
    script.run(report, only=name)
    assert report.ok and len(report.checks) == 3
    from matplotlib.image import imread

    (file,) = report.files
    assert 0.005 < float((imread(tmp_path / file)[..., :3] < 0.9).any(-1).mean()) < 0.5


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ValueError, match="only: expected the name of a model, got 'LIFF'"):
        script.run(Report("x", None), only="LIFF")


@pytest.mark.slow
def test_all_of_it(tmp_path: Path) -> None:
    with saved_figures() as figures:
        assert run_script("model-gallery", out=tmp_path, show=False).ok
    assert {page: hidden(figure) for page, figure in enumerate(figures)} == {page: [] for page in range(8)}
