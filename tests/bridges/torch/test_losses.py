"""Losses: each against its equation computed literally, sample by sample; ragged batches, axes, gradients, errors."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from spikegram.bridges.torch import losses

T, B, C = 7, 4, 3
LENGTHS = [7, 3, 1, 5]


@pytest.fixture(scope="module")
def s() -> torch.Tensor:
    s = (torch.rand(T, B, C, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) < 0.3).double()
    s[:, 0, 0] = 0  # a silent cell
    return s


@pytest.fixture(scope="module")
def v() -> torch.Tensor:
    return torch.randn(T, B, C, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


TARGET = torch.tensor([0, 2, 1, 2])


def ce(z: np.ndarray, c: int) -> float:
    return math.log(sum(math.exp(zk) for zk in z)) - z[c]


def first(train: np.ndarray) -> int:
    return next((t for t, spike in enumerate(train) if spike), len(train))


def efficient(x: np.ndarray, c: int) -> float:
    a, level = 0.2, 0.7
    return (1 - a) * np.mean([ce(z, c) for z in x]) + a * np.mean([(v - level) ** 2 for v in x.flat])


def count_mse(x: np.ndarray, c: int) -> float:
    return np.mean([(x[:, k].sum() - (4 if k == c else 1)) ** 2 for k in range(C)])


# name -> the loss, and the same of one sample x [L, C] of class c in plain words
CASES: dict[str, tuple[str, Callable, Callable]] = {
    "last": ("v", losses.last_step_cross_entropy, lambda x, c: ce(x[-1], c)),
    "step": ("v", losses.step_cross_entropy, lambda x, c: np.mean([ce(z, c) for z in x])),
    "efficient": (
        "v",
        lambda x, c, **k: losses.efficient_cross_entropy(x, c, level=0.7, share=0.2, **k),
        efficient,
    ),
    "count": ("s", losses.rate_cross_entropy, lambda x, c: ce(x.sum(0), c)),
    "rate": (
        "s",
        lambda x, c, **k: losses.rate_cross_entropy(x, c, gain=5.0, **k),
        lambda x, c: ce(5 * x.sum(0) / len(x), c),
    ),
    "count_mse": ("s", lambda x, c, **k: losses.count_mse(x, c, right=4, wrong=1, **k), count_mse),
    "max": ("v", losses.max_membrane_cross_entropy, lambda x, c: ce(x.max(0), c)),
    "first": (
        "s",
        lambda x, c, **k: losses.first_spike_cross_entropy(x, c, scale=2.0, **k),
        lambda x, c: ce(np.array([-first(x[:, k]) / 2 for k in range(C)]), c),
    ),
}  # fmt: skip


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "ragged"])
@pytest.mark.parametrize("case", CASES)
def test_equation(case: str, lengths: list[int] | None, s: torch.Tensor, v: torch.Tensor) -> None:
    reads, loss, literal = CASES[case]
    x = s if reads == "s" else v
    given = None if lengths is None else torch.tensor(lengths)
    expected = np.mean([literal(x[: (lengths or [T] * B)[b], b].numpy(), int(TARGET[b])) for b in range(B)])
    assert loss(x, TARGET, lengths=given).item() == pytest.approx(expected, rel=1e-12)
    other = loss(x.movedim(0, 1), TARGET, lengths=given, time_first=False)
    assert other.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_what_lies_beyond_the_length_does_not_count(case: str, s: torch.Tensor, v: torch.Tensor) -> None:
    reads, loss, _ = CASES[case]
    x = (s if reads == "s" else v).clone()
    lengths = torch.tensor(LENGTHS)
    before = loss(x, TARGET, lengths=lengths)
    for b, n in enumerate(LENGTHS):
        x[n:, b] = math.nan
    x.requires_grad_()
    after = loss(x, TARGET, lengths=lengths)
    assert after.item() == before.item()
    (gradient,) = torch.autograd.grad(after, x)
    outside = torch.arange(T).reshape(-1, 1) >= lengths
    assert (gradient[outside] == 0).all() and (gradient[~outside] != 0).any()


@pytest.mark.parametrize("case", CASES)
def test_gradient(case: str, s: torch.Tensor, v: torch.Tensor) -> None:
    """By finite differences; the sums of spikes are polynomials, so numbers between 0 and 1 will do."""
    reads, loss, _ = CASES[case]
    x = (0.8 * s + 0.1 if reads == "s" else v).requires_grad_()
    assert torch.autograd.gradcheck(lambda y: loss(y, TARGET, lengths=torch.tensor(LENGTHS)), x)


def test_first_spike_is_told_of_the_steps_before_it() -> None:
    s = torch.tensor([0.0, 0.0, 1.0, 0.0]).reshape(4, 1, 1).requires_grad_()
    f = losses.first_spike_steps(s)
    assert f.item() == 2
    f.backward()
    # a spike at step 0 or 1 would take away 2 or 1 steps; without the one at 2 there would be two more
    assert s.grad.flatten().tolist() == [-2.0, -1.0, -2.0, 0.0]


def test_last_step_counts_and_rates(s: torch.Tensor, v: torch.Tensor) -> None:
    lengths = torch.tensor(LENGTHS)
    for b, n in enumerate(LENGTHS):
        assert torch.equal(losses.last_step(v, lengths=lengths)[b], v[n - 1, b])
        assert torch.equal(losses.counts(s, lengths=lengths)[b], s[:n, b].sum(0))
        assert torch.allclose(losses.rates(s, lengths=lengths)[b], s[:n, b].mean(0), rtol=1e-14)
    wide = v.unsqueeze(-1).expand(T, B, C, 2)  # features of two axes
    assert torch.equal(losses.last_step(wide, lengths=lengths)[..., 1], losses.last_step(v, lengths=lengths))
    assert losses.counts(wide.movedim(0, 1), time_first=False).shape == (B, C, 2)


# -- van Rossum distance --------------------------------------------------------------------------------------
def trains(*times: list[int], steps: int = 40) -> torch.Tensor:
    s = torch.zeros(steps, len(times), 1, dtype=torch.float64)
    for b, each in enumerate(times):
        s[each, b, 0] = 1
    return s


def test_distance_of_single_spikes() -> None:
    distance = losses.van_rossum_distance
    assert distance(trains([5]), trains([]), tau=10).item() == pytest.approx(0.5, rel=1e-14)  # van Rossum 2001
    assert distance(trains([39]), trains([]), tau=10).item() == pytest.approx(0.5, rel=1e-14)  # its tail counts
    for later in (6, 12, 30):
        expected = 1 - math.exp(-(later - 5) * 0.5 / 10)
        assert distance(trains([5]), trains([later]), tau=10, dt=0.5).item() == pytest.approx(expected, rel=1e-13)
    assert distance(trains([3, 9]), trains([3, 9]), tau=10).item() == 0


@pytest.mark.parametrize("tau", [0.5, 4.0, 300.0])
def test_distance_is_the_double_sum_over_pairs(tau: float, s: torch.Tensor) -> None:
    """(1/2) of sum over pairs of spikes of exp(-|t_i - t_j|/tau), with sign - for one of each train."""
    wanted = s.flip(0)
    signed = (s - wanted).flatten(1).numpy()
    near = np.exp(-np.abs(np.subtract.outer(np.arange(T), np.arange(T))) * 0.5 / tau)
    expected = np.mean([0.5 * column @ near @ column for column in signed.T])
    distance = losses.van_rossum_distance(s, wanted, tau=tau, dt=0.5)
    assert distance.item() == pytest.approx(expected, rel=1e-12)
    other = losses.van_rossum_distance(s.movedim(0, 1), wanted.movedim(0, 1), tau=tau, dt=0.5, time_first=False)
    assert other.item() == pytest.approx(expected, rel=1e-12)


def test_distance_of_ragged_trains_and_its_gradient(s: torch.Tensor) -> None:
    wanted, lengths = s.flip(0), torch.tensor(LENGTHS)
    each = [losses.van_rossum_distance(s[:n, b : b + 1], wanted[:n, b : b + 1], tau=3) for b, n in enumerate(LENGTHS)]
    together = losses.van_rossum_distance(s, wanted, tau=3, lengths=lengths)
    assert together.item() == pytest.approx(torch.stack(each).mean().item(), rel=1e-12)
    x = (0.8 * s + 0.1).requires_grad_()
    assert torch.autograd.gradcheck(lambda y: losses.van_rossum_distance(y, wanted, tau=3, lengths=lengths), x)


# -- mistakes -------------------------------------------------------------------------------------------------
X = torch.zeros(T, B, C)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: losses.rate_cross_entropy(X, TARGET[:2]),
            "target: expected 4 classes as int64, got torch.int64 of sh",
        ),
        (
            lambda: losses.rate_cross_entropy(X, TARGET.float()),
            "target: expected 4 classes as int64, got torch.float32",
        ),
        (lambda: losses.rate_cross_entropy(X, TARGET + 1), r"expected classes 0 to 2, got \[1, 2, 3\]"),
        (lambda: losses.step_cross_entropy(X[0], TARGET), r"expected a tensor \(T, B, C\) .* got \(4, 3\)"),
        (lambda: losses.rate_cross_entropy(X, TARGET, gain=0), "gain: expected a number > 0, got 0"),
        (lambda: losses.count_mse(X, TARGET, right=1, wrong=2), "right, wrong: expected .* got 1 and 2"),
        (lambda: losses.efficient_cross_entropy(X, TARGET, share=2), "share: expected a number from 0 to 1, got 2"),
        (lambda: losses.first_spike_cross_entropy(X, TARGET, scale=0), "scale: expected a number of steps > 0, got 0"),
        (lambda: losses.counts(X, lengths=torch.tensor([8, 1, 1, 1])), "lengths: expected 1 to T = 7, got"),
        (lambda: losses.counts(X, lengths=torch.tensor([1, 1])), "lengths: expected 4 whole numbers, got torch.int64"),
        (lambda: losses.counts(X[:0]), r"spikes: expected \(T, B, ...\) with at least one step"),
        (lambda: losses.van_rossum_distance(X, X, tau=0), "tau: expected a time > 0 ms, got 0"),
        (lambda: losses.van_rossum_distance(X, X[1:], tau=1), "wanted: expected shape"),
    ],
)
def test_mistakes_are_told(make: Callable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_spikes_as_whole_numbers_are_refused() -> None:
    with pytest.raises(TypeError, match="spikes: expected a floating point tensor, got torch.int64"):
        losses.counts(X.long())
