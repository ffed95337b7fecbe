"""Injected currents: which steps see which value, on both backends."""

from __future__ import annotations

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import NeuronModel

COUNTER = NeuronModel("x : amp\nI_ext : amp (input)", update="x = x + I_ext", name="counter")


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_each_form_reaches_its_steps_and_neurons(backend: str) -> None:
    net = Network(dt=0.1)
    p = net.population(4, COUNTER, name="p")
    net.inject(p[[0]], 1, start=0.2, stop=0.5)  # steps 2, 3, 4
    net.inject(p[1:3], [1, 10], start=0.1, interval=0.2)  # 1 in steps 1, 2; 10 in steps 3, 4
    net.inject(p[[3, 1]], [[1, 100], [2, 200]], start=0.3)  # neuron 3: 1, 2; neuron 1: 100, 200, in steps 3, 4
    net.inject(p[[2]], "500*pA", start=0.9)  # from step 9 on
    net.record(p, "x")
    net.run(0.4, backend=backend)
    x = net.run(0.8, backend=backend)["p"].x  # at the start of each step
    gained = np.diff(x, axis=0)
    expected = np.zeros((11, 4))
    expected[2:5, 0] = 1
    expected[1:3, 1:3] = 1
    expected[3:5, 1:3] = 10
    expected[3, [3, 1]] += [1, 100]
    expected[4, [3, 1]] += [2, 200]
    expected[9:, 2] = 0.5
    np.testing.assert_allclose(gained, expected, atol=1e-9)


def test_arguments_in_steps_and_si() -> None:
    net = Network(dt=0.1)
    p = net.population(2, COUNTER)
    net.inject(p, np.ones((3, 2)), start=1, interval=0.5, stop=2)
    made = net._injections[0]
    assert (made.start, made.stop, made.every, made.width) == (10, 20, 5, 2)
    np.testing.assert_allclose(made.values, 1e-9)
