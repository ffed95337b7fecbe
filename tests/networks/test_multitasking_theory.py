"""Theory of multitasking networks: tables, closed values, limits, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import dense_hebbian_theory
from spikegram.networks import multitasking_theory as theory

TABLE = [
    ((3, 0.3, 10), (0.70000, 0.20893, 0.0), "hierarchical"),
    ((3, 0.3, 1.2), (0.461, 0, 0), "pure"),
    ((2, 0.5, 4), (0.49537, 0.24467), "hierarchical"),
    ((2, 0.5, 1.5), (0.42928, 0), "pure"),
    ((3, 0.5, 3), (0.48737, 0.23201, 0), "hierarchical"),
    ((3, 0.8, 5), (0.18256, 0.16455, 0.14460), "intermediate"),
    ((3, 0.8, 2), (0.15198,) * 3, "parallel"),
    ((3, 0.9, 3), (0.08976,) * 3, "parallel"),
    ((5, 0.8, 3), (0.13740,) * 5, "parallel"),
]


@pytest.mark.parametrize(("point", "m", "name"), TABLE, ids=lambda x: str(x))
def test_table(point: tuple, m: tuple, name: str) -> None:
    found = theory.mean_field(*point)
    assert found.converged and np.allclose(np.sort(found.m)[::-1], m, atol=1e-4 if m[0] != 0.461 else 5e-4)
    assert theory.regime(found.m) == name


@pytest.mark.parametrize(("K", "d"), [(3, 0.61803), (4, 0.54369), (5, 0.51879), (6, 0.50866), (10, 0.50049)])
def test_critical_dilution(K: int, d: float) -> None:
    assert theory.critical_dilution(K) == pytest.approx(d, abs=1e-5)
    if K <= 6:
        for offset, stays in ((-0.01, True), (0.01, False)):
            h = theory.hierarchical_amplitudes(K, d + offset)
            assert np.allclose(theory.mean_field(K, d + offset).m, h, atol=1e-6) is stays
            assert (theory.regime(h) == "hierarchical") is stays
    assert theory.critical_dilution(2) == 1


@pytest.mark.parametrize(
    ("K", "d", "m"), [(3, 0.3, 0.3815), (3, 0.7, 0.2235), (5, 0.6, 0.2170), (5, 0.8, 0.1403), (1, 0.3, 0.7)]
)
def test_parallel_amplitude(K: int, d: float, m: float) -> None:
    assert theory.parallel_amplitude(K, d) == pytest.approx(m, abs=5e-5)
    assert theory.mean_field(K, d, init="parallel").m == pytest.approx(m, abs=5e-5)


def test_one_pattern_and_no_dilution() -> None:
    m = theory.mean_field(1, 0.4, 1.7).m[0]
    assert m == pytest.approx(0.6 * math.tanh(1.7 * m / 0.6), abs=1e-9)
    classic = theory.mean_field(3, 0.0, 2.0)
    assert classic.m == pytest.approx([dense_hebbian_theory.rs_solve(2, 2.0).m, 0, 0], abs=1e-6)
    with_data = theory.mean_field(1, 0.0, 2.0, 0.2)
    known = dense_hebbian_theory.rs_solve(2, 2.0, 0.2)
    assert (with_data.m[0], with_data.n[0]) == pytest.approx((known.m, known.n), abs=1e-8)


def test_noise_ends_recall_at_one() -> None:
    assert theory.regime(theory.mean_field(3, 0.4, 0.99).m) == "ergodic"
    assert theory.regime(theory.mean_field(3, 0.4, 1.05).m) == "pure"


def test_examples_by_simulation(seed: int) -> None:
    """The equations for examples at their solution, with letters and normal numbers drawn."""
    K, d, beta, rho, draws = 3, 0.5, 3.0, 0.2, 400_000
    found = theory.mean_field(K, d, beta, rho)
    rng = np.random.default_rng(seed)
    xi = rng.choice([-1, 0, 1], (draws, K), p=[(1 - d) / 2, d, (1 - d) / 2])
    S = xi * (1 + math.sqrt(rho) * rng.normal(size=(draws, K)))
    t = np.tanh(beta / (1 - d) * S @ found.n)
    for expected, terms in ((found.m, xi * t[:, None]), ((1 + rho) * found.n, S * t[:, None])):
        assert (abs(terms.mean(0) - expected) < 4 * terms.std(0) / math.sqrt(draws)).all()


def test_learning_threshold() -> None:
    """rho = 1 leaves 0.683 of the leading amplitude, whatever the dilution."""
    for d in (0.0, 0.3, 0.7):
        assert theory.one_step(1, d, 1.0)[0] == pytest.approx((1 - d) * 0.6827, abs=1e-4)
        assert np.allclose(theory.one_step(1, d, 0), 1 - d)
    assert np.allclose(theory.one_step(3, 0.3), theory.hierarchical_amplitudes(3, 0.3))
    noisy = theory.one_step(3, 0.3, 0.2)
    assert (noisy[0] < 0.7) and (np.diff(noisy) < 0).all()
    cold, cool = theory.mean_field(3, 0.3, math.inf, 0.2), theory.mean_field(3, 0.3, 40.0, 0.2)
    assert np.allclose(cold.m, cool.m, atol=0.02)


def test_regimes_by_hand() -> None:
    assert theory.regime([0, 1e-5]) == "ergodic"
    assert theory.regime([0, -0.4]) == "pure"
    assert theory.regime([0.25, 0.5, 0.126]) == "hierarchical"
    assert theory.regime([0.2, 0.19, 0.18]) == "intermediate"
    assert theory.regime([0.2, -0.2, 0.201]) == "parallel" and theory.regime([0.2, 0.2, 0.0]) == "intermediate"


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"d: expected a number in \[0, 1\), got 1"):
        theory.mean_field(3, 1.0)
    with pytest.raises(ValueError, match="K: expected at most 8 patterns"):
        theory.mean_field(9, 0.5)
    with pytest.raises(ValueError, match="init: expected one of hierarchical, pure, parallel or 3 numbers, got 'x'"):
        theory.mean_field(3, 0.5, init="x")
    with pytest.raises(ValueError, match=r"init: expected 3 numbers, got shape \[2\]"):
        theory.mean_field(3, 0.5, init=[0.1, 0.1])
    with pytest.raises(ValueError, match="beta: expected a finite number > 0"):
        theory.mean_field(3, 0.5, 0)
    with pytest.raises(ValueError, match="m: expected K numbers"):
        theory.regime([])
