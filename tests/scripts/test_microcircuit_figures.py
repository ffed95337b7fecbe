"""The microcircuit's pictures: not empty, with every population, and silent ones do not stop them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.image import imread

from spikegram.networks import SpikeTrains
from spikegram.scripts._microcircuit_figures import COLOURS, draw_raster, draw_statistics
from spikegram.scripts._microcircuit_statistics import statistics


def spikes(seed: int, size: int, silent: bool = False) -> SpikeTrains:
    rng = np.random.default_rng(seed)
    steps, ids = np.nonzero(rng.random((5000, size)) < (0 if silent else 1e-3))
    return SpikeTrains(steps, ids, size, 0.1, 500)


def inked(picture: np.ndarray, colour: str) -> int:
    rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return int((np.abs(picture[..., :3] - rgb).max(axis=-1) < 0.02).sum())


def test_raster_has_every_population(tmp_path: Path, seed: int) -> None:
    data = {name: spikes(seed + k, 40 + 900 * (k == 0)) for k, name in enumerate(COLOURS)}
    draw_raster(tmp_path / "raster.png", data, 0, 400)
    picture = imread(tmp_path / "raster.png")
    assert picture.shape[1] == 1400
    assert all(inked(picture, colour) > 100 for colour in COLOURS.values())


def test_raster_of_many_neurons_shows_some(tmp_path: Path, seed: int) -> None:
    data = {name: spikes(seed, 3000) for name in COLOURS}
    draw_raster(tmp_path / "raster.png", data, 100, 300)
    assert imread(tmp_path / "raster.png").shape[1] == 1400


def test_statistics_with_a_silent_population(tmp_path: Path, seed: int) -> None:
    found = {name: statistics(spikes(seed, 60, silent=name == "L6E")) for name in COLOURS}
    shown = {"a": dict(rate=[5] * 8, cv=[1] * 8), "b": dict(synchrony=[1.1] * 8)}
    draw_statistics(tmp_path / "statistics.png", found, shown, "a title")
    picture = imread(tmp_path / "statistics.png")
    assert picture.shape[1] == 1440
    assert all(inked(picture, COLOURS[name]) > 500 for name in COLOURS if name != "L6E")
