"""Ask a network while it runs: operations, their input spikes, the answers, and what every such memory can do.

The assembled memories (`ca3.py` and its siblings) share this. A `Session` gives spikes to one spike array of the
network and lets it run on, so that what an operation leaves behind is what the next one finds.

>>> from spikegram.networks import Network, OneToOne, SpikeArray
>>> from spikegram.neurons.spinnaker_lif import SLOW
>>> net = Network(dt=1)
>>> source, cells = net.population(3, SpikeArray([[], [], []]), "IN"), net.population(3, SLOW, "OUT")
>>> _ = net.project(source, cells, OneToOne(), weight=6, delay=2, target="in_E")
>>> net.record(cells)
>>> answer = Session(net, source, backend="reference").present([(0, {0, 2})], duration=10)
>>> answer.fired("OUT", 2), answer.fired("OUT", 3)
({0, 2}, set())
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..units import is_whole
from .network import Network
from .population import Population
from .result import Result
from .sources import SpikeArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Answer", "Learn", "Recall", "Session", "SpikingMemory", "check_gap", "check_ids", "check_number"]


@dataclass(frozen=True)
class Learn:
    """Store ``bits`` under ``cue``; ``at`` in ms from the schedule's beginning, by default one gap after the last."""

    cue: int
    bits: Any
    at: int | None = None


@dataclass(frozen=True)
class Recall:
    """Ask by ``cue``, or by ``bits`` that are presented together; ``at`` as in `Learn`."""

    cue: int | None = None
    bits: Any = None
    at: int | None = None


class SpikingMemory(ABC):
    """A memory that is one `network`: what all such memories have besides learning and recalling."""

    network: Network

    @property
    @abstractmethod
    def weights(self) -> Any:
        """The present plastic weights in nA."""

    @property
    def time(self) -> float:
        """Time simulated until now, in ms."""
        return self.network.time

    @property
    def result(self) -> Result:
        """Spikes of all populations since the beginning, and what else was recorded."""
        return self.network.result

    def reset(self) -> None:
        """Forget everything: time 0, start weights, recordings empty."""
        self.network.reset()

    def plot(self, path: str | Path | None = None, start: float | None = None, stop: float | None = None) -> Figure:
        """Draw the raster of all populations between ``start`` and ``stop`` ms; see `Result.plot`."""
        return self.result.plot(path, "spikes", start=start, stop=stop)


class Answer(NamedTuple):
    """What a network did since a presentation began at ``start`` ms."""

    start: float
    result: Result

    def fired(self, population: str, first: int, last: int | None = None) -> set[int]:
        """Neurons that spiked ``first`` to ``last`` (by default only ``first``) ms after the beginning."""
        spikes = self.result[population].spikes
        if spikes is None:
            raise ValueError(f"population {population!r}: its spikes are not recorded")
        last = first if last is None else last
        low, high = np.searchsorted(spikes.steps, [self.start + first, self.start + last + 1])
        return {int(i) for i in spikes.ids[low:high]}


class Session:
    """A network with steps of 1 ms, and the spike array through which it is asked.

    Parameters
    ----------
    network : Network
    source : Population
        A `SpikeArray`.
    backend : str
        ``"numba"`` or ``"reference"``.
    """

    def __init__(self, network: Network, source: Population, backend: str = "numba") -> None:
        if backend not in ("numba", "reference"):
            raise ValueError(f"backend: expected 'numba' or 'reference', which can go on with a run, got {backend!r}")
        self.network, self.source, self.backend = network, source, backend
        self._until = 0.0

    def present(
        self, events: Iterable[tuple[int, Iterable[int]]], duration: int, progress: bool = False, whole: bool = True
    ) -> Answer:
        """Give (ms from now, neurons of the source) and run for ``duration`` ms.

        A presentation that Ctrl-C cut short is run to its end first.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C stopped it before the end, unless ``whole`` is false; what was recorded is in `Network.result`.
        """
        given = self.source.model
        waiting = isinstance(given, SpikeArray) and given.times.size and given.times[-1] >= self.network.time
        if waiting and self._until > self.network.time:
            if self.network.run(self._until - self.network.time, backend=self.backend).interrupted:
                raise KeyboardInterrupt
        start = self.network.time
        pairs = sorted({(int(t), int(i)) for t, ids in events for i in ids})
        if pairs:
            times, ids = np.array(pairs).T
            self.network.add_spikes(self.source, start + times, ids)
        self._until = start + duration
        result = self.network.run(duration, backend=self.backend, progress=progress)
        if whole and result.interrupted:
            raise KeyboardInterrupt
        return Answer(start, result)


def check_number(value: Any, what: str, low: int, high: int) -> int:
    """Give a whole number in ``low`` ... ``high`` or say what was expected."""
    if not is_whole(value) or not low <= value <= high:
        raise ValueError(f"{what}: expected a whole number in {low} ... {high}, got {value!r}")
    return int(value)


def check_gap(value: Any, low: int, why: str) -> int:
    """Give a gap in ms; one below ``low`` is refused with the reason, and one above 1000 s."""
    if not is_whole(value) or value < low:
        raise ValueError(f"gap: expected a whole number of ms >= {low} ({why}), got {value!r}")
    if value > 10**6:
        raise ValueError(f"gap: expected at most 1000000 ms, got {value}")
    return int(value)


def check_ids(values: Any, what: str, size: int, why: str = "") -> frozenset[int]:
    """Give a non-empty set of numbers out of 0 ... ``size - 1``.

    Parameters
    ----------
    values : set, list or array of int; or boolean array with ``size`` elements (an image)
    what : str
        For messages.
    size : int
    why : str
        Why an empty set is refused.

    Raises
    ------
    ValueError, TypeError
        Empty, out of range, a mask of another size, no whole numbers.
    """
    expected = f"expected whole numbers in 0 ... {size - 1} or a boolean array of {size}"
    if isinstance(values, str | bytes | dict) or not np.iterable(values):
        raise TypeError(f"{what}: {expected}, got {values!r}")
    array = np.asarray(values if isinstance(values, np.ndarray) else list(values))
    if array.dtype == bool:
        if array.size != size:
            raise ValueError(f"{what}: {expected}, got a boolean array of {array.size}")
        array = np.flatnonzero(array.ravel())
    if not array.size:
        raise ValueError(f"{what}: {expected}, got none" + (f" ({why})" if why else ""))
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"{what}: {expected}, got {array.dtype}")
    wrong = array[(array < 0) | (array >= size)]
    if wrong.size:
        raise ValueError(f"{what}: {expected}, got {wrong.flat[0]}")
    return frozenset(int(i) for i in array.flat)
