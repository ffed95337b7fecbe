"""The memory of real patterns: blocks give what the reference gives, files, messages."""

from __future__ import annotations

import math
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spikegram.networks import ModernHopfield
from spikegram.networks import modern_hopfield as module
from spikegram.networks.hopfield_forms import hopfield_energy, hopfield_update, retrieve

ACTIVATIONS = ("softmax", "sparsemax", "entmax15", ("entmax", 1.3), "normmax")


def filled(P: int, N: int, seed: int, **options: Any) -> tuple[ModernHopfield, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    memory, X = ModernHopfield(N, **options), rng.standard_normal((P, N))
    memory.store(X)
    return memory, X, X[: P // 2] + 0.3 * rng.standard_normal((P // 2, N))


@pytest.mark.parametrize("beta", [0.05, 1.0, 30.0])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_blocks_are_the_reference(activation: Any, beta: float, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    memory, X, cues = filled(50, 12, seed, beta=beta, activation=activation)
    monkeypatch.setattr(module, "_QUERIES", 7)
    monkeypatch.setattr(module, "_TILE", 60)
    memory.budget = 10 * 50 * 8 * 4
    want, p = hopfield_update(X, cues, beta, activation)
    states, info = memory.recall(cues)
    assert np.allclose(states, want, atol=1e-12) and (info.steps == 1).all()
    assert np.allclose(memory.energy(cues), hopfield_energy(X, cues, beta, activation), rtol=1e-12, atol=1e-10)
    assert np.allclose(memory.weights(cues), p, atol=1e-12)
    for stop_on in ("p", "state"):
        found = retrieve(X, cues, beta, 50, 1e-6, stop_on, activation)
        states, info = memory.recall(cues, 51, 1e-6, stop_on)
        assert np.allclose(states, found.states, atol=1e-10)
        assert np.array_equal(info.steps, found.steps) and np.array_equal(info.converged, found.converged)


def test_no_cues_give_no_states(seed: int) -> None:
    for activation in ("softmax", "sparsemax"):
        memory, _, cues = filled(6, 4, seed, activation=activation)
        assert memory.recall(cues[:0])[0].shape == (0, 4) and memory.recall(cues[:0], steps=None)[0].shape == (0, 4)
        assert memory.energy(cues[:0]).shape == (0,) and memory.mixture(cues[:0]).k.shape == (0,)


def test_threads_share_the_patterns(seed: int) -> None:
    memory, X, cues = filled(60, 12, seed, beta=2.0)
    for threads in (1, 2, 3, 100):
        states, _ = memory.recall(cues, threads=threads)
        assert np.allclose(states, memory.recall(cues)[0], atol=1e-13)
    with pytest.raises(ValueError, match="threads: expected at least 1"):
        memory.recall(cues, threads=0)


def test_single_precision_leaves_out_what_cannot_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((20_000, 64)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    cues = X[:300] + 0.02 * rng.standard_normal((300, 64)).astype(np.float32)
    for beta in (1.0, 20.0, 100.0):
        memory = ModernHopfield(64, beta=beta, dtype="float32")
        memory.store(X)
        exact = hopfield_update(X.astype(float), cues.astype(float), beta)[0]
        states, _ = memory.recall(cues)
        assert states.dtype == np.float32 and np.abs(states - exact).max() < 1e-5


@pytest.mark.parametrize("activation", ["softmax", "sparsemax"])
def test_memory_of_retrieval_is_bounded(activation: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((200_000, 8), dtype=np.float32)
    memory = ModernHopfield(8, beta=5.0, activation=activation, dtype="float32", budget=2**24)
    memory.store(X)
    cues = X[:64] + np.float32(0.1)  # all weights at once would take 51 MB
    tracemalloc.start()
    states, _ = memory.recall(cues)
    memory.energy(cues)
    memory.mixture(cues[:4])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.25 * 2**24
    assert np.allclose(states[:2], hopfield_update(X, cues[:2], np.float32(5), activation)[0], atol=1e-4)


def test_until_convergence(seed: int) -> None:
    memory, X, cues = filled(20, 40, seed, beta=1.0)
    states, info = memory.recall(cues, steps=None, eps=1e-8)
    assert info.converged.all() and np.abs(memory.recall(states)[0] - states).max() < 1e-8
    assert np.linalg.norm(states - X[:10], axis=1).max() < 1e-3


def test_mixture_of_kinds_of_fixed_points(seed: int) -> None:
    memory, X, _ = filled(20, 40, seed, beta=1e-4)
    memory.budget = 10 * 20 * 8 * 3
    average = memory.mixture(X)
    assert (average.k == 18).all() and average.entropy == pytest.approx(math.log(20), abs=1e-3)
    memory.beta = 5.0
    single = memory.mixture(X)
    assert (single.k == 1).all() and np.array_equal(single.best, np.arange(20)) and (single.largest > 0.99).all()
    assert (memory.mixture(X, mass=1.0).k <= 20).all()


def test_exact_fixed_points(seed: int) -> None:
    memory, X, _ = filled(20, 40, seed, beta=1.0, activation="sparsemax")
    memory.beta = 1.0001 / np.sort(memory.separation())[10]
    own = memory.exact()
    states, _ = memory.recall(X)
    assert own.sum() == 10 and np.array_equal(states[own], X[own])
    assert not ModernHopfield.exact(filled(20, 40, seed)[0]).any()  # softmax has none


def test_capacity() -> None:
    memory = ModernHopfield(20, beta=1.0)
    assert memory.capacity(radius=3 * math.sqrt(19)) == pytest.approx(math.sqrt(0.001) * 3.15461 ** (19 / 4), rel=1e-4)
    with pytest.raises(ValueError, match="capacity: the theorem needs a larger beta"):
        memory.capacity(radius=1.0)
    memory.store(np.full((1, 20), 3.0))
    assert memory.capacity() > 1


@pytest.mark.parametrize("activation", ["softmax", ("normmax", 3)], ids=str)
def test_saved_and_loaded(activation: Any, tmp_path: Path, seed: int) -> None:
    memory, X, cues = filled(9, 5, seed, beta=2.5, activation=activation, dtype="float32")
    memory.save(tmp_path / "m.npz")
    again = ModernHopfield.load(tmp_path / "m.npz")
    assert repr(again) == repr(memory) and np.array_equal(again.recall(cues)[0], memory.recall(cues)[0])
    memory.store(X[:1])
    assert len(memory) == 10


def test_messages() -> None:
    memory = ModernHopfield(3)
    with pytest.raises(ValueError, match="nothing is stored"):
        memory.recall([[1, 1, 1]])
    memory.store(np.eye(3))
    tight = ModernHopfield(3, activation="sparsemax", budget=8)
    tight.store(np.eye(3))
    for call, message in [
        (lambda: memory.store([[1, np.nan, 0]]), "patterns: expected finite numbers, got nan"),
        (lambda: memory.recall([[1, 1]]), r"cues: expected shape \[., N = 3\]"),
        (lambda: memory.recall([[1, 1, 1]], steps=0), "steps: expected at least 1"),
        (lambda: memory.recall([[1, 1, 1]], eps=-1), "eps: expected a finite number >= 0"),
        (lambda: memory.recall([[1, 1, 1]], stop_on="xi"), "stop_on: expected one of p, state"),
        (lambda: tight.recall([[1, 1, 1]]), "budget: the weights of one query need 72 bytes, got 8"),
        (lambda: ModernHopfield(3, beta=0), "beta: expected a finite number > 0"),
        (lambda: ModernHopfield(3, dtype="int8"), "dtype: expected one of float32, float64"),
        (lambda: ModernHopfield(3, activation="relu"), "activation: expected one of"),
        (lambda: memory.mixture([[1, 1, 1]], mass=0), "mass: expected a finite number > 0 and <= 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
