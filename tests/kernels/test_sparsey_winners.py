"""Every form of the sigmoid, from its table: winners, gains and inflection as in the reference."""

from __future__ import annotations

import pytest
from sparsey_frames import compare, two

from spikegram.neurons.sparsey import SIGMOIDS


@pytest.mark.parametrize("sigmoid", SIGMOIDS)
def test_sigmoids_equal_the_reference(sigmoid: str, seed: int) -> None:
    compare(two(sigmoid=sigmoid), dict(hard=sigmoid == "2010"), seed)
