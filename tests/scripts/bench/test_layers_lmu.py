"""Works of the Legendre layers and scans: all systems give the same numbers, and times become ratios."""

from __future__ import annotations

import pytest

from spikegram.scripts.bench.layers_lmu import WORKS, agreement, measure

BY_NAME = {w.name: w for w in WORKS}


@pytest.mark.parametrize("name", BY_NAME)
def test_systems_agree(name: str) -> None:
    work = BY_NAME[name]
    systems = work.make(**work.small)
    assert next(iter(systems)) == "spikegram" and len(systems) > 1
    assert work.goals.keys() <= systems.keys()
    assert agreement(systems) < work.tolerance


def test_measure() -> None:
    work = BY_NAME["scan"]
    found = measure(work, repeats=2, **work.small)
    assert found["sizes"] == work.small and found["work"] == "scan"
    assert found["ratios"]["spikegram"] == 1.0
    for name, seconds in found["seconds"].items():
        assert found["ratios"][name] == pytest.approx(seconds / found["seconds"]["spikegram"])
    assert found["differs"] < work.tolerance
