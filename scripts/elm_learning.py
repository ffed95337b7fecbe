"""ELM neurons learn to read digits, to add two marked numbers, and to add two digits of spikes.

A. Spieler, N. Rahaman, G. Martius, B. Schoelkopf, A. Levina 2024, ICLR (the neuron); tasks: `spikegram.tasks`.

What to see: one neuron with some tens of memory units tells more than nine tenths of the digits of scikit-learn that it
has not seen, read row by row; in the adding problem its error falls far below that of the best answer that does not
look (1/6); the sum of two digits that come as spikes one after the other is right in more than 95 of 100 samples if the
memory has time constants up to 150 ms. With at most 2 ms it stays behind: the first digit is over 25 ms before the
answer. It is not lost altogether, since the nonlinear memory can hold a value by itself.

Files: curves of learning as one PNG; result.json. About a minute on one core.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from ..experiment import Report
from ..networks.figures import BLUE, INK, figure_style, finish, new_figure
from ..tasks import Task, make_task

__all__ = ["PLANS", "Curve", "Plan", "check", "draw", "learn", "run"]

ORANGE = "#D55E00"
LONG, SHORT = "sums of digits, up to 150 ms", "sums of digits, up to 2 ms"


class Plan(NamedTuple):
    """A task, the neuron that learns it, the rate of learning, and how many times ``batches``."""

    task: str
    options: dict[str, Any]
    layer: dict[str, Any]
    rate: float
    share: float = 1.0


class Curve(NamedTuple):
    """Scores on the test set after so many batches, and the number of learned weights."""

    batches: list[int]
    scores: list[float]
    weights: int


# inputs that are no spikes are taken as they are: traces that are gone after a step
PLANS = {
    "digits by rows": Plan(
        "sequential_digits", {}, dict(memory=50, tau_s=0.2, tau_range=(1.0, 50.0)), 2e-2
    ),
    "adding problem": Plan(
        "adding", dict(T=50), dict(memory=24, tau_s=0.2, tau_range=(1.0, 200.0)), 5e-3, 1.5
    ),
    LONG: Plan("shd_adding_standin", {}, dict(memory=20, tau_range=(1.0, 150.0)), 5e-3),
    SHORT: Plan("shd_adding_standin", {}, dict(memory=20, tau_range=(1.0, 2.0)), 5e-3),
}  # fmt: skip


def run(report: Report, batches: int = 600, seed: int = 0) -> None:
    """Train four neurons.

    Parameters
    ----------
    report : Report
    batches : int
        Of 64 samples, for each training (half as many again for the adding problem); at least 20.
    seed : int
        Of data and first weights.
    """
    if batches < 20:
        raise ValueError(f"batches: expected at least 20, got {batches}")
    curves = {}
    for name, plan in PLANS.items():
        task = make_task(plan.task, seed=seed, **plan.options)
        curves[name] = learn(report, name, task, plan, round(plan.share * batches), seed)
    check(report, curves)
    report.numbers.update({name: curve._asdict() for name, curve in curves.items()})
    draw(report.file("learning.png", "scores on unseen samples while learning"), curves)


def learn(report: Report, name: str, task: Task, plan: Plan, batches: int, seed: int) -> Curve:
    """Train a neuron on the answer at the last step; score about 20 times."""
    import torch
    from torch import nn

    from ..bridges.torch import ELM

    torch.manual_seed(seed)
    layer = ELM(task.inputs, task.outputs, **plan.layer)
    optimiser = torch.optim.Adam(layer.parameters(), lr=plan.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, batches)
    loss = nn.functional.cross_entropy if task.kind == "classes" else nn.functional.mse_loss
    unseen, target = task.test()
    curve = Curve([], [], layer.parameter_count)
    for k in report.progress(range(batches + 1), name, "batch"):
        if k % max(1, batches // 20) == 0 or k == batches:
            with torch.no_grad():
                y, _ = layer(torch.from_numpy(unseen))
            curve.scores.append(task.score(y[-1].numpy(), target))
            curve.batches.append(k)
        if k == batches:
            break
        x, wanted = (torch.from_numpy(a) for a in task.batch(64, k))
        optimiser.zero_grad()
        y, _ = layer(x)
        loss(y[-1], wanted).backward()
        nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return curve


def check(report: Report, curves: dict[str, Curve]) -> None:
    """Hold the last scores against what is claimed."""
    last = {name: curve.scores[-1] for name, curve in curves.items()}
    digits, adding, long, short = (last[n] for n in ("digits by rows", "adding problem", LONG, SHORT))
    first = curves["digits by rows"].scores[0]
    report.check("digits: share right", ">= 0.93", digits, ok=digits >= 0.93)
    report.check("digits: before learning, about", "0.1", first, ok=first < 0.25)
    report.check("adding: mean squared error", "< 0.01 (blind: 0.1667)", adding, ok=adding < 0.01)
    report.check(f"{LONG}: share right", ">= 0.95 (blind: 0.2)", long, ok=long >= 0.95)
    report.check(f"{SHORT}: share right", "at least 0.1 less", short, ok=short <= long - 0.1)
    report.check("weights for sums of digits", 3079, curves[LONG].weights)


def draw(path: Path, curves: dict[str, Curve]) -> None:
    """Two panels: share of right answers, error of sums of numbers."""
    with figure_style():
        figure = new_figure(7.2, 2.9)
        left, right = figure.subplots(1, 2)
        for (name, curve), colour in zip(
            ((n, c) for n, c in curves.items() if n != "adding problem"), (INK, BLUE, ORANGE), strict=True
        ):
            left.plot(curve.batches, curve.scores, color=colour, label=name, lw=1.2)
        left.set(xlabel="batches", ylabel="share right", ylim=(0, 1.02))
        left.legend(loc="lower right")
        sums = curves["adding problem"]
        right.semilogy(sums.batches, sums.scores, color=BLUE, lw=1.2, label="adding problem, 50 steps")
        right.axhline(1 / 6, color=INK, lw=0.8, ls="--", label="best answer that does not look")
        right.set(xlabel="batches", ylabel="mean squared error")
        right.legend(loc="upper right")
        finish(figure, path)
