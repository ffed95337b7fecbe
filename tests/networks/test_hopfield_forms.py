"""The continuous Hopfield network: published identities, bounds, fixed points; sparse activations against bisection."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.networks import hopfield_forms as forms
from spikegram.networks.hopfield_theory import (
    has_fixed_point,
    jacobian_bound,
    retrieval_error_bound,
    separation,
    sphere_capacity,
)

ACTIVATIONS = ("softmax", "sparsemax", "entmax15", ("entmax", 1.3), ("entmax", 3.0), "normmax", ("normmax", 5.0))


def digits() -> np.ndarray:
    from sklearn.datasets import load_digits

    X = load_digits().data[:200] / 8 - 1
    return X - X.mean(0)


def root(f: Any, low: float, high: float) -> float:
    """Bisection of a falling function, one number at a time."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) > 0 else (low, middle)
    return low


@pytest.mark.parametrize("alpha", [1.2, 1.5, 2.0, 3.0])
def test_entmax_against_bisection(alpha: float, seed: int) -> None:
    for z in np.random.default_rng(seed).standard_normal((20, 9)) * 3:
        y, power = [(alpha - 1) * v for v in z], 1 / (alpha - 1)
        tau = root(lambda t, y=y, power=power: sum(max(v - t, 0) ** power for v in y) - 1, max(y) - 1, max(y))
        want = np.array([max(v - tau, 0) ** power for v in y])
        assert np.abs(forms.entmax(z, alpha) - want).max() < 1e-9


@pytest.mark.parametrize("gamma", [1.5, 2.0, 5.0])
def test_normmax_against_bisection_and_its_optimality(gamma: float, seed: int) -> None:
    for z in np.random.default_rng(seed).standard_normal((20, 9)) * 2:
        tau = root(lambda t, z=z: sum(max(v - t, 0) ** (gamma / (gamma - 1)) for v in z) - 1, z.max() - 1, z.max())
        p = np.array([max(v - tau, 0) ** (1 / (gamma - 1)) for v in z])
        came = forms.normmax(z, gamma)
        assert np.abs(came - p / p.sum()).max() < 1e-9
        slope = z - came ** (gamma - 1) * (came**gamma).sum() ** (1 / gamma - 1)  # of p.z - |p|_g: equal where p > 0
        assert np.ptp(slope[came > 0]) < 1e-9 and (slope[came == 0] <= slope[came > 0].min() + 1e-9).all()


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_conjugate_is_the_maximum_and_its_gradient_is_p(activation: Any, seed: int) -> None:
    rng, kind = np.random.default_rng(seed), forms.activation_named(activation)
    z = rng.standard_normal(6) * 2
    p = forms.activate(z, kind)
    assert forms.conjugate(np.zeros(6), kind) == pytest.approx(0.0, abs=1e-12)
    step = 1e-6 * np.eye(6)
    slope = (forms.conjugate(z + step, kind) - forms.conjugate(z - step, kind)) / 2e-6
    assert np.abs(slope - p).max() < 1e-7


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_energy_never_rises(activation: Any, seed: int) -> None:
    rng, worst = np.random.default_rng(seed), 0.0
    for N in (2, 16, 64):
        for P in (3, 50):
            for beta in (0.1, 1.0, 8.0):
                X = rng.standard_normal((P, N))
                xi = rng.dirichlet(np.ones(P), 12) @ X  # in the hull of the patterns
                most = 2 * (X * X).sum(1).max()
                E = forms.hopfield_energy(X, xi, beta, activation)
                for _ in range(20):
                    assert (E >= -1e-9).all() and (E <= most + 1e-9).all()
                    xi, _ = forms.hopfield_update(X, xi, beta, activation)
                    fresh = forms.hopfield_energy(X, xi, beta, activation)
                    worst = max(worst, float((fresh - E).max()))
                    E = fresh
                found = forms.retrieve(X, xi, beta, 20000, 1e-9, "state", activation)
                gradient = found.states - forms.hopfield_update(X, found.states, beta, activation)[0]
                assert found.converged.all() and np.linalg.norm(gradient, axis=1).max() < 1e-6
    assert worst < 1e-9


@given(data=st.data())
def test_energy_never_rises_for_drawn_networks(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    X = rng.standard_normal((data.draw(st.integers(1, 8)), data.draw(st.integers(1, 6)))) * data.draw(st.floats(0.1, 9))
    beta, activation = data.draw(st.floats(0.01, 50)), data.draw(st.sampled_from(ACTIVATIONS))
    xi = rng.standard_normal((3, X.shape[1])) * 5
    before = forms.hopfield_energy(X, xi, beta, activation)
    after = forms.hopfield_energy(X, forms.hopfield_update(X, xi, beta, activation)[0], beta, activation)
    assert (after <= before + 1e-9 * (1 + np.abs(before))).all()


def test_gradient_and_jacobian(seed: int) -> None:
    rng, beta = np.random.default_rng(seed), 1.7
    X, xi = rng.standard_normal((7, 5)), rng.standard_normal(5)
    fresh, p = forms.hopfield_update(X, xi, beta)
    step = 1e-6 * np.eye(5)
    E = forms.hopfield_energy(X, xi + step, beta) - forms.hopfield_energy(X, xi - step, beta)
    assert np.abs(E / 2e-6 - (xi - fresh)).max() < 1e-8
    J = beta * X.T @ (np.diag(p) - np.outer(p, p)) @ X
    numeric = (forms.hopfield_update(X, xi + step, beta)[0] - forms.hopfield_update(X, xi - step, beta)[0]) / 2e-6
    assert np.abs(numeric - J).max() < 1e-7
    assert np.linalg.norm(J, 2) <= jacobian_bound(X, beta)


def test_orthonormal_patterns_by_hand() -> None:
    _, p = forms.hopfield_update(np.eye(16), np.eye(16)[3], 8.0)
    assert p[3] == pytest.approx(math.exp(8) / (math.exp(8) + 15), abs=1e-14)


def test_one_step_error_bound(seed: int) -> None:
    rng, ratio = np.random.default_rng(seed), 0.0
    for _ in range(500):
        P, N, beta = rng.integers(2, 30), rng.integers(2, 40), rng.uniform(0.5, 30)
        X = rng.standard_normal((P, N))
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        xi = X[0] + rng.standard_normal(N) * rng.uniform(0, 0.3) / math.sqrt(N)
        bound = retrieval_error_bound(X, xi, beta, 0)
        ratio = max(ratio, float(np.linalg.norm(forms.hopfield_update(X, xi, beta)[0] - X[0])) / bound)
    assert 0.1 < ratio < 1.0  # the card's own 500 cases reached 0.40


def test_separated_patterns_have_a_fixed_point_nearby(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((30, 64))
    assert has_fixed_point(X, 2.0).all()
    found = forms.retrieve(X, X, 2.0, None, 1e-12, "state")
    M = np.linalg.norm(X, axis=1).max()
    assert np.linalg.norm(found.states - X, axis=1).max() <= 1 / (2.0 * len(X) * M)


def test_metastable_states(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count, entropy = {}, {}
    for draw in range(8):
        centres = np.linalg.qr(rng.standard_normal((32, 2)))[0].T
        X = np.repeat(centres, 5, axis=0) + 0.3 * rng.standard_normal((10, 32)) / math.sqrt(32)
        for beta in (0.5, 1.0, 1.9, 4.0, 8.0, 16.0, 300.0):
            found = forms.retrieve(X, X, beta, 20_000, 1e-10)
            distance = np.linalg.norm(found.states[:, None] - found.states[None], axis=-1)
            count[draw, beta] = len({int(row.argmax()) for row in distance < 1e-4})
            entropy[draw, beta] = float(-(found.p * np.log(np.maximum(found.p, 1e-300))).sum(1).mean())
        assert [count[draw, b] for b in (0.5, 1.0, 1.9, 4.0, 8.0, 16.0)] == [1, 1, 1, 2, 2, 2]
        assert 2 < count[draw, 300.0] <= 10 and entropy[draw, 300.0] < 0.05  # single patterns
        assert entropy[draw, 1.0] == pytest.approx(math.log(10), abs=0.01)
        assert 0 < entropy[draw, 16.0] < math.log(5)  # of a cluster
    # one draw scatters by 0.02 and 0.04, at beta = 16 by 0.2
    assert np.mean([entropy[draw, 4.0] for draw in range(8)]) == pytest.approx(1.69, abs=0.03)
    assert np.mean([entropy[draw, 8.0] for draw in range(8)]) == pytest.approx(1.53, abs=0.06)


@pytest.mark.parametrize("activation", [a for a in ACTIVATIONS if a != "softmax"], ids=str)
def test_sparse_retrieval_is_exact_from_the_margin_on(activation: Any, seed: int) -> None:
    rng, margin = np.random.default_rng(seed), forms.activation_named(activation).margin
    X = rng.standard_normal((12, 30))
    beta = margin / separation(X).min() * 1.0001
    states, p = forms.hopfield_update(X, X, beta, activation)
    assert np.array_equal(p, np.eye(12)) and np.array_equal(states, X)
    eps, M = 0.05, np.linalg.norm(X, axis=1).max()
    beta = margin / (separation(X).min() - 2 * M * eps) * 1.0001
    noise = rng.standard_normal(X.shape)
    cues = X + eps * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    assert np.array_equal(forms.hopfield_update(X, cues, beta, activation)[0], X)  # in one step
    assert (forms.hopfield_update(X, X, 0.1 * beta)[1] < 1).all()  # softmax never is


def test_margins() -> None:
    margins = [forms.activation_named(a).margin for a in ("softmax", "sparsemax", "entmax15", "normmax")]
    assert margins == [math.inf, 1.0, 2.0, 1.0]
    for activation in ("sparsemax", "entmax15", "normmax", ("normmax", 5.0), ("entmax", 1.3)):
        kind = forms.activation_named(activation)
        assert forms.activate(np.array([kind.margin, 0.0, 0.0]), kind).tolist() == [1.0, 0.0, 0.0]
        assert 0.5 < forms.activate(np.array([kind.margin * 0.99, 0.0, 0.0]), kind)[0] < 1
    five = forms.activate(np.array([2.0, 0, 0, 0, 0]), forms.activation_named("entmax15"))
    assert five.tolist() == [1, 0, 0, 0, 0]  # one over five is rounded, and so is tau by the formula


def test_sparse_error_is_never_above_the_dense_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(50):
        X = rng.standard_normal((20, 16))
        xi = X + 0.1 * rng.standard_normal(X.shape)
        dense, sparse = (forms.hopfield_update(X, xi, 1.0, a)[0] for a in ("softmax", "sparsemax"))
        own = separation(X) > 3  # retrieved at all
        assert (np.linalg.norm(sparse - X, axis=1) <= np.linalg.norm(dense - X, axis=1) + 1e-12)[own].all()


def test_entmax_goes_over_into_softmax(seed: int) -> None:
    z = np.random.default_rng(seed).standard_normal((4, 7))
    assert np.abs(forms.entmax(z, 1.0001) - forms.softmax(z)).max() < 2e-4


@pytest.mark.parametrize(
    ("beta", "identity"), [(0.1, 0.005), (0.25, 0.08), (0.5, 0.385), (1.0, 0.65), (2.0, 0.725), (8.0, 0.775)]
)
def test_half_digits(beta: float, identity: float) -> None:
    X = digits()
    cues = X.copy()
    cues[:, 32:] = 0
    states, _ = forms.hopfield_update(X, cues, beta)
    nearest = ((states[:, None] - X[None]) ** 2).sum(-1).argmin(1)
    assert (nearest == np.arange(200)).mean() == pytest.approx(identity, abs=0.011)


def test_half_digits_of_one_norm() -> None:
    X = digits()
    X *= np.linalg.norm(X, axis=1).mean() / np.linalg.norm(X, axis=1, keepdims=True)
    cues = X.copy()
    cues[:, 32:] = 0
    states, _ = forms.hopfield_update(X, cues, 8.0)
    assert (((states[:, None] - X[None]) ** 2).sum(-1).argmin(1) == np.arange(200)).mean() > 0.775


def test_attention_identity(seed: int) -> None:
    torch = pytest.importorskip("torch")
    X, xi = torch.randn(2, 40, 24, generator=torch.Generator().manual_seed(seed), dtype=torch.float32)
    want = torch.nn.functional.scaled_dot_product_attention(xi[None], X[None], X[None])[0].numpy()
    came, _ = forms.hopfield_update(X.numpy(), xi.numpy(), np.float32(1 / math.sqrt(24)))
    assert np.abs(came - want).max() < 1e-6


def test_loop_of_retrieval(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, xi = rng.standard_normal((9, 6)), rng.standard_normal((5, 6))
    found = forms.retrieve(X, xi, 1.0, 2, 0.0)
    states = xi
    for _ in range(3):
        states, p = forms.hopfield_update(X, states, 1.0)
    assert np.allclose(found.states, states, rtol=1e-12) and np.allclose(found.p, p, rtol=1e-12)
    assert found.steps.tolist() == [3] * 5 and not found.converged.any()
    each = [forms.retrieve(X, x, 1.0, None, 1e-6) for x in xi]  # one at a time stops at the same step
    whole = forms.retrieve(X, xi, 1.0, None, 1e-6)
    assert [int(f.steps) for f in each] == whole.steps.tolist() and whole.converged.all()


def test_no_overflow() -> None:
    X = np.array([[1e4, 0.0], [0.0, 1e4]], dtype=np.float32)
    with np.errstate(over="raise", invalid="raise"):
        states, p = forms.hopfield_update(X, X, np.float32(100))
        assert np.array_equal(states, X) and np.isfinite(forms.hopfield_energy(X, X, np.float32(100))).all()


def test_capacity_of_the_paper_again() -> None:
    assert sphere_capacity(1.0, 3.0, 20, 0.001).base == pytest.approx(3.1546, abs=1e-4)


def test_messages() -> None:
    for bad in ("tanh", ("entmax", 1), ("entmax", True), ("normmax", math.inf), ("softmax", 2), 3):
        with pytest.raises(ValueError, match="activation: expected one of softmax, sparsemax, entmax15, normmax"):
            forms.activation_named(bad)
