"""The reference of binary Hopfield networks against the formulas of the papers, written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.networks.hopfield_binary import (
    LANES,
    Classic,
    Exponential,
    Form,
    Polynomial,
    gain,
    overlaps,
    run,
    visiting_order,
)

FORMS = (Classic(), Polynomial(2), Polynomial(3), Polynomial(4, rectified=True), Exponential())


def signs(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.choice(np.array([-1, 1], dtype=np.int8), shape)


def written_out(form: Form, patterns: np.ndarray, sigma: np.ndarray) -> float:
    """Energies as sums over spins and patterns."""
    K, N = patterns.shape
    xi, s = patterns.astype(float), sigma.astype(float)
    if isinstance(form, Classic):
        J = xi.T @ xi / N
        np.fill_diagonal(J, 0)
        return float(-0.5 * s @ J @ s)
    if isinstance(form, Exponential):
        return -math.log(sum(math.exp(xi[k] @ s) for k in range(K)))
    x = [xi[k] @ s / N for k in range(K)]
    return -N * sum(v**form.n for v in x if v > 0 or not form.rectified)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_energy_and_gain_are_those_written_out(form: Form, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patterns, sigma = signs(rng, 7, 12), signs(rng, 12)
    X = overlaps(patterns, sigma[None])
    assert form.energy(X, 12)[0] == pytest.approx(written_out(form, patterns, sigma), rel=1e-12)
    table = form.gains(12)
    for i in range(12):
        turned = sigma.copy()
        turned[i] *= -1
        want = written_out(form, patterns, turned) - written_out(form, patterns, sigma)
        total, A = gain(table, X[0], patterns[:, i], int(sigma[i]), 12)
        came = -math.log1p(-table.scale * total / A) if table.below_most else table.scale * total
        assert came == pytest.approx(want, abs=1e-11)


def test_a_step_by_hand() -> None:
    # two patterns, sigma = (1, 1, 1, -1): overlaps 2 and 2; J_01 = (1 - 1) / 4, J_02 = 2/4, J_03 = 0, J_13 = 2/4
    xi = np.array([[1, 1, 1, 1], [1, -1, 1, -1]], dtype=np.int8)
    sigma = np.array([1, 1, 1, -1], dtype=np.int8)
    assert overlaps(xi, sigma[None]).tolist() == [[2, 2]]
    gains = [gain(Classic().gains(4), np.array([2, 2]), xi[:, i], int(sigma[i]), 4)[0] for i in range(4)]
    assert [g * 2 / 4 for g in gains] == [1.0, -1.0, 1.0, -1.0]  # 2 h_i sigma_i: h = (1/2, -1/2, 1/2, 1/2)
    assert Classic().energy(np.array([[2, 2]]), 4).tolist() == [0.0]


@pytest.mark.parametrize("form", FORMS, ids=str)
@given(data=st.data())
def test_energy_never_rises_at_temperature_zero(form: Form, data: st.DataObject) -> None:
    N, K = data.draw(st.integers(2, 14)), data.draw(st.integers(1, 12))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    patterns, states = signs(rng, K, N), signs(rng, 1, N)
    order = data.draw(st.sampled_from(["random", "sequential"]))
    before = form.energy(overlaps(patterns, states), N)[0]
    for t in range(4):
        states = run(form, patterns, states, 1, order=order, seed=t).states
        after = form.energy(overlaps(patterns, states), N)[0]
        assert after <= before + 1e-12 * N * K
        before = after


def test_ties_keep_the_old_spin() -> None:
    xi = np.array([[1, 1], [1, -1]], dtype=np.int8)  # J = 0
    for sigma in ([1, 1], [1, -1], [-1, 1]):
        result = run(Classic(), xi, np.array([sigma], dtype=np.int8), 5)
        assert result.states.tolist() == [sigma] and result.converged.all() and result.flips.tolist() == [0]


def test_classic_and_power_two_are_one_network(seed: int) -> None:
    rng = np.random.default_rng(seed)
    patterns, states = signs(rng, 9, 21), signs(rng, 5, 21)
    one, two = (run(form, patterns, states, 30, seed=1) for form in (Classic(), Polynomial(2)))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_synchronous_updates_can_cycle() -> None:
    xi = np.array([[1, 1]], dtype=np.int8)
    result = run(Classic(), xi, np.array([[1, -1]], dtype=np.int8), 7, dynamics="synchronous")
    assert result.states.tolist() == [[-1, 1]] and not result.converged[0] and result.flips[0] == 14


@pytest.mark.parametrize(("form", "N"), [(Exponential(), 3000), (Polynomial(60), 3000), (Polynomial(3), 3000)], ids=str)
def test_nothing_overflows(form: Form, N: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patterns = signs(rng, 5, N)
    cue = patterns[:1].copy()
    cue[0, : N // 4] *= -1
    with np.errstate(over="raise", invalid="raise"):
        table = form.gains(N)
        assert np.isfinite(table.a).all() and np.isfinite(table.b).all()
        X = overlaps(patterns, cue)[0]
        totals = [gain(table, X, patterns[:, i], int(cue[0, i]), N)[0] for i in range(N)]
        assert np.array_equal(np.array(totals) < 0, cue[0] != patterns[0])  # exactly the turned spins would turn back
        assert np.isfinite(form.energy(overlaps(patterns, patterns), N)).all()


def test_whole_numbers_are_exact() -> None:
    table = Polynomial(4).gains(6)
    for X in range(-6, 7):
        keep = [X**4 - (X - 2 * s) ** 4 for s in (1, -1)]
        assert table.a[X + 6] == sum(keep) / 2 and table.b[X + 6] == (keep[0] - keep[1]) / 2
    assert table.scale == 6.0**-3


def test_visiting_order_is_a_permutation() -> None:
    orders = np.array([visiting_order(10, 5, 0, t) for t in range(400)])
    assert (np.sort(orders, axis=1) == np.arange(10)).all()
    assert abs(orders.mean(0) - 4.5).max() < 0.6  # 4 standard errors
    assert LANES == 16


def test_arguments() -> None:
    with pytest.raises(ValueError, match=r"Polynomial.n: expected at least 2, got 1"):
        Polynomial(1)
    with pytest.raises(TypeError, match="Polynomial.n: expected a whole number"):
        Polynomial(2.5)
