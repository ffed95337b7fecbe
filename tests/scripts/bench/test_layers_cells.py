"""The contenders of the benchmark of cells do the same."""

from __future__ import annotations

import pytest
import torch

from spikegram.scripts.bench.layers_cells import CELLS, agree, make


@pytest.mark.filterwarnings("ignore:Norse is left out")
@pytest.mark.parametrize("cell", [c if c == "lif" else pytest.param(c, marks=pytest.mark.slow) for c in CELLS])
def test_contenders_agree(cell: str) -> None:
    answers = {label: run() for label, run in make(cell, quick=True).items()}
    assert answers["spikegram"][0].mean() > 0.005
    agree(answers)


@pytest.mark.filterwarnings("ignore:Norse is left out")
@pytest.mark.parametrize("peers", ["shipped", "packages"])
def test_packages_alone(peers: str) -> None:
    answers = {label: run() for label, run in make("lif", quick=True, steps=5000, peers=peers).items()}
    assert answers["spikegram"][0].shape == (50, 4, 32)
    agree(answers)


def test_a_difference_is_told() -> None:
    y, g = torch.zeros(4, 2, 3), torch.ones(4, 2, 3)
    y[0] = 1
    with pytest.raises(ValueError, match="some loop: .* gradients differ"):
        agree({"spikegram": (y, g), "some loop": (y, 2 * g)})
    with pytest.raises(ValueError, match="peer: rate"):
        agree({"spikegram": (y, g), "peer": (torch.zeros_like(y), g)})
