r"""Surrogate derivatives: what a backward pass takes for the derivative of the step at a threshold.

The forward pass has the step, s = 1 if u > 0 else 0; the backward pass takes ds/du from the table, with a = \|u\| and u
the distance from the threshold in units of the threshold:

======================  =========================================  ======================  ============  ==========
kind                    derivative                                 defaults                peak at 0     area
======================  =========================================  ======================  ============  ==========
`fast_sigmoid`          1/(1 + k a)^2                              k = 10                  1             2/k
`atan`                  (k/2)/(1 + (pi k u/2)^2)                   k = 2                   k/2           1
`sigmoid`               k s(ku) (1 - s(ku)), s the logistic curve  k = 4                   k/4           1
`tanh`                  1 - tanh(k u)^2                            k = 2                   1             2/k
`triangle`              gamma max(0, 1 - a/w)                      w = 1, gamma = 0.3      gamma         gamma w
`boxcar`                gamma where a < w, else 0                  w = 0.5, gamma = 1      gamma         2 gamma w
`gaussian`              gamma N(u; 0, sigma)                       sigma = 0.5, gamma = 1  gamma N(0)    gamma
`erf`                   k/sqrt(pi) exp(-(k u)^2)                   k = 2                   k/sqrt(pi)    1
`multi_gaussian`        (1+h) N(u; 0, sigma) - h N(u; sigma, s     h = 0.15, s = 6,                      1 - h
                        sigma) - h N(u; -sigma, s sigma)           sigma = 0.5
`exponential`           k/2 exp(-k a)                              k = 2                   k/2           1
`circular`              w^3/(w^2 + u^2)^(3/2)                      w = 0.5                 1             2 w
`soft_sign`             (k/2)/(1 + k a)^2                          k = 2                   k/2           1
`log_tail`              k/(1 + k a)                                k = 1                   k             infinite
`straight_through`      1                                                                  1             infinite
`leaky_step`            1 if u > 0 else epsilon                    epsilon = 0.1                         infinite
`sparse_fast_sigmoid`   1/(1 + k a)^2 where a < b, else 0          k = 10, b = 0.5         1             2b/(1+kb)
`periodic_exponential`  exp(-d/w), d the distance to the nearest   w = 0.5                 1             infinite
                        of 0, 1, 2, ...: units that spike n times
`custom`                an expression of u and named parameters
======================  =========================================  ======================  ============  ==========

The formulas are stated once, in `kernels.surrogate_forms`; the generated kernels hold them inline.

**References.** `fast_sigmoid`: Zenke and Ganguli 2018 (SuperSpike), Neural Comput. 30. `atan`: Fang et al. 2021, ICCV.
`triangle`: Bellec et al. 2018, NeurIPS 31. `exponential`: Shrestha and Orchard 2018 (SLAYER), NeurIPS 31.
`multi_gaussian`: Yin, Corradi and Bohte 2021, Nat. Mach. Intell. 3. The others: Neftci, Mostafa and Zenke 2019, IEEE
Signal Process. Mag. 36.

>>> import torch
>>> surrogate = Surrogate.fast_sigmoid(k=10)
>>> surrogate.derivative(torch.tensor([0.0, 0.1])).tolist()
[1.0, 0.25]
>>> surrogate.triple
('fast_sigmoid', 10.0, 0.0)
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes

__all__ = ["DEFAULTS", "Surrogate", "as_surrogate"]

#: kind -> its parameters and their defaults, in order
DEFAULTS: dict[str, dict[str, float]] = {
    "fast_sigmoid": {"k": 10.0},
    "atan": {"k": 2.0},
    "sigmoid": {"k": 4.0},
    "tanh": {"k": 2.0},
    "triangle": {"w": 1.0, "gamma": 0.3},
    "boxcar": {"w": 0.5, "gamma": 1.0},
    "gaussian": {"sigma": 0.5, "gamma": 1.0},
    "erf": {"k": 2.0},
    "multi_gaussian": {"h": 0.15, "s": 6.0, "sigma": 0.5},
    "exponential": {"k": 2.0},
    "circular": {"w": 0.5},
    "soft_sign": {"k": 2.0},
    "log_tail": {"k": 1.0},
    "straight_through": {},
    "leaky_step": {"epsilon": 0.1},
    "sparse_fast_sigmoid": {"k": 10.0, "b": 0.5},
    "periodic_exponential": {"w": 0.5},
}
_FREE = {"h", "gamma", "epsilon"}  # of these, 0 makes sense


@dataclass(frozen=True)
class Surrogate:
    """A surrogate derivative; made by ``Surrogate.atan(k=2)`` and the like.

    Parameters
    ----------
    kind : str
        One of the names of the table above, or ``custom``.
    values : tuple of (str, float)
        Its parameters.
    texts : tuple of str
        Of a ``custom`` one: the derivative and the primitive ('' if there is none) in the equation language.

    Raises
    ------
    ValueError
        An unknown kind (with the nearest names), parameters that are not positive.
    """

    kind: str
    values: tuple[tuple[str, float], ...]
    texts: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        if self.kind != "custom" and self.kind not in DEFAULTS:
            near = difflib.get_close_matches(self.kind, [*DEFAULTS, "custom"], 3, 0.0)
            raise ValueError(f"surrogate: unknown kind {self.kind!r}; the nearest are {', '.join(near)}")
        if self.kind != "custom" and [n for n, _ in self.values] != list(DEFAULTS[self.kind]):
            raise ValueError(
                f"surrogate {self.kind!r}: expected the parameters {', '.join(DEFAULTS[self.kind]) or '(none)'}, "
                f"got {', '.join(n for n, _ in self.values) or '(none)'}"
            )
        for name, value in self.values:
            if not math.isfinite(value) or (
                self.kind != "custom" and (value < 0 or (value == 0 and name not in _FREE))
            ):
                raise ValueError(f"surrogate {self.kind!r}: {name}: expected a number > 0, got {value!r}")

    @classmethod
    def named(cls, kind: str, **values: float) -> Surrogate:
        """Make one of the table; parameters that are not given have their default."""
        if kind not in DEFAULTS:
            return cls(kind, ())  # which says what is wrong
        if unknown := sorted(set(values) - set(DEFAULTS[kind])):
            known = ", ".join(DEFAULTS[kind]) or "(it has none)"
            raise ValueError(f"surrogate {kind!r}: no parameter {unknown[0]!r}; expected {known}")
        return cls(kind, tuple((n, float(values.get(n, v))) for n, v in DEFAULTS[kind].items()))

    @classmethod
    def fast_sigmoid(cls, k: float = 10.0) -> Surrogate:
        """1/(1 + k a)^2."""
        return cls.named("fast_sigmoid", k=k)

    @classmethod
    def atan(cls, k: float = 2.0) -> Surrogate:
        """(k/2)/(1 + (pi k u/2)^2)."""
        return cls.named("atan", k=k)

    @classmethod
    def sigmoid(cls, k: float = 4.0) -> Surrogate:
        """The slope of the logistic curve of k u."""
        return cls.named("sigmoid", k=k)

    @classmethod
    def tanh(cls, k: float = 2.0) -> Surrogate:
        """1 - tanh(k u)^2."""
        return cls.named("tanh", k=k)

    @classmethod
    def triangle(cls, w: float = 1.0, gamma: float = 0.3) -> Surrogate:
        """gamma max(0, 1 - a/w)."""
        return cls.named("triangle", w=w, gamma=gamma)

    @classmethod
    def boxcar(cls, w: float = 0.5, gamma: float = 1.0) -> Surrogate:
        """gamma where a < w, else 0."""
        return cls.named("boxcar", w=w, gamma=gamma)

    @classmethod
    def gaussian(cls, sigma: float = 0.5, gamma: float = 1.0) -> Surrogate:
        """gamma N(u; 0, sigma)."""
        return cls.named("gaussian", sigma=sigma, gamma=gamma)

    @classmethod
    def erf(cls, k: float = 2.0) -> Surrogate:
        """k/sqrt(pi) exp(-(k u)^2)."""
        return cls.named("erf", k=k)

    @classmethod
    def multi_gaussian(cls, h: float = 0.15, s: float = 6.0, sigma: float = 0.5) -> Surrogate:
        """A Gaussian with negative lobes."""
        return cls.named("multi_gaussian", h=h, s=s, sigma=sigma)

    @classmethod
    def exponential(cls, k: float = 2.0) -> Surrogate:
        """k/2 exp(-k a)."""
        return cls.named("exponential", k=k)

    @classmethod
    def circular(cls, w: float = 0.5) -> Surrogate:
        """w^3/(w^2 + u^2)^(3/2)."""
        return cls.named("circular", w=w)

    @classmethod
    def soft_sign(cls, k: float = 2.0) -> Surrogate:
        """(k/2)/(1 + k a)^2."""
        return cls.named("soft_sign", k=k)

    @classmethod
    def log_tail(cls, k: float = 1.0) -> Surrogate:
        """k/(1 + k a)."""
        return cls.named("log_tail", k=k)

    @classmethod
    def straight_through(cls) -> Surrogate:
        """1 everywhere."""
        return cls.named("straight_through")

    @classmethod
    def leaky_step(cls, epsilon: float = 0.1) -> Surrogate:
        """1 above the threshold, epsilon below."""
        return cls.named("leaky_step", epsilon=epsilon)

    @classmethod
    def sparse_fast_sigmoid(cls, k: float = 10.0, b: float = 0.5) -> Surrogate:
        """1/(1 + k a)^2 where a < b, else 0."""
        return cls.named("sparse_fast_sigmoid", k=k, b=b)

    @classmethod
    def periodic_exponential(cls, w: float = 0.5) -> Surrogate:
        """exp(-d/w), with d the distance to the nearest of 0, 1, 2, ..."""
        return cls.named("periodic_exponential", w=w)

    @classmethod
    def custom(cls, derivative: str, primitive: str = "", **values: float) -> Surrogate:
        """Take an expression of ``u`` (and of the parameters given by name) as derivative.

        ``primitive`` is the function of which it is the derivative; without it ``smooth=True`` is not possible.

        >>> import torch
        >>> Surrogate.custom("exp(-k*abs(u))", k=2.0).derivative(torch.tensor([0.0])).item()
        1.0
        """
        if not isinstance(derivative, str) or not derivative.strip():
            raise ValueError(f"surrogate 'custom': derivative: expected an expression of u, got {derivative!r}")
        found = cls("custom", tuple((n, float(v)) for n, v in values.items()), (derivative, primitive))
        _ = found._module  # mistakes in the texts are told now
        return found

    @property
    def parameters(self) -> dict[str, float]:
        """Its parameters by name."""
        return dict(self.values)

    @property
    def triple(self) -> tuple[Any, ...]:
        """(kind, first parameter, further ones): at least three entries."""
        numbers = [v for _, v in self.values]
        return (self.kind, *numbers, *[0.0] * (2 - len(numbers)))

    @property
    def plain(self) -> list[Any]:
        """As JSON values, from which `as_surrogate` makes it again."""
        return [self.kind, [list(v) for v in self.values], list(self.texts)]

    @property
    def form(self) -> tuple[str, str, str, tuple[str, ...]]:
        """What generated code depends on: the kind, the texts of a custom one, the names of the parameters."""
        return (self.kind, *self.texts, tuple(n for n, _ in self.values))

    @property
    def _module(self) -> ModuleType:
        from ...kernels.cache import generated

        def write() -> str:
            from ...kernels.torch_code import torch_surrogate

            return torch_surrogate(*self.form)

        return generated("surrogate_torch", list(self.form), write)

    def forward(self, u: torch.Tensor) -> torch.Tensor:
        """1 where u > 0, else 0, with the surrogate as its derivative."""
        from .step_functions import step

        return step(u, u > 0, self.derivative(u))

    def derivative(self, u: torch.Tensor) -> torch.Tensor:
        """dH/du as used in backward passes."""
        return self._module.derivative(u, *(v for _, v in self.values))

    def primitive(self, u: torch.Tensor) -> torch.Tensor:
        """The smooth function whose derivative it is; it takes the place of the step with ``smooth=True``."""
        if self.kind == "custom" and not self.texts[1]:
            raise ValueError("surrogate 'custom': it was given without a primitive, which smooth=True needs")
        return self._module.primitive(u, *(v for _, v in self.values))

    def plot(self, ax: Axes | None = None, width: float = 2.0) -> Axes:
        """Draw the derivative, and the primitive dashed, for u from -width to width."""
        import torch

        if ax is None:
            from matplotlib.figure import Figure

            ax = Figure(figsize=(5, 3), layout="constrained").add_subplot()
        u = torch.linspace(-width, width, 401, dtype=torch.float64)
        ax.plot(u, self.derivative(u), label=str(self))
        if self.kind != "custom" or self.texts[1]:
            ax.plot(u, self.primitive(u), "--", label="primitive")
        ax.set_xlabel("distance from the threshold (thresholds)")
        ax.legend()
        return ax

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(f'{n}={v:g}' for n, v in self.values)})"


def as_surrogate(given: Any) -> Surrogate:
    """Accept a surrogate, the name of one, or what ``Surrogate.plain`` gave."""
    if isinstance(given, Surrogate):
        return given
    if isinstance(given, list) and len(given) == 3:
        kind, values, texts = given
        return Surrogate(kind, tuple((n, float(v)) for n, v in values), tuple(texts))
    if not isinstance(given, str):
        raise TypeError(f"surrogate: expected a name or a Surrogate, got {given!r}")
    return Surrogate.named(given)
