"""Source of the time loop of a network: which modules are called, in which order, with which arrays.

Order in a step, as in Brian 2: record, sums over synapses, delivery onto inputs, inputs, state update and threshold |
delivery (``on_pre``, ``on_post``) | arrivals and reset. A bar is where the threads of a run meet.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["GroupCall", "LoopPlan", "SynapseCall", "numba_loop"]


class GroupCall(NamedTuple):
    """A merged group of populations: its generated module ('' for spike arrays)."""

    module: str
    has_inputs: bool
    has_reset: bool


class SynapseCall(NamedTuple):
    """A merged group of projections between two groups."""

    module: str
    source: int
    target: int
    pre_first: bool
    on_post: bool
    clocked: bool
    summed: bool
    early: bool
    reads_pre: bool


class LoopPlan(NamedTuple):
    """Everything on which the text of the loop depends."""

    groups: tuple[GroupCall, ...]
    synapses: tuple[SynapseCall, ...]

    @property
    def meets_twice(self) -> bool:
        """True if a thread reads states that another thread owns."""
        return any(s.reads_pre for s in self.synapses)


def numba_loop(plan: LoopPlan) -> str:
    """The compiled loop: ``run`` executes steps k0 ... k0 + n - 1 of a chunk for one thread."""
    modules = sorted({c.module for c in (*plan.groups, *plan.synapses) if c.module})
    g_args = [f"g{n}, s{n}, r{n}" for n in range(len(plan.groups))]
    p_args = [f"p{n}" for n in range(len(plan.synapses))]
    out = ['"""Time loop of a network."""', "", "from numba import njit as _njit", ""]
    out += ["from spikegram.kernels.compiled import ("]
    out += ["    barrier, gather, inject, options, play, record, take_inputs,", ")"]
    out += [f"from spikegram_generated import {m}" for m in modules]
    for m in modules:
        names = ["advance", "reset"] if m.startswith("neuron") else ["on_pre", "on_post", "clocked", "summed"]
        out += [f"{m}_{f} = {m}.{f}" for f in names]
    arguments = ", ".join([*g_args, *p_args])
    out += ["", "", "@_njit(**options)", f"def run(thread, threads, sync, k0, n, step0, dt, seed, {arguments}):"]
    for n in range(len(g_args)):
        out += [f"    X{n}, A{n}, nr{n}, lo{n}, hi{n} = g{n}[0], g{n}[1], g{n}[4], g{n}[8], g{n}[9]"]
        out += [f"    ids{n}, ptr{n}, row{n}, mode{n} = g{n}[12], g{n}[13], g{n}[14], g{n}[15]"]
    out += ["    for j in range(n):", "        k, step = k0 + j, step0 + j"]
    for n, call in enumerate(plan.groups):
        if call.module:
            out.append(f"        record(thread, step, X{n}, r{n}[0], r{n}[1], r{n}[2], r{n}[3], lo{n}, hi{n})")
    sums = [(n, c) for n, c in enumerate(plan.synapses) if c.summed]
    out += [
        f"        {c.module}_summed(thread, step, dt, p{n}, X{c.source}, X{c.target}, lo{c.target}, hi{c.target})"
        for n, c in sums
    ]
    if sums:
        out.append("        barrier(sync, threads)")
    early = [(n, c) for n, c in enumerate(plan.synapses) if c.early]
    for n, c in early:
        out.append(
            f"        {c.module}_on_pre(thread, k, step, dt, seed, p{n}, X{c.source}, X{c.target}, A{c.target}, "
            f"ids{c.source}, ptr{c.source}, 1)"
        )
    if any(c.reads_pre for _, c in early):
        out.append("        barrier(sync, threads)")
    for n, call in enumerate(plan.groups):
        if not call.module:
            out.append(f"        play(thread, k, step, s{n}, ids{n}, ptr{n}, lo{n}, hi{n})")
            continue
        if call.has_inputs:
            out.append(f"        inject(thread, step, A{n}, s{n}[0], s{n}[1], s{n}[2], s{n}[3], lo{n}, hi{n})")
            out.append(f"        take_inputs(thread, step, X{n}, A{n}, row{n}, mode{n}, lo{n}, hi{n})")
        out.append(f"        {call.module}_advance(thread, k, step, dt, seed, g{n})")
    out.append("        barrier(sync, threads)")
    for n, c in enumerate(plan.synapses):
        if c.clocked:
            out.append(f"        {c.module}_clocked(thread, step, dt, p{n}, X{c.source}, X{c.target})")
    for n, c in enumerate(plan.synapses):
        common = f"thread, k, step, dt, seed, p{n}, X{c.source}, X{c.target}, A{c.target}"
        pre = f"        {c.module}_on_pre({common}, ids{c.source}, ptr{c.source}, 0)"
        post = f"        {c.module}_on_post({common}, ids{c.target}, ptr{c.target})"
        calls = [pre, post] if c.pre_first else [post, pre]
        out += calls if c.on_post else [pre]
    if plan.meets_twice:
        out.append("        barrier(sync, threads)")
    for n, call in enumerate(plan.groups):
        if call.module:
            out.append(f"        gather(thread, step, X{n}, A{n}, nr{n}, row{n}, mode{n}, lo{n}, hi{n})")
        if call.has_reset:
            out.append(f"        {call.module}_reset(thread, k, step, dt, seed, g{n})")
    if plan.meets_twice:
        out.append("        barrier(sync, threads)")
    return "\n".join(out) + "\n"
