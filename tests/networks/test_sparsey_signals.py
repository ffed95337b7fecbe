"""Active rows and normalised sums of one mac by hand."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks.sparsey_layout import H, SparseyLevel, U, make_layout
from spikegram.networks.sparsey_signals import active, own_rows, powers, signal, support
from spikegram.networks.sparsey_state import Moment, initial, new_synapses
from spikegram.neurons.sparsey import SparseyParams

X = np.array([1, 1, 1, 0, 0, 0], bool)


def moment(**params: int | str) -> Moment:
    layout = make_layout((1, 6), [SparseyLevel(SparseyParams(3, 4, **params))])
    return Moment(layout, new_synapses(layout), X, now=9, seed=0, step=0)


def on(at: Moment, gain: float = 1.0):
    """The mac with the winners 1, 0, 3."""
    state = initial(at.layout)
    state.codes[0], state.ages[0], state.gains[0] = (1, 0, 3), 1, gain
    return state


def test_active_rows() -> None:
    at = moment()
    assert [(s.rows.tolist(), s.gain, s.heard) for s in active(0, U, initial(at.layout), at)] == [([0, 1, 2], 1.0, 3)]
    assert active(0, H, initial(at.layout), at) == []
    # cells 1, 0 and 3 of modules of four; a cell hears no winner of its own module
    assert [(s.rows.tolist(), s.gain, s.heard) for s in active(0, H, on(at, 2.0), at)] == [([1, 4, 11], 2.0, 2)]
    assert own_rows(0, H, at.layout).tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert own_rows(0, U, at.layout).tolist() == [-1] * 6


@pytest.mark.parametrize(("params", "full"), [({}, 3), (dict(norm="fixed", expected=5), 5)])
def test_sums_are_parts_of_what_is_heard(params: dict, full: int) -> None:
    at = moment(**params)
    at.synapses.last[0][U][[0, 2], 1, 3] = 0
    expected = np.zeros((3, 4))
    expected[1, 3] = 2 / full
    assert np.array_equal(signal(0, U, active(0, U, initial(at.layout), at), at), expected)


def test_a_loud_code_counts_more_and_a_silenced_one_is_not_heard() -> None:
    at = moment()
    at.synapses.last[0][H][1, 1, 2] = 0
    assert signal(0, H, active(0, H, on(at, 2.0), at), at)[1].tolist() == [0, 0, 2 / 2, 0]
    assert signal(0, H, active(0, H, on(at, 0.0), at), at) is None


def test_support_is_the_product_of_powers() -> None:
    u, h = np.array([[0.5, 1.0], [0.2, 0.4]]), np.array([[0.5, 0.25], [1.0, 1.0]])
    p = SparseyParams(2, 2, lambda_u=2, lambda_h=1, lambda_first=3)
    assert (powers(p, False), powers(p, True)) == ((2, 1, 1), (3, 1, 1))
    both = support({U: u, H: h}, powers(p, False), 3)
    assert np.array_equal(both.V, u**2 * h) and both.used == 3
    assert both.G == pytest.approx((0.25 + 0.16) / 2)
    assert np.array_equal(support({U: u, H: h}, powers(p, False), 2).V, h)
