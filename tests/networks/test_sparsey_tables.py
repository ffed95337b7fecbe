"""Packing Sparsey's synapses and unpacking them gives them back."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks.sparsey_layout import SparseyLevel, make_layout
from spikegram.networks.sparsey_state import new_synapses
from spikegram.networks.sparsey_tables import make_tables, new_memory, pack, unpack
from spikegram.neurons.sparsey import SparseyParams
from spikegram.plasticity.sparsey import NEVER, SparseyRule


@pytest.mark.parametrize("decay", [False, True])
def test_round_trip(decay: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rule = SparseyRule(decay=decay)
    layout = make_layout(
        (3, 4), [SparseyLevel(SparseyParams(5, 17), grid=(1, 2), field=(3, 2), rule=rule),
                 SparseyLevel(SparseyParams(2, 3), rule=rule)],
    )  # fmt: skip
    tables, synapses = make_tables(layout), new_synapses(layout)
    for m in range(3):
        for x in range(3):
            grown = rng.random(synapses.last[m][x].shape) < 0.4
            synapses.last[m][x][grown] = rng.integers(0, 9, grown.sum()) if decay else 9
            if decay:
                synapses.stiffness[m][x][grown] = rng.integers(0, 3, grown.sum())
            synapses.frozen[m][x][:] = rng.random(synapses.frozen[m][x].shape) < 0.5
    memory = pack(layout, tables, synapses)
    again = unpack(layout, tables, memory, 9)
    for m in range(3):
        for x in range(3):
            assert np.array_equal(again.last[m][x], synapses.last[m][x])
            assert np.array_equal(again.stiffness[m][x], synapses.stiffness[m][x])
            assert np.array_equal(again.frozen[m][x], synapses.frozen[m][x])
            assert memory.total[m, x] == (synapses.last[m][x] != NEVER).sum()
            assert memory.still[m, x] == synapses.frozen[m][x].sum()


def test_a_set_once_synapse_takes_one_bit() -> None:
    layout = make_layout((1, 144), [SparseyLevel(SparseyParams(24, 8), signals="U")])
    memory = new_memory(layout, make_tables(layout))
    assert memory.bits.nbytes == (144 + 1) * 24 * 8 // 8 and memory.stamps.size == 0
