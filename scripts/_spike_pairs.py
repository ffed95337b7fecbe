"""Synapses between cells that spike when they are told to: the change that a rule makes of given spike times.

>>> from spikegram.plasticity import STDP
>>> float(changes({"pair": STDP}, [[0.0]], [[10.0]], start=0.5, dt=1)["pair"][0].round(7))
0.0030327
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..networks import Network, OneToOne, SpikeArray
from ..neurons import NeuronModel
from ..plasticity import SynapseModel

__all__ = ["TOLD", "changes"]

#: A cell that spikes in each step in which ``drive`` is 1, and to which spikes do nothing.
TOLD = NeuronModel("drive : 1 (input)\ng : 1", threshold="drive > 0.5", reset="pass", name="told")


def changes(
    rules: Mapping[str, SynapseModel], pre: Sequence[Sequence[float]], post: Sequence[Sequence[float]], start: Any,
    dt: float, backend: str = "reference", cell: NeuronModel = TOLD, drive: str = "drive",
    pulse: float = 1.0, target: str = "g", rest: float = 0.0, delay: float = 0.0,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Let every rule see the same spikes; rows of ``pre`` and ``post`` are the spike times of one synapse, in ms.

    Parameters
    ----------
    rules : dict
        Name -> synapse model.
    pre, post : list of lists
        One row per synapse.
    start : number or array [S]
        Weight at the start.
    dt : float
        Time step in ms, of which all times are multiples.
    backend : str
        How it is simulated.
    cell : NeuronModel
        The postsynaptic cell.
    drive, pulse : str, float
        Input variable of the cell, and what is injected into it for one step, so that it spikes.
    target : str
        Variable of the cell to which spikes are sent.
    rest : float
        Time in ms after the last spike.
    delay : float
        Of the synapses, in ms.

    Returns
    -------
    dict
        Name -> change of each weight [S].
    """
    net = Network(dt=dt)
    source = net.population(len(pre), SpikeArray([list(row) for row in pre]))
    cells = net.population(len(post), cell)
    steps = 2 + round(max(max(row, default=0) for row in (*pre, *post)) / dt) + round(rest / dt)
    pulses = np.zeros((steps, len(post)))
    for k, row in enumerate(post):
        pulses[np.rint(np.asarray(row) / dt).astype(int), k] = pulse
    net.inject(cells, pulses, target=drive)
    made = {
        name: net.project(source, cells, OneToOne(), weight=start, target=target, synapse=rule, name=name, delay=delay)
        for name, rule in rules.items()
    }
    net.run(steps * dt, backend=backend)
    return {name: q.weights - start for name, q in made.items()}
