"""Tasks survive the way to a worker, and name themselves."""

from __future__ import annotations

import pytest

from spikegram.scripts.bench.task import Task


def test_round_trip_and_definition() -> None:
    task = Task("scale", "spikegram", 0.2, case=dict(cells=10, synapses=100.0), cold=True)
    assert Task.from_json(task.to_json()) == task
    assert task.definition.name == "scale"


@pytest.mark.parametrize(
    ("task", "label"),
    [
        (Task("cuba4k", "spikegram", 1.0, dtype="float32"), "spikegram float32, 1 thread"),
        (Task("cuba4k", "nest", 1.0, threads=2), "NEST, 2 threads"),
        (Task("cuba4k", "brian2", 1.0), "Brian 2 C++ standalone, 1 thread"),
    ],
)
def test_label(task: Task, label: str) -> None:
    assert task.label == label
