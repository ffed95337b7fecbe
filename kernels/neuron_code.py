"""Source of a cell model for a target: constants, state update with threshold, reset.

Every generated module has the functions ``constants``, ``refractory_time``, ``rates``, ``advance`` and ``reset`` with
the same signatures, whatever the model; the arrays are those of `arrays.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import sympy as sp

from .arrays import GROUP_ARRAYS
from .printers import NumbaPrinter, NumpyPrinter
from .program import Assign, NeuronProgram, names_in

__all__ = ["constant_names", "numba_neuron", "reference_neuron"]

_UNPACK = "@UNPACK@"  # stands where a function takes its arrays out of the tuple
_DRAW = {"rand": "uniform", "randn": "normal"}
_CLOCK = ("_thread", "_k", "_step", "dt", "_seed")
_SIGNATURE = f"({', '.join(_CLOCK)}, _group)"


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
    used = names_in(*_all(p), *(a.expr for a in p.reset))
    wanted = [n for n in (*p.parameters, *made) if n in used]
    return tuple(n for n in wanted if n not in varying), tuple(n for n in wanted if n in varying)


def _header(p: NeuronProgram, what: str) -> list[str]:
    scalars, vectors = constant_names(p)
    placed = "i" in names_in(*_all(p), *(a.expr for a in p.reset)) or p.update_randoms or p.reset_randoms
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
        f"PLACED = {bool(placed)}",
        "",
        "",
    ]


def _constants(p: NeuronProgram) -> list[str]:
    """The function that computes, once per run, what does not change in it (plain NumPy on every target)."""
    printer = NumpyPrinter()
    scalars, vectors = constant_names(p)
    lines = ["def constants(_p, dt):", '    """Compute what is constant in a run from parameters (SI) and dt (s)."""']
    lines += [
        f"    {n} = _np.asarray(_p[{n!r}], dtype=_np.float64)[()]" for n in p.parameters
    ]  # NumPy's arithmetic: 1/0 is inf
    for k, propagator in enumerate(p.propagators):
        rows = ", ".join("(" + ", ".join(printer.doprint(e) for e in row) + ",)" for row in propagator.matrix)
        lines.append(f"    _P{k} = _propagator(({rows},), dt)")
        for r, row in enumerate(propagator.names):
            lines += [f"    {n} = _P{k}[{r}, {c}]" for c, n in enumerate(row) if n]
    lines += [f"    {n} = {printer.doprint(e)}" for n, e in p.constants]
    lines += [f"    return dict({', '.join(f'{n}={n}' for n in (*scalars, *vectors))})", "", ""]
    lines += ["def refractory_time(_p, dt):", '    """Refractory period in s, or None."""']
    if p.refractory == "duration":
        used = names_in(p.refractory_expr)
        lines += [f"    {n} = _np.asarray(_p[{n!r}], dtype=_np.float64)[()]" for n in p.parameters if n in used]
        lines += [f"    return {printer.doprint(p.refractory_expr)}", "", ""]
    else:
        lines += ["    return None", "", ""]
    used = names_in(*(a.expr for a in p.rates))
    lines += ["def rates(_p):", '    """Relaxation rates in 1/s of what an explicit method integrates."""']
    lines += [f"    {n} = _np.asarray(_p[{n!r}], dtype=_np.float64)[()]" for n in p.parameters if n in used]
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
    out += [_UNPACK, "    t, _count, _fine, dt = _step * dt, _ptr[_thread, _k], dt, dt * _every"]
    out += ["    for _s in range(_lo.shape[1]):", "        _a, _b = _lo[_thread, _s], _hi[_thread, _s]"]
    out += ["        i = _np.arange(_a, _b) - _start[_s]", "        lastspike = _last[_a:_b] * _fine"]
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
            *(["        _nr[_a:_b] = not_refractory & ~_hit"] if p.refractory else []),
            "        _last[_a:_b][_hit] = _step",
            "        _who = _a + _np.flatnonzero(_hit)",
            "        _ids[_thread, _count : _count + len(_who)] = _who",
            "        _count += len(_who)",
        ]
    out += ["    _ptr[_thread, _k + 1] = _count", "", ""]
    out += [f"def reset{_SIGNATURE}:", '    """Apply the reset to the neurons that spiked in this step."""']
    out += [_UNPACK, "    t, _fine, dt = _step * dt, dt, dt * _every"]
    if not p.reset:
        out += ["    return", ""]
    else:
        out += ["    _mine = _ids[_thread, _ptr[_thread, _k] : _ptr[_thread, _k + 1]]"]
        out += ["    for _s in range(_lo.shape[1]):"]
        out += ["        _w = _mine[(_mine >= _lo[_thread, _s]) & (_mine < _hi[_thread, _s])]"]
        out += ["        i, lastspike, not_refractory = _w - _start[_s], _last[_w] * _fine, _nr[_w]"]
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
    return unpacked(out, _UNPACK, GROUP_ARRAYS, "_group").replace("@IMPORTS@", imports)


def _parallel(p: NeuronProgram, pad: str) -> list[str]:
    """Take the new values all at once (one may be the old value of another)."""
    if not p.new:
        return []
    return [f"{pad}{', '.join(p.new)} = {', '.join(p.new.values())}"]


def numba_neuron(p: NeuronProgram, single: bool = False) -> str:
    """The compiled form: a branch-free loop over a tile of neurons, then a search for spikes where there were any."""
    printer, (scalars, vectors) = NumbaPrinter(single), constant_names(p)
    rows = {n: k for k, n in enumerate((*p.states, *p.inputs))}
    used = names_in(*_all(p)) | {n for n in p.new.values()}
    state_in = [n for n in rows if n in used or n in p.new]
    scalars_in = [n for n in scalars if n in used]
    vectors_in = [n for n in vectors if n in used]
    arrays = [f"_of_{n}" for n in (*state_in, *vectors_in)]
    out = _header(p, "Numba kernel") + _constants(p)
    out += ["@_njit(**_options)"]
    tile_args = ", ".join([*arrays, *scalars_in])
    fixed = "_n, _first, _k, _step, _dt, t, dt, _seed, _stream, _zero, _nr, _last, _until, _fired"
    out += [f"def _tile({fixed}{', ' if tile_args else ''}{tile_args}):"]
    out += ["    _any = False", "    for _j in range(_n):", "        i = _first + _j"]
    out += [f"        {n} = _of_{n}[_j]" for n in (*state_in, *vectors_in)]
    if "lastspike" in used:
        out.append("        lastspike = _real(_last[_j] * _dt)")
    out += [
        f"        {n} = _real(_{_DRAW[kind]}(_seed, _stream + _u8({k}), i, _step))"
        for k, (n, kind) in enumerate(p.update_randoms.items())
    ]
    if p.refractory == "duration":
        out.append("        not_refractory = _k >= _until[_j]")
    elif p.refractory == "condition":
        out.append(f"        not_refractory = _nr[_j] | (not {printer.doprint(p.refractory_expr)})")
    elif "not_refractory" in used:
        out.append("        not_refractory = True")
    out += _assignments(p.update, printer, " " * 8)
    out += _parallel(p, " " * 8)
    held = _may_stay(p)
    out += [f"        _of_{n}[_j] = {f'_keep({n}, _zero)' if n in held else n}" for n in p.new]
    if p.threshold is not None:
        gate = " & not_refractory" if p.refractory else ""
        out += [f"        _hit = {printer.doprint(p.threshold)}{gate}"]
        out += ["        _fired[_j] = _hit", "        _any |= _hit"]
        if p.refractory == "condition":
            out += ["        _nr[_j] = not_refractory & (not _hit)"]
    out += ["    return _any", "", "", "@_njit(forceinline=True, **_options)", "def advance(@):"]
    out += ['    """One step of a thread\'s neurons: state update, then threshold."""']
    out += ["    _count, _kk = _ptr[_thread, _k], _until.dtype.type(_k)"]
    out += ["    for _s in range(_lo.shape[1]):"]
    out += ["        _a, _end = _lo[_thread, _s], _hi[_thread, _s]", "        while _a < _end:"]
    out += ["            _b = min(_a + 1024, _end)"]
    call = ["_b - _a", "_a - _start[_s]", "_kk", "_step", "dt", "_real(_step * dt)", "_real(dt * _every)"]
    call += ["_seed", "_stream[_s]", "_zero"]
    cut = "_a, _b - _a)"
    call += [f"_part({n}, 0, {cut}" for n in ("_nr", "_last", "_until", "_fired")]
    call += [f"_part(_X, {rows[n]}, {cut}" for n in state_in]
    call += [f"_part(_V, {vectors.index(n)}, {cut}" for n in vectors_in]
    call += [f"_C[_s, {scalars.index(n)}]" for n in scalars_in]
    out += [f"            if _tile({', '.join(call)}):"]
    out += ["                _count = _collect("]
    out += [
        "                    _a, _b, _thread, _k, _step, _count, _fired, _ids, _last, _ref, _until",
        "                )",
    ]
    out += ["            _a = _b", "    _ptr[_thread, _k + 1] = _count", "", ""]
    if p.reset:
        out += ["@_njit(forceinline=True, **_options)", "def reset(@):"]
        out += ['    """Apply the reset to the thread\'s neurons that spiked in this step."""']
        reads = names_in(*(a.expr for a in p.reset))
        writes = [n for n in dict.fromkeys(a.name for a in p.reset) if n in rows]
        out += ["    t, _s, _fine, dt = _real(_step * dt), 0, dt, _real(dt * _every)"]
        out += ["    for _q in range(_ptr[_thread, _k], _ptr[_thread, _k + 1]):", "        _i = _ids[_thread, _q]"]
        out += ["        while _i >= _hi[_thread, _s]:", "            _s += 1", "        i = _i - _start[_s]"]
        out += ["        lastspike = _real(_last[_i] * _fine)"] if "lastspike" in reads else []
        free = "_nr[_i]" if p.refractory == "condition" else str(not p.refractory)
        out += [f"        not_refractory = {free}"] if "not_refractory" in reads else []
        out += [f"        {n} = _X[{r}, _i]" for n, r in rows.items() if n in reads]
        out += [f"        {n} = _C[_s, {c}]" for c, n in enumerate(scalars) if n in reads]
        out += [f"        {n} = _V[{r}, _i]" for r, n in enumerate(vectors) if n in reads]
        out += [
            f"        {n} = _real(_{_DRAW[kind]}(_seed, _stream[_s] + _u8({32 + k}), i, _step))"
            for k, (n, kind) in enumerate(p.reset_randoms.items())
        ]
        out += _assignments(p.reset, printer, " " * 8)
        out += [f"        _X[{rows[n]}, _i] = {n}" for n in writes]
    return with_arguments(out, (*_CLOCK, *GROUP_ARRAYS)).replace("@IMPORTS@", numba_imports(single))


def _may_stay(p: NeuronProgram) -> set[str]:
    """States whose new value is, under a condition, the old one."""
    made = {a.name: a.expr for a in p.update}
    return {n for n, value in p.new.items() if value in made and made[value].has(sp.Piecewise)}


def with_arguments(lines: list[str], names: tuple[str, ...]) -> str:
    """Join the lines of a module and give each function those arguments that it reads, for ``@`` in its text.

    Whole tuples of arrays as arguments would cost seconds of compilation. ``ARGUMENTS``, at the end of the module,
    tells the time loop what each function takes.
    """
    functions = re.split(r"(?m)^(?=@_njit)", "\n".join(lines) + "\n")
    found: dict[str, list[str]] = {}
    for k, text in enumerate(functions[1:], 1):
        name = re.search(r"def (\w+)\(", text)[1]
        inner = {n for other, names_ in found.items() if f" {other}(" in text for n in names_}
        read = [n for n in names if n in inner or re.search(rf"\b{n}\b", text)]
        found[name] = read
        for other, its in found.items():
            text = re.sub(rf"\b{other}\((.*)@\)", lambda m, o=other, a=its: f"{o}({m[1]}{', '.join(a)})", text)
        functions[k] = text
    return "".join(functions) + f"\n\nARGUMENTS = { ({n: tuple(a) for n, a in found.items()})!r}\n"


def unpacked(lines: list[str], mark: str, names: tuple[str, ...], tuple_name: str) -> str:
    """Join the lines of a module; where ``mark`` stands, a function takes the arrays that it reads out of a tuple."""
    functions = re.split(r"(?m)^(?=def )", "\n".join(lines) + "\n")
    for k, text in enumerate(functions):
        used = [(n, i) for i, n in enumerate(names) if re.search(rf"\b{n}\b", text)]
        left, right = ", ".join(n for n, _ in used), ", ".join(f"{tuple_name}[{i}]" for _, i in used)
        functions[k] = text.replace(mark, f"    {left} = {right}" if used else "    pass")
    return "".join(functions)


def numba_imports(single: bool) -> str:
    """The import lines of every generated Numba module."""
    return "\n".join(
        [
            "from numba import njit as _njit",
            "",
            "from spikegram.kernels.compiled import collect as _collect, normal as _normal, uniform as _uniform",
            "from spikegram.kernels.compiled_hints import (",
            "    inner as _options, keep as _keep, line as _line, part as _part, per_line as _per_line,",
            "    prefetch as _prefetch, where as _where,",
            ")",
            "from spikegram.kernels.compiled_special import clip as _clip, exp as _exp, exprel as _exprel, mod as _mod",
            "",
            "_f4, _i8, _u8 = _np.float32, _np.int64, _np.uint64",
            f"_real = _np.{'float32' if single else 'float64'}",
        ]
    )
