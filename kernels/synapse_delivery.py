"""Source of what presynaptic spikes do, for Numba: row by row, a row being the synapses of one spike, class and thread.

`on_pre` first lists the rows of a step, then delivers along them (`_rows`), fetching those ahead into the cache: where
there are many synapses, the wait for memory is most of what a spike costs. In a step the earliest spikes come first,
and so sums are made in one order however rows are found, which is one of three ways:

- looked up: for each class of delay, the rows of those spikes whose delay has come;
- listed ahead (`SynapseForm.ahead`): the rows of a new spike lie side by side in the table of rows and are entered at
  once into lists by the step in which they are due, so that the table is not read again, at random, for each class.
  A list that is full says from which step on spikes are missing in it; their rows are looked up;
- drawn anew (`SynapseForm.drawn`).
"""

from __future__ import annotations

import re

from .program import Assign
from .synapse_code import Side

__all__ = ["MINE", "clock", "function", "on_pre"]

MINE = "    _own = _u8(_lo[_thread, 0])"  # the thread's first neuron, from which its targets are counted
_AHEAD = 4  # rows
_SPIKES = 2  # ahead, when rows are entered
_LINES = 8  # of 64 bytes, fetched ahead of a row


def function(name: str, what: str, body: list[str]) -> list[str]:
    """The lines of a compiled function."""
    inline = "" if name.startswith("_") else "forceinline=True, "  # into the loop, the only place that calls it
    return [f"@_njit({inline}**_options)", f"def {name}:", f'    """{what}"""', *body, "", ""]


def clock(r: Side, statements: tuple[Assign, ...], randoms: bool = False) -> list[str]:
    """The time and the step, where they are read."""
    now = ["    _now = _step"] if r.to_date or randoms else []
    return now + (["    t = _real(_step * dt)"] if "t" in r.uses(statements) else [])


def _kept(r: Side) -> tuple[str, ...]:
    """What a list of rows holds of each: first synapse, end, and class and source if delivery reads them."""
    text = "\n".join(_along(r, ()))
    return ("_a", "_b", *(n for n in ("_c", "_i") if re.search(rf"\b{n}\b", text)))


def on_pre(r: Side) -> list[str]:
    """The lines of ``on_pre`` and of what it calls."""
    if not r.p.pre:
        return []
    kept = _kept(r)
    rows = function("_rows(_n, _list, @)", "Deliver along ``_n`` rows.", _along(r, kept))
    name, what = "on_pre(@)", "Deliver the presynaptic spikes that arrive in this step."
    if r.form.drawn:
        return rows + function(name, what, _drawn(kept))
    if not r.form.ahead:
        return rows + function(name, what, _looked_up(kept))
    arrives = "Deliver what arrives now after a delay of at most ``_most``."
    rows += function("_seek(_most, @)", arrives, _looked_up(kept, "_most"))
    rows += function("_enter(@)", "Enter the rows of new spikes into the lists.", _enter(kept))
    return rows + function(name, what, _listed())


def _along(r: Side, kept: tuple[str, ...]) -> list[str]:
    p, statements, wide = r.p, (*r.to_date, *r.p.pre), len(kept)
    used, pad = r.uses(statements), " " * 8
    body = [*clock(r, statements, bool(p.pre_randoms)), MINE]
    body += ["    for _q in range(_n):", f"        if _q + {_AHEAD} < _n:"]
    body += [f"            _z = {wide} * (_q + {_AHEAD})", "            _a, _b = _i8(_list[_z]), _i8(_list[_z + 1])"]
    for array, row in [("_tgt", 0), *(("_Y", k) for k, n in enumerate(r.varying) if n in used)]:
        body += [f"            _s, _end = _a, min(_b, _a + {_LINES} * _per_line({array}))"]
        body += ["            while _s < _end:"]  # a range with steps would divide
        body += [f"                _prefetch({array}, {row}, _s)", f"                _s += _per_line({array})"]
        body += [f"            _prefetch({array}, {row}, _b - 1)"]  # rows begin anywhere in a line: there is one more
    body += [f"        {n} = _i8(_list[{wide} * _q + {k}])" for k, n in enumerate(kept)]
    body += r.sum_rows(p.pre, pad, "(_step + _dend[_c]) % _At.shape[1]")
    body += r.row_loads(used, pad) + r.source_loads(used | set(r.pre_traces), pad, "_i")
    body += ["        for _s in range(_u8(_a), _u8(_b)):", "            _j = _u8(_tgt[_s]) + _own"]
    pad = " " * 12
    body += r.target_loads(used, pad) + r.loads(used, pad) + r.event(p.pre, p.pre_randoms, 0, pad, "")
    return body + r.raise_traces(r.pre_traces, p.pre, " " * 8, "_xtr[#, _thread, _c, _i]")


def _write(kept: tuple[str, ...], pad: str) -> list[str]:
    return [f"{pad}_list[{len(kept)} * _n + {k}] = {n}" for k, n in enumerate(kept)]


def _looked_up(kept: tuple[str, ...], most: str = "") -> list[str]:
    """For each class, the earliest spikes first: the rows of those that arrive now."""
    skip = f" or _ax[_c] > {most}" if most else ""
    return [
        "    _n, _width = _np.int64(0), _ax.shape[0]",
        "    _list = _part(_seg, _thread, 0, _seg.shape[1])",
        "    for _c in range(_width - 1, -1, -1):",
        f"        if _early[_c] != _phase{skip}:",
        "            continue",
        "        _kk = _k - _ax[_c]",
        "        for _h in range(_ptr.shape[0]):",
        "            for _q in range(_ptr[_h, _kk], _ptr[_h, _kk + 1]):",
        "                _i = _ids[_h, _q]",
        "                _z = _i * _width + _c",
        "                _a, _b = _row[_thread, _z], _row[_thread, _z + 1]",
        "                if _a < _b:",
        *_write(kept, " " * 20),
        "                    _n += 1",
        f"                    if {len(kept)} * (_n + 1) > _list.shape[0]:",
        "                        _rows(_n, _list, @)",
        "                        _n = _np.int64(0)",
        "    if _n:",
        "        _rows(_n, _list, @)",
    ]


def _enter(kept: tuple[str, ...]) -> list[str]:
    """A spike is entered when the first of its rows is due; at the beginning of a run all that are on their way are.

    ``_book[_thread]``: how many rows are in each list; one more than the step from which on spikes are missing in it,
    or 0; how many rows were in it before this step's; and, at its last row's first place, the step that comes next.
    """
    return [
        "    _width, _slots = _ax.shape[0], _book.shape[2]",
        "    _long = _due.shape[1] // _slots",
        "    _least = _ax[0]",
        "    for _e in range(max(_book[_thread, 3, 0], _step - (_ax[_width - 1] - _least)), _step + 1):",
        "        _kk = _k - (_step - _e) - _least",
        "        for _slot in range(_slots):",
        "            _book[_thread, 2, _slot] = _book[_thread, 0, _slot]",
        "        _first, _place = 0, _e % _slots - _least",
        "        while _e + _ax[_first] - _least < _step:",
        "            _first += 1",
        "        for _h in range(_ptr.shape[0]):",
        "            for _q in range(_ptr[_h, _kk], _ptr[_h, _kk + 1]):",
        f"                if _q + {_SPIKES} < _ptr[_h, _kk + 1]:",
        f"                    _z = _ids[_h, _q + {_SPIKES}] * _width",
        "                    _s = _z + _first",
        "                    while _s <= _z + _width:",
        "                        _prefetch(_row, _thread, _s)",
        "                        _s += _per_line(_row)",
        "                _i = _ids[_h, _q]",
        "                _z = _i * _width",
        "                _b = _row[_thread, _z + _first]",
        "                for _c in range(_first, _width):",
        "                    _a, _b = _b, _row[_thread, _z + _c + 1]",
        "                    _slot = _place + _ax[_c]",
        "                    _slot -= _slots if _slot >= _slots else 0",
        "                    if _a == _b or _book[_thread, 1, _slot]:",
        "                        continue",
        "                    _n = _book[_thread, 0, _slot]",
        f"                    _s = _slot * _long + {len(kept)} * _n",
        f"                    if {len(kept)} * (_n + 1) <= _long:",
        *(f"                        _due[_thread, _s + {k}] = {n}" for k, n in enumerate(kept)),
        "                        _prefetch(_due, _thread, _s + _per_line(_due))",  # for the next one
        "                        _book[_thread, 0, _slot] = _n + 1",
        "                    else:",
        "                        _book[_thread, 1, _slot] = _e + 1",
        "                        _book[_thread, 0, _slot] = _book[_thread, 2, _slot]",
        "    _book[_thread, 3, 0] = _step + 1",
    ]


def _listed() -> list[str]:
    return [
        "    if _early[0] == _phase:",
        "        _enter(@)",
        "        _slot = _step % _book.shape[2]",
        "        if _book[_thread, 0, _slot]:",
        "            _long = _due.shape[1] // _book.shape[2]",
        "            _rows(_book[_thread, 0, _slot], _part(_due, _thread, _slot * _long, _long), @)",
        "        if _book[_thread, 1, _slot]:",
        "            _seek(_step - (_book[_thread, 1, _slot] - 1) + _ax[0], @)",
        "        _book[_thread, 0, _slot], _book[_thread, 1, _slot] = 0, 0",
    ]


def _drawn(kept: tuple[str, ...]) -> list[str]:
    """For each spike that arrives, and each rule of its class of delay: draw the row, deliver along it."""
    return [
        "    _first, _end = _lo[_thread, 0], _hi[_thread, _hi.shape[1] - 1]",
        "    _room = _tgt.shape[0] // _lo.shape[0]",
        "    _mine = _part(_tgt, 0, _thread * _room, _room)",
        "    _list = _part(_seg, _thread, 0, _seg.shape[1])",
        "    for _c in range(_ax.shape[0] - 1, -1, -1):",
        "        if _early[_c] != _phase:",
        "            continue",
        "        _kk = _k - _ax[_c]",
        "        for _h in range(_ptr.shape[0]):",
        "            for _q in range(_ptr[_h, _kk], _ptr[_h, _kk + 1]):",
        "                _i = _ids[_h, _q]",
        "                for _r in range(_crule[_c], _crule[_c + 1]):",
        "                    if _rules[_r, 0] <= _i < _rules[_r, 1]:",
        "                        _n, _a = 0, _thread * _room",
        "                        _b = _a + _draw_row(_rules, _scales, _r, _i, _first, _end, _seed, _mine)",
        *_write(kept, " " * 24),
        "                        _rows(1, _list, @)",
    ]
