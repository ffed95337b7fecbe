"""Ten million steps in a process of its own: is every spike at its step, and how much memory is added?

A cell that fires by itself keeps its interval to the step; what it drives comes to the same values each time. Prints
the bytes that the last eight million steps have added to the process.
"""

from __future__ import annotations

import numpy as np

from spikegram.networks import Network, OneToOne
from spikegram.scripts.bench import machine, ours

DT = 0.1  # ms
PIECE, PIECES, SETTLED = 1_000_000, 10, 2  # steps of a run, runs, runs that may add memory
LATE = (0, 15, 25)  # steps from a spike to what it adds to each cell
BOUND = 1e-12  # relative, of a state that has come to rest


def main() -> int:
    """Run and give what was added."""
    net = Network(dt=DT, seed=20240229)
    clock = net.population(1, ours.cell_model("cuba"), name="clock", init=dict(v=-60.0))
    leaky = net.population(len(LATE), ours.cell_model("brunel"), name="leaky")
    for k, late in enumerate(LATE):
        net.project(clock, leaky[k], OneToOne(), weight=1.0 + k, delay=late * DT, target="v", name=f"to {k}")
    net.record(clock, "spikes")
    net.record(leaky, "spikes")
    first, interval, before = -1, 0, None
    for n in range(PIECES):
        if n == SETTLED:
            before = machine.resident()
        spikes = net.run(PIECE * DT)["clock"].spikes.steps
        if not n:
            first, interval = int(spikes[0]), int(spikes[1] - spikes[0])
        due = np.arange(first, (n + 1) * PIECE, interval)
        assert np.array_equal(spikes, due[due >= n * PIECE]), f"piece {n}: spikes move"
        assert len(net.result["leaky"].spikes) == 0
        # v just after the last jump is w/(1 - exp(-interval)), the sum of all jumps before
        for k, late in enumerate(LATE):
            since = (net.step - 1 - late - first) % interval
            decay = np.exp(-np.array([since, interval]) * DT / 20)
            off = leaky.get("v")[k] / ((1.0 + k) * decay[0] / (1 - decay[1])) - 1
            assert abs(off) < BOUND, f"piece {n}, cell {k}: {off}"
        net.clear_recordings()
    assert net.step == PIECE * PIECES
    after = machine.resident()
    assert before is not None and after is not None, "needs /proc"
    return after - before


if __name__ == "__main__":
    print(main())
