"""Binary Hopfield memories: published capacities, recall, files, messages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikegram.networks import Classic, Exponential, HopfieldNetwork, Polynomial


def signs(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.choice(np.array([-1, 1], dtype=np.int8), shape)


def filled(form: object, N: int, K: int, rng: np.random.Generator) -> tuple[HopfieldNetwork, np.ndarray]:
    memory, patterns = HopfieldNetwork(N, form), signs(rng, K, N)
    memory.store(patterns)
    return memory, patterns


# The overlap after convergence from a pattern, N = 200: 0.969 and 0.463 at loads 0.138 and 0.3 are means over 60
# networks, which a product with the matrix J confirmed; one network scatters by 0.03 and 0.05.
@pytest.mark.parametrize(("load", "overlap"), [(0.08, 1.0), (0.1, 0.998), (0.138, 0.969), (0.2, 0.761), (0.3, 0.463)])
def test_classic_capacity(load: float, overlap: float, seed: int) -> None:
    rng, came = np.random.default_rng(seed), []
    for network in range(20):
        memory, patterns = filled(Classic(), 200, round(200 * load), rng)
        states, info = memory.recall(patterns, seed=network)
        assert info.converged.all()
        came.append((states * patterns.astype(float)).mean())
    assert np.mean(came) == pytest.approx(overlap, abs=0.03)


@pytest.mark.parametrize(
    ("form", "N", "K", "cues", "error"),
    [
        (Polynomial(3), 100, 300, 300, 4.3e-4),  # what theory says; few draws have no error at all
        (Polynomial(3), 100, 1000, 1000, 0.0355),
        (Polynomial(4), 100, 5000, 200, 0.0),
        (Polynomial(4), 100, 20000, 300, 0.041),
        (Exponential(), 60, 2000, 500, 0.0),
        (Exponential(), 40, 200_000, 30, 0.0),
    ],
    ids=str,
)
def test_bit_errors_of_dense_memories(form: object, N: int, K: int, cues: int, error: float, seed: int) -> None:
    memory, patterns = filled(form, N, K, np.random.default_rng(seed))
    states, _ = memory.recall(patterns[:cues], steps=1)
    assert (states != patterns[:cues]).mean() == pytest.approx(error, abs=max(error / 4, 5e-4))


def test_exponential_memory_repairs_cues(seed: int) -> None:
    memory, patterns = filled(Exponential(), 60, 2000, np.random.default_rng(seed))
    cues = patterns[:50].copy()
    cues[:, :10] *= -1
    states, info = memory.recall(cues, threads=2)
    assert np.array_equal(states, patterns[:50]) and info.converged.all() and (info.flips >= 10).all()
    assert np.array_equal(cues[:, :10], -patterns[:50, :10])  # the cues are left alone


def test_energy_falls_and_is_in_blocks(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    rng = np.random.default_rng(seed)
    memory, _ = filled(Polynomial(3), 50, 30, rng)
    cues = signs(rng, 20, 50)
    whole = memory.energy(cues)
    monkeypatch.setattr("spikegram.networks.hopfield._BLOCK", 90)
    assert np.array_equal(memory.energy(cues), whole)
    assert (memory.energy(memory.recall(cues)[0]) <= whole).all()
    assert memory.energy(cues[:0]).shape == (0,)


@pytest.mark.parametrize("form", [Classic(), Polynomial(3), Exponential()], ids=str)
def test_heat_bath_samples_the_boltzmann_distribution(form: object, seed: int) -> None:
    memory, _ = filled(form, 4, 2, np.random.default_rng(seed))
    every = np.array([[1 if k >> i & 1 else -1 for i in range(4)] for k in range(16)], dtype=np.int8)
    weight = np.exp(-memory.energy(every) / 1.5)
    came, info = memory.recall(np.repeat(every, 500, axis=0), steps=20, temperature=1.5, seed=seed)
    counts = np.bincount((came > 0) @ (1 << np.arange(4)), minlength=16)
    expected = weight / weight.sum() * len(came)
    assert ((counts - expected) ** 2 / expected).sum() < 37.7  # 15 degrees of freedom: 99.9 %
    assert (info.steps == 20).all()


def test_store_adds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    patterns = signs(rng, 6, 70)
    one, two = HopfieldNetwork(70), HopfieldNetwork(70)
    one.store(patterns)
    two.store(patterns[:2] > 0)
    two.recall(patterns)
    two.store(patterns[2:].astype(float))
    assert len(two) == 6 and np.array_equal(two.patterns, patterns)
    assert np.array_equal(one.recall(patterns)[0], two.recall(patterns)[0])


def test_capacities() -> None:
    assert HopfieldNetwork(1000).capacity("retrieval") == pytest.approx(137.9, abs=0.1)
    assert HopfieldNetwork(1000).capacity() == pytest.approx(1000 / (2 * np.log(1000)))
    assert HopfieldNetwork(1000).capacity("all") == pytest.approx(1000 / (4 * np.log(1000)))
    assert HopfieldNetwork(100, Polynomial(4)).capacity() == pytest.approx(7238, abs=1)
    assert HopfieldNetwork(40, Exponential()).capacity() == pytest.approx(2**20 + 1)
    with pytest.raises(ValueError, match=r"criterion: 'all' is known for Classic\(\) only"):
        HopfieldNetwork(40, Exponential()).capacity("all")


@pytest.mark.parametrize("form", [Classic(), Polynomial(5, rectified=True), Exponential()], ids=str)
def test_saved_and_loaded(form: object, tmp_path: Path, seed: int) -> None:
    memory, patterns = filled(form, 33, 4, np.random.default_rng(seed))
    memory.save(tmp_path / "m.npz")
    again = HopfieldNetwork.load(tmp_path / "m.npz")
    assert again.form == form and again.size == 33 and np.array_equal(again.patterns, patterns)


def test_messages() -> None:
    memory = HopfieldNetwork(3)
    with pytest.raises(ValueError, match="nothing is stored"):
        memory.recall([[1, 1, 1]])
    memory.store([[1, 1, 1]])
    for call, error, message in [
        (lambda: memory.store([[1, 1]]), ValueError, r"patterns: expected shape \[., N = 3\], got \[1, 2\]"),
        (lambda: memory.recall([[1, 0, 1]]), ValueError, r"cues: expected -1 and \+1"),
        (lambda: memory.recall([[1, 1, 1]], temperature=-1), ValueError, "temperature: expected a finite number >= 0"),
        (lambda: memory.recall([[1, 1, 1]], steps=0), ValueError, "steps: expected at least 1, got 0"),
        (lambda: memory.recall([[1, 1, 1]], dynamics="parallel"), ValueError, "dynamics: expected one of"),
        (lambda: memory.recall([[1, 1, 1]], order="up"), ValueError, "order: expected one of random, sequential"),
        (lambda: HopfieldNetwork(3, "classic"), TypeError, r"form: expected Classic\(\)"),
        (lambda: HopfieldNetwork(3, backend="gpu"), ValueError, "backend: expected one of numba, reference"),
        (lambda: HopfieldNetwork(1), ValueError, "size: expected at least 2"),
    ]:
        with pytest.raises(error, match=message):
            call()
