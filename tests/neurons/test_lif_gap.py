"""LIF with gap junctions: equals LIF without them; the current of junctions acts as any other."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import LIF, LIFGap


def trace(model, **init) -> np.ndarray:
    net = Network(dt=0.5)
    cells = net.population(1, model, name="cells", init=dict(I=0.3, **init))
    net.inject(cells, 0.09)
    net.record(cells, ["v", "spikes"])
    return net.run(100, backend="reference")["cells"].v[:, 0]


def test_without_junctions_it_is_the_lif() -> None:
    assert np.array_equal(trace(LIFGap), trace(LIF))


def test_the_current_of_junctions_acts_as_a_constant_one() -> None:
    assert trace(LIFGap, I_gap=0.04) == pytest.approx(trace(LIF(i_offset=0.04)), abs=1e-9)
    assert np.ptp(trace(LIFGap, I_gap=0.04)) > 5


def test_one_step_by_hand() -> None:
    net = Network(dt=1)
    cell = net.population(1, LIFGap, init=dict(v=-55, I_gap=-0.02))
    net.run(1, backend="reference")
    assert cell.get("v")[0] == pytest.approx(-62 + 7 * math.exp(-0.05), abs=1e-12)
