"""The contenders of the benchmark of synapses do the same."""

from __future__ import annotations

import pytest
import torch

from spikegram.scripts.bench.layers_synapses import agree, make


def test_contenders_agree() -> None:
    answers = {label: run() for label, run in make(quick=True).items()}
    assert answers["spikegram"][0].max() > 0.1
    assert answers["spikegram"][2].abs().min() > 0
    agree(answers)


def test_a_difference_is_told() -> None:
    one = torch.ones(3)
    with pytest.raises(ValueError, match="some loop: gradient of x differs by 5.0e-01"):
        agree({"spikegram": (one, one, one), "some loop": (one, 2 * one, one)})
