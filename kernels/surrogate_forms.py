"""Surrogate derivatives of the step function at a threshold, each stated once, as SymPy expressions.

A form has the derivative that a backward pass uses in place of that of the step, and the smooth function of which it is
the derivative: 0 at minus infinity where the area is finite, else 0 at u = 0. From these come the text inside generated
kernels and the PyTorch functions of `bridges.torch.surrogates`, whose table says what the parameters mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import sympy as sp

from .expressions import CLIP, is_condition, symbol, to_sympy

__all__ = ["FORMS", "Form", "custom_form", "form_of"]


class Form(NamedTuple):
    """Derivative and primitive in `u`; ``primitive`` is None if it is not known."""

    derivative: sp.Expr
    primitive: sp.Expr | None


u = symbol("u")


def _where(condition: sp.Basic, a: sp.Expr, b: sp.Expr) -> sp.Expr:
    return sp.Piecewise((a, condition), (b, True))


def _atan(k: sp.Expr) -> Form:
    return Form(k / 2 / (1 + (sp.pi * k * u / 2) ** 2), sp.atan(sp.pi * k * u / 2) / sp.pi + sp.Rational(1, 2))


def _fast_sigmoid(k: sp.Expr) -> Form:
    return Form(1 / (1 + k * sp.Abs(u)) ** 2, u / (1 + k * sp.Abs(u)) + 1 / k)


def _sigmoid(k: sp.Expr) -> Form:
    e = sp.exp(-k * sp.Abs(u))  # never above 1
    return Form(k * e / (1 + e) ** 2, _where(u > 0, sp.Integer(1), e) / (1 + e))


def _tanh(k: sp.Expr) -> Form:
    e = sp.exp(-2 * k * sp.Abs(u))
    return Form(4 * e / (1 + e) ** 2, 2 / k * _where(u > 0, sp.Integer(1), e) / (1 + e))


def _triangle(w: sp.Expr, gamma: sp.Expr) -> Form:
    c = CLIP(u, -w, w)
    return Form(
        _where(sp.Abs(u) < w, gamma * (1 - sp.Abs(u) / w), sp.Integer(0)), gamma * (w / 2 + c - c * sp.Abs(c) / (2 * w))
    )


def _boxcar(w: sp.Expr, gamma: sp.Expr) -> Form:
    return Form(_where(sp.Abs(u) < w, gamma, sp.Integer(0)), gamma * (CLIP(u, -w, w) + w))


def _normal(center: sp.Expr, sigma: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    z = (u - center) / sigma
    density = sp.exp(-(z**2) / 2) / (sigma * sp.sqrt(2 * sp.pi))
    return density, (1 + sp.erf(z / sp.sqrt(2))) / 2


def _gaussian(sigma: sp.Expr, gamma: sp.Expr) -> Form:
    density, below = _normal(sp.Integer(0), sigma)
    return Form(gamma * density, gamma * below)


def _erf(k: sp.Expr) -> Form:
    return Form(k / sp.sqrt(sp.pi) * sp.exp(-((k * u) ** 2)), (1 + sp.erf(k * u)) / 2)


def _multi_gaussian(h: sp.Expr, s: sp.Expr, sigma: sp.Expr) -> Form:
    parts = _normal(sp.Integer(0), sigma), _normal(sigma, s * sigma), _normal(-sigma, s * sigma)
    both = [(1 + h) * middle - h * right - h * left for middle, right, left in zip(*parts, strict=True)]
    return Form(*both)


def _exponential(k: sp.Expr) -> Form:
    e = sp.exp(-k * sp.Abs(u))
    return Form(k / 2 * e, _where(u > 0, 1 - e / 2, e / 2))


def _circular(w: sp.Expr) -> Form:
    q = w**2 + u**2
    return Form(w**3 / q ** sp.Rational(3, 2), w * u / sp.sqrt(q) + w)


def _soft_sign(k: sp.Expr) -> Form:
    return Form(k / 2 / (1 + k * sp.Abs(u)) ** 2, (k * u / (1 + k * sp.Abs(u)) + 1) / 2)


def _log_tail(k: sp.Expr) -> Form:
    return Form(k / (1 + k * sp.Abs(u)), _where(u > 0, sp.Integer(1), sp.Integer(-1)) * sp.log(1 + k * sp.Abs(u)))


def _straight_through() -> Form:
    return Form(sp.Integer(1), u)


def _leaky_step(epsilon: sp.Expr) -> Form:
    return Form(_where(u > 0, sp.Integer(1), epsilon), _where(u > 0, u, epsilon * u))


def _sparse_fast_sigmoid(k: sp.Expr, b: sp.Expr) -> Form:
    c = CLIP(u, -b, b)
    return Form(
        _where(sp.Abs(u) < b, 1 / (1 + k * sp.Abs(u)) ** 2, sp.Integer(0)), c / (1 + k * sp.Abs(c)) + b / (1 + k * b)
    )


def _periodic_exponential(w: sp.Expr) -> Form:
    level = sp.floor(CLIP(u, sp.Integer(0), sp.Float(1e30)) + sp.Rational(1, 2))  # the nearest of 0, 1, 2, ...
    distance = sp.Abs(u - level)
    e = sp.exp(-distance / w)
    period = 2 * w * (1 - sp.exp(-1 / (2 * w)))
    side = _where(u > level, 1 - e, e - 1)
    return Form(e, w + level * period + w * side)


#: kind -> how it follows from its parameters
FORMS: dict[str, Callable[..., Form]] = {
    "fast_sigmoid": _fast_sigmoid,
    "atan": _atan,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "triangle": _triangle,
    "boxcar": _boxcar,
    "gaussian": _gaussian,
    "erf": _erf,
    "multi_gaussian": _multi_gaussian,
    "exponential": _exponential,
    "circular": _circular,
    "soft_sign": _soft_sign,
    "log_tail": _log_tail,
    "straight_through": _straight_through,
    "leaky_step": _leaky_step,
    "sparse_fast_sigmoid": _sparse_fast_sigmoid,
    "periodic_exponential": _periodic_exponential,
}


def custom_form(derivative: str, primitive: str, names: Sequence[str]) -> Form:
    """Read a user's form: expressions of ``u`` and of parameters called ``names``; ``primitive`` may be ''."""
    owner, parts = "surrogate 'custom'", []
    for text in (derivative, primitive):
        value = to_sympy(text, owner, {"u", *names}) if text else None
        if value is not None and is_condition(value):
            raise ValueError(f"{owner}: expected a number, got the condition {text!r}")
        parts.append(value)
    return Form(*parts)


def form_of(kind: str, derivative: str, primitive: str, names: Sequence[str]) -> Form:
    """Give the form with its parameters as symbols of these names; texts are those of ``custom`` forms."""
    if kind == "custom":
        return custom_form(derivative, primitive, names)
    return FORMS[kind](*map(symbol, names))
