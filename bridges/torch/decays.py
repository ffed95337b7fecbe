"""How a learned time constant is stored: as an unconstrained number, mapped to a time, never clamped.

=============  ==========  =========================================================================
name           stored      value
=============  ==========  =========================================================================
`sigmoid`      w           beta = 1/(1 + exp(-w)), tau = -dt/ln(beta)
`logtau`       w           tau = exp(w) ms
`softplus`     w           tau = dt/4 + ln(1 + exp(w)) ms
`stable_exp`   w           beta = exp(-exp(w)), so tau = dt exp(-w)
`bitshift`     d           beta = 1 - 2^-d with d rounded to whole numbers >= 1 (gradient as if it were not rounded)
=============  ==========  =========================================================================

beta is what a variable with this time constant keeps in one step, exp(-dt/tau). Times are in ms.

>>> import torch
>>> to_time("sigmoid", from_time("sigmoid", torch.tensor(20.0), 1.0), 1.0).round(decimals=4).item()
20.0
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

__all__ = ["DECAY_PARAMS", "from_time", "to_time"]

DECAY_PARAMS = ("sigmoid", "logtau", "softplus", "stable_exp", "bitshift")


def check(kind: str) -> None:
    """Refuse an unknown name."""
    if kind not in DECAY_PARAMS:
        raise ValueError(f"decay_param: expected one of {', '.join(DECAY_PARAMS)}, got {kind!r}")


def to_time(kind: str, stored: Tensor, dt: float) -> Tensor:
    """Map what is stored to a time constant in ms."""
    check(kind)
    if kind == "sigmoid":
        return dt / softplus(-stored)  # -ln(sigmoid(w)) = ln(1 + exp(-w))
    if kind == "logtau":
        return stored.exp()
    if kind == "softplus":
        return dt / 4 + softplus(stored)
    if kind == "stable_exp":
        return dt * torch.exp(-stored)
    shift = stored + (stored.round().clamp(min=1) - stored).detach()
    return -dt / torch.log1p(-torch.exp2(-shift))


def from_time(kind: str, tau: Tensor, dt: float) -> Tensor:
    """Give the number to store for a time constant in ms (for `bitshift` the nearest whole number)."""
    check(kind)
    if not bool((tau > 0).all()):
        raise ValueError(f"decay_param: a learned time constant must be > 0 ms, got {float(tau.min()):g} ms")
    if kind == "sigmoid":
        return -torch.log(torch.expm1(dt / tau))
    if kind == "logtau":
        return tau.log()
    if kind == "softplus":
        if not bool((tau > dt / 4).all()):
            raise ValueError(
                f"decay_param 'softplus' keeps time constants above dt/4 = {dt / 4:g} ms, got {float(tau.min()):g} ms"
            )
        rest = tau - dt / 4
        return rest + torch.log(-torch.expm1(-rest))
    if kind == "stable_exp":
        return math.log(dt) - tau.log()
    return torch.round(-torch.log2(-torch.expm1(-dt / tau))).clamp(min=1)
