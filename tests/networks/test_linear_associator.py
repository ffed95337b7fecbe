"""Hebb's rule and the delta rule: published table, conditioning, least squares, capacities."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from spikegram.networks import LinearAssociator
from spikegram.networks import linear_associator as module
from spikegram.networks.linear_associator import (
    associator_scan,
    associator_step,
    cosine_expected,
    pairs_that_fit,
    sign_error,
)


def unit(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    k = rng.standard_normal((n, d))
    return k / np.linalg.norm(k, axis=1, keepdims=True)


def strengths(schedule: list[tuple[list[float], float]], rule: str, eta: float) -> np.ndarray:
    """Associative strengths after trials (stimuli shown, reward)."""
    memory = LinearAssociator(2, 1, rule=rule, eta=eta)
    for stimuli, reward in schedule:
        memory.store([stimuli], [[reward]])
    return memory.S[:, 0]


def test_hebb_is_linear_attention(seed: int) -> None:
    rng = np.random.default_rng(seed)
    q, k, v = rng.standard_normal((3, 12, 5))
    S, o = np.zeros((5, 5)), []
    for t in range(12):
        S = associator_step(S, k[t], v[t])
        o.append(S.T @ q[t])
    assert np.abs(np.array(o) - np.tril(q @ k.T) @ v).max() < 1e-10


@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("rule", ["hebb", "delta"])
def test_chunks_are_the_recurrence(rule: str, gated: bool, seed: int) -> None:
    """Written out once more: S_t = gamma (I - eta k k') S + eta k v' of the gated delta rule."""
    rng, T = np.random.default_rng(seed), 23
    q, k, v = rng.standard_normal((T, 6)), unit(rng, T, 6), rng.standard_normal((T, 4))
    eta = rng.uniform(0.1, 1.9, T) if gated else 1.0
    gamma = rng.uniform(0.5, 1, T) if gated else 1.0
    start = rng.standard_normal((6, 4))
    S, o = start, []
    for t in range(T):
        e, g = (eta[t], gamma[t]) if gated else (eta, gamma)
        S = g * (S - (e * np.outer(k[t], k[t]) @ S if rule == "delta" else 0)) + e * np.outer(k[t], v[t])
        o.append(q[t] @ S)
    for form, chunk in (("recurrent", 1), ("chunk", 1), ("chunk", 5), ("chunk", 64), ("parallel", 1)):
        came, last = associator_scan(q, k, v, rule, eta, gamma, form, chunk, start)
        assert np.abs(came - o).max() < 1e-10 and np.abs(last - S).max() < 1e-10
    first, S = associator_scan(q[:9], k[:9], v[:9], rule)
    second, _ = associator_scan(q[9:], k[9:], v[9:], rule, S=S)
    assert np.abs(np.concatenate([first, second]) - associator_scan(q, k, v, rule)[0]).max() < 1e-12


def test_chunks_forget_without_dividing_by_nothing() -> None:
    """gamma = 0.01 over 400 pairs: the product of all is 1e-800, below any number."""
    k = np.tile(np.eye(2), (200, 1))
    came, S = associator_scan(k, k, k, gamma=0.01)
    assert came[5::2, 1] == pytest.approx(1 / (1 - 1e-4), rel=1e-7)  # a pair comes again after two steps
    assert S == pytest.approx(np.diag([0.01, 1.0]) / (1 - 1e-4), rel=1e-7)


@pytest.mark.parametrize(
    ("d", "n", "bits", "cosine", "delta_bits"),
    [
        (64, 8, 0.9994, 0.952, 0.998),
        (64, 16, 0.985, 0.905, 0.987),
        (64, 64, 0.843, 0.714, 0.826),
        (256, 16, 0.9999, 0.973, 1.0),
        (256, 64, 0.979, 0.899, 0.986),
        (256, 256, 0.840, 0.708, 0.826),
    ],
)
def test_capacity_table(d: int, n: int, bits: float, cosine: float, delta_bits: float, seed: int) -> None:
    rng, right, angle = np.random.default_rng(seed), {"hebb": [], "delta": []}, []
    for _ in range(20 if d == 64 else 5):
        keys, values = unit(rng, n, d), rng.choice([-1.0, 1.0], (n, 32))
        for rule in right:
            memory = LinearAssociator(d, 32, rule=rule)
            memory.store(keys, values)
            o, _ = memory.recall(keys)
            right[rule].append((np.sign(o) == values).mean())
            if rule == "hebb":
                angle.append(((o * values).sum(1) / np.linalg.norm(o, axis=1) / math.sqrt(32)).mean())
    assert np.mean(right["hebb"]) == pytest.approx(bits, abs=0.01)
    assert np.mean(right["delta"]) == pytest.approx(delta_bits, abs=0.01)
    assert np.mean(angle) == pytest.approx(cosine, abs=0.01)
    assert cosine_expected(n, d) == pytest.approx(cosine, abs=0.01)
    assert 1 - sign_error(n, d) == pytest.approx(bits, abs=0.01)


def test_passes_of_the_delta_rule_give_least_squares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    keys, values = unit(rng, 6, 12), rng.standard_normal((6, 3))
    memory = LinearAssociator(12, 3, rule="delta")
    memory.store(keys, values, passes=400)
    assert np.abs(memory.S - np.linalg.pinv(keys) @ values).max() < 1e-8
    assert np.abs(memory.recall(keys)[0] - values).max() < 1e-8


def test_acquisition_and_extinction() -> None:
    eta = 0.2
    for n in (1, 5, 20):
        up = [([1.0, 0.0], 1.0)] * n
        assert strengths(up, "delta", eta)[0] == pytest.approx(1 - (1 - eta) ** n, abs=1e-12)
        assert strengths(up, "hebb", eta)[0] == pytest.approx(n * eta, abs=1e-12)
    learned = [([1.0, 0.0], 1.0)] * 100
    gone = learned + [([1.0, 0.0], 0.0)] * 7
    assert strengths(gone, "delta", eta)[0] / strengths(learned, "delta", eta)[0] == pytest.approx(0.8**7, abs=1e-12)
    assert strengths(gone, "hebb", eta)[0] == strengths(learned, "hebb", eta)[0]


def test_blocking_overshadowing_and_inhibition() -> None:
    blocking = [([1.0, 0.0], 1.0)] * 50 + [([1.0, 1.0], 1.0)] * 50
    A, B = strengths(blocking, "delta", 0.2)
    assert A == pytest.approx(0.99999287, abs=1e-8) and B == pytest.approx(7.14e-6, abs=1e-8)
    hebb = strengths(blocking, "hebb", 0.2)
    assert hebb[1] == pytest.approx(50 * 0.2) and hebb[0] == pytest.approx(100 * 0.2)
    shadow = [([1.0, 1.0], 1.0)] * 30
    assert strengths(shadow, "delta", 0.2) == pytest.approx([0.5, 0.5], abs=1e-6)
    assert strengths(shadow[:4], "delta", 0.2).sum() == pytest.approx(1 - 0.6**4, abs=1e-12)
    inhibition = [([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)] * 300
    A, X = strengths(inhibition, "delta", 0.2)
    # the last trial was the unrewarded one: near the limit (1, -1)
    assert A == pytest.approx(1.0, abs=1e-6) and X == pytest.approx(-1.0, abs=1e-6)
    assert strengths(inhibition, "hebb", 0.2)[1] == 0.0


def test_delta_overwrites_and_hebb_adds(seed: int) -> None:
    k, v = unit(np.random.default_rng(seed), 1, 6), np.array([[1.0, 2.0], [5.0, -3.0]])
    for rule, want in (("delta", v[1]), ("hebb", v.sum(0))):
        memory = LinearAssociator(6, 2, rule=rule)
        memory.store(np.repeat(k, 2, axis=0), v)
        assert np.abs(memory.recall(k)[0][0] - want).max() < 1e-12


def test_orthonormal_keys_are_exact(seed: int) -> None:
    rng = np.random.default_rng(seed)
    keys, values = np.linalg.qr(rng.standard_normal((16, 16)))[0], rng.standard_normal((16, 4))
    for rule in ("hebb", "delta"):
        memory = LinearAssociator(16, 4, rule=rule)
        memory.store(keys, values)
        assert np.abs(memory.recall(keys)[0] - values).max() < 1e-12


def test_decay_forgets() -> None:
    memory = LinearAssociator(3, 1, gamma=0.5)
    memory.store(np.eye(3), np.ones((3, 1)))
    assert memory.S[:, 0].tolist() == [0.25, 0.5, 1.0]
    gated = LinearAssociator(1, 1, rule="delta", eta=0.5, gamma=0.5)
    gated.store([[1.0], [1.0]], [[4.0], [4.0]])
    assert gated.S[0, 0] == 0.5 * 0.5 * 2.0 + 0.5 * 4.0  # gamma (1 - eta) S + eta v


def test_slopes_of_capacity(seed: int) -> None:
    assert pairs_that_fit(541) == pytest.approx(101, abs=0.1)
    assert pairs_that_fit(100, "cosine", cosine=1 / math.sqrt(2)) == pytest.approx(101)
    rng, sizes = np.random.default_rng(seed), np.array([32, 128, 512])
    by_bits, by_worst = [], []
    for d in sizes:
        keys = unit(rng, 400, d)
        overlap = np.abs(keys @ keys.T)
        by_worst.append(np.mean([np.searchsorted(np.cumsum(np.delete(row, i)), 1.0) for i, row in enumerate(overlap)]))
        errors = []
        for n in (low := np.unique(np.geomspace(3, d / 2, 12).astype(int))):
            wrong = []
            for _ in range(max(1500 // n, 5)):
                k, v = unit(rng, n, d), rng.choice([-1.0, 1.0], (n, 4))
                wrong.append((np.sign(k @ (k.T @ v)) != v).mean())
            errors.append(np.mean(wrong))
        by_bits.append(np.interp(0.01, errors, low - 1.0))
        assert by_bits[-1] == pytest.approx(d / 5.41, rel=0.15)
        assert by_worst[-1] == pytest.approx(pairs_that_fit(int(d), "worst") - 1, rel=0.15)
    slopes = [np.polyfit(np.log(sizes), np.log(n), 1)[0] for n in (by_bits, by_worst)]
    assert slopes[0] == pytest.approx(1.0, abs=0.1) and slopes[1] == pytest.approx(0.5, abs=0.1)


def test_auto_association_and_file(tmp_path: Path, seed: int) -> None:
    keys = unit(np.random.default_rng(seed), 3, 40)
    memory = LinearAssociator(40, rule="delta", eta=0.5, normalize=True)
    memory.store(3 * keys, passes=60)
    assert np.abs(memory.recall(keys)[0] - 3 * keys).max() < 1e-6
    memory.save(tmp_path / "l.npz")
    again = LinearAssociator.load(tmp_path / "l.npz")
    assert np.array_equal(again.S, memory.S) and again.normalize and again.eta == 0.5
    assert memory.capacity() == pairs_that_fit(40)


def test_messages() -> None:
    memory = LinearAssociator(2, 3, rule="delta")
    for call, message in [
        (lambda: memory.store([[2.0, 0.0]], [[1, 1, 1]]), r"patterns: the delta rule needs eta \|k\|\^2 < 2, got 4"),
        (lambda: memory.store([[1.0, 0.0]], [[1, 1]]), r"values: expected shape \[., N = 3\]"),
        (lambda: memory.store([[1.0, 0.0]], np.ones((2, 3))), "values: expected one for each of 1 patterns, got 2"),
        (lambda: memory.store([[1.0, 0.0]]), r"patterns: expected shape \[., N = 3\]"),
        (lambda: LinearAssociator(2, normalize=True).recall([[0.0, 0.0]]), "cues: a key of length zero"),
        (lambda: LinearAssociator(2, rule="oja"), "rule: expected one of hebb, delta"),
        (lambda: LinearAssociator(2, gamma=1.1), "gamma: expected a finite number > 0 and <= 1"),
        (lambda: pairs_that_fit(4, "bit", error=0.6), "error: expected a probability"),
        (lambda: module.crosstalk_variance(0, 4), "n: expected at least 1"),
        (lambda: associator_scan(np.eye(2), np.eye(2), np.ones((3, 1))), r"q, k, v: expected \[T, d_k\]"),
        (lambda: associator_scan(np.eye(2), np.eye(2), np.eye(2), eta=[1.0]), r"eta: expected a number or \[T = 2\]"),
        (lambda: associator_scan(np.eye(2), np.eye(2), np.eye(2), gamma=1.5), "gamma: expected .* up to 1"),
        (lambda: associator_scan(np.eye(2), np.eye(2), np.eye(2), "delta", eta=2.0), "needs eta"),
        (lambda: associator_scan(np.eye(2), np.eye(2), np.eye(2), S=np.ones((3, 2))), r"S: expected shape \[2, 2\]"),
        (lambda: associator_scan(np.eye(2), np.eye(2), np.eye(2), form="tree"), "form: expected one of recurrent"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
