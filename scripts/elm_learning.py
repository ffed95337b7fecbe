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

from typing import TYPE_CHECKING, Any, NamedTuple

from ..experiment import Report
from ..tasks import Task, make_task
from ._training import Curve, Panel, draw_curves, learn

if TYPE_CHECKING:
    from pathlib import Path

    from spikegram.bridges.torch import ELM

__all__ = ["PLANS", "Plan", "check", "draw", "run", "train"]

DIGITS, ADDING = "digits by rows", "adding problem"
LONG, SHORT = "sums of digits, up to 150 ms", "sums of digits, up to 2 ms"


class Plan(NamedTuple):
    """A task, the neuron that learns it, the rate of learning, and how many times ``batches``."""

    task: str
    options: dict[str, Any]
    layer: dict[str, Any]
    rate: float
    share: float = 1.0


# inputs that are no spikes are taken as they are: traces that are gone after a step
PLANS = {
    DIGITS: Plan("sequential_digits", {}, dict(memory=50, tau_s=0.2, tau_range=(1.0, 50.0)), 2e-2),
    ADDING: Plan("adding", dict(T=50), dict(memory=24, tau_s=0.2, tau_range=(1.0, 200.0)), 5e-3, 1.5),
    LONG: Plan("shd_adding_standin", {}, dict(memory=20, tau_range=(1.0, 150.0)), 5e-3),
    SHORT: Plan("shd_adding_standin", {}, dict(memory=20, tau_range=(1.0, 2.0)), 5e-3),
}


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
    curves = {name: train(report, name, round(plan.share * batches), seed) for name, plan in PLANS.items()}
    check(report, curves)
    report.numbers.update({name: curve._asdict() for name, curve in curves.items()})
    draw(report.file("learning.png", "scores on unseen samples while learning"), curves)


def train(report: Report, name: str, batches: int, seed: int) -> Curve:
    """Train the neuron of a plan."""
    plan = PLANS[name]

    def neuron(task: Task) -> ELM:
        from ..bridges.torch import ELM

        return ELM(task.inputs, task.outputs, **plan.layer)

    task = make_task(plan.task, seed=seed, **plan.options)
    return learn(report, name, task, neuron, batches, plan.rate, seed)[0]


def check(report: Report, curves: dict[str, Curve]) -> None:
    """Hold the last scores against what is claimed."""
    last = {name: curve.scores[-1] for name, curve in curves.items()}
    digits, adding, long, short = (last[n] for n in PLANS)
    first = curves[DIGITS].scores[0]
    report.check("digits: share right", ">= 0.93", digits, ok=digits >= 0.93)
    report.check("digits: before learning, about", "0.1", first, ok=first < 0.25)
    report.check("adding: mean squared error", "< 0.01 (blind: 0.1667)", adding, ok=adding < 0.01)
    report.check(f"{LONG}: share right", ">= 0.95 (blind: 0.2)", long, ok=long >= 0.95)
    report.check(f"{SHORT}: share right", "at least 0.1 less", short, ok=short <= long - 0.1)
    report.check("weights for sums of digits", 3079, curves[LONG].weights)


def draw(path: Path, curves: dict[str, Curve]) -> None:
    """Three panels: digits, sums of numbers, sums of digits."""
    panels = [
        Panel("digits, row by row", "classes", 0.1, {"one neuron": curves[DIGITS]}),
        Panel("adding two of 50 numbers", "numbers", 1 / 6, {"one neuron": curves[ADDING]}),
        Panel("adding two digits of spikes", "classes", 0.2, {n.partition(", ")[2]: curves[n] for n in (LONG, SHORT)}),
    ]
    draw_curves(path, panels)
