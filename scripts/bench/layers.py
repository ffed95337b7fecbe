"""``spikegram bench layers``: PyTorch layers forward and backward, beside loops and other packages, in one process.

Contenders take turns, so that a slow minute of the machine meets all; the median of each is compared with ours.
"""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from .layers_cells import CELLS
from .layers_cells import agree as agree_cells
from .layers_cells import make as make_cells
from .layers_lmu import SIZES
from .layers_lmu import agree as agree_lmu
from .layers_lmu import make as make_lmu

__all__ = ["WORKS", "Work", "measure", "run_layers"]


class Work(NamedTuple):
    """What is timed: functions to compare, and the check that they do the same."""

    make: Callable[..., Mapping[str, Callable[[], Any]]]
    agree: Callable[[Mapping[str, Any]], None]


#: name -> work; a family of layers adds its own here
WORKS: dict[str, Work] = {name: Work(partial(make_cells, name), agree_cells) for name in CELLS}
WORKS.update({name: Work(partial(make_lmu, name), agree_lmu) for name in SIZES})


def measure(contenders: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """Time each in turn; seconds of every repeat."""
    found: dict[str, list[float]] = {label: [] for label in contenders}
    for _ in range(repeats):
        for label, run in contenders.items():
            start = time.perf_counter()
            run()
            found[label].append(time.perf_counter() - start)
    return found


def run_layers(
    names: Sequence[str], folder: Path, repeats: int = 3, threads: int = 1, quick: bool = False,
    tell: Callable[[str], None] = print,
) -> dict[str, Any]:  # fmt: skip
    """Time the works of these names (all, if none is given) and write ``layers.json``.

    Raises
    ------
    ValueError
        An unknown name; contenders whose results differ.
    """
    import torch

    for name in names:
        if name not in WORKS:
            raise ValueError(f"bench layers: expected names among {', '.join(WORKS)}, got {name!r}")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    result: dict[str, Any] = {
        "machine": platform.processor() or platform.machine(), "torch": torch.__version__, "threads": threads,
        "repeats": repeats, "quick": quick, "works": {},
    }  # fmt: skip
    try:
        for name in names or WORKS:
            contenders = WORKS[name].make(quick=quick)
            WORKS[name].agree({label: run() for label, run in contenders.items()})  # which also compiles
            seconds = measure(contenders, repeats)
            ours = statistics.median(seconds["spikegram"])
            for label, values in seconds.items():
                middle = statistics.median(values)
                tell(f"{name:<14} {label:<22} {1e3 * middle:9.1f} ms   {middle / ours:6.1f} x ours")
            result["works"][name] = seconds
    finally:
        torch.set_num_threads(before)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "layers.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result
