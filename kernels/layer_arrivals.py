"""Lines of a layer's passes for the spikes that its cells send to each other: after a step, or after longer delays.

A way of sending says which functions it needs, which arrays it is given after the weights ``_W`` and the spikes before
the sequence ``_s0``, and how many rows of ``_work`` it uses beside the usual one. Forward, ``arrive`` adds to the input
what comes in step ``_t``. Backward, gradients of what came wait until the step in which it was sent: ``begin`` a tile,
``receive`` what waits, ``send`` what the step leaves, and at the ``end`` what is left for spikes before the sequence.
"""

from __future__ import annotations

__all__ = ["SIDE", "AfterDelays", "AfterPairDelays", "AfterStep", "arrivals_of"]

SIDE = 16  # samples that `compiled_layer_pairs` has side by side


class AfterStep:
    """Spikes arrive in the next step; ``n`` cells of a sample in rows of ``width`` numbers, ``stride`` apart."""

    imports = ""
    lists = ""
    rows = 0
    together = 1  # samples of which a tile should hold a multiple

    def __init__(self, n: int, width: int, stride: int) -> None:
        self.n, self.width, self.stride = n, width, stride

    def row(self, place: int | str) -> str:
        """A row of ``_work``, as long as the tile."""
        return f"_part(_work, 0, ({place})*{self.stride}, _n)"

    def start(self) -> list[str]:
        """Forward, before the first step."""
        return []

    def arrive(self, given: str, row: str, free: int) -> list[str]:
        """``row = given`` + what arrives; rows of ``_work`` from ``free`` on may be used."""
        return [
            "if _t == 0:", f"    _gather(_part(_s0, 0, _a, _n), _W, {given}, {row}, {self.n})",
            "else:", f"    _gather(_part(_ys, _t - 1, _a, _n), _W, {given}, {row}, {self.n})",
        ]  # fmt: skip

    def sent(self) -> list[str]:
        """Forward, after step ``_t``."""
        return []

    def begin(self, dy: str, free: int) -> list[str]:
        """Backward, before the last step."""
        return [f"_clear({dy})"]

    def receive(self, dy: str, given: str, free: int) -> list[str]:
        """``dy = given`` + what waits for the spikes of step ``_t``."""
        return [f"_add({dy}, {given})"]

    def send(self, dy: str, dx: str, free: int) -> list[str]:
        """Keep what step ``_t`` tells, ``dx``."""
        return [f"_spread({dx}, _B, {dy}, {self.n})"]

    def end(self, dy: str, free: int) -> list[str]:
        """Backward, after the first step."""
        return [f"_copy({dy}, _part(_ds0, 0, _a, _n))"]


class AfterDelays(AfterStep):
    """Each cell's spikes arrive after a delay ``_D``; what they will be told waits in rows, step s in row s % D."""

    imports = "from spikegram.kernels.compiled_layer_delays import give as _give, late as _late, take as _take"
    lists = ", _D"
    rows = 1

    def arrive(self, given: str, row: str, free: int) -> list[str]:
        """``row = given`` + what arrives."""
        late = self.row(free)
        return [f"_late(_ys, _s0, _D, _t, _a, {late}, {self.n})", f"_gather({late}, _W, {given}, {row}, {self.n})"]

    def begin(self, dy: str, free: int) -> list[str]:
        """Before the last step nothing waits."""
        clear = f"    _clear({self.row(f'{free + 1} + _r')})"
        return ["_depth = _s0.shape[0]", "for _r in range(_depth):", clear]

    def receive(self, dy: str, given: str, free: int) -> list[str]:
        """``dy = given`` + what waits for the spikes of step ``_t``."""
        return [f"_take({self.row(f'{free + 1} + _t % _depth')}, {given}, {dy})"]

    def send(self, dy: str, dx: str, free: int) -> list[str]:
        """Deal out what step ``_t`` tells, ``dx``."""
        give = f"_give({dy}, _D, _t, _work, {free + 1}, {self.stride}, _depth, {self.n})"
        return [f"_spread({dx}, _B, {dy}, {self.n})", give]

    def end(self, dy: str, free: int) -> list[str]:
        """After the first step."""
        return ["for _r in range(_depth):", f"    _copy({self.row(f'{free + 1} + _r')}, _part(_ds0, _r, _a, _n))"]


class AfterPairDelays(AfterStep):
    """Each pair of cells has its delay: ``_D, _S, _P`` are its lists, ``_M`` its marks (`compiled_layer_pairs`).

    Rows hold the gradients of the input in the last D steps, step s in row s % D, from which each step takes its part.
    """

    imports = """\
from spikegram.kernels.compiled_layer_pairs import (
    arrive_late as _arrive_late, mark as _mark, tell as _tell, turn as _turn,
)"""
    lists = ", _D, _S, _P, _M"
    rows = 1
    together = SIDE

    def start(self) -> list[str]:
        """Mark the spikes before the sequence."""
        mark = f"    _mark(_part(_s0, _r, _a, _n), _M, _r, _a, {self.n})"
        return ["_depth = _s0.shape[0]", "for _r in range(_depth):", mark]

    def arrive(self, given: str, row: str, free: int) -> list[str]:
        """``row = given`` + what arrives."""
        return [f"_arrive_late(_ys, _s0{self.lists}, _W, _t, _a, {given}, {row}, {self.n})"]

    def sent(self) -> list[str]:
        """Mark the spikes of step ``_t``."""
        return [f"_mark(_part(_ys, _t, _a, _n), _M, _depth + _t, _a, {self.n})"]

    def begin(self, dy: str, free: int) -> list[str]:
        """Before the last step all spikes are marked again."""
        return [*self.start(), "for _t in range(_steps):", *(f"    {line}" for line in self.sent())]

    def receive(self, dy: str, given: str, free: int) -> list[str]:
        """``dy = given`` + what the spikes of step ``_t`` are told."""
        return [f"_copy({given}, {dy})", self._tell("_t", dy, free)]

    def send(self, dy: str, dx: str, free: int) -> list[str]:
        """Keep what step ``_t`` tells, ``dx``."""
        return [f"_turn({dx}, _work, ({free + 1} + _t % _depth)*{self.stride}, {self.n})"]

    def end(self, dy: str, free: int) -> list[str]:
        """After the first step."""
        out = "_part(_ds0, _r, _a, _n)"
        return ["for _r in range(_depth):", f"    _clear({out})", f"    {self._tell('_r - _depth', out, free)}"]

    def _tell(self, t: str, out: str, free: int) -> str:
        blocks = f"_part(_work, 0, {free * self.stride}, {self.width})"
        where = f"_work, {free + 1}, {self.stride}, _depth, {t}, _steps"
        return f"_tell({where}, _D, _S, _P, _W, {blocks}, {out}, {self.n})"


def arrivals_of(delayed: str) -> type[AfterStep]:
    """The way of sending that a `LayerForm` names."""
    return {"": AfterStep, "cells": AfterDelays, "pairs": AfterPairDelays}[delayed]
