"""Compiled sweeps of binary Hopfield networks; the equations are those of `networks/hopfield_binary.py`.

A pattern is one bit a spin. ``rows`` [K, N / 64] holds each pattern, ``columns`` the same bits by spin: [N, K / 64] of
64 bits, or [N + 1, K / 16] of 16 bits with a last row of ones. Bits past the end are 0.

- A visit of a spin costs O(K): the sum over patterns of their sign times a number. Of the classic network the numbers
  are Hamming distances, kept as bit planes (plane p holds bit p of 64 patterns in a word), so that the sum is a count
  of bits of ``plane & column``. Of the others they are doubles, added in 16 lanes that are always the same, so that the
  sum has the same bits as NumPy's.
- A flip costs O(K): distances go up or down by one, 64 at a time; overlaps by two.
- Spins that are visited without a flip change nothing. Nothing of size N * K is kept but the bits.
"""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from .compiled import uniform
from .compiled_hints import inner, options
from .popcount import popcount

__all__ = ["LANES", "classic_sweeps", "dense_sweeps"]

LANES = 16
_ALL, _1 = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(1)


@intrinsic
def _signed_sum(typingctx, words, row, numbers):
    """Sum of ``numbers``, each with + where its bit of ``words[row]`` is 1 and - where it is 0.

    Lane l adds numbers l, l + 16, l + 32, ... in this order; then the lanes are added, lane 0 first.
    """
    whole, lanes = ir.VectorType(ir.IntType(64), LANES), ir.VectorType(ir.DoubleType(), LANES)
    place = ir.IntType(32)

    def codegen(context, builder, signature, args):
        bits, values = (context.make_array(signature.args[k])(context, builder, args[k]) for k in (0, 2))
        indices = [args[1], context.get_constant(types.intp, 0)]
        first = cgutils.get_item_pointer(context, builder, signature.args[0], bits, indices, wraparound=False)
        source = builder.bitcast(values.data, whole.as_pointer())
        left, top = ir.Constant(whole, [63 - k for k in range(LANES)]), ir.Constant(whole, [1 << 63] * LANES)
        nothing = ir.Constant(whole, ir.Undefined)
        every = ir.Constant(ir.VectorType(place, LANES), [0] * LANES)
        total = cgutils.alloca_once(builder, lanes)
        builder.store(ir.Constant(lanes, [0.0] * LANES), total)
        with cgutils.for_range(builder, cgutils.unpack_tuple(builder, bits.shape, 2)[1]) as loop:
            word = builder.not_(builder.zext(builder.load(builder.gep(first, [loop.index])), ir.IntType(64)))
            spread = builder.insert_element(nothing, word, ir.Constant(place, 0))
            spread = builder.shuffle_vector(spread, nothing, every)
            sign = builder.and_(builder.shl(spread, left), top)
            x = builder.load(builder.gep(source, [loop.index]))
            x.align = 8
            x = builder.bitcast(builder.xor(x, sign), lanes)
            builder.store(builder.fadd(builder.load(total), x), total)
        found = builder.load(total)
        answer = builder.extract_element(found, ir.Constant(place, 0))
        for k in range(1, LANES):
            answer = builder.fadd(answer, builder.extract_element(found, ir.Constant(place, k)))
        return answer

    return types.float64(words, types.int64, numbers), codegen


@njit(**inner)
def _distance(row, packed):
    d = np.uint64(0)
    for w in range(row.shape[0]):
        d += popcount(row[w] ^ packed[w])
    return np.int64(d)


@njit(**inner)
def _pack(state, packed):
    for w in range(packed.shape[0]):
        packed[w] = np.uint64(0)
    for i in range(state.shape[0]):
        packed[i >> 6] |= np.uint64(state[i] > 0) << np.uint64(i & 63)


@njit(**inner)
def _order(order, random, seed, stream, step):
    """Fill in 0 ... N - 1, shuffled as Fisher and Yates do if ``random``."""
    for i in range(order.shape[0]):
        order[i] = i
    if random:
        for k in range(order.shape[0] - 1, 0, -1):
            j = np.int64(uniform(seed, stream, k, step) * (k + 1))
            order[k], order[j] = order[j], order[k]


@njit(**inner)
def _stays(z, seed, stream, i, step):
    """Heat bath: True with probability 1 / (1 + exp(-z))."""
    if z >= 0:
        p = 1.0 / (1.0 + math.exp(-z))
    else:
        e = math.exp(z)
        p = e / (1.0 + e)
    return uniform(seed, stream, i, step) < p


# -- classic ----------------------------------------------------------------------------------------------------------
@njit(**inner)
def _distances(rows, packed, planes):
    """Write the distance of each pattern from the state as bit planes; give their sum."""
    for p in range(planes.shape[0]):
        for w in range(planes.shape[1]):
            planes[p, w] = np.uint64(0)
    whole = 0
    for k in range(rows.shape[0]):
        d = _distance(rows[k], packed)
        whole += d
        for p in range(planes.shape[0]):
            planes[p, k >> 6] |= ((np.uint64(d) >> np.uint64(p)) & _1) << np.uint64(k & 63)
    return whole


@njit(**inner)
def _further(planes, column, valid, sign):
    """Distances after a spin with this column and present sign flips; give the change of their sum."""
    change = np.int64(0)
    turn = np.uint64(0) if sign > 0 else _ALL
    for w in range(column.shape[0]):
        up = (column[w] ^ turn) & valid[w]  # patterns that agree: one further away
        down = ~up & valid[w]
        change += np.int64(popcount(up)) - np.int64(popcount(down))
        p = 0
        while up != 0:
            carry = planes[p, w] & up
            planes[p, w] ^= up
            up = carry
            p += 1
        p = 0
        while down != 0:
            borrow = ~planes[p, w] & down
            planes[p, w] ^= down
            down = borrow
            p += 1
    return change


@njit(**inner)
def _classic_gain(planes, column, ones, whole, patterns, size, sign):
    """sum_mu s_mu X_mu - K of one spin."""
    mine = np.int64(0)
    for p in range(planes.shape[0]):
        count = np.uint64(0)
        for w in range(column.shape[0]):
            count += popcount(planes[p, w] & column[w])
        mine += np.int64(count) << p
    return sign * (size * (2 * ones - patterns) - 2 * (2 * mine - whole)) - patterns


@njit(**options)
def classic_sweeps(
    rows, columns, ones, valid, states, first, last, steps, together, random, temperature, seed, planes, packed, order,
    fresh, n_steps, converged, flips,
):  # fmt: skip
    """Run the cues ``first`` ... ``last - 1`` in place; see `hopfield_binary.run`."""
    size, patterns = states.shape[1], rows.shape[0]
    scale = 2.0 / size
    for q in range(first, last):
        state = states[q]
        _pack(state, packed)
        whole = _distances(rows, packed, planes)
        _order(order, False, seed, 0, 0)
        for step in range(steps):
            if random and not together:
                _order(order, True, seed, 2 * q, step)
            changed = 0
            for place in range(size):
                i = order[place]
                gain = _classic_gain(planes, columns[i], ones[i], whole, patterns, size, np.int64(state[i]))
                if temperature == 0:
                    stays = gain >= 0
                else:
                    stays = _stays(gain * scale / temperature, seed, 2 * q + 1, i, step)
                if together:
                    fresh[i] = state[i] if stays else -state[i]
                if not stays:
                    changed += 1
                    if not together:
                        whole += _further(planes, columns[i], valid, state[i])
                        state[i] = -state[i]
            if together and changed:
                for i in range(size):
                    state[i] = fresh[i]
                _pack(state, packed)
                whole = _distances(rows, packed, planes)
            n_steps[q] = step + 1
            flips[q] += changed
            converged[q] = changed == 0
            if changed == 0 and temperature == 0:
                break


# -- any separation function ------------------------------------------------------------------------------------------
@njit(**inner)
def _look_up(X, first, second, a, b, below_most, size):
    """Numbers of each pattern from the tables; they are counted from -N, or downwards from the largest overlap."""
    most = np.int64(0)
    if below_most:
        most = np.int64(-size)
        for k in range(X.shape[0]):
            most = max(most, np.int64(X[k]))
    for k in range(X.shape[0]):
        place = np.uint64(most - X[k] if below_most else X[k] + size)
        a[k], b[k] = first[place], second[place]


@njit(**inner)
def _overlaps(rows, packed, size, X):
    for k in range(rows.shape[0]):
        X[k] = size - 2 * _distance(rows[k], packed)


@njit(**inner)
def _shift(X, column, sign):
    """Overlaps after a spin with this column and present sign flips."""
    for k in range(X.shape[0]):
        bit = (np.int64(column[k >> 4]) >> (k & 15)) & 1
        X[k] -= 2 * sign * (2 * bit - 1)


@njit(**options)
def dense_sweeps(
    rows, columns, states, first, last, steps, together, random, temperature, seed, table_a, table_b, below_most, scale,
    X, a, b, packed, order, fresh, n_steps, converged, flips,
):  # fmt: skip
    """Run the cues ``first`` ... ``last - 1`` in place; see `hopfield_binary.run`."""
    size = states.shape[1]
    for q in range(first, last):
        state = states[q]
        _pack(state, packed)
        _overlaps(rows, packed, size, X)
        _look_up(X, table_a, table_b, a, b, below_most, size)
        A = _signed_sum(columns, size, a)
        _order(order, False, seed, 0, 0)
        for step in range(steps):
            if random and not together:
                _order(order, True, seed, 2 * q, step)
            changed = 0
            for place in range(size):
                i = order[place]
                gain = A + state[i] * _signed_sum(columns, i, b)
                if temperature == 0:
                    stays = gain >= 0
                else:
                    z = -math.log1p(-scale * gain / A) if below_most else scale * gain
                    stays = _stays(z / temperature, seed, 2 * q + 1, i, step)
                if together:
                    fresh[i] = state[i] if stays else -state[i]
                if not stays:
                    changed += 1
                    if not together:
                        _shift(X, columns[i], np.int64(state[i]))
                        _look_up(X, table_a, table_b, a, b, below_most, size)
                        A = _signed_sum(columns, size, a)
                        state[i] = -state[i]
            if together and changed:
                for i in range(size):
                    state[i] = fresh[i]
                _pack(state, packed)
                _overlaps(rows, packed, size, X)
                _look_up(X, table_a, table_b, a, b, below_most, size)
                A = _signed_sum(columns, size, a)
            n_steps[q] = step + 1
            flips[q] += changed
            converged[q] = changed == 0
            if changed == 0 and temperature == 0:
                break
