"""Data and scores of tasks; no model code.

>>> task = make_task("adding", T=50, seed=0)
>>> x, target = task.batch(4, step=0)
>>> x.shape, target.shape, task.score(target, target)
((50, 4, 2), (4, 1), 0.0)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .adding import adding
from .sequential_digits import sequential_digits
from .shd_adding import shd_adding_standin
from .task import Task

__all__ = ["TASKS", "Task", "adding", "make_task", "sequential_digits", "shd_adding_standin"]

TASKS: dict[str, Callable[..., Task]] = {
    "adding": adding,
    "sequential_digits": sequential_digits,
    "shd_adding_standin": shd_adding_standin,
}


def make_task(name: str, **options: Any) -> Task:
    """Make a task by its name, with its options: ``T`` (steps) and ``seed`` for all, others see its own function."""
    if name not in TASKS:
        raise ValueError(f"name: expected one of {', '.join(TASKS)}, got {name!r}")
    return TASKS[name](**options)
