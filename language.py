"""The equation language of models, read without running anything.

Equations are Brian 2's: ``dx/dt = expr : unit (flags)``, ``x = expr : unit``, ``x : unit (flags)``. Statements (resets,
``on_pre``, update rules) are assignments, one per line. Every text is parsed into a Python syntax tree and compared with
a short list of what is allowed: numbers, names, arithmetic, comparisons, ``and/or/not`` and the functions in
`FUNCTIONS`. Attribute access, indexing, calls of anything else, strings, lambdas and names with a leading double
underscore are refused, so that an equation can never run code.

>>> [(e.kind, e.name, e.flags) for e in parse_equations("dv/dt = -v/tau : volt (unless refractory)", "cell")]
[('differential', 'v', ('unless refractory',))]
>>> parse_statements("v = v_reset; w += b", "reset", "cell")
(Statement(name='v', op='=', expr='v_reset'), Statement(name='w', op='+=', expr='b'))
"""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import dataclass
from typing import NamedTuple

from .units import is_unit

__all__ = [
    "FUNCTIONS",
    "Equation",
    "Statement",
    "check_names",
    "expression_names",
    "parse_equations",
    "parse_expression",
    "parse_statements",
]

# name -> number of arguments
FUNCTIONS: dict[str, int] = {
    "exp": 1, "log": 1, "log10": 1, "sqrt": 1, "exprel": 1,
    "sin": 1, "cos": 1, "tan": 1, "sinh": 1, "cosh": 1, "tanh": 1,
    "arcsin": 1, "arccos": 1, "arctan": 1,
    "abs": 1, "sign": 1, "floor": 1, "ceil": 1, "int": 1,
    "clip": 3, "where": 3, "rand": 0, "randn": 0,
}  # fmt: skip

FLAGS = {
    "differential": ("unless refractory", "event-driven", "clock-driven"),
    "subexpression": ("constant over dt", "summed"),
    "parameter": ("constant", "shared", "input"),
}

_ALLOWED = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Mod, ast.FloorDiv, ast.USub, ast.UAdd, ast.Not, ast.And, ast.Or,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq,
)  # fmt: skip

_LINE = re.compile(
    r"^\s*(?:d(?P<diff>[A-Za-z]\w*)\s*/\s*dt|(?P<name>[A-Za-z_]\w*))\s*"
    r"(?:=\s*(?P<expr>[^:]+?))?\s*:\s*(?P<unit>[^()]*?(?:\([^()]*\)[^()]*?)*?)\s*(?:\((?P<flags>[A-Za-z ,\-]+)\))?\s*$"
)
_STATEMENT = re.compile(
    r"^\s*(?P<name>[A-Za-z_]\w*)\s*(?P<op>\*\*=|\+=|-=|\*=|/=|=)(?!=)\s*(?P<expr>.+?)\s*$"
)
_MAX_LENGTH = 20_000


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
    if not isinstance(text, str):
        raise TypeError(f"{owner}: {what} must be a text, got {type(text).__name__}")
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"{owner}: {what} has {len(text)} characters, at most {_MAX_LENGTH} are read")
    stripped = (line.split("#", 1)[0].strip() for line in text.replace(";", "\n").split("\n"))
    return [line for line in stripped if line]


def parse_expression(text: str, owner: str, line: str | None = None) -> ast.expr:
    """Parse one expression and check it against what is allowed.

    Parameters
    ----------
    text : str
        The expression.
    owner : str
        The model's name, for messages.
    line : str, optional
        The whole line in which it stands, for messages.

    Returns
    -------
    ast.expr

    Raises
    ------
    ValueError
        If it is no expression, or uses what the language does not have. Nothing is ever executed.
    """
    where = f"{owner}: in {line or text!r}"
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", "") or "cannot be read"
        raise ValueError(f"{where}: {text!r} is not a valid expression ({reason})") from None
    for node in ast.walk(tree):
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
                    f"{where}: unknown function {name or ast.unparse(node.func)!r}; "
                    f"expected one of {', '.join(FUNCTIONS)}"
                )
            if node.keywords or len(node.args) != FUNCTIONS[name]:
                raise ValueError(
                    f"{where}: {name}() takes {FUNCTIONS[name]} arguments, got {len(node.args) + len(node.keywords)}"
                )
    return tree.body


def expression_names(text: str, owner: str, line: str | None = None) -> set[str]:
    """Give the names (not the functions) that an expression uses."""
    tree = parse_expression(text, owner, line)
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called}


def check_names(names: set[str], known: set[str], owner: str, line: str) -> None:
    """Refuse names that are neither known variables nor units, naming the line and what is known."""
    for name in sorted(names):
        if name not in known and not is_unit(name):
            raise ValueError(
                f"{owner}: in {line!r}: unknown name {name!r}; expected a unit or one of {', '.join(sorted(known))}. "
                f"A constant is declared with parameters=dict({name}='value*unit')"
            )


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
    pending = ""
    for raw in _lines(text, owner, "equations"):
        pending = f"{pending} {raw}".strip()
        if ":" not in pending:
            continue
        line, pending = pending, ""
        match = _LINE.match(line)
        if match is None:
            raise ValueError(
                f"{owner}: cannot read the line {line!r}; expected 'dx/dt = expr : unit (flags)', "
                "'x = expr : unit' or 'x : unit (flags)'"
            )
        expr = (match["expr"] or "").strip()
        name = match["diff"] or match["name"]
        kind = "differential" if match["diff"] else "subexpression" if expr else "parameter"
        if kind == "differential" and not expr:
            raise ValueError(f"{owner}: the line {line!r} has no right-hand side")
        flags = tuple(f.strip() for f in (match["flags"] or "").split(",") if f.strip())
        unit = match["unit"].strip()
        if not unit:
            raise ValueError(f"{owner}: the line {line!r} names no unit behind the colon (1 if it has none)")
        for flag in flags:
            if flag not in FLAGS[kind]:
                raise ValueError(
                    f"{owner}: in {line!r}: unknown flag {flag!r} of a {kind}; expected {', '.join(FLAGS[kind])}"
                )
        _check_name(name, owner, line)
        if any(e.name == name for e in found):
            raise ValueError(f"{owner}: {name!r} is defined twice, the second time in {line!r}")
        if expr:
            parse_expression(expr, owner, repr(line))
        found.append(Equation(kind, name, " ".join(expr.split()), unit, flags))
    if pending:
        raise ValueError(f"{owner}: the line {pending!r} has no unit (a colon and a unit must follow)")
    return tuple(found)


def parse_statements(text: str, what: str, owner: str) -> tuple[Statement, ...]:
    """Split resets, ``on_pre``, ``on_post`` or an update rule into assignments, each checked."""
    found = []
    for line in _lines(text, owner, what):
        match = _STATEMENT.match(line)
        if match is None:
            raise ValueError(
                f"{owner}: cannot read the {what} line {line!r}; expected an assignment such as 'v = v_reset'"
            )
        _check_name(match["name"], owner, line)
        parse_expression(match["expr"], owner, repr(line))
        found.append(Statement(match["name"], match["op"], match["expr"]))
    return tuple(found)


def _check_name(name: str, owner: str, line: str) -> None:
    reserved = name in FUNCTIONS or name in ("t", "dt", "i", "N", "xi", "not_refractory", "lastspike")
    if reserved or keyword.iskeyword(name) or name.startswith("_"):
        raise ValueError(f"{owner}: in {line!r}: the name {name!r} is reserved")
