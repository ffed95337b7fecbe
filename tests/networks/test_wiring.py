"""Compressed rows of a projection, and the order in which users see its synapses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikegram.networks import FixedTotalNumber, FromList, Network
from spikegram.networks.wiring import Wiring, same_everywhere, smallest
from spikegram.neurons import NeuronModel

CELL = NeuronModel("x : 1", name="cell")

lists = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 300), st.integers(0, 2)), max_size=20)


@given(lists)
def test_synapses_come_back_as_they_were_given(rows):
    pre, post, axonal, dendritic = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    if not rows:
        axonal = dendritic = np.zeros(1, dtype=np.int64)
    wiring = Wiring.of(pre, post, 4, 5, axonal, dendritic)
    assert wiring.size == len(rows)
    assert wiring.shown(wiring.sources()).tolist() == pre.tolist()
    assert wiring.shown(wiring.targets).tolist() == post.tolist()
    if rows:
        assert wiring.shown(wiring.axonal).tolist() == axonal.tolist()
        assert wiring.shown(wiring.dendritic).tolist() == dendritic.tolist()
    stored = list(zip(wiring.sources().tolist(), wiring.targets.tolist(), strict=True))
    assert stored == sorted(zip(pre.tolist(), post.tolist(), strict=True))
    values = np.arange(len(rows)) * 1.5
    assert wiring.shown(wiring.stored(values)).tolist() == values.tolist()
    assert wiring.numbers.tolist() == (wiring.stored(values) / 1.5).tolist()


def test_only_what_is_out_of_order_is_remembered():
    pre, post = np.array([0, 0, 0, 1, 1]), np.array([2, 2, 3, 0, 0])
    one = np.array([7])
    assert len(Wiring.of(pre, post, 2, 4, one, one * 0).places) == 0
    several = Wiring.of(pre, post, 2, 4, np.array([5, 1, 9, 1, 2]), one * 0)
    assert several.places.tolist() == [0, 1] and several.order.tolist() == [1, 0]
    assert several.axonal.tolist() == [1, 5, 9, 1, 2] and several.axonal.dtype == np.uint8
    turned = Wiring.of(pre[::-1], post[::-1], 2, 4, one, one * 0)
    assert turned.sources().tolist() == pre.tolist() and turned.shown(turned.targets).tolist() == post[::-1].tolist()


def test_a_user_finds_each_delay_beside_its_weight():
    """Several synapses of one pair are stored by delay, and shown as they were drawn."""
    net = Network(dt=0.1)
    cells = net.population(3, CELL)
    delay, weight = np.tile([0.3, 0.1, 0.2, 0.1], 25), np.arange(100.0)
    q = net.project(cells, cells, FixedTotalNumber(100), weight=weight, delay=delay, target="x")
    assert q.delays == pytest.approx(delay) and q.weights.tolist() == weight.tolist()
    assert (np.diff(q.pre_ids) >= 0).all()
    assert not np.array_equal(q.wiring.axonal, np.rint(delay * 10))
    listed = net.project(
        cells, cells, FromList([(2, 0), (0, 1), (2, 0)]), weight=[1, 2, 3], delay=[0.2, 0, 0.1], target="x"
    )
    assert listed.pre_ids.tolist() == [2, 0, 2] and listed.weights.tolist() == [1, 2, 3]
    assert listed.delays == pytest.approx([0.2, 0, 0.1])


def test_small_types():
    assert smallest(np.array([255])).dtype == np.uint8 and smallest(np.array(256)).dtype == np.uint16
    assert smallest(np.array(256)).tolist() == [256] and smallest(np.zeros(0, dtype=int)).dtype == np.uint8
    assert same_everywhere(np.array([3, 3, 3])).tolist() == [3]
    assert same_everywhere(np.array([3, 4, 3])).tolist() == [3, 4, 3]
    assert same_everywhere(np.zeros(0)).shape == (0,)
