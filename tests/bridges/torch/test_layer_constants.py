"""Constants of a generated layer as tensors: what is fixed, and what follows from learned parameters."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spikegram.bridges.torch.layer_constants import LayerConstants, constants_of

REFERENCE = SimpleNamespace(constants=lambda p, dt: {"decay": np.exp(-dt / p["tau"]), "w": p["w"]})
MODULE = SimpleNamespace(
    CONSTANTS=("decay", "dt", "w"), VECTORS=("w",), LEARNED=("decay",),
    constants=lambda p, dt, like, scales: {"decay": torch.exp(-dt / p["tau"])},
)  # fmt: skip
VALUES = {"tau": 0.01, "w": np.array([1.0, 2.0])}


def made() -> LayerConstants:
    found = constants_of(REFERENCE, MODULE, VALUES, 1.0, {}, "layer")
    return LayerConstants(MODULE, VALUES, found, {"v": np.array([3.0, 4.0])}, 2, 1.0)


def test_the_order_is_that_of_the_module() -> None:
    scalars, vectors = made().tensors(MODULE, {}, torch.zeros((), dtype=torch.float64))
    assert scalars.tolist() == pytest.approx([np.exp(-0.1), 1e-3])
    assert vectors.tolist() == [[1.0, 2.0]]
    assert made().start(("v",), torch.zeros(())).tolist() == [[[3.0, 4.0]]]


def test_what_a_transform_makes_is_not_kept() -> None:
    constants, like = made(), torch.zeros((), dtype=torch.float64)
    torch.func.grad(lambda x: x * constants.fixed(x)[0].sum())(like)
    assert not constants._cache
    kept = constants.fixed(like)
    assert torch.func.grad(lambda x: x * constants.fixed(x)[0][1])(like).item() == 1e-3
    assert constants.fixed(like)[0] is kept[0] and (kept[0].array == kept[0].numpy()).all()


def test_learned_ones_have_a_gradient() -> None:
    tau = torch.tensor(0.02, dtype=torch.float64, requires_grad=True)
    scalars, _ = made().tensors(MODULE, {"tau": tau}, torch.zeros((), dtype=torch.float64))
    assert scalars[0].item() == pytest.approx(np.exp(-0.05))
    scalars.sum().backward()
    assert tau.grad.item() == pytest.approx(np.exp(-0.05) * 1e-3 / 0.02**2)


def test_constants_are_finite() -> None:
    with pytest.raises(ValueError, match=r"layer: a constant of the update \(decay\) is not finite"):
        constants_of(REFERENCE, MODULE, {**VALUES, "tau": 0.0, "w": np.nan}, 1.0, {"decay": np.inf}, "layer")
