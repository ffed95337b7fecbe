"""Synapses that decay and bundles that freeze: as in the reference."""

from __future__ import annotations

import pytest
from sparsey_frames import QUICK, compare, two

from spikegram.plasticity.sparsey import SparseyRule

RULES = {
    "decay": SparseyRule(decay=True, ages=QUICK),
    "freeze-mac": SparseyRule(freeze="mac", saturation=0.3),
    "freeze-cell": SparseyRule(freeze="cell", saturation=0.4),
    "decay-freeze-mac": SparseyRule(decay=True, ages=QUICK, freeze="mac", saturation=0.4),
    "decay-freeze-cell": SparseyRule(decay=True, ages=((3, 4, 5), (6, 7, 8)), freeze="cell"),
}


@pytest.mark.parametrize("rule", RULES)
def test_learning_equals_the_reference(rule: str, seed: int) -> None:
    compare(two(RULES[rule]), {}, seed)
