"""The two auto-associative CA3 memories against the published rasters and an oracle by another author."""

from __future__ import annotations

from pathlib import Path

import ca3_oracle as oracle
import ca3_published as published
import numpy as np
import pytest

from spikegram.networks import CA3OscillatoryMemory, CA3RegulatedMemory, Result

BACKENDS = ["numba", "reference"]
A, B, C = {0, 1, 2, 3, 4}, {10, 11, 12, 13, 14}, {5, 6, 7, 8, 9}


def raster(result: Result, name: str) -> list[tuple[int, int]]:
    spikes = result[name].spikes
    return [(int(t), int(i)) for t, i in zip(spikes.steps, spikes.ids, strict=True)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_oscillatory_raster_is_the_published_one(backend: str) -> None:
    shown = published.OSCILLATORY_PRESENTATIONS
    memory = CA3OscillatoryMemory(backend=backend)
    held = [(t, ids) for first, last, ids in shown for t in range(first, last + 1)]
    times = np.concatenate([[t] * len(ids) for t, ids in held])
    memory.network.add_spikes(memory.network.populations["DG"], times, np.concatenate([list(ids) for _, ids in held]))
    # silent from 36 to 42, so that no spike is on its way when the weights are compared
    memory.network.run(42, backend=backend)
    truth = oracle.simulate_oscillatory(shown[:3], 42)
    np.testing.assert_allclose(memory.weights, truth["W"], rtol=0, atol=1e-9)
    assert not memory.weights.diagonal().any() and memory.weights.max() == 12
    result = memory.network.run(published.OSCILLATORY_STEPS - 42, backend=backend)
    spikes = raster(result, "PC")
    assert spikes == oracle.simulate_oscillatory(shown, published.OSCILLATORY_STEPS)["spikes"]["PC"]
    for neuron, wanted in published.OSCILLATORY_PC.items():
        assert [t for t, n in spikes if n == neuron] == wanted


@pytest.mark.parametrize("pattern", [A, B, C])
def test_oscillatory_completes_any_missing_cell(pattern: set[int]) -> None:
    for missing in [None, *pattern]:
        memory = CA3OscillatoryMemory()
        for learned in (A, B, C):
            memory.learn(learned)
        fragment = pattern - {missing}
        assert memory.recall(fragment) == pattern
        late = [i for t, i in raster(memory.result, "PC") if t >= memory.time - 4]
        assert set(late) == (set() if missing is None else pattern)  # goes on unless all cells fire at once


def test_oscillatory_recalls_one_after_the_other() -> None:
    memory = CA3OscillatoryMemory()
    for pattern in (A, B, C):
        memory.learn(pattern)
    assert memory.recall({1, 2, 3, 4}) == A
    assert memory.recall({11, 12, 13, 14}) == B
    assert memory.time == 5 * 14
    memory.reset()
    assert memory.time == 0 and not memory.weights.any() and memory.recall({1, 2}) == {1, 2}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("fragment", "added"),
    [({14, 1, 2, 3, 4, 5}, range(6, 13)), ({0, 1, 2, 3, 4, 5}, range(6, 14)), ({14, 1, 2, 3, 4}, ())],
)
def test_regulated_completes_six_cells_of_overlapping_patterns(backend: str, fragment: set[int], added: range) -> None:
    memory = CA3RegulatedMemory(backend=backend)
    memory.learn(published.REGULATED_A)
    memory.learn(published.REGULATED_B)
    assert memory.recall(fragment) == fragment | set(added)
    assert memory.time == 2 * 50 + 20
    learn = [(t - 1, ids) for t, ids in published.REGULATED_LEARN]  # here from 0 on
    truth = oracle.simulate_regulated(learn, [(100, sorted(fragment))], 120)
    for name in ("PC", "INH"):
        assert raster(memory.result, name) == truth["spikes"][name]
    np.testing.assert_allclose(memory.weights, truth["W"], rtol=0, atol=1e-9)
    assert max(t for t, _ in raster(memory.result, "PC")) <= 102  # nothing goes on


def test_patterns_may_be_masks() -> None:
    memory = CA3RegulatedMemory(backend="reference")
    mask = np.zeros(15, dtype=bool)
    mask[published.REGULATED_A] = True
    memory.learn(mask)
    assert memory.recall({14, 1, 2, 3, 4, 5}) == set(published.REGULATED_A)


def test_plot(tmp_path: Path) -> None:
    memory = CA3OscillatoryMemory(backend="reference")
    memory.learn(A)
    memory.plot(tmp_path / "raster.png")
    assert (tmp_path / "raster.png").stat().st_size > 5_000


def test_what_is_refused() -> None:
    for kind in (CA3OscillatoryMemory, CA3RegulatedMemory):
        memory = kind(backend="reference")
        with pytest.raises(ValueError, match="pattern: expected .* got none"):
            memory.learn([])
        with pytest.raises(ValueError, match=r"pattern: expected whole numbers in 0 \.\.\. 14 .* got 15"):
            memory.learn([0, 15])
        with pytest.raises(ValueError, match="fragment: .* boolean array of 15, got a boolean array of 4"):
            memory.recall(np.ones(4, dtype=bool))
        with pytest.raises(ValueError, match=r"neurons: expected a whole number in 2 \.\.\. 32768, got 1"):
            kind(neurons=1)
        with pytest.raises(ValueError, match="gap: expected a whole number of ms >= 10"):
            kind(gap=9)
        assert memory.time == 0
