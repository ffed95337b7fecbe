"""Brian 2 as a peer: a compiled run of each kind of synapse, in range."""

from __future__ import annotations

import pytest

from spikegram.scripts.bench.runner import execute
from spikegram.scripts.bench.systems import SYSTEMS, missing
from spikegram.scripts.bench.task import Task

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(missing(SYSTEMS["brian2"]) is not None, reason=str(missing(SYSTEMS["brian2"]))),
]


@pytest.mark.parametrize("name", ["cuba4k", "coba4k", "brunel_stdp"])
def test_standalone_is_in_range(name: str) -> None:
    found = execute(Task(name, "brian2", 1.0))
    assert "error" not in found, found
    assert found["misses"] == []
    assert 0 < found["sim_s"] < found["ready_s"] and found["compile_s"] > 1
    assert 10 < found["bytes_per_synapse"] < 300


def test_runtime_is_in_range() -> None:
    found = execute(Task("cuba4k", "brian2-runtime", 1.0))
    assert "error" not in found, found
    assert found["misses"] == [] and found["synapses"] == pytest.approx(320_000, rel=0.01)
