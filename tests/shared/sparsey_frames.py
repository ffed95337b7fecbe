"""Frames of Sparsey through the reference and the kernel, which must agree in every winner, familiarity and synapse."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikegram.kernels.sparsey import run
from spikegram.kernels.sparsey_columns import DRAWS, HELD, RECALLS, SKIPPED
from spikegram.networks.sparsey_backoff import WARPS
from spikegram.networks.sparsey_layout import SparseyLayout, SparseyLevel, make_layout
from spikegram.networks.sparsey_reference import frame
from spikegram.networks.sparsey_state import initial, new_synapses
from spikegram.networks.sparsey_tables import make_codes, make_tables, make_work, new_memory, unpack
from spikegram.neurons.sparsey import SparseyParams
from spikegram.plasticity.sparsey import NEVER, SparseyRule

T = 30
# frames held, left out, held after one was left out, and a hold of the first
WARPED = np.array(
    [0, 0, 1, 2, 2, 3, 5, 6, 8, 8, *range(10, 15), 16, 16, 17, 19, 19, 20, 20, 22, 23, 25, 25, 25, 26, 28, 29]
)
QUICK = ((5, 8, 12), (10, 16, 24))  # ages of a rule that forgets within T frames


def two(rule: SparseyRule | None = None, **params: Any) -> list[SparseyLevel]:
    rule = rule or SparseyRule()
    lower = SparseyParams(5, 4, lambda_u=2, **params)
    upper = SparseyParams(7, 3, persistence=2, lambda_first=2, **params)
    return [
        SparseyLevel(lower, grid=(2, 2), field=(3, 3), neighbours=1, rule=rule),
        SparseyLevel(upper, rule=rule, hard_when_frozen=True),
    ]


def warped(rule: SparseyRule | None = None, **params: Any) -> list[SparseyLevel]:
    """Macs that tell frames apart, so that only the step before fits."""
    rule = rule or SparseyRule()
    lower, upper = SparseyParams(8, 9, lambda_h=2, **params), SparseyParams(8, 9, persistence=2, **params)
    return [SparseyLevel(lower, (2, 2), (9, 9), neighbours=1, rule=rule), SparseyLevel(upper, rule=rule)]


def inputs(layout: SparseyLayout, different: bool, seed: int) -> np.ndarray:
    rng, n = np.random.default_rng(seed), layout.inputs[0] * layout.inputs[1]
    if different:
        return rng.random((T, n)) < 0.15
    known = rng.random((6, n)) < 0.4
    return known[rng.integers(0, 6, T)] ^ (rng.random((T, n)) < 0.03)


def compare(levels: list[SparseyLevel], options: dict[str, Any], seed: int, different: bool = False) -> None:
    """Learn and recognise T frames, ``different`` ones or some known ones again and again, in both forms.

    ``options`` are of recognition: those of `networks.sparsey_reference.frame`.
    """
    layout = make_layout((16, 16) if different else (5, 5), levels)
    tables, work = make_tables(layout), make_work(layout)
    synapses, memory = new_synapses(layout), new_memory(layout, tables)
    frames, starts = inputs(layout, different, seed), np.arange(T) % 10 == 0
    for learn in (True, False):
        recall: dict[str, Any] = {} if learn else options
        if recall.get("replay"):
            frames[np.arange(T) % 10 > 4] = False
        if (backoff := recall.get("backoff")) and backoff.warps:  # a sequence that was learned, slower and faster
            frames = frames[WARPED]
        state, expected, past = initial(layout), [], []
        for t in range(T):
            now = t if learn else T
            after = frame(
                state, synapses, layout, frames[t], bool(starts[t]), learn, seed, t, now, **recall, past=past
            )  # fmt: skip
            past = [initial(layout)] if starts[t] else [*past, state]
            expected.append(state := after)
        codes = make_codes(layout, T)
        allowed = np.zeros(8, np.uint8)
        if backoff:
            allowed[list(backoff.masks)] = 1
        run(
            np.arange(len(layout.level_of)), 0, T, frames, starts, learn, recall.get("hard", False),
            np.array(backoff.thresholds if backoff else (0.0, 0.0, 0.0)), allowed,
            sum(1 << WARPS.index(word) for word in backoff.warps) if backoff else 0, recall.get("replay", False),
            np.uint64(seed), np.uint64(DRAWS if learn else RECALLS), 0, 0 if learn else T, tables, memory, codes, *work,
        )  # fmt: skip
        for name, came in codes.rows(slice(1, None))._asdict().items():
            assert np.array_equal(came, np.stack([getattr(s, name) for s in expected]), equal_nan=name == "G"), name
        if backoff and backoff.warps:
            assert (codes.used & HELD > 0).sum() > 3 and (codes.used & SKIPPED > 0).sum() > 3
            assert (codes.used & (HELD | SKIPPED) == HELD | SKIPPED).any()
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
