"""Willshaw's memory: by hand, theory of its load, recall of damaged cues, messages."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from spikegram.networks import Willshaw


def sparse(rng: np.random.Generator, P: int, N: int, a: int) -> np.ndarray:
    return rng.permuted(np.arange(N) < a, axis=0) if P == 1 else rng.permuted(np.tile(np.arange(N) < a, (P, 1)), axis=1)


def test_synapses_are_those_of_the_definition(seed: int) -> None:
    patterns = sparse(np.random.default_rng(seed), 9, 70, 5)
    memory = Willshaw(70)
    memory.store(patterns[:4])
    memory.store(patterns[4:].astype(int))
    assert np.array_equal(memory.weights, (patterns.T.astype(int) @ patterns) > 0) and len(memory) == 9
    assert memory.load_of_synapses() == memory.weights.mean()
    cues = patterns & (np.random.default_rng(1).random(patterns.shape) < 0.6)
    cues[cues.sum(1) == 0] = patterns[cues.sum(1) == 0]
    h = cues.astype(int) @ memory.weights
    assert np.array_equal(memory.recall(cues)[0], h >= cues.sum(1, keepdims=True))
    winners = np.sort(h, axis=1)[:, [-5]]
    assert np.array_equal(memory.recall(cues, threshold="winners")[0], h >= np.maximum(winners, 1))


def test_parts_call_the_whole_and_wrong_bits_need_winners(seed: int) -> None:
    rng = np.random.default_rng(seed)
    N, a = 1000, 10
    patterns, memory = sparse(rng, 500, N, a), Willshaw(N)
    memory.store(patterns)
    half = patterns.copy()
    for cue in half:
        cue[np.flatnonzero(cue)[: a // 2]] = False
    states, info = memory.recall(half)
    assert (states & patterns == patterns).all() and (states != patterns).mean() < 1e-3
    wrong = half | sparse(rng, 500, N, 2)
    assert not memory.recall(wrong)[0].any(1).all()  # one wrong bit silences cells
    came, info = memory.recall(wrong, steps=5, threshold="winners")
    assert (came == patterns).all(1).mean() > 0.98 and info.converged.mean() > 0.98


@pytest.mark.parametrize(("N", "a"), [(512, 6), (1024, 10)])
def test_load_and_errors_are_those_of_theory(N: int, a: int, seed: int) -> None:
    memory = Willshaw(N)
    P = round(memory.capacity(a))
    patterns = sparse(np.random.default_rng(seed), P, N, a)
    memory.store(patterns)
    p = 1 - (1 - a * (a - 1) / (N * (N - 1))) ** P
    assert memory.load_of_synapses() == pytest.approx(p, abs=0.01)
    assert p == pytest.approx((N - a) ** (-1 / a), rel=1e-3)
    wrong = (memory.recall(patterns[:400])[0] != patterns[:400]).sum(1).mean()
    assert wrong == pytest.approx(1.0, abs=0.6)  # synapses of a cell are not quite independent
    assert memory.capacity() == memory.capacity(a) and memory.capacity(1) == math.inf


def test_bits_per_synapse_go_to_ln_2() -> None:
    bits = []
    for N in (10**3, 10**5, 10**7):
        a = round(math.log2(N))
        P = math.log(2) * (N / a) ** 2
        bits.append(P * a * math.log2(N) / N**2)
    assert bits[-1] == pytest.approx(math.log(2), rel=0.05)


def test_saved_and_loaded(tmp_path: Path, seed: int) -> None:
    memory, patterns = Willshaw(40), sparse(np.random.default_rng(seed), 6, 40, 4)
    memory.store(patterns)
    memory.save(tmp_path / "w.npz")
    again = Willshaw.load(tmp_path / "w.npz")
    assert np.array_equal(again.weights, memory.weights) and repr(again) == repr(memory)


def test_nothing_calls_nothing() -> None:
    memory = Willshaw(4)
    memory.store([[1, 1, 0, 0]])
    states, info = memory.recall(np.zeros((1, 4)))
    assert not states.any() and info.converged.all()


def test_messages() -> None:
    memory = Willshaw(4)
    for call, message in [
        (lambda: memory.store([[1, 0, 0, 1], [0, 0, 0, 0]]), "patterns: expected at least one 1 in each, got none in"),
        (lambda: memory.store([[1, -1, 0, 0]]), "patterns: expected 0 and 1"),
        (lambda: memory.recall([[1, 0, 0, 0]], threshold="winners"), "active: nothing is stored"),
        (lambda: memory.recall([[1, 0, 0, 0]], active=2), "active: belongs to threshold='winners'"),
        (lambda: memory.recall([[1, 0, 0, 0]], threshold="winners", active=5), "active: expected at most 4"),
        (lambda: memory.recall([[1, 0, 0, 0]], threshold="half"), "threshold: expected one of all, winners"),
        (lambda: memory.capacity(), "active: nothing is stored"),
        (lambda: memory.capacity(4), "active: expected less than size"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
