"""Units at the public edge, SI floats inside.

A plain number given by a user is in the field's units (ms, mV, nA, nF, MOhm, uS, Hz; anything else SI), as in
PyNN and NEST. A string such as ``"20*ms"`` or a Brian 2 quantity carries its own unit and is checked.
Neither Brian 2 nor SymPy is imported here: a unit expression is a small Python syntax tree that is read, never run.

Dimensions are tuples of seven exponents in the order of Brian 2: length, mass, time, electric current, temperature,
amount of substance, luminous intensity.

>>> to_si("20*ms", TIME, "tau_m"), to_si(20, TIME, "tau_m")
(0.02, 0.02)
>>> to_edge(-0.06, VOLTAGE), edge_unit(CURRENT)
(-60.0, ('nA', 1e-09))
"""

from __future__ import annotations

import ast
import math
from functools import cache
from typing import Any

import numpy as np

__all__ = [
    "AMOUNT",
    "CAPACITANCE",
    "CONDUCTANCE",
    "CURRENT",
    "DIMENSIONLESS",
    "Dims",
    "FREQUENCY",
    "LENGTH",
    "RESISTANCE",
    "TIME",
    "VOLTAGE",
    "dims_expression",
    "dims_text",
    "edge_unit",
    "is_number",
    "is_unit",
    "parse_dims",
    "parse_quantity",
    "strip_quantity",
    "to_edge",
    "to_si",
]

Dims = tuple[float, ...]

DIMENSIONLESS: Dims = (0, 0, 0, 0, 0, 0, 0)
LENGTH: Dims = (1, 0, 0, 0, 0, 0, 0)
TIME: Dims = (0, 0, 1, 0, 0, 0, 0)
AMOUNT: Dims = (0, 0, 0, 0, 0, 1, 0)
CURRENT: Dims = (0, 0, 0, 1, 0, 0, 0)
FREQUENCY: Dims = (0, 0, -1, 0, 0, 0, 0)
VOLTAGE: Dims = (2, 1, -3, -1, 0, 0, 0)
RESISTANCE: Dims = (2, 1, -3, -2, 0, 0, 0)
CONDUCTANCE: Dims = (-2, -1, 3, 2, 0, 0, 0)
CAPACITANCE: Dims = (-2, -1, 4, 2, 0, 0, 0)

_EDGE: dict[Dims, tuple[str, float]] = {
    TIME: ("ms", 1e-3),
    VOLTAGE: ("mV", 1e-3),
    CURRENT: ("nA", 1e-9),
    CAPACITANCE: ("nF", 1e-9),
    RESISTANCE: ("MOhm", 1e6),
    CONDUCTANCE: ("uS", 1e-6),
    FREQUENCY: ("Hz", 1.0),
    DIMENSIONLESS: ("", 1.0),
}

# SI units with the names that Brian 2 gives them: name -> (scale, dimensions)
_BASE: dict[str, tuple[float, Dims]] = {
    "metre": (1.0, LENGTH),
    "meter": (1.0, LENGTH),
    "gram": (1e-3, (0, 1, 0, 0, 0, 0, 0)),
    "second": (1.0, TIME),
    "amp": (1.0, CURRENT),
    "ampere": (1.0, CURRENT),
    "kelvin": (1.0, (0, 0, 0, 0, 1, 0, 0)),
    "mole": (1.0, AMOUNT),
    "mol": (1.0, AMOUNT),
    "candle": (1.0, (0, 0, 0, 0, 0, 0, 1)),
    "hertz": (1.0, FREQUENCY),
    "volt": (1.0, VOLTAGE),
    "ohm": (1.0, RESISTANCE),
    "siemens": (1.0, CONDUCTANCE),
    "farad": (1.0, CAPACITANCE),
    "coulomb": (1.0, (0, 0, 1, 1, 0, 0, 0)),
    "joule": (1.0, (2, 1, -2, 0, 0, 0, 0)),
    "watt": (1.0, (2, 1, -3, 0, 0, 0, 0)),
    "newton": (1.0, (1, 1, -2, 0, 0, 0, 0)),
    "pascal": (1.0, (-1, 1, -2, 0, 0, 0, 0)),
    "molar": (1e3, (-3, 0, 0, 0, 0, 1, 0)),
    "liter": (1e-3, (3, 0, 0, 0, 0, 0, 0)),
    "litre": (1e-3, (3, 0, 0, 0, 0, 0, 0)),
}
_PREFIXES = {
    "": 1.0, "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "c": 1e-2, "d": 1e-1,
    "k": 1e3, "M": 1e6, "G": 1e9,
}  # fmt: skip
_SHORT = {  # the abbreviations of Brian 2, PyNN and NEST
    "ms": "msecond", "us": "usecond", "ns": "nsecond",
    "mV": "mvolt", "uV": "uvolt",
    "nA": "namp", "pA": "pamp", "uA": "uamp", "mA": "mamp",
    "nS": "nsiemens", "pS": "psiemens", "uS": "usiemens", "mS": "msiemens",
    "nF": "nfarad", "pF": "pfarad", "uF": "ufarad",
    "Hz": "hertz", "kHz": "khertz", "MOhm": "Mohm", "GOhm": "Gohm", "Ohm": "ohm",
    "mM": "mmolar", "uM": "umolar", "nM": "nmolar",
    "cm": "cmetre", "mm": "mmetre", "um": "umetre", "nm": "nmetre",
}  # fmt: skip


@cache
def _unit(name: str) -> tuple[float, Dims] | None:
    full = _SHORT.get(name, name)
    for digit, power in (("2", 2), ("3", 3)):  # Brian 2 writes cm**2 also as cm2
        if full.endswith(digit) and (unit := _unit(full[:-1])) is not None:
            return unit[0] ** power, tuple(power * d for d in unit[1])
    if full in _BASE:
        return _BASE[full]
    if full == "kilogram":
        return 1.0, _BASE["gram"][1]
    for prefix, factor in _PREFIXES.items():
        if prefix and full.startswith(prefix) and full[len(prefix) :] in _BASE:
            scale, dims = _BASE[full[len(prefix) :]]
            return scale * factor, dims
    return None


def dims_text(dims: Dims) -> str:
    """Name the unit of ``dims`` for an error message: ``volt``, ``second``, ``metre^2 second^-1``."""
    for name, (scale, known) in _BASE.items():
        if known == tuple(dims) and scale == 1.0:
            return {"meter": "metre", "ampere": "amp", "mol": "mole"}.get(name, name)
    if not any(dims):
        return "no unit (1)"
    names = ("metre", "kilogram", "second", "amp", "kelvin", "mole", "candle")
    return " ".join(
        f"{n}^{d:g}" if d != 1 else n for n, d in zip(names, dims, strict=True) if d
    )


def dims_expression(dims: Dims) -> str:
    """Write dimensions as a unit expression in SI that `parse_dims` and Brian 2 read: ``metre**2*second**-1``."""
    names = ("metre", "kilogram", "second", "amp", "kelvin", "mole", "candle")
    return "*".join(f"{n}**{d:g}" for n, d in zip(names, dims, strict=True) if d) or "1"


def edge_unit(dims: Dims) -> tuple[str, float]:
    """Give the name and the SI scale of the unit that a plain number of these dimensions has."""
    dims = tuple(dims)
    return _EDGE.get(dims, (dims_text(dims), 1.0))


def to_edge(si_value: Any, dims: Dims) -> Any:
    """Convert an SI value to the edge unit (60 mV is 60.0, not 0.06)."""
    scale = edge_unit(dims)[1]
    # dividing by 1e-3 keeps 0.02 s -> 20.0 ms exact where multiplying by 1000 does as well
    return si_value if scale == 1.0 else si_value / scale


def _fail(text: str, why: str) -> ValueError:
    return ValueError(f"quantity {text!r}: {why}; expected a number with a unit such as '20*ms'")


def _evaluate(node: ast.AST, text: str) -> tuple[float, Dims]:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value), DIMENSIONLESS
    if isinstance(node, ast.Name):
        unit = _unit(node.id)
        if unit is None:
            raise _fail(text, f"unknown unit {node.id!r}")
        return unit
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value, dims = _evaluate(node.operand, text)
        return (-value if isinstance(node.op, ast.USub) else value), dims
    if isinstance(node, ast.BinOp):
        a, da = _evaluate(node.left, text)
        b, db = _evaluate(node.right, text)
        if isinstance(node.op, ast.Mult):
            return a * b, tuple(x + y for x, y in zip(da, db, strict=True))
        if isinstance(node.op, ast.Div):
            if b == 0:
                raise _fail(text, "division by zero")
            return a / b, tuple(x - y for x, y in zip(da, db, strict=True))
        if isinstance(node.op, ast.Pow):
            if any(db):
                raise _fail(text, "an exponent must have no unit")
            if abs(b) > 64 or (a == 0 and b < 0):
                raise _fail(text, f"cannot raise to the power {b:g}")
            return a**b, tuple(x * b for x in da)
        if isinstance(node.op, ast.Add | ast.Sub):
            if da != db:
                raise _fail(text, f"cannot add {dims_text(da)} and {dims_text(db)}")
            return (a + b if isinstance(node.op, ast.Add) else a - b), da
    raise _fail(text, f"{type(node).__name__} is not allowed here")


@cache
def parse_quantity(text: str) -> tuple[float, Dims]:
    """Read ``"20*ms"`` as (0.02, TIME). Only numbers, units, + - * / ** and brackets are understood."""
    if len(text) > 200:
        raise _fail(text[:40] + "...", f"{len(text)} characters are too long")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        value, dims = _evaluate(tree.body, text)
    except (SyntaxError, RecursionError, MemoryError):
        raise _fail(text, "not a valid expression") from None
    except OverflowError:
        raise _fail(text, "too large") from None
    if isinstance(value, complex):
        raise _fail(text, "the value is complex")
    return value, tuple(float(d) for d in dims)


@cache
def parse_dims(text: str) -> Dims:
    """Read the unit behind a colon in an equation (``volt``, ``siemens/meter**2``, ``1``, ``Hz``)."""
    if text.strip() in ("boolean", "integer", "bool", "1"):
        return DIMENSIONLESS
    return parse_quantity(text)[1]


def is_unit(name: str) -> bool:
    """True if ``name`` is the name of a unit, such as ``mV`` or ``second``."""
    return _unit(name) is not None


def is_number(value: Any) -> bool:
    """True for Python and NumPy integers and floats, not for booleans."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def strip_quantity(value: Any) -> tuple[Any, Dims | None]:
    """Split a string or Brian 2 quantity into SI value and dimensions; a plain value has dimensions None."""
    if isinstance(value, str):
        return parse_quantity(value)
    dimension = getattr(value, "dim", None)  # a Brian 2 Quantity or Unit, without importing Brian 2
    if dimension is not None and hasattr(dimension, "_dims"):
        array = np.asarray(value, dtype=float)
        return (array.item() if array.ndim == 0 else np.array(array)), tuple(
            float(d) for d in dimension._dims
        )
    return value, None


def to_si(value: Any, dims: Dims, what: str) -> Any:
    """Convert a user's value to SI.

    Parameters
    ----------
    value : float, array, str or Brian 2 quantity
        A plain number is in the edge unit of ``dims``.
    dims : tuple
        The dimensions that the value must have.
    what : str
        The argument's name, for the error message.

    Returns
    -------
    float or ndarray of float64

    Raises
    ------
    ValueError, TypeError
        If the unit is another one, or the value is no number. NaN is refused; infinity is left to the caller.
    """
    name, scale = edge_unit(dims)
    try:
        plain, given = strip_quantity(value)
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None
    if given is not None and given != tuple(dims):
        raise ValueError(
            f"{what}: expected a value in {dims_text(dims)} (a plain number is in {name or '1'}), "
            f"got {value!r} in {dims_text(given)}"
        )
    if isinstance(plain, bool) or not (
        is_number(plain) or isinstance(plain, np.ndarray | list | tuple)
    ):
        raise TypeError(f"{what}: expected a number, a quantity or an array, got {value!r}")
    if is_number(plain):
        si = float(plain)
        bad = math.isnan(si)
    else:
        try:
            si = np.array(plain, dtype=np.float64)
        except (TypeError, ValueError):
            raise TypeError(f"{what}: expected an array of numbers, got {plain!r}") from None
        bad = bool(np.isnan(si).any())
    if bad:
        raise ValueError(f"{what}: NaN is not a value")
    return si if given is not None else _from_edge(si, scale)


def _from_edge(value: Any, scale: float) -> Any:
    # 20 / 1000 is the double nearest to 0.02, 20 * 1e-3 may be its neighbour: divide by the whole number
    if scale == 1.0:
        return value
    inverse = round(1.0 / scale)
    return value / inverse if inverse > 1 else value * scale
