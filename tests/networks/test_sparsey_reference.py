"""Frames of Sparsey in plain NumPy, one mac by hand; the rest is tested through the class and the kernel."""

from __future__ import annotations

import numpy as np

from spikegram.kernels import random
from spikegram.kernels.sparsey_columns import DRAWS
from spikegram.networks.sparsey_layout import H, SparseyLevel, U, make_layout
from spikegram.networks.sparsey_reference import frame
from spikegram.networks.sparsey_state import initial, new_synapses
from spikegram.neurons.sparsey import SparseyParams
from spikegram.plasticity.sparsey import NEVER, SparseyRule

LAYOUT = make_layout((1, 6), [SparseyLevel(SparseyParams(3, 4))])
X = np.array([1, 1, 1, 0, 0, 0], bool)
Y = ~X


def test_the_first_code_is_the_uniform_draw_and_its_synapses_are_set() -> None:
    synapses = new_synapses(LAYOUT)
    state = frame(initial(LAYOUT), synapses, LAYOUT, X, first=True, learn=True, seed=5, step=7, now=0)
    u = random.uniform(5, DRAWS, np.arange(3), 7)
    assert state.codes[0].tolist() == np.floor(4 * u).astype(int).tolist()
    assert state.G[0] == 0 and state.used[0] == 1 and state.gains[0] == 1
    expected = np.full((6, 3, 4), NEVER)
    expected[:3, [0, 1, 2], state.codes[0]] = 0
    assert np.array_equal(synapses.last[0][U], expected)
    assert (synapses.last[0][H] == NEVER).all()


def test_horizontal_synapses_join_successive_codes_but_not_a_module_to_itself() -> None:
    synapses = new_synapses(LAYOUT)
    a = frame(initial(LAYOUT), synapses, LAYOUT, X, first=True, learn=True, seed=1, step=0, now=0)
    b = frame(a, synapses, LAYOUT, Y, first=False, learn=True, seed=1, step=1, now=1)
    expected = np.full((12, 3, 4), NEVER)
    for q in range(3):
        for p in set(range(3)) - {q}:
            expected[4 * p + a.codes[0, p], q, b.codes[0, q]] = 1
    assert np.array_equal(synapses.last[0][H], expected)
    assert b.used[0] == 3
    again = frame(a, synapses, LAYOUT, Y, first=False, learn=False, seed=1, step=2, now=2, hard=True)
    assert again.G[0] == 1 and np.array_equal(again.codes, b.codes)


def test_inputs_outside_the_band_leave_a_mac_silent() -> None:
    layout = make_layout((1, 6), [SparseyLevel(SparseyParams(3, 4, least=2, most=4))])
    for n in range(7):
        state = frame(
            initial(layout), new_synapses(layout), layout, np.arange(6) < n, first=True, learn=True, seed=0, step=0,
            now=0,
        )  # fmt: skip
        assert (state.ages[0] == 1) == (2 <= n <= 4)
        assert (state.codes[0] == -1).all() == np.isnan(state.G[0]) == (not 2 <= n <= 4)


def test_a_code_persists_and_goes_on_learning() -> None:
    layout = make_layout((1, 6), [SparseyLevel(SparseyParams(3, 4, persistence=2))])
    synapses = new_synapses(layout)
    a = frame(initial(layout), synapses, layout, X, first=True, learn=True, seed=1, step=0, now=0)
    b = frame(a, synapses, layout, Y, first=False, learn=True, seed=1, step=1, now=1)
    assert (synapses.last[0][U][3:, [0, 1, 2], a.codes[0]] == 1).all()
    c = frame(b, synapses, layout, Y, first=False, learn=True, seed=1, step=2, now=2)
    assert np.array_equal(a.codes, b.codes) and (a.ages[0], b.ages[0], c.ages[0]) == (1, 2, 1)


def test_saturated_bundles_freeze() -> None:
    rule = SparseyRule(freeze="mac", saturation=0.1)
    layout = make_layout((1, 6), [SparseyLevel(SparseyParams(3, 4), rule=rule, signals="U")])
    synapses = new_synapses(layout)
    frame(initial(layout), synapses, layout, X, first=True, learn=True, seed=1, step=0, now=0)  # 9 of 72
    assert synapses.frozen[0][U].all()
    before = synapses.last[0][U].copy()
    frame(initial(layout), synapses, layout, Y, first=True, learn=True, seed=1, step=1, now=1)
    assert np.array_equal(synapses.last[0][U], before)
