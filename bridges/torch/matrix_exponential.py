"""The exponential of a matrix with a gradient that is exact whatever its size.

PyTorch works out the gradient from one larger exponential, of the matrix beside the incoming gradient, which is exact
relative to its own norm: in single precision a gradient of 1e6 comes out 3 % wrong and one of 1e9 not at all. In SI
units such gradients are usual. Here the incoming gradient is divided by its largest entry before, and multiplied after.

>>> A = torch.tensor([[-1.0, 0.5], [0.0, -2.0]], requires_grad=True)
>>> for size in (1.0, 1e9):
...     (G,) = torch.autograd.grad(size * matrix_exponential(A).sum(), A)
...     print((G / size).double().round(decimals=4).tolist())
[[0.4355, 0.2325], [0.3583, 0.1839]]
[[0.4355, 0.2325], [0.3583, 0.1839]]
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["matrix_exponential"]


def matrix_exponential(a: Tensor) -> Tensor:
    """Give exp(a) of square matrices [..., n, n], with derivatives of any order."""
    rule = _Exponential if torch.compiler.is_compiling() else _ExponentialBothWays
    return rule.apply(a)


def _along(a: Tensor, direction: Tensor) -> Tensor:
    """The derivative of exp(a) in a direction: the upper right part of exp [[a, direction], [0, a]]."""
    n = a.shape[-1]
    size = direction.detach().abs().amax((-2, -1), keepdim=True)
    size = torch.where(size > 0, size, 1.0)
    upper = torch.cat([a, direction / size], -1)
    lower = torch.cat([torch.zeros_like(a), a], -1)
    return matrix_exponential(torch.cat([upper, lower], -2))[..., :n, n:] * size


class _Exponential(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(a: Tensor) -> Tensor:
        return torch.matrix_exp(a)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return _along(ctx.saved_tensors[0].mT, grad)


class _ExponentialBothWays(_Exponential):
    """The same with forward mode, of which `torch.compile` does not know."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def jvp(ctx: Any, a: Tensor) -> Tensor:
        return _along(ctx.saved_tensors[0], a)
