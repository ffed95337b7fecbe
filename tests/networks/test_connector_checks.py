"""What connectors refuse: fields, neuron numbers, generators."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import AllToAll, FixedInDegree, FixedOutDegree, FixedProbability, FixedTotalNumber


@pytest.mark.parametrize("p", [-0.1, 1.0001, float("nan"), float("inf"), 2, np.float64(-1)])
def test_probability_outside_its_range(p: float) -> None:
    with pytest.raises(ValueError, match=r"FixedProbability\.p: expected a number from 0 to 1, got"):
        FixedProbability(p)


@pytest.mark.parametrize("p", ["0.1", None, True, 0.1j, [0.1]])
def test_probability_that_is_no_number(p: object) -> None:
    with pytest.raises(TypeError, match=r"FixedProbability\.p: expected a number from 0 to 1, got"):
        FixedProbability(p)


@pytest.mark.parametrize("rule", [FixedInDegree, FixedOutDegree, FixedTotalNumber])
def test_numbers_of_synapses(rule: type) -> None:
    message = rf"{rule.__name__}\.n: expected a whole number from 0 on, got "
    for n in (-1, 2.5, 3.0, float("nan")):
        with pytest.raises(ValueError, match=message + str(n)):
            rule(n)
    for n in ("3", None, True, [3]):
        with pytest.raises(TypeError, match=message):
            rule(n)


@pytest.mark.parametrize("flag", ["autapses", "multapses"])
def test_flags(flag: str) -> None:
    with pytest.raises(TypeError, match=rf"FixedInDegree\.{flag}: expected True or False, got 1"):
        FixedInDegree(3, **{flag: 1})
    assert FixedInDegree(3, **{flag: np.bool_(False)}) == FixedInDegree(3, **{flag: False})


@pytest.mark.parametrize(
    ("pre", "error", "message"),
    [
        ([0.0, 1.0], TypeError, r"pre: expected neuron numbers.* got shape \[2\] of float64"),
        ([[0, 1]], TypeError, r"pre: expected neuron numbers.* got shape \[1, 2\] of int64"),
        ([3, -1], ValueError, "pre: expected neuron numbers from 0 on, got -1"),
        ([3, 1, 3], ValueError, "pre: expected each neuron once, got 3 several times"),
    ],
)
def test_neuron_numbers(pre, error, message) -> None:
    with pytest.raises(error, match=message):
        AllToAll().pairs(np.array(pre), np.arange(3), False, np.random.default_rng(0), None)


def test_generator() -> None:
    with pytest.raises(TypeError, match=r"rng: expected a numpy\.random\.Generator, got 7"):
        FixedProbability(0.1).pairs(np.arange(3), np.arange(3), False, 7, None)
