"""Timing of Sparsey: the lean peer is the same model, the result has what it should."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import Sparsey, SparseyLevel
from spikegram.neurons import SparseyParams
from spikegram.scripts.bench.memories_sparsey import LeanMac, items, measure


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


def test_measured_rows() -> None:
    lines: list[str] = []
    found = measure(sizes=(100, 10), macs=("small",), block=20, repeats=1, say=lines.append)["small"]
    assert [row["stored"] for row in found["rows"]] == [10, 100] and found["rows"][0]["set"] < found["rows"][1]["set"]
    assert all(row["store_us"] > 0 and row["recall_us"] > 0 for row in found["rows"])
    assert set(found["peers_us"]) == {"reference", "numpy"} and isinstance(found["ok"], bool)
    assert len(lines) == 1 and "times lean NumPy" in lines[0]


def test_wrong_calls() -> None:
    with pytest.raises(ValueError, match="sizes: expected numbers of items >= 1"):
        measure(sizes=())
    with pytest.raises(ValueError, match="macs: expected some of small, large, got 'huge'"):
        measure(macs=("huge",))
