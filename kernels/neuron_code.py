"""Source of a cell model for a target: constants, state update with threshold, reset.

Every generated module has the functions ``constants``, ``refractory_time``, ``rates``, ``advance`` and ``reset`` with
the same signatures, whatever the model; the arrays are those of `layout.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from .printers import NumbaPrinter, NumpyPrinter
from .program import Assign, NeuronProgram

__all__ = ["constant_names", "numba_neuron", "reference_neuron"]

ARRAYS = "_X, _A, _V, _C, _nr, _last, _ref, _fired, _lo, _hi, _start, _stream, _ids, _ptr, _acc_row, _acc_mode"
_DRAW = {"rand": "uniform", "randn": "normal"}
_SIGNATURE = "(_thread, _k, _step, dt, _seed, _group)"


def constant_names(p: NeuronProgram) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the run's constants that the kernels read: one value a segment, one value a neuron."""
    varying = set(p.vectors)
    for propagator in p.propagators:
        if any(s.name in varying for row in propagator.matrix for e in row for s in e.free_symbols):
            varying |= {n for row in propagator.names for n in row if n}
    for name, expr in p.constants:
        if any(s.name in varying for s in expr.free_symbols):
            varying.add(name)
    made = [n for pr in p.propagators for row in pr.names for n in row if n] + [a.name for a in p.constants]
    used = _names([*_all(p), *(a.expr for a in p.reset)])
    wanted = [n for n in (*p.parameters, *made) if n in used]
    return tuple(n for n in wanted if n not in varying), tuple(n for n in wanted if n in varying)


def _names(expressions: Iterable[sp.Basic]) -> set[str]:
    return {s.name for e in expressions for s in e.free_symbols}


def _header(p: NeuronProgram, what: str) -> list[str]:
    scalars, vectors = constant_names(p)
    return [
        f'"""{what} of a cell model, generated from its equations."""',
        "",
        "import math as _math",
        "",
        "import numpy as _np",
        "",
        "from spikegram.kernels.propagate import propagator as _propagator",
        "@IMPORTS@",
        "",
        f"STATES = {p.states!r}",
        f"INPUTS = {p.inputs!r}",
        f"SCALARS = {scalars!r}",
        f"VECTORS = {vectors!r}",
        f"REFRACTORY = {p.refractory!r}",
        f"GATED = {tuple(sorted(p.gated))!r}",
        f"SPIKES = {p.threshold is not None}",
        f"RESETS = {bool(p.reset)}",
        "",
        "",
    ]


def _constants(p: NeuronProgram) -> list[str]:
    """The function that computes, once per run, what does not change in it (plain NumPy on every target)."""
    printer = NumpyPrinter()
    scalars, vectors = constant_names(p)
    lines = ["def constants(_p, dt):", '    """Compute what is constant in a run from parameters (SI) and dt (s)."""']
    lines += [f"    {n} = _np.float64(_p[{n!r}])" for n in p.parameters]  # NumPy's arithmetic: 1/0 is inf
    for k, propagator in enumerate(p.propagators):
        rows = ", ".join("(" + ", ".join(printer.doprint(e) for e in row) + ",)" for row in propagator.matrix)
        lines.append(f"    _P{k} = _propagator(({rows},), dt)")
        for r, row in enumerate(propagator.names):
            lines += [f"    {n} = _P{k}[{r}, {c}]" for c, n in enumerate(row) if n]
    lines += [f"    {n} = {printer.doprint(e)}" for n, e in p.constants]
    lines += [f"    return dict({', '.join(f'{n}={n}' for n in (*scalars, *vectors))})", "", ""]
    lines += ["def refractory_time(_p, dt):", '    """Refractory period in s, or None."""']
    if p.refractory == "duration":
        used = _names([p.refractory_expr])
        lines += [f"    {n} = _np.float64(_p[{n!r}])" for n in p.parameters if n in used]
        lines += [f"    return {printer.doprint(p.refractory_expr)}", "", ""]
    else:
        lines += ["    return None", "", ""]
    used = _names(a.expr for a in p.rates)
    lines += ["def rates(_p):", '    """Relaxation rates in 1/s of what an explicit method integrates."""']
    lines += [f"    {n} = _np.float64(_p[{n!r}])" for n in p.parameters if n in used]
    lines += ["    return {" + ", ".join(f"{n!r}: {printer.doprint(e)}" for n, e in p.rates) + "}", "", ""]
    return lines


def _assignments(statements: Iterable[Assign], printer: NumpyPrinter | NumbaPrinter, pad: str) -> list[str]:
    return [f"{pad}{name} = {printer.doprint(expr)}" for name, expr in statements]


def _all(p: NeuronProgram) -> list[sp.Basic]:
    extra = [e for e in (p.threshold, p.refractory_expr if p.refractory == "condition" else None) if e is not None]
    return [*(a.expr for a in p.update), *extra]


def reference_neuron(p: NeuronProgram) -> str:
    """The NumPy form: whole populations at once, reads as the equations."""
    printer, (scalars, vectors) = NumpyPrinter(), constant_names(p)
    rows = {n: k for k, n in enumerate((*p.states, *p.inputs))}
    out = _header(p, "NumPy reference") + _constants(p)
    out += [f"def advance{_SIGNATURE}:", '    """One step of all neurons: state update, then threshold."""']
    out += [f"    {ARRAYS} = _group", "    t, _count = _step * dt, _ptr[_thread, _k]"]
    out += ["    for _s in range(_lo.shape[1]):", "        _a, _b = _lo[_thread, _s], _hi[_thread, _s]"]
    out += ["        i = _np.arange(_a, _b) - _start[_s]", "        lastspike = _last[_a:_b] * dt"]
    out += [f"        {n} = _X[{r}, _a:_b].copy()" for n, r in rows.items()]
    out += [f"        {n} = _C[_s, {c}]" for c, n in enumerate(scalars)]
    out += [f"        {n} = _V[{r}, _a:_b]" for r, n in enumerate(vectors)]
    out += [
        f"        {n} = _{_DRAW[kind]}(_seed, int(_stream[_s]) + {k}, i, _step)"
        for k, (n, kind) in enumerate(p.update_randoms.items())
    ]
    if p.refractory == "duration":
        out.append("        not_refractory = _step - _last[_a:_b] >= _ref[_a:_b]")
    elif p.refractory == "condition":
        out.append(f"        not_refractory = _nr[_a:_b] | _np.logical_not({printer.doprint(p.refractory_expr)})")
    else:
        out.append("        not_refractory = _np.ones(_b - _a, dtype=bool)")
    out += _assignments(p.update, printer, " " * 8)
    out += _parallel(p, " " * 8)
    out += [f"        _X[{rows[n]}, _a:_b] = {n}" for n in p.new]
    if p.threshold is not None:
        out += [
            f"        _hit = _np.broadcast_to({printer.doprint(p.threshold)}, (_b - _a,)) & not_refractory",
            "        _nr[_a:_b] = not_refractory & ~_hit",
            "        _last[_a:_b][_hit] = _step",
            "        _who = _a + _np.flatnonzero(_hit)",
            "        _ids[_thread, _count : _count + len(_who)] = _who",
            "        _count += len(_who)",
        ]
    out += ["    _ptr[_thread, _k + 1] = _count", "", ""]
    out += [f"def reset{_SIGNATURE}:", '    """Apply the reset to the neurons that spiked in this step."""']
    out += [f"    {ARRAYS} = _group", "    t = _step * dt"]
    if not p.reset:
        out += ["    return", ""]
    else:
        out += ["    _mine = _ids[_thread, _ptr[_thread, _k] : _ptr[_thread, _k + 1]]"]
        out += ["    for _s in range(_lo.shape[1]):"]
        out += ["        _w = _mine[(_mine >= _lo[_thread, _s]) & (_mine < _hi[_thread, _s])]"]
        out += ["        i, lastspike, not_refractory = _w - _start[_s], _last[_w] * dt, _nr[_w]"]
        out += [f"        {n} = _X[{r}, _w]" for n, r in rows.items()]
        out += [f"        {n} = _C[_s, {c}]" for c, n in enumerate(scalars)]
        out += [f"        {n} = _V[{r}, _w]" for r, n in enumerate(vectors)]
        out += [
            f"        {n} = _{_DRAW[kind]}(_seed, int(_stream[_s]) + {32 + k}, i, _step)"
            for k, (n, kind) in enumerate(p.reset_randoms.items())
        ]
        out += _assignments(p.reset, printer, " " * 8)
        out += [f"        _X[{rows[n]}, _w] = {n}" for n in dict.fromkeys(a.name for a in p.reset) if n in rows]
    imports = "from spikegram.kernels.random import normal as _normal, uniform as _uniform\n"
    imports += "from spikegram.kernels.special import exprel as _exprel"
    return "\n".join(out).replace("@IMPORTS@", imports) + "\n"


def _parallel(p: NeuronProgram, pad: str) -> list[str]:
    """Take the new values all at once (one may be the old value of another)."""
    if not p.new:
        return []
    return [f"{pad}{', '.join(p.new)} = {', '.join(p.new.values())}"]


def numba_neuron(p: NeuronProgram, single: bool = False) -> str:
    """The compiled form: a branch-free loop over a tile of neurons, then a search for spikes where there were any."""
    printer, (scalars, vectors) = NumbaPrinter(single), constant_names(p)
    rows = {n: k for k, n in enumerate((*p.states, *p.inputs))}
    used = _names(_all(p)) | {n for n in p.new.values()}
    state_in = [n for n in rows if n in used or n in p.new]
    scalars_in = [n for n in scalars if n in used]
    vectors_in = [n for n in vectors if n in used]
    arrays = [f"_of_{n}" for n in (*state_in, *vectors_in)]
    out = _header(p, "Numba kernel") + _constants(p)
    out += ["@_njit(**_options)"]
    tile_args = ", ".join([*arrays, *scalars_in])
    fixed = "_n, _first, _step, dt, _seed, _stream, _nr, _last, _ref, _fired"
    out += [f"def _tile({fixed}{', ' if tile_args else ''}{tile_args}):"]
    out += ["    t, _count = _real(_step * dt), 0", "    for _j in range(_n):", "        i = _first + _j"]
    out += [f"        {n} = _of_{n}[_j]" for n in (*state_in, *vectors_in)]
    if "lastspike" in used:
        out.append("        lastspike = _real(_last[_j] * dt)")
    out += [
        f"        {n} = _real(_{_DRAW[kind]}(_seed, _stream + _u8({k}), i, _step))"
        for k, (n, kind) in enumerate(p.update_randoms.items())
    ]
    if p.refractory == "duration":
        out.append("        not_refractory = _step - _last[_j] >= _ref[_j]")
    elif p.refractory == "condition":
        out.append(f"        not_refractory = _nr[_j] | (not {printer.doprint(p.refractory_expr)})")
    elif "not_refractory" in used:
        out.append("        not_refractory = True")
    out += _assignments(p.update, printer, " " * 8)
    out += _parallel(p, " " * 8)
    out += [f"        _of_{n}[_j] = {n}" for n in p.new]
    if p.threshold is not None:
        gate = " & not_refractory" if p.refractory else ""
        out += [f"        _hit = {printer.doprint(p.threshold)}{gate}"]
        out += ["        _fired[_j] = _hit", "        _count += _hit"]
        if p.refractory:
            out += ["        _nr[_j] = not_refractory & (not _hit)"]
        if p.refractory == "duration" or _uses_last(p):
            out += ["        _last[_j] = _step if _hit else _last[_j]"]
    out += ["    return _count", "", "", "@_njit(**_options)", f"def advance{_SIGNATURE}:"]
    out += ['    """One step of a thread\'s neurons: state update, then threshold."""']
    out += [f"    {ARRAYS} = _group", "    _count = _ptr[_thread, _k]", "    for _s in range(_lo.shape[1]):"]
    out += ["        _a, _end = _lo[_thread, _s], _hi[_thread, _s]", "        while _a < _end:"]
    out += ["            _b = min(_a + 512, _end)"]
    call = ["_b - _a", "_a - _start[_s]", "_step", "dt", "_seed", "_stream[_s]"]
    call += ["_nr[_a:_b]", "_last[_a:_b]", "_ref[_a:_b]", "_fired[_a:_b]"]
    call += [f"_X[{rows[n]}, _a:_b]" for n in state_in] + [f"_V[{vectors.index(n)}, _a:_b]" for n in vectors_in]
    call += [f"_C[_s, {scalars.index(n)}]" for n in scalars_in]
    out += [f"            if _tile({', '.join(call)}):", "                for _i in range(_a, _b):"]
    out += ["                    if _fired[_i]:", "                        _ids[_thread, _count] = _i"]
    out += ["                        _count += 1", "            _a = _b", "    _ptr[_thread, _k + 1] = _count", "", ""]
    out += ["@_njit(**_options)", f"def reset{_SIGNATURE}:"]
    out += ['    """Apply the reset to the thread\'s neurons that spiked in this step."""']
    if not p.reset:
        out += ["    return", ""]
    else:
        reads = _names(a.expr for a in p.reset)
        writes = [n for n in dict.fromkeys(a.name for a in p.reset) if n in rows]
        out += [f"    {ARRAYS} = _group", "    t, _s = _real(_step * dt), 0"]
        out += ["    for _q in range(_ptr[_thread, _k], _ptr[_thread, _k + 1]):", "        _i = _ids[_thread, _q]"]
        out += ["        while _i >= _hi[_thread, _s]:", "            _s += 1", "        i = _i - _start[_s]"]
        out += ["        lastspike = _real(_last[_i] * dt)"] if "lastspike" in reads else []
        out += ["        not_refractory = _nr[_i]"] if "not_refractory" in reads else []
        out += [f"        {n} = _X[{r}, _i]" for n, r in rows.items() if n in reads]
        out += [f"        {n} = _C[_s, {c}]" for c, n in enumerate(scalars) if n in reads]
        out += [f"        {n} = _V[{r}, _i]" for r, n in enumerate(vectors) if n in reads]
        out += [
            f"        {n} = _real(_{_DRAW[kind]}(_seed, _stream[_s] + _u8({32 + k}), i, _step))"
            for k, (n, kind) in enumerate(p.reset_randoms.items())
        ]
        out += _assignments(p.reset, printer, " " * 8)
        out += [f"        _X[{rows[n]}, _i] = {n}" for n in writes]
    return "\n".join(out).replace("@IMPORTS@", numba_imports(single)) + "\n"


def _uses_last(p: NeuronProgram) -> bool:
    return "lastspike" in _names([*_all(p), *(a.expr for a in p.reset)])


def numba_imports(single: bool) -> str:
    """The import lines of every generated Numba module."""
    return "\n".join(
        [
            "from numba import njit as _njit",
            "",
            "from spikegram.kernels.compiled import normal as _normal, options as _options, uniform as _uniform",
            "from spikegram.kernels.compiled_special import clip as _clip, exprel as _exprel, mod as _mod",
            "",
            "_f4, _u8 = _np.float32, _np.uint64",
            f"_real = _np.{'float32' if single else 'float64'}",
        ]
    )
