"""Where dense Hebbian networks retrieve: published and closed values, and agreement with the iterated equations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import dense_hebbian_phases as phases
from spikegram.networks import dense_hebbian_theory as theory


@pytest.mark.parametrize(
    ("P", "beta", "m", "first"),
    [(4, 1.00850, 0.8894, 1.37760), (6, 0.78854, 0.9457, 1.38580), (8, 0.64609, 0.9652, 1.38626)],
)
def test_spinodal_and_first_order(P: int, beta: float, m: float, first: float) -> None:
    assert phases.spinodal(P) == pytest.approx((beta, m), abs=1e-4)
    assert phases.first_order(P) == pytest.approx(first, abs=1e-4)
    assert theory.rs_solve(P, beta + 1e-3).m > 0.8 and theory.rs_solve(P, beta - 1e-3).m < 0.1


def test_classic_network() -> None:
    """Amit, Gutfreund, Sompolinsky: 0.138 and 0.967 at T = 0; retrieval is the ground state up to 0.051."""
    assert phases.critical_load(2) == pytest.approx((0.138, 0.967), abs=5e-4)
    lines = phases.phase_diagram(2, [0.02, 0.5])
    assert lines.ground[0] == pytest.approx(0.051, abs=2e-3)
    assert lines.retrieval[0] == pytest.approx(0.138, abs=5e-4) and lines.retrieval[1] < lines.retrieval[0]
    assert phases.glass_load(2, 1.5) == 0.25  # T = 1 + sqrt(alpha)


def test_critical_load_without_noise() -> None:
    """m = erf(x), x = A/sqrt(alpha C'(1)/2): alpha = 8 m^6/(C'(1) x^2), C'(1) = 240, has its maximum where it has."""
    x = np.linspace(0.3, 3, 200_001)
    m = np.array([math.erf(v) for v in x])
    alpha = 8 * m**6 / (240 * x**2)
    k = alpha.argmax()
    assert phases.critical_load(4) == pytest.approx((alpha[k], m[k]), rel=1e-5)
    cold = theory.rs_solve(4, math.inf, 0, 0.9 * alpha[k])
    near = theory.rs_solve(4, 200.0, 0, 0.9 * alpha[k])
    assert cold.m == pytest.approx(near.m, abs=1e-3) and cold.q == 1


@pytest.mark.parametrize(
    "point", [(4, 2.0, 0.1, "all"), (4, math.inf, 0.1, "all"), (4, 2.0, 0.0, "distinct"), (2, 4.0, 0.1, "all")]
)
def test_load_line_agrees_with_the_solver(point: tuple) -> None:
    """The iteration, which knows nothing of the branch, finds retrieval below the line and loses it above."""
    P, beta, rho, indices = point
    alpha, m = phases.critical_load(*point)
    below, above = theory.rs_solve(P, beta, rho, [0.995 * alpha, 1.01 * alpha], indices, most=4000).m
    assert m < below < m + 0.15 and above < m - 0.2
    branch = phases.retrieval_branch(P, beta, rho, indices)
    stable = branch.n > branch.n[branch.alpha.argmax()] + 0.02
    again = theory.rs_solve(P, beta, rho, branch.alpha[stable], indices)
    assert stable.sum() >= 2 and np.allclose(again.m, branch.m[stable], atol=1e-6)


def test_phase_diagram() -> None:
    hot = 1 / phases.spinodal(4)[0]
    T = np.array([0.3, 0.6, 0.75, 1.01 * hot])  # the first order is at 1/1.3776 = 0.726
    lines = phases.phase_diagram(4, T)
    assert (np.diff(lines.retrieval[:3]) < 0).all() and lines.retrieval[2] > 0 and math.isnan(lines.retrieval[3])
    assert 0 < lines.ground[1] < lines.ground[0] < lines.retrieval[0] and np.isnan(lines.ground[2:]).all()
    assert lines.glass == pytest.approx(T**2 / 36)
    frozen = theory.rs_solve(4, 1 / 0.5, 0, [0.24 / 36, 0.26 / 36], m0=0.0, damping=0.0).q
    assert frozen[0] < 1e-6 < 1e-3 < frozen[1]
    assert np.isnan(phases.glass_load(4, 0.5, "distinct"))
