"""Source of a synapse model for a target: what happens at arriving spikes, in each step, and in sums.

Every generated module has the functions ``on_pre``, ``on_post``, ``clocked`` and ``summed`` with the same signatures,
whatever the model; the arrays are those of `layout.py`. A thread visits only synapses onto its own neurons.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from .neuron_code import numba_imports
from .printers import NumbaPrinter, NumpyPrinter
from .program import Assign, SynapseProgram

__all__ = ["numba_synapse", "reference_synapse"]

ARRAYS = (
    "_row, _tgt, _src, _Y, _when, _C, _kind, _sid, _stream, _base, _ax, _dend, _early, _colptr, _col, "
    "_rpre, _rpost, _racc, _late, _rsum, _summed"
)


def _names(expressions: Iterable[sp.Basic]) -> set[str]:
    return {s.name for e in expressions for s in e.free_symbols}


class _Reads:
    """What the model reads and writes outside of itself, and in which order it finds it in the tables."""

    def __init__(self, p: SynapseProgram) -> None:
        used = _names(a.expr for a in p.everything)
        own = set(p.variables) | set(p.parameters)  # which may be called tau_pre or trace_post
        local = own | {a.name for a in p.everything if not a.name.endswith("_post") or a.name.startswith("_")}
        outside = sorted(n for n in used if n.endswith(("_pre", "_post")) and n not in local)
        self.pre = tuple(n for n in outside if n.endswith("_pre"))
        self.post = tuple(n for n in outside if n.endswith("_post"))
        self.targets = tuple(
            dict.fromkeys(a.name for a in (*p.pre, *p.post) if a.name.endswith("_post") and a.name not in own)
        )
        self.scalars = tuple(n for n in p.parameters if n in used)


def _header(p: SynapseProgram, r: _Reads, what: str, imports: str) -> list[str]:
    strip = lambda names: tuple(n.rsplit("_", 1)[0] for n in names)  # noqa: E731
    return [
        f'"""{what} of a synapse model, generated from its statements."""',
        "",
        "import math as _math",
        "",
        "import numpy as _np",
        imports,
        "",
        f"VARIABLES = {p.variables!r}",
        f"SCALARS = {r.scalars!r}",
        f"PRE = {strip(r.pre)!r}",
        f"POST = {strip(r.post)!r}",
        f"TARGETS = {strip(r.targets)!r}",
        f"SUMS = {strip(a.name for a in p.summed)!r}",
        f"EVENT_DRIVEN = {bool(p.to_date)}",
        f"CLOCKED = {bool(p.clocked)}",
        f"ON_POST = {bool(p.post)}",
        f"ORDER = {p.order!r}",
        f"RANDOM = {bool(p.pre_randoms or p.post_randoms)}",
        "",
        "",
    ]


def _loads(p: SynapseProgram, r: _Reads, statements: tuple[Assign, ...], pad: str, array: bool) -> list[str]:
    used = _names(a.expr for a in statements)
    lines = [f"{pad}{n} = _Y[{k}, _s]" for k, n in enumerate(p.variables) if n in used]
    kind = "_kind[_s if _kind.shape[0] > 1 else _s * 0]" if array else "_q0"
    if any(n in used for n in r.scalars) and not array:
        lines.append(f"{pad}_q0 = _kind[_s] if _kind.shape[0] > 1 else 0")
    lines += [f"{pad}{n} = _C[{kind}, {k}]" for k, n in enumerate(r.scalars) if n in used]
    lines += [f"{pad}{n} = _Xs[_rpre[{k}], _i]" for k, n in enumerate(r.pre) if n in used]
    lines += [f"{pad}{n} = _Xt[_rpost[{k}], _j]" for k, n in enumerate(r.post) if n in used]
    base = "_kind[_s if _kind.shape[0] > 1 else _s * 0]" if array else "(_kind[_s] if _kind.shape[0] > 1 else 0)"
    if "i" in used:
        lines.append(f"{pad}i = _i - _base[{base}, 0]")
    if "j" in used:
        lines.append(f"{pad}j = _j - _base[{base}, 1]")
    return lines


def _event(
    p: SynapseProgram, r: _Reads, body: tuple[Assign, ...], randoms: dict[str, str], offset: int, pad: str,
    printer: NumpyPrinter | NumbaPrinter, slot: str,
) -> list[str]:  # fmt: skip
    array = isinstance(printer, NumpyPrinter)
    statements = (*p.to_date, *body)
    lines = _loads(p, r, statements, pad, array)
    if p.to_date:
        lines += [f"{pad}_age = (_now - _when[_s]) * dt" if array else f"{pad}_age = _real((_now - _when[_s]) * dt)"]
        lines += [f"{pad}_when[_s] = _now"]
    kind = "_kind[_s if _kind.shape[0] > 1 else _s * 0]" if array else "(_kind[_s] if _kind.shape[0] > 1 else 0)"
    for k, (n, which) in enumerate(randoms.items()):
        name = "_uniform" if which == "rand" else "_normal"
        if array:
            lines.append(f"{pad}{n} = _draw({name}, _seed, _stream[{kind}] + {offset + k}, _sid[_s], _now)")
        else:
            lines.append(f"{pad}{n} = _real({name}(_seed, _stream[{kind}] + _u8({offset + k}), _sid[_s], _now))")
    changed: dict[str, None] = {}
    for name, expr in statements:
        text = printer.doprint(expr)
        if name in r.targets:
            place = r.targets.index(name)
            where = slot.replace("@", str(place))
            lines.append(
                f"{pad}_np.add.at(_At[_racc[{place}], {where}], _j, {text})"
                if array
                else f"{pad}_At[_racc[{place}], {where}, _j] += {text}"
            )
        else:
            lines.append(f"{pad}{name} = {text}")
            if name in p.variables:
                changed[name] = None
    lines += [f"{pad}_Y[{p.variables.index(n)}, _s] = {n}" for n in changed]
    return lines or [f"{pad}pass"]


_EVENT = "(_thread, _k, _step, dt, _seed, _syn, _Xs, _Xt, _At, _ids, _ptr"


def numba_synapse(p: SynapseProgram, single: bool = False) -> str:
    """The compiled form."""
    printer, r = NumbaPrinter(single), _Reads(p)
    out = _header(p, r, "Numba kernel", numba_imports(single))
    out += ["@_njit(**_options)", f"def on_pre{_EVENT}, _phase):"]
    out += ['    """Deliver the presynaptic spikes that arrive in this step, class of delay by class."""']
    out += [f"    {ARRAYS} = _syn", "    for _c in range(_ax.shape[0]):", "        if _early[_c] != _phase:"]
    out += ["            continue", "        _now, _kk = _step, _k - _ax[_c]"]
    out += ["        t, _slot = _real(_now * dt), (_step + _dend[_c]) % _At.shape[1]"]
    out += ["        for _h in range(_ptr.shape[0]):", "            for _q in range(_ptr[_h, _kk], _ptr[_h, _kk + 1]):"]
    out += ["                _i = _ids[_h, _q]"]
    out += ["                for _s in range(_row[_c, _thread, _i], _row[_c, _thread, _i + 1]):"]
    out += ["                    _j = _tgt[_s]"]
    out += _event(p, r, p.pre, p.pre_randoms, 0, " " * 20, printer, "_slot")
    out += ["", "", "@_njit(**_options)", f"def on_post{_EVENT}):"]
    out += ['    """Process the postsynaptic spikes that reach the synapses in this step."""']
    if not p.post:
        out += ["    return"]
    else:
        out += [f"    {ARRAYS} = _syn", "    _now = _step", "    t = _real(_now * dt)"]
        out += ["    for _c in range(_ax.shape[0]):", "        _kk = _k - _dend[_c]"]
        out += ["        for _q in range(_ptr[_thread, _kk], _ptr[_thread, _kk + 1]):"]
        out += ["            _j = _ids[_thread, _q]"]
        out += ["            for _z in range(_colptr[_c, _j], _colptr[_c, _j + 1]):"]
        out += ["                _s = _col[_z]", "                _i = _src[_s]"]
        slot = "(_step + _late[@]) % _At.shape[1]"
        out += _event(p, r, p.post, p.post_randoms, 32, " " * 16, printer, slot)
    out += ["", "", "@_njit(**_options)", "def clocked(_thread, _step, dt, _syn, _Xs, _Xt):"]
    out += ['    """Advance clock-driven variables of the thread\'s synapses by one step."""']
    if not p.clocked:
        out += ["    return"]
    else:
        out += [f"    {ARRAYS} = _syn", "    t = _real(_step * dt)", *_each_synapse()]
        out += _loads(p, r, p.clocked, " " * 12, False)
        out += [f"            {n} = {printer.doprint(e)}" for n, e in p.clocked]
        names = dict.fromkeys(a.name for a in p.clocked if a.name in p.variables)
        out += [f"            _Y[{p.variables.index(n)}, _s] = {n}" for n in names]
    out += ["", "", "@_njit(**_options)", "def summed(_thread, _step, dt, _syn, _Xs, _Xt, _lo, _hi):"]
    out += ['    """Write sums over synapses to variables of the thread\'s target neurons."""']
    if not p.summed:
        out += ["    return"]
    else:
        out += [f"    {ARRAYS} = _syn", "    t = _real(_step * dt)", "    for _s in range(_lo.shape[1]):"]
        out += ["        for _j in range(_lo[_thread, _s], _hi[_thread, _s] if _summed[_s] else _lo[_thread, _s]):"]
        out += [f"            _Xt[_rsum[{k}], _j] = 0" for k in range(len(p.summed))]
        out += [*_each_synapse()]
        out += _loads(p, r, p.summed, " " * 12, False)
        out += [f"            _Xt[_rsum[{k}], _j] += {printer.doprint(e)}" for k, (_, e) in enumerate(p.summed)]
    return "\n".join(out) + "\n"


def _each_synapse() -> list[str]:
    return [
        "    for _c in range(_ax.shape[0]):",
        "        for _s in range(_row[_c, _thread, 0], _row[_c, _thread, _row.shape[2] - 1]):",
        "            _i, _j = _src[_s], _tgt[_s]",
    ]


def reference_synapse(p: SynapseProgram) -> str:
    """The NumPy form: all synapses that are touched in a step at once."""
    printer, r = NumpyPrinter(), _Reads(p)
    imports = "from spikegram.kernels.random import draw as _draw, normal as _normal, uniform as _uniform\n"
    imports += "from spikegram.kernels.reference import ranges as _ranges\n"
    imports += "from spikegram.kernels.special import exprel as _exprel"
    out = _header(p, r, "NumPy reference", imports)
    out += [f"def on_pre{_EVENT}, _phase):"]
    out += ['    """Deliver the presynaptic spikes that arrive in this step, class of delay by class."""']
    out += [f"    {ARRAYS} = _syn", "    for _c in _np.flatnonzero(_early == _phase):"]
    out += ["        _now, _kk = _step, _k - _ax[_c]"]
    out += ["        t, _slot = _now * dt, (_step + _dend[_c]) % _At.shape[1]"]
    out += ["        _spikes = _ids[0, _ptr[0, _kk] : _ptr[0, _kk + 1]]"]
    out += ["        _s = _ranges(_row[_c, 0][_spikes], _row[_c, 0][_spikes + 1])"]
    out += ["        _i, _j = _src[_s], _tgt[_s]"]
    out += _event(p, r, p.pre, p.pre_randoms, 0, " " * 8, printer, "_slot")
    out += ["", "", f"def on_post{_EVENT}):"]
    out += ['    """Process the postsynaptic spikes that reach the synapses in this step."""']
    if not p.post:
        out += ["    return"]
    else:
        out += [f"    {ARRAYS} = _syn", "    _now = _step", "    t = _now * dt", "    for _c in range(_ax.shape[0]):"]
        out += ["        _kk = _k - _dend[_c]"]
        out += ["        _spikes = _ids[0, _ptr[0, _kk] : _ptr[0, _kk + 1]]"]
        out += ["        _s = _col[_ranges(_colptr[_c][_spikes], _colptr[_c][_spikes + 1])]"]
        out += ["        _i, _j = _src[_s], _tgt[_s]"]
        slot = "(_step + _late[@]) % _At.shape[1]"
        out += _event(p, r, p.post, p.post_randoms, 32, " " * 8, printer, slot)
    out += ["", "", "def clocked(_thread, _step, dt, _syn, _Xs, _Xt):"]
    out += ['    """Advance clock-driven variables of all synapses by one step."""']
    whole = [f"    {ARRAYS} = _syn", "    t, _s = _step * dt, _np.arange(_tgt.shape[0])", "    _i, _j = _src, _tgt"]
    if not p.clocked:
        out += ["    return"]
    else:
        out += [*whole, *_loads(p, r, p.clocked, " " * 4, True)]
        out += [f"    {n} = {printer.doprint(e)}" for n, e in p.clocked]
        names = dict.fromkeys(a.name for a in p.clocked if a.name in p.variables)
        out += [f"    _Y[{p.variables.index(n)}] = {n}" for n in names]
    out += ["", "", "def summed(_thread, _step, dt, _syn, _Xs, _Xt, _lo, _hi):"]
    out += ['    """Write sums over synapses to variables of the target neurons."""']
    if not p.summed:
        out += ["    return"]
    else:
        out += whole
        out += ["    for _g in _np.flatnonzero(_summed):"]
        out += [f"        _Xt[_rsum[{k}], _lo[0, _g] : _hi[0, _g]] = 0" for k in range(len(p.summed))]
        out += _loads(p, r, p.summed, " " * 4, True)
        out += [f"    _np.add.at(_Xt[_rsum[{k}]], _j, {printer.doprint(e)})" for k, (_, e) in enumerate(p.summed)]
    return "\n".join(out) + "\n"
