"""The loop that the learning experiments share: scores get better, costs count, the picture shows all curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from spikegram.experiment import Report
from spikegram.scripts._training import Curve, Panel, draw_curves, learn
from spikegram.tasks import Task

REPORT = Report("training", None, show=False)


def numbers(n: int, part: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = rng.random((3, n, 2), dtype=np.float32)
    return x, x[-1, :, :1] - x[-1, :, 1:]


def classes(n: int, part: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x = rng.normal(size=(3, n, 2)).astype(np.float32)
    return x, (x[-1, :, 0] > x[-1, :, 1]).astype(np.int64)


DIFFERENCE = Task("difference", 3, 2, 1, "numbers", numbers, 1 / 6, tests=200)
LARGER = Task("larger", 3, 2, 2, "classes", classes, 0.5, tests=200)


class Lines(nn.Module):
    """One linear map for each step; the second thing returned is what came in."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.line = nn.Linear(task.inputs, task.outputs)
        self.fixed = nn.Parameter(torch.ones(7), requires_grad=False)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.line(x), x


def test_the_answer_at_the_last_step_is_learned() -> None:
    curve, model = learn(REPORT, "", DIFFERENCE, Lines, 200, 0.05)
    assert curve.batches == [*range(0, 201, 10)] and len(curve.scores) == 21
    assert curve.scores[0] > 0.05 and curve.scores[-1] < 1e-3
    assert curve.weights == 3  # what is not learned does not count
    assert model.line.weight.tolist()[0] == pytest.approx([1, -1], abs=0.1)
    assert learn(REPORT, "", DIFFERENCE, Lines, 200, 0.05)[0] == curve
    assert learn(REPORT, "", DIFFERENCE, Lines, 200, 0.05, seed=1)[0] != curve


def test_classes_are_learned() -> None:
    assert learn(REPORT, "", LARGER, Lines, 100, 0.1)[0].scores[-1] > 0.97


def test_the_score_is_taken_before_the_first_and_after_the_last_step() -> None:
    torch.manual_seed(3)
    x, target = DIFFERENCE.test()
    before = DIFFERENCE.score(Lines(DIFFERENCE)(torch.from_numpy(x))[0][-1].detach().numpy(), target)
    curve, _ = learn(REPORT, "", DIFFERENCE, Lines, 30, 0.05, seed=3)
    assert curve.scores[0] == pytest.approx(before, rel=1e-6) and curve.batches[-1] == 30


def test_a_cost_is_added_to_the_loss() -> None:
    """It is a function of what the model returned beside its answers: here it draws them all to 5."""

    class Told(Lines):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            y, _ = super().forward(x)
            return y, y

    curve, _ = learn(REPORT, "", DIFFERENCE, Told, 300, 0.1, cost=lambda y: 1e3 * ((y - 5) ** 2).mean())
    assert curve.scores[-1] == pytest.approx(25 + 1 / 6, rel=0.1)


def test_picture(tmp_path: Path) -> None:
    from matplotlib.image import imread

    one, two = Curve([0, 10, 20], [0.1, 0.5, 0.9], 5), Curve([0, 10, 20], [1.0, 0.1, 0.01], 1234)
    panels = [Panel("shares", "classes", 0.1, {"a": one, "b": one}), Panel("errors", "numbers", 1 / 6, {"c": two})]
    draw_curves(tmp_path / "curves.png", panels)
    dark = (imread(tmp_path / "curves.png")[..., :3] < 0.9).any(-1)
    half = dark.shape[1] // 2
    assert all(0.005 < part.mean() < 0.3 for part in (dark[:, :half], dark[:, half:]))
