"""Hand-written compiled pieces that the generated Numba modules call: random draws, the barrier, arrivals, recording.

Nothing here knows a model; the arrays are those of `layout.py`. What LLVM needs to be told is in `compiled_hints.py`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from .compiled_hints import atomic_add, atomic_read, line, lowest_bit, marked, options, part, where
from .random import POISSON_REST

__all__ = [
    "arrive", "barrier", "collect", "fill", "gather", "inject", "normal", "options", "play", "poisson", "record",
    "take_inputs", "uniform", "wait",
]  # fmt: skip

_LOW = np.uint64(0xFFFFFFFF)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_32, _11, _1 = np.uint64(32), np.uint64(11), np.uint64(1)


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


@njit(**options)
def fill(gaussian, seed, stream, step, out):
    """`kernels.random.uniform`, or `normal` if ``gaussian``, for the indices 0, 1, 2, ..."""
    for i in range(out.shape[0]):
        out[i] = normal(seed, stream, i, step) if gaussian else uniform(seed, stream, i, step)


_usleep = types.ExternalFunction("usleep", types.int32(types.uint32))
_SPINS, _NAP = 200_000, np.uint32(20)  # reads before the first nap, about 0.25 ms; us, to which Linux adds about 50


# What threads tell each other, 16 numbers apart so that each lies in a cache line of its own: ``sync[0]`` counts who
# came to a barrier, ``sync[16]`` is the step of the chunk at which all are to stop (-1: none),
# ``sync[32 + 16 * thread]`` counts how often a thread arrived.


@njit(**options)
def _until(sync, place, goal):
    """Read a number until it is large enough.

    Who waits long, waits for a thread that has no processor: it sleeps, so that the other one may have this one. To
    yield would be worse where other programs run: who yields comes back after all of them had a turn of milliseconds.
    """
    spins = 0
    while atomic_read(sync, place) < goal:
        spins += 1
        if spins > _SPINS:
            _usleep(_NAP)


@njit(**options)
def barrier(sync, threads):
    """Wait until all threads of a run are here."""
    if threads > 1:
        _until(sync, 0, (atomic_add(sync, 0, 1) // threads + 1) * threads)


@njit(**options)
def arrive(sync, thread):
    """Tell the other threads that what this one did so far may be read."""
    atomic_add(sync, 32 + 16 * thread, 1)


@njit(**options)
def wait(sync, threads, times):
    """Wait until every thread has arrived so many times."""
    for other in range(threads):
        _until(sync, 32 + 16 * other, times)


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
        x[i] += arrived[i] if free[i] else x.dtype.type(0)
        arrived[i] = 0


@njit(**options)
def _add_from(x, arrived, until, k):
    for i in range(x.shape[0]):
        x[i] += where(k >= until[i], arrived[i], x.dtype.type(0))
        arrived[i] = 0


@njit(**options)
def collect(first, last, thread, k, step, count, fired, ids, last_spike, refractory, until):
    """List the neurons of a tile that fired, and note when; 64 are looked at in one go."""
    for i in range(first, last, 64):
        bits = marked(fired, i)
        if last - i < 64:
            bits &= (_1 << np.uint64(last - i)) - _1
        while bits:
            j = i + lowest_bit(bits)
            ids[thread, count] = j
            count += 1
            last_spike[j] = step
            until[j] = k + max(refractory[j], 1)
            bits &= bits - _1
    return count


@njit(**options)
def take_inputs(thread, step, X, A, acc_row, acc_mode, lo, hi):
    """Move what arrives in this step into the input variables (rows with mode 0)."""
    slot = step % A.shape[1]
    first, last = lo[thread, 0], hi[thread, hi.shape[1] - 1]
    for a in range(acc_row.shape[0]):
        if acc_mode[a] == 0:
            _move(part(X, acc_row[a], first, last - first), part(line(A, a, slot), 0, first, last - first))


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
def gather(thread, k, step, X, A, nr, until, acc_row, acc_mode, lo, hi):
    """Add what arrived after the threshold to the state (mode 1), or only where free (2 by condition, 3 by time)."""
    slot = step % A.shape[1]
    first = lo[thread, 0]
    size = hi[thread, hi.shape[1] - 1] - first
    for a in range(acc_row.shape[0]):
        if acc_mode[a] <= 0:
            continue
        x, arrived = part(X, acc_row[a], first, size), part(line(A, a, slot), 0, first, size)
        if acc_mode[a] == 1:
            _add(x, arrived)
        elif acc_mode[a] == 2:
            _add_where(x, arrived, part(nr, 0, first, size))
        else:
            _add_from(x, arrived, part(until, 0, first, size), until.dtype.type(k))


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


_2, _3, _4, _5 = np.uint64(2), np.uint64(3), np.uint64(4), np.uint64(5)
_HALVES = np.uint32(0x80008000)
_REST = np.uint64(POISSON_REST)
_AT_ONCE = 16  # blocks of 64 neurons


@njit(inline="always", **options)
def _round(a, b, c, d, u, v):
    """64 bits each, of which only the low half counts: one multiplication of vectors, and nothing is packed."""
    p, q = _M0 * (a & _LOW), _M1 * (c & _LOW)
    return (q >> _32) ^ b ^ u, q, (p >> _32) ^ d ^ v, p


@njit(**options)
def _words(first, blocks, step, stream, seed, out):
    """Philox for 8 counters a block, words in the order of neurons; `_block` in a form that is vectorised.

    The highest bit of each half is turned: as signed numbers the halves are in order, and such vectors compare fast.
    """
    k0, k1 = seed & _LOW, seed >> _32
    u1, u2, u3, u4 = k0 + _W0, k0 + _2 * _W0, k0 + _3 * _W0, k0 + _4 * _W0
    u5, u6, u7, u8, u9 = u4 + _W0, u4 + _2 * _W0, u4 + _3 * _W0, u4 + _4 * _W0, u4 + _5 * _W0
    v1, v2, v3, v4 = k1 + _W1, k1 + _2 * _W1, k1 + _3 * _W1, k1 + _4 * _W1
    v5, v6, v7, v8, v9 = v4 + _W1, v4 + _2 * _W1, v4 + _3 * _W1, v4 + _4 * _W1, v4 + _5 * _W1
    low, high, stream = np.uint64(step) & _LOW, np.uint64(step) >> _32, np.uint64(stream)
    for block in range(blocks):
        begin = np.uint64(first + 8 * block)
        for lane in range(8):
            a, b, c, d = _round(begin + np.uint64(lane), low, stream, high, k0, k1)
            a, b, c, d = _round(a, b, c, d, u1, v1)
            a, b, c, d = _round(a, b, c, d, u2, v2)
            a, b, c, d = _round(a, b, c, d, u3, v3)
            a, b, c, d = _round(a, b, c, d, u4, v4)
            a, b, c, d = _round(a, b, c, d, u5, v5)
            a, b, c, d = _round(a, b, c, d, u6, v6)
            a, b, c, d = _round(a, b, c, d, u7, v7)
            a, b, c, d = _round(a, b, c, d, u8, v8)
            a, b, c, d = _round(a, b, c, d, u9, v9)
            k = 32 * block + lane
            out[k], out[k + 8] = np.uint32(a) ^ _HALVES, np.uint32(b) ^ _HALVES
            out[k + 16], out[k + 24] = np.uint32(c) ^ _HALVES, np.uint32(d) ^ _HALVES


@njit(inline="always", **options)
def _edge(thresholds, m):
    return np.int16(np.int64(thresholds[m]) - 2**15)


@njit(**options)
def _rank(words, thresholds, counts):
    """How many of the thresholds each word reaches; tell whether one may reach all of them."""
    last = thresholds.shape[0]
    if last > 48:
        for j in range(words.shape[0]):
            counts[j] = np.searchsorted(thresholds, np.int64(words[j]) + 2**15, side="right")
        return True
    most = words[0]
    for j in range(words.shape[0]):
        counts[j] = 0
        most = words[j] if words[j] > most else most
    while last > 0 and _edge(thresholds, last - 1) > most:  # the higher ones are seldom reached
        last -= 1
    m = 0
    while m + 8 <= last:  # one load and store of the counts for eight of them
        a, b, c, d = _edge(thresholds, m), _edge(thresholds, m + 1), _edge(thresholds, m + 2), _edge(thresholds, m + 3)
        e, f, g = _edge(thresholds, m + 4), _edge(thresholds, m + 5), _edge(thresholds, m + 6)
        h = _edge(thresholds, m + 7)
        for j in range(words.shape[0]):
            word, k = words[j], counts[j]
            k = np.int16(k + np.int16(word >= a))
            k = np.int16(k + np.int16(word >= b))
            k = np.int16(k + np.int16(word >= c))
            k = np.int16(k + np.int16(word >= d))
            k = np.int16(k + np.int16(word >= e))
            k = np.int16(k + np.int16(word >= f))
            k = np.int16(k + np.int16(word >= g))
            counts[j] = np.int16(k + np.int16(word >= h))
        m += 8
    while m + 3 <= last:
        a, b, c = _edge(thresholds, m), _edge(thresholds, m + 1), _edge(thresholds, m + 2)
        for j in range(words.shape[0]):
            word, k = words[j], counts[j]
            k = np.int16(k + np.int16(word >= a))
            k = np.int16(k + np.int16(word >= b))
            counts[j] = np.int16(k + np.int16(word >= c))
        m += 3
    while m < last:
        a = _edge(thresholds, m)
        for j in range(words.shape[0]):
            counts[j] = np.int16(counts[j] + np.int16(words[j] >= a))
        m += 1
    return last == thresholds.shape[0]


@njit(**options)
def _holds(counts, number):
    found = False
    for j in range(counts.shape[0]):
        found |= counts[j] == number
    return found


@njit(**options)
def _draw_rest(first, step, stream, seed, reached, rest, counts):
    """Draw the numbers anew that 16 bits left open: those that reach all thresholds, ``reached`` of them."""
    for begin in range(0, counts.shape[0], 64):
        some = part(counts, 0, begin, min(64, counts.shape[0] - begin))
        if not _holds(some, np.int16(reached)):
            continue
        for j in range(some.shape[0]):
            if some[j] == reached:
                word = _block(seed, np.uint64(stream) + _REST, first + begin + j, step)[0]
                some[j] = np.searchsorted(rest, np.uint32(word), side="right")


@njit(**options)
def _weigh(sums, weight, counts):
    for i in range(sums.shape[0]):
        sums[i] += weight * sums.dtype.type(counts[i])


@njit(**options)
def poisson(thread, step, seed, X, A, table, thresholds, weights, numbers, scratch, when, lo, hi):
    """Add the events of Poisson inputs that come in phase ``when`` (0 after the threshold, 1 onto inputs).

    ``table`` rows: phase, variable row, accumulator (-1: add to the variable itself), first neuron, end, number of the
    first neuron within its population, stream, first threshold, thresholds, those of the rest, which come next
    (`kernels.random.PoissonThresholds`). ``scratch`` is int32 [threads, 2, 512]: words, and counts of 16 bits.
    """
    slot = step % A.shape[1]
    begin, end = lo[thread, 0], hi[thread, hi.shape[1] - 1]
    for r in range(numbers):
        phase, row, acc, first, last, own, stream, t0, n, others = table[r]
        a, b = max(first, begin), min(last, end)
        if phase != when or a >= b:
            continue
        shift = first - own  # neuron 0 of the population
        edges, rest = part(thresholds, 0, t0, n), part(thresholds, 0, t0 + n, others)
        block, stop = (a - shift) // 64, (b - shift + 63) // 64
        while block < stop:
            blocks = min(_AT_ONCE, stop - block)
            words = part(line(scratch, thread, 0), 0, 0, 32 * blocks)
            counts = part(line(scratch, thread, 1), 0, 0, 32 * blocks).view(np.int16)
            _words(8 * block, blocks, step, np.uint32(stream), seed, words)
            if _rank(words.view(np.int16), edges, counts) and others:
                _draw_rest(64 * block, step, stream, seed, n, rest, counts)
            base = shift + 64 * block
            i, size = max(a, base), min(b, base + 64 * blocks) - max(a, base)
            found = part(counts, 0, i - base, size)
            if acc >= 0:
                _weigh(part(line(A, acc, slot), 0, i, size), weights[r], found)
            else:
                _weigh(part(X, row, i, size), weights[r], found)
            block += blocks
