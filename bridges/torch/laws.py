r"""Laws from which start values are drawn: one value per neuron, from PyTorch's random stream.

====================================  =============================================================================
``Uniform(low, high)``                uniform between low and high
``LogUniform(low, high)``             the logarithm uniform
``Spaced(low, high)``                 no chance: equal distances from low to high, in the order of the neurons
``LogSpaced(low, high)``              equal ratios; one neuron alone has the geometric mean
``Normal(mean, std, low, high)``      normal, given that the value lies between low and high (by default: anywhere)
``LogNormal(median, sigma)``          the logarithm normal with standard deviation sigma
``Gamma(mean, shape)``                gamma with this mean and variance mean^2/shape (time constants that differ:
                                      N. Perez-Nieves et al. 2021, Nat. Commun. 12:5791)
====================================  =============================================================================

A law stands wherever a value per neuron does, in the unit of that value: ``SpikingLayer(parameters=, init=,
recurrent=)``, ``ELM(tau_m=, tau_s=)``, `TimeConstant` given a shape. The layer keeps the values, not the law: its
`config` and a copy have the same ones, and `torch.manual_seed` before it is built makes them again.

>>> [round(tau, 6) for tau in LogSpaced(1.0, 1000.0).draw(4).tolist()]
[1.0, 10.0, 100.0, 1000.0]
>>> Normal(0.0, 1.0, low=0.5).draw(1000).min().item() > 0.5
True
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["Gamma", "Law", "LogNormal", "LogSpaced", "LogUniform", "Normal", "Spaced", "Uniform", "drawn"]


class Law(ABC):
    """A law: `draw` gives values from it."""

    def draw(self, shape: int | Sequence[int], generator: torch.Generator | None = None) -> Tensor:
        """Draw values of this shape, float64 on the CPU.

        Parameters
        ----------
        shape : int or sequence of int
        generator : torch.Generator, optional
            By default PyTorch's own.
        """
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        return self._of(shape, generator)

    @abstractmethod
    def _of(self, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor: ...


def drawn(value: Any, shape: Sequence[int]) -> Any:
    """Draw the values, if this is a law; else give it back."""
    return value.draw(shape).numpy() if isinstance(value, Law) else value


def _number(law: Law, name: str, low: float = -math.inf) -> None:
    value = getattr(law, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low < value < math.inf:
        wanted = "a finite number" if low == -math.inf else f"a number > {low:g}"
        raise ValueError(f"{type(law).__name__}: {name}: expected {wanted}, got {value!r}")


def _ordered(law: Any, low: float = -math.inf) -> None:
    _number(law, "low", low)
    _number(law, "high", low)
    if law.high < law.low:
        raise ValueError(f"{type(law).__name__}: expected low <= high, got {law.low!r} and {law.high!r}")


def _uniform(shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
    return torch.rand(shape, dtype=torch.float64, generator=generator)


def _places(shape: tuple[int, ...]) -> Tensor:
    """0 ... 1 in equal distances; 1/2 for one value."""
    n = math.prod(shape)
    return torch.linspace(0, 1, n, dtype=torch.float64).reshape(shape) if n != 1 else torch.full(shape, 0.5).double()


@dataclass(frozen=True)
class Uniform(Law):
    """Uniform between ``low`` and ``high``."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _ordered(self)

    def _of(self, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
        return self.low + (self.high - self.low) * _uniform(shape, generator)


@dataclass(frozen=True)
class LogUniform(Law):
    """The logarithm uniform between those of ``low`` > 0 and ``high``."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _ordered(self, 0.0)

    def _of(self, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
        return self.low * (self.high / self.low) ** _uniform(shape, generator)


@dataclass(frozen=True)
class Spaced(Law):
    """Equal distances from ``low`` to ``high``, both included."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _ordered(self)

    def _of(self, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
        return self.low + (self.high - self.low) * _places(shape)


@dataclass(frozen=True)
class LogSpaced(Law):
    """Equal ratios from ``low`` > 0 to ``high``, both included."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _ordered(self, 0.0)

    def _of(self, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
        return self.low * (self.high / self.low) ** _places(shape)


@dataclass(frozen=True)
class Normal(Law):
    """Normal with ``mean`` and ``std``, given that the value lies between ``low`` and ``high``.

    The bounds cut the law (its mean and deviation change); they are not values at which others are put.
    """

    mean: float
    std: float
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        _number(self, "mean")
        _number(self, "std", 0.0)
        if not self.low < self.high:
            raise ValueError(f"Normal: expected low < high, got {self.low!r} and {self.high!r}")
        if not self._ends()[1] - self._ends()[0] > 1e-9:
            raise ValueError(
                f"Normal: no value of mean {self.mean:g}, std {self.std:g} lies in {self.low:g} ... {self.high:g}"
            )

    def _ends(self) -> tuple[float, float]:
        a, b = ((0.5 * math.erfc((self.mean - x) / (self.std * math.sqrt(2)))) for x in (self.low, self.high))
        return a, b

    def _of(self, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
        a, b = self._ends()
        share = a + (b - a) * (_uniform(shape, generator) * (1 - 2.0**-52) + 2.0**-54)  # neither 0 nor 1
        return self.mean + self.std * torch.special.ndtri(share)


@dataclass(frozen=True)
class LogNormal(Law):
    """``median`` times exp(``sigma`` z), z normal."""

    median: float
    sigma: float

    def __post_init__(self) -> None:
        _number(self, "median", 0.0)
        _number(self, "sigma", 0.0)

    def _of(self, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
        return self.median * (self.sigma * torch.randn(shape, dtype=torch.float64, generator=generator)).exp()


@dataclass(frozen=True)
class Gamma(Law):
    """Gamma with this ``mean`` > 0 and variance mean^2/``shape``."""

    mean: float
    shape: float

    def __post_init__(self) -> None:
        _number(self, "mean", 0.0)
        _number(self, "shape", 0.0)

    def _of(self, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
        rate = torch.full(shape, self.shape, dtype=torch.float64)
        return torch._standard_gamma(rate, generator) * (self.mean / self.shape)
