r"""Time constants of layers, fixed or learned: what is stored, and the time constant and decay that it stands for.

A learned time constant is stored as an unconstrained number w and mapped, never clamped:

===============  ===============================================  ================================================
``param``        value                                            w
===============  ===============================================  ================================================
``sigmoid``      beta = low + (high - low) sigmoid(w)             low < beta < high, by default 0 and 1
``sigmoid_tau``  tau = low + (high - low) sigmoid(w)              low < tau < high in ms, to be given
``logtau``       tau = exp(w)                                     tau > 0
``softplus``     tau = low + softplus(w)                          tau > low in ms, by default 0
``stable_exp``   beta = exp(-exp(w))                              0 < beta < 1; tau = dt exp(-w)
``bitshift``     beta = 1 - 2**-d, d = round(w)                   d >= 1: digital hardware; straight through on d
===============  ===============================================  ================================================

with beta = exp(-dt/tau). Start values are worked out in float64. Where one lies at or beyond an end of a sigmoid, w is
held at +-16: it differs from the end by 1e-7 of the range, and its gradient is not zero for ever, as it would be with
an infinite w (the trap in single precision where high - 1e-6 is high).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .laws import Law

__all__ = ["PARAMS", "UNBOUNDED", "TimeConstant", "from_time", "to_time"]

FURTHEST = 16.0


class _Param(NamedTuple):
    """tau of (w, dt, low, high) and w of (tau, dt, low, high); ``of_beta`` says that the bounds are those of beta."""

    tau: Callable[[Tensor, float, float, float], Tensor]
    stored: Callable[[Tensor, float, float, float], Tensor]
    of_beta: bool
    low: float | None = None
    high: float | None = None


def _logit(y: Tensor, low: float, high: float) -> Tensor:
    share = ((y - low) / (high - low)).clamp(0, 1)
    return (share.log() - (-share).log1p()).clamp(-FURTHEST, FURTHEST)


def _sigmoid_beta(w: Tensor, dt: float, low: float, high: float) -> Tensor:
    if (low, high) == (0, 1):
        return dt / nn.functional.softplus(-w)  # -ln(beta) without the rounding of a beta near 1
    return -dt / (low + (high - low) * torch.sigmoid(w)).log()


def _sigmoid_beta_stored(tau: Tensor, dt: float, low: float, high: float) -> Tensor:
    if (low, high) == (0, 1):
        return -torch.expm1(dt / tau).log()
    return _logit((-dt / tau).exp(), low, high)


def _softplus_stored(tau: Tensor, dt: float, low: float, high: float) -> Tensor:
    y = tau - low
    return y + (-(-y).expm1()).log()


def _rounded(w: Tensor) -> Tensor:
    d = w.clamp(min=1)
    return w + (d.round() - w).detach()


PARAMS: dict[str, _Param] = {
    "sigmoid": _Param(_sigmoid_beta, _sigmoid_beta_stored, True, 0.0, 1.0),
    "sigmoid_tau": _Param(
        lambda w, dt, a, b: a + (b - a) * torch.sigmoid(w), lambda tau, dt, a, b: _logit(tau, a, b), False
    ),
    "logtau": _Param(lambda w, dt, a, b: w.exp(), lambda tau, dt, a, b: tau.log(), False, 0.0, math.inf),
    "softplus": _Param(lambda w, dt, a, b: a + nn.functional.softplus(w), _softplus_stored, False, 0.0, math.inf),
    "stable_exp": _Param(
        lambda w, dt, a, b: dt * (-w).exp(), lambda tau, dt, a, b: (dt / tau).log(), True, 0.0, 1.0
    ),
    "bitshift": _Param(
        lambda w, dt, a, b: -dt / torch.log1p(-torch.exp2(-_rounded(w))),
        lambda tau, dt, a, b: -torch.log2(-torch.expm1(-dt / tau)), True, 0.0, 1.0,
    ),
}  # fmt: skip


#: Those that need no bounds.
UNBOUNDED = tuple(name for name, p in PARAMS.items() if p.high is not None)


def from_time(
    param: str, tau: Tensor, dt: float, low: float | None = None, high: float | None = None
) -> tuple[Tensor, float, float]:
    """Give what is stored for time constants (ms, float64), and the bounds that hold.

    Raises
    ------
    ValueError
        For an unknown ``param``, bounds that are missing, time constants outside them.
    """
    if param not in PARAMS:
        raise ValueError(f"decay_param: expected one of {', '.join(PARAMS)}, got {param!r}")
    entry = PARAMS[param]
    low, high = (own if given is None else given for given, own in ((low, entry.low), (high, entry.high)))
    if low is None or high is None or not low < high:
        raise ValueError(f"decay_param={param!r}: needs low < high, got {low!r} and {high!r}")
    value = (-dt / tau).exp() if entry.of_beta else tau
    slack = 1e-9 * (high - low) if math.isfinite(high) else 0.0
    if not bool(((value >= low - slack) & (value <= high + slack)).all()):
        what = "exp(-dt/tau)" if entry.of_beta else "tau"
        raise ValueError(
            f"decay_param={param!r}: {what} must lie between {low:g} and {high:g}, "
            f"got {value.min().item():g} ... {value.max().item():g}"
        )
    stored = entry.stored(tau, dt, low, high)
    if not bool(stored.isfinite().all()):
        raise ValueError(f"decay_param={param!r}: tau = {tau.tolist()} ms has no finite parameter")
    return stored, low, high


def to_time(param: str, stored: Tensor, dt: float, low: float | None = None, high: float | None = None) -> Tensor:
    """Give the time constants in ms, in at least single precision."""
    entry = PARAMS[param]
    w = stored.float() if stored.dtype in (torch.float16, torch.bfloat16) else stored
    return entry.tau(w, dt, entry.low if low is None else low, entry.high if high is None else high)


class TimeConstant(nn.Module):
    """Hold time constants in ms; calling it gives (tau, beta, 1 - beta).

    Parameters
    ----------
    tau : float, sequence or tensor
        Start values > 0 in ms; with ``shape`` also a law (`laws`).
    dt : float
        Time step in ms.
    learn : bool
        Make them a parameter; else they are constants in float64.
    param : str
        How a learned one is stored, see the module.
    shape : sequence of int, optional
        Of the values that are drawn from a law.
    low, high : float
        Bounds of tau, or for ``sigmoid`` of beta.
    device, dtype
        Of the parameter.

    Examples
    --------
    >>> tau, beta, rest = TimeConstant([1.0, 1000.0], 1.0)()
    >>> beta.tolist()
    [0.36787944117144233, 0.999000499833375]
    >>> hold = TimeConstant([1.0, 1000.0], 1.0, learn=True, param="sigmoid_tau", low=1.0, high=1000.0)
    >>> hold.raw.tolist()
    [-16.0, 16.0]
    """

    fixed: Tensor

    def __init__(
        self, tau: Any, dt: float, *, learn: bool = False, param: str = "sigmoid", low: float | None = None,
        high: float | None = None, shape: Sequence[int] | None = None, device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if param not in PARAMS:
            raise ValueError(f"decay_param: expected one of {', '.join(PARAMS)}, got {param!r}")
        if not 0 < dt < math.inf:
            raise ValueError(f"dt: must be > 0 ms, got {dt!r}")
        if isinstance(tau, Law):
            if shape is None:
                raise ValueError(f"tau: a law needs shape=, got {tau}")
            tau = tau.draw(shape)
        start = torch.as_tensor(tau, dtype=torch.float64).detach().cpu()
        if not bool(((start > 0) & start.isfinite()).all()):
            raise ValueError(f"tau: must be > 0 ms and finite, got {start.min().item()} ... {start.max().item()}")
        self.dt, self.learn, self.param = float(dt), bool(learn), param
        self.low, self.high = low, high
        if not learn:
            self.register_buffer("fixed", start.to(device), persistent=False)
            return
        stored, self.low, self.high = from_time(param, start, self.dt, low, high)
        self.raw = nn.Parameter(stored.to(device, dtype or torch.get_default_dtype()))

    def forward(self, dtype: torch.dtype | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Give tau in ms, beta = exp(-dt/tau) and 1 - beta, in ``dtype``; in at least single precision."""
        tau = self.tau()
        x = -self.dt / tau
        made = tau, x.exp(), -x.expm1()
        return made if dtype is None else tuple(t.to(dtype) for t in made)  # type: ignore[return-value]

    def tau(self) -> Tensor:
        """Give the time constants in ms."""
        if not self.learn:
            return self.fixed
        return to_time(self.param, self.raw, self.dt, self.low, self.high)
