"""Theory of dense Hebbian networks: published and closed values, stationarity of the free energy, limits, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import dense_hebbian_theory as theory

# P, beta, rho, alpha: m, q, n, m for distinct indices
SOLVED = [
    ((4, 2, 0, 0), (0.99932, 0.99864, 0.99932, 0.99932)),
    ((4, 2, 0.2, 0), (0.92287, 0.89086, 0.81660, 0.92287)),
    ((4, 2, 0.2, 0.005), (0.79599, 0.76870, 0.73758, 0.89417)),
    ((4, 2, 0, 0.01), (0.95705, 0.94225, 0.95705, 0.99542)),
    ((4, 3, 0.1, 0.01), (0, 0.518, 0, 0.96524)),
    ((4, 2, 0, 0.005), (0.9928, 0.9868, 0.9928, 0.9982)),
    ((4, 2, 0, 0.002), (0.9982, 0.9964, 0.9982, 0.9990)),
    ((2, 2, 0.2, 0), (0.82847, 0.73284, 0.75789, 0.82847)),
]
# P, r, M, alpha, supervised: m after one step
ONE_STEP = [
    ((4, 1, 1, 0.02, True), 0.932),
    ((4, 1, 1, 0.05, True), 0.752),
    ((4, 0.8, 10, 0.02, True), 0.873),
    ((4, 0.5, 20, 0.02, True), 0.777),
    ((4, 0.4, 10, 0.005, True), 0.700),
    ((2, 0.5, 20, 0.1, True), 0.940),
    ((4, 0.8, 10, 0.02, False), 0.756),
    ((2, 0.5, 20, 0.05, False), 0.960),
]


@pytest.mark.parametrize(("point", "expected"), SOLVED, ids=lambda x: "-".join(map(str, x)))
def test_solver_table(point: tuple, expected: tuple) -> None:
    found = theory.rs_solve(*point)
    tolerance = 1e-4 if len(f"{expected[1]:g}") > 5 else 5e-4  # some are given with fewer digits
    assert found.converged
    assert np.allclose(found[:3], expected[:3], atol=tolerance)
    assert theory.rs_solve(*point, indices="distinct").m == pytest.approx(expected[3], abs=1e-4)


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((4, 2, 0.5, 15), (0.91562, 0.89058, 0.82010)),
        ((4, 1.5, 0.6, 20), (0.95213, 0.91598, 0.89336)),
        ((6, 1.5, 0.6, 20), (0.98111, 0.96855, 0.91183)),
    ],
)
def test_exact_number_of_examples(point: tuple, expected: tuple) -> None:
    assert np.allclose(theory.finite_sample_solve(*point)[:3], expected, atol=1e-4)


def test_many_examples_are_a_gaussian_mean() -> None:
    r, M = 0.05, 2000
    exact = theory.finite_sample_solve(4, 2, r, M)
    assert np.allclose(exact[:3], theory.rs_solve(4, 2, theory.entropy_of_data(r, M))[:3], atol=2e-3)


@pytest.mark.parametrize(("point", "expected"), ONE_STEP, ids=lambda x: str(x))
def test_one_step(point: tuple, expected: float) -> None:
    assert theory.one_step_overlap(*point) == pytest.approx(expected, abs=6e-4)


def test_moments() -> None:
    q = np.linspace(0, 1, 5)
    assert np.allclose(theory.covariance(4, q, derivative=1), 96 * q**3 + 144 * q)
    assert np.allclose(theory.covariance(4, q, "distinct", 1), 96 * q**3)
    assert np.allclose(theory.correlated_moment(1, q), q)
    assert np.allclose(theory.correlated_moment(3, q), 9 * q + 6 * q**3)
    for P in (2, 4, 6, 8):
        assert theory.covariance(P, 1.0, derivative=1) == P**2 * theory.double_factorial(2 * P - 3)
        for indices in ("all", "distinct"):
            slope = (theory.covariance(P, 0.5 + 1e-6, indices) - theory.covariance(P, 0.5 - 1e-6, indices)) / 2e-6
            assert theory.covariance(P, 0.5, indices, 1) == pytest.approx(slope, rel=1e-7)
            slope = theory.covariance(P, 0.5 + 1e-6, indices, 1) - theory.covariance(P, 0.5 - 1e-6, indices, 1)
            assert theory.covariance(P, 0.5, indices, 2) == pytest.approx(slope / 2e-6, rel=1e-7)


@pytest.mark.parametrize("indices", ["all", "distinct"])
@pytest.mark.parametrize("point", [(2, 2, 0.2, 0.01), (4, 2, 0.1, 0.004), (6, 1.5, 0.2, 1e-5), (4, 1.5, 0, 0.001)])
def test_free_energy_is_stationary(point: tuple, indices: str) -> None:
    s = theory.rs_solve(*point, indices=indices)
    assert s.m > 0.5

    def slope(dn: float, dq: float) -> float:
        up, down = (theory.free_energy(*point, s.n + k * dn, s.q + k * dq, indices) for k in (1, -1))
        return float(up - down) / 2e-5

    assert abs(slope(1e-5, 0)) < 1e-6 and abs(slope(0, 1e-5)) < 1e-6


def test_required_examples() -> None:
    """Low load: (1 - r^2)/r^2 for every order, teacher or not."""
    for P in (2, 4, 6):
        for supervised in (True, False):
            assert theory.required_examples(P, 0.3, 0, supervised) == pytest.approx(0.91 / 0.09)
    M = theory.required_examples(4, 0.3, 0.001, False)
    assert theory.snr_theta(4, 0.3, 1e15, 0.001, False) > 1 and math.isinf(M)  # the common noise alone is too much
    assert math.isinf(theory.required_examples(4, 0.9, 0.07, True))  # above 1/15
    M = theory.required_examples(4, 0.4, 0.001, False)
    assert theory.snr_theta(4, 0.4, M, 0.001, False) == pytest.approx(1)
    assert theory.required_examples(4, 0.4, 0.001, True) < 0.2 * M


def test_slopes() -> None:
    """-2 with a teacher; -2P without one in the window r^(2P-2) << alpha << r^(2P-4)."""

    def slope(P: int, r: float, alpha: float, supervised: bool) -> float:
        a, b = (theory.required_examples(P, k * r, alpha, supervised) for k in (0.99, 1.01))
        return math.log(b / a) / math.log(1.01 / 0.99)

    assert slope(4, 0.2, 0, True) == pytest.approx(-2, abs=0.1)
    assert slope(4, 0.2, 0.01, True) == pytest.approx(-2, abs=0.1)
    assert slope(2, 0.05, 0.1, False) == pytest.approx(-4, abs=0.2)
    assert slope(4, 0.035, 1e-8, False) == pytest.approx(-8, abs=0.4)
    assert slope(6, 0.05, 5e-15, False) == pytest.approx(-12, abs=0.6)


def test_errors() -> None:
    with pytest.raises(ValueError, match="P: expected an even number >= 2, got 3"):
        theory.rs_solve(3, 1)
    with pytest.raises(ValueError, match="beta: expected numbers > 0, got -1"):
        theory.rs_solve(4, -1)
    with pytest.raises(ValueError, match=r"r: expected numbers in \(0, 1\], got 1.5"):
        theory.snr_theta(4, 1.5, 3)
    with pytest.raises(ValueError, match="indices: expected 'all' or 'distinct', got 'some'"):
        theory.rs_solve(4, 1, indices="some")
    with pytest.raises(ValueError, match=r"damping: expected a number in \[0, 1\), got 1"):
        theory.rs_solve(4, 1, damping=1)
    with pytest.raises(ValueError, match="M: expected numbers >= 1, got 0"):
        theory.entropy_of_data(0.5, 0)
    with pytest.raises(ValueError, match="derivative: expected 0, 1 or 2, got 3"):
        theory.covariance(4, 0.5, derivative=3)
    with pytest.raises(ValueError, match="beta: expected finite numbers, got infinity"):
        theory.free_energy(4, math.inf, 0, 0, 1, 1)
