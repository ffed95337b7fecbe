"""What generated layers share: learned parameters in edge units, constants by name, choice of the form."""

from __future__ import annotations

import pickle

import pytest
import torch

from spikegram.bridges.torch import SynapseLayer
from spikegram.plasticity import SynapseModel, TsodyksMarkram


@pytest.fixture(scope="module")
def layer() -> SynapseLayer:
    return SynapseLayer(TsodyksMarkram, (2, 3), learn=("tau_d", "U"), parameters=dict(U=[[0.2] * 3, [0.5] * 3]))


def test_parameters_in_edge_units(layer: SynapseLayer) -> None:
    assert layer.parameter("tau_d").item() == pytest.approx(200, rel=1e-5)
    assert layer.parameter("U").shape == layer.features == layer.out_shape
    assert sorted(dict(layer.named_parameters())) == ["raw_U", "raw_tau_d"]
    with pytest.raises(ValueError, match="'tau_f' is not learned; expected one of tau_d, U"):
        layer.parameter("tau_f")


def test_constants_by_name(layer: SynapseLayer) -> None:
    names = layer._named(layer._constants(torch.zeros(1, dtype=torch.float64)))
    torch.testing.assert_close(names["U"], layer.parameter("U").double())
    assert {t.shape for n, t in names.items() if n not in layer._torch.VECTORS} == {torch.Size([])}


def test_modules_are_found_again(layer: SynapseLayer) -> None:
    other = pickle.loads(pickle.dumps(layer))
    assert other._torch is layer._torch
    assert other.State is layer.State
    assert other._options == layer._options


def test_features_of_two_axes_are_those_of_one() -> None:
    x = torch.rand(5, 4, 6, generator=torch.Generator().manual_seed(0))
    y, state = SynapseLayer(TsodyksMarkram, 6)(x)
    wide = SynapseLayer(TsodyksMarkram, (2, 3))
    for start in (None, wide.init_state(4)):
        y2, state2 = wide(x.unflatten(-1, (2, 3)), start)
        assert torch.equal(y2.flatten(2), y)
        assert all(torch.equal(a.flatten(1), b) for a, b in zip(state2, state, strict=True))


def test_what_has_no_gradient_is_refused() -> None:
    idle = SynapseModel("w : weight", on_pre="target_post += w", parameters=dict(k=1.0), name="idle")
    with pytest.raises(ValueError, match="learn: 'k' has no gradient .unused"):
        SynapseLayer(idle, 2, learn=("k",))
