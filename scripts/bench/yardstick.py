"""A kernel written by hand for two of the networks: what generated code is measured against.

Single precision, one or two threads. It knows what the engine must find out: the cell, that weights are one for each
kind of source, that targets fit into 16 bits, and that nothing is asked for but spikes. Neurons are updated in tiles by
a branch-free loop; each thread owns half of the targets and walks the spikes of all; threads meet at a spin barrier,
once a step for CUBA (no delay), once in 15 steps for Brunel's network.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
from numba import njit

from spikegram.kernels.compiled import barrier, collect, poisson
from spikegram.kernels.compiled_hints import keep, options, part, prefetch, where
from spikegram.kernels.random import poisson_thresholds

from . import machine
from .catalogue import DT, BenchNetwork
from .task import Outcome, Task

__all__ = ["run"]

_F = np.float32
_TILE = 1024


@njit(**options)
def _cuba(n, k, zero, v, g_e, g_i, until, fired, c):
    some = False
    for j in range(n):
        free = k >= until[j]
        new = where(free, c[0] + c[1] * v[j] + c[2] * g_e[j] + c[3] * g_i[j], v[j])
        g_e[j] *= c[4]
        g_i[j] *= c[5]
        v[j] = keep(new, zero)
        hit = (new > c[6]) & free
        fired[j] = hit
        some |= hit
    return some


@njit(**options)
def _brunel(n, k, zero, v, came, until, fired, c):
    some = False
    for j in range(n):
        free = k >= until[j]
        new = where(free, c[0] * (v[j] + where(k > until[j], came[j], _F(0))), v[j])
        came[j] = 0
        v[j] = keep(new, zero)
        hit = (new >= c[1]) & free
        fired[j] = hit
        some |= hit
    return some


@njit(**options)
def _deliver(thread, first, last, ids, row, tgt, excitatory, to_exc, to_inh, w_exc, w_inh):
    """Add along the rows of the spikes ``first`` ... ``last`` of a list."""
    for q in range(first, last):
        if q + 2 < last:
            ahead = ids[q + 2]
            for s in range(row[thread, ahead], min(row[thread, ahead + 1], row[thread, ahead] + 512), 32):
                prefetch(tgt, 0, s)
        i = ids[q]
        sums, w = (to_exc, w_exc) if i < excitatory else (to_inh, w_inh)
        for s in range(np.uint64(row[thread, i]), np.uint64(row[thread, i + 1])):
            sums[np.uint64(tgt[s])] += w


@njit(**options)
def _loop(
    thread, threads, sync, steps, delay, cuba, edge, X, until, fired, ids, ptr, last, ref, row, tgt, excitatory, c, w,
    v_reset, seed, table, thresholds, weights, scratch, zero, lo, hi, none,
):  # fmt: skip
    a0, b0 = edge[thread], edge[thread + 1]
    for n in range(steps):
        k = until.dtype.type(n)
        if delay > 0 and n % delay == 0:
            barrier(sync, threads)
        count, a = ptr[thread, n], a0
        while a < b0:
            b = min(a + _TILE, b0)
            head = (b - a, k, zero, part(X, 0, a, b - a), part(X, 1, a, b - a))
            tail = (part(until, 0, a, b - a), part(fired, 0, a, b - a), c)
            if _cuba(*head, part(X, 2, a, b - a), *tail) if cuba else _brunel(*head, *tail):
                count = collect(a, b, thread, n, n, count, fired, ids, last, ref, until)
            a = b
        ptr[thread, n + 1] = count
        if delay == 0:
            barrier(sync, threads)
        for h in range(threads):
            if n >= delay:
                spikes = part(ids, h, 0, ids.shape[1])
                _deliver(
                    thread, ptr[h, n - delay], ptr[h, n - delay + 1], spikes, row, tgt, excitatory,
                    part(X, 1, 0, X.shape[1]), part(X, 2 if cuba else 1, 0, X.shape[1]), w[0], w[1],
                )  # fmt: skip
        if not cuba:
            poisson(thread, n, seed, X, none, table, thresholds, weights, 1, scratch, 0, lo, hi)
        for q in range(ptr[thread, n], count):
            X[0, ids[thread, q]] = v_reset


def run(task: Task) -> Outcome:
    """Build the network of a task with NumPy, and run it in the kernel above."""
    network = task.definition
    _simulate(network.small(), task, 0.01)
    began, before = time.perf_counter(), machine.resident()
    prepared = _prepare(network, task, task.seconds)
    built, after = time.perf_counter(), machine.resident()
    sim_s, spikes = _time(prepared, task, network)
    synapses = len(prepared["tgt"])
    return Outcome(
        build_s=built - began, compile_s=0.0, sim_s=sim_s, steps=round(task.seconds * 1e3 / DT), synapses=synapses,
        spikes=spikes, built_bytes=after - before, peak_bytes=machine.peak_memory(),
    )  # fmt: skip


def _simulate(network: BenchNetwork, task: Task, seconds: float) -> None:
    _time(_prepare(network, task, seconds), task, network)


def _prepare(network: BenchNetwork, task: Task, seconds: float) -> dict[str, Any]:
    """Arrays of a network: rows of targets for each thread, start values, propagators."""
    rng, n, cuba = np.random.default_rng(task.seed), network.cells, network.cell == "cuba"
    pre, post = [], []
    for wiring in network.wiring:
        size, first = network.count(wiring.pre), 0 if wiring.pre == "E" else network.exc
        if wiring.in_degree is not None:
            post.append(np.repeat(np.arange(n), wiring.in_degree))
            pre.append(first + rng.integers(0, size, n * wiring.in_degree))
        else:
            total = rng.binomial(size * n, wiring.probability)
            pairs = np.sort(rng.choice(size * n, total, replace=False)) if size * n < 1e8 else np.unique(
                rng.integers(0, size * n, total)
            )  # fmt: skip
            pre.append(first + pairs // n)
            post.append(pairs % n)
    pre, post = np.concatenate(pre), np.concatenate(post)
    edge = np.array([n * t // task.threads // 64 * 64 for t in range(task.threads)] + [n])
    owner = np.searchsorted(edge, post, side="right") - 1
    order = np.lexsort((post, pre, owner))
    row = np.zeros((task.threads, n + 1), dtype=np.int64)
    counts = np.bincount(owner * n + pre, minlength=task.threads * n).reshape(task.threads, n)
    row[:, 1:] = np.cumsum(counts.ravel()).reshape(task.threads, n)
    row[1:, 0] = row[:-1, -1]
    low, high = (-60.0, -50.0) if cuba else (0.0, 20.0)
    X = np.zeros((3 if cuba else 2, -(-n // 64) * 64), dtype=_F)
    X[0, :n] = low + (high - low) * rng.random(n)
    m, e, i = (np.exp(-DT / tau) for tau in (20.0, 5.0, 10.0))
    if cuba:
        c = [-49 * (1 - m), m, 5 / (20 - 5) * (m - e), 10 / (20 - 10) * (m - i), e, i, -50.0]
    else:
        c = [m, 20.0]
    steps = round(seconds * 1e3 / DT)
    return dict(
        tgt=post[order].astype(np.uint16 if n <= 2**16 else np.uint32), row=row, X=X, edge=edge, c=np.array(c, _F),
        steps=steps, ids=np.empty((task.threads, n * max(20, steps // 50)), np.int32),
        ptr=np.zeros((task.threads, steps + 1), np.int64), last=np.zeros(n, np.int64), until=np.zeros(n, np.int32),
        ref=np.full(n, 50 if cuba else 20), fired=np.zeros(n, bool),
        w=np.array([wiring.weight for wiring in network.wiring[:2]], _F),
    )  # fmt: skip


def _time(p: dict[str, Any], task: Task, network: BenchNetwork) -> tuple[float, dict]:
    cuba, n = network.cell == "cuba", network.cells
    delay = round(network.wiring[0].delay / DT)
    drive = network.drive
    edges = poisson_thresholds(drive.n * drive.rate * DT * 1e-3 if drive else 0.0)
    table = np.array([[0, 1, -1, 0, n, 0, 9, 0, *map(len, edges)]])
    lo, hi = p["edge"][:-1, None].copy(), p["edge"][1:, None].copy()
    sync = np.zeros(32, np.int64)
    shared = (
        sync, p["steps"], delay, cuba, p["edge"], p["X"], p["until"], p["fired"], p["ids"], p["ptr"], p["last"],
        p["ref"], p["row"], p["tgt"], network.exc, p["c"], p["w"], _F(-60 if cuba else 10), np.uint64(task.seed), table,
        np.concatenate(edges), np.array([drive.weight if drive else 0], _F),
        np.zeros((task.threads, 2, 512), np.int32), 0, lo, hi, np.zeros((0, 1, 1), _F),
    )  # fmt: skip
    others = [threading.Thread(target=_loop, args=(t, task.threads, *shared)) for t in range(1, task.threads)]
    began = time.perf_counter()
    for other in others:
        other.start()
    _loop(0, task.threads, *shared)
    for other in others:
        other.join()
    sim_s = time.perf_counter() - began
    found: dict[str, list] = {"E": [[], []], "I": [[], []]}
    for t in range(task.threads):
        counts = np.diff(p["ptr"][t])
        times, ids = np.repeat(np.arange(len(counts)) * DT, counts), p["ids"][t, : counts.sum()]
        for kind, mine, first in (("E", ids < network.exc, 0), ("I", ids >= network.exc, network.exc)):
            found[kind][0].append(times[mine])
            found[kind][1].append(ids[mine].astype(np.int64) - first)
    return sim_s, {k: (np.concatenate(a), np.concatenate(b)) for k, (a, b) in found.items()}
