"""Source of the compiled forward and backward passes of a layer of cells over a whole sequence.

Neurons of all samples lie one behind the other ([M], M = B N). A tile of them runs through all of time; in the inner
loop its neurons are independent, so it is vectorised. Rows of a tile lie at fixed distances in one piece of memory, so
that the compiler sees that they do not overlap; the distance is no power of two, else they would share cache lines.
The backward pass begins each stretch of ``every`` steps at a kept state, computes the stretch again and then goes back
through it. Cells that send their spikes to each other come with all the cells of their sample; what arrives is added to
the input, and its gradient to that of the spikes one step before, or of those that were sent a delay before. What
arrives in the steps of a stretch is worked out once and kept beside the states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

from .adjoint import CHOICE, SLOPE, SPIKE, Line, reverse
from .cache import CODE_FOLLOWS
from .expressions import symbol
from .layer_arrivals import arrivals_of
from .layer_form import LayerForm
from .layer_step import LayerStep
from .printers import NumbaPrinter
from .surrogate_forms import form_of

__all__ = ["numba_layer"]

_STRETCH, _CACHE = 32, 4_500_000  # steps, and bytes of the last cache for their states
_WIDTHS = (512, 1024, 2048, 4096, 8192)


class _LayerPrinter(NumbaPrinter):
    """Reads symbols where a line says they are."""

    functions = {**NumbaPrinter.functions, "exprel_slope": "_exprel_slope"}

    def __init__(self, single: bool, names: Mapping[str, str] | None = None) -> None:
        super().__init__(single)
        self.names = names or {}

    def _print_Symbol(self, expr: sp.Symbol) -> str:  # noqa: N802
        return self.names.get(expr.name, expr.name)

    def _print_ITE(self, expr: sp.Basic) -> str:  # noqa: N802
        return f"_where({', '.join(map(self._print, expr.args))})"

    def _print_Pow(self, expr: sp.Pow, rational: bool = False) -> str:  # noqa: N802
        base, power = expr.args
        if power in (sp.Rational(3, 2), -sp.Rational(3, 2)):  # two operations in place of a call
            text = f"({self._print(base)}*{self.call('sqrt', base)})"
            return text if power > 0 else f"({self.number(1)}/{text})"
        return super()._print_Pow(expr, rational)


def _width(states: int) -> int:
    """Neurons of a tile: as many as keep a stretch in the cache, since long rows come faster from memory."""
    return max(w for w in _WIDTHS if w == _WIDTHS[0] or (_STRETCH + 1) * max(states, 1) * w * 4 <= _CACHE)


def numba_layer(step: LayerStep, form: LayerForm, single: bool) -> str:
    """Write the module: facts, then ``forward`` and ``backward``."""
    surrogate = _surrogate(form)
    facts = [
        '"""Fused forward and backward pass of a layer, generated from its equations."""',
        "",
        f"STATES = {step.states!r}",
        f"SCALARS = {step.scalars!r}",
        f"VECTORS = {step.vectors!r}",
        f"LEARNED = {step.learned!r}",
        f"CHANNELS = {len(form.inputs)}",
        "",
        CODE_FOLLOWS,
    ]
    return "\n".join(facts) + _Module(step, form, single, surrogate).text()


def _surrogate(form: LayerForm) -> Callable[[sp.Expr, bool], sp.Expr]:
    names = [f"_sur_{n}" for n in form.surrogate.names]
    u = symbol("u")
    kind = form.surrogate
    rename = {symbol(n): symbol(s) for n, s in zip(kind.names, names, strict=True)}

    def at(x: sp.Expr, primitive: bool) -> sp.Expr:
        found = form_of(kind.kind, kind.derivative, kind.primitive, kind.names)
        expr = found.primitive if primitive else found.derivative
        if expr is None:
            raise ValueError("surrogate 'custom': it was given without a primitive, which smooth=True needs")
        return expr.xreplace(rename).xreplace({u: x})

    return at


class _Module:
    """The text of one layer's kernels."""

    def __init__(self, step: LayerStep, form: LayerForm, single: bool, surrogate: Callable) -> None:
        self.step, self.form, self.single, self.surrogate = step, form, single, surrogate
        self.channels = len(form.inputs)
        self.recurrent = form.recurrent
        self.width = _width(len(step.states))
        if self.recurrent:
            whole = self.recurrent * arrivals_of(form.delayed).together
            self.width = max(1, self.width // whole) * whole
        self.stride = (self.width + 31) // 16 * 16
        self.stride += 16 * (self.stride % 256 == 0)
        self.kept = len(step.states) + bool(self.recurrent)  # rows of a step that the backward pass computes again
        self.arrivals = arrivals_of(form.delayed)(self.recurrent, self.width, self.stride)
        self.constants = [*step.vectors, *step.scalars]

    def expr(self, e: sp.Basic, names: Mapping[str, str] | None = None) -> str:
        e = e.replace(lambda f: isinstance(f, SLOPE), lambda f: self.surrogate(f.args[0], False))
        return _LayerPrinter(self.single, names).doprint(e)

    def line(self, line: Line) -> str:
        if isinstance(line.expr, SPIKE):
            if self.form.smooth:
                return f"{line.name} = {self.expr(self.surrogate(line.expr.args[0], True))}"
            condition, reads = self.step.spikes[line.name]
            one, zero = self.expr(sp.Integer(1)), self.expr(sp.Integer(0))
            return f"{line.name} = _where({self.expr(condition, reads)}, {one}, {zero})"
        if isinstance(line.expr, CHOICE):
            s, a, b = (self.expr(e) for e in line.expr.args)
            if self.form.smooth:
                return f"{line.name} = {b} + {s}*({a} - {b})"
            return f"{line.name} = _where({s} > {self.expr(sp.Rational(1, 2))}, {a}, {b})"
        return f"{line.name} = {self.expr(line.expr, line.reads)}"

    # -- one step ---------------------------------------------------------------------------------------------------
    def loop(self, rows: Mapping[str, str], body: list[str]) -> list[str]:
        """A loop over the neurons of a tile, written where its rows are taken: so the compiler knows how they lie."""
        return [*(f"{n} = {text}" for n, text in rows.items()), "for _j in range(_n):", *(f"    {b}" for b in body)]

    def ahead(self, now: list[str], then: list[str], x: list[str], y: str, vectors: list[str]) -> list[str]:
        """The loop that takes one step; ``now`` and ``then`` are the rows of the states, which may be the same."""
        step = self.step
        rows = {f"_i_{s}": now[k] for k, s in enumerate(step.states)}
        same = now == then
        rows |= {} if same else {f"_o_{s}": then[k] for k, s in enumerate(step.states)}
        rows |= {f"_ix{c}": row for c, row in enumerate(x)} | ({"_oy": y} if y else {})
        rows |= {f"_i_{n}": vectors[k] for k, n in enumerate(step.vectors)}
        body = [f"{n} = _i_{n}[_j]" for n in (*step.states, *step.vectors)]
        body += [f"_x{c} = _ix{c}[_j]" for c in range(self.channels)]
        needed = {line.name for line in step.lines} if y else _reading(set(step.new.values()), step)
        body += [self.line(line) for line in step.lines if line.name in needed]
        body += [f"_{'i' if same else 'o'}_{s}[_j] = {step.new[s]}" for s in step.states]
        return self.loop(rows, [*body, f"_oy[_j] = {step.output}"] if y else body)

    def back(self, rows: dict[str, str]) -> list[str]:
        """The loop that takes one step back."""
        step, channels = self.step, range(self.channels)
        states = step.differentiable
        seeds: dict[str, list[sp.Expr]] = {}
        for s in states:
            seeds.setdefault(step.new[s], []).append(symbol(f"_d_{s}"))
        seeds.setdefault(step.output, []).append(symbol("_dy"))
        leaves = [*states, *(f"_x{c}" for c in channels), *step.learned]
        statements, adjoints = reverse(step.lines, seeds, leaves, self.form.smooth)
        body = [f"{n} = _i_{n}[_j]" for n in (*step.states, *step.vectors)]
        body += [f"_x{c} = _ix{c}[_j]" for c in channels]
        body += ["_dy = _idy[_j]"] + [f"_d_{s} = _a_{s}[_j]" for s in states]
        needed = _reading(
            {s.name for e in (*(a.expr for a in statements), *adjoints.values()) for s in e.free_symbols}, step
        )
        body += [self.line(line) for line in step.lines if line.name in needed]
        body += [f"{a.name} = {self.expr(a.expr)}" for a in statements]
        body += [f"_a_{s}[_j] = {self.expr(adjoints[s])}" for s in states]
        body += [f"_odx{c}[_j] = {self.expr(adjoints[f'_x{c}'])}" for c in channels]
        body += [f"_a_{n}[_j] += {self.expr(adjoints[n])}" for n in step.learned if adjoints[n] != 0]
        return self.loop(rows, body)

    # -- all of time ------------------------------------------------------------------------------------------------
    def row(self, array: str, place: Any) -> str:
        return f"_part({array}, 0, ({place})*{self.stride}, _n)"

    def cut(self, array: str, *index: Any) -> str:
        if len(index) == 1:
            return f"_part({array}, {index[0]}, _a, _n)"
        return f"_part(_line({array}, {index[0]}, {index[1]}), 0, _a, _n)"

    def forward(self) -> list[str]:
        s, v = len(self.step.states), len(self.step.vectors)
        rows = [self.row("_work", r) for r in range(s)]
        vectors = [self.row("_work", s + r) for r in range(v)]
        more = f", _W, _s0{self.arrivals.lists}" if self.recurrent else ""
        out = ["@_njit(**_options)"]
        out += [f"def forward(_first, _last, _every, _xs, _X, _C, _V, _work, _ys, _saved, _end{more}):"]
        out += ['    """Run neurons from ``_first`` up to ``_last`` through the sequence."""']
        out += self.scalars()
        out += [
            "    _steps, _a = _xs.shape[1], _first",
            "    while _a < _last:",
            f"        _n = min({self.width}, _last - _a)",
        ]
        out += [f"        _copy({self.cut('_X', r)}, {rows[r]})" for r in range(s)]
        out += [f"        _copy({self.cut('_V', r)}, {vectors[r]})" for r in range(v)]
        out += _indented(self.arrivals.start(), 8) if self.recurrent else []
        out += ["        for _t in range(_steps):"]
        if s:
            out += ["            if _every and _t % _every == 0:"]
            out += [f"                _copy({rows[r]}, {self.cut('_saved', '_t//_every', r)})" for r in range(s)]
        x = [self.cut("_xs", c, "_t") for c in range(self.channels)]
        if self.recurrent:
            out += _indented(self.arrivals.arrive(x[0], self.row("_work", s + v), s + v + 1), 12)
            x[0] = self.row("_work", s + v)
        out += _indented(self.ahead(rows, rows, x, self.cut("_ys", "_t"), vectors), 12)
        out += _indented(self.arrivals.sent(), 12) if self.recurrent else []
        out += [f"        _copy({rows[r]}, {self.cut('_end', r)})" for r in range(s)]
        return [*out, "        _a += _n", "", ""]

    def backward(self) -> list[str]:
        step, channels = self.step, range(self.channels)
        s, d, v, k = len(step.states), len(step.differentiable), len(step.vectors), len(step.learned)
        vectors = [self.row("_work", r) for r in range(v)]
        adjoints = [self.row("_work", v + r) for r in range(d)]
        sums = [self.row("_work", v + d + r) for r in range(k)]
        kept = self.kept
        now = [self.row("_past", f"(_t - _t0)*{kept} + {r}") for r in range(s)]
        then = [self.row("_past", f"(_t - _t0)*{kept} + {kept + r}") for r in range(s)]
        out = ["@_njit(**_options)", "def backward("]
        given = "_first, _last, _every, _down, _xs, _C, _V, _saved, _dys, _dend, _work, _past, _dxs, _dX, _dC"
        more = f", _ys, _W, _B, _s0, _ds0{self.arrivals.lists}" if self.recurrent else ""
        out += [f"    {given}{more}", "):"]
        out += ['    """Run neurons from ``_first`` up to ``_last`` back; ``_down`` is T - 1, ..., 1, 0."""']
        out += self.scalars()
        out += [
            "    _steps, _a = _xs.shape[1], _first",
            "    while _a < _last:",
            f"        _n = min({self.width}, _last - _a)",
        ]
        out += [f"        _copy({self.cut('_V', r)}, {vectors[r]})" for r in range(v)]
        out += [f"        _copy({self.cut('_dend', r)}, {adjoints[r]})" for r in range(d)]
        out += [f"        _clear({sums[r]})" for r in range(k)]
        dy, free = self.row("_work", v + d + k), v + d + k + 1
        if self.recurrent:
            out += _indented(self.arrivals.begin(dy, free), 8)
        out += ["        _stretches = (_steps + _every - 1)//_every", "        for _q in range(_stretches):"]
        out += ["            _c = _stretches - 1 - _q", "            _t0 = _c*_every"]
        out += ["            _t1 = min(_t0 + _every, _steps)"]
        out += [f"            _copy({self.cut('_saved', '_c', r)}, {self.row('_past', r)})" for r in range(s)]
        x = [self.cut("_xs", c, "_t") for c in channels]
        if self.recurrent:
            arriving = self.row("_past", f"(_t - _t0)*{kept} + {s}")
            out += ["            for _t in range(_t0, _t1):"]
            out += _indented(self.arrivals.arrive(x[0], arriving, free), 16)
            x[0] = arriving
        if s:
            out += ["            for _t in range(_t0, _t1 - 1):"]
            out += _indented(self.ahead(now, then, x, "", vectors), 16)
        # LLVM does not vectorise inside of what it sees to count down: so the steps come from a list
        out += ["            for _r in range(_steps - _t1, _steps - _t0):", "                _t = _down[_r]"]
        rows = {f"_i_{n}": now[r] for r, n in enumerate(step.states)} | {f"_ix{c}": x[c] for c in channels}
        if self.recurrent:
            out += _indented(self.arrivals.receive(dy, self.cut("_dys", "_t"), free), 16)
        rows |= {"_idy": dy if self.recurrent else self.cut("_dys", "_t")} | {
            f"_a_{n}": adjoints[r] for r, n in enumerate(step.differentiable)
        }
        rows |= {f"_a_{n}": sums[r] for r, n in enumerate(step.learned)}
        rows |= {f"_odx{c}": self.cut("_dxs", c, "_t") for c in channels}
        rows |= {f"_i_{n}": vectors[r] for r, n in enumerate(step.vectors)}
        out += _indented(self.back(rows), 16)
        if self.recurrent:
            out += _indented(self.arrivals.send(dy, self.cut("_dxs", 0, "_t"), free), 16)
        out += [f"        _copy({adjoints[r]}, {self.cut('_dX', r)})" for r in range(d)]
        out += [f"        _copy({sums[r]}, {self.cut('_dC', r)})" for r in range(k)]
        if self.recurrent:
            out += _indented(self.arrivals.end(dy, free), 8)
        return [*out, "        _a += _n", "", ""]

    def scalars(self) -> list[str]:
        return [f"    {n} = _C[{k}]" for k, n in enumerate(self.step.scalars)]

    def text(self) -> str:
        step, more = self.step, (1 + self.arrivals.rows) * bool(self.recurrent)
        rows = (
            len(step.states) + len(step.vectors) + more,
            len(step.vectors) + len(step.differentiable) + len(step.learned) + more,
        )
        head = [
            '"""Compiled passes of a layer."""',
            "",
            "import math as _math",
            "",
            "import numpy as _np",
            "from numba import njit as _njit",
            "",
            "from spikegram.kernels.compiled_hints import (",
            "    line as _line, options as _options, part as _part, where as _where,",
            ")",
            "from spikegram.kernels.compiled_layer import (",
            "    add as _add, clear as _clear, copy as _copy, exprel_slope as _exprel_slope, gather as _gather,",
            "    spread as _spread,",
            ")",
            *filter(None, [self.arrivals.imports]),
            "from spikegram.kernels.compiled_special import clip as _clip, exp as _exp, exprel as _exprel, mod as _mod",
            "",
            "_f4 = _np.float32",
            f"REAL = _np.{'float32' if self.single else 'float64'}",
            f"STRIDE = {self.stride}",
            f"WIDTH = {self.width}",
            f"ROWS = {rows!r}",
            f"KEPT = {self.kept}",
            "",
            "",
        ]
        return "\n".join([*head, *self.forward(), *self.backward()]).rstrip() + "\n"


def _indented(lines: list[str], pad: int) -> list[str]:
    return [" " * pad + line for line in lines]


def _reading(wanted: set[str], step: LayerStep) -> set[str]:
    """``wanted`` and the names of all lines from which those follow."""
    for line in reversed(step.lines):
        if line.name in wanted:
            wanted |= {line.read(s) for s in line.expr.free_symbols}
            if line.name in step.spikes:
                condition, reads = step.spikes[line.name]
                wanted |= {reads.get(s.name, s.name) for s in condition.free_symbols}
    return wanted
