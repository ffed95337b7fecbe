"""CA3 as a content-addressable memory: cue -> content pairs that are read both ways and forgotten by learning anew.

**What it computes.** A one-hot cue c and a set of content bits are held for three steps; two plastic projections then
link them in both directions. A cue gives its content, a content bit gives every cue whose content has it (OR over the
bits that are presented together). All arithmetic is done by the timing of spikes: delays, one-to-one relays and a
gate of inhibition route them so that reading one direction does not write the other.

**Populations** (C cues, K content bits; cells `SLOW` and `FAST` of `neurons.spinnaker_lif`, dt = 1 ms):

========== ===== ======================== =====================================================================
name       size  cell                     role
========== ===== ======================== =====================================================================
IN         C+K   spike array              cue lines 0 ... C-1, then content lines
CueCue     C     SLOW                     cue as seen by input, drives reading by cue
ContCue    K     SLOW                     content from input, or recalled from a cue
CueCont    C     FAST                     cue recalled from content, and the relayed CueCue
ContCont   K     SLOW                     gated copy of the content, drives reading by content
Cond       K     FAST                     gate between ContCue and ContCont
Int        1     FAST                     excitatory interneuron that opens the gate while learning
MergeCue   C     SLOW                     joins both ways to a cue
MergeCont  K     SLOW                     joins both ways to a content
OUT        C+K   SLOW, v_th -57.5 mV      output, as IN
========== ===== ======================== =====================================================================

`STATIC` lists the fixed synapses. The plastic projections ``cue to content`` (CueCue -> ContCue) and ``content to cue``
(ContCont -> CueCont) are all-to-all with delay 1 ms, all of it dendritic, and start at 0: additive pair STDP,
tau 3 ms, A 6 nA (absolute) both ways, 0 <= w <= 6 nA, spikes of the target before those of the source within a step.

**Operations** (t = first input step): learn: OUT has cue and content at t+5 and t+7, bits that are forgotten at t+6;
recall by cue: cue at t+5, content at t+6; recall by content: the bits at t+5, all matching cues at t+6.

**Limits.** The memory equals a table of sets (tested on random streams) for gaps of 20 ms and more between operations
and queries by one bit. Shorter gaps link neighbouring operations; below 10 ms a forgotten bit may still find its old
cue. A query by several bits at once strengthens their synapses to all answering cues and may falsify later queries by
several bits. An empty content is refused: it would clear the way from cue to content, but not the way back.

**Reference.** D. Casanueva-Morato, A. Ayuso-Martinez, J. P. Dominguez-Morales, A. Jimenez-Fernandez and
G. Jimenez-Moreno 2024, "Bio-inspired computational memory model of the Hippocampus: an approach to a neuromorphic
spike-based Content-Addressable Memory", Neural Networks 178, 106474.

>>> memory = CA3Memory(cues=4, bits=6, backend="reference")
>>> memory.learn(cue=3, bits={0, 5})
>>> memory.recall(cue=3), memory.recall(bits={5}), memory.recall(cue=1)
({0, 5}, {3}, set())
>>> memory.learn(cue=3, bits={1})                  # forgets {0, 5}
>>> memory.recall(cue=3), memory.recall(bits={5}), memory.stored()
({1}, set(), {3: {1}})
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ..neurons.model import NeuronModel
from ..neurons.spinnaker_lif import FAST, SLOW
from ..plasticity.stdp import CA3STDP
from .connectors import AllToAll, OneToOne
from .from_list import FromList
from .network import Network
from .projection import Projection
from .result import Result
from .session import Learn, Recall, Session, SpikingMemory, check_gap, check_ids, check_number
from .sources import SpikeArray

__all__ = ["CA3Memory", "CA3Weights", "firing_weight"]

HOLD = 3  # steps for which cue and content are presented to be learned
ANSWER = 6  # steps from the first input to what was recalled
LEAST_GAP, SAFE_GAP = 10, 20  # ms

OUT = SLOW(name="OUT", v_th=-57.5)

ONE, ALL, OTHERS = OneToOne(), AllToAll(), "all numbers but the own"
# pre, post, pattern, weight in nA, delay in ms, excitatory or inhibitory input
STATIC = (
    ("IN cue", "CueCue", ONE, 6, 1, "in_E"),
    ("IN cont", "ContCue", ONE, 6, 1, "in_E"),
    ("CueCue", "CueCont", ONE, 6, 2, "in_E"),
    ("CueCue", "CueCont", OTHERS, "6*K", 3, "in_I"),
    ("CueCue", "Cond", ALL, 6, 2, "in_I"),
    ("ContCue", "Cond", ONE, 9, 1, "in_E"),
    ("ContCue", "Int", ALL, 6, 1, "in_E"),
    ("Int", "Cond", ALL, 2, 1, "in_E"),
    ("Cond", "ContCont", ONE, 6, 1, "in_E"),
    ("CueCont", "CueCont", OTHERS, "6*K", 2, "in_I"),
    ("CueCue", "MergeCue", ONE, 6, 3, "in_E"),
    ("ContCue", "MergeCont", ONE, 6, 3, "in_E"),
    ("CueCont", "MergeCue", ONE, 6, 1, "in_E"),
    ("ContCont", "MergeCont", ONE, 6, 1, "in_E"),
    ("MergeCue", "OUT cue", ONE, 6, 1, "in_E"),
    ("MergeCont", "OUT cont", ONE, 6, 1, "in_E"),
)


class CA3Weights(NamedTuple):
    """Both plastic weight matrices in nA: ``cue_to_content`` [C, K] and ``content_to_cue`` [K, C]."""

    cue_to_content: np.ndarray
    content_to_cue: np.ndarray


class CA3Memory(SpikingMemory):
    """Store sets of content bits under cues; read them by cue, and cues by bit; learn anew to forget.

    Parameters
    ----------
    cues : int
        Number of cues C.
    bits : int
        Number of content bits K.
    gap : int
        Time in ms from the beginning of one operation to that of the next, at least 10. The memory is exact from 20 on;
        below that a warning says so.
    backend : str
        ``"numba"`` or ``"reference"``.
    seed : int
        Kept with the results; nothing in this network is random.
    dtype : str
        ``"float64"`` or ``"float32"``.

    Attributes
    ----------
    network : Network
        All parts are ordinary: record more variables, look at weights, export it, save its state.

    Raises
    ------
    ValueError, TypeError
        Numbers out of range.

    Warns
    -----
    UserWarning
        If ``gap`` is less than 20 ms.
    """

    def __init__(
        self, cues: int, bits: int, gap: int = 20, backend: str = "numba", seed: int = 0, dtype: str = "float64"
    ) -> None:
        self.cues = check_number(cues, "cues", 1, 2**20)
        self.bits = check_number(bits, "bits", 1, 2**20)
        self.gap = check_gap(gap, LEAST_GAP, "what was forgotten comes back with less")
        if self.gap < SAFE_GAP:
            warnings.warn(
                f"gap: with less than {SAFE_GAP} ms between operations recalls can be wrong, got {gap} ms", stacklevel=2
            )
        self.network = Network(dt=1, seed=seed, dtype=dtype)
        self._forward, self._backward = _build(self.network, self.cues, self.bits)
        self._session = Session(self.network, self.network.populations["IN"], backend)

    # -- operations -------------------------------------------------------------------------------------------------
    def learn(self, cue: int, bits: Any) -> None:
        """Store ``bits`` under ``cue`` in place of what was there.

        Parameters
        ----------
        cue : int
            0 ... cues - 1.
        bits : set, list or array of int; or boolean array with K elements (an image)
            At least one: an empty content would be forgotten in one direction only.
        """
        self._session.present(self._events(Learn(cue, bits)), self.gap)

    def recall(self, cue: int | None = None, bits: Any = None) -> set[int]:
        """Ask by cue for its bits, or by bits for all cues that have at least one of them.

        Several bits are asked one after the other, ``gap`` ms each, which leaves the memory as it was; to present them
        at once, as one operation, use `schedule`.
        """
        query = Recall(cue, bits)
        if bits is None:
            answer = self._session.present(self._events(query), self.gap)
            return {i - self.cues for i in answer.fired("OUT", ANSWER) if i >= self.cues}
        self._events(query)  # refuses all that is wrong before the first bit is asked
        found: set[int] = set()
        for bit in sorted(check_ids(bits, "bits", self.bits)):
            answer = self._session.present([(0, [self.cues + bit])], self.gap)
            found |= {i for i in answer.fired("OUT", ANSWER) if i < self.cues}
        return found

    def schedule(
        self, operations: Iterable[Learn | Recall] | SpikeArray, duration: int | None = None, progress: bool = False
    ) -> Result:
        """Run operations at chosen times, or raw spikes of IN, and give everything that was recorded.

        Parameters
        ----------
        operations : iterable of Learn and Recall, or SpikeArray
            Times count from the present. An operation without ``at`` begins one gap after the one before.
        duration : int
            In ms; by default until one gap after the last operation or spike.
        progress : bool
            Show a progress bar.

        Returns
        -------
        Result
            Since the beginning; `Result.interrupted` is true if Ctrl-C ended it.
        """
        events: list[tuple[int, list[int]]] = []
        last = -self.gap
        if isinstance(operations, SpikeArray):
            if operations.size > self.cues + self.bits:
                raise ValueError(
                    f"operations: IN has {self.cues + self.bits} neurons, got spikes of neuron {operations.size - 1}"
                )
            steps, ids = operations.steps(self.network.dt_si)
            events = [(int(t), [int(i)]) for t, i in zip(steps, ids, strict=True)]
            last = max((t for t, _ in events), default=last)
        else:
            for k, operation in enumerate(operations):
                if not isinstance(operation, Learn | Recall):
                    raise TypeError(f"operations[{k}]: expected a Learn or Recall, got {operation!r}")
                at = last + self.gap if operation.at is None else check_number(operation.at, "at", 0, 2**40)
                events += self._events(operation, at)
                last = at
        whole = last + self.gap if duration is None else check_number(duration, "duration", 0, 2**40)
        if events and max(t for t, _ in events) >= whole:
            raise ValueError(f"duration: expected more than {max(t for t, _ in events)} ms, got {whole} ms")
        return self._session.present(events, whole, progress, whole=False).result

    # -- what is in it ----------------------------------------------------------------------------------------------
    def stored(self) -> dict[int, set[int]]:
        """Decode the weights without asking: cue -> bits that it would make fire; empty cues are left out."""
        strong = self.weights.cue_to_content >= firing_weight(SLOW)
        return {c: {int(b) for b in np.flatnonzero(row)} for c, row in enumerate(strong) if row.any()}

    @property
    def weights(self) -> CA3Weights:
        """The present weights of both plastic projections, in nA."""
        return CA3Weights(
            self._forward.weights.reshape(self.cues, self.bits), self._backward.weights.reshape(self.bits, self.cues)
        )

    def __repr__(self) -> str:
        return f"CA3Memory(cues={self.cues}, bits={self.bits}, gap={self.gap}; at t = {self.time:g} ms)"

    # -- help -------------------------------------------------------------------------------------------------------
    def _events(self, operation: Learn | Recall, at: int = 0) -> list[tuple[int, list[int]]]:
        """Input of an operation: (ms, neurons of IN)."""
        cue, bits = operation.cue, operation.bits
        if isinstance(operation, Recall) and (cue is None) == (bits is None):
            raise ValueError(f"recall: expected either a cue or bits, got cue={cue!r}, bits={bits!r}")
        lines = [] if cue is None else [check_number(cue, "cue", 0, self.cues - 1)]
        if bits is not None or isinstance(operation, Learn):
            why = "learning nothing would be forgotten in one direction only" if isinstance(operation, Learn) else ""
            lines += sorted(self.cues + b for b in check_ids(bits, "bits", self.bits, why))
        return [(at + t, lines) for t in range(HOLD if isinstance(operation, Learn) else 1)]


def firing_weight(cell: NeuronModel, dt: float = 1.0) -> float:
    """Give the smallest weight in nA with which one excitatory input makes a resting `SpiNNakerLIF` fire.

    It fires in the step of the arrival or not at all; ``dt`` in ms.
    """
    p = {n: v.value for n, v in cell.parameters.items()}
    ratio = p["tau_syn_E"] / (dt * 1e-3)
    per_amp = p["tau_m"] / p["C_m"] * ratio * -math.expm1(-1 / ratio) * -math.expm1(-dt * 1e-3 / p["tau_m"])
    return (p["v_th"] - p["v_rest"]) / per_amp * 1e9


def _build(net: Network, C: int, K: int) -> tuple[Projection, Projection]:
    """Add populations and projections; gives the two plastic ones."""
    sizes = dict(CueCue=(C, SLOW), ContCue=(K, SLOW), CueCont=(C, FAST), ContCont=(K, SLOW), Cond=(K, FAST))
    sizes |= dict(Int=(1, FAST), MergeCue=(C, SLOW), MergeCont=(K, SLOW), OUT=(C + K, OUT))
    parts: dict[str, Any] = {"IN": net.population(C + K, SpikeArray([], [], size=C + K), name="IN")}
    parts |= {name: net.population(size, cell, name=name) for name, (size, cell) in sizes.items()}
    for population in list(parts.values()):
        net.record(population, "spikes")
    for side in ("IN", "OUT"):
        parts[f"{side} cue"], parts[f"{side} cont"] = parts[side][:C], parts[side][C:]
    for pre, post, pattern, weight, delay, target in STATIC:
        w = 6 * K if weight == "6*K" else weight
        name = f"{pre} -> {post}" + (" inhibition" if target == "in_I" else "")
        connector = FromList(np.argwhere(~np.eye(C, dtype=bool))) if isinstance(pattern, str) else pattern
        net.project(parts[pre], parts[post], connector, weight=w, delay=delay, target=target, name=name)
    plastic: dict[str, Any] = dict(weight=0, delay=1, dendritic_delay=1, target="in_E", synapse=CA3STDP)
    return (
        net.project(parts["CueCue"], parts["ContCue"], ALL, name="cue to content", **plastic),
        net.project(parts["ContCont"], parts["CueCont"], ALL, name="content to cue", **plastic),
    )
