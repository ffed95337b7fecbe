"""Views of arrays with several axes that compiled code makes without counting references."""

from __future__ import annotations

from numba import types
from numba.extending import intrinsic

from .compiled_hints import _address, _view

__all__ = ["stretch"]


@intrinsic
def stretch(typingctx, array, a, b, first, number):
    """``array[a, b, first : first + number]`` of an array with three axes whose last has neighbours side by side."""
    flat = types.Array(array.dtype, 1, "C")

    def codegen(context, builder, signature, args):
        pointer = _address(context, builder, signature.args[0], *args[:4])
        return _view(context, builder, flat, pointer, args[4])

    return flat(array, types.int64, types.int64, types.int64, types.int64), codegen
