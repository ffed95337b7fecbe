"""Multitasking networks: energy, regimes against theory, teacher or not, files, errors."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.networks import DenseHebbian, MultitaskingHebbian
from spikegram.networks import multitasking_theory as theory
from spikegram.networks.dense_hebbian_data import diluted_examples, diluted_patterns
from spikegram.networks.multitasking import hierarchical_state


def amplitudes(
    N: int, K: int, d: float, beta: float, sweeps: int, draws: int = 3, dynamics: str = "sequential",
    M: int = 1, r: float = 1.0, supervised: bool = True,
) -> np.ndarray:  # fmt: skip
    """|m| [draws, K] late in runs from the hierarchical state, in its order: sorting would set apart what is equal."""
    found = []
    for seed in range(draws):
        xi, eta = diluted_examples(N, K, M, d, r, seed)
        memory = MultitaskingHebbian(N, d, supervised)
        memory.store_examples(eta, r)
        start = hierarchical_state(xi, seed)[None]
        m = memory.monte_carlo(start, beta, sweeps, xi, dynamics, seed=seed).overlaps[0, -(sweeps // 2) :].mean(0)
        found.append(abs(m))
    return np.array(found)


def test_energy_by_hand() -> None:
    """S = (1, 0, 0), x = s1/3: H = -(3/(2 (1/2) R)) (s1/3)^2; without a teacher the mean over both examples."""
    eta = np.array([[[1, 1, 0], [1, -1, 0]]])
    R = 0.36 + 0.64 / 2
    state = np.array([[1, 1, 1], [-1, 1, 1]])
    for supervised, squares in ((True, [1 / 9, 1 / 9]), (False, [2 / 9, 2 / 9])):
        for normalise, share in ((True, 0.5), (False, 1.0)):
            memory = MultitaskingHebbian(3, 0.5, supervised, normalise)
            memory.store_examples(eta, 0.6)
            assert np.allclose(memory.energy(state), -3 / (2 * share * R) * np.array(squares))
            assert np.allclose(memory.overlaps(state), 0.6 / R * np.array([[1 / 3], [-1 / 3]]))


@given(seed=st.integers(0, 2**32), d=st.floats(0, 0.9), K=st.integers(1, 5), M=st.integers(1, 4), taught=st.booleans())
def test_energy_never_rises_without_noise(seed: int, d: float, K: int, M: int, taught: bool) -> None:
    _, eta = diluted_examples(20, K, M, d, 0.6, seed)
    memory = MultitaskingHebbian(20, d, taught)
    memory.store_examples(eta, 0.6)
    state = np.where(np.random.default_rng(seed).random((2, 20)) < 0.5, -1, 1)
    before = memory.energy(state)
    for sweep in range(4):
        up, down = state.copy(), state.copy()
        up[:, 3], down[:, 3] = 1, -1
        assert np.allclose(memory.energy_change(state, 3), memory.energy(up) - memory.energy(down), atol=1e-9)
        state = memory.monte_carlo(state, math.inf, 1, seed=seed % 1000, first_sweep=sweep).states
        after = memory.energy(state)
        assert (after <= before + 1e-9).all()
        before = after


@pytest.mark.parametrize(
    ("K", "d", "m"), [(3, 0.3, (0.7, 0.21, 0.063)), (5, 0.45, (0.55, 0.2475, 0.111, 0.050, 0.023))]
)
def test_hierarchy(K: int, d: float, m: tuple) -> None:
    assert np.allclose(theory.hierarchical_amplitudes(K, d), m, atol=1e-3)
    found = amplitudes(40_000, K, d, math.inf, 20, 2)
    assert np.allclose(found.mean(0), m, atol=0.01)


def test_hierarchy_is_lost_beyond_the_critical_dilution() -> None:
    assert theory.critical_dilution(5) < 0.6
    found = amplitudes(40_000, 5, 0.6, math.inf, 50, 2).mean(0)
    start = theory.hierarchical_amplitudes(5, 0.6)
    assert start[0] - found[0] > 0.02 and (found[2:] - start[2:] > 0.01).all()
    assert np.allclose(found, (0.374, 0.249, 0.184, 0.105, 0.064), atol=0.03)  # as measured elsewhere


def test_parallel_regime() -> None:
    """Equal but for the correlations of finite patterns, of the order 1/sqrt(N)."""
    found = amplitudes(40_000, 3, 0.8, 2.0, 40, 3)
    assert np.allclose(found, 0.152, atol=0.01) and np.allclose(found, found.mean(1, keepdims=True), atol=0.01)
    error = found.mean(1).std(ddof=1) / math.sqrt(3)
    assert abs(found.mean() - theory.mean_field(3, 0.8, 2).m[0]) < 3 * error + 5e-4
    assert theory.regime(found.mean(0), tol=0.06) == "parallel"


LARGE = [(3, 0.3, 10.0, 80_000), (3, 0.8, 5.0, 80_000), (2, 0.3, 1.6, 80_000)]


@pytest.mark.parametrize(
    ("K", "d", "beta", "N"), [(2, 0.5, 4.0, 20_000), *(pytest.param(*c, marks=pytest.mark.slow) for c in LARGE)]
)
def test_simulation_agrees_with_theory(K: int, d: float, beta: float, N: int) -> None:
    """Within three standard errors of the draws."""
    found = amplitudes(N, K, d, beta, 40, 8, "parallel")
    error = found.std(0, ddof=1) / math.sqrt(len(found))
    expected = theory.mean_field(K, d, beta).m
    heard = expected > 0.01  # what is not recalled is |noise| in a network of this size
    assert (abs(found.mean(0) - expected) < 3 * error + 5e-4)[heard].all()
    assert (found.mean(0)[~heard] < 0.05).all()


def test_with_and_without_a_teacher() -> None:
    both = [amplitudes(10_000, 3, 0.3, math.inf, 20, 3, M=15, r=0.5, supervised=s).mean(0) for s in (True, False)]
    assert np.allclose(*both, atol=0.03)
    assert np.allclose(both[0], (0.618, 0.263, 0.087), atol=0.04)  # as measured elsewhere
    assert np.allclose(both[0], theory.mean_field(3, 0.3, math.inf, 0.2).m, atol=0.04)


def test_learning_threshold() -> None:
    """One pattern, one step: erf(1/sqrt(2 rho)) of its spins, teacher or not."""
    N, d, r = 10_000, 0.4, 0.3
    for M in (5, 11, 41):  # odd: a tie would keep what is right
        rho = (1 - r**2) / (M * r**2)
        for supervised in (True, False):
            xi, eta = diluted_examples(N, 1, M, d, r, 3)
            memory = MultitaskingHebbian(N, d, supervised)
            memory.store_examples(eta, r)
            done = memory.monte_carlo(hierarchical_state(xi)[None], math.inf, 1, xi, "parallel")
            # few examples are a binomial, not a normal number: up to 0.05 at M = 5
            assert done.overlaps[0, 1, 0] == pytest.approx(theory.one_step(1, d, rho)[0], abs=0.02 + 0.15 / M)


def test_without_dilution_it_is_the_classic_network(seed: int) -> None:
    xi = diluted_patterns(50, 4, 0.0, seed)
    ours, classic = MultitaskingHebbian(50, 0.0), DenseHebbian(50, order=2)
    ours.store(xi)
    classic.store(xi)
    assert np.allclose(ours.energy(xi), classic.energy(xi))
    start = xi[:2] * np.where(np.arange(50) < 12, -1, 1)
    a, b = ours.monte_carlo(start, 1.5, 5, xi, seed=2), classic.monte_carlo(start, 1.5, 5, xi, seed=2)
    assert np.array_equal(a.states, b.states) and np.array_equal(a.overlaps, b.overlaps)
    done = amplitudes(10_000, 3, 0.0, math.inf, 10, 1)[0]
    assert done[0] == 1 and (done[1:] < 0.05).all()


def test_both_backends_are_one(seed: int) -> None:
    xi, eta = diluted_examples(60, 4, 5, 0.6, 0.7, seed)
    for supervised in (True, False):
        runs = []
        for backend in ("numba", "reference"):
            memory = MultitaskingHebbian(60, 0.6, supervised, backend=backend)
            memory.store_examples(eta, 0.7)
            for beta, dynamics in ((math.inf, "sequential"), (2.0, "parallel")):
                runs.append(memory.monte_carlo(hierarchical_state(xi)[None], beta, 5, xi, dynamics, seed=seed))
        for a, b in zip(runs[:2], runs[2:], strict=True):
            assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_recall_fills_free_spins(seed: int) -> None:
    xi = diluted_patterns(2000, 2, 0.5, seed)
    memory = MultitaskingHebbian(2000, 0.5)
    memory.store(xi)
    cue = hierarchical_state(xi, seed)
    cue[:300] *= -1
    states, info = memory.recall(cue[None])
    assert info.converged.all() and np.allclose(memory.overlaps(states), [[0.5, 0.25]], atol=0.04)
    assert np.allclose(info.energy, memory.energy(states))


def test_capacity() -> None:
    assert MultitaskingHebbian(1000, 0.0).capacity() == 1
    assert MultitaskingHebbian(1000, 0.5).capacity() == 9  # 1000/2^9 >= 1 > 1000/2^10
    assert MultitaskingHebbian(10**6, 0.55).capacity() == 3  # d_c(3) = 0.618, d_c(4) = 0.544
    assert MultitaskingHebbian(10**6, 0.9).capacity() == 2


def test_saved_and_loaded(tmp_path: Path, seed: int) -> None:
    xi, eta = diluted_examples(30, 3, 4, 0.5, 0.8, seed)
    memory = MultitaskingHebbian(30, 0.5, supervised=False, normalise=False)
    memory.store_examples(eta, 0.8)
    memory.save(tmp_path / "m.npz")
    again, states = MultitaskingHebbian.load(tmp_path / "m.npz"), hierarchical_state(xi)[None]
    assert repr(again) == repr(memory) and np.array_equal(again.energy(states), memory.energy(states))


def test_errors() -> None:
    memory = MultitaskingHebbian(3, 0.5)
    with pytest.raises(ValueError, match=r"dilution: expected a number in \[0, 1\), got 1"):
        MultitaskingHebbian(3, 1.0)
    with pytest.raises(TypeError, match="normalise: expected True or False, got 1"):
        MultitaskingHebbian(3, 0.5, normalise=1)
    with pytest.raises(ValueError, match="patterns: expected -1, 0 and \\+1, got 2"):
        memory.store([[1, 0, 2]])
    with pytest.raises(ValueError, match="zeros in the same places"):
        memory.store_examples([[[1, 0, 1], [1, 1, 1]]], 0.5)
    with pytest.raises(ValueError, match="nothing is stored yet"):
        memory.recall([[1, 1, 1]])
    memory.store([[1, 0, -1]])
    with pytest.raises(ValueError, match="M, r: expected those of what is stored, 1 and 1.0, got 2 and 0.5"):
        memory.store_examples(np.ones((1, 2, 3)), 0.5)
    with pytest.raises(ValueError, match="cues: expected -1 and \\+1"):
        memory.recall([[1, 0, 1]])
    with pytest.raises(ValueError, match=r"follow: expected shape \[., N = 3\], got \[1, 2\]"):
        memory.monte_carlo([[1, 1, 1]], 1.0, 1, [[1, 1]])
