"""Printed text computes what the expression says, on both targets."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from spikegram.kernels.expressions import to_sympy
from spikegram.kernels.printers import NumbaPrinter, NumpyPrinter

VALUES = dict(v=0.7, w=-1.3, x=2.5)
TEXTS = {
    "v - w - x": 0.7 + 1.3 - 2.5,
    "-(v + w)/x": 0.6 / 2.5,
    "v/w/x": 0.7 / -1.3 / 2.5,
    "v**2 - w**3": 0.49 + 2.197,
    "1/x**2": 0.16,
    "sqrt(x)/x**0.5": 1.0,
    "x**-0.5": 2.5**-0.5,
    "exp(-v)*log(x)": math.exp(-0.7) * math.log(2.5),
    "where(v > w, v, where(v > 100, 1, w))": 0.7,
    "int(v > w and not x < 1)": 1.0,
    "int(v > w or x < 1) - int(v == x)": 1.0,
    "clip(w, -1, 1) + abs(w)": 0.3,
    "w % x": -1.3 % 2.5,
    "floor(w) + ceil(w) + sign(w)": -4.0,
    "tanh(v) + arctan(x) + sinh(w)": math.tanh(0.7) + math.atan(2.5) + math.sinh(-1.3),
    "3*mV*2": 6e-3,
    "2*(v + w*(x - 1))": 2 * (0.7 - 1.3 * 1.5),
}
SCALAR = dict(
    _math=math, _np=np, _f4=float, _clip=lambda x, a, b: min(max(x, a), b), _mod=lambda a, b: a % b,
)  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_value_of_the_printed_text(text: str, expected: float) -> None:
    expr = to_sympy(text, "test", set(VALUES))
    numpy_text, numba_text = NumpyPrinter().doprint(expr), NumbaPrinter().doprint(expr)
    arrays = {n: np.array([x, x]) for n, x in VALUES.items()}
    # the text is our own printer's, made from a checked expression
    assert np.broadcast_to(eval(numpy_text, {"_np": np}, arrays), (2,)) == pytest.approx([expected] * 2, rel=1e-12)
    assert eval(numba_text, SCALAR, dict(VALUES)) == pytest.approx(expected, rel=1e-12)


def test_single_precision_wraps_every_number() -> None:
    expr = to_sympy("0.5*v + 3", "test", {"v"})
    kinds = SimpleNamespace(seen=[])
    eval(NumbaPrinter(single=True).doprint(expr), {"_f4": lambda x: kinds.seen.append(x) or x}, {"v": 1.0})
    assert sorted(kinds.seen) == [0.5, 3.0]
