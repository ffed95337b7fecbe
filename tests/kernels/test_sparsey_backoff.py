"""Signals that are left out, and codes that are held and skipped: as in the reference."""

from __future__ import annotations

import pytest
from sparsey_frames import QUICK, compare, two, warped

from spikegram.networks.sparsey_backoff import WARPS, SparseyBackoff
from spikegram.plasticity.sparsey import SparseyRule

SLOW = SparseyRule(decay=True, ages=((25, 40, 60), (40, 60, 80)))


def test_backing_off_equals_the_reference(seed: int) -> None:
    compare(two(), dict(hard=True, backoff=SparseyBackoff((0.99, 0.9, 0.3))), seed)
    compare(two(SparseyRule(decay=True, ages=QUICK)), dict(backoff=SparseyBackoff(allowed=("UH", "H"))), seed)


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        (SparseyRule(), dict(hard=True, backoff=SparseyBackoff((0.95, 0.9, 0.9), ("UH", "UD"), WARPS))),
        (SLOW, dict(backoff=SparseyBackoff((0.7, 0.7, 0.5), ("UH",), WARPS))),
    ],
    ids=["once", "decay"],
)
def test_time_warps_equal_the_reference(rule: SparseyRule, options: dict, seed: int) -> None:
    compare(warped(rule), options, seed, different=True)
