"""Vectors of fixed length in compiled code, for recurrences whose running sums are to stay in registers.

LLVM splits a vector into the registers that the processor has. `WIDTH` bytes are four of AVX2.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from .compiled_hints import _address

__all__ = ["WIDTH", "add", "load", "load_eight", "muladd", "mul", "spread", "store", "store_eight", "sub", "turn"]

WIDTH = 128


class Vector(types.Type):
    """``n`` numbers of one type."""

    def __init__(self, dtype: Any, n: int) -> None:
        self.dtype, self.n = dtype, n
        super().__init__(name=f"Vector({dtype}, {n})")


@register_model(Vector)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Any) -> None:
        super().__init__(manager, fe_type, ir.VectorType(manager.lookup(fe_type.dtype).get_value_type(), fe_type.n))


def _wide(dtype: Any) -> Vector:
    return Vector(dtype, WIDTH * 8 // dtype.bitwidth)


def _bytes(dtype: Any) -> int:
    return dtype.bitwidth // 8


def _read(context: Any, builder: Any, kind: Vector, pointer: Any) -> Any:
    value = builder.load(builder.bitcast(pointer, context.get_value_type(kind).as_pointer()))
    value.align = _bytes(kind.dtype)
    return value


def _write(context: Any, builder: Any, kind: Vector, value: Any, pointer: Any) -> Any:
    instruction = builder.store(value, builder.bitcast(pointer, context.get_value_type(kind).as_pointer()))
    instruction.align = _bytes(kind.dtype)
    return context.get_dummy_value()


@intrinsic
def load(typingctx, array, row):
    """The row of an array with two axes, `WIDTH` bytes wide."""
    kind = _wide(array.dtype)

    def codegen(context, builder, signature, args):
        zero = context.get_constant(types.intp, 0)
        return _read(context, builder, kind, _address(context, builder, signature.args[0], *args, zero))

    return kind(array, types.int64), codegen


@intrinsic
def store(typingctx, array, row, value):
    """Write a row of an array with two axes, `WIDTH` bytes wide."""

    def codegen(context, builder, signature, args):
        zero = context.get_constant(types.intp, 0)
        pointer = _address(context, builder, signature.args[0], args[0], args[1], zero)
        return _write(context, builder, value, args[2], pointer)

    return types.void(array, types.int64, value), codegen


@intrinsic
def load_eight(typingctx, array, index):
    """Eight numbers from ``array[index]`` on, neighbours in memory; ``index`` has one number for each axis."""
    kind = Vector(array.dtype, 8)

    def codegen(context, builder, signature, args):
        indices = cgutils.unpack_tuple(builder, args[1], array.ndim)
        return _read(context, builder, kind, _address(context, builder, signature.args[0], args[0], *indices))

    return kind(array, types.UniTuple(types.int64, array.ndim)), codegen


@intrinsic
def store_eight(typingctx, array, index, value):
    """Write eight numbers from ``array[index]`` on."""

    def codegen(context, builder, signature, args):
        indices = cgutils.unpack_tuple(builder, args[1], array.ndim)
        pointer = _address(context, builder, signature.args[0], args[0], *indices)
        return _write(context, builder, value, args[2], pointer)

    return types.void(array, types.UniTuple(types.int64, array.ndim), value), codegen


@intrinsic
def spread(typingctx, x):
    """A vector `WIDTH` bytes wide that holds one number everywhere."""
    kind = _wide(x)

    def codegen(context, builder, signature, args):
        whole = context.get_value_type(kind)
        one = builder.insert_element(ir.Constant(whole, ir.Undefined), args[0], ir.Constant(ir.IntType(32), 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), kind.n), [0] * kind.n)
        return builder.shuffle_vector(one, ir.Constant(whole, ir.Undefined), mask)

    return kind(x), codegen


@intrinsic
def add(typingctx, a, b):
    """a + b"""
    return a(a, a), lambda context, builder, signature, args: builder.fadd(*args)


@intrinsic
def sub(typingctx, a, b):
    """a - b"""
    return a(a, a), lambda context, builder, signature, args: builder.fsub(*args)


@intrinsic
def mul(typingctx, a, b):
    """a * b"""
    return a(a, a), lambda context, builder, signature, args: builder.fmul(*args)


@intrinsic
def muladd(typingctx, a, b, c):
    """a * b + c with one rounding"""

    def codegen(context, builder, signature, args):
        whole = context.get_value_type(a)
        name = f"llvm.fma.v{a.n}f{a.dtype.bitwidth}"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(whole, [whole] * 3), name)
        return builder.call(function, args)

    return a(a, a, a), codegen


@intrinsic
def turn(typingctx, rows):
    """Turn eight rows of eight numbers into eight columns."""

    def codegen(context, builder, signature, args):
        held = cgutils.unpack_tuple(builder, args[0], 8)
        for half in (4, 2, 1):  # exchange the halves, quarters, eighths of rows that are so far apart
            new = [None] * 8
            for i in range(8):
                if i & half:
                    continue
                low = [j if not j & half else 8 + j - half for j in range(8)]
                high = [j + half if not j & half else 8 + j for j in range(8)]
                for place, mask in ((i, low), (i + half, high)):
                    constant = ir.Constant(ir.VectorType(ir.IntType(32), 8), mask)
                    new[place] = builder.shuffle_vector(held[i], held[i + half], constant)
            held = new
        return context.make_tuple(builder, signature.return_type, held)

    return rows(rows), codegen
