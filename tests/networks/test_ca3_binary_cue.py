"""The DG-CA3-CA1 memory against an oracle by another author, and against a table."""

from __future__ import annotations

import ca3_oracle as oracle
import numpy as np
import pytest

from spikegram.networks import CA3BinaryCueMemory


def raster(memory: CA3BinaryCueMemory, name: str) -> list[tuple[int, int]]:
    spikes = memory.result[name].spikes
    return [(int(t), int(i)) for t, i in zip(spikes.steps, spikes.ids, strict=True)]


def operations(C: int, K: int, seed: int, n: int = 60) -> list:
    """Random learn and recall operations, 20 ms apart, as the oracle takes them."""
    rng = np.random.default_rng(seed)
    found = []
    for t in range(0, 20 * n, 20):
        bits = {int(b) for b in np.flatnonzero(rng.random(K) < 0.5)} or {int(rng.integers(K))}
        learn = rng.random() < 0.5
        found.append((t, "learn" if learn else "cue", int(rng.integers(1, C + 1)), bits if learn else set()))
    return found


@pytest.mark.parametrize(
    ("shape", "backend"),
    [((5, 4), "numba"), ((5, 4), "reference"), ((16, 6), "numba"), ((1, 3), "reference")],  # one structure to compile
)
def test_equals_the_oracle_and_a_table(shape: tuple[int, int], backend: str) -> None:
    todo, table = operations(*shape, seed=5), {}
    memory = CA3BinaryCueMemory(*shape, backend=backend)
    for _, kind, cue, bits in todo:
        if kind == "learn":
            memory.learn(cue, bits)
            table[cue] = bits
        else:
            assert memory.recall(cue) == table.get(cue, set())
    truth = oracle.simulate_binary_cue(*shape, todo, 20 * len(todo))
    for population in ("DG", "CA3cue", "CA3cont", "CA1", "OUT"):
        assert raster(memory, population) == truth["spikes"][population], population
    np.testing.assert_allclose(memory.weights, truth["S1"], rtol=0, atol=1e-9)


def test_latencies_are_those_of_the_card() -> None:
    memory = CA3BinaryCueMemory(cues=5, bits=4, backend="reference")
    memory.learn(3, {0, 2})
    assert memory.recall(3) == {0, 2}
    memory.learn(3, {1})
    rows: dict[int, list[int]] = {}
    for t, i in raster(memory, "OUT"):  # lines 0 and 1 are those of 3 = 0b011, bits begin at 3
        rows.setdefault(t, []).append(i)
    assert rows == {
        **{4: [0, 1, 3, 5], 6: [0, 1, 3, 5], 24: [0, 1], 25: [3, 5]},
        **{44: [0, 1, 4], 45: [3, 5], 46: [0, 1, 4]},
    }


@pytest.mark.parametrize(("cues", "lines"), [(1, 1), (2, 2), (3, 2), (4, 3), (7, 3), (8, 4)])
def test_number_of_lines(cues: int, lines: int) -> None:
    memory = CA3BinaryCueMemory(cues, 2, backend="reference")
    assert memory.lines == lines == int(np.ceil(np.log2(cues + 1)))
    memory.learn(cues, {1})
    assert memory.recall(cues) == {1}
    assert {i for _, i in raster(memory, "DG")} == {cues - 1}


def test_what_is_refused() -> None:
    memory = CA3BinaryCueMemory(5, 4, backend="reference")
    with pytest.raises(ValueError, match=r"cue: expected a whole number in 1 \.\.\. 5, got 0"):
        memory.learn(0, {1})
    with pytest.raises(ValueError, match=r"cue: .* got 6"):
        memory.recall(6)
    with pytest.raises(ValueError, match="bits: expected .* got none"):
        memory.learn(1, [])
    with pytest.raises(ValueError, match="gap: expected a whole number of ms >= 7"):
        CA3BinaryCueMemory(5, 4, gap=6)
    assert memory.time == 0
