"""Small matrix products inside compiled loops: ``c += a @ b`` in registers, the same bits for every number of rows.

Each element of c is one chain of multiply-adds over k = 0, 1, 2, ... that begins with what c holds, whatever the sizes
around it: a product of eight rows gives the same bits as eight products of one row, so results do not depend on how
rows are dealt out to threads. Library products promise no such thing, cannot be called from a compiled loop without
its leaving single-threaded code, and cost microseconds a call.

``c`` is worked through in tiles of four rows by three vectors, which stay in registers over all of k; the last columns
are loaded and stored under a mask. A vector is as wide as the processor's registers, on which no bit depends.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import njit
from numba.core import cgutils, types
from numba.extending import intrinsic

from .compiled_hints import _address, _view, inner

__all__ = ["add_product", "piece", "row", "signs"]

# of functions that only other compiled ones call; those keep their code in the cache
piece: dict[str, Any] = {**inner, "cache": False}
WIDTH = 64 if get_host_cpu_features().get("avx512f") else 32  # bytes of a vector


@intrinsic
def row(typingctx, array, a):
    """``array[a]`` of an array with two axes, without a reference to it."""
    flat = types.Array(array.dtype, 1, "C")

    def codegen(context, builder, signature, args):
        array_type = signature.args[0]
        pointer = _address(context, builder, array_type, *args, context.get_constant(types.intp, 0))
        whole = context.make_array(array_type)(context, builder, args[0])
        return _view(context, builder, flat, pointer, cgutils.unpack_tuple(builder, whole.shape, 2)[1])

    return flat(array, types.int64), codegen


@intrinsic
def _eight_signs(typingctx, array, index):
    """Which of ``array[index : index + 8]`` of an array with one axis are not zero, as bits; NaN is not zero."""

    def codegen(context, builder, signature, args):
        array_type = signature.args[0]
        kind = context.get_value_type(array_type.dtype)
        eight = ir.VectorType(kind, 8)
        pointer = _address(context, builder, array_type, *args)
        values = builder.load(builder.bitcast(pointer, eight.as_pointer()), align=array_type.dtype.bitwidth // 8)
        signs = builder.fcmp_unordered("!=", values, ir.Constant(eight, [0.0] * 8))
        return builder.zext(builder.bitcast(signs, ir.IntType(8)), ir.IntType(64))

    return types.int64(array, types.int64), codegen


@njit(**piece)
def signs(values, first, last):
    """Which of at most 64 values from ``first`` up to ``last`` are not zero, as bits."""
    bits, i = np.int64(0), first
    while i + 8 <= last:
        bits |= _eight_signs(values, i) << (i - first)
        i += 8
    while i < last:
        if values[i] != 0:
            bits |= np.int64(1) << (i - first)
        i += 1
    return bits


def _masked(builder: Any, name: str, vector: Any, lanes: int, *args: Any) -> Any:
    number, bits = ir.IntType(32), ir.VectorType(ir.IntType(1), lanes)
    element = "f32" if isinstance(vector.element, ir.FloatType) else "f64"
    if name == "load":
        kind = ir.FunctionType(vector, [vector.as_pointer(), number, bits, vector])
    else:
        kind = ir.FunctionType(ir.VoidType(), [vector, vector.as_pointer(), number, bits])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.{name}.v{lanes}{element}.p0")
    return builder.call(function, args)


def _make_tile(rows: int, vectors: int, masked: bool) -> Any:
    """Give ``tile(c, a, b, r, j, k0, k1, kept)``: c[r : r + rows, j :] += a[r :, k0 : k1] @ b[k0 : k1, j :].

    ``kept``: how many columns there are from j on, if masked.
    """

    @intrinsic
    def tile(typingctx, c, a, b, r, j, k0, k1, kept):
        if not (c.dtype == a.dtype == b.dtype and c.dtype in (types.float32, types.float64)):
            raise TypeError(f"add_product: expected one floating type, got {c.dtype}, {a.dtype}, {b.dtype}")

        def codegen(context, builder, signature, args):
            kind = context.get_value_type(c.dtype)
            size = c.dtype.bitwidth // 8
            lanes = WIDTH // size
            vector, word, byte = ir.VectorType(kind, lanes), ir.IntType(64), ir.IntType(8)
            given = zip(signature.args[:3], args, strict=False)
            arrays = [context.make_array(t)(context, builder, v) for t, v in given]
            base = [builder.bitcast(x.data, byte.as_pointer()) for x in arrays]
            steps = [cgutils.unpack_tuple(builder, x.strides, 2) for x in arrays]
            first, column, begin, length = args[3], args[4], args[5], builder.sub(args[6], args[5])

            def place(pointer, kind, *terms):
                for n, step in terms:
                    pointer = builder.gep(pointer, [builder.mul(n, step)])
                return builder.bitcast(pointer, kind.as_pointer())

            def constant(n):
                return ir.Constant(word, n)

            if masked:
                number = ir.IntType(32)
                whole = ir.VectorType(number, lanes)
                kept32 = _spread(builder, builder.trunc(args[7], number), whole, lanes)
                masks = [
                    builder.icmp_signed("<", ir.Constant(whole, [v * lanes + n for n in range(lanes)]), kept32)
                    for v in range(vectors)
                ]
                nothing, align = ir.Constant(vector, [0.0] * lanes), ir.Constant(number, size)

            def load(pointer, v):
                if masked:
                    return _masked(builder, "load", vector, lanes, pointer, align, masks[v], nothing)
                return builder.load(pointer, align=size)

            def store(value, pointer, v):
                if not masked:
                    builder.store(value, pointer, align=size)
                    return
                whole = builder.icmp_signed(">=", args[7], constant((v + 1) * lanes))
                with builder.if_else(whole) as (then, otherwise):  # a masked store takes as long as twenty plain ones
                    with then:
                        builder.store(value, pointer, align=size)
                    with otherwise, builder.if_then(builder.icmp_signed(">", args[7], constant(v * lanes))):
                        _masked(builder, "store", vector, lanes, value, pointer, align, masks[v])

            where, sums = [], []
            for i in range(rows):
                for v in range(vectors):
                    terms = (builder.add(first, constant(i)), steps[0][0]), (column, constant(size))
                    where.append(place(builder.gep(base[0], [constant(v * WIDTH)]), vector, *terms))
                    sums.append(cgutils.alloca_once(builder, vector))
                    builder.store(load(where[-1], v), sums[-1])
            with cgutils.for_range(builder, length, intp=word) as loop:
                at = builder.add(begin, loop.index)
                row = place(base[2], byte, (at, steps[2][0]), (column, constant(size)))
                right = []
                for v in range(vectors):
                    pointer = builder.gep(row, [constant(v * WIDTH)])
                    right.append(load(builder.bitcast(pointer, vector.as_pointer()), v))
                for i in range(rows):
                    terms = (builder.add(first, constant(i)), steps[1][0]), (at, steps[1][1])
                    left = _spread(builder, builder.load(place(base[1], kind, *terms)), vector, lanes)
                    for v in range(vectors):
                        total = sums[i * vectors + v]
                        product = builder.fmul(left, right[v], flags=("contract",))
                        builder.store(builder.fadd(product, builder.load(total), flags=("contract",)), total)
            for n, (pointer, total) in enumerate(zip(where, sums, strict=True)):
                store(builder.load(total), pointer, n % vectors)
            return context.get_dummy_value()

        return types.void(c, a, b, *[types.int64] * 5), codegen

    return tile


def _spread(builder: Any, value: Any, vector: Any, lanes: int) -> Any:
    number = ir.IntType(32)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(number, 0))
    zeros = ir.Constant(ir.VectorType(number, lanes), [0] * lanes)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), zeros)


# 12 sums, 3 vectors of b and one of a fill the 16 registers of AVX2
_wide4, _wide1 = _make_tile(4, 3, False), _make_tile(1, 3, False)
_last4, _last1 = _make_tile(4, 2, True), _make_tile(1, 2, True)


@intrinsic
def _general(typingctx, array):
    """The same array, of a type that says nothing about its strides: one compilation does for all."""
    loose = types.Array(array.dtype, array.ndim, "A")

    def codegen(context, builder, signature, args):
        return args[0]

    return loose(array), codegen


@njit(**piece)
def _add(c, a, b, k):
    lanes = WIDTH // c.itemsize
    R, J = c.shape
    for k0 in range(0, a.shape[1], k):
        k1 = min(k0 + k, a.shape[1])
        j = 0
        while j + 3 * lanes <= J and not 0 < J - j - 3 * lanes <= lanes:  # four vectors are two and two
            r = 0
            while r + 4 <= R:
                _wide4(c, a, b, r, j, k0, k1, 0)
                r += 4
            while r < R:
                _wide1(c, a, b, r, j, k0, k1, 0)
                r += 1
            j += 3 * lanes
        while j < J:
            r = 0
            while r + 4 <= R:
                _last4(c, a, b, r, j, k0, k1, J - j)
                r += 4
            while r < R:
                _last1(c, a, b, r, j, k0, k1, J - j)
                r += 1
            j += 2 * lanes


@njit(**piece)
def add_product(c, a, b, k):
    """``c[:, :] += a @ b`` for c [R, J], a [R, K] of any strides, b [K, J]; rows of b and c without gaps.

    ``k`` terms at once: the rows of b that are worked with should fit into the cache.
    """
    _add(_general(c), _general(a), _general(b), np.int64(k))
