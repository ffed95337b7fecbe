"""Compiled frames of Sparsey equal the reference in every winner, familiarity and synapse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikegram.kernels.sparsey import run
from spikegram.networks.sparsey_layout import SparseyLayout, SparseyLevel, make_layout
from spikegram.networks.sparsey_reference import DRAWS, RECALLS, SparseyBackoff, frame, initial, new_synapses
from spikegram.networks.sparsey_tables import make_codes, make_tables, make_work, new_memory, unpack
from spikegram.neurons.sparsey import SparseyParams
from spikegram.plasticity.sparsey import NEVER, SparseyRule

T = 30
QUICK = ((5, 8, 12), (10, 16, 24))


def one(**params: Any) -> list[SparseyLevel]:
    """One mac whose cells do not fill whole words, with more active inputs than eight."""
    return [SparseyLevel(SparseyParams(11, 7, **params), signals="U")]


def two(rule: SparseyRule | None = None, **params: Any) -> list[SparseyLevel]:
    rule = rule or SparseyRule()
    lower = SparseyParams(5, 4, lambda_u=2, **params)
    upper = SparseyParams(7, 3, persistence=2, lambda_first=2, **params)
    return [
        SparseyLevel(lower, grid=(2, 2), field=(3, 3), neighbours=1, rule=rule),
        SparseyLevel(upper, rule=rule, hard_when_frozen=True),
    ]


CASES = {
    "one": (one(), {}),
    "once": (two(), {}),
    "hard-backoff": (two(), dict(hard=True, backoff=SparseyBackoff((0.99, 0.9, 0.3)))),
    "decay": (two(SparseyRule(decay=True, ages=QUICK)), dict(backoff=SparseyBackoff(allowed=("UH", "H")))),
    "freeze-mac": (two(SparseyRule(freeze="mac", saturation=0.3)), {}),
    "freeze-cell": (two(SparseyRule(freeze="cell", saturation=0.4)), dict(hard=True)),
    "decay-freeze-mac": (two(SparseyRule(decay=True, ages=QUICK, freeze="mac", saturation=0.4)), {}),
    "decay-freeze-cell": (two(SparseyRule(decay=True, ages=((3, 4, 5), (6, 7, 8)), freeze="cell")), {}),
    "alt": (two(sigmoid="alt"), {}),
    "java": (two(sigmoid="java"), {}),
    "2010": (two(sigmoid="2010"), dict(hard=True)),
    "fixed-replay": (two(norm="fixed", expected=4, least=2, most=6, most_hypotheses=1), dict(replay=True)),
}


def inputs(layout: SparseyLayout, seed: int) -> np.ndarray:
    rng, n = np.random.default_rng(seed), layout.inputs[0] * layout.inputs[1]
    known = rng.random((6, n)) < 0.4
    return known[rng.integers(0, 6, T)] ^ (rng.random((T, n)) < 0.03)


@pytest.mark.parametrize("case", CASES)
def test_kernel_equals_reference(case: str, seed: int) -> None:
    levels, options = CASES[case]
    layout = make_layout((5, 5), levels)
    tables, work = make_tables(layout), make_work(layout)
    synapses, memory = new_synapses(layout), new_memory(layout, tables)
    frames, starts = inputs(layout, seed), np.arange(T) % 10 == 0
    for learn in (True, False):
        recall: dict[str, Any] = {} if learn else options
        if recall.get("replay"):
            frames[np.arange(T) % 10 > 4] = False
        state, expected = initial(layout), []
        for t in range(T):
            now = t if learn else T
            state = frame(state, synapses, layout, frames[t], bool(starts[t]), learn, seed, t, now, **recall)
            expected.append(state)
        codes = make_codes(layout, T)
        backoff, allowed = recall.get("backoff"), np.zeros(8, np.uint8)
        if backoff:
            allowed[list(backoff.masks)] = 1
        run(
            np.arange(len(layout.level_of)), 0, T, frames, starts, learn, recall.get("hard", False),
            np.array(backoff.thresholds if backoff else (0.0, 0.0, 0.0)), allowed, recall.get("replay", False),
            np.uint64(seed), np.uint64(DRAWS if learn else RECALLS), 0, 0 if learn else T, tables, memory, codes, *work,
        )  # fmt: skip
        for name, came in codes.rows(slice(1, None))._asdict().items():
            assert np.array_equal(came, np.stack([getattr(s, name) for s in expected]), equal_nan=name == "G"), name
    again = unpack(layout, tables, memory, T)
    for m in range(len(layout.level_of)):
        for x in range(3):
            last, other = synapses.last[m][x], again.last[m][x]
            if not layout.level(m).rule.decay:
                last, other = last != NEVER, other != NEVER
            assert np.array_equal(last, other)
            assert np.array_equal(synapses.stiffness[m][x], again.stiffness[m][x])
            assert np.array_equal(synapses.frozen[m][x], again.frozen[m][x])
    assert np.array_equal(again.inflection, synapses.inflection)
