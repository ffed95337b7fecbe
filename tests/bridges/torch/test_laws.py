"""Laws of start values: their moments, and that layers take them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats

from spikegram.bridges.torch import (
    ELM,
    Gamma,
    LogNormal,
    LogSpaced,
    LogUniform,
    Normal,
    Spaced,
    SpikingLayer,
    TimeConstant,
    Uniform,
)
from spikegram.neurons import BellecALIF

N = 20_000
DISTRIBUTIONS = [  # law, the same in SciPy
    (Uniform(-1.0, 3.0), stats.uniform(-1, 4)),
    (LogUniform(1.0, 1000.0), stats.loguniform(1, 1000)),
    (Normal(2.0, 0.5), stats.norm(2, 0.5)),
    (Normal(2.0, 0.5, low=1.8, high=4.0), stats.truncnorm(-0.4, 4.0, 2, 0.5)),
    (LogNormal(20.0, 0.3), stats.lognorm(0.3, scale=20)),
    (Gamma(20.0, 3.0), stats.gamma(3, scale=20 / 3)),
]


@pytest.mark.parametrize(("law", "known"), DISTRIBUTIONS, ids=[str(law) for law, _ in DISTRIBUTIONS])
def test_values_follow_the_law(law, known) -> None:
    values = law.draw(N, torch.Generator().manual_seed(3)).numpy()
    assert values.dtype == np.float64
    assert stats.kstest(values, known.cdf).pvalue > 1e-3
    assert not np.array_equal(values, law.draw(N, torch.Generator().manual_seed(4)).numpy())


def test_spaced_values_are_not_random() -> None:
    assert Spaced(1, 5).draw((5,)).tolist() == [1, 2, 3, 4, 5]
    assert LogSpaced(1, 16).draw((1, 5)).tolist() == [[1, 2, 4, 8, 16]]
    assert Spaced(1, 5).draw(1).tolist() == [3]
    assert LogSpaced(1, 16).draw(1).tolist() == [4]
    assert LogSpaced(2, 2).draw(3).tolist() == [2, 2, 2]
    assert Spaced(1, 5).draw(0).shape == (0,)


def test_the_seed_is_pytorchs() -> None:
    torch.manual_seed(7)
    first = Gamma(1, 2).draw(3)
    torch.manual_seed(7)
    assert torch.equal(first, Gamma(1, 2).draw(3))


def test_cells_with_values_of_a_law() -> None:
    def made() -> SpikingLayer:
        torch.manual_seed(1)
        return SpikingLayer(
            BellecALIF, (2, 3), parameters=dict(tau_m=LogUniform(5, 50), beta=Uniform(0, 1)),
            init=dict(v=Uniform(0, 0.5)), recurrent=Normal(0, 0.1), learn=("tau_m",), backend="torch",
        )  # fmt: skip

    layer = made()
    tau = layer.parameter("tau_m")
    assert tau.shape == (2, 3)
    assert 5 <= tau.min() < tau.max() <= 50
    torch.manual_seed(1)
    torch.testing.assert_close(tau.double(), LogUniform(5, 50).draw((2, 3)), rtol=1e-6, atol=0)
    assert 0 < layer.init_state(1).v.min() < layer.init_state(1).v.max() < 0.5
    assert 0 < layer.recurrent_weight.std() < 0.3
    x = torch.rand(5, 2, 2, 3)
    y, _ = layer(x)
    assert torch.equal(made()(x)[0], y)
    other = type(layer)(**layer.config())
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(x)[0], y)


def test_time_constants_with_values_of_a_law() -> None:
    layer = ELM(4, 2, 8, tau_m=LogUniform(2, 200), tau_s=Uniform(3, 6), learn=("tau_m",))
    tau = layer.tau_m.tau()
    assert tau.shape == (8,)
    assert 2 <= tau.min() < tau.max() <= 200
    assert layer.tau_s.tau().shape == (4,)
    other = ELM(**layer.config())
    torch.testing.assert_close(other.tau_m.tau(), tau)
    torch.testing.assert_close(other.tau_s.tau(), layer.tau_s.tau())
    held = TimeConstant(LogSpaced(1, 100), 1.0, shape=(3,))
    torch.testing.assert_close(held.tau(), torch.tensor([1.0, 10.0, 100.0], dtype=torch.float64))
    with pytest.raises(ValueError, match="tau: a law needs shape="):
        TimeConstant(LogSpaced(1, 100), 1.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LogUniform(0, 10), "LogUniform: low: expected a number > 0, got 0"),
        (lambda: Uniform(2, 1), "Uniform: expected low <= high, got 2 and 1"),
        (lambda: Normal(0, 0), "Normal: std: expected a number > 0, got 0"),
        (lambda: Normal(0, 1, low=10, high=11), "Normal: no value of mean 0, std 1 lies in 10 ... 11"),
        (lambda: Normal(0, 1, low=1, high=1), "Normal: expected low < high"),
        (lambda: Gamma(math.inf, 1), "Gamma: mean: expected a number > 0, got inf"),
        (lambda: LogNormal("1", 1), "LogNormal: median: expected a number > 0, got '1'"),
        (lambda: SpikingLayer(BellecALIF, 3, parameters=dict(tau_m=Uniform(-5, -1))), "expected a time >= 0 ms, got -"),
    ],
)  # fmt: skip
def test_mistakes_are_told(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
