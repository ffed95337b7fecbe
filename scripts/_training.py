"""Training and its curve: one loop and one picture for the experiments in which a layer learns a task.

A model is any torch module with ``y, inside = model(x)``, x (T, B, inputs) and y (T, B, outputs): a sequence layer, a
`Chain` of them, or what a script builds. The answer is what y is at the last step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..experiment import Report
from ..networks.figure_style import BLUE, GREEN, INK, ORANGE, PINK, RED, figure_style, finish, new_figure
from ..tasks import Task

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["Curve", "Panel", "draw_curves", "learn"]

_COLOURS = (BLUE, RED, GREEN, PINK, ORANGE)
SCORES = 20  # how often the test set is asked in a training


class Curve(NamedTuple):
    """Scores on the test set after so many batches, and how many numbers are learned."""

    batches: list[int]
    scores: list[float]
    weights: int


class Panel(NamedTuple):
    """Curves of one task, by what is said of them; ``chance`` is the best score without looking."""

    title: str
    kind: str
    chance: float
    curves: Mapping[str, Curve]


def learn(
    report: Report,
    label: str,
    task: Task,
    make: Callable[[Task], nn.Module],
    batches: int,
    rate: float,
    seed: int = 0,
    cost: Callable[[Any], Tensor] | None = None,
    size: int = 64,
) -> tuple[Curve, nn.Module]:
    """Train a model on the answers at the last step; score it on unseen samples before, after and in between.

    Adam, a rate of learning that falls to 0 as a cosine, gradients cut at norm 1; cross-entropy for classes, mean
    squared error for numbers.

    Parameters
    ----------
    report : Report
        Whose progress bar is shown.
    label : str
        Of the bar.
    task : Task
    make : callable
        Task -> model; first weights are drawn from ``seed``.
    batches, size : int
        How many batches, of so many samples.
    rate : float
        Of learning, at the start.
    cost : callable, optional
        What is added to the loss, a function of the second thing that the model returned (`regularisers`).

    Returns
    -------
    Curve, model
    """
    import torch
    from torch import nn

    from ..bridges.torch.losses import last_step, last_step_cross_entropy

    torch.manual_seed(seed)
    model = make(task)
    weights = [w for w in model.parameters() if w.requires_grad]
    optimiser = torch.optim.Adam(weights, lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, batches)
    unseen, target = task.test()
    curve = Curve([], [], sum(w.numel() for w in weights))
    every = max(1, batches // SCORES)
    for k in report.progress(range(batches + 1), label, "batch"):
        if k % every == 0 or k == batches:
            with torch.no_grad():
                y = last_step(model(torch.from_numpy(unseen))[0])
            curve.scores.append(task.score(y.numpy(), target))
            curve.batches.append(k)
        if k == batches:
            break
        x, wanted = (torch.from_numpy(a) for a in task.batch(size, k))
        optimiser.zero_grad()
        y, inside = model(x)
        if task.kind == "classes":
            loss = last_step_cross_entropy(y, wanted)
        else:
            loss = nn.functional.mse_loss(last_step(y), wanted)
        if cost is not None:
            loss = loss + cost(inside)
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        schedule.step()
    return curve, model


def draw_curves(path: Path, panels: Sequence[Panel]) -> None:
    """Draw the scores over the batches: shares of right answers up to 1, squared errors on a logarithmic axis.

    A name has the same colour in all panels; there are five of them.
    """
    names = dict.fromkeys(name for panel in panels for name in panel.curves)
    colours = dict(zip(names, _COLOURS, strict=False))
    with figure_style():
        figure = new_figure(7.2, 3.2)
        for ax, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            for name, curve in panel.curves.items():
                label = f"{name}, {curve.weights:,} weights"
                ax.plot(curve.batches, curve.scores, color=colours[name], lw=1.2, label=label)
            ax.axhline(panel.chance, color=INK, lw=0.7, ls=":", label="best answer that does not look")
            ax.set_xlabel("batches of 64")
            if panel.kind == "classes":
                ax.set(ylim=(0, 1.02), ylabel="share right")
            else:
                ax.set(yscale="log", ylabel="mean squared error")
            ax.legend(frameon=False, fontsize=6.5, loc="upper left", bbox_to_anchor=(0, -0.22), borderpad=0)
            ax.set_title(panel.title, loc="left")
        finish(figure, path)
