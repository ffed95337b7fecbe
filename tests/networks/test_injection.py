"""Injected currents: which steps see which value, on both backends."""

from __future__ import annotations

import numpy as np
import pytest
import sample_networks as samples

from spikegram.networks import Network, SpikeArray
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


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_an_input_that_nothing_adds_to_is_left_alone_until_something_does(backend: str) -> None:
    net = Network(dt=0.1)
    p = net.population(3, COUNTER, name="p")
    net.record(p, "x")
    net.run(1, backend=backend)
    group = net._engine.layout.groups[0]
    assert group.acc_mode.tolist() == [-1] and not p.get("x").any()
    net.inject(p[[1]], 1, start=1.2, stop=1.4)
    net.run(1, backend=backend)
    assert group.acc_mode.tolist() == [0] and p.get("x") == pytest.approx([0, 2, 0])


def test_what_is_on_its_way_arrives_though_nothing_adds_to_it_any_more() -> None:
    net = Network(dt=0.1)
    p = net.population(2, COUNTER, name="p")
    net.record(p, "x")
    net.run(0.1)
    group = net._engine.layout.groups[0]
    group.arrivals[0, 1, :2] = 1e-9  # A, in odd steps, of which the next is one
    net.run(0.5)
    assert group.acc_mode.tolist() == [0] and p.get("x") == pytest.approx([1, 1])
    net.run(0.5)
    assert group.acc_mode.tolist() == [-1] and p.get("x") == pytest.approx([1, 1])


def test_arguments_in_steps_and_si() -> None:
    net = Network(dt=0.1)
    p = net.population(2, COUNTER)
    net.inject(p, np.ones((3, 2)), start=1, interval=0.5, stop=2)
    made = net._injections[0]
    assert (made.start, made.stop, made.every, made.width) == (10, 20, 5, 2)
    np.testing.assert_allclose(made.values, 1e-9)


@pytest.fixture
def net():
    return Network(dt=0.1, seed=1)


@pytest.fixture
def cells(net):
    return net.population(3, samples.COUNTER, name="cells")


def held(net, cells, steps=30, backend="reference"):
    """What the input variable `y` held in each step [T, N]."""
    net.record(cells, "y")
    return net.run((steps + 1) * 0.1, backend=backend)["cells"].y[1:]


def expected(steps=30, size=3):
    return np.zeros((steps, size))


def test_constant_injection(net, cells):
    net.inject(cells[[2, 0]], 3, target="y")
    net.inject(cells, 4, target="y", start=1, stop=1.2)
    net.inject(cells[1], "5", target="y", start="0.5*ms")
    net.inject(cells[[]], 7, target="y")
    want = expected()
    want[:, [2, 0]] += 3
    want[10:12] += 4
    want[5:, 1] += 5
    assert np.array_equal(held(net, cells), want)


@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_waveforms(net, cells, backend):
    if backend == "numba":  # the structure that is compiled already
        net = samples.counting(np.zeros((1, 3)), [])
        net._trace_recorders.clear()
        cells = net.populations["cells"]
    rng = np.random.default_rng(0)
    wave, each, column = rng.random(4), rng.random((6, 2)), rng.random((3, 1))
    net.inject(cells, wave, target="y", start=0.2, interval=0.3)
    net.inject(cells[[2, 1]], each, target="y")
    net.inject(cells[[2, 1]], each, target="y", start=0.7, stop=1)
    net.inject(cells[0], column, target="y", start=2.9)
    want = expected()
    for n in range(12):
        want[2 + n] += wave[n // 3]
    want[:6, [2, 1]] += each
    want[7:10, [2, 1]] += each[:3]
    want[29, 0] += column[0, 0]
    assert np.allclose(held(net, cells, backend=backend), want, rtol=0, atol=1e-15)


def test_injection_in_its_unit_and_into_the_only_input(net):
    driven = NeuronModel("v : volt\nI : amp (input)", update="v = R*I", parameters=dict(R="10*Mohm"), name="driven")
    p = net.population(2, driven)
    net.inject(p[0], 2)  # nA
    net.inject(p[1], "500*pA")
    net.run(0.2, backend="reference")
    assert p.get("v") == pytest.approx([20, 5])
    assert p.get("I") == pytest.approx([2, 0.5])
    net.inject(p, [[1, 2]] * 3, start=0.2)  # inputs may be added between runs
    net.run(0.1, backend="reference")
    assert p.get("I") == pytest.approx([3, 2.5])
    net.reset()
    net.run(0.3, backend="reference")
    assert p.get("I") == pytest.approx([3, 2.5])


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (dict(amplitude=1), ValueError, r"inject: target: .*population 'cells' \(go, y\), got None"),
        (dict(amplitude=1, target="x"), ValueError, r"\(go, y\), got 'x'"),
        (dict(amplitude="1*nA", target="y"), ValueError, "inject into 'cells': amplitude: .*in amp"),
        (dict(amplitude=None, target="y"), TypeError, "inject into 'cells': amplitude: expected a number"),
        (dict(amplitude=float("nan"), target="y"), ValueError, "amplitude: NaN"),
        (dict(amplitude=[0, float("inf")], target="y"), ValueError, "amplitude: expected finite numbers"),
        (dict(amplitude=[], target="y"), ValueError, r"one value, \[T\] or \[T, 3\], got shape \(0,\)"),
        (dict(amplitude=np.ones((4, 2)), target="y"), ValueError, r"one value, \[T\] or \[T, 3\], got shape \(4, 2\)"),
        (dict(amplitude=np.ones((4, 3, 1)), target="y"), ValueError, r"got shape \(4, 3, 1\)"),
        (dict(amplitude=1, target="y", start=-1), ValueError, "start: expected times >= 0, got -1 ms"),
        (dict(amplitude=1, target="y", start=0.15), ValueError, "start: 0.15 ms is not a multiple of the time step"),
        (dict(amplitude=1, target="y", start=[1, 2]), TypeError, "start: expected one time, got"),
        (dict(amplitude=1, target="y", start=1, stop=1), ValueError, "stop: expected a time after start, got 1"),
        (dict(amplitude=[1, 2], target="y", interval=0), ValueError, "interval: expected at least dt = 0.1 ms, got 0"),
        (dict(amplitude=[1, 2], target="y", interval=0.25), ValueError, "interval: 0.25 ms is not a multiple"),
    ],
)  # fmt: skip
def test_wrong_injections(net, cells, arguments, error, match):
    with pytest.raises(error, match=match):
        net.inject(cells, **arguments)
    assert net._injections == []


def test_spike_arrays_take_no_current(net):
    with pytest.raises(ValueError, match=r"population 's' \(it has none\), got None"):
        net.inject(net.population(1, SpikeArray([]), name="s"), 1)
