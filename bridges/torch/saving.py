"""Layers as files: the weights and the arguments that rebuild the layer, readable without unpickling code."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import torch

from .sequence import SequenceLayer

__all__ = ["load", "save"]


def save(path: str | Path, layer: SequenceLayer) -> None:
    """Write a layer's arguments (as JSON) and weights. States are not part of it."""
    kind = type(layer)
    torch.save(
        {
            "class": f"{kind.__module__}.{kind.__qualname__}",
            "config": json.dumps(layer.config()),
            "state_dict": layer.state_dict(),
        },
        path,
    )


def load(path: str | Path) -> SequenceLayer:
    """Rebuild a layer that `save` wrote.

    Only layers of this package are built: a file cannot name other code.
    """
    content = torch.load(path, weights_only=True)
    if not isinstance(content, dict) or set(content) != {"class", "config", "state_dict"}:
        raise ValueError(f"{path}: expected a file written by spikegram.bridges.torch.save")
    module, _, name = content["class"].rpartition(".")
    if not module.startswith("spikegram.bridges.torch."):
        raise ValueError(f"{path}: expected a layer of spikegram.bridges.torch, got {content['class']}")
    public = importlib.import_module("spikegram.bridges.torch")  # first: layers move between modules
    kind = getattr(public, name, None) or getattr(importlib.import_module(module), name)
    layer = kind(**json.loads(content["config"]))
    layer.load_state_dict(content["state_dict"])
    return layer
