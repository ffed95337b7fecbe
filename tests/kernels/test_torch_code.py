"""Expressions as text for tensors: same numbers as NumPy's text, numbers among arguments allowed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikegram.bridges.torch import step_functions
from spikegram.kernels.expressions import to_sympy
from spikegram.kernels.special import exprel
from spikegram.kernels.torch_code import TorchPrinter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exp(-x)*sqrt(2)", lambda x: np.exp(-x) * np.sqrt(2)),
        ("where(x > 0, 1, -1)", lambda x: np.where(x > 0, 1.0, -1.0)),
        ("clip(x, -0.3, 0.2)", lambda x: np.clip(x, -0.3, 0.2)),
        ("exprel(x)", exprel),
        ("x % 0.7", lambda x: np.mod(x, 0.7)),
        ("abs(x)**1.5 + floor(x) + ceil(x)", lambda x: np.abs(x) ** 1.5 + np.floor(x) + np.ceil(x)),
        ("arctan(x) + arcsin(x/9)", lambda x: np.arctan(x) + np.arcsin(x / 9)),
        ("where(where(x > 0, x, 1) > 0.5, 1, 2)", lambda x: np.where(np.where(x > 0, x, 1) > 0.5, 1.0, 2.0)),
        ("int(x > 0 and not x > 0.5)", lambda x: ((x > 0) & ~(x > 0.5)).astype(float)),
    ],
)
def test_text(text: str, expected) -> None:
    x = np.linspace(-1.3, 1.4, 7)
    names = {"_t": torch, "x": torch.tensor(x), "_like": torch.zeros((), dtype=torch.float64)}
    names |= {f"_{n}": getattr(step_functions, n) for n in ("clip", "exprel", "negate", "real", "where")}
    found = eval(TorchPrinter().doprint(to_sympy(text, "test", {"x"})), names)
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found.numpy(), expected(x), rtol=1e-14)


def test_names_are_replaced() -> None:
    assert TorchPrinter({"v": "_new_v"}).doprint(to_sympy("2*v", "test", {"v"})) == "2.0*_new_v"
