"""Ranges: what is checked, and what is said."""

from __future__ import annotations

import pytest

from spikegram.scripts.bench.catalogue import NETWORKS
from spikegram.scripts.bench.ranges import RANGES, misses


def test_inside_on_the_edge_outside_and_missing() -> None:
    ranges = dict(rate_E=(4.9, 6.1), cv_E=(0.5, 0.6), w_low=(0.0, 0.0))
    assert misses(dict(rate_E=4.9, cv_E=0.6, w_low=0.0, other=7), ranges) == []
    assert misses(dict(rate_E=4.8, cv_E=None, w_low=0.01), ranges) == [
        "rate_E 4.8 outside 4.9 ... 6.1", "cv_E not defined outside 0.5 ... 0.6", "w_low 0.01 outside 0 ... 0",
    ]  # fmt: skip


@pytest.mark.parametrize("name", RANGES)
def test_ranges_belong_to_a_network_and_are_ordered(name: str) -> None:
    network = NETWORKS[name]
    assert network.ranges is RANGES[name]
    assert set(RANGES[name]) <= set(network.seconds)
    for ranges in RANGES[name].values():
        assert {"rate_E", "rate_I", "cv_E", "cv_I", "fano3ms", "corr5ms_E"} <= set(ranges)
        assert all(low <= high for low, high in ranges.values())
