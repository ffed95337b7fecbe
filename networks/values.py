"""Values given by a user for many neurons or synapses: a number, an array, or an expression with units.

Random numbers in an expression (``rand()``, ``randn()``) come from the counter-based streams of `kernels.random`, keyed
by the network's seed, so they do not depend on the order in which things are built.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..kernels.random import series
from ..kernels.special import exprel
from ..language import parse_expression
from ..plasticity.model import SynapseModel
from ..units import DIMENSIONLESS, TIME, Dims, dims_text, edge_unit, is_unit, parse_quantity, to_si

__all__ = ["check_bounds", "evaluate", "grid_steps", "interval_steps", "resolve", "time_steps"]

_PLAIN = {  # of numbers without unit
    "exp": np.exp, "log": np.log, "log10": np.log10, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "arcsin": np.arcsin, "arccos": np.arccos,
    "arctan": np.arctan, "int": np.trunc, "floor": np.floor, "ceil": np.ceil, "exprel": exprel,
    "expm1": np.expm1, "log1p": np.log1p,
}  # fmt: skip
_COMPARE: dict[type, Callable] = {
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal,
    ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip


def evaluate(
    text: str, size: int, names: Mapping[str, tuple[Any, Dims]], stream: tuple[int, int, int], what: str
) -> tuple[float | np.ndarray, Dims]:
    """Evaluate an expression for ``size`` elements.

    Parameters
    ----------
    text : str
        Such as ``"-60*mV + 10*mV*rand()"``.
    size : int
        How many elements.
    names : mapping
        Name -> (SI value or array, dimensions).
    stream : tuple
        Seed, stream and step that key the random numbers; each call in the text has the next stream.
    what : str
        For messages.

    Returns
    -------
    value, dimensions
        In SI: an array [size] if the text has random numbers or a name with a value per element, else one float.
    """
    calls = 0

    def same(a: Dims, b: Dims) -> Dims:
        if tuple(a) != tuple(b):
            raise ValueError(f"{what}: {text!r} joins {dims_text(a)} and {dims_text(b)}")
        return a

    def plain(node: ast.AST) -> np.ndarray:
        value, dims = run(node)
        same(dims, DIMENSIONLESS)
        return value

    def run(node: ast.AST) -> tuple[Any, Dims]:
        nonlocal calls
        match node:
            case ast.Constant():
                return np.float64(node.value), DIMENSIONLESS  # its 1/0 is inf, refused by `resolve`
            case ast.Name(id=name):
                if name in names:
                    return np.asarray(names[name][0], dtype=float), names[name][1]
                if is_unit(name):
                    return parse_quantity(name)
                raise ValueError(f"{what}: unknown name {name!r} in {text!r}; expected a unit or {', '.join(names)}")
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                value, dims = run(node.operand)
                return (-value if isinstance(node.op, ast.USub) else value), dims
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                (a, da), (b, db) = run(node.left), run(node.right)
                return (a + b if isinstance(node.op, ast.Add) else a - b), same(da, db)
            case ast.BinOp(op=ast.Mult()):
                (a, da), (b, db) = run(node.left), run(node.right)
                return a * b, tuple(x + y for x, y in zip(da, db, strict=True))
            case ast.BinOp(op=ast.Div()):
                (a, da), (b, db) = run(node.left), run(node.right)
                return np.divide(a, b), tuple(x - y for x, y in zip(da, db, strict=True))
            case ast.BinOp(op=ast.Pow()):
                (a, da), b = run(node.left), plain(node.right)
                if any(da) and np.ndim(b):
                    raise ValueError(f"{what}: {text!r}: the exponent of a quantity must be one number")
                return a**b, tuple(x * float(b) for x in da) if any(da) else DIMENSIONLESS
            case ast.BinOp(op=ast.Mod() | ast.FloorDiv()):
                (a, da), (b, db) = run(node.left), run(node.right)
                same(da, db)
                return (np.mod(a, b), da) if isinstance(node.op, ast.Mod) else (np.floor_divide(a, b), DIMENSIONLESS)
            case ast.Compare():
                (a, da), (b, db) = run(node.left), run(node.comparators[0])
                same(da, db)
                return np.asarray(_COMPARE[type(node.ops[0])](a, b), dtype=float), DIMENSIONLESS
            case ast.BoolOp():
                join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
                values = [plain(v) for v in node.values]
                out = values[0]
                for v in values[1:]:
                    out = join(out, v)
                return np.asarray(out, dtype=float), DIMENSIONLESS
            case ast.UnaryOp(op=ast.Not()):
                return np.asarray(np.logical_not(plain(node.operand)), dtype=float), DIMENSIONLESS
            case ast.Call(func=ast.Name(id="rand" | "randn" as kind)):
                seed, first, step = stream
                calls += 1
                return series(kind == "randn", seed, first + calls - 1, size, step), DIMENSIONLESS
            case ast.Call(func=ast.Name(id="where")):
                yes, (a, da), (b, db) = plain(node.args[0]), run(node.args[1]), run(node.args[2])
                return np.where(yes, a, b), same(da, db)
            case ast.Call(func=ast.Name(id="clip")):
                (a, da), (b, db), (c, dc) = map(run, node.args)
                return np.clip(a, b, c), same(same(da, db), dc)
            case ast.Call(func=ast.Name(id="sqrt")):
                value, dims = run(node.args[0])
                return np.sqrt(value), tuple(d / 2 for d in dims)
            case ast.Call(func=ast.Name(id="abs")):
                value, dims = run(node.args[0])
                return np.abs(value), dims
            case ast.Call(func=ast.Name(id="sign")):
                return np.sign(run(node.args[0])[0]), DIMENSIONLESS
            case ast.Call(func=ast.Name(id=name)) if name in _PLAIN:
                return _PLAIN[name](plain(node.args[0])), DIMENSIONLESS
        raise ValueError(f"{what}: cannot evaluate {text!r}")

    with np.errstate(all="ignore"):
        value, dims = run(parse_expression(text, what))
    return (float(value) if np.ndim(value) == 0 else np.array(value, dtype=float)), dims


def resolve(
    value: Any, size: int, dims: Dims, names: Mapping[str, tuple[Any, Dims]], stream: tuple[int, int, int], what: str
) -> float | np.ndarray:
    """Give SI values for ``size`` elements: one float, or an array [size] of finite numbers.

    Raises
    ------
    ValueError, TypeError
        Wrong unit, wrong length, NaN or infinity, with the argument's name.
    """
    if isinstance(value, str):
        si, got = evaluate(value, size, names, stream, what)
        if tuple(got) != tuple(dims):
            raise ValueError(f"{what}: expected {dims_text(dims)}, {value!r} is in {dims_text(got)}")
    else:
        si = to_si(value, dims, what)
    if isinstance(si, np.ndarray):
        if si.shape == ():
            si = float(si)
        elif si.shape != (size,):
            raise ValueError(f"{what}: expected one value or {size} values, got an array of shape {si.shape}")
    if not np.all(np.isfinite(si)):
        raise ValueError(f"{what}: expected finite numbers, got {value!r}")
    return si


def check_bounds(model: SynapseModel, name: str, si: Any, what: str) -> None:
    """Refuse values of a synapse's variable outside of the model's bounds."""
    if name not in model.bounds:
        return
    unit, scale = edge_unit(model.dims(name))
    low, high = (model.parameters[b].value if isinstance(b, str) else b * scale for b in model.bounds[name])
    lowest, highest = np.min(si), np.max(si)
    below = lowest < low - 1e-12 * abs(low)  # 0.1/1e9 and 0.1*1e-9 are neighbours
    if below or highest > high + 1e-12 * abs(high):
        bad = lowest if below else highest
        word = "weight" if name == "w" else name
        raise ValueError(
            f"{what}: {word}: {model.name!r} keeps {name} in [{low / scale:g}, {high / scale:g}] {unit}, "
            f"got {bad / scale:g}"
        )


def grid_steps(seconds: float | np.ndarray, dt: float, what: str, rounding: bool = False) -> np.ndarray:
    """Give times as whole numbers of steps.

    Parameters
    ----------
    seconds : float or array
        Times in s, not negative.
    dt : float
        Step in s.
    what : str
        For messages.
    rounding : bool
        Round to the nearest step instead of refusing what lies between two steps.
    """
    seconds = np.asarray(seconds, dtype=float)
    if seconds.size and seconds.min() < 0:
        raise ValueError(f"{what}: expected times >= 0, got {seconds.min() * 1e3:g} ms")
    if seconds.size and not seconds.max() < dt * 2**40:
        raise ValueError(f"{what}: {seconds.max() * 1e3:g} ms is too long for steps of {dt * 1e3:g} ms")
    steps = np.rint(seconds / dt)
    off = np.abs(steps * dt - seconds) > 1e-6 * dt * np.maximum(1, steps * 1e-6)
    if not rounding and off.any():
        bad = np.atleast_1d(seconds)[np.atleast_1d(off)][0] * 1e3
        raise ValueError(f"{what}: {bad:.10g} ms is not a multiple of the time step dt = {dt * 1e3:g} ms")
    return steps.astype(np.int64)


def time_steps(time: Any, dt: float, what: str) -> int:
    """Give one time in ms, as a user gives it, as a number of steps of ``dt`` s."""
    si = to_si(time, TIME, what)
    if not isinstance(si, float):
        raise TypeError(f"{what}: expected one time, got {time!r}")
    return int(grid_steps(si, dt, what))


def interval_steps(interval: Any, dt: float, what: str) -> int:
    """Give a time between two samples as a number of steps of ``dt`` s, 1 if there is none."""
    every = 1 if interval is None else time_steps(interval, dt, what)
    if every < 1:
        raise ValueError(f"{what}: expected at least dt = {dt * 1e3:g} ms, got {interval!r}")
    return every
