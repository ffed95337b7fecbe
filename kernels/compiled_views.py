"""Views of arrays with several axes that compiled code makes without counting references."""

from __future__ import annotations

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from .compiled_hints import _address, _view

__all__ = ["stretch", "table"]


@intrinsic
def stretch(typingctx, array, a, b, first, number):
    """``array[a, b, first : first + number]`` of an array with three axes whose last has neighbours side by side."""
    flat = types.Array(array.dtype, 1, "C")

    def codegen(context, builder, signature, args):
        pointer = _address(context, builder, signature.args[0], *args[:4])
        return _view(context, builder, flat, pointer, args[4])

    return flat(array, types.int64, types.int64, types.int64, types.int64), codegen


@intrinsic
def table(typingctx, array, rows, columns):
    """An array with one axis and no gaps as [rows, columns]."""
    kind = types.Array(array.dtype, 2, "C")

    def codegen(context, builder, signature, args):
        given = context.make_array(signature.args[0])(context, builder, args[0])
        view = context.make_array(kind)(context, builder)
        size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(array.dtype)))
        shape = cgutils.pack_array(builder, list(args[1:]))
        strides = cgutils.pack_array(builder, [builder.mul(args[2], size), size])
        populate_array(view, data=given.data, shape=shape, strides=strides, itemsize=size, meminfo=None)
        return view._getvalue()

    return kind(array, types.int64, types.int64), codegen
