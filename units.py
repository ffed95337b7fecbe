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
    "ABBREVIATIONS",
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
    "divisor",
    "edge_unit",
    "is_number",
    "is_unit",
    "is_whole",
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

# SI units with the names that Brian 2 gives them: name -> (power of ten, dimensions)
_BASE: dict[str, tuple[int, Dims]] = {
    "metre": (0, LENGTH),
    "meter": (0, LENGTH),
    "gram": (-3, (0, 1, 0, 0, 0, 0, 0)),
    "gramme": (-3, (0, 1, 0, 0, 0, 0, 0)),
    "second": (0, TIME),
    "amp": (0, CURRENT),
    "ampere": (0, CURRENT),
    "kelvin": (0, (0, 0, 0, 0, 1, 0, 0)),
    "mole": (0, AMOUNT),
    "mol": (0, AMOUNT),
    "candle": (0, (0, 0, 0, 0, 0, 0, 1)),
    "hertz": (0, FREQUENCY),
    "volt": (0, VOLTAGE),
    "ohm": (0, RESISTANCE),
    "siemens": (0, CONDUCTANCE),
    "farad": (0, CAPACITANCE),
    "coulomb": (0, (0, 0, 1, 1, 0, 0, 0)),
    "joule": (0, (2, 1, -2, 0, 0, 0, 0)),
    "watt": (0, (2, 1, -3, 0, 0, 0, 0)),
    "newton": (0, (1, 1, -2, 0, 0, 0, 0)),
    "pascal": (0, (-1, 1, -2, 0, 0, 0, 0)),
    "weber": (0, (2, 1, -2, -1, 0, 0, 0)),
    "tesla": (0, (0, 1, -2, -1, 0, 0, 0)),
    "henry": (0, (2, 1, -2, -2, 0, 0, 0)),
    "lumen": (0, (0, 0, 0, 0, 0, 0, 1)),
    "lux": (0, (-2, 0, 0, 0, 0, 0, 1)),
    "becquerel": (0, FREQUENCY),
    "gray": (0, (2, 0, -2, 0, 0, 0, 0)),
    "sievert": (0, (2, 0, -2, 0, 0, 0, 0)),
    "katal": (0, (0, 0, -1, 0, 0, 1, 0)),
    "radian": (0, DIMENSIONLESS),
    "steradian": (0, DIMENSIONLESS),
    "molar": (3, (-3, 0, 0, 0, 0, 1, 0)),
    "liter": (-3, (3, 0, 0, 0, 0, 0, 0)),
    "litre": (-3, (3, 0, 0, 0, 0, 0, 0)),
}
_PREFIXES = {
    "y": -24, "z": -21, "a": -18, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "c": -2, "d": -1, "": 0,
    "da": 1, "h": 2, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "Z": 21, "Y": 24,
}  # fmt: skip
ABBREVIATIONS = {  # the abbreviations of Brian 2, PyNN and NEST
    "ms": "msecond", "us": "usecond", "ns": "nsecond",
    "mV": "mvolt", "uV": "uvolt",
    "nA": "namp", "pA": "pamp", "uA": "uamp", "mA": "mamp",
    "nS": "nsiemens", "pS": "psiemens", "uS": "usiemens", "mS": "msiemens",
    "nF": "nfarad", "pF": "pfarad", "uF": "ufarad",
    "Hz": "hertz", "kHz": "khertz", "MHz": "Mhertz", "kOhm": "kohm", "MOhm": "Mohm", "GOhm": "Gohm", "Ohm": "ohm",
    "mM": "mmolar", "uM": "umolar", "nM": "nmolar",
    "cm": "cmetre", "mm": "mmetre", "um": "umetre", "nm": "nmetre",
    "kilogram": "kgram", "kilogramme": "kgram",
}  # fmt: skip
_NUMBERS = {"pi": math.pi, "e": math.e, "inf": math.inf}  # the constants of Brian 2's equations


@cache
def _unit(name: str) -> tuple[float, Dims] | None:
    if name in _NUMBERS:
        return _NUMBERS[name], DIMENSIONLESS
    power = {"2": 2, "3": 3}.get(name[-1:], 1)  # Brian 2 writes cm**2 also as cm2
    name = name if power == 1 else name[:-1]
    full = ABBREVIATIONS.get(name, name)
    for prefix, exponent in _PREFIXES.items():
        if full.startswith(prefix) and full[len(prefix) :] in _BASE:
            ten, dims = _BASE[full[len(prefix) :]]
            return float(f"1e{power * (ten + exponent)}"), tuple(power * d for d in dims)
    return None


def dims_text(dims: Dims) -> str:
    """Name the unit of ``dims`` for an error message: ``volt``, ``second``, ``metre^2 second^-1``."""
    if not any(dims):
        return "no unit (1)"
    for name, (ten, known) in _BASE.items():
        if known == tuple(dims) and ten == 0:
            return name
    names = ("metre", "kilogram", "second", "amp", "kelvin", "mole", "candle")
    return " ".join(f"{n}^{d:g}" if d != 1 else n for n, d in zip(names, dims, strict=True) if d)


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
            if abs(b) > 64 or (a == 0 and b < 0) or (a < 0 and b % 1):
                raise _fail(text, f"cannot raise {a:g} to the power {b:g}")
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
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _fail(text, "not a valid expression") from None
    try:
        value, dims = _evaluate(tree.body, text)
    except OverflowError:
        raise _fail(text, "too large") from None
    if math.isnan(value):
        raise _fail(text, "not a number")
    return value, tuple(float(d) for d in dims)


@cache
def parse_dims(text: str) -> Dims:
    """Read the unit behind a colon in an equation (``volt``, ``siemens/meter**2``, ``1``, ``Hz``)."""
    if text.strip() in ("boolean", "integer", "1"):
        return DIMENSIONLESS
    scale, dims = parse_quantity(text)
    if scale != 1:
        raise ValueError(f"unit {text!r}: expected a unit without a factor, here {dims_text(dims)}")
    return dims


def is_unit(name: str) -> bool:
    """True if ``name`` is the name of a unit, such as ``mV`` or ``second``."""
    return _unit(name) is not None


def is_number(value: Any) -> bool:
    """True for Python and NumPy integers and floats, not for booleans."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """True for Python and NumPy integers, not for booleans."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def strip_quantity(value: Any) -> tuple[Any, Dims | None]:
    """Split a string or Brian 2 quantity (or a list of them) into SI value and dimensions; a plain value has None."""
    if isinstance(value, str):
        return parse_quantity(value)
    if isinstance(value, list | tuple):
        parts = [strip_quantity(v) for v in value]
        if kinds := {dims for _, dims in parts} - {None}:
            if len(kinds) > 1 or any(dims is None for _, dims in parts):
                raise ValueError(f"a list of values in one unit was expected, got {value!r}")
            return np.array([plain for plain, _ in parts]), kinds.pop()
    dimension = getattr(value, "dim", None)  # a Brian 2 Quantity or Unit, without importing Brian 2
    if dimension is not None and hasattr(dimension, "_dims"):
        array = np.asarray(value, dtype=float)
        return (array.item() if array.ndim == 0 else np.array(array)), tuple(float(d) for d in dimension._dims)
    return value, None


def to_si(value: Any, dims: Dims, what: str) -> Any:
    """Convert a user's value to SI.

    Parameters
    ----------
    value : float, array, str or Brian 2 quantity
        A plain number is in the edge unit of ``dims``; a list may hold strings or quantities.
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
        if isinstance(value, list | tuple):
            raise TypeError(f"{what}: expected an array of numbers or of quantities, got {value!r} ({error})") from None
        raise ValueError(f"{what}: {error}") from None
    if given is not None and given != tuple(dims):
        raise ValueError(
            f"{what}: expected a value in {dims_text(dims)} (a plain number is in {name or '1'}), "
            f"got {value!r} in {dims_text(given)}"
        )
    if isinstance(plain, bool) or not (is_number(plain) or isinstance(plain, np.ndarray | list | tuple)):
        raise TypeError(f"{what}: expected a number, a quantity or an array, got {value!r}")
    si: float | np.ndarray
    if is_number(plain):
        si = float(plain)
        bad = math.isnan(si)
    else:
        try:
            array = np.array(plain)
        except ValueError:  # rows of different lengths
            array = np.array(None)
        if array.dtype.kind not in "biuf" and array.size:
            raise TypeError(f"{what}: expected an array of numbers, got {value!r}")
        si = array.astype(np.float64)
        bad = bool(np.isnan(si).any())
    if bad:
        raise ValueError(f"{what}: NaN is not a value")
    return si if given is not None else _from_edge(si, scale)


def _from_edge(value: Any, scale: float) -> Any:
    if scale == 1.0:
        return value
    return value / by if (by := divisor(scale)) > 1 else value * scale


def divisor(scale: float) -> int:
    """The whole number by which a value of this unit is divided to come to SI; at most 1: it is multiplied instead.

    20 / 1000 is the double nearest to 0.02, 20 * 1e-3 may be its neighbour.
    """
    return round(1.0 / scale)
