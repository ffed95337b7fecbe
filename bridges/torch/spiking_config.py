"""Models and values of generated layers as JSON values, and back.

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
from ...plasticity.model import SynapseModel

__all__ = ["fields_of", "model_of", "plain"]


def plain(value: Any) -> Any:
    """Arrays and tensors, also in mappings, as lists."""
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, Tensor | np.ndarray):
        return value.tolist()
    return value


def fields_of(model: NeuronModel | SynapseModel) -> dict[str, Any]:
    """What `model_of` makes the model of."""
    fields = model._fields()
    fields["parameters"] = {n: [p.value, list(p.dims), p.meaning] for n, p in fields["parameters"].items()}
    return fields


def model_of(given: Any, kind: type[Any] = NeuronModel, owner: str = "SpikingLayer") -> Any:
    """Accept a model of this kind, or what `fields_of` wrote of one."""
    if isinstance(given, kind):
        return given
    if not isinstance(given, Mapping) or "parameters" not in given:
        raise TypeError(f"{owner}: model: expected a {kind.__name__}, got {type(given).__name__}")
    fields = {**given, "parameters": {n: Parameter(v, tuple(d), m) for n, (v, d, m) in given["parameters"].items()}}
    if "bounds" in fields:  # JSON has lists in place of tuples
        fields["bounds"] = {n: tuple(limits) for n, limits in fields["bounds"].items()}
    return kind(**fields)
