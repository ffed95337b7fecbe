"""Source of a synapse model for Numba: row by row, a row holding the synapses of one spike, one class and one thread.

`on_pre` first lists the rows of a step, then delivers along them (`_rows`), fetching those ahead into the cache: where
there are many synapses, the wait for memory is most of what a spike costs.
"""

from __future__ import annotations

from .arrays import SYNAPSE_ARRAYS
from .neuron_code import numba_imports, with_arguments
from .printers import NumbaPrinter
from .program import Assign, SynapseProgram
from .synapse_code import Side, header
from .synapse_form import SynapseForm

__all__ = ["numba_synapse"]

_DEEP = " " * 16
_AHEAD = 4  # rows
_MINE = "    _own = _u8(_lo[_thread, 0])"  # the thread's first neuron, from which its targets are counted
_LINES = 8  # of 64 bytes, fetched ahead of a row
_OUTSIDE = "_thread, _k, _step, dt, _seed, _Xs, _Xt, _At, _ids, _ptr, _phase, _lo, _hi"  # beside the synapses' arrays


def numba_synapse(p: SynapseProgram, form: SynapseForm, single: bool) -> str:
    """The text of the module; functions that would do nothing are left out."""
    r = Side(p, form, NumbaPrinter(single))
    imports = numba_imports(single)
    if form.drawn:
        imports += "\nfrom spikegram.kernels.compiled_rows import draw_row as _draw_row"
    out = header(p, r, "Numba kernel", imports, compiled=True)
    out += [*_on_pre(r), *_on_post(r), *_fade(r), *_clocked(r), *_summed(r)]
    return with_arguments(out, f"{_OUTSIDE}, {SYNAPSE_ARRAYS}")


def _function(name: str, what: str, body: list[str]) -> list[str]:
    inline = "" if name.startswith("_") else "forceinline=True, "  # into the loop, the only place that calls it
    return [f"@_njit({inline}**_options)", f"def {name}:", f'    """{what}"""', *body, "", ""]


def _clock(r: Side, statements: tuple[Assign, ...], randoms: bool = False) -> list[str]:
    """The time and the step, where they are read."""
    now = ["    _now = _step"] if r.to_date or randoms else []
    return now + (["    t = _real(_step * dt)"] if "t" in r.uses(statements) else [])


def _on_pre(r: Side) -> list[str]:
    p, statements = r.p, (*r.to_date, *r.p.pre)
    if not p.pre:
        return []
    used, pad = r.uses(statements), " " * 8
    body = [*_clock(r, statements, bool(p.pre_randoms)), _MINE]
    body += ["    for _q in range(_n):", f"        if _q + {_AHEAD} < _n:"]
    body += [f"            _a, _b = _seg[_thread, _q + {_AHEAD}, 0], _seg[_thread, _q + {_AHEAD}, 1]"]
    for array, row in [("_tgt", 0), *(("_Y", k) for k, n in enumerate(r.varying) if n in used)]:
        body += [f"            _whole = 64 // {array}.itemsize"]
        body += [f"            for _s in range(_a, min(_b, _a + {_LINES} * _whole), _whole):"]
        body += [f"                _prefetch({array}, {row}, _s)"]
        body += [f"            _prefetch({array}, {row}, _b - 1)"]  # rows begin anywhere in a line: there is one more
    names = ("_a", "_b", "_c", "_i")
    body += [f"        {n} = _seg[_thread, _q, {k}]" for k, n in enumerate(names)]
    body += r.sum_rows(p.pre, pad, "(_step + _dend[_c]) % _At.shape[1]")
    body += r.row_loads(used, pad) + r.source_loads(used | set(r.pre_traces), pad, "_i")
    body += ["        for _s in range(_u8(_a), _u8(_b)):", "            _j = _u8(_tgt[_s]) + _own"]
    pad = " " * 12
    body += r.target_loads(used, pad) + r.loads(used, pad) + r.event(p.pre, p.pre_randoms, 0, pad, "")
    body += r.raise_traces(r.pre_traces, p.pre, " " * 8, "_xtr[#, _thread, _c, _i]")
    rows = _function("_rows(_n, @)", "Deliver along ``_n`` rows.", body)
    what = "Deliver the presynaptic spikes that arrive in this step."
    if r.form.drawn:
        return rows + _function("on_pre(@)", what, _drawn_rows())
    body = [
        "    _n, _width = _np.int64(0), _ax.shape[0]",
        "    for _c in range(_width):",
        "        if _early[_c] != _phase:",
    ]
    body += ["            continue", "        _kk = _k - _ax[_c]", "        for _h in range(_ptr.shape[0]):"]
    body += ["            for _q in range(_ptr[_h, _kk], _ptr[_h, _kk + 1]):", "                _i = _ids[_h, _q]"]
    body += [
        "                _z = _i * _width + _c",
        "                _a, _b = _row[_thread, _z], _row[_thread, _z + 1]",
    ]
    body += ["                if _a < _b:"]
    body += [f"                    _seg[_thread, _n, {k}] = {n}" for k, n in enumerate(names)]
    body += ["                    _n += 1", "                    if _n == _seg.shape[1]:"]
    body += ["                        _rows(_n, @)", "                        _n = _np.int64(0)"]
    body += ["    if _n:", "        _rows(_n, @)"]
    return rows + _function("on_pre(@)", what, body)


def _drawn_rows() -> list[str]:
    """For each spike that arrives, and each rule of its class of delay: draw the row, deliver along it."""
    return [
        "    _first, _end = _lo[_thread, 0], _hi[_thread, _hi.shape[1] - 1]",
        "    _room = _tgt.shape[0] // _lo.shape[0]",
        "    _mine = _part(_tgt, 0, _thread * _room, _room)",
        "    for _c in range(_ax.shape[0]):",
        "        if _early[_c] != _phase:",
        "            continue",
        "        _kk = _k - _ax[_c]",
        "        for _h in range(_ptr.shape[0]):",
        "            for _q in range(_ptr[_h, _kk], _ptr[_h, _kk + 1]):",
        "                _i = _ids[_h, _q]",
        "                for _r in range(_crule[_c], _crule[_c + 1]):",
        "                    if _rules[_r, 0] <= _i < _rules[_r, 1]:",
        "                        _seg[_thread, 0, 0] = _thread * _room",
        "                        _seg[_thread, 0, 1] = _thread * _room + _draw_row(",
        "                            _rules, _scales, _r, _i, _first, _end, _seed, _mine",
        "                        )",
        "                        _seg[_thread, 0, 2] = _c",
        "                        _seg[_thread, 0, 3] = _i",
        "                        _rows(1, @)",
    ]


def _on_post(r: Side) -> list[str]:
    p, statements = r.p, (*r.to_date, *r.p.post)
    if not p.post:
        return []
    used = r.uses(statements)
    body = _clock(r, statements, bool(p.post_randoms))
    body += ["    for _c in range(_ax.shape[0]):", "        _kk = _k - _dend[_c]", *r.row_loads(used, " " * 8)]
    body += r.sum_rows(p.post, " " * 8, "(_step + _late[#]) % _At.shape[1]")
    body += ["        for _q in range(_ptr[_thread, _kk], _ptr[_thread, _kk + 1]):"]
    body += ["            _j = _ids[_thread, _q]", *r.target_loads(used | set(r.post_traces), " " * 12)]
    body += ["            for _z in range(_u8(_colptr[_c, _j]), _u8(_colptr[_c, _j + 1])):"]
    body += ["                _s = _u8(_col[_z])", "                _i = _u8(_src[_s])"]
    pad = " " * 16
    body += r.source_loads(used, pad, "_i") + r.loads(used, pad) + r.event(p.post, p.post_randoms, 32, pad, "")
    body += r.raise_traces(r.post_traces, p.post, " " * 12, "_ytr[#, _c, _j]")
    return _function("on_post(@)", "Process the postsynaptic spikes that reach the synapses in this step.", body)


def _fade(r: Side) -> list[str]:
    """Each trace is scaled by a function of its own, whose loop over neurons is vectorised."""
    out: list[str] = []
    body = ["    for _c in range(_ax.shape[0]):", *r.row_loads(set(r.scalars), " " * 8)]
    given = ", ".join(("_x", "dt", *r.scalars))
    sides = ((r.pre_traces, "_xtr[#, _thread, _c]"), (r.post_traces, "_ytr[#, _c, _first:_end]"))
    for side, (traces, place) in enumerate(sides):
        if side and traces:
            body += ["        _first, _end = _lo[_thread, 0], _hi[_thread, _hi.shape[1] - 1]"]
        for k, (n, constants, later) in enumerate(r.one_step(traces)):
            inner = [f"    {a} = _real({r.printer.doprint(e)})" for a, e in constants]
            inner += ["    for _z in range(_x.shape[0]):", f"        {n} = _x[_z]"]
            inner += [f"        _x[_z] = {r.printer.doprint(later)}"]
            out += _function(f"_fade_{n}({given})", f"One step of the trace {n}.", inner)
            body += [f"        _fade_{n}({given.replace('_x', place.replace('#', str(k)), 1)})"]
    return out + _function("fade(@)", "Take the traces of the neurons one step further.", body) if out else []


def _clocked(r: Side) -> list[str]:
    p = r.p
    if not p.clocked:
        return []
    body = [*_clock(r, p.clocked), *_each_synapse(r, r.uses(p.clocked))]
    body += [f"{_DEEP}{n} = {r.printer.doprint(e)}" for n, e in p.clocked]
    names = dict.fromkeys(a.name for a in p.clocked if a.name in r.varying)
    body += [f"{_DEEP}_Y[{r.varying.index(n)}, _s] = {n}" for n in names]
    return _function("clocked(@)", "Advance clock-driven variables of the thread's synapses by one step.", body)


def _summed(r: Side) -> list[str]:
    p = r.p
    if not p.summed:
        return []
    body = [*_clock(r, p.summed), "    for _s in range(_lo.shape[1]):"]
    body += ["        for _j in range(_lo[_thread, _s], _hi[_thread, _s] if _summed[_s] else _lo[_thread, _s]):"]
    body += [f"            _Xt[_rsum[{k}], _j] = 0" for k in range(len(p.summed))]
    body += _each_synapse(r, r.uses(p.summed))
    body += [f"{_DEEP}_Xt[_rsum[{k}], _j] += {r.printer.doprint(e)}" for k, (_, e) in enumerate(p.summed)]
    return _function("summed(@)", "Write sums over synapses to variables of the thread's target neurons.", body)


def _each_synapse(r: Side, used: set[str]) -> list[str]:
    """Loops over the thread's synapses, class by class, and what they load; the body is indented by 16."""
    return [
        "    _width = _ax.shape[0]",
        _MINE,
        "    for _c in range(_width):",
        *r.row_loads(used, " " * 8),
        "        for _i in range((_row.shape[1] - 1) // _width):",
        "            for _s in range(_row[_thread, _i * _width + _c], _row[_thread, _i * _width + _c + 1]):",
        "                _j = _u8(_tgt[_s]) + _own",
        *r.source_loads(used, _DEEP, "_i"), *r.target_loads(used, _DEEP), *r.loads(used, _DEEP),
    ]  # fmt: skip
