"""How many bits of a word are set, as one instruction."""

from __future__ import annotations

from numba import types
from numba.extending import intrinsic

__all__ = ["popcount"]


@intrinsic
def popcount(typingctx, word):
    """Count the ones of a 64-bit word; gives uint64."""

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), codegen
