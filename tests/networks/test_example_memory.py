"""What the Hebbian networks that learn from examples share: a sum of examples is the examples, by hand and by file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikegram.networks import DenseHebbian, MultitaskingHebbian
from spikegram.networks.example_memory import ExampleMemory

STATES = [[1, 1, 1, -1], [-1, 1, -1, 1]]
EXAMPLES = [  # [K, M, N]
    [[1, 1, 1, -1], [1, 1, -1, -1], [1, -1, 1, -1]],
    [[-1, 1, -1, 1], [-1, -1, -1, 1], [1, 1, -1, 1]],
]


def made(kind: str, supervised: bool) -> ExampleMemory:
    if kind == "dense":
        return DenseHebbian(4, order=2, supervised=supervised, backend="reference")
    return MultitaskingHebbian(4, dilution=0, supervised=supervised, backend="reference")


@pytest.mark.parametrize("supervised", [True, False])
@pytest.mark.parametrize("kind", ["dense", "multitasking"])
def test_energy_and_overlaps_are_the_formulas(kind: str, supervised: bool, tmp_path: Path) -> None:
    memory = made(kind, supervised)
    with pytest.raises(ValueError, match="nothing is stored yet"):
        memory.energy(STATES)
    memory.store_examples(EXAMPLES, r=0.5)
    examples, states, R = np.array(EXAMPLES), np.array(STATES), 0.25 + 0.75 / 3
    x = np.einsum("kmn,qn->qkm", examples, states) / 4
    squares = x.mean(2) ** 2 if supervised else (x**2).mean(2)
    np.testing.assert_allclose(memory.energy(STATES), -2 / R * squares.sum(1), rtol=1e-13)
    np.testing.assert_allclose(memory.overlaps(STATES), 0.5 / R * x.mean(2), rtol=1e-13)
    turned = states * np.array([1, 1, -1, 1])
    change = (memory.energy(states) - memory.energy(turned)) * states[:, 2]
    np.testing.assert_allclose(memory.energy_change(STATES, 2), change, rtol=1e-12)
    assert memory.patterns_stored == 2
    memory.save(tmp_path / "memory.npz")
    again = type(memory).load(tmp_path / "memory.npz")
    assert again.energy(STATES).tolist() == memory.energy(STATES).tolist() and repr(again) == repr(memory)


def test_refusals() -> None:
    memory = made("multitasking", True)
    for wrong in (np.ones((2, 3, 5)), np.ones((2, 0, 4)), np.ones((2, 4))):
        with pytest.raises(ValueError, match=r"examples: expected shape \[K, M, N = 4\], got"):
            memory.store_examples(wrong, 0.5)
    memory.store([[1, 1, -1, -1]])
    with pytest.raises(ValueError, match=r"spin: expected 0 ... 3, got 4"):
        memory.energy_change(STATES, 4)
