"""Panels of the Legendre memory: what is read is the input of that long ago."""

import numpy as np

from spikegram.scripts._gallery_legendre import DELAYS, INPUT, legendre, lmu


def test_what_is_read_is_the_delayed_input() -> None:
    lines = list(legendre().y.values())
    for delay, line in zip(DELAYS, lines[1:], strict=True):
        assert np.abs(line[delay:] - INPUT[:-delay]).max() < 0.05


def test_hidden_units_bend_what_the_memory_knows() -> None:
    for straight, bent in zip(list(legendre().y.values())[1:], list(lmu().y.values())[1:], strict=True):
        np.testing.assert_allclose(bent, np.tanh(straight), atol=1e-12)
