r"""Sparsey's macrocolumn ("mac"): a sparse distributed code of Q winners, drawn with noise that familiarity takes away.

A mac is Q winner-take-all modules of K binary cells; a code is one cell per module. One pass of the Code Selection
Algorithm (CSA) chooses it, in a time that does not depend on how much is stored.

**One pass**, for cells i of modules q, after the sums u, h, d of the bottom-up, horizontal and top-down weights:

1. `normalise`       U = min(1, u / (number of active inputs * w_max)), H and D likewise
2. `local_support`   V(i) = U(i)^lambda_U H(i)^lambda_H D(i)^lambda_D over the signals that are present
3. `familiarity`     G = (1/Q) sum_q max_{i in q} V(i)
4. `hypotheses`      zeta = round(mean_q #{i in q: V(i) > V_zeta}); `gain` of the code F = zeta^A up to B, else 0
5. `expansivity`     eta = 1 + ([(G - G_minus)/(1 - G_minus)]_+)^gamma chi K
6. `win_weights`     mu(i) = (eta - 1) / (1 + s1 exp(-s2 (V(i) - s3)))^s4 + 1
7. `probabilities`   rho(i) = mu(i) / sum over its module
8. `draw`            one winner per module from rho (learning); `most_likely` takes the largest (recognition)

A familiar input (G = 1) reinstates its code; a novel one (G <= G_minus) gets a uniformly random code, and what lies
between gets a code that shares winners with those of similar inputs. All sums over cells run in their order, and powers
are products, so that a compiled form gives the same numbers.

Other forms of step 6, by ``sigmoid``, each with its own ``sigma``:

========  ===================================================  ==============================================
name      mu                                                   sigma, default
========  ===================================================  ==============================================
2014      as above                                             s1, s2, s3, s4 = 0.1, 4, 1, 8
alt       (eta - 1) / (1 + (s1 exp(-s2 (V - s3)))^s4) + 1      the same
java      max(eta / (1 + exp(-s (V - v0))), 1)                 s, lowest and highest v0, V = 4, 0.5, 0.9, 0.3
2010      a G^b / (1 + exp(-(l V + f))) + 1                    a, b, l, f = 10000, 7, 26, -13
========  ===================================================  ==============================================

In ``java`` v0 rises by a hundredth of its range each time the mean V of a learning mac reaches a new maximum above the
last number (`raise_inflection`).

**Left out.** Cells have no potential and no spikes; a frame is one pass.

**Reference.** G. J. Rinkus 2010, "A cortical sparse distributed coding model linking mini- and macrocolumn-scale
functionality", Front. Neuroanat. 4:17; G. J. Rinkus 2014, "Sparsey: event recognition via deep hierarchical sparse
distributed codes", Front. Comput. Neurosci. 8:160; R. Rinkus and J. Leveille 2017, "Superposed episodic and semantic
memory via sparse distributed representation", arXiv 1710.07829.

>>> params = SparseyParams(modules=1, cells=8)
>>> expansivity(1.0, params), round(expansivity(0.55, params), 9)
(801.0, 201.0)
>>> V = np.array([[1.0, 0.5, 0, 0, 0, 0, 0, 0]])
>>> probabilities(win_weights(V, 1.0, params)).round(3)
array([[0.958, 0.027, 0.003, 0.003, 0.003, 0.003, 0.003, 0.003]])
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np

from ..units import is_whole

__all__ = [
    "SparseyParams", "draw", "expansivity", "familiarity", "gain", "hypotheses", "local_support", "most_likely",
    "normalise", "probabilities", "raise_inflection", "win_weights",
]  # fmt: skip

SIGMOIDS = {
    "2014": (0.1, 4.0, 1.0, 8.0),
    "alt": (0.1, 4.0, 1.0, 8.0),
    "java": (4.0, 0.5, 0.9, 0.3),
    "2010": (10000.0, 7.0, 26.0, -13.0),
}


@dataclass(frozen=True, slots=True)
class SparseyParams:
    """Constants of a mac.

    Parameters
    ----------
    modules : int
        Q; the number of active cells of every code.
    cells : int
        K, cells per module, at least 2.
    lambda_u, lambda_h, lambda_d : int
        Exponents of the three signals; larger means that less similar inputs count as new.
    lambda_first : int, optional
        Exponent of U in the first frame of a sequence; ``lambda_u`` by default.
    least, most : int
        Band of the number of active features (inputs, or macs of the level below) in which the mac becomes active;
        no upper end by default.
    persistence : int
        delta, frames for which a code stays.
    norm : str
        ``"active"`` divides a sum by the number of active inputs, ``"fixed"`` by the expected number.
    expected : int, optional
        Expected number of active inputs of a mac that sees the inputs; for ``norm="fixed"``.
    g_minus, gamma, chi : float
        Familiarity below which a code is drawn at random; exponent and height of the expansivity.
    sigmoid, sigma : str, tuple
        Form of the win weight and its four numbers (see the module), by default those of the form.
    v_zeta, gain_exponent, most_hypotheses : float, float, int
        V_zeta, A and B of the competing hypotheses.

    Raises
    ------
    ValueError, TypeError
        A number out of range.
    """

    modules: int
    cells: int
    lambda_u: int = 1
    lambda_h: int = 1
    lambda_d: int = 1
    lambda_first: int | None = None
    least: int = 1
    most: int | None = None
    persistence: int = 1
    norm: Literal["active", "fixed"] = "active"
    expected: int | None = None
    g_minus: float = 0.1
    gamma: float = 2.0
    chi: float = 100.0
    sigmoid: Literal["2014", "alt", "java", "2010"] = "2014"
    sigma: tuple[float, float, float, float] | None = None
    v_zeta: float = 0.95
    gain_exponent: float = 1.0
    most_hypotheses: int = 3

    def __post_init__(self) -> None:
        for name, least in (
            *(("modules", 1), ("cells", 2), ("lambda_u", 1), ("lambda_h", 1), ("lambda_d", 1), ("lambda_first", 1)),
            *(("least", 1), ("most", self.least), ("persistence", 1), ("expected", 1), ("most_hypotheses", 1)),
        ):
            value = getattr(self, name)
            if value is None and name in ("lambda_first", "most", "expected"):
                continue
            if not is_whole(value) or value < least:
                raise ValueError(f"SparseyParams.{name}: expected a whole number >= {least}, got {value!r}")
        for name, low, top in (
            *(("g_minus", 0.0, 1.0), ("gamma", 0.0, math.inf), ("chi", 0.0, math.inf)),
            *(("v_zeta", 0.0, 1.0), ("gain_exponent", 0.0, math.inf)),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Real) or not low <= value <= top or value == math.inf:
                raise ValueError(f"SparseyParams.{name}: expected a number in {low:g} ... {top:g}, got {value!r}")
        if self.g_minus == 1:
            raise ValueError("SparseyParams.g_minus: expected less than 1, got 1")
        if self.norm not in ("active", "fixed"):
            raise ValueError(f"SparseyParams.norm: expected 'active' or 'fixed', got {self.norm!r}")
        if self.sigmoid not in SIGMOIDS:
            raise ValueError(f"SparseyParams.sigmoid: expected one of {', '.join(SIGMOIDS)}, got {self.sigmoid!r}")
        if self.sigma is not None:
            sigma = tuple(self.sigma)
            if len(sigma) != 4 or not all(isinstance(s, Real) and math.isfinite(s) for s in sigma):
                raise ValueError(f"SparseyParams.sigma: expected four finite numbers, got {self.sigma!r}")
            object.__setattr__(self, "sigma", tuple(float(s) for s in sigma))

    @property
    def shape(self) -> tuple[float, ...]:
        """The four numbers of the sigmoid."""
        return SIGMOIDS[self.sigmoid] if self.sigma is None else self.sigma

    @property
    def first_power(self) -> int:
        """Exponent of U in the first frame of a sequence."""
        return self.lambda_u if self.lambda_first is None else self.lambda_first


def _total(x: np.ndarray) -> Any:
    """Sum over the last axis, one after the other."""
    return np.add.accumulate(x, axis=-1)[..., -1]


def _power(x: np.ndarray, n: int) -> np.ndarray:
    y = x
    for _ in range(n - 1):
        y = y * x
    return y


def normalise(total: np.ndarray, full: float) -> np.ndarray:
    """Give sums of weights as a part of ``full``, the sum that a cell gets if all its active inputs are strong."""
    return np.minimum(1.0, total / full)


def local_support(signals: Iterable[tuple[np.ndarray, int]]) -> np.ndarray:
    """V [Q, K]: the product of normalised signals [Q, K], each to its exponent."""
    V: Any = None
    for x, n in signals:
        V = _power(x, n) if V is None else V * _power(x, n)
    if V is None:
        raise ValueError("signals: expected at least one, got none")
    return V


def familiarity(V: np.ndarray) -> float:
    """G: the mean over modules of the largest V in each; V is [Q, K]."""
    return float(_total(V.max(axis=-1)) / V.shape[0])


def hypotheses(V: np.ndarray, params: SparseyParams) -> int:
    """Give zeta, the number of codes that V [Q, K] supports about equally; a half is rounded up."""
    Q = V.shape[0]
    return int((2 * np.count_nonzero(V > params.v_zeta) + Q) // (2 * Q))


def gain(zeta: int, params: SparseyParams) -> float:
    """F(zeta): how loud each cell of a code that stands for zeta hypotheses is."""
    if zeta <= 1:
        return 1.0
    return 0.0 if zeta > params.most_hypotheses else float(zeta) ** params.gain_exponent


def expansivity(G: float, params: SparseyParams) -> float:
    """Give eta, the range of the win weights."""
    return 1.0 + max(0.0, (G - params.g_minus) / (1.0 - params.g_minus)) ** params.gamma * params.chi * params.cells


def win_weights(V: np.ndarray, G: float, params: SparseyParams, v0: float | None = None) -> np.ndarray:
    """Give mu [Q, K] of V [Q, K]; ``v0`` is the present inflection of the form ``java``, by default its lowest."""
    a, b, c, d = params.shape
    if params.sigmoid == "2010":
        return a * G**b / (1.0 + np.exp(-(c * V + d))) + 1.0
    eta = expansivity(G, params)
    if params.sigmoid == "java":
        return np.maximum(eta / (1.0 + np.exp(-a * (V - (b if v0 is None else v0)))), 1.0)
    e = a * np.exp(-b * (V - c))
    return (eta - 1.0) / ((1.0 + e) ** d if params.sigmoid == "2014" else 1.0 + e**d) + 1.0


def raise_inflection(V: np.ndarray, v0: float, largest: float, params: SparseyParams) -> tuple[float, float]:
    """Give v0 of the form ``java`` and the largest mean V after a frame of learning."""
    _, low, high, threshold = params.shape
    mean = float(_total(V.ravel()) / V.size)
    if mean > threshold and mean > largest and v0 < high:
        return min(v0 + (high - low) / 100, high), mean
    return v0, largest


def probabilities(mu: np.ndarray) -> np.ndarray:
    """Give rho [Q, K]: the chance of each cell to win in its module."""
    return mu / _total(mu)[..., None]


def draw(mu: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Draw a winner per module [Q] by uniform numbers u [Q]: the first whose cumulative mu exceeds u times the sum."""
    cumulative = np.add.accumulate(mu, axis=-1)
    return np.minimum((cumulative <= (u * cumulative[..., -1])[..., None]).sum(-1), mu.shape[-1] - 1)


def most_likely(mu: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Give the cell with the largest mu per module [Q]; u [Q] decides between equals."""
    tied = mu == mu.max(axis=-1, keepdims=True)
    number = tied.sum(-1)
    chosen = np.minimum((u * number).astype(np.int64), number - 1)
    return ((np.cumsum(tied, axis=-1) - 1 == chosen[..., None]) & tied).argmax(-1)
