"""Kanerva's memory: the definition written out, theory of its errors, convergence, messages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikegram.networks import SDM
from spikegram.networks.memory import pack_bits, unpack_bits


def signs(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.choice(np.array([-1, 1], dtype=np.int8), shape)


def test_writing_and_reading_written_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    memory, words = SDM(20, places=300, radius=6, seed=3), signs(rng, 5, 20)
    memory.store(words)
    addresses = 2 * unpack_bits(memory._addresses, 20).astype(int) - 1
    active = (addresses @ words.T) >= 20 - 2 * 6  # distance <= 6
    assert np.array_equal(memory.counters, active.astype(int) @ words)
    cues = signs(rng, 8, 20)
    total = ((addresses @ cues.T) >= 8).T.astype(int) @ memory.counters
    assert np.array_equal(memory.recall(cues, steps=1)[0], np.where(total == 0, cues, np.sign(total)))


def test_share_of_active_places(seed: int) -> None:
    memory = SDM(256, places=20_000, share=0.01)
    rng = np.random.default_rng(seed)
    found = [memory.active(word).size for word in pack_bits(signs(rng, 50, 256) > 0)]
    assert 0.005 < memory.share <= 0.01
    assert np.mean(found) / 20_000 == pytest.approx(memory.share, rel=0.05)
    assert SDM(1000, places=1, radius=451).share == pytest.approx(0.001, abs=1e-4)  # Kanerva's example


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_errors_stay_below_the_bound_of_theory(factor: float, seed: int) -> None:
    memory = SDM(256, places=4000, share=0.01)
    T = round(factor * memory.capacity(0.01))
    words = signs(np.random.default_rng(seed), T, 256)
    memory.store(words)
    error = (memory.recall(words[:200], steps=1)[0] != words[:200]).mean()
    bound = memory.bit_error(T)
    assert bound / 2 - 0.002 <= error <= bound + 0.002


def test_damaged_words_converge(seed: int) -> None:
    rng = np.random.default_rng(seed)
    memory, words = SDM(256, places=4000, share=0.02), signs(rng, 60, 256)
    memory.store(words)
    cues = np.where(rng.random(words.shape) < 0.12, -words, words)
    states, info = memory.recall(cues)
    assert (states == words).all(1).mean() > 0.95 and info.converged.mean() > 0.95 and info.steps.max() > 1


def test_saved_and_loaded(tmp_path: Path, seed: int) -> None:
    memory, words = SDM(64, places=500, share=0.05, seed=9), signs(np.random.default_rng(seed), 4, 64)
    memory.store(words)
    memory.save(tmp_path / "s.npz")
    again = SDM.load(tmp_path / "s.npz")
    assert repr(again) == repr(memory) and np.array_equal(again.recall(words)[0], memory.recall(words)[0])


def test_messages() -> None:
    empty = SDM(64, places=2, radius=0)
    for call, message in [
        (lambda: empty.store(np.ones((1, 64))), "patterns: pattern 0 activates none of 2 places"),
        (lambda: empty.store(np.zeros((1, 64))), r"patterns: expected -1 and \+1"),
        (lambda: SDM(64, radius=65), "radius: expected at most size = 64"),
        (lambda: SDM(64, share=0), "share: expected a finite number > 0"),
        (lambda: empty.capacity(0.5), "error: expected a probability"),
        (lambda: empty.recall(np.ones((1, 3))), "cues: expected shape"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    assert empty.bit_error(1) == 0.0
