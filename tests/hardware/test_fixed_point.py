"""Fixed-point numbers against what was decoded from the data of a virtual board."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.hardware.fixed_point import SynapseGroup, largest_input, s16_15, stored_weight, weight_shift


def test_s16_15() -> None:
    assert s16_15(20.0) * 2**15 == 0x000A0000
    assert s16_15(-50.0) * 2**15 == -0x00190000  # 0xFFE70000 as a signed word
    assert abs(s16_15(0.3) - 0.3) <= 2**-16
    np.testing.assert_array_equal(s16_15([1 / 65536, 1.0, 3 / 65536]), [0, 1, 2 / 32768])


@pytest.mark.parametrize(
    ("largest", "shift"),
    [(0.0, 0), (0.7, 0), (1.0, 1), (1.5, 1), (2.0, 2), (6.0, 3), (60.0, 6), (64.0, 7), (600.0, 10)],
)
def test_shift(largest: float, shift: int) -> None:
    assert weight_shift(largest) == shift


@pytest.mark.parametrize(
    ("weight", "shift", "integer"),
    [(0.3, 2, 0x099A), (2.0, 2, 0x4000), (0.0004, 2, 0x0003), (1.7, 2, 0x3666), (-0.7, 0, 0x599A)],
)
def test_five_words(weight: float, shift: int, integer: int) -> None:
    assert stored_weight(weight, shift) * 2 ** (15 - shift) == integer


@pytest.mark.parametrize("bad", [-1.0, math.inf, math.nan])
def test_shift_refuses(bad: float) -> None:
    with pytest.raises(ValueError, match="largest"):
        weight_shift(bad)


def group(weight: float, count: int, inputs: int, same: bool = True) -> SynapseGroup:
    return SynapseGroup(np.full(count, weight), inputs, 30.0, same)


@pytest.mark.parametrize(
    ("groups", "shift"),
    [  # shifts that sPyNNaker 7.4.1 chose for populations of the CA3 memory with 5 cues and 10 bits
        ([group(6.0, 5, 1)], 3),  # CueCue: one-to-one
        ([group(6.0, 10, 1), group(6.0, 50, 5)], 6),  # ContCue: one-to-one and plastic, w_max 6
        ([group(6.0, 5, 1), group(6.0, 50, 10)], 7),  # CueCont
        ([group(9.0, 10, 1), group(2.0, 10, 1)], 4),  # Cond, excitatory
        ([group(6.0, 50, 5)], 5),  # Cond, inhibitory
        ([group(6.0, 10, 10)], 6),  # Int
        ([], 0),
    ],
)
def test_shift_of_inputs_that_may_come_together(groups: list, shift: int) -> None:
    assert weight_shift(largest_input(groups, dt=1.0, sigma=5.0)) == shift


def test_largest_input_of_mixed_delays() -> None:
    # 0.6 spikes a step on average: 0.6*0.1 + 5*sqrt(0.6*0.01) = 0.4473
    assert largest_input([group(0.1, 400, 20, False)], 1.0, 5.0) == pytest.approx(0.06 + 5 * math.sqrt(0.006))
    assert largest_input([group(0.1, 4, 2, False)], 1.0, 5.0) == pytest.approx(0.006 + 5 * math.sqrt(0.0006))
    assert largest_input([group(0.1, 4, 1, False)], 1.0, 50.0) == pytest.approx(0.1)  # never more than all together
