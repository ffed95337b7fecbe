"""Intrinsic plasticity: the threshold counts spikes, so the rate goes to its goal from both sides."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import LIF, LIFIntrinsic


def run(duration: float, drive, **values):
    net = Network(dt=1)
    cells = net.population(len(drive), LIFIntrinsic(**values), name="cells", parameters=dict(i_offset=drive))
    net.record(cells, "spikes")
    return net.run(duration, backend="reference")["cells"].spikes, cells


def test_one_spike_by_hand() -> None:
    """-49.9 mV is above the threshold after it fell by 1 us of 0.25 mV/s; then it rises by eta."""
    net = Network(dt=1)
    cell = net.population(1, LIFIntrinsic(tau_m=1e12), init=dict(v=-49.9))
    net.run(1, backend="reference")
    assert cell.get("v_th")[0] == pytest.approx(-50 - 0.05 * 5 * 1e-3 + 0.05, abs=1e-12)
    assert cell.get("v")[0] == -60


def test_the_threshold_counts_spikes() -> None:
    """Change of threshold = eta (n - r_goal T), whatever the cell does."""
    spikes, cells = run(2000, [0.09, 0.12, 0.3], eta=0.2, r_goal=12)
    n = spikes.counts()
    assert n.min() > 5 and len(set(n)) == 3
    assert cells.get("v_th") + 50 == pytest.approx(0.2 * (n - 12 * 2.0), abs=1e-9)


def test_the_rate_goes_to_its_goal_from_both_sides() -> None:
    """Cells that began silent or at 60 Hz fire at 10 Hz in the end."""
    spikes, cells = run(3500, [0.08, 0.13, 0.3], eta=0.8, r_goal=10)
    early, late = spikes.between(0, 500).counts() / 0.5, spikes.between(1500, 3500).counts() / 2
    assert early.max() > 25
    assert late == pytest.approx(10, abs=1)
    assert (np.diff(cells.get("v_th")) > 1).all()  # more drive, higher threshold


def test_without_learning_it_is_the_lif() -> None:
    spikes, _ = run(300, [0.12, 0.3], eta=0)
    net = Network(dt=1)
    cells = net.population(2, LIF, name="cells", parameters=dict(i_offset=[0.12, 0.3]))
    net.record(cells, "spikes")
    assert len(spikes) > 10 and spikes == net.run(300, backend="reference")["cells"].spikes
