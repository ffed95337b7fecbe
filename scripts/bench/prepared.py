"""A network of ours made ready for the clock, and what that took: compiling, drawing synapses, laying them out.

The code is compiled, or loaded, by a small network of the same kind before the clock of building starts, so that
compiling and building do not mix. Building ends when the engine has laid out its arrays (a run of 0 ms). The network
is then warmed up, if only by one step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from . import machine

__all__ = ["Prepared", "prepare"]


class Prepared(NamedTuple):
    """What was built, and seconds and bytes.

    Attributes
    ----------
    built : Any
        What ``real`` gave.
    compile_s, draw_s, layout_s, warm_up_s : float
        The small network; the synapses; the arrays; the run before the clock.
    built_bytes : int or None
        Growth of the process from before the network to the end of its layout.
    ready_s : float or None
        Age of the process at the end.
    ready : float
        `time.perf_counter` at the end.
    """

    built: Any
    compile_s: float
    draw_s: float
    layout_s: float
    warm_up_s: float
    built_bytes: int | None
    ready_s: float | None
    ready: float

    @property
    def build_s(self) -> float:
        """From the first object to the end of the layout."""
        return self.draw_s + self.layout_s


def prepare(
    small: Callable[[], Any], real: Callable[[], Any], first: float, warm_up: float, threads: int
) -> Prepared:  # fmt: skip
    """Compile, build, lay out, warm up.

    Parameters
    ----------
    small, real : callable
        Give something whose ``net`` is a network; the small one needs the same compiled code.
    first, warm_up : float
        Run times of the small and of the real network, ms.
    threads : int
    """
    began = time.perf_counter()
    small().net.run(first, threads=threads)
    compiled, before = time.perf_counter(), machine.resident()
    built = real()
    drawn = time.perf_counter()
    built.net.run(0, threads=threads)
    laid_out, after = time.perf_counter(), machine.resident()
    built.net.run(warm_up, threads=threads)
    ready, age = time.perf_counter(), machine.age()
    grown = None if before is None or after is None else after - before
    return Prepared(
        built, compiled - began, drawn - compiled, laid_out - drawn, ready - laid_out, grown, age, ready
    )  # fmt: skip
