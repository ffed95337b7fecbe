"""Given spike times and several rules at once: each rule sees the same spikes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.plasticity import STDP, InhibitorySTDP
from spikegram.scripts._spike_pairs import changes


def test_each_rule_sees_each_row_of_spikes() -> None:
    rules = {"pair": STDP(w_max=9), "inhibitory": InhibitorySTDP(w_max=9)}
    pre, post = [[10, 30], [12], []], [[14], [10], [5]]
    came = changes(rules, pre, post, np.array([1.0, 2.0, 3.0]), 1.0)
    up, down = 0.005, -0.00525
    expected = [up * math.exp(-4 / 20) + down * math.exp(-16 / 20), down * math.exp(-2 / 20), 0]
    assert came["pair"] == pytest.approx(expected, abs=1e-15)
    expected = [1e-3 * (math.exp(-4 / 20) + math.exp(-16 / 20) - 0.24), 1e-3 * (math.exp(-2 / 20) - 0.12), 0]
    assert came["inhibitory"] == pytest.approx(expected, abs=1e-15)
