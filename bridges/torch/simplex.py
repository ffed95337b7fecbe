"""Sparse relatives of softmax on tensors, with exact gradients: sparsemax, alpha-entmax, normmax.

p(z) over the last axis is that of `networks.hopfield_forms`, which has the definitions and references. The derivative
needs p alone, so that gradients of gradients are exact too; it is 0 outside the support of p:

- entmax a    dp = s (dz - <s, dz> / sum s),             s_i = p_i^(2 - a)
- normmax g   dp = s (dz - <p, dz>) - p sum of these,    s_i = |p|_g^(g - 1) p_i^(2 - g) / (g - 1)

Where entries are left out, z is -inf there. Numbers of 16 bits are worked on in 32.

>>> entmax(torch.tensor([1.0, 0.5, -2.0]), 2.0).tolist()
[0.75, 0.25, 0.0]
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ...networks.hopfield_forms import Activation

__all__ = ["activate", "entmax", "normmax"]


def activate(z: Tensor, activation: Activation) -> Tensor:
    """p(z) along the last axis."""
    if activation.kind == "softmax":
        return torch.softmax(z, -1)
    return (entmax if activation.kind == "entmax" else normmax)(z, activation.order)


def entmax(z: Tensor, alpha: float) -> Tensor:
    """alpha-entmax, alpha > 1, along the last axis; 2 is sparsemax."""
    return _in_single(_Entmax, z, alpha)


def normmax(z: Tensor, gamma: float) -> Tensor:
    """gamma-normmax, gamma > 1, along the last axis."""
    return _in_single(_Normmax, z, gamma)


def _in_single(function: Any, z: Tensor, order: float) -> Tensor:
    if z.dtype in (torch.float16, torch.bfloat16):
        return function.apply(z.float(), order).to(z.dtype)
    return function.apply(z, order)


class _Entmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor, alpha: float) -> Tensor:
        p = _entmax(z, alpha)
        ctx.save_for_backward(p)
        ctx.alpha = alpha
        return p

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (p,) = ctx.saved_tensors
        s = _power(p, 2 - ctx.alpha)
        return s * (grad - (s * grad).sum(-1, keepdim=True) / s.sum(-1, keepdim=True)), None


class _Normmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor, gamma: float) -> Tensor:
        z = _below_zero(z, 1.0)
        p = (z - _tau(z, gamma / (gamma - 1))).clamp(min=0) ** (1 / (gamma - 1))
        p = p / p.sum(-1, keepdim=True)
        ctx.save_for_backward(p)
        ctx.gamma = gamma
        return p

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (p,), gamma = ctx.saved_tensors, ctx.gamma
        norm = _power(p, gamma).sum(-1, keepdim=True) ** (1 / gamma)
        s = norm ** (gamma - 1) / (gamma - 1) * _power(p, 2 - gamma)
        h = s * (grad - (p * grad).sum(-1, keepdim=True))
        return h - p * h.sum(-1, keepdim=True), None


def _power(p: Tensor, n: float) -> Tensor:
    """p^n on the support, 0 elsewhere; the derivative there is finite for n < 1 too."""
    on = p > 0
    return torch.where(on, torch.where(on, p, 1) ** n, 0)


def _below_zero(z: Tensor, scale: float) -> Tensor:
    """Largest entry 0; -2 for what is at most -1, where p is 0 whatever else there is (and not by rounding alone)."""
    z = (z - z.amax(-1, keepdim=True)) * scale
    return torch.where(z <= -1, -2.0, z)


def _entmax(z: Tensor, alpha: float) -> Tensor:
    z = _below_zero(z, alpha - 1)
    if alpha in (1.5, 2.0):
        s = z.sort(-1, descending=True).values
        k = torch.arange(1, z.shape[-1] + 1, dtype=z.dtype, device=z.device)
        total = s.cumsum(-1)
        if alpha == 2:
            last = (1 + k * s > total).sum(-1, keepdim=True)
            return (z - (total.gather(-1, last - 1) - 1) / last).clamp(min=0)
        mean = total / k
        rest = (1 - ((s * s).cumsum(-1) - k * mean * mean)) / k
        taus = mean - rest.clamp(min=0).sqrt()
        last = (taus <= s).sum(-1, keepdim=True)
        return (z - taus.gather(-1, last - 1)).clamp(min=0) ** 2
    p = (z - _tau(z, 1 / (alpha - 1))).clamp(min=0) ** (1 / (alpha - 1))
    return p / p.sum(-1, keepdim=True)


def _tau(z: Tensor, power: float) -> Tensor:
    """Root of sum [z - tau]_+ ^ power = 1 where max z = 0: it lies in [-1, -n^(-1 / power)]."""
    low = torch.full_like(z[..., :1], -1.0)
    high = torch.full_like(low, -(float(z.shape[-1]) ** (-1 / power)))
    for _ in range(60 if z.dtype == torch.float64 else 30):
        middle = (low + high) / 2
        above = ((z - middle).clamp(min=0) ** power).sum(-1, keepdim=True) >= 1
        low, high = torch.where(above, middle, low), torch.where(above, high, middle)
    return low
