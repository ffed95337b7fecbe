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

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..experiment import Report
from ..networks.figures import BLUE, INK, figure_style, finish, new_figure
from ..tasks import Task, make_task

if TYPE_CHECKING:
    from spikegram.bridges.torch import LMU

__all__ = ["Curve", "check", "draw", "learn", "run"]

ADDING = 50  # steps
ORANGE = "#D55E00"


class Curve(NamedTuple):
    """Scores on the test set after so many batches, and the number of learned weights."""

    batches: list[int]
    scores: list[float]
    weights: int


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
        "whole cell": learn(report, digits, whole_cell, batches, 5e-3, seed),
        "without recurrence": learn(report, digits, parallel, batches, 5e-3, seed),
        "adding": learn(report, sums, adder, batches, 1e-2, seed),
    }
    check(report, curves)
    report.numbers.update({name: curve._asdict() for name, curve in curves.items()})
    draw(report.file("learning.png", "scores on unseen samples while learning"), curves)


def whole_cell(task: Task) -> LMU:
    """Every coupling of the cell of 2019."""
    from ..bridges.torch import LMU

    return LMU(task.inputs, 64, 32, float(task.T))


def parallel(task: Task) -> LMU:
    """A linear memory of the input, read by one layer."""
    from ..bridges.torch import LMU

    few: dict[str, Any] = dict(couplings=("W_x",), activation="relu", bias=True, method="bilinear")
    return LMU(task.inputs, 64, 32, float(task.T), **few)


def adder(task: Task) -> LMU:
    """Eight memories behind rectified encoders.

    One step of ``theta`` moves a memory by about 1/theta of its input, so W_m begins larger by theta/5.
    """
    import torch

    from ..bridges.torch import LMU

    few: dict[str, Any] = dict(couplings=("W_x",), encoder="relu", activation="relu", bias=True, method="bilinear")
    layer = LMU(task.inputs, 32, 6, float(task.T), memories=8, **few)
    with torch.no_grad():
        layer.W_m.mul_(task.T / 5)
    return layer


def learn(report: Report, task: Task, make: Any, batches: int, rate: float, seed: int) -> Curve:
    """Train a layer and a linear readout of its last output; score about 20 times."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    layer = make(task)
    readout = nn.Linear(layer.hidden, task.outputs)
    weights = [*layer.parameters(), *readout.parameters()]
    optimiser = torch.optim.Adam(weights, lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, batches)
    unseen, target = task.test()
    every = max(1, batches // 20)
    curve = Curve([], [], sum(w.numel() for w in weights))

    def answers(x: Any) -> Any:
        return readout(layer(torch.from_numpy(x))[0][-1])

    for k in report.progress(range(batches + 1), f"{task.name}, {make.__name__.replace('_', ' ')}", "batch"):
        if k % every == 0 or k == batches:
            with torch.no_grad():
                curve.scores.append(task.score(answers(unseen).numpy(), target))
            curve.batches.append(k)
        if k == batches:
            break
        x, wanted = task.batch(64, k)
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy if task.kind == "classes" else nn.functional.mse_loss
        loss(answers(x), torch.from_numpy(wanted)).backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        schedule.step()
    return curve


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
    with figure_style():
        figure = new_figure(7.2, 3.0)
        left, right = figure.subplots(1, 2)
        for name, colour in (("whole cell", BLUE), ("without recurrence", ORANGE)):
            curve = curves[name]
            left.plot(curve.batches, curve.scores, color=colour, label=f"{name}, {curve.weights} weights")
        left.axhline(0.1, color=INK, lw=0.7, ls=":")
        left.set(ylim=(0, 1.02), xlabel="batches of 64", ylabel="share of unseen digits told")
        left.legend(frameon=False, fontsize=7, loc="center right")
        left.set_title("digits, pixel by pixel", loc="left")
        curve = curves["adding"]
        right.semilogy(curve.batches, curve.scores, color=BLUE, label=f"without recurrence, {curve.weights} weights")
        right.axhline(1 / 6, color=INK, lw=0.7, ls=":", label="best blind answer")
        right.set(xlabel="batches of 64", ylabel="mean squared error")
        right.legend(frameon=False, fontsize=7)
        right.set_title(f"sum of two marked numbers of {ADDING}", loc="left")
        finish(figure, path)
