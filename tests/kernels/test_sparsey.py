"""Compiled frames of Sparsey equal the reference in every winner, familiarity and synapse."""

from __future__ import annotations

from typing import Any

import pytest
from sparsey_frames import compare, two

from spikegram.networks.sparsey_layout import SparseyLevel
from spikegram.neurons.sparsey import SparseyParams

# one mac whose cells do not fill whole words, with more active inputs than eight
ONE = [SparseyLevel(SparseyParams(11, 7), signals="U")]
CASES: dict[str, tuple[list[SparseyLevel], dict[str, Any]]] = {
    "one": (ONE, {}),
    "two": (two(), {}),
    "two-hard": (two(), dict(hard=True)),
    "two-replay": (two(least=2, most=6), dict(replay=True)),
}


@pytest.mark.parametrize("case", CASES)
def test_frames_equal_the_reference(case: str, seed: int) -> None:
    compare(*CASES[case], seed)
