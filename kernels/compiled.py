"""Hand-written compiled pieces that the generated Numba modules call: random draws, the barrier, arrivals, recording.

Nothing here knows a model; the arrays are those of `layout.py`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["barrier", "gather", "inject", "normal", "options", "record", "take_inputs", "uniform"]

options = {"nogil": True, "cache": True, "error_model": "numpy"}

_LOW = np.uint64(0xFFFFFFFF)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_32, _11 = np.uint64(32), np.uint64(11)


@njit(inline="always", **options)
def _block(seed, stream, index, step):
    k0, k1 = seed & _LOW, seed >> _32
    c0, c1, c2, c3 = np.uint64(index) & _LOW, np.uint64(step) & _LOW, np.uint64(stream), np.uint64(step) >> _32
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _32) ^ c1 ^ k0, p1 & _LOW, (p0 >> _32) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@njit(**options)
def uniform(seed, stream, index, step):
    """`kernels.random.uniform` for one index."""
    a, b, _, _ = _block(seed, stream, index, step)
    return np.float64(((a << _32) | b) >> _11) * 2.0**-53


@njit(**options)
def normal(seed, stream, index, step):
    """`kernels.random.normal` for one index."""
    a, b, c, d = _block(seed, stream, index, step)
    u = np.float64(((a << _32) | b) >> _11) * 2.0**-53
    w = np.float64(((c << _32) | d) >> _11) * 2.0**-53
    return math.sqrt(-2.0 * math.log(1.0 - u)) * math.cos(2.0 * math.pi * w)


@intrinsic
def _atomic_add(typingctx, array, index, value):
    def codegen(context, builder, signature, args):
        array_type = signature.args[0]
        struct = context.make_array(array_type)(context, builder, args[0])
        pointer = cgutils.get_item_pointer(context, builder, array_type, struct, [args[1]], wraparound=False)
        return builder.atomic_rmw("add", pointer, args[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), codegen


_yield = types.ExternalFunction("sched_yield", types.int32())


@njit(**options)
def barrier(sync, n_threads):
    """Wait until all threads of a run are here. ``sync[0]`` counts arrivals and never goes back."""
    if n_threads == 1:
        return
    ticket = _atomic_add(sync, 0, 1)
    goal = (ticket // n_threads + 1) * n_threads
    spins = 0
    while _atomic_add(sync, 0, 0) < goal:
        spins += 1
        if spins > 2000:
            _yield()


# Loops over slices from 0: a loop over a range of a whole array is not vectorised, as indices could be negative.


@njit(**options)
def _move(x, arrived):
    for i in range(x.shape[0]):
        x[i] = arrived[i]
        arrived[i] = 0


@njit(**options)
def _add(x, arrived):
    for i in range(x.shape[0]):
        x[i] += arrived[i]
        arrived[i] = 0


@njit(**options)
def _add_where(x, arrived, free):
    for i in range(x.shape[0]):
        x[i] = x[i] + arrived[i] if free[i] else x[i]
        arrived[i] = 0


@njit(**options)
def take_inputs(thread, step, X, A, acc_row, acc_mode, lo, hi):
    """Move what arrives in this step into the input variables (rows with mode 0)."""
    slot = step % A.shape[1]
    first, last = lo[thread, 0], hi[thread, hi.shape[1] - 1]
    for a in range(acc_row.shape[0]):
        if acc_mode[a] == 0:
            _move(X[acc_row[a], first:last], A[a, slot, first:last])


@njit(**options)
def inject(thread, step, A, table, numbers, values, ids, lo, hi):
    """Add injected currents to the slot of this step.

    ``table`` rows: accumulator, start step, stop step, steps per value, first value, values per time, first id, ids.
    """
    slot = step % A.shape[1]
    first, last = lo[thread, 0], hi[thread, hi.shape[1] - 1]
    for r in range(numbers):
        acc, start, stop, every, v0, wide, i0, n = table[r]
        if start <= step < stop:
            offset = v0 + ((step - start) // every) * wide
            for q in range(n):
                i = ids[i0 + q]
                if first <= i < last:
                    A[acc, slot, i] += values[offset + (q if wide > 1 else 0)]


@njit(**options)
def gather(thread, step, X, A, nr, acc_row, acc_mode, lo, hi):
    """Add what arrived after the threshold to the state (mode 1), or only where not refractory (mode 2)."""
    slot = step % A.shape[1]
    first, last = lo[thread, 0], hi[thread, hi.shape[1] - 1]
    for a in range(acc_row.shape[0]):
        if acc_mode[a] == 1:
            _add(X[acc_row[a], first:last], A[a, slot, first:last])
        elif acc_mode[a] == 2:
            _add_where(X[acc_row[a], first:last], A[a, slot, first:last], nr[first:last])


@njit(**options)
def record(thread, step, X, table, numbers, ids, buffer, lo, hi):
    """Copy recorded variables at the start of a step.

    ``table`` rows: variable row, interval in steps, first step of the buffer, offset in the buffer, first id, ids.
    """
    first, last = lo[thread, 0], hi[thread, hi.shape[1] - 1]
    for r in range(numbers):
        row, every, begin, offset, i0, n = table[r]
        if step % every == 0:
            place = offset + ((step - begin) // every) * n
            for q in range(n):
                i = ids[i0 + q]
                if first <= i < last:
                    buffer[place + q] = X[row, i]


@njit(**options)
def play(thread, k, step, source, ids, ptr, lo, hi):
    """Emit the spikes of a spike array: ``source`` is (steps, ids, cursor per thread), sorted by step, then id."""
    steps, numbers, cursor = source
    first, last = lo[thread, 0], hi[thread, hi.shape[1] - 1]
    count = ptr[thread, k]
    c = cursor[thread]
    while c < steps.shape[0] and steps[c] <= step:
        if steps[c] == step and first <= numbers[c] < last:
            ids[thread, count] = numbers[c]
            count += 1
        c += 1
    cursor[thread] = c
    ptr[thread, k + 1] = count
