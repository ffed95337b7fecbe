"""Works of the Legendre layers and scans: all systems give the same numbers, others are refused."""

from __future__ import annotations

import pytest

from spikegram.scripts.bench.layers_lmu import SIZES, WORKS, agree, make


@pytest.mark.parametrize("name", [n if n == "scan" else pytest.param(n, marks=pytest.mark.slow) for n in SIZES])
def test_systems_agree(name: str) -> None:
    systems = make(name, quick=True)
    assert next(iter(systems)) == "spikegram" and len(systems) > 1
    agree({label: run() for label, run in systems.items()})
    assert name in [work.name for work in WORKS]


def test_other_numbers_are_refused() -> None:
    y, dx = make("scan", quick=True)["spikegram"]()
    agree({"spikegram": (y, dx), "same": (y, dx)})
    with pytest.raises(ValueError, match=r"peer: gradients differ from ours by .* of the largest"):
        agree({"spikegram": (y, dx), "peer": (y, 1.01 * dx)})
    with pytest.raises(ValueError, match=r"peer: outputs differ from ours"):
        agree({"spikegram": (y, dx), "peer": (y + float("nan"), dx)})
