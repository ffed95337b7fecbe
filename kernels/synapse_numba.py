"""Source of a synapse model for Numba; what presynaptic spikes do is in `synapse_delivery.py`."""

from __future__ import annotations

from .arrays import SYNAPSE_ARRAYS
from .neuron_code import numba_imports, with_arguments
from .printers import NumbaPrinter
from .program import SynapseProgram
from .synapse_code import Side, header
from .synapse_delivery import MINE, clock, function, on_pre
from .synapse_form import SynapseForm

__all__ = ["numba_synapse"]

_DEEP = " " * 16
# beside the synapses' arrays
_OUTSIDE = ("_thread", "_k", "_step", "dt", "_seed", "_Xs", "_Xt", "_At", "_ids", "_ptr", "_phase", "_lo", "_hi")


def numba_synapse(p: SynapseProgram, form: SynapseForm, single: bool) -> str:
    """The text of the module; functions that would do nothing are left out."""
    r = Side(p, form, NumbaPrinter(single))
    imports = numba_imports(single)
    if form.drawn:
        imports += "\nfrom spikegram.kernels.compiled_rows import draw_row as _draw_row"
    out = header(p, r, "Numba kernel", imports, compiled=True)
    out += [*on_pre(r), *_on_post(r), *_fade(r), *_clocked(r), *_summed(r)]
    return with_arguments(out, (*_OUTSIDE, *SYNAPSE_ARRAYS))


def _on_post(r: Side) -> list[str]:
    p, statements = r.p, (*r.to_date, *r.p.post)
    if not p.post:
        return []
    used = r.uses(statements)
    body = clock(r, statements, bool(p.post_randoms))
    body += ["    for _c in range(_ax.shape[0]):", "        _kk = _k - _dend[_c]", *r.row_loads(used, " " * 8)]
    body += r.sum_rows(p.post, " " * 8, "(_step + _late[#]) % _At.shape[1]")
    body += ["        for _q in range(_ptr[_thread, _kk], _ptr[_thread, _kk + 1]):"]
    body += ["            _j = _ids[_thread, _q]", *r.target_loads(used | set(r.post_traces), " " * 12)]
    body += ["            for _z in range(_u8(_colptr[_c, _j]), _u8(_colptr[_c, _j + 1])):"]
    body += ["                _s = _u8(_col[_z])", "                _i = _u8(_src[_s])"]
    pad = " " * 16
    body += r.source_loads(used, pad, "_i") + r.loads(used, pad) + r.event(p.post, p.post_randoms, 32, pad, "")
    body += r.raise_traces(r.post_traces, p.post, " " * 12, "_ytr[#, _c, _j]")
    return function("on_post(@)", "Process the postsynaptic spikes that reach the synapses in this step.", body)


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
            out += function(f"_fade_{n}({given})", f"One step of the trace {n}.", inner)
            body += [f"        _fade_{n}({given.replace('_x', place.replace('#', str(k)), 1)})"]
    return out + function("fade(@)", "Take the traces of the neurons one step further.", body) if out else []


def _clocked(r: Side) -> list[str]:
    p = r.p
    if not p.clocked:
        return []
    body = [*clock(r, p.clocked), *_each_synapse(r, r.uses(p.clocked))]
    body += [f"{_DEEP}{n} = {r.printer.doprint(e)}" for n, e in p.clocked]
    names = dict.fromkeys(a.name for a in p.clocked if a.name in r.varying)
    body += [f"{_DEEP}_Y[{r.varying.index(n)}, _s] = {n}" for n in names]
    return function("clocked(@)", "Advance clock-driven variables of the thread's synapses by one step.", body)


def _summed(r: Side) -> list[str]:
    p = r.p
    if not p.summed:
        return []
    body = [*clock(r, p.summed), "    for _s in range(_lo.shape[1]):"]
    body += ["        for _j in range(_lo[_thread, _s], _hi[_thread, _s] if _summed[_s] else _lo[_thread, _s]):"]
    body += [f"            _Xt[_rsum[{k}], _j] = 0" for k in range(len(p.summed))]
    body += _each_synapse(r, r.uses(p.summed))
    body += [f"{_DEEP}_Xt[_rsum[{k}], _j] += {r.printer.doprint(e)}" for k, (_, e) in enumerate(p.summed)]
    return function("summed(@)", "Write sums over synapses to variables of the thread's target neurons.", body)


def _each_synapse(r: Side, used: set[str]) -> list[str]:
    """Loops over the thread's synapses, class by class, and what they load; the body is indented by 16."""
    return [
        "    _width = _ax.shape[0]",
        MINE,
        "    for _c in range(_width):",
        *r.row_loads(used, " " * 8),
        "        for _i in range((_row.shape[1] - 1) // _width):",
        "            for _s in range(_row[_thread, _i * _width + _c], _row[_thread, _i * _width + _c + 1]):",
        "                _j = _u8(_tgt[_s]) + _own",
        *r.source_loads(used, _DEEP, "_i"), *r.target_loads(used, _DEEP), *r.loads(used, _DEEP),
    ]  # fmt: skip
