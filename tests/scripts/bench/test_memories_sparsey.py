"""Timing of Sparsey: the lean peer is the same model, its works agree with the reference."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import Sparsey, SparseyLevel
from spikegram.neurons import SparseyParams
from spikegram.scripts.bench.memories_sparsey import WORKS, LeanMac, agree, items
from spikegram.scripts.bench.works import Work, measure


def test_the_lean_peer_has_the_same_familiarities(seed: int) -> None:
    """With the synapses of our memory, V and G of the peer are ours."""
    rng, params = np.random.default_rng(seed), SparseyParams(6, 5, lambda_u=2)
    known, asked = items(rng, 8, 40, 10), items(rng, 30, 40, 10)
    memory, lean = Sparsey(40, SparseyLevel(params, signals="U"), seed), LeanMac(40, params)
    memory.store(known)
    lean.set[:] = memory.weights(0) > 0
    record = memory.recognise(asked, separate=True)
    assert [lean.support(x)[2] for x in asked] == pytest.approx(record.G[:, 0].tolist(), rel=1e-12)
    lean.store(asked[:1])
    assert lean.support(asked[0])[2] == 1
    assert lean.recall(asked[:1]).shape == (1, 6)


def test_random_items(seed: int) -> None:
    x = items(np.random.default_rng(seed), 50, 30, 7)
    assert (x.sum(1) == 7).all() and len(np.unique(x, axis=0)) == 50


FIRST, *OTHERS = WORKS


@pytest.mark.parametrize(
    "work", [FIRST, *(pytest.param(work, marks=pytest.mark.slow) for work in OTHERS)], ids=lambda work: work.name
)
def test_works_agree(work: Work) -> None:
    found = measure(work, repeats=1, quick=True)
    assert not found["complaint"] and set(found["goals"]) < set(found["ratios"])


def test_other_codes_are_found() -> None:
    codes = np.zeros((3, 2), int)
    with pytest.raises(ValueError, match="reference: 1 codes differ"):
        agree({"spikegram, 10 stored": codes, "reference": codes + [[0], [0], [1]]})
