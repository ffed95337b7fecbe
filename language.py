"""The equation language of models, read without running anything.

Equations are Brian 2's: ``dx/dt = expr : unit (flags)``, ``x = expr : unit``, ``x : unit (flags)``. Statements (resets,
``on_pre``, update rules) are assignments, one per line. Every text is parsed into a Python syntax tree and compared
with a short list of what is allowed: numbers, names, arithmetic, comparisons, ``and/or/not`` and the functions in
`FUNCTIONS`. Attribute access, indexing, calls of anything else, strings, lambdas and names with a leading double
underscore are refused, so that an equation can never run code; so are texts and powers so large that algebra on them
would not end.

>>> [(e.kind, e.name, e.flags) for e in parse_equations("dv/dt = -v/tau : volt (unless refractory)", "cell")]
[('differential', 'v', ('unless refractory',))]
>>> parse_statements("v = v_reset; w += b", "reset", "cell")
(Statement(name='v', op='=', expr='v_reset'), Statement(name='w', op='+=', expr='b'))
"""

from __future__ import annotations

import ast
import keyword
import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .units import is_unit

__all__ = [
    "FUNCTIONS",
    "MAX_TERMS",
    "METHODS",
    "Equation",
    "Statement",
    "check_name",
    "check_names",
    "check_temporaries",
    "check_texts",
    "expression_names",
    "parse_equations",
    "parse_expression",
    "parse_statements",
]

# name -> number of arguments
FUNCTIONS: dict[str, int] = {
    "exp": 1, "log": 1, "log10": 1, "sqrt": 1, "exprel": 1, "expm1": 1, "log1p": 1,
    "sin": 1, "cos": 1, "tan": 1, "sinh": 1, "cosh": 1, "tanh": 1,
    "arcsin": 1, "arccos": 1, "arctan": 1,
    "abs": 1, "sign": 1, "floor": 1, "ceil": 1, "int": 1,
    "clip": 3, "where": 3, "timestep": 2, "rand": 0, "randn": 0,
}  # fmt: skip

METHODS = ("exact", "exponential_euler", "euler", "rk2", "rk4", "heun", "milstein")

FLAGS = {
    "differential": ("unless refractory", "event-driven", "clock-driven"),
    "subexpression": ("summed",),
    "parameter": ("constant", "shared", "input"),
}

_ALLOWED = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Mod, ast.FloorDiv, ast.USub, ast.UAdd, ast.Not, ast.And, ast.Or,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq,
)  # fmt: skip

_LEFT = re.compile(r"(?:d(?P<diff>[A-Za-z]\w*) ?/ ?dt|(?P<name>\w+))(?: ?= ?(?P<expr>.+))?", re.ASCII)
_FLAGS = re.compile(r"(?:^|(?<=[\w)])) ?\((?P<flags>[A-Za-z][A-Za-z ,\-]*)\)$")
_STATEMENT = re.compile(r"(?P<name>\w+) ?(?P<op>\*\*=|\+=|-=|\*=|/=|=)(?!=) ?(?P<expr>.+)", re.ASCII)
_MAX_LENGTH, _MAX_DEPTH, MAX_TERMS, _MAX_POWER = 20_000, 100, 10_000, 100
_RESERVED = ("t", "dt", "i", "N", "xi", "t_in_timesteps", "not_refractory", "lastspike")
_ARITHMETIC: dict[type | str, Callable[..., float]] = {  # of numbers, to see how large they are
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.Mod: operator.mod, ast.FloorDiv: operator.floordiv,
    ast.USub: operator.neg, ast.UAdd: operator.pos, "int": np.trunc,
    **{n: getattr(np, n) for n in FUNCTIONS if n not in ("int", "exprel", "timestep", "rand", "randn")},
}  # fmt: skip


@dataclass(frozen=True)
class Equation:
    """One line of a model: its kind, name, right-hand side (or ''), unit text and flags."""

    kind: str
    name: str
    expr: str
    unit: str
    flags: tuple[str, ...]

    def text(self, *, drop: tuple[str, ...] = (), keep: tuple[str, ...] | None = None) -> str:
        """Write the line again in Brian 2's syntax, without the flags in ``drop``."""
        flags = [f for f in self.flags if f not in drop and (keep is None or f in keep)]
        left = f"d{self.name}/dt" if self.kind == "differential" else self.name
        right = f" = {self.expr}" if self.expr else ""
        return f"{left}{right} : {self.unit}" + (f" ({', '.join(flags)})" if flags else "")


class Statement(NamedTuple):
    """``name op expr`` with op one of ``= += -= *= /= **=``."""

    name: str
    op: str
    expr: str


def _lines(text: str, owner: str, what: str) -> list[str]:
    check_texts(owner, **{what: text})
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"{owner}: {what} has {len(text)} characters, at most {_MAX_LENGTH} are read")
    plain = "\n".join(line.split("#", 1)[0] for line in text.splitlines())
    return [" ".join(line.split()) for line in plain.replace(";", "\n").split("\n") if line.strip()]


def _join(lines: list[str], complete: Callable[[str], bool]) -> tuple[list[str], str]:
    """Join lines with the ones that continue them; also what is left over."""
    found, pending = [], ""
    for line in lines:
        pending = f"{pending} {line}".strip()
        if complete(pending):
            found.append(pending)
            pending = ""
    return found, pending


def parse_expression(
    text: str, owner: str, line: str | None = None, nesting: int = _MAX_DEPTH, terms: int = MAX_TERMS
) -> ast.expr:  # fmt: skip
    """Parse one expression and check it against what is allowed.

    Parameters
    ----------
    text : str
        The expression.
    owner : str
        The model's name, for messages.
    line : str, optional
        The whole line in which it stands, for messages.
    nesting : int
        How deep brackets, functions and sums may be nested.
    terms : int
        How many terms there may be if it were written out.

    Returns
    -------
    ast.expr

    Raises
    ------
    ValueError
        If it is no expression, or uses what the language does not have. Nothing is ever executed.
    """
    check_texts(owner, expression=text)
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"{owner}: an expression has {len(text)} characters, at most {_MAX_LENGTH} are read")
    where, text = f"{owner}: in {_short(line or text)!r}", text.strip()
    if not text.isascii():
        raise ValueError(f"{where}: expected ASCII letters, got {next(c for c in text if not c.isascii())!r}")
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", "") or "cannot be read"
        raise ValueError(f"{where}: {_short(text)!r} is not a valid expression ({reason})") from None
    _measure(tree.body, where, nesting, terms)
    return tree.body


def _check_node(node: ast.AST, where: str) -> None:
    """Refuse what the language does not have."""
    if not isinstance(node, _ALLOWED):
        raise ValueError(
            f"{where}: {type(node).__name__} is not part of the equation language "
            f"(numbers, names, + - * / ** %, comparisons, and/or/not and the functions {', '.join(FUNCTIONS)})"
        )
    if isinstance(node, ast.Constant) and type(node.value) not in (int, float, bool):
        raise ValueError(f"{where}: the constant {node.value!r} is not a real number")
    if isinstance(node, ast.Name) and node.id.startswith("__"):
        raise ValueError(f"{where}: the name {node.id!r} is not allowed")
    if isinstance(node, ast.Compare) and len(node.ops) > 1:
        raise ValueError(f"{where}: write a chained comparison as two, joined by 'and'")
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name not in FUNCTIONS:
            raise ValueError(
                f"{where}: unknown function {name or type(node.func).__name__!r}; "
                f"expected one of {', '.join(FUNCTIONS)}"
            )
        if node.keywords or len(node.args) != FUNCTIONS[name]:
            raise ValueError(
                f"{where}: {name}() takes {FUNCTIONS[name]} arguments, got {len(node.args) + len(node.keywords)}"
            )


def _measure(node: ast.AST, where: str, nesting: int, most: int) -> tuple[float | None, int]:
    """Check a node and all below it, and refuse numbers and expressions on which algebra would not end.

    Returns
    -------
    value, terms
        The value if the node is made of numbers alone, and how many terms it has at most when it is written out.
    """
    if nesting == 0:
        raise ValueError(f"{where}: nested too deeply; give parts of it names of their own")
    _check_node(node, where)
    if isinstance(node, ast.Constant):
        return _number(lambda: float(node.value), node, where), 1
    below = node.args if isinstance(node, ast.Call) else list(ast.iter_child_nodes(node))
    for child in below:
        if not isinstance(child, ast.expr):
            _check_node(child, where)
    parts = [_measure(child, where, nesting - 1, most) for child in below if isinstance(child, ast.expr)]
    values, terms = [v for v, _ in parts], [n for _, n in parts]
    function = _ARITHMETIC.get(_kind(node))
    if function and parts and None not in values:
        value = _number(lambda: function(*values), node, where)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and value == 0 != values[0]:
            raise ValueError(f"{where}: cannot evaluate {_short(ast.unparse(node))!r}: too small a number")
        return value, 1
    if not isinstance(node, ast.BinOp):
        return None, max(terms, default=1)
    if isinstance(node.op, ast.Pow) and values[1] is not None:
        if abs(values[1]) > _MAX_POWER:
            raise ValueError(f"{where}: the power {values[1]:g} is too large; at most {_MAX_POWER} is read")
        count = math.comb(terms[0] + int(abs(values[1])) - 1, terms[0] - 1)
    else:
        count = sum(terms) if isinstance(node.op, ast.Add | ast.Sub) else math.prod(terms)
    if count > most:
        raise ValueError(f"{where}: too large: written out it has more than {most} terms")
    return None, count


def _kind(node: ast.AST) -> type | str:
    """What `_ARITHMETIC` knows a node by: its operator, or the name of its function."""
    if isinstance(node, ast.Call):
        return node.func.id
    return type(node.op) if isinstance(node, ast.BinOp | ast.UnaryOp) else type(node)


def _number(compute: Callable[[], float], node: ast.AST, where: str) -> float:
    why = "too large a number"
    try:
        with np.errstate(all="ignore"):
            value = compute()
        if isinstance(value, complex) or np.isnan(value):
            why = "the root or logarithm of a negative number"
        elif np.isfinite(value):
            return float(value)
    except ZeroDivisionError:
        why = "division by zero"
    except OverflowError:
        pass
    raise ValueError(f"{where}: cannot evaluate {_short(ast.unparse(node))!r}: {why}; expected a finite real number")


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}..."


def check_texts(owner: str, **texts: str) -> None:
    """Refuse what is no text, naming the argument."""
    for what, text in texts.items():
        if not isinstance(text, str):
            raise TypeError(f"{owner}: {what}: expected a text, got {text!r}")


def expression_names(text: str, owner: str, line: str | None = None) -> set[str]:
    """Give the names (not the functions) that an expression uses."""
    tree = parse_expression(text, owner, line)
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called}


def check_names(names: set[str], known: set[str], owner: str, line: str) -> None:
    """Refuse names that are neither known variables nor units, naming the line and what is known."""
    line = _short(line)
    for name in sorted(names):
        if name not in known and not is_unit(name):
            raise ValueError(
                f"{owner}: in {line!r}: unknown name {name!r}; expected a unit or one of {', '.join(sorted(known))}. "
                f"A constant is declared with parameters=dict({name}='value*unit')"
            )


def check_temporaries(local: set[str], read: set[str], variables: Iterable[str], where: str) -> None:
    """Refuse a temporary that nothing reads: more likely it is a misspelt variable."""
    for name in sorted(local - read):
        raise ValueError(f"{where}: {name!r} is no variable ({', '.join(variables)}), and nothing reads it")


def parse_equations(text: str, owner: str) -> tuple[Equation, ...]:
    """Split a model's equation text into its lines.

    A line without a colon is continued by the next one. Names are checked, right-hand sides are parsed and checked,
    units are not (they may hold the pseudo-unit of a synapse's weight).

    Raises
    ------
    ValueError
        With the owner and the line: syntax, unknown flag, a name given twice.
    """
    found: list[Equation] = []
    lines, rest = _join(_lines(text, owner, "equations"), lambda line: ":" in line)
    if rest:
        raise ValueError(f"{owner}: the line {_short(rest)!r} has no unit (a colon and a unit must follow)")
    for line in lines:
        left, _, right = line.partition(":")
        match = _LEFT.fullmatch(left.strip())
        if match is None or ":" in right:
            raise ValueError(
                f"{owner}: cannot read the line {_short(line)!r}; expected 'dx/dt = expr : unit (flags)', "
                "'x = expr : unit' or 'x : unit (flags)'"
            )
        behind = _FLAGS.search(right.strip())
        unit = right.strip()[: behind.start() if behind else None]
        flags = tuple(f.strip() for f in (behind["flags"] if behind else "").split(",") if f.strip())
        expr = (match["expr"] or "").strip()
        name = match["diff"] or match["name"]
        kind = "differential" if match["diff"] else "subexpression" if expr else "parameter"
        if kind == "differential" and not expr:
            raise ValueError(f"{owner}: the line {_short(line)!r} has no right-hand side")
        if kind == "differential" and unit in ("integer", "boolean"):
            raise ValueError(f"{owner}: in {_short(line)!r}: a differential equation is of real numbers, not {unit}")
        if not unit:
            raise ValueError(f"{owner}: the line {_short(line)!r} names no unit behind the colon (1 if it has none)")
        for flag in flags:
            if flag not in FLAGS[kind]:
                raise ValueError(
                    f"{owner}: in {_short(line)!r}: unknown flag {flag!r} of a {kind}; "
                    f"expected {', '.join(FLAGS[kind])}"
                )
        check_name(name, f"{owner}: in {_short(line)!r}")
        if any(e.name == name for e in found):
            raise ValueError(f"{owner}: {name!r} is defined twice, the second time in {_short(line)!r}")
        if expr:
            parse_expression(expr, owner, line)
        found.append(Equation(kind, name, expr, unit, flags))
    return tuple(found)


def parse_statements(text: str, what: str, owner: str) -> tuple[Statement, ...]:
    """Split resets, ``on_pre``, ``on_post`` or an update rule into assignments, each checked.

    A line with an open bracket is continued by the next one.
    """
    found = []
    lines, rest = _join(_lines(text, owner, what), lambda line: line.count("(") <= line.count(")"))
    for line in (*lines, *filter(None, [rest])):
        match = _STATEMENT.fullmatch(line)
        if match is None:
            raise ValueError(
                f"{owner}: cannot read the {what} line {_short(line)!r}; expected an assignment such as 'v = v_reset'"
            )
        check_name(match["name"], f"{owner}: in {_short(line)!r}")
        parse_expression(match["expr"], owner, line)
        found.append(Statement(match["name"], match["op"], match["expr"]))
    return tuple(found)


def check_name(name: str, where: str) -> None:
    """Refuse names of variables that mean something else: functions, units, ``t``, ``xi``, keywords."""
    reserved = name in FUNCTIONS or name in _RESERVED or name.startswith(("_", "xi_")) or keyword.iskeyword(name)
    if reserved or is_unit(name):
        what = "a unit or number" if is_unit(name) else "reserved"
        raise ValueError(f"{where}: the name {name!r} is {what} and cannot be given to a variable")
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        raise ValueError(f"{where}: {name!r} is no name (letters, digits and underscores, a letter first)")
