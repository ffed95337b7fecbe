"""Compiled pieces for cells of a layer whose spikes take a time of their own to each of the others.

The synapses are listed by delay, then by the cell that sends. Those of ``delays[c]`` steps from cell i are ``start[c n
+ i]`` up to ``start[c n + i + 1]``; k goes to cell ``target[k]`` with ``weights[k]``. ``before`` [D, M] are the spikes
of the D steps before the sequence, the oldest first. ``marks`` [D + T, B words] tell which cells spiked, 64 in a word:
looked for once, and read for each delay.

Forward, each spike costs as many operations as it has synapses. Backward, all cells are told something in every step,
so samples lie side by side, ``SIDE`` in a block, and a synapse costs one multiply-add of all of them: a row
[samples, n] is kept as blocks [n, SIDE]. The rows of the last D steps are a ring, row ``s % D`` for step s. Each sum is
one chain in the order of the list, the same bits for every number of samples and threads.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from .compiled_hints import _address, inner, lowest_bit, options, part
from .compiled_layer import clear, copy
from .layer_arrivals import SIDE
from .tiles import _spread, signs

__all__ = ["arrive_late", "mark", "outer_late", "tell", "turn"]


@njit(**inner)
def mark(spikes, marks, row, begin, n):
    """Mark which cells spike, in a tile that begins with neuron ``begin``."""
    words = (n + 63) // 64
    for first in range(0, spikes.shape[0], n):
        for k in range(words):
            i0 = first + 64 * k
            marks[row, (begin + first) // n * words + k] = signs(spikes, i0, min(i0 + 64, first + n))


@njit(**inner)
def arrive_late(past, before, delays, start, target, marks, weights, t, begin, given, out, n):
    """``out = given`` + what arrives in step t, at the cells of a tile that begins with neuron ``begin``."""
    words = (n + 63) // 64
    for first in range(0, out.shape[0], n):
        row, word = part(out, 0, first, n), (begin + first) // n * words
        copy(part(given, 0, first, n), row)
        for c in range(delays.shape[0]):
            s = t - delays[c]
            if s >= 0:
                sent = part(past, s, begin + first, n)
            else:
                sent = part(before, before.shape[0] + s, begin + first, n)
            for k in range(words):
                bits = marks[before.shape[0] + s, word + k]
                while bits != 0:
                    i = 64 * k + lowest_bit(bits)
                    bits &= bits - 1
                    value = sent[i]
                    for m in range(start[c * n + i], start[c * n + i + 1]):
                        row[np.uint32(target[m])] += weights[m] * value


@njit(**inner)
def turn(row, blocks, first, n):
    """Keep a row [samples, n] as blocks, from ``blocks[first]`` on; samples that a block lacks are 0."""
    samples = row.shape[0] // n
    for b in range(0, samples, SIDE):
        block = part(blocks, 0, first + b * n, n * SIDE)
        if samples - b < SIDE:
            clear(block)
        for j in range(min(SIDE, samples - b)):
            one = part(row, 0, (b + j) * n, n)
            for i in range(n):
                block[i * SIDE + j] = one[i]


@intrinsic
def _chain(typingctx, out, i, rows, target, weights, k0, k1):
    """``out[i] += sum of weights[k] * rows[target[k]]`` over k0 <= k < k1, of rows of SIDE numbers."""

    def codegen(context, builder, signature, args):
        kind, word = context.get_value_type(out.dtype), ir.IntType(64)
        vector, size = ir.VectorType(kind, SIDE), out.dtype.bitwidth // 8

        def row(place, index):
            index = builder.mul(index, ir.Constant(word, SIDE))
            pointer = _address(context, builder, signature.args[place], args[place], index)
            return builder.bitcast(pointer, vector.as_pointer())

        def item(place, index):
            return builder.load(_address(context, builder, signature.args[place], args[place], index))

        to, total = row(0, args[1]), cgutils.alloca_once(builder, vector)
        builder.store(builder.load(to, align=size), total)
        with cgutils.for_range(builder, builder.sub(args[6], args[5]), intp=word) as loop:
            k = builder.add(args[5], loop.index)
            weight = _spread(builder, item(4, k), vector, SIDE)
            its = builder.load(row(2, builder.sext(item(3, k), word)), align=size)
            product = builder.fmul(weight, its, flags=("contract",))
            builder.store(builder.fadd(product, builder.load(total), flags=("contract",)), total)
        builder.store(builder.load(total), to, align=size)
        return context.get_dummy_value()

    return types.void(out, types.int64, rows, target, weights, types.int64, types.int64), codegen


@njit(**inner)
def tell(ring, base, stride, depth, t, steps, delays, start, target, weights, work, out, n):
    """Add to ``out`` [samples, n] what the spikes of step t are told; ``work`` is room for its blocks.

    Row r of the ring begins at ``ring[(base + r) stride]``. Nothing arrives before step 0 or from step ``steps`` on.
    """
    samples, size = out.shape[0] // n, n * SIDE
    clear(part(work, 0, 0, (samples + SIDE - 1) // SIDE * size))
    for c in range(delays.shape[0]):
        s = t + delays[c]
        if 0 <= s < steps:
            for b in range(0, samples, SIDE):
                rows = part(ring, 0, (base + s % depth) * stride + b * n, size)
                block = part(work, 0, b * n, size)
                for i in range(n):
                    _chain(block, i, rows, target, weights, start[c * n + i], start[c * n + i + 1])
    for j in range(samples):
        block = part(work, 0, j // SIDE * size, size)
        for i in range(n):
            out[j * n + i] += block[i * SIDE + j % SIDE]


@njit(**options)
def outer_late(first, last, before, y, dx, delays, start, target, total, n):
    """``total`` += gradients of the weights of the cells from ``first`` up to ``last``: spikes times what they met.

    ``before`` [D, M]; ``y`` and ``dx`` [T, M], of samples of n cells.
    """
    steps = dx.shape[0]
    for begin in range(0, dx.shape[1], n):
        for t in range(-before.shape[0], steps):
            if t >= 0:
                sent = part(y, t, begin, n)
            else:
                sent = part(before, before.shape[0] + t, begin, n)
            for i0 in range(first, last, 64):
                bits = signs(sent, i0, min(i0 + 64, last))
                while bits != 0:
                    i = i0 + lowest_bit(bits)
                    bits &= bits - 1
                    value = sent[i]
                    for c in range(delays.shape[0]):
                        s = t + delays[c]
                        if 0 <= s < steps:
                            met = part(dx, s, begin, n)
                            for k in range(start[c * n + i], start[c * n + i + 1]):
                                total[k] += value * met[np.uint32(target[k])]
