"""What generated PyTorch code calls: functions of the equation language for tensors, with their derivatives.

Each works on tensors; where an argument may be a plain number, ``like`` is a tensor of the type of the reals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from .matrix_exponential import matrix_exponential

__all__ = ["chosen", "clip", "exprel", "negate", "propagator", "real", "step", "where"]


def real(value: Any, like: torch.Tensor) -> torch.Tensor:
    """``value`` as a tensor of the type of ``like``."""
    return value if isinstance(value, torch.Tensor) else like.new_full((), value)


def where(condition: Any, a: Any, b: Any, like: torch.Tensor) -> torch.Tensor:
    """``a`` where the condition holds, else ``b``; the condition may be one truth for all."""
    if isinstance(condition, bool):
        return real(a if condition else b, like)
    return torch.where(condition, real(a, like), real(b, like))


def chosen(s: torch.Tensor, a: Any, b: Any, like: torch.Tensor, through: bool) -> torch.Tensor:
    """``a`` where s = 1, ``b`` where s = 0; the derivative with respect to s, if it goes ``through``, is a - b."""
    a, b = real(a, like), real(b, like)
    taken = torch.where(s > 0.5, a, b)
    return taken + (s - s.detach()) * (a - b) if through else taken


def negate(condition: Any) -> Any:
    """The opposite of a condition."""
    return torch.logical_not(condition) if isinstance(condition, torch.Tensor) else not condition


def clip(x: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    """First the lower bound, then the upper one; at a bound the slope is 1."""
    return torch.clamp(x, low, high)


def exprel(x: torch.Tensor) -> torch.Tensor:
    """(exp(x) - 1)/x, with its limit 1 and slope 1/2 at 0."""
    near = x.abs() < 1e-4
    safe = torch.where(near, 1.0, x)
    return torch.where(near, 1 + x * (1 / 2 + x * (1 / 6 + x / 24)), torch.expm1(safe) / safe)


class _WithSlope(torch.autograd.Function):
    """A value whose derivative with respect to ``u`` is declared to be ``slope``."""

    generate_vmap_rule = True

    @staticmethod
    def forward(u: torch.Tensor, value: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
        return value.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        ctx.save_for_backward(inputs[2])

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        return grad * ctx.saved_tensors[0], None, None


class _WithSlopeBothWays(_WithSlope):
    """The same with forward mode, of which `torch.compile` does not know."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        ctx.save_for_backward(inputs[2])
        ctx.save_for_forward(inputs[2])

    @staticmethod
    def jvp(ctx: Any, u: torch.Tensor, value: torch.Tensor | None, slope: torch.Tensor | None) -> torch.Tensor:
        return u * ctx.saved_tensors[0]


def step(u: torch.Tensor, value: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """``value`` (a condition counts 1 or 0), with ``slope`` as its derivative with respect to ``u``.

    ``slope`` may depend on ``u``: so derivatives of second order are those of the slope.
    """
    rule = _WithSlope if torch.compiler.is_compiling() else _WithSlopeBothWays
    return rule.apply(u, value.detach().to(u.dtype), slope)


def propagator(
    rows: Sequence[Sequence[Any]], dt: float, like: torch.Tensor, scales: dict[int, tuple[float, ...]], place: int
) -> torch.Tensor:
    """`kernels.propagate.propagator` with a gradient: [n, n + m] or [n, n + m, N].

    PyTorch's matrix exponential is exact relative to the norm of the matrix, and in SI units the entries of one are far
    apart (1/tau and R/tau). So variables are first measured in other units, ``scales[place]``: powers of two, found at
    the first call and kept.
    """
    entries = [[real(e, like) for e in row] for row in rows]
    wide = torch.broadcast_tensors(*(e for row in entries for e in row))
    n, size = len(rows), len(rows[0])
    system = torch.stack(wide, -1).unflatten(-1, (n, size))
    system = torch.cat([system, system.new_zeros(*system.shape[:-2], size - n, size)], -2) * dt
    if place not in scales:
        scales[place] = _balance(system.detach().abs().reshape(-1, size, size).amax(0))
    unit = system.new_tensor(scales[place])
    ratio = unit.unsqueeze(1) / unit
    return (matrix_exponential(system / ratio) * ratio)[..., :n, :].movedim((-2, -1), (0, 1))


def _balance(size: torch.Tensor) -> tuple[float, ...]:
    """Units of the variables in which no entry off the diagonal is much larger than those on it, if there are such."""
    entries = size.tolist()
    n = len(entries)
    small = 1e-3 * max(1e-12, *(entries[i][i] for i in range(n)))
    unit = [1.0] * n
    for _ in range(8 * n):
        for i in range(n):
            into = small + sum(entries[i][j] * unit[j] / unit[i] for j in range(n) if j != i)
            out = small + sum(entries[j][i] * unit[i] / unit[j] for j in range(n) if j != i)
            unit[i] *= 2.0 ** round(math.log2(into / out) / 2)
    return tuple(unit)
