"""Rate units: what is computed in a step, what reaches the next unit when, rectification, permutation."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import FromList, Network
from spikegram.neurons import RateUnit, RectifiedUnit
from spikegram.plasticity import RateStatic


def test_steps_by_hand() -> None:
    """A chain of two units: the second follows one step later, and x is r of the step before."""
    net = Network(dt=1)
    units = net.population(2, RateUnit(gain=2, theta=0.5), name="units")
    net.inject(units[0], [1.0, 3.0, 0.0])
    net.project(units, units, FromList([(0, 1)]), weight=10, synapse=RateStatic)
    net.record(units, ["drive", "r", "x"])
    found = net.run(5, backend="reference")["units"]
    assert found.r[:, 0].tolist() == [0, 1, 5, -1, -1]
    assert found.x[:, 0].tolist() == [0, 0, 1, 5, -1]
    assert found.drive[:, 1].tolist() == [0, 0, 10, 50, -10]
    assert found.r[:, 1].tolist() == [0, -1, 19, 99, -21]


def test_rectification() -> None:
    net = Network(dt=1)
    units = net.population(3, RectifiedUnit(gain=2, theta=1), name="units")
    net.inject(units, [[0.0, 1.0, 4.0]], interval=5)
    net.run(1, backend="reference")
    assert units.get("r").tolist() == [0, 0, 6]


@pytest.mark.parametrize("model", [RateUnit, RectifiedUnit])
def test_permutation_of_units(model, seed: int) -> None:
    """A recurrent network whose units are numbered anew does the same."""
    rng = np.random.default_rng(seed)
    n = 6
    pairs, w = np.argwhere(np.ones((n, n))), 0.5 * rng.normal(size=n * n)
    start, order = rng.random(n), rng.permutation(n)

    def final(pairs: np.ndarray, start: np.ndarray) -> np.ndarray:
        net = Network(dt=1)
        units = net.population(n, model, init=dict(r=start))
        net.project(units, units, FromList(pairs), weight=w, synapse=RateStatic)
        net.run(20, backend="reference")
        return units.get("r")

    place = np.argsort(order)
    assert final(place[pairs], start[order]) == pytest.approx(final(pairs, start)[order], rel=1e-9, abs=1e-12)


def test_a_unit_has_no_spikes() -> None:
    net = Network(dt=1)
    units = net.population(1, RateUnit)
    with pytest.raises(ValueError, match="'RateUnit'.* has no threshold and never spikes"):
        net.record(units, "spikes")
