"""Synapses of a connector between whole populations."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikegram.networks.connectors import Connector


def draw(
    rule: Connector, n_pre: int, n_post: int, seed: int = 0, *, same: bool = False, positions: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rule.pairs(np.arange(n_pre), np.arange(n_post), same, rng, positions)
