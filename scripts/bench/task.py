"""One run of one system: what is asked for, and what comes back.

>>> task = Task("cuba4k", "spikegram", 1.0, seed=1, dtype="float32", threads=2)
>>> Task.from_json(task.to_json()) == task, task.label
(True, 'spikegram float32, 2 threads')
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .catalogue import BenchNetwork, find

__all__ = ["Outcome", "Task"]


@dataclass(frozen=True)
class Task:
    """What a worker process is to do.

    Attributes
    ----------
    network, system : str
        Names in `catalogue.NETWORKS` and `systems.SYSTEMS`.
    seconds : float
        Biological time.
    seed : int
    dtype : str
        ``"float32"`` or ``"float64"``.
    threads : int
    delivery : bool
        False leaves the synapses out, so that what remains is the cost of the cells.
    cold : bool
        Begin without compiled code on disk.
    case : dict
        Of a network with parts.
    """

    network: str
    system: str
    seconds: float
    seed: int = 2
    dtype: str = "float64"
    threads: int = 1
    delivery: bool = True
    cold: bool = False
    case: Mapping[str, Any] = field(default_factory=dict)

    @property
    def definition(self) -> BenchNetwork:
        """The network itself."""
        return find(self.network)

    @property
    def label(self) -> str:
        """The system with its settings, as tables name it."""
        from .systems import SYSTEMS

        words = SYSTEMS[self.system].title + (f" {self.dtype}" if len(SYSTEMS[self.system].dtypes) > 1 else "")
        return words + f", {self.threads} thread" + "s" * (self.threads > 1)

    def to_json(self) -> str:
        """Write it for a worker's command line."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Task:
        """Read what `to_json` wrote."""
        return Task(**json.loads(text))


@dataclass
class Outcome:
    """What a system hands back.

    Attributes
    ----------
    build_s : float
        From the first object to the end of wiring.
    compile_s : float
        Code generation, compilation or loading of compiled code.
    sim_s : float
        The time loop alone.
    steps, synapses : int
    spikes : dict
        "E" and "I" -> times in ms, cell numbers.
    events : float or None
        Sum of the out-degrees of all spikes; if None it is taken from the mean out-degree.
    built_bytes : int or None
        Growth of the process from before the first object to the end of wiring.
    ready_s : float or None
        From the start of the worker to the beginning of the time loop: import, building and compilation.
    peak_bytes : int or None
        Most memory of the process that simulated, where that is not the worker.
    weights : tuple or None
        Plastic weights at the end in mV, lower and upper bound.
    more : dict
        Further numbers of the row.
    """

    build_s: float
    compile_s: float
    sim_s: float
    steps: int
    synapses: int
    spikes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    events: float | None = None
    built_bytes: int | None = None
    ready_s: float | None = None
    peak_bytes: int | None = None
    weights: tuple[Any, float, float] | None = None
    more: dict[str, Any] = field(default_factory=dict)
