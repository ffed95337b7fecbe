"""Places on grids and at random, and distance-dependent wiring over them in one, two and three dimensions."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import DistanceDependent, Network
from spikegram.networks.positions import grid, scattered
from spikegram.neurons import LIF


def test_grids() -> None:
    assert grid(3, "2*mm").tolist() == [[0.0], [0.002], [0.004]]
    volume = grid((2, 3, 4), ("1*um", "10*um", 1e-4))
    assert volume.shape == (24, 3)
    assert volume[0].tolist() == [0, 0, 0] and volume[-1] == pytest.approx([1e-6, 2e-5, 3e-4])
    assert volume[5] == pytest.approx([0, 1e-5, 1e-4])
    assert len(np.unique(volume, axis=0)) == 24


def test_scattered_places_fill_the_box_evenly(seed: int) -> None:
    places = scattered(4000, ("1*mm", "10*um"), seed)
    assert np.array_equal(places, scattered(4000, ("1*mm", "10*um"), seed))
    share = places / [1e-3, 1e-5]
    assert share.min() >= 0 and share.max() < 1
    counts = np.histogram2d(*share.T, bins=4, range=[(0, 1)] * 2)[0]
    assert np.abs(counts - 250).max() < 5 * 250**0.5
    assert scattered(2, "1*mm").shape == (2, 1)


@pytest.mark.parametrize(("shape", "neighbours"), [(7, 12), ((4, 5), 62), ((3, 3, 3), 108)])
def test_nearest_neighbours_in_each_dimension(shape, neighbours: int) -> None:
    """Each joined with those one step away along an axis: 2 sum over axes of (n - 1) times the other sizes."""
    net = Network(dt=1)
    places = grid(shape, "50*um")
    cells = net.population(len(places), LIF, positions=places)
    rule = DistanceDependent("d < 60*um", autapses=False)
    q = net.project(cells, cells, rule, weight="1*nA*d/(50*um)", target="I")
    assert len(q) == neighbours
    assert q.weights == pytest.approx(1)
    with_itself = net.project(cells, cells, DistanceDependent("d < 60*um"), weight=0, target="I", name="with itself")
    assert len(with_itself) == neighbours + len(places)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: grid(0, "1*um"), "shape: expected whole numbers from 1 on, got 0"),
        (lambda: grid((2, 1.5), "1*um"), "shape: expected whole numbers from 1 on"),
        (lambda: grid((2, 2), ("1*um",)), r"spacing: expected one length, or 2, got \('1\*um',\)"),
        (lambda: grid(2, "1*ms"), "spacing: expected a value in"),
        (lambda: grid(2, "0*um"), "spacing: expected lengths above 0"),
        (lambda: scattered(-1, "1*um"), "n: expected a whole number from 0 on, got -1"),
        (lambda: scattered(1, ("1*um", -1)), "size: expected lengths above 0"),
    ],
)
def test_messages(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
