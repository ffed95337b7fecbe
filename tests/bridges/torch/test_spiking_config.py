"""Models as JSON values."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from spikegram.bridges.torch.spiking_config import fields_of, model_of, plain
from spikegram.neurons import LIF, AdEx


@pytest.mark.parametrize("model", [LIF(tau_m=7), AdEx], ids=["LIF", "AdEx"])
def test_models_come_back_from_json(model) -> None:
    assert model_of(json.loads(json.dumps(fields_of(model)))) == model
    assert model_of(model) is model


def test_arrays_become_lists() -> None:
    assert plain({"a": np.arange(2), "b": {"c": torch.ones(1)}, "d": "2*mV"}) == {
        "a": [0, 1],
        "b": {"c": [1.0]},
        "d": "2*mV",
    }


def test_other_things_are_no_models() -> None:
    with pytest.raises(TypeError, match="expected a NeuronModel, got dict"):
        model_of({"name": "LIF"})
