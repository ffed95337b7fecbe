"""Tasks in general: repeatable batches, scores, names, errors."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.tasks import TASKS, make_task


@pytest.mark.parametrize("name", TASKS)
def test_batches_are_the_same_again_and_others_for_other_steps_parts_and_seeds(name: str) -> None:
    task = make_task(name, seed=3)
    x, target = task.batch(5, step=2)
    assert x.shape == (task.T, 5, task.inputs) and x.dtype == np.float32
    assert target.shape == ((5,) if task.kind == "classes" else (5, task.outputs))
    assert target.dtype == (np.int64 if task.kind == "classes" else np.float32)
    again = make_task(name, seed=3).batch(5, step=2)
    assert (again[0] == x).all() and (again[1] == target).all()
    others = (task.batch(5, step=3), task.batch(5, step=2, part="test"), make_task(name, seed=4).batch(5, step=2))
    assert all((other[0] != x).any() for other in others)
    assert len(task.test()[1]) == task.tests


@pytest.mark.parametrize("name", TASKS)
def test_chance_is_what_a_constant_answer_scores(name: str) -> None:
    task = make_task(name)
    _, target = task.test()
    if task.kind == "classes":
        best = max((target == k).mean() for k in range(task.outputs))
    else:
        best = ((target - target.mean(axis=0)) ** 2).mean()
    assert best == pytest.approx(task.chance, rel=0.3)


def test_scores() -> None:
    classes, numbers = make_task("sequential_digits"), make_task("adding")
    assert classes.score(np.eye(10)[[3, 4, 4, 0]], [3, 4, 5, 1]) == 0.5
    assert numbers.score([[1.0], [0.0]], [[0.5], [0.5]]) == 0.25
    with pytest.raises(ValueError, match=r"y: expected \[2, 10\], got \[2, 9\]"):
        classes.score(np.zeros((2, 9)), [1, 2])


def test_errors() -> None:
    with pytest.raises(ValueError, match="name: expected one of adding, .*got 'addition'"):
        make_task("addition")
    for seed in (-1, 1.5, None):
        with pytest.raises(ValueError, match=f"seed: expected a whole number >= 0, got {seed}"):
            make_task("adding", seed=seed)
    task = make_task("adding")
    with pytest.raises(ValueError, match="part: expected train or test, got 'validation'"):
        task.batch(1, part="validation")
    with pytest.raises(ValueError, match="n, step: .*got 0 and 0"):
        task.batch(0)
