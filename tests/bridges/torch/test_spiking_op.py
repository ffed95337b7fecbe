"""The operator behind layers of cells: work split between threads, fake tensors."""

from __future__ import annotations

import pytest
import torch

from spikegram.bridges.torch import SpikingLayer
from spikegram.bridges.torch.spiking_op import _split, register
from spikegram.neurons import BellecALIF


def test_neurons_are_split_without_gap_or_overlap() -> None:
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            seen = []
            _split(lambda a, b, seen=seen: seen.append((a, b)), 1001, 1000)
            assert sorted(n for a, b in seen for n in range(a, b)) == list(range(1001))
            assert len(seen) == threads
    finally:
        torch.set_num_threads(before)


def test_errors_in_a_thread_are_told() -> None:
    def fail(first: int, last: int) -> None:
        raise ZeroDivisionError

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with pytest.raises(ZeroDivisionError):
            _split(fail, 1001, 1000)
    finally:
        torch.set_num_threads(before)


def test_options_say_how_many_states_are_kept() -> None:
    assert register("test_a", 3, lambda single: None) == "test_a 3 32"
    assert register("test_b", 9, lambda single: None) == "test_b 9 64"


def test_operator_keeps_the_rules_of_pytorch() -> None:
    layer = SpikingLayer(BellecALIF, 4, learn=("tau_m", "beta"))
    x = torch.rand(1, 6, 2, 4, requires_grad=True)
    state = torch.zeros(3, 2, 4, requires_grad=True)
    scalars, vectors = (t.detach().requires_grad_() for t in layer._constants(x))
    inputs = ([x, state, scalars, vectors], layer._options)
    checks = ("test_schema", "test_faketensor")
    torch.library.opcheck(torch.ops.spikegram.cells.default, inputs, test_utils=checks)


def test_nothing_is_kept_without_gradients() -> None:
    layer = SpikingLayer(BellecALIF, 4)
    x = torch.rand(1, 40, 2, 4)
    for every, kept in ((32, 2), (0, 0)):
        options = f"{layer._options.rsplit(' ', 1)[0]} {every}"
        y, *end, saved = torch.ops.spikegram.cells([x, torch.zeros(3, 2, 4), *layer._constants(x)], options)
        assert saved.shape == (kept, 3, 8)
        assert [t.shape for t in end] == [(2, 4)] * 3
    with torch.no_grad():
        assert torch.equal(layer(x[0])[0], y)
