"""Sparsey: the time of an item beside that of NumPy, and whether it depends on how many are stored.

Two macs: ``small``, 144 inputs of which 20 are on, Q = 24, K = 8, lambda_U = 4; ``large``, 784 of which 128 are on,
Q = 100, K = 20, lambda_U = 10. A call stores or recalls the same block of random items. Ours holds 100,000 items
before; it must not take more than a quarter longer than a memory that holds 10 (when storing, 10 and the block).

Two peers, with 10 items: ``reference``, the package's own readable form, which must give the same codes, and
``NumPy, lean``, a program for this one case (set-once synapses, one mac, no other options) as one would write it for
speed, `LeanMac`; it has the same familiarities and draws from NumPy's generator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from ...networks import Sparsey, SparseyLevel
from ...neurons import SparseyParams
from ...neurons.sparsey import win_weights
from .works import Work

__all__ = ["MACS", "WORKS", "LeanMac", "items"]

MACS = {"small": (144, 20, SparseyParams(24, 8, lambda_u=4)), "large": (784, 128, SparseyParams(100, 20, lambda_u=10))}
FEW, MANY, BLOCK, SEED = 10, 100_000, 200, 0
FASTER = {"reference": 50.0, "spikegram, 10 stored": 0.8}  # 0.8: at most a quarter longer


def items(rng: np.random.Generator, number: int, inputs: int, on: int) -> np.ndarray:
    """Random patterns bool [P, N] with ``on`` inputs each."""
    x = np.zeros((number, inputs), bool)
    np.put_along_axis(x, rng.random((number, inputs)).argpartition(on, axis=1)[:, :on], True, axis=1)
    return x


class LeanMac:
    """One mac with set-once synapses in NumPy.

    Parameters
    ----------
    inputs : int
    params : SparseyParams
    seed : int
    """

    def __init__(self, inputs: int, params: SparseyParams, seed: int = 0) -> None:
        self.params, self.rng = params, np.random.default_rng(seed)
        self.set = np.zeros((inputs, params.modules, params.cells), np.uint8)
        self._modules = np.arange(params.modules)

    def support(self, item: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """Active inputs, V [Q, K] and G of an item [N]."""
        on = np.flatnonzero(item)
        V = (self.set[on].sum(0, dtype=np.int64) / len(on)) ** self.params.lambda_u
        return on, V, float(V.max(-1).mean())

    def store(self, patterns: np.ndarray) -> None:
        """Draw a code for each pattern [P, N] and set its synapses."""
        for item in patterns:
            on, V, G = self.support(item)
            total = win_weights(V, G, self.params).cumsum(-1)
            goal = self.rng.random(len(total)) * total[:, -1]
            code = np.minimum((total <= goal[:, None]).sum(-1), self.params.cells - 1)
            self.set[on[:, None], self._modules, code] = 1

    def recall(self, cues: np.ndarray) -> np.ndarray:
        """Most likely codes [B, Q]; of equals the first."""
        return np.array([self.support(cue)[1].argmax(-1) for cue in cues])


def make(mac: str, stores: bool, threads: int = 1, quick: bool = False) -> Mapping[str, Callable[[], Any]]:
    """Give functions that store or recall a block of items and give its codes [P, Q]."""
    inputs, on, params = MACS[mac]
    rng, level = np.random.default_rng(SEED), SparseyLevel(params, signals="U")
    asked = items(rng, BLOCK // 10 if quick else BLOCK, inputs, on)
    known = [items(rng, n, inputs, on) for n in (FEW, 1000 if quick else MANY)]

    def sparsey(stored: np.ndarray, backend: str = "numba") -> Callable[[], np.ndarray]:
        memory = Sparsey(inputs, level, SEED, backend=backend)
        memory.store(stored)
        take = memory.learn if stores else memory.recognise
        return lambda: take(asked, separate=True).codes[:, 0]

    lean = LeanMac(inputs, params, SEED)
    lean.store(known[0])
    go = lean.store if stores else lean.recall
    return {
        "spikegram": sparsey(known[1]), "spikegram, 10 stored": sparsey(known[0]),
        "reference": sparsey(known[0], "reference"), "NumPy, lean": partial(go, asked),
    }  # fmt: skip


def agree(answers: Mapping[str, Any]) -> None:
    """Hold our codes against the reference's; ValueError where they differ."""
    differ = int((answers["spikegram, 10 stored"] != answers["reference"]).any(-1).sum())
    if differ:
        raise ValueError(f"reference: {differ} codes differ")


WORKS = [
    Work(
        f"sparsey-{what}-{mac}",
        f"Sparsey, Q = {params.modules}, K = {params.cells}: {what} {BLOCK} items, {MANY:,} others are stored",
        partial(make, mac, what == "store"), agree, FASTER, (1,),
    )
    for mac, (_, _, params) in MACS.items()
    for what in ("store", "recall")
]  # fmt: skip
