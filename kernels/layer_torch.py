"""The step of a layer of cells as PyTorch code, and its constants as differentiable functions of the parameters.

The lines are those of the compiled passes (`layer_numba.py`); PyTorch differentiates them by itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from .adjoint import CHOICE, SPIKE, Line
from .expressions import symbol
from .layer_form import LayerForm
from .layer_step import LayerStep
from .program import NeuronProgram
from .surrogate_forms import form_of
from .torch_code import HEAD, TorchPrinter

__all__ = ["torch_layer"]


def torch_layer(p: NeuronProgram, step: LayerStep, form: LayerForm) -> str:
    """Write the module: facts, ``constants`` of those parameters that have a gradient, ``step``."""
    channels = [f"_x{c}" for c in range(len(form.inputs))]
    recorded = {n: step.new[n] for n in step.states}
    out = [
        '"""One step of a layer, generated from its equations."""',
        "",
        *HEAD[:-2],
        f"STATES = {step.states!r}",
        f"CONSTANTS = {(*step.scalars, *step.vectors)!r}",
        f"VECTORS = {step.vectors!r}",
        f"LEARNED = {step.learned!r}",
        f"DEPENDS = {step.depends!r}",
        "",
        "",
        *_constants(p, step, form),
        "def step(_x, _state, _C):",
        '    """One step: output, and the new state; ``_x`` has one tensor a channel, ``_C`` the constants by name."""',
        f"    {', '.join((*channels, ''))} = _x" if channels else "    pass",
        f"    {', '.join((*step.states, ''))} = _state" if step.states else "    pass",
        "    _like = _C['_like']",
    ]
    out += [f"    {n} = _C[{n!r}]" for n in (*step.scalars, *step.vectors)]
    out += [f"    {_line(line, step, form)}" for line in step.lines]
    out += [
        f"    return {step.output}, ({', '.join((*recorded.values(), ''))})"
        if recorded
        else f"    return {step.output}, ()"
    ]
    out += ["", "", "def distances(_state, _C):", '    """How far a state is from each comparison of the threshold."""']
    out += [f"    {', '.join((*step.states, ''))} = _state" if step.states else "    pass", "    _like = _C['_like']"]
    out += [f"    {n} = _C[{n!r}]" for n in (*step.scalars, *step.vectors)]
    gaps = [_gap(e, p, step) for e, _ in step.spikes.values()]
    out += [f"    return [{', '.join(gaps)}]"]
    return "\n".join(out) + "\n"


def _gap(e: sp.Basic, p: NeuronProgram, step: LayerStep) -> str:
    """The distance of a comparison from equality, of a state before or after an update; NaN if it holds more."""
    back = {symbol(new): symbol(state) for state, new in p.new.items()}
    distance = (e.lhs - e.rhs).xreplace(back)
    known = {*step.states, *step.scalars, *step.vectors}
    if not {s.name for s in distance.free_symbols} <= known:
        return "_real(float('nan'), _like)"
    return f"_real({TorchPrinter().doprint(distance)}, _like)"


def _constants(p: NeuronProgram, step: LayerStep, form: LayerForm) -> list[str]:
    """The function that gives the constants that depend on a learned parameter."""
    printer = TorchPrinter()
    wanted = set(step.learned)
    lines: list[str] = []
    for name, expr in reversed(p.constants):
        if name in wanted:
            wanted |= {s.name for s in expr.free_symbols}
            lines.insert(0, f"    {name} = {printer.doprint(expr)}")
    made: list[str] = []
    for k, propagator in enumerate(p.propagators):
        if any(n in wanted for row in propagator.names for n in row if n):
            rows = ", ".join("(" + ", ".join(printer.doprint(e) for e in row) + ",)" for row in propagator.matrix)
            made.append(f"    _P{k} = _propagator(({rows},), dt, _like, _scales, {k})")
            wanted |= {s.name for row in propagator.matrix for e in row for s in e.free_symbols}
            for r, row in enumerate(propagator.names):
                made += [f"    {n} = _P{k}[{r}, {c}]" for c, n in enumerate(row) if n in wanted]
    out = ["def constants(_p, dt, _like, _scales):"]
    out += ['    """Constants of a run with a gradient; parameters in SI; ``_scales`` is kept between calls."""']
    out += [f"    {n} = _real(_p[{n!r}], _like)" for n in p.parameters if n in wanted]
    out += [*made, *lines]
    return [*out, f"    return dict({', '.join(f'{n}={n}' for n in step.learned)})", "", ""]


def _line(line: Line, step: LayerStep, form: LayerForm) -> str:
    printer = TorchPrinter(dict(line.reads))
    if isinstance(line.expr, SPIKE):
        x = line.expr.args[0]
        kind = form.surrogate
        found = form_of(kind.kind, kind.derivative, kind.primitive, kind.names)
        rename = {symbol(n): symbol(f"_sur_{n}") for n in kind.names} | {symbol("u"): x}
        slope = _plain(found.derivative.xreplace(rename))
        if form.smooth:
            value = _plain(found.primitive.xreplace(rename))
        else:
            condition, reads = step.spikes[line.name]
            value = TorchPrinter(dict(reads)).doprint(condition)
        return f"{line.name} = _step_at({x.name}, {value}, {slope} + 0*{x.name})"
    if isinstance(line.expr, CHOICE):
        s, a, b = (printer.doprint(e) for e in line.expr.args)
        if form.smooth:
            return f"{line.name} = {b} + {f'{s}.detach()' if line.stops else s}*({a} - {b})"
        return f"{line.name} = _chosen({s}, {a}, {b}, _like, {not line.stops})"
    names: Mapping[str, str] = line.reads
    if line.stops:
        names = {**names, **{n: f"{names.get(n, n)}.detach()" for n in line.stops}}
    text = TorchPrinter(dict(names)).doprint(line.expr)
    return f"{line.name} = {f'_real({text}, _like)' if line.expr.is_number else text}"


def _plain(e: sp.Basic) -> str:
    return TorchPrinter().doprint(e)
