# ruff: noqa: N802  (SymPy finds these methods by the names of its classes)
"""SymPy expressions as text for PyTorch tensors, and modules made of it: surrogates.

The functions that PyTorch does not have under that name are in `bridges.torch.step_functions`.
"""

from __future__ import annotations

import sympy as sp

from .printers import _Printer
from .surrogate_forms import form_of

__all__ = ["HEAD", "TorchPrinter", "torch_surrogate"]

HEAD = [
    "import torch as _t",
    "",
    "from spikegram.bridges.torch.step_functions import (",
    "    chosen as _chosen, clip as _clip, exprel as _exprel, negate as _negate, propagator as _propagator,",
    "    real as _real, step as _step_at, where as _where,",
    ")",
    "",
    "",
]


class TorchPrinter(_Printer):
    """Text that works on tensors and, where an expression has none, on numbers; ``_like`` has the type of the reals."""

    module = "_t"
    functions = {
        "exprel": "_exprel", "mod": "_t.remainder", "clip": "_clip", "abs": "_t.abs", "ceiling": "_t.ceil",
    }  # fmt: skip

    def __init__(self, names: dict[str, str] | None = None) -> None:
        super().__init__()
        self.names = names or {}

    def _print_Symbol(self, expr: sp.Symbol) -> str:
        return self.names.get(expr.name, expr.name)

    def call(self, name: str, *args: sp.Basic) -> str:
        """Write a function call; numbers among its arguments become tensors."""
        given = [f"_real({self._print(a)}, _like)" if a.is_number else self._print(a) for a in args]
        return f"{self.functions.get(name, f'{self.module}.{name}')}({', '.join(given)})"

    def choose(self, condition: str, a: str, b: str) -> str:
        return f"_where({condition}, {a}, {b}, _like)"

    def _print_ITE(self, expr: sp.Basic) -> str:
        condition, a, b = map(self._print, expr.args)
        return f"(({condition}) & {a} | _negate({condition}) & {b})"

    def _print_Not(self, expr: sp.Not) -> str:
        return f"_negate({self._print(expr.args[0])})"


def torch_surrogate(kind: str, derivative: str, primitive: str, names: tuple[str, ...]) -> str:
    """Write the module of a surrogate: ``derivative(u, ...)`` and, if there is one, ``primitive(u, ...)``."""
    form, printer = form_of(kind, derivative, primitive, names), TorchPrinter()
    out = [f'"""The surrogate {kind!r} for tensors, generated from its form."""', "", *HEAD]
    for name, expr in zip(("derivative", "primitive"), form, strict=True):
        if expr is not None:
            out += [f"def {name}({', '.join(('u', *names))}):", "    _like = u"]
            out += [f"    {n} = _real({n}, _like)" for n in names]
            out += [f"    return {printer.doprint(expr)} + 0*u", "", ""]
    return "\n".join(out)
