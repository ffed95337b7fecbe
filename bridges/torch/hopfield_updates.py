"""Updates of Hopfield states in the projected space, head by head, until they stay; then the read-out.

Heads are axes: states q (B, H, L, d), patterns k (B, H, S, d), what is read out v (B, H, S, d_v). One update is
q <- p k with p = softmax(beta q k'), or another member of the family (`networks.hopfield_forms`). What ends them is
described in `bridges.torch.hopfield`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from ...networks.hopfield_forms import Activation, activation_named
from .simplex import activate

__all__ = ["associate"]

_MOST_STEPS = 10_000
_SOFTMAX = activation_named("softmax")


def associate(
    q: Tensor, k: Tensor, v: Tensor, beta: float | Tensor = 1.0, mask: Tensor | None = None, dropout: float = 0.0,
    steps: int | None = 0, eps: float = 1e-4, stop_on: str = "p", activation: Activation = _SOFTMAX,
) -> Tensor:  # fmt: skip
    """Update ``q`` (B, H, L, d) over ``k`` (B, H, S, d) and read out ``v`` (B, H, S, d_v): (B, H, L, d_v).

    Parameters
    ----------
    q, k, v : Tensor
    beta : float or Tensor
        A tensor has one number for each of H heads.
    mask : Tensor, optional
        Added to the scaled overlaps, broadcast to (B, H, L, S); -inf leaves a pattern out.
    dropout : float
        Share of the weights that is dropped before the read-out.
    steps : int or None
        Updates after the first one; None: until all heads have stopped.
    eps : float
        A head stops when it changes by at most this; 0 with a number of steps makes all of them.
    stop_on : str
        ``"p"`` or ``"state"``.
    activation : Activation
        What gives p.
    """
    if isinstance(beta, Tensor):
        scale, factor = 1.0, beta.view(-1, 1, 1)
    else:
        scale, factor = beta, 1.0
    fixed = eps == 0 and steps is not None
    if steps != 0 and stop_on == "p" and not fixed:
        p = _until_p_stays(q, k, scale * factor, mask, steps, eps, activation)
        return F.dropout(p, dropout) @ v
    on: Any = True
    step = 0
    while steps != 0 and (steps is None or step < steps):
        fresh = _read(q, k, k, factor, scale, mask, 0.0, activation)
        if not fixed:
            with torch.no_grad():
                change = (fresh - q).norm(dim=(2, 3)).amax(0).view(-1, 1, 1)
            q, on = torch.where(torch.as_tensor(on, device=q.device), fresh, q), on & (change > eps)
            if not bool(on.any()):
                break
        else:
            q = fresh
        step = _next(step, steps, eps)
    return _read(q, k, v, factor, scale, mask, dropout, activation)


def _read(
    q: Tensor, k: Tensor, v: Tensor, factor: float | Tensor, scale: float, mask: Tensor | None, dropout: float,
    activation: Activation,
) -> Tensor:  # fmt: skip
    if activation.kind == "softmax":
        return F.scaled_dot_product_attention(q * factor, k, v, mask, dropout, scale=scale)
    return F.dropout(_weights(q, k, scale * factor, mask, activation), dropout) @ v


def _until_p_stays(
    q: Tensor, k: Tensor, factor: float | Tensor, mask: Tensor | None, steps: int | None, eps: float,
    activation: Activation,
) -> Tensor:  # fmt: skip
    p = _weights(q, k, factor, mask, activation)
    on = torch.ones(p.shape[1], 1, 1, dtype=torch.bool, device=p.device)
    step = 0
    while steps is None or step < steps:
        fresh = torch.where(on, _weights(p @ k, k, factor, mask, activation), p)
        with torch.no_grad():
            on = on & ((fresh - p).norm(dim=(2, 3)).amax(0).view(-1, 1, 1) > eps)
        p = fresh
        if not bool(on.any()):
            break
        step = _next(step, steps, eps)
    return p


def _next(step: int, steps: int | None, eps: float) -> int:
    if steps is None and step >= _MOST_STEPS:
        raise RuntimeError(f"update_steps_max=None: not converged to update_steps_eps={eps:g} in {_MOST_STEPS} steps")
    return step + 1


def _weights(q: Tensor, k: Tensor, factor: float | Tensor, mask: Tensor | None, activation: Activation) -> Tensor:
    z = (q * factor) @ k.transpose(-2, -1)
    return activate(z if mask is None else z + mask, activation)
