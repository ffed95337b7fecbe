"""Source of the time loop of a network: which modules are called, in which order, with which arrays.

Order in a step, as in Brian 2: record, sums over synapses, delivery onto inputs, inputs, state update and threshold |
delivery (``on_pre``, ``on_post``) | arrivals and reset. A bar is where the threads of a run meet: the first one in each
step, or, if every spike needs ``slab`` steps or more to reach anything, at the beginning of every ``slab`` steps; the
second one only if a thread reads states of another one's neurons.

Where threads know nothing of each other but spikes they meet loosely: each says when its spikes are listed and goes on,
and waits for those of the others only where it next delivers any.
"""

from __future__ import annotations

from typing import NamedTuple

from .arrays import GROUP_ARRAYS, SYNAPSE_ARRAYS

__all__ = ["GroupCall", "LoopPlan", "SynapseCall", "group_arrays", "numba_loop", "synapse_arrays"]


class GroupCall(NamedTuple):
    """A merged group of populations: its generated module ('' for spike arrays), and what its functions take.

    A ``coarse`` one is updated in every so many steps only.
    """

    module: str
    arguments: tuple[tuple[str, tuple[str, ...]], ...]
    has_inputs: bool
    has_reset: bool
    has_sums: bool
    driven: bool
    coarse: bool = False


class SynapseCall(NamedTuple):
    """A merged group of projections between two groups."""

    module: str
    arguments: tuple[tuple[str, tuple[str, ...]], ...]
    source: int
    target: int
    pre_first: bool
    on_post: bool
    clocked: bool
    summed: bool
    early: bool
    reads_pre: bool
    traces: bool


class LoopPlan(NamedTuple):
    """Everything on which the text of the loop depends."""

    groups: tuple[GroupCall, ...]
    synapses: tuple[SynapseCall, ...]

    @property
    def meets_twice(self) -> bool:
        """True if a thread reads states that another thread owns."""
        return any(s.reads_pre for s in self.synapses)

    @property
    def loose(self) -> bool:
        """True if spikes are all that a thread needs of another one."""
        return not self.meets_twice and not any(s.summed for s in self.synapses)


_LOOP_READS = {  # what the loop itself takes of a group, and how it calls it
    "_X": "X", "_A": "A", "_nr": "nr", "_lo": "lo", "_hi": "hi", "_ids": "ids", "_ptr": "ptr", "_acc_row": "row",
    "_acc_mode": "mode", "_until": "until",
}  # fmt: skip


def group_arrays(call: GroupCall) -> tuple[str, ...]:
    """Those arrays of a group that the loop takes; what is never read would only make compilation slower."""
    read = {a for _, its in call.arguments for a in its} | set(_LOOP_READS)
    return tuple(a for a in GROUP_ARRAYS if a in read)


def synapse_arrays(call: SynapseCall) -> tuple[str, ...]:
    """Those arrays of a bundle that the loop takes."""
    read = {a for _, its in call.arguments for a in its}
    return tuple(a for a in SYNAPSE_ARRAYS if a in read)


def numba_loop(plan: LoopPlan) -> str:
    """The compiled loop: ``run`` executes steps k0 ... k0 + n - 1 of a chunk for one thread and says how many it did.

    It ends early, at a step that all threads agree on, if the room for spikes might not last for two more slabs.
    """
    modules = sorted({c.module for c in (*plan.groups, *plan.synapses) if c.module})
    g_args = [f"g{n}, s{n}, r{n}, e{n}" for n in range(len(plan.groups))]
    p_args = [f"p{n}" for n in range(len(plan.synapses))]
    out = ['"""Time loop of a network."""', "", "from numba import njit as _njit", ""]
    out += ["from spikegram.kernels.compiled import ("]
    out += ["    arrive, barrier, gather, inject, options, play, poisson, record, take_inputs, wait,", ")"]
    out += [f"from spikegram_generated import {m}" for m in modules]
    called = {
        c.module: tuple(f for f, _ in c.arguments if not f.startswith("_")) for c in (*plan.groups, *plan.synapses)
    }
    out += [f"{m}_{f} = {m}.{f}" for m in modules for f in called[m]]
    arguments = ", ".join([*g_args, *p_args])
    out += ["", "", "@_njit(**options)", f"def run(thread, threads, sync, slab, k0, n, step0, dt, seed, {arguments}):"]
    for n, call in enumerate(plan.groups):
        out += [f"    g{n}{a} = g{n}[{k}]" for k, a in enumerate(group_arrays(call))]
        out += [f"    {short}{n} = g{n}{a}" for a, short in _LOOP_READS.items()]
        out += [f"    own = hi{n}[thread, hi{n}.shape[1] - 1] - lo{n}[thread, 0]"]
        out += [f"    room{n} = ids{n}.shape[1] - 2 * max(slab, 1) * own"]
    for n, call in enumerate(plan.synapses):
        out += [f"    p{n}{a} = p{n}[{k}]" for k, a in enumerate(synapse_arrays(call))]
    early = [(n, c) for n, c in enumerate(plan.synapses) if c.early and "on_pre" in dict(c.arguments)]
    meeting = ["        if slab > 0 and j % slab == 0:"]
    meeting += ["            wait(sync, threads, j // slab)" if plan.loose else "            barrier(sync, threads)"]
    first = bool(early) or not plan.loose  # threads meet at the beginning of a slab, not when it delivers
    out += ["    for j in range(n):", "        k, step = k0 + j, step0 + j", *(meeting if first else [])]
    out += ["        if sync[16] == j:", "            return j"]
    for n, call in enumerate(plan.groups):
        if call.module:
            out.append(f"        record(thread, step, X{n}, r{n}[0], r{n}[1], r{n}[2], r{n}[3], lo{n}, hi{n})")
    sums = [(n, c) for n, c in enumerate(plan.synapses) if c.summed]
    for n, c in sums:
        coarse = plan.groups[c.target].coarse
        out += [f"        if step % g{c.target}_every == 0:"] if coarse else []
        out.append(" " * 4 * coarse + _synapses(n, c, "summed"))
    if sums:
        out.append("        barrier(sync, threads)")
    out += [_synapses(n, c, "on_pre", 1) for n, c in early]
    if any(c.reads_pre for _, c in early):
        out.append("        barrier(sync, threads)")
    for n, call in enumerate(plan.groups):
        if not call.module:
            out.append(f"        play(thread, k, step, s{n}, ids{n}, ptr{n}, lo{n}, hi{n})")
            continue
        if call.has_inputs:
            out.append(f"        inject(thread, step, A{n}, s{n}[0], s{n}[1], s{n}[2], s{n}[3], lo{n}, hi{n})")
            if call.driven:
                out.append(_poisson(n, 1))
            out.append(f"        take_inputs(thread, step, X{n}, A{n}, row{n}, mode{n}, lo{n}, hi{n})")
        if call.coarse:
            out += [f"        if step % g{n}_every == 0:", "    " + _cells(n, call, "advance"), "        else:"]
            out += [f"            ptr{n}[thread, k + 1] = ptr{n}[thread, k]"]
            continue
        out.append(_cells(n, call, "advance"))
    out += ["        if slab == 0 or (j + 1) % slab == 0:"]
    full = " or ".join(f"ptr{n}[thread, k + 1] > room{n}" for n in range(len(plan.groups)))
    stop = "j + 1" if first else "j + 1 + slab"
    out += [f"            if sync[16] < 0 and ({full}):", f"                sync[16] = {stop}"]
    if plan.loose:
        out.append("            arrive(sync, thread)")
    out += ["        if slab == 0:"]
    out += ["            wait(sync, threads, j + 1)" if plan.loose else "            barrier(sync, threads)"]
    out += [] if first else meeting
    out += [_synapses(n, c, "clocked") for n, c in enumerate(plan.synapses) if c.clocked]
    for n, c in enumerate(plan.synapses):
        events = ("on_pre", "on_post") if c.pre_first else ("on_post", "on_pre")
        out += [_synapses(n, c, e, 0) for e in events if (c.on_post if e == "on_post" else e in dict(c.arguments))]
        if c.traces:
            out.append(_synapses(n, c, "fade"))
    out += [_poisson(n, 0) for n, call in enumerate(plan.groups) if call.driven]
    if plan.meets_twice:
        out.append("        barrier(sync, threads)")
    for n, call in enumerate(plan.groups):
        if call.has_sums:
            arguments = f"thread, k, step, X{n}, A{n}, nr{n}, until{n}, row{n}, mode{n}, lo{n}, hi{n}"
            out.append(f"        gather({arguments})")
        if call.has_reset:
            out.append(_cells(n, call, "reset"))
    if plan.meets_twice:
        out.append("        barrier(sync, threads)")
    out.append("    return n")
    return "\n".join(out) + "\n"


_SAME = {"_thread": "thread", "_k": "k", "_step": "step", "dt": "dt", "_seed": "seed"}


def _cells(n: int, call: GroupCall, function: str) -> str:
    given = [_SAME.get(a, f"g{n}{a}") for a in dict(call.arguments)[function]]
    return f"        {call.module}_{function}({', '.join(given)})"


def _synapses(n: int, call: SynapseCall, function: str, phase: int = 0) -> str:
    side = call.target if function == "on_post" else call.source
    outside = {
        "_Xs": f"X{call.source}", "_Xt": f"X{call.target}", "_At": f"A{call.target}", "_ids": f"ids{side}",
        "_ptr": f"ptr{side}", "_phase": str(phase), "_lo": f"lo{call.target}", "_hi": f"hi{call.target}", **_SAME,
    }  # fmt: skip
    given = [outside.get(a, f"p{n}{a}") for a in dict(call.arguments)[function]]
    return f"        {call.module}_{function}({', '.join(given)})"


def _poisson(n: int, phase: int) -> str:
    table = ", ".join(f"e{n}[{k}]" for k in range(5))
    return f"        poisson(thread, step, seed, X{n}, A{n}, {table}, {phase}, lo{n}, hi{n})"
