"""What a synapse model's sources for NumPy and for Numba share: where values are found, how events are printed.

A generated module has the functions ``on_pre``, ``on_post``, ``fade`` (traces, one step on), ``clocked``, ``summed``;
the arrays are those of `networks.bundle`. A thread visits only synapses onto its own neurons. The same statements are
printed in several forms (`SynapseForm`): what is the same for a whole class of synapses is read once per row instead of
once per synapse.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from .cache import CODE_FOLLOWS
from .printers import NumbaPrinter, NumpyPrinter
from .program import Assign, SynapseProgram, hoist, names_in
from .synapse_form import SynapseForm

__all__ = ["Side", "header"]


class Side:
    """What the model reads and writes outside of itself, where it finds it, and how it is printed."""

    def __init__(self, p: SynapseProgram, form: SynapseForm, printer: NumpyPrinter | NumbaPrinter) -> None:
        self.p, self.form, self.printer = p, form, printer
        self.array = isinstance(printer, NumpyPrinter)
        used = names_in(*(a.expr for a in p.everything))
        own = set(p.variables) | set(p.parameters)  # which may be called tau_pre or trace_post
        local = own | {a.name for a in p.everything if not a.name.endswith("_post") or a.name.startswith("_")}
        outside = sorted(n for n in used if n.endswith(("_pre", "_post")) and n not in local)
        self.pre = tuple(n for n in outside if n.endswith("_pre"))
        self.post = tuple(n for n in outside if n.endswith("_post"))
        self.targets = tuple(
            dict.fromkeys(a.name for a in (*p.pre, *p.post) if a.name.endswith("_post") and a.name not in own)
        )
        self.pre_traces, self.post_traces = (p.pre_traces, p.post_traces) if form.traces else ({}, {})
        traced = {*self.pre_traces, *self.post_traces}
        self.varying = tuple(n for n in p.variables if n not in traced and n not in form.constant)
        self.scalars = tuple(n for n in (*p.parameters, *form.constant) if n in used)
        self.to_date = tuple(a for a in p.to_date if a.name not in traced)
        wanted = {a.name for a in self.to_date if not a.name.startswith("_")}
        for a in reversed(self.to_date):
            wanted |= names_in(a.expr) if a.name in wanted else set()
        self.to_date = tuple(a for a in self.to_date if a.name in wanted)
        self.direct = tuple(n for n in self.targets if n.removesuffix("_post") in form.direct)

    # -- printing ---------------------------------------------------------------------------------------------------
    def row_loads(self, used: set[str], pad: str) -> list[str]:
        """What is the same for all synapses of a class."""
        if self.form.mixed:
            return []
        return [f"{pad}{n} = _C[_ckind[_c], {k}]" for k, n in enumerate(self.scalars) if n in used]

    def source_loads(self, used: set[str], pad: str, index: str) -> list[str]:
        """What is the same for all synapses of a presynaptic neuron."""
        lines = [f"{pad}{n} = _Xs[_rpre[{k}], {index}]" for k, n in enumerate(self.pre) if n in used]
        if "i" in used and not self.form.mixed:
            lines.append(f"{pad}i = _np.int64({index}) - _base[_ckind[_c], 0]")
        lines += [
            f"{pad}{_at(n)} = _xtr[{k}, _thread, _c, {index}]" for k, n in enumerate(self.pre_traces) if n in used
        ]
        return lines

    def target_loads(self, used: set[str], pad: str) -> list[str]:
        """What is the same for all synapses of a target neuron."""
        lines = [f"{pad}{n} = _Xt[_rpost[{k}], _j]" for k, n in enumerate(self.post) if n in used]
        if "j" in used and not self.form.mixed:
            lines.append(f"{pad}j = _np.int64(_j) - _base[_ckind[_c], 1]")
        lines += [f"{pad}{_at(n)} = _ytr[{k}, _c, _j]" for k, n in enumerate(self.post_traces) if n in used]
        return lines

    def loads(self, used: set[str], pad: str) -> list[str]:
        """What every synapse has for itself."""
        lines = [f"{pad}{n} = _Y[{k}, _s]" for k, n in enumerate(self.varying) if n in used]
        if self.form.mixed:
            kind = "_kind[_s]"
            lines += [f"{pad}{n} = _C[{kind}, {k}]" for k, n in enumerate(self.scalars) if n in used]
            lines += [f"{pad}i = _np.int64(_i) - _base[{kind}, 0]"] if "i" in used else []
            lines += [f"{pad}j = _np.int64(_j) - _base[{kind}, 1]"] if "j" in used else []
        lines += [f"{pad}{n} = {_at(n)}" for n in (*self.pre_traces, *self.post_traces) if n in used]
        return lines

    def uses(self, statements: Iterable[Assign]) -> set[str]:
        return names_in(*(a.expr for a in statements))

    def event(self, body: tuple[Assign, ...], randoms: dict[str, str], offset: int, pad: str, slot: str) -> list[str]:
        """The statements of an event, for one synapse or for an array of them."""
        lines: list[str] = []
        if self.to_date:
            age = "(_now - _when[_s]) * dt"
            lines += [f"{pad}_age = {age if self.array else f'_real({age})'}", f"{pad}_when[_s] = _now"]
        kind = "_kind[_s]" if self.form.mixed else "_ckind[_c]"
        for k, (n, which) in enumerate(randoms.items()):
            name = "_uniform" if which == "rand" else "_normal"
            if self.array:
                one = kind if self.form.mixed else "_np.full(len(_s), _ckind[_c])"
                lines.append(f"{pad}{n} = _draw({name}, _seed, _stream[{one}] + {offset + k}, _sid[_s], _now)")
            else:
                lines.append(f"{pad}{n} = _real({name}(_seed, _stream[{kind}] + _u8({offset + k}), _sid[_s], _now))")
        changed: dict[str, None] = {}
        for name, expr in (*self.to_date, *body):
            text = self.printer.doprint(expr)
            if name in self.targets:
                place = self.targets.index(name)
                sums = f"_to{place}" if not self.array else self.sums(place, slot)
                lines.append(f"{pad}_np.add.at({sums}, _j, {text})" if self.array else f"{pad}{sums}[_j] += {text}")
            else:
                lines.append(f"{pad}{name} = {text}")
                if name in self.varying:
                    changed[name] = None
        lines += [f"{pad}_Y[{self.varying.index(n)}, _s] = {n}" for n in changed]
        return lines or [f"{pad}pass"]

    def sums(self, place: int, slot: str) -> str:
        """The row of the target's arrays that a variable of the target is added to."""
        row, slot = f"_racc[{place}]", slot.replace("#", str(place))
        if self.array:
            return f"_Xt[{row}]" if self.targets[place] in self.direct else f"_At[{row}, {slot}]"
        return (
            f"_part(_Xt, {row}, 0, _Xt.shape[1])"
            if self.targets[place] in self.direct
            else f"_line(_At, {row}, {slot})"
        )

    def sum_rows(self, body: tuple[Assign, ...], pad: str, slot: str) -> list[str]:
        added = {a.name for a in body}
        return [f"{pad}_to{k} = {self.sums(k, slot)}" for k, n in enumerate(self.targets) if n in added]

    def raise_traces(self, traces: dict[str, sp.Expr], body: tuple[Assign, ...], pad: str, place: str) -> list[str]:
        """What the event itself does to the traces of the neuron that spiked."""
        lines = [f"{pad}{n} = {_at(n)}" for n in traces]
        lines += [f"{pad}{n} = {self.printer.doprint(e)}" for n, e in body if n in traces]
        return lines + [f"{pad}{place.replace('#', str(k))} = {n}" for k, n in enumerate(traces)]

    def one_step(self, traces: dict[str, sp.Expr]) -> list[tuple[str, list[Assign], sp.Expr]]:
        """Of each trace: its name, the constants to be computed first, and its value one step later."""
        fixed = frozenset(self.p.parameters) | {"dt"}
        found = [(n, *hoist([Assign(n, e)], fixed)) for n, e in traces.items()]
        return [(n, constants, statement.expr) for n, constants, (statement,) in found]


def _at(name: str) -> str:
    return f"_now_{name}"


def header(p: SynapseProgram, r: Side, what: str, imports: str, compiled: bool = False) -> list[str]:
    """What the engine must know of the model, and the lines before its functions."""
    strip = lambda names: tuple(n.rsplit("_", 1)[0] for n in names)  # noqa: E731
    changed = {a.name for a in p.everything}
    used = r.uses(p.everything)
    return [
        f'"""{what} of a synapse model, generated from its statements."""',
        "",
        f"VARIABLES = {p.variables!r}",
        f"FIXED = {tuple(n for n in p.variables if n not in changed)!r}",
        f"VARYING = {r.varying!r}",
        f"SCALARS = {r.scalars!r}",
        f"PRE = {strip(r.pre)!r}",
        f"POST = {strip(r.post)!r}",
        f"TARGETS = {strip(r.targets)!r}",
        f"SUMS = {strip(a.name for a in p.summed)!r}",
        f"EVENT_DRIVEN = {bool(p.to_date)}",
        f"AGES = {bool(r.to_date)}",
        f"PRIVATE = {(tuple(p.pre_traces), tuple(p.post_traces))!r}",
        f"PRE_TRACES = {tuple(r.pre_traces)!r}",
        f"POST_TRACES = {tuple(r.post_traces)!r}",
        f"CLOCKED = {bool(p.clocked)}",
        f"ON_POST = {bool(p.post)}",
        f"ORDER = {p.order!r}",
        f"RANDOM = {bool(p.pre_randoms or p.post_randoms)}",
        f"PLACED = {bool(used & {'i', 'j'})}",
        "",
        *([CODE_FOLLOWS.strip()] if compiled else []),
        "import math as _math",
        "",
        "import numpy as _np",
        imports,
        "",
        "",
    ]
