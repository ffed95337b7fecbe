"""Source of a synapse model for NumPy: all synapses of a class that are touched in a step at once."""

from __future__ import annotations

from .arrays import SYNAPSE_ARRAYS
from .neuron_code import unpacked
from .printers import NumpyPrinter
from .program import SynapseProgram
from .synapse_code import Side, header
from .synapse_form import SynapseForm

__all__ = ["reference_synapse"]

_UNPACK = "@UNPACK@"  # stands where a function takes its arrays out of the tuple
_EVENT = "(_thread, _k, _step, dt, _seed, _syn, _Xs, _Xt, _At, _ids, _ptr"


def reference_synapse(p: SynapseProgram, form: SynapseForm) -> str:
    """The text of the module."""
    r = Side(p, form, NumpyPrinter())
    imports = "from spikegram.kernels.random import draw as _draw, normal as _normal, uniform as _uniform\n"
    imports += "from spikegram.kernels.reference import ranges as _ranges\n"
    imports += "from spikegram.kernels.special import exprel as _exprel"
    out = header(p, r, "NumPy reference", imports)
    pad = " " * 8

    def everything(used: set[str]) -> list[str]:
        lines = r.row_loads(used, pad) + r.source_loads(used | set(r.pre_traces), pad, "_i")
        return lines + r.target_loads(used | set(r.post_traces), pad) + r.loads(used, pad)

    out += [f"def on_pre{_EVENT}, _phase):"]
    out += ['    """Deliver the presynaptic spikes that arrive in this step, class by class, the earliest first."""']
    out += [_UNPACK, "    for _c in _np.flatnonzero(_early == _phase)[::-1]:"]
    out += ["        _now, _kk = _step, _k - _ax[_c]"]
    out += ["        t, _slot = _now * dt, (_step + _dend[_c]) % _At.shape[1]"]
    out += ["        _spikes = _ids[0, _ptr[0, _kk] : _ptr[0, _kk + 1]]"]
    out += [
        "        _z = _spikes.astype(_np.int64) * _ax.shape[0] + _c",
        "        _a, _b = _row[0, _z], _row[0, _z + 1]",
    ]
    out += ["        _s, _i = _ranges(_a, _b), _np.repeat(_spikes, _b - _a)", "        _j = _tgt[_s]"]
    out += everything(r.uses((*r.to_date, *p.pre))) + r.event(p.pre, p.pre_randoms, 0, pad, "_slot")
    out += r.raise_traces(r.pre_traces, p.pre, pad, "_xtr[#, 0, _c, _i]")
    out += ["", "", f"def on_post{_EVENT}):"]
    out += ['    """Process the postsynaptic spikes that reach the synapses in this step."""']
    if not p.post:
        out += ["    return"]
    else:
        out += [_UNPACK, "    _now = _step", "    t = _now * dt", "    for _c in range(_ax.shape[0]):"]
        out += ["        _kk = _k - _dend[_c]"]
        out += ["        _spikes = _ids[0, _ptr[0, _kk] : _ptr[0, _kk + 1]]"]
        out += ["        _s = _col[_ranges(_colptr[_c][_spikes], _colptr[_c][_spikes + 1])]"]
        out += ["        _i, _j = _src[_s], _tgt[_s]"]
        slot = "(_step + _late[#]) % _At.shape[1]"
        out += everything(r.uses((*r.to_date, *p.post))) + r.event(p.post, p.post_randoms, 32, pad, slot)
        out += r.raise_traces(r.post_traces, p.post, pad, "_ytr[#, _c, _j]")
    out += ["", "", "def fade(_thread, dt, _syn, _lo, _hi):"]
    out += ['    """Take the traces of the neurons one step further."""']
    if not (r.pre_traces or r.post_traces):
        out += ["    return"]
    else:
        out += [_UNPACK, "    for _c in range(_ax.shape[0]):", *r.row_loads(set(r.scalars), pad)]
        for traces, place in ((r.pre_traces, "_xtr[#, 0, _c]"), (r.post_traces, "_ytr[#, _c]")):
            for k, (n, constants, later) in enumerate(r.one_step(traces)):
                out += [f"        {a} = {r.printer.doprint(e)}" for a, e in constants]
                out += [f"        {n} = {place.replace('#', str(k))}"]
                out += [f"        {place.replace('#', str(k))} = {r.printer.doprint(later)}"]
    out += ["", "", "def clocked(_thread, _step, dt, _syn, _Xs, _Xt):"]
    out += ['    """Advance clock-driven variables of all synapses by one step."""']
    whole = [_UNPACK, "    t = _step * dt", "    for _c in range(_ax.shape[0]):"]
    whole += ["        _a, _b = _row[0, _c : -1 : _ax.shape[0]], _row[0, _c + 1 :: _ax.shape[0]]"]
    whole += ["        _s = _ranges(_a, _b)", "        _i, _j = _src[_s], _tgt[_s]"]
    if not p.clocked:
        out += ["    return"]
    else:
        out += [*whole, *everything(r.uses(p.clocked))]
        out += [f"        {n} = {r.printer.doprint(e)}" for n, e in p.clocked]
        names = dict.fromkeys(a.name for a in p.clocked if a.name in r.varying)
        out += [f"        _Y[{r.varying.index(n)}, _s] = {n}" for n in names]
    out += ["", "", "def summed(_thread, _step, dt, _syn, _Xs, _Xt, _lo, _hi):"]
    out += ['    """Write sums over synapses to variables of the target neurons."""']
    if not p.summed:
        out += ["    return"]
    else:
        out += [whole[0], "    for _g in _np.flatnonzero(_summed):"]
        out += [f"        _Xt[_rsum[{k}], _lo[0, _g] : _hi[0, _g]] = 0" for k in range(len(p.summed))]
        out += [*whole[1:], *everything(r.uses(p.summed))]
        out += [f"        _np.add.at(_Xt[_rsum[{k}]], _j, {r.printer.doprint(e)})" for k, (_, e) in enumerate(p.summed)]
    return unpacked(out, _UNPACK, SYNAPSE_ARRAYS, "_syn")
