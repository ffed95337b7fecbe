"""CA3 as an auto-associative memory: a fragment of a pattern brings back the whole, in two forms.

Both hold patterns over N pyramidal cells (PC) in plastic synapses from each PC to all others, and let every PC inhibit
all others. The cell is `SLOW` of `neurons.spinnaker_lif` with v_th = -55 mV, dt = 1 ms, all delays 1 ms; the plastic
delay is dendritic. DG is the input.

- `CA3OscillatoryMemory` (t_ref 1 ms). DG -> PC one-to-one 6 (N - 1) nA; PC -> PC STDP with tau_plus 3, tau_minus 2 ms,
  A_plus 6, A_minus 3, w_max 12 nA; PC -> PC inhibition 1.5 nA. Pattern or fragment is held for 5 steps. A recalled
  pattern goes on: its cells fire in every second step, the given ones in turn with the completed ones, until another
  pattern comes.
- `CA3RegulatedMemory` (t_ref 2 ms). A LEARNING line excites one interneuron (INH) for each PC with 8 nA, DG inhibits
  its own interneuron with 8 nA, INH -> PC one-to-one inhibition 12 N nA: while learning, all cells outside the pattern
  are silent. DG -> PC 12 nA; PC -> PC STDP with tau_plus 9, tau_minus 5 ms, A_plus 6, A_minus 3, w_max 12 nA; PC -> PC
  inhibition 11 nA. A pattern is learned in 4 presentations 10 ms apart; a fragment is given once, without LEARNING, and
  completed one step later; then there is silence.

**Limits.** Patterns of the oscillatory form must not overlap, and all of them are learned before the first recall:
where one oscillating pattern gives way to another, both fire within a few steps, and the rule links them. With three
patterns of five cells the first recalls are right, and the second or third change brings more than the pattern. The
regulated form holds patterns that share most of their cells, but needs large fragments: what the given cells add must
overcome 11 nA of inhibition from each of them; with patterns of 13 and 14 of 15 cells, six are enough and five are not.

**Reference.** D. Casanueva-Morato, A. Ayuso-Martinez, J. P. Dominguez-Morales, A. Jimenez-Fernandez and
G. Jimenez-Moreno 2022, "Spike-based computational models of bio-inspired memories in the hippocampal CA3 region on
SpiNNaker", IJCNN 2022, arXiv 2205.04782.

>>> memory = CA3OscillatoryMemory(backend="reference")
>>> memory.learn({0, 1, 2, 3, 4}); memory.learn({10, 11, 12, 13, 14})
>>> memory.recall({1, 2, 3, 4})
{0, 1, 2, 3, 4}
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..neurons.spinnaker_lif import SLOW
from ..plasticity.stdp import CA3STDP
from .connectors import AllToAll, OneToOne
from .network import Network
from .session import Session, SpikingMemory, check_gap, check_ids, check_number
from .sources import SpikeArray

__all__ = ["CA3OscillatoryMemory", "CA3RegulatedMemory"]

HOLD = 5  # steps for which the oscillatory form is shown a pattern
TIMES, APART = 4, 10  # presentations and ms between them, with which the regulated form learns

ONE, ALL, OTHERS = OneToOne(), AllToAll(), AllToAll(autapses=False)
OSCILLATORY_CELL = SLOW(name="CA3 oscillatory", v_th=-55, t_ref=1)
REGULATED_CELL = SLOW(name="CA3 regulated", v_th=-55, t_ref=2)
OSCILLATORY_RULE = CA3STDP(name="CA3 oscillatory STDP", tau_minus=2, A_minus=3, w_max=12)
REGULATED_RULE = CA3STDP(name="CA3 regulated STDP", tau_plus=9, tau_minus=5, A_minus=3, w_max=12)


class _Pyramidal:
    """N pyramidal cells with plastic synapses among them; what both forms have in common."""

    def __init__(self, network: Network, n: int, cell: Any, rule: Any, inhibition: float, source: Any) -> None:
        self.n, self.network = n, network
        self.pc = network.population(n, cell, name="PC")
        self.plastic = network.project(
            self.pc, self.pc, OTHERS, weight=0, delay=1, dendritic_delay=1, target="in_E", synapse=rule, name="PC -> PC"
        )
        network.project(self.pc, self.pc, OTHERS, weight=inhibition, delay=1, target="in_I", name="PC -> PC inhibition")
        network.record(source, "spikes")
        network.record(self.pc, "spikes")

    def weights(self) -> np.ndarray:
        """Weights [N, N] in nA; 0 on the diagonal, where there is no synapse."""
        w = np.zeros((self.n, self.n))
        w[self.plastic.pre_ids, self.plastic.post_ids] = self.plastic.weights
        return w


class CA3OscillatoryMemory(SpikingMemory):
    """Complete a fragment, and keep the pattern alive by oscillation until the next one comes.

    Parameters
    ----------
    neurons : int
        Number of pyramidal cells N.
    gap : int
        Time in ms from the beginning of one presentation to that of the next, at least 10.
    backend, seed, dtype
        As in `CA3Memory`.
    """

    def __init__(
        self, neurons: int = 15, gap: int = 14, backend: str = "numba", seed: int = 0, dtype: str = "float64"
    ) -> None:
        self.neurons = check_number(neurons, "neurons", 2, 2**15)
        self.gap = check_gap(gap, 10, "a pattern is held for 5 ms and then has to be seen")
        self.network = net = Network(dt=1, seed=seed, dtype=dtype)
        dg = net.population(self.neurons, SpikeArray([], [], size=self.neurons), name="DG")
        self._cells = _Pyramidal(net, self.neurons, OSCILLATORY_CELL, OSCILLATORY_RULE, 1.5, dg)
        net.project(dg, self._cells.pc, ONE, weight=6 * (self.neurons - 1), delay=1, target="in_E", name="DG -> PC")
        self._session = Session(net, dg, backend)

    def learn(self, pattern: Any) -> None:
        """Hold ``pattern`` (numbers of cells, or a boolean array [N]) for 5 steps."""
        self._show(pattern, "pattern")

    def recall(self, fragment: Any) -> set[int]:
        """Hold ``fragment`` for 5 steps and give the cells that fire from its last step on."""
        answer = self._show(fragment, "fragment")
        return answer.fired("PC", HOLD, self.gap - 1)  # what was there before is silent by then

    def _show(self, cells: Any, what: str) -> Any:
        ids = check_ids(cells, what, self.neurons)
        return self._session.present([(t, ids) for t in range(HOLD)], self.gap)

    @property
    def weights(self) -> np.ndarray:
        """Present weights PC -> PC [N, N] in nA, rows are presynaptic."""
        return self._cells.weights()


class CA3RegulatedMemory(SpikingMemory):
    """Complete a fragment once; learning is regulated by inhibition of all cells outside the pattern.

    Parameters
    ----------
    neurons : int
        Number of pyramidal cells N.
    gap : int
        Time in ms from the last presentation of one operation to the next operation, at least 10.
    backend, seed, dtype
        As in `CA3Memory`.
    """

    def __init__(
        self, neurons: int = 15, gap: int = 20, backend: str = "numba", seed: int = 0, dtype: str = "float64"
    ) -> None:
        self.neurons = n = check_number(neurons, "neurons", 2, 2**15)
        self.gap = check_gap(gap, 10, "presentations that learn are 10 ms apart")
        self.network = net = Network(dt=1, seed=seed, dtype=dtype)
        source = net.population(n + 1, SpikeArray([], [], size=n + 1), name="IN")  # N lines of DG, then LEARNING
        dg, learning = source[:n], source[n:]
        inh = net.population(n, REGULATED_CELL, name="INH")
        self._cells = _Pyramidal(net, n, REGULATED_CELL, REGULATED_RULE, 11, source)
        pc = self._cells.pc
        net.project(learning, inh, ALL, weight=8, delay=1, target="in_E", name="LEARNING -> INH")
        net.project(dg, inh, ONE, weight=8, delay=1, target="in_I", name="DG -> INH inhibition")
        net.project(inh, pc, ONE, weight=12 * n, delay=1, target="in_I", name="INH -> PC inhibition")
        net.project(dg, pc, ONE, weight=12, delay=1, target="in_E", name="DG -> PC")
        net.record(inh, "spikes")
        self._session = Session(net, source, backend)

    def learn(self, pattern: Any) -> None:
        """Give ``pattern`` (numbers of cells, or a boolean array [N]) four times, with the LEARNING line."""
        ids = [*check_ids(pattern, "pattern", self.neurons), self.neurons]
        self._session.present([(APART * k, ids) for k in range(TIMES)], APART * (TIMES - 1) + self.gap)

    def recall(self, fragment: Any) -> set[int]:
        """Give ``fragment`` once, without LEARNING, and get all cells that fire."""
        ids = check_ids(fragment, "fragment", self.neurons)
        return self._session.present([(0, ids)], self.gap).fired("PC", 1, self.gap - 1)

    @property
    def weights(self) -> np.ndarray:
        """Present weights PC -> PC [N, N] in nA, rows are presynaptic."""
        return self._cells.weights()
