"""Regularisers: each against its equation computed literally; ragged batches, axes, gradients, errors."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from spikegram.bridges.torch import SpikingLayer, regularisers
from spikegram.neurons import BellecALIF

T, B, N = 6, 3, 4
LENGTHS = [6, 2, 4]
FAN_OUT = [1.0, 2.0, 0.0, 5.0]


@pytest.fixture(scope="module")
def s() -> torch.Tensor:
    s = (torch.rand(T, B, N, dtype=torch.float64, generator=torch.Generator().manual_seed(3)) < 0.4).double()
    s[:, :, 0], s[:, :, 1] = 0, 1
    return s


def plus(x: float) -> float:
    return max(x, 0.0)


def band(x: float, low: float, high: float) -> float:
    return plus(low - x) ** 2 + plus(x - high) ** 2


def each(x: list[np.ndarray], of: Callable) -> list[float]:
    return [of(sample[:, k]) for sample in x for k in range(N)]


def rate_band(x: list[np.ndarray]) -> float:
    means = [np.mean([sample[:, k].sum() / len(sample) for sample in x]) for k in range(N)]
    return np.mean([band(q, 0.1, 0.5) for q in means])


# name -> the cost, and the same of a list of samples [L, N] in plain words
CASES: dict[str, tuple[Callable, Callable]] = {
    "rate_band": (lambda s, **k: regularisers.rate_band(s, 0.1, 0.5, **k), rate_band),
    "silent": (
        lambda s, **k: regularisers.silent_cells(s, 2.0, **k),
        lambda x: np.mean(each(x, lambda train: plus(2 - train.sum()) ** 2)),
    ),
    "l1": (regularisers.spikes_l1, lambda x: np.mean(each(x, lambda train: train.sum() / len(train)))),
    "l2": (regularisers.spikes_l2, lambda x: np.mean(each(x, lambda train: (train.sum() / len(train)) ** 2))),
    "membrane": (
        lambda s, **k: regularisers.membrane_band(s, 0.3, 0.8, **k),
        lambda x: np.mean(each(x, lambda v: np.mean([band(u, 0.3, 0.8) for u in v]))),
    ),
    "operations": (
        lambda s, **k: regularisers.synaptic_operations(s, torch.tensor(FAN_OUT, dtype=s.dtype), **k),
        lambda x: np.mean([sum(n * f for n, f in zip(sample.sum(0), FAN_OUT, strict=True)) for sample in x]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["whole", "ragged"])
@pytest.mark.parametrize("case", CASES)
def test_equation(case: str, lengths: list[int] | None, s: torch.Tensor) -> None:
    cost, literal = CASES[case]
    given = None if lengths is None else torch.tensor(lengths)
    expected = literal([s[: (lengths or [T] * B)[b], b].numpy() for b in range(B)])
    assert expected > 0
    assert cost(s, lengths=given).item() == pytest.approx(expected, rel=1e-12)
    assert cost(s.movedim(0, 1), lengths=given, time_first=False).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_gradient_and_what_lies_beyond_the_length(case: str, s: torch.Tensor) -> None:
    cost, _ = CASES[case]
    lengths, x = torch.tensor(LENGTHS), 0.77 * s + 0.1
    assert torch.autograd.gradcheck(lambda y: cost(y, lengths=lengths), x.clone().requires_grad_())
    before = cost(x, lengths=lengths).item()
    outside = torch.arange(T).reshape(-1, 1) >= lengths
    x[outside] = math.nan
    x.requires_grad_()
    after = cost(x, lengths=lengths)
    assert after.item() == before
    assert (torch.autograd.grad(after, x)[0][outside] == 0).all()


def test_inside_the_band_nothing_is_paid() -> None:
    s = torch.tensor([1.0, 0.0, 0.0, 0.0]).reshape(4, 1, 1)  # a quarter of the steps
    assert regularisers.rate_band(s, 0.2, 0.3).item() == 0
    assert regularisers.rate_band(s, 0.5, 0.5).item() == 0.0625
    assert regularisers.silent_cells(s).item() == 0


def test_a_silent_cell_wakes_up() -> None:
    """The gradient goes through the surrogate: a few steps of descent make silent cells spike."""
    layer = SpikingLayer(BellecALIF(beta=0, tau_m=5), 3, surrogate="atan")
    drive = torch.full((3,), 0.1, requires_grad=True)  # 0.1/(1 - exp(-1/5)) = 0.55: never at the threshold

    def spikes() -> torch.Tensor:
        return layer(drive.expand(20, 2, 3))[0]

    assert spikes().sum() == 0
    for _ in range(40):
        cost = regularisers.silent_cells(spikes())
        (slope,) = torch.autograd.grad(cost, drive)
        assert cost == 0 or (slope < 0).all()
        drive = (drive - 0.02 * slope.sign()).detach().requires_grad_()
    assert cost == 0 and (spikes().sum(0) >= 1).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda s: regularisers.rate_band(s, 0.5, 0.1), "low, high: expected spikes per step.* got 0.5 and 0.1"),
        (lambda s: regularisers.rate_band(s, -1, 0.1), "low, high: expected spikes per step"),
        (lambda s: regularisers.silent_cells(s, 0), "least: expected a number of spikes > 0, got 0"),
        (lambda s: regularisers.membrane_band(s, 1, 0), "low, high: expected low <= high, got 1 and 0"),
        (lambda s: regularisers.synaptic_operations(s, torch.ones(3)), r"fan_out: .*\(4,\), got \(3,\)"),
        (lambda s: regularisers.spikes_l1(s[0]), r"spikes: expected \(T, B, ...\)"),
    ],
)
def test_mistakes_are_told(make: Callable, message: str, s: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=message):
        make(s)
