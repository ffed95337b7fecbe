"""Sanger's and the subspace rule: hand-computed step, ordered components, any basis, errors."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.plasticity import SangerParams, SangerState, sanger_init, sanger_step

VARIANCES = np.array([3.0, 1.5, 0.6, 0.1, 0.05])


@pytest.fixture
def axes(seed: int) -> np.ndarray:
    """Orthonormal axes, one a row."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 5)))[0].T


def learned(axes: np.ndarray, ordered: bool, k: int = 3, steps: int = 12000) -> np.ndarray:
    rng = np.random.default_rng(9)
    state = sanger_init((k, 5), rng)
    for n, c in enumerate(rng.normal(size=(steps, 5)) * VARIANCES**0.5):
        _, state = sanger_step(state, c @ axes, SangerParams(0.02 / (1 + n / 1000), ordered))
    return state.w


def test_one_step_by_hand() -> None:
    w = np.array([[1.0, 0.0], [0.5, 2.0]])
    y, state = sanger_step(SangerState(w), [2.0, 1.0], SangerParams(eta=0.1))
    assert y.tolist() == [2.0, 3.0]
    # row 0: 2 (x - 2 w0) = 2 (0, 1); row 1: 3 (x - 2 w0 - 3 w1) = 3 (2 - 2 - 1.5, 1 - 6)
    assert state.w == pytest.approx(w + 0.1 * np.array([[0.0, 2.0], [-4.5, -15.0]]), rel=1e-14)
    _, free = sanger_step(SangerState(w), [2.0, 1.0], SangerParams(eta=0.1, ordered=False))
    # row 0 now also loses 3 w1: 2 (2 - 2 - 1.5, 1 - 6)
    assert free.w[0] == pytest.approx(w[0] + 0.1 * np.array([-3.0, -10.0]), rel=1e-14)
    assert free.w[1].tolist() == state.w[1].tolist()


def test_one_unit_is_ojas_rule(seed: int) -> None:
    rng = np.random.default_rng(seed)
    w = rng.normal(size=4)
    state = SangerState(w[None])
    for x in rng.normal(size=(50, 4)):
        y, state = sanger_step(state, x, SangerParams(0.05))
        w = w + 0.05 * (w @ x) * (x - (w @ x) * w)
    assert state.w[0] == pytest.approx(w, rel=1e-12)


def test_components_come_in_order(axes: np.ndarray) -> None:
    """Each row is, up to sign, the eigenvector of its rank, of length 1."""
    overlap = np.abs(learned(axes, True) @ axes.T)
    assert overlap[:, :3] == pytest.approx(np.eye(3), abs=0.12)
    assert np.diag(overlap) == pytest.approx(1, abs=0.05)
    assert overlap[:, 3:].max() < 0.12


def test_the_subspace_rule_finds_some_basis(axes: np.ndarray) -> None:
    """Orthonormal rows within the first three components, but not these themselves."""
    w = learned(axes, False)
    assert w @ w.T == pytest.approx(np.eye(3), abs=0.1)
    inside = w @ axes[:3].T
    assert np.linalg.norm(inside, axis=1) == pytest.approx(1, abs=0.05)
    assert np.abs(np.abs(inside) - np.eye(3)).max() > 0.2


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"SangerParams.eta: expected a number > 0, got 0"):
        SangerParams(eta=0)
    with pytest.raises(TypeError, match="ordered: expected True or False, got 1"):
        SangerParams(ordered=1)
    with pytest.raises(ValueError, match=r"shape: expected \[K, N\] with 1 <= K <= N, got \[3, 2\]"):
        sanger_init((3, 2), np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"x: expected shape \[N\] = \[2\], got \[3\]"):
        sanger_step(SangerState(np.ones((1, 2))), [1, 2, 3], SangerParams())
