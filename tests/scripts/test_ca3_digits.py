"""The digits demonstration: all its claims hold, its files can be read, and a wrong memory is found out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spikegram.experiment import Report, run_script
from spikegram.networks import CA3Memory, Result
from spikegram.scripts import ca3_digits


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return run_script("ca3-digits", out=tmp_path_factory.mktemp("digits"), show=False)


def test_every_claim_holds(report: Report) -> None:
    assert report.ok
    found = {c.what: c.came for c in report.checks}
    assert found["images recalled by cue, bit for bit"] == "10 of 10"
    assert found["pixels asked: exactly the digits that have them"] == "64 of 64"
    assert found["after another image under cue 3: recalled"] == "10 of 10"
    assert found["after another image under cue 3: pixels"] == "64 of 64"
    assert found["output spikes, each in its millisecond"] == "1494 spikes"
    assert report.numbers["samples"] == [*range(10), 18]
    assert report.numbers["operations"] == 159 and report.numbers["simulated_ms"] == 3180


def test_files(report: Report) -> None:
    from matplotlib.image import imread

    for name in ("raster", "images", "traces", "weights"):
        picture = imread(report.folder / f"{name}.png")
        assert picture.shape[1] == 1440 and picture.shape[0] >= 700
        assert 0.01 < float((picture[..., :3] < 0.9).any(-1).mean()) < 0.9  # neither empty nor full
    assert set(report.files) == {
        *("raster.png", "images.png", "traces.png", "weights.png", "recording.h5", "recording.mat"),
        *("spinnaker", "result.json"),
    }
    assert json.loads((report.folder / "result.json").read_text())["ok"] is True
    assert (report.folder / "spinnaker" / "network.py").is_file()


def test_the_recording_holds_the_images(report: Report) -> None:
    """Decode a recall by hand from the file: cue k at 200 + 20 k ms, its content 6 ms later."""
    from sklearn.datasets import load_digits

    images = load_digits().data >= 8
    out = Result.load(report.folder / "recording.h5")["OUT"].spikes
    for k in range(10):
        now = out.ids[out.steps == 200 + 20 * k + 6]
        assert np.array_equal(np.sort(now) - 10, np.flatnonzero(images[k]))
    now = out.ids[out.steps == 85 * 20 + 3 * 20 + 6]  # after 85 operations, recall by cue 3: another 8
    assert np.array_equal(np.sort(now) - 10, np.flatnonzero(images[18]))


def test_a_memory_that_errs_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recall = CA3Memory.recall

    def forgetful(self: CA3Memory, cue: int | None = None, bits: object = None) -> set[int]:
        answer = recall(self, cue, bits)
        return answer - {min(answer)} if cue == 7 else answer

    monkeypatch.setattr(CA3Memory, "recall", forgetful)
    report = Report("ca3-digits", tmp_path, show=False)
    for name in ("draw_raster", "draw_images", "draw_traces", "draw_weights", "save"):
        monkeypatch.setattr(ca3_digits, name, lambda *args: None)
    ca3_digits.run(report)
    failed = [c for c in report.checks if not c.ok]
    assert [c.came for c in failed] == ["9 of 10", "9 of 10"]
    assert not report.ok


def test_images_of_other_seeds_differ() -> None:
    first, other, samples = ca3_digits.load_images(0, 8)
    assert samples == [*range(10), 18] and first.shape == (10, 64) and other.sum() == 20
    again = ca3_digits.load_images(5, 8)
    assert again[2] != samples and np.array_equal(again[0], ca3_digits.load_images(5, 8)[0])


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"forget: expected a digit 0 \.\.\. 9, got -1"):
        ca3_digits.run(Report("x", tmp_path), forget=-1)
    with pytest.raises(ValueError, match=r"instead: expected a digit 0 \.\.\. 9, got 10"):
        ca3_digits.run(Report("x", tmp_path), instead=10)
