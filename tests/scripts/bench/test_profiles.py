"""cuba4k in pieces and under recording: the same cells and wiring rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spikegram.scripts.bench.catalogue import find
from spikegram.scripts.bench.profiles import _cut, many_populations, recording
from spikegram.scripts.bench.task import Task


def test_cut(seed: int) -> None:
    network = replace(find("many_populations"), exc=200, inh=50)
    built = _cut(network, seed, "float64", True)
    assert [p.size for p in built.groups["E"]] == [40] * 5 and [p.size for p in built.groups["I"]] == [40, 10]
    assert len(built.net.projections) == 49
    assert sum(q.size for q in built.net.projections.values()) == pytest.approx(250 * 250 * 0.02, rel=0.15)
    assert {q.target for q in built.net.projections.values() if q.pre.name.startswith("I")} == {"g_i"}
    assert not _cut(network, seed, "float64", False).net.projections


@pytest.mark.slow
def test_both_show_the_dynamics_of_cuba() -> None:
    for name, run in (("many_populations", many_populations), ("recording", recording)):
        outcome = run(Task(name, "spikegram", 0.3))
        assert sum(len(t) for t, _ in outcome.spikes.values()) == pytest.approx(4000 * 0.3 * 5.6, rel=0.25)
