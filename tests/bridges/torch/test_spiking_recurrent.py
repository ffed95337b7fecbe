"""Weights between the cells of a layer; what they do in a layer is tested in `test_spiking.py`."""

from __future__ import annotations

import pytest
import torch

from spikegram.bridges.torch.spiking_recurrent import config_of_weights, make_weights, pairs_of, weight_matrix

KIND = dict(device=None, dtype=torch.float64)


def test_dense_weights_have_variance_one_over_n() -> None:
    torch.manual_seed(0)
    weight, mask = make_weights("dense", 400, "cells", KIND)
    assert mask is None
    assert weight.dtype == torch.float64
    assert weight.var().item() == pytest.approx(1 / 400, rel=0.02)  # 160,000 draws: 0.35 %


def test_given_weights_are_copied() -> None:
    given = torch.eye(3, dtype=torch.float64)
    weight, _ = make_weights(given, 3, "cells", KIND)
    given.zero_()
    assert weight.sum() == 3


def test_a_sparse_pattern_survives_the_config() -> None:
    weight, mask = make_weights(torch.eye(3).to_sparse(), 3, "cells", KIND)
    zero, same = make_weights(config_of_weights(weight, mask), 3, "cells", KIND)
    assert torch.equal(same, torch.eye(3, dtype=torch.bool))
    assert not zero.any()
    assert make_weights(None, 3, "cells", KIND) == (None, None)
    assert config_of_weights(None, None) is None


def test_inhibition_spares_the_cell_itself() -> None:
    found = weight_matrix(None, None, 0.25, 3, torch.zeros((), dtype=torch.float64))
    assert found.tolist() == [[0, -0.25, -0.25], [-0.25, 0, -0.25], [-0.25, -0.25, 0]]


def test_pairs_are_where_weights_or_inhibition_are() -> None:
    weight, mask = make_weights(torch.tensor([[2.0, 0.0], [3.0, 0.0]]).to_sparse(), 2, "cells", KIND)
    assert pairs_of(weight, mask, 0.0, 2).tolist() == [[True, False], [True, False]]
    assert pairs_of(weight, mask, 0.1, 2).tolist() == [[True, True], [True, False]]
    assert pairs_of(None, None, 0.1, 2).tolist() == [[False, True], [True, False]]
    assert pairs_of(weight, None, 0.0, 2).all()
    assert not pairs_of(None, None, 0.0, 2).any()
    assert mask.tolist() == [[True, False], [True, False]]
