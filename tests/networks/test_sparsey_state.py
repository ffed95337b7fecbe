"""A network before its first frame: silent macs, synapses without a co-activity."""

from __future__ import annotations

import numpy as np

from spikegram.networks.sparsey_layout import SparseyLevel, make_layout
from spikegram.networks.sparsey_state import initial, new_synapses
from spikegram.neurons.sparsey import SparseyParams
from spikegram.plasticity.sparsey import NEVER

LAYOUT = make_layout((1, 6), [SparseyLevel(SparseyParams(3, 4, sigmoid="java")), SparseyLevel(SparseyParams(5, 2))])


def test_all_macs_are_silent() -> None:
    state = initial(LAYOUT)
    assert state.codes.tolist() == [[-1] * 5] * 2 and np.isnan(state.G).all()
    assert not state.ages.any() and not state.gains.any() and not state.used.any()


def test_no_synapse_is_set() -> None:
    synapses = new_synapses(LAYOUT)
    shapes = [[a.shape for a in three] for three in synapses.last]
    assert shapes == [[(6, 3, 4), (12, 3, 4), (10, 3, 4)], [(12, 5, 2), (10, 5, 2), (0, 5, 2)]]
    assert all((a == NEVER).all() for three in synapses.last for a in three)
    assert synapses.inflection[0].tolist() == [LAYOUT.level(0).mac.shape[1], 0]
