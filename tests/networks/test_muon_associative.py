"""Frequent and rare facts: the gradient, published and closed-form results, what turns with the basis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikegram.networks import LinearAssociator
from spikegram.networks.muon_associative import (
    FactTask,
    balance,
    hebb,
    learn,
    newton_schulz,
    orthonormal,
    polar,
    power_law,
    spectrum,
    two_level_frequencies,
)

K = 64
TWO = two_level_frequencies(K, 8, 0.8)


def one_hot(p: np.ndarray) -> FactTask:
    return FactTask(np.eye(K), np.eye(K), p)


def turned(p: np.ndarray, seed: int) -> FactTask:
    rng = np.random.default_rng(seed)
    return FactTask(orthonormal(K, K, rng), orthonormal(K, K, rng), p)


def test_gradient_against_differences_and_autograd(seed: int) -> None:
    rng = np.random.default_rng(seed)
    task = FactTask(orthonormal(7, 5, rng), orthonormal(7, 5, rng), power_law(5))
    W, D, h = rng.standard_normal((7, 7)), rng.standard_normal((7, 7)), 1e-5
    slope = (task.loss(W + h * D) - task.loss(W - h * D)) / (2 * h)
    assert (task.gradient(W) * D).sum() == pytest.approx(slope, abs=1e-9)
    torch = pytest.importorskip("torch")
    w = torch.tensor(W, requires_grad=True)
    scores = torch.tensor(task.Et).T @ w @ torch.tensor(task.E)
    (-torch.tensor(task.p) * torch.log_softmax(scores, 0).diagonal()).sum().backward()
    assert np.abs(w.grad.numpy() - task.gradient(W)).max() < 1e-10


@pytest.mark.parametrize(
    ("p", "optimiser", "rate", "step", "worst"),
    [
        *((TWO, "gd", 20.0, 7, 0.0255), (TWO, "sign", 0.05, 64, 0.9052), (TWO, "muon", 0.2, 32, 0.9040)),
        *((power_law(K), "gd", 20.0, 3, 0.0190), (power_law(K), "sign", 0.05, 64, 0.9052)),
        (power_law(K), "muon", 0.2, 32, 0.8954),
    ],
)
def test_table(p: np.ndarray, optimiser: str, rate: float, step: int, worst: float, seed: int) -> None:
    """Steps until a fact has 0.9, and the worst fact then. Only descent by signs depends on the embeddings."""
    found = balance(learn(one_hot(p), optimiser, rate, step + 1).probabilities)
    assert abs(found.step - step) <= 1 and found.worst == pytest.approx(worst, abs=0.005)
    if optimiser == "sign":
        other = balance(learn(turned(p, seed), "sign", 0.02, 40).probabilities)
        assert other.worst < 0.1
    else:
        other = balance(learn(turned(p, seed), optimiser, rate, step + 1).probabilities)
        assert other.step == found.step and other.worst == pytest.approx(found.worst, abs=1e-6)
    if p is TWO and optimiser == "gd":
        assert found.all[8:].mean() == pytest.approx(0.0255, abs=0.005) and found.all[:8].min() >= 0.9


def test_signs_in_closed_form() -> None:
    """W = t rate (2 I - 1 1'): a fact has 1 / (1 + (K - 1) exp(-2 t rate)), however rare. Adam without means too."""
    t = np.arange(1, 41)
    want = 1 / (1 + (K - 1) * np.exp(-0.1 * t))
    for optimiser in ("sign", "adam"):
        found = learn(one_hot(TWO), optimiser, 0.05, 40, betas=(0.0, 0.0))
        assert np.abs(found.probabilities - want[:, None]).max() < 1e-3
        assert np.abs(found.W - 2.0 * (2 * np.eye(K) - 1)).max() < 1e-3


def test_muon_in_closed_form() -> None:
    """Equal frequencies: each step is I - 1 1'/K, so a fact has 1 / (1 + (K - 1) exp(-t rate))."""
    found = learn(one_hot(np.full(K, 1 / K)), "muon", 0.2, 10)
    assert np.abs(found.W - 2.0 * (np.eye(K) - 1 / K)).max() < 1e-9
    assert found.probabilities[-1] == pytest.approx(1 / (1 + 63 * np.exp(-2.0)), abs=1e-9)


@pytest.mark.parametrize(("optimiser", "rate"), [("gd", 20.0), ("muon", 0.2), ("sign", 0.02)])
def test_turned_embeddings(optimiser: str, rate: float, seed: int) -> None:
    task = turned(TWO, seed)
    plain, other = (learn(x, optimiser, rate, 10).W for x in (one_hot(TWO), task))
    off = np.abs(other - task.Et @ plain @ task.E.T).max()
    assert off > 1e-2 if optimiser == "sign" else off < 1e-8


def test_spectrum_of_the_step(seed: int) -> None:
    task = turned(TWO, seed)
    W = learn(task, "muon", 0.2, 5).W
    step = polar(task.gradient(W))
    s = np.linalg.svd(step, compute_uv=False)
    assert (np.minimum(abs(s - 1), s) < 1e-9).all() and s[0] == pytest.approx(1)
    found = spectrum(step)
    assert found.entropy == pytest.approx(1) and found.quartiles == pytest.approx(1)
    assert found.effective_rank == pytest.approx((s > 0.5).sum())
    by_hand = spectrum(np.diag([2.0, 1.0, 1.0]))  # q = 2/3, 1/6, 1/6
    assert by_hand.first == pytest.approx(2 / 3)
    assert by_hand.effective_rank == pytest.approx(1.5 ** (2 / 3) * 6 ** (1 / 3))
    gd = learn(task, "gd", 20.0, 7).W
    assert spectrum(gd).entropy < spectrum(learn(task, "muon", 0.2, 32).W).entropy


def test_equal_frequencies_leave_no_gap() -> None:
    for optimiser, rate in (("gd", 20.0), ("sign", 0.05), ("muon", 0.2)):
        found = learn(one_hot(np.full(K, 1 / K)), optimiser, rate, 10).probabilities
        assert np.abs(found - found[:, :1]).max() < 1e-9


def test_newton_schulz_comes_near(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for n, m in ((30, 30), (20, 40)):
        U, V = orthonormal(n, 20, rng), orthonormal(m, 20, rng)
        G = (U * np.geomspace(1, 0.01, 20)) @ V.T
        X, want = newton_schulz(G), polar(G)
        assert np.abs(want - U @ V.T).max() < 1e-9
        assert (X * want).sum() / np.linalg.norm(X) / np.linalg.norm(want) > 0.98
        s = np.linalg.svd(X, compute_uv=False)[:20]
        assert s.min() > 0.6 and s.max() < 1.25
    found = balance(learn(one_hot(TWO), "muon_ns", 0.2, 60).probabilities)
    assert found.worst > 0.6  # gd: 0.03


def test_momentum_is_nesterovs() -> None:
    """Two steps by hand, and means of Adam of a constant gradient are that gradient."""
    task = one_hot(TWO)
    first = task.gradient(np.zeros((K, K)))
    W1 = -0.1 * (1 + 0.9) * first
    second = task.gradient(W1)
    W2 = W1 - 0.1 * (second + 0.9 * (0.9 * first + second))
    assert np.abs(learn(task, "gd", 0.1, 2, momentum=0.9).W - W2).max() < 1e-12
    assert np.abs(learn(task, "adam", 1e-9, 3).W + 3e-9 * np.sign(first)).max() < 1e-12
    assert balance(learn(task, "muon", 0.2, 40, momentum=0.95).probabilities).worst > 0.8


def test_hebb_is_the_first_step_and_the_delta_rule_knows_no_frequencies(seed: int) -> None:
    task = turned(TWO, seed)
    rest = hebb(task) + task.gradient(np.zeros((K, K)))  # the step itself is minus the gradient
    assert np.linalg.matrix_rank(rest, tol=1e-10) == 1
    worst = np.diag(task.probabilities(1000 * hebb(task)))
    assert worst[:8].min() > 0.99 and worst[8:].max() < 0.9
    memory = LinearAssociator(K, rule="delta")
    memory.store(task.E.T, task.Et.T)
    known = np.diag(task.probabilities(6.4 * memory.S.T))
    assert np.ptp(known) < 1e-9 and known[0] == pytest.approx(1 / (1 + 63 * np.exp(-6.4)))


def test_frequencies() -> None:
    assert TWO[:8].sum() == pytest.approx(0.8) and TWO[8:].sum() == pytest.approx(0.2) and np.ptp(TWO[8:]) == 0
    assert power_law(3, 1.0) == pytest.approx(np.array([6, 3, 2]) / 11)


def test_messages() -> None:
    task = FactTask(np.eye(3), np.eye(3), np.full(3, 1 / 3))
    calls: list[tuple[Any, str]] = [
        (lambda: FactTask(np.ones((3, 2)), np.ones((3, 2)), np.full(2, 0.5)), "FactTask.E: expected orthonormal"),
        (lambda: FactTask(np.eye(3), np.eye(4), np.full(3, 1 / 3)), "FactTask.Et: expected the shape of E"),
        (lambda: FactTask(np.eye(3), np.eye(3), np.ones(3)), "FactTask.p: expected 3 numbers above 0 of sum 1"),
        (lambda: learn(task, "adagrad", 0.1, 3), "optimiser: expected one of gd, sign, adam, muon, muon_ns"),
        (lambda: learn(task, "gd", 0.0, 3), "rate: expected a finite number > 0"),
        (lambda: learn(task, "gd", 0.1, 3, momentum=1.0), "momentum: expected numbers in"),
        (lambda: learn(task, "adam", 0.1, 3, momentum=0.5), "momentum: adam has betas"),
        (lambda: balance(np.full((2, 3), 0.5)), "probabilities: expected a fact that reaches 0.9, got at most 0.5"),
        (lambda: balance(np.ones((2, 3)), eps=1.0), "eps: expected a number between 0 and 1"),
        (lambda: two_level_frequencies(4, 4, 0.5), "frequent: expected 1 ... 3, got 4"),
        (lambda: two_level_frequencies(4, 2, 1.0), "share: expected a number between 0 and 1"),
        (lambda: orthonormal(3, 4, np.random.default_rng(0)), "facts: expected at most size = 3, got 4"),
        (lambda: spectrum(np.zeros((2, 2))), "W: expected a matrix that is not zero"),
    ]
    for call, message in calls:
        with pytest.raises(ValueError, match=message):
            call()
