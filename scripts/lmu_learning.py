"""Legendre Memory Units learn to read digits pixel by pixel, and to add two marked numbers.

A. Voelker, I. Kajic, C. Eliasmith 2019, NeurIPS (the whole cell); N. Chilkuri, C. Eliasmith 2021, ICML (the form
without recurrence); tasks: `spikegram.tasks`.

What to see: of the digits of scikit-learn, read in 64 steps of one pixel, both forms tell more than nine tenths of
those they have not seen, after some hundred batches; the whole cell needs fewer batches and comes further. In the
adding problem the answer needs a product of number and mark before the memory: the rectified encoder of the form
without recurrence finds it, so that the error falls far below that of the best answer that does not look (1/6).

Files: curves of learning as one PNG; result.json. Under a minute on one core.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..experiment import Report
from ..tasks import Task, make_task
from ._training import Curve, Panel, draw_curves, learn

if TYPE_CHECKING:
    from pathlib import Path

    from spikegram.bridges.torch import LMU, Chain

__all__ = ["adder", "check", "draw", "parallel", "run", "whole_cell"]

ADDING = 50  # steps


def run(report: Report, batches: int = 800, seed: int = 0) -> None:
    """Train both forms on the digits and the form without recurrence on the adding problem.

    Parameters
    ----------
    report : Report
    batches : int
        Of 64 samples, for each training; at least 100.
    seed : int
        Of data and first weights.
    """
    if batches < 100:
        raise ValueError(f"batches: expected at least 100, got {batches}")
    digits, sums = make_task("sequential_digits", by="pixel", seed=seed), make_task("adding", T=ADDING, seed=seed)
    curves = {
        "whole cell": learn(report, "digits, whole cell", digits, whole_cell, batches, 5e-3, seed)[0],
        "without recurrence": learn(report, "digits, without recurrence", digits, parallel, batches, 5e-3, seed)[0],
        "adding": learn(report, "adding", sums, adder, batches, 1e-2, seed)[0],
    }
    check(report, curves)
    report.numbers.update({name: curve._asdict() for name, curve in curves.items()})
    draw(report.file("learning.png", "scores on unseen samples while learning"), curves)


def whole_cell(task: Task) -> Chain:
    """Every coupling of the cell of 2019."""
    from ..bridges.torch import LMU

    return _read(LMU(task.inputs, 64, 32, float(task.T)), task)


def parallel(task: Task) -> Chain:
    """A linear memory of the input, read by one layer."""
    from ..bridges.torch import LMU

    few: dict[str, Any] = dict(couplings=("W_x",), activation="relu", bias=True, method="bilinear")
    return _read(LMU(task.inputs, 64, 32, float(task.T), **few), task)


def adder(task: Task) -> Chain:
    """Eight memories behind rectified encoders.

    One step of ``theta`` moves a memory by about 1/theta of its input, so W_m begins larger by theta/5.
    """
    import torch

    from ..bridges.torch import LMU

    few: dict[str, Any] = dict(couplings=("W_x",), encoder="relu", activation="relu", bias=True, method="bilinear")
    layer = LMU(task.inputs, 32, 6, float(task.T), memories=8, **few)
    with torch.no_grad():
        layer.W_m.mul_(task.T / 5)
    return _read(layer, task)


def _read(layer: LMU, task: Task) -> Chain:
    """The layer with a linear readout."""
    from torch import nn

    from ..bridges.torch import Chain

    return Chain(layer, nn.Linear(layer.hidden, task.outputs))


def check(report: Report, curves: dict[str, Curve]) -> None:
    """Hold the last scores against what is claimed."""
    whole, other, sums = curves["whole cell"], curves["without recurrence"], curves["adding"]
    report.check("digits: share right, whole cell", ">= 0.95", whole.scores[-1], ok=whole.scores[-1] >= 0.95)
    report.check("digits: share right, no recurrence", ">= 0.9", other.scores[-1], ok=other.scores[-1] >= 0.9)
    report.check("digits: before learning, about", "0.1", whole.scores[0], ok=whole.scores[0] < 0.25)
    first = {name: _first(c, 0.9) for name, c in curves.items() if name != "adding"}
    report.check(
        "batches to 0.9: whole cell <= other", f"<= {first['without recurrence']}", first["whole cell"],
        ok=first["whole cell"] <= first["without recurrence"],
    )  # fmt: skip
    report.check("adding: mean squared error", "< 0.02 (blind: 0.1667)", sums.scores[-1], ok=sums.scores[-1] < 0.02)


def _first(curve: Curve, score: float) -> float:
    """Batches after which the score is reached for the first time."""
    return next((float(k) for k, s in zip(curve.batches, curve.scores, strict=True) if s >= score), float("inf"))


def draw(path: Path, curves: dict[str, Curve]) -> None:
    """Two panels: share of right digits, error of sums."""
    digits = {name: curves[name] for name in ("whole cell", "without recurrence")}
    sums = {"without recurrence": curves["adding"]}
    panels = [
        Panel("digits, pixel by pixel", "classes", 0.1, digits),
        Panel(f"adding two of {ADDING} numbers", "numbers", 1 / 6, sums),
    ]
    draw_curves(path, panels)
