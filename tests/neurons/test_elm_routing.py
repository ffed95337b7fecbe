"""Routing of inputs to the synapses of an ELM neuron: the published NeuronIO layout, small cases by hand, errors."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.neurons import ELMRouting, neuronio_routing, random_routing


def test_neuronio_layout_of_the_published_models() -> None:
    r = neuronio_routing(1278, 45, 100)
    windows = r.source.reshape(45, 100)
    assert (r.source >= 0).sum() == 4282
    assert (windows[-1] >= 0).sum() == 2
    used = np.bincount(r.source[r.source >= 0], minlength=1278)
    assert (used.min(), used.max()) == (1, 4)
    assert windows[0, :4].tolist() == [0, 639, 1, 640]  # excitatory, inhibitory, excitatory, ...
    assert windows[1, 0] == 639 + 14  # stride 29: place 29 is the 15th inhibitory channel


def test_windows_without_overlap_use_each_input_once() -> None:
    r = neuronio_routing(8, 4, 2)
    assert r.source.reshape(4, 2).tolist() == [[0, 4], [1, 5], [2, 6], [3, 7]]


def test_dead_synapses_hear_nothing_not_even_nan() -> None:
    r = ELMRouting(3, np.array([2, -1, 0, 0]))
    assert r.apply(np.array([5.0, 6.0, 7.0])).tolist() == [7.0, 0.0, 5.0, 5.0]
    assert r.apply(np.array([[1.0, 2.0, np.nan]]))[0, 1] == 0


def test_random_routing_draws_with_replacement(seed: int) -> None:
    r = random_routing(5, 4, 50, np.random.default_rng(seed))
    assert r.source.shape == (200,)
    assert np.bincount(r.source, minlength=5) == pytest.approx(40, abs=20)
    again = random_routing(5, 4, 50, np.random.default_rng(seed))
    assert (r.source == again.source).all()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: neuronio_routing(100, 10, 9), ValueError, "per_branch.*at least 10.*got 9"),
        (lambda: neuronio_routing(101, 10, 11), ValueError, "inputs: expected two halves of equal size, got 101"),
        (lambda: neuronio_routing(0, 10, 9), ValueError, "inputs: expected an integer >= 1, got 0"),
        (lambda: random_routing(4, True, 9, np.random.default_rng(0)), ValueError, "branches.*got True"),
        (lambda: ELMRouting(3, np.array([0, 3])), ValueError, "expected inputs 0 ... 2 or -1, got 0 ... 3"),
        (lambda: ELMRouting(3, np.array([0.0, 1.0])), TypeError, "expected integers"),
    ],
)
def test_errors(make, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        make()
