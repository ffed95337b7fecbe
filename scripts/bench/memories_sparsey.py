"""Sparsey: does the time of an item depend on how many are stored, and how does it compare with NumPy.

Two macs: ``small``, 144 inputs of which 20 are on, Q = 24, K = 8, lambda_U = 4; ``large``, 784 of which 128 are on,
Q = 100, K = 20, lambda_U = 10. Memories with 10 ... 100,000 random items each store and recall the same block of items;
they take turns, and the least processor time of a block counts, so that what else the machine does falls out.

Two peers: ``reference``, the package's own readable form, and ``numpy``, a lean program for this one case (set-once
synapses, one mac, no other options) as one would write it for speed, `LeanMac`; it has the same familiarities and draws
from NumPy's generator.

>>> found = measure(sizes=(10, 100), macs=("small",), block=20, repeats=1)
>>> [row["stored"] for row in found["small"]["rows"]]
[10, 100]
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...networks import Sparsey, SparseyLevel
from ...neurons import SparseyParams
from ...neurons.sparsey import win_weights

__all__ = ["MACS", "LeanMac", "items", "measure"]

MACS = {"small": (144, 20, SparseyParams(24, 8, lambda_u=4)), "large": (784, 128, SparseyParams(100, 20, lambda_u=10))}
SIZES = (10, 1000, 100_000)
WITHIN = 0.25  # by how much times may differ between loads
FASTER = 50.0  # than the reference


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


def measure(
    sizes: Sequence[int] = SIZES, macs: Sequence[str] = tuple(MACS), block: int = 500, repeats: int = 15, seed: int = 0,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:  # fmt: skip
    """Time stores and recalls.

    Parameters
    ----------
    sizes : sequence of int
        How many items are stored before.
    macs : sequence of str
        Out of `MACS`.
    block : int
        Items that are stored or recalled in one go.
    repeats : int
        Of which the quickest counts.
    seed : int
    say : function
        Gets a line about each mac.

    Returns
    -------
    dict
        Mac -> ``rows`` (``stored``, ``store_us``, ``recall_us`` per item, part of the synapses ``set``),
        ``spread`` of store and recall: largest over smallest time, minus 1; ``times_reference`` and ``times_numpy``:
        how often our slowest row goes into a peer's time with the first of the sizes stored; ``ok``.

    Raises
    ------
    ValueError
        An unknown mac, or no size.
    """
    if not sizes or min(sizes) < 1:
        raise ValueError(f"sizes: expected numbers of items >= 1, got {list(sizes)}")
    if strange := [name for name in macs if name not in MACS]:
        raise ValueError(f"macs: expected some of {', '.join(MACS)}, got {strange[0]!r}")
    return {name: _measure(name, sorted(sizes), block, repeats, seed, say) for name in macs}


def _measure(name: str, sizes: list[int], block: int, repeats: int, seed: int, say: Callable[[str], None]) -> Any:
    inputs, on, params = MACS[name]
    rng, level = np.random.default_rng(seed), SparseyLevel(params, signals="U")
    asked = items(rng, block, inputs, on)
    growing, memories = Sparsey(inputs, level, seed), []
    for size in sizes:
        while growing.frames_learned < size:
            growing.store(items(rng, min(1000, size - growing.frames_learned), inputs, on))
        memories.append(copy.deepcopy(growing))
    times: dict[str, list[list[float]]] = {"store": [[] for _ in sizes], "recall": [[] for _ in sizes]}
    for _ in range(repeats):
        for k, memory in enumerate(memories):
            times["recall"][k].append(_took(lambda m=memory: m.recognise(asked, separate=True)) / block)
            fresh = copy.deepcopy(memory)
            times["store"][k].append(_took(lambda m=fresh: m.store(asked)) / block)
    least = {what: [1e6 * min(ones) for ones in rows] for what, rows in times.items()}
    rows = [
        dict(stored=size, store_us=s, recall_us=r, set=float(memory.saturation()[0]))
        for size, s, r, memory in zip(sizes, least["store"], least["recall"], memories, strict=True)
    ]
    spread = {what: max(ones) / min(ones) - 1 for what, ones in least.items()}
    few, first = asked[: min(block, 20)], min(sizes[0], 100)
    slow, lean = Sparsey(inputs, level, seed, backend="reference"), LeanMac(inputs, params, seed)
    known = items(np.random.default_rng([seed, 1]), first, inputs, on)
    slow.store(known)
    lean.store(known)
    peers: dict[str, dict[str, float]] = {}
    for peer, run in (
        ("reference", dict(recall=lambda: slow.recognise(few, separate=True), store=lambda: slow.store(few))),
        ("numpy", dict(recall=lambda: lean.recall(few), store=lambda: lean.store(few))),
    ):
        peers[peer] = {
            what: 1e6 * min(_took(go) for _ in range(min(3, repeats))) / len(few) for what, go in run.items()
        }
    found: dict[str, Any] = dict(rows=rows, spread=spread, peers_us=peers)
    for peer, us in peers.items():
        found[f"times_{peer}"] = {what: us[what] / max(least[what]) for what in us}
    found["ok"] = max(spread.values()) <= WITHIN and min(found["times_reference"].values()) >= FASTER
    times_reference, times_numpy = (found[f"times_{p}"] for p in ("reference", "numpy"))
    say(
        f"sparsey {name}: store {min(least['store']):.1f} ... {max(least['store']):.1f} us, recall "
        f"{min(least['recall']):.1f} ... {max(least['recall']):.1f} us with {sizes[0]:,} ... {sizes[-1]:,} stored; "
        f"{times_reference['store']:.0f} and {times_reference['recall']:.0f} times the reference, "
        f"{times_numpy['store']:.0f} and {times_numpy['recall']:.0f} times lean NumPy"
    )
    return found


def _took(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
