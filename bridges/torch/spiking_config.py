"""Models and values of `SpikingLayer` as JSON values, and back.

>>> from spikegram.neurons import BellecALIF
>>> model_of(fields_of(BellecALIF)) == BellecALIF
True
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from ...neurons.model import NeuronModel
from ...parameters import Parameter

__all__ = ["fields_of", "model_of", "plain"]


def plain(value: Any) -> Any:
    """Arrays and tensors, also in mappings, as lists."""
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, Tensor | np.ndarray):
        return value.tolist()
    return value


def fields_of(model: NeuronModel) -> dict[str, Any]:
    """What `model_of` makes the model of."""
    fields = model._fields()
    fields["parameters"] = {n: [p.value, list(p.dims), p.meaning] for n, p in fields["parameters"].items()}
    return fields


def model_of(given: NeuronModel | Mapping[str, Any]) -> NeuronModel:
    """Accept a model, or what `fields_of` wrote of one."""
    if isinstance(given, NeuronModel):
        return given
    if not isinstance(given, Mapping) or "parameters" not in given:
        raise TypeError(f"SpikingLayer: model: expected a NeuronModel, got {type(given).__name__}")
    parameters = {n: Parameter(v, tuple(d), m) for n, (v, d, m) in given["parameters"].items()}
    return NeuronModel(**{**given, "parameters": parameters})
