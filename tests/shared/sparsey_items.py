"""Setup A of the published numbers: 144 inputs, 20 of them on, Q = 24, K = 8, synapses that are set once."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikegram.networks import Sparsey, SparseyLevel
from spikegram.neurons import SparseyParams
from spikegram.plasticity import SparseyRule

N, ON, Q, K = 144, 20, 24, 8


def setup_a(seed: int, signals: str = "U", rule: SparseyRule | None = None, **params: Any) -> Sparsey:
    mac = SparseyParams(Q, K, **params)
    return Sparsey(N, SparseyLevel(mac, signals=signals, rule=rule or SparseyRule()), seed=seed)


def items(rng: np.random.Generator, number: int) -> np.ndarray:
    x = np.zeros((number, N), bool)
    for row in x:
        row[rng.choice(N, ON, replace=False)] = True
    return x


def two_sequences(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    frames = items(rng, 9)
    return frames[:5], frames[[5, 6, 2, 7, 8]]
