"""The DG-CA3-CA1 memory: as a table of contents under addresses that are given and returned in binary.

**What it computes.** DG decodes the address lines to one cue cell, CA3 holds the pair cue -> content in plastic
synapses, CA1 encodes the cue cell to lines again. It is read by cue only; learning a cue anew forgets its old content.

**Populations** (C addresses on n = ceil(log2(C + 1)) lines, K content bits; cells of `neurons.spinnaker_lif`,
dt = 1 ms):

======== ===== ===================== =================================================================================
name     size  cell                  role
======== ===== ===================== =================================================================================
IN       n+K   spike array           address lines (line b is bit b), then content lines
DG       C     FAST, v_th -57.5 mV   decoder: cell a - 1 fires for address a
CA3cue   C     SLOW                  cue
CA3cont  K     SLOW, v_th -57.5 mV   content
CA1      n     SLOW, v_th -57.5 mV   encoder
OUT      n+K   SLOW, v_th -57.5 mV   as IN
======== ===== ===================== =================================================================================

IN -> DG: a line that is 1 in the address excites with 3/(number of ones) nA, one that is 0 inhibits with 3 nA; DG -> DG
inhibition of all others 2.5 nA; DG -> CA3cue 6; CA3cue -> CA1 6 where the address has a one; CA1 -> OUT 6; all with
delay 1 ms. IN -> CA3cont and CA3cont -> OUT: 6 nA, 2 ms. CA3cue -> CA3cont: `CA3STDP`, from 0, dendritic delay 1 ms.

**Operations** (t = first input step): learn (held for 3 steps): address and content at t+4 and t+6, forgotten bits at
t+5; recall: address at t+4, content at t+5. The authors begin the next operation 7 ms after a learning one.

**Reference.** D. Casanueva-Morato, A. Ayuso-Martinez, J. P. Dominguez-Morales, A. Jimenez-Fernandez and
G. Jimenez-Moreno, "A bio-inspired implementation of a sparse-learning spike-based hippocampus memory model", IEEE
Trans. Emerging Topics in Computing 2024, arXiv 2206.04924.

>>> memory = CA3BinaryCueMemory(cues=5, bits=4, backend="reference")
>>> memory.learn(cue=3, bits={0, 2}); memory.recall(cue=3), memory.recall(cue=1)
({0, 2}, set())
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..neurons.spinnaker_lif import FAST, SLOW
from ..plasticity.stdp import CA3STDP
from .connectors import AllToAll, OneToOne
from .from_list import FromList
from .network import Network
from .session import Session, SpikingMemory, check_gap, check_ids, check_number
from .sources import SpikeArray

__all__ = ["CA3BinaryCueMemory"]

HOLD = 3  # steps for which cue and content are presented to be learned
ANSWER = 5  # steps from the input of an address to its content
LOW = SLOW(name="SLOW, v_th -57.5 mV", v_th=-57.5)
DECODER = FAST(name="FAST, v_th -57.5 mV", v_th=-57.5)


class CA3BinaryCueMemory(SpikingMemory):
    """Store sets of content bits under addresses 1 ... cues; learn anew to forget.

    Parameters
    ----------
    cues : int
        Number of addresses C. Address 0 would be no input at all.
    bits : int
        Number of content bits K.
    gap : int
        Time in ms from the beginning of one operation to that of the next, at least 7.
    backend, seed, dtype
        As in `CA3Memory`.
    """

    def __init__(
        self, cues: int, bits: int, gap: int = 20, backend: str = "numba", seed: int = 0, dtype: str = "float64"
    ) -> None:
        self.cues = check_number(cues, "cues", 1, 2**15)
        self.bits = check_number(bits, "bits", 1, 2**20)
        self.gap = check_gap(gap, 7, "as long as learning takes")
        self.lines = self.cues.bit_length()
        self.network = Network(dt=1, seed=seed, dtype=dtype)
        self._plastic = _build(self.network, self.cues, self.bits, self.lines)
        self._session = Session(self.network, self.network.populations["IN"], backend)

    def learn(self, cue: int, bits: Any) -> None:
        """Store ``bits`` (at least one; numbers, or a boolean array [K]) under address ``cue`` (1 ... cues)."""
        given = [*self._address(cue), *(self.lines + b for b in check_ids(bits, "bits", self.bits))]
        self._session.present([(t, given) for t in range(HOLD)], self.gap)

    def recall(self, cue: int) -> set[int]:
        """Ask for the content bits of address ``cue``."""
        answer = self._session.present([(0, self._address(cue))], self.gap)
        return {i - self.lines for i in answer.fired("OUT", ANSWER) if i >= self.lines}

    @property
    def weights(self) -> np.ndarray:
        """Present weights [C, K] in nA; row a - 1 belongs to address a."""
        return self._plastic.weights.reshape(self.cues, self.bits)

    def _address(self, cue: int) -> list[int]:
        cue = check_number(cue, "cue", 1, self.cues)
        return [b for b in range(self.lines) if cue >> b & 1]


def _build(net: Network, C: int, K: int, n: int) -> Any:
    """Add populations and projections; gives the plastic one."""
    source = net.population(n + K, SpikeArray([], [], size=n + K), name="IN")
    dg, cue = net.population(C, DECODER, name="DG"), net.population(C, SLOW, name="CA3cue")
    cont, ca1 = net.population(K, LOW, name="CA3cont"), net.population(n, LOW, name="CA1")
    out = net.population(n + K, LOW, name="OUT")
    for population in (source, dg, cue, cont, ca1, out):
        net.record(population, "spikes")
    code = np.arange(1, C + 1)[:, None] >> np.arange(n) & 1  # [C, n]
    ones, zeros = np.argwhere(code == 1), np.argwhere(code == 0)
    swing = 3.0  # mV by which a DG cell is to be lifted: (v_th - v_reset) + 0.5

    def join(pre: Any, post: Any, pattern: Any, weight: Any, delay: int = 1, target: str = "in_E") -> None:
        name = f"{pre.name} -> {post.name}" + (" inhibition" if target == "in_I" else "")
        net.project(pre, post, pattern, weight=weight, delay=delay, target=target, name=name)

    join(source[:n], dg, FromList(ones[:, ::-1]), swing / code.sum(1)[ones[:, 0]])
    if len(zeros):
        join(source[:n], dg, FromList(zeros[:, ::-1]), swing, target="in_I")
    join(dg, dg, AllToAll(autapses=False), 2.5, target="in_I")
    join(dg, cue, OneToOne(), 6)
    join(source[n:], cont, OneToOne(), 6, delay=2)
    join(cue, ca1, FromList(ones), 6)
    net.project(ca1, out[:n], OneToOne(), weight=6, delay=1, target="in_E", name="CA1 -> OUT")
    net.project(cont, out[n:], OneToOne(), weight=6, delay=2, target="in_E", name="CA3cont -> OUT")
    plastic: dict[str, Any] = dict(weight=0, delay=1, dendritic_delay=1, target="in_E", synapse=CA3STDP)
    return net.project(cue, cont, AllToAll(), name="cue to content", **plastic)
