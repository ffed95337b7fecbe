"""What Numba does not say by itself: atomics, prefetching, views that are not counted, a choice without a branch."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

__all__ = [
    "atomic_add",
    "atomic_read",
    "fused",
    "inner",
    "keep",
    "line",
    "lowest_bit",
    "marked",
    "options",
    "part",
    "per_line",
    "prefetch",
    "same_bits",
    "where",
]

# no counting of references: arrays outlive a run, and two threads that count in one place wait for each other
options: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy", "_nrt": False}
# of functions that only other compiled ones call: what Python would need to call them is most of the compilation
inner: dict[str, Any] = {**options, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def _address(context: Any, builder: Any, array_type: Any, array: Any, *indices: Any) -> Any:
    struct = context.make_array(array_type)(context, builder, array)
    return cgutils.get_item_pointer(context, builder, array_type, struct, indices[-array_type.ndim :], wraparound=False)


@intrinsic
def atomic_add(typingctx, array, index, value):
    """Add to ``array[index]`` at once for all threads; gives what was there before."""

    def codegen(context, builder, signature, args):
        pointer = _address(context, builder, signature.args[0], args[0], args[1])
        return builder.atomic_rmw("add", pointer, args[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), codegen


@intrinsic
def atomic_read(typingctx, array, index):
    """``array[index]`` as other threads left it; unlike `atomic_add` of 0 it leaves the cache line with them."""

    def codegen(context, builder, signature, args):
        return builder.load_atomic(_address(context, builder, signature.args[0], *args), "seq_cst", 8)

    return types.int64(array, types.int64), codegen


@intrinsic
def marked(typingctx, array, index):
    """Which of the 64 numbers of a boolean array from ``index`` on are true, as bits; all of them must be there."""

    def codegen(context, builder, signature, args):
        many = ir.VectorType(ir.IntType(8), 64)
        pointer = _address(context, builder, signature.args[0], args[0], args[1])
        values = builder.load(builder.bitcast(pointer, many.as_pointer()), align=1)
        return builder.bitcast(builder.icmp_unsigned("!=", values, ir.Constant(many, [0] * 64)), ir.IntType(64))

    return types.uint64(array, types.int64), codegen


@intrinsic
def lowest_bit(typingctx, bits):
    """The place of the lowest 1 in ``bits``, which are not 0."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(bits), codegen


@intrinsic
def prefetch(typingctx, array, row, index):
    """Ask for the cache line of ``array[row, index]``, or ``array[index]``, which is read soon; it may lie outside."""

    def codegen(context, builder, signature, args):
        byte = ir.IntType(8).as_pointer()
        number = ir.IntType(32)
        pointer = builder.bitcast(_address(context, builder, signature.args[0], *args), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [pointer, *(ir.Constant(number, n) for n in (0, 3, 1))])  # to read, keep, data
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), codegen


@intrinsic
def per_line(typingctx, array):
    """How many numbers of the array fill a cache line of 64 bytes, known when compiled (``itemsize`` is not)."""

    def codegen(context, builder, signature, args):
        size = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype))
        return context.get_constant(types.intp, 64 // size)

    return types.intp(array), codegen


def _view(context: Any, builder: Any, array_type: Any, pointer: Any, length: Any) -> Any:
    view = context.make_array(array_type)(context, builder)
    size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(array_type.dtype)))
    shape, strides = cgutils.pack_array(builder, [length]), cgutils.pack_array(builder, [size])
    populate_array(view, data=pointer, shape=shape, strides=strides, itemsize=size, meminfo=None)
    return view._getvalue()


@intrinsic
def part(typingctx, array, row, first, number):
    """``array[row, first : first + number]``, or ``array[first : first + number]`` of an array with one axis.

    It holds no reference to the array, whose counting costs more than short loops do.
    """
    flat = types.Array(array.dtype, 1, "C")

    def codegen(context, builder, signature, args):
        pointer = _address(context, builder, signature.args[0], *args[:3])
        return _view(context, builder, flat, pointer, args[3])

    return flat(array, types.int64, types.int64, types.int64), codegen


@intrinsic
def line(typingctx, array, a, b):
    """``array[a, b]`` of an array with three axes, without a reference to it."""
    flat = types.Array(array.dtype, 1, "C")

    def codegen(context, builder, signature, args):
        array_type = signature.args[0]
        pointer = _address(context, builder, array_type, *args, context.get_constant(types.intp, 0))
        whole = context.make_array(array_type)(context, builder, args[0])
        return _view(context, builder, flat, pointer, cgutils.unpack_tuple(builder, whole.shape, 3)[2])

    return flat(array, types.int64, types.int64), codegen


@intrinsic
def fused(typingctx, a, b, c):
    """``a * b + c`` with one rounding: one instruction where the processor has it."""

    def codegen(context, builder, signature, args):
        return builder.fma(*args)

    return a(a, a, a), codegen


@intrinsic
def same_bits(typingctx, value, kind):
    """The bits of ``value`` as a number of another kind of the same width."""
    other = kind.dtype

    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(other))

    return other(value, kind), codegen


@intrinsic
def where(typingctx, condition, a, b):
    """``a if condition else b`` with both worked out: no branch, so that a loop can be vectorised."""
    joined = typingctx.unify_types(a, b)

    def codegen(context, builder, signature, args):
        choice = context.cast(builder, args[0], signature.args[0], types.boolean)
        values = (context.cast(builder, v, t, joined) for v, t in zip(args[1:], signature.args[1:], strict=True))
        return builder.select(choice, *values)

    return joined(condition, a, b), codegen


@intrinsic
def keep(typingctx, value, zero):
    """``value``, joined bit by bit with a zero that LLVM cannot see.

    Else ``x[j] = new if free else x[j]`` becomes a masked store, which costs AMD's Zen about twenty instructions.
    """

    def codegen(context, builder, signature, args):
        whole = ir.IntType(signature.args[0].bitwidth)
        nothing = builder.trunc(args[1], whole) if whole.width < 64 else args[1]
        return builder.bitcast(builder.or_(builder.bitcast(args[0], whole), nothing), args[0].type)

    return value(value, types.int64), codegen
