"""Izhikevich: the table of spike counts for both forms, rest, saddle-node, rebound burst."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import AdEx, HodgkinHuxley, Izhikevich, IzhikevichOriginal
from spikegram.neurons import izhikevich as presets

NAMES = ("RS", "IB", "CH", "FS", "LTS", "RZ")
# 1000 ms at I = 10; spikes of the scheme at 1 ms, of Euler steps at 0.01 ms, and the last interval there
SCHEME = [20, 27, 43, 63, 44, 80]
EULER = [23, 34, 87, 136, 78, 195]
LAST_INTERVAL = [44.84, 31.25, 4.81, 7.39, 13.39, 5.16]


def with_its_siblings(dt: float) -> Network:
    """An empty network of the structure that test_all_models.py has too, so that it is compiled once."""
    net = Network(dt=dt)
    for model in (AdEx, HodgkinHuxley, Izhikevich):
        net.population(0, model)
    return net


def six_classes(model, net: Network, backend: str):
    for name in NAMES:
        net.record(net.population(1, model(i_offset=10, **presets.CLASSES[name]), name=name), "spikes")
    result = net.run(1000, backend=backend)
    return [result[name].spikes for name in NAMES]


def published_program(name: str, steps: int, start: float = -65.0) -> list[int]:
    """The program of the paper in mV; spikes carry the step in which v passed the peak."""
    a, b, c, d = (presets.CLASSES[name][key] for key in "abcd")
    v, u, fired = start, b * start, []
    for n in range(steps):
        if v >= 30:
            fired.append(n - 1)
            v, u = c, u + d
        for _ in range(2):
            v += 0.5 * (0.04 * v * v + 5 * v + 140 - u + 10)
        u += a * (b * v - u)
    return fired


def test_scheme_by_hand() -> None:
    net = Network(dt=1)
    cell = net.population(1, IzhikevichOriginal)
    net.inject(cell, 10)
    net.run(1, backend="reference")
    v = -65 + 0.5 * (0.04 * 65**2 - 5 * 65 + 140 + 13 + 10)
    v += 0.5 * (0.04 * v**2 + 5 * v + 140 + 13 + 10)
    assert cell.get("v")[0] == pytest.approx(v, abs=1e-11)
    assert cell.get("u")[0] == pytest.approx(-13 + 0.02 * (0.2 * v + 13), abs=1e-11)


def test_euler_step_by_hand() -> None:
    net = Network(dt=0.5)
    cell = net.population(1, Izhikevich(a=0.1, i_offset=10), init=dict(v=-60, u=-10))
    net.run(0.5, backend="reference")
    assert cell.get("v")[0] == pytest.approx(-60 + 0.5 * (0.04 * 3600 - 300 + 140 + 10 + 10), abs=1e-12)
    assert cell.get("u")[0] == pytest.approx(-10 + 0.5 * 0.1 * (0.2 * -60 + 10), abs=1e-12)


def test_published_scheme_spike_for_spike() -> None:
    """Equal to the published program for as long as rounding does not decide: the 1 ms map is chaotic.

    The counts of the table belong to one order of rounding. Starting 1e-13 mV away gives 28 (IB), 66 (FS), 78 (RZ), so
    the counts after 1000 ms are compared exactly for RS and CH, and within 10 % for the others.
    """
    spikes = six_classes(IzhikevichOriginal, Network(dt=1), "reference")
    for k, name in enumerate(NAMES):
        expected = published_program(name, 1002)
        early = [n for n in expected if n < 150]
        assert len(published_program(name, 1000)) == SCHEME[k]
        assert spikes[k].between(0, 150).times.tolist() == early and early[0] == 3  # noted in step 4 by the program
        assert len(spikes[k]) == pytest.approx(SCHEME[k], rel=0.1)
    assert [len(spikes[k]) for k in (0, 2)] == [SCHEME[0], SCHEME[2]]


def test_rounding_decides_the_counts_of_the_scheme() -> None:
    counts = [len(published_program(n, 1000, start=-65 + 1e-13)) for n in NAMES]
    assert counts != SCHEME and counts[0] == SCHEME[0] and counts[2] == SCHEME[2]


def test_small_euler_steps() -> None:
    spikes = six_classes(Izhikevich, with_its_siblings(dt=0.01), "numba")
    assert [len(train) for train in spikes] == EULER
    assert [train.isi(0)[-1] for train in spikes] == pytest.approx(LAST_INTERVAL, abs=0.025)
    assert spikes[0].times[0] + 0.01 == pytest.approx(3.15, abs=0.006)  # the card counts from the end of the step


@pytest.mark.parametrize("model", [Izhikevich, IzhikevichOriginal], ids=["equations", "scheme"])
def test_rest(model) -> None:
    """b = 0.2: rest at -70 mV exactly, the other root at -50 mV; the two roots approach and meet at I = 4."""
    net = Network(dt=1 if model is IzhikevichOriginal else 0.5)
    drive, start = [0, 0, 3.5], [-52, -65, -64]
    init = dict(v=start, u=np.multiply(start, 0.2))
    cells = net.population(3, model, name="cells", parameters=dict(i_offset=drive), init=init)
    net.record(cells, "spikes")
    assert len(net.run(3000, backend="reference")["cells"].spikes) == 0
    low = -60 - math.sqrt(4.8**2 - 0.16 * (140 + 3.5)) / 0.08
    assert cells.get("v")[:2] == pytest.approx([-70, -70], abs=1e-6)
    assert cells.get("v")[2] == pytest.approx(low, abs=0.01)


def test_rest_is_lost_before_the_saddle_node() -> None:
    """The roots meet at I = 4, but rest is unstable once 0.08 v + 5 > a, from I = 3.80 on."""
    v = (0.02 - 5) / 0.08
    hopf = -(0.04 * v**2 + 4.8 * v + 140)
    assert hopf == pytest.approx(3.7975) and 4.8**2 - 0.16 * (140 + 4) == pytest.approx(0)
    net = with_its_siblings(dt=0.1)
    drive = np.array([hopf - 0.05, hopf + 0.05])
    rest = -60 - np.sqrt(4.8**2 - 0.16 * (140 + drive)) / 0.08
    cells = net.population(2, Izhikevich, name="cells", init=dict(v=rest + 0.01, u=0.2 * rest))
    net.inject(cells, drive[None, :], interval=2500)
    net.record(cells, "spikes")
    counts = net.run(2500, backend="numba")["cells"].spikes.counts()
    assert counts[0] == 0 and counts[1] > 0


def test_thalamo_cortical_cell_bursts_after_hyperpolarisation() -> None:
    net = Network(dt=0.1)
    cell = net.population(1, presets.THALAMO_CORTICAL, name="cell", init=dict(v=-64.4, u=-16.1))
    net.inject(cell, -10, start=50, stop=150)
    net.record(cell, "spikes")
    times = net.run(220, backend="reference")["cell"].spikes.times
    assert len(times) >= 2 and times[0] > 150 and times[1] - times[0] < 10


def test_presets_are_the_table() -> None:
    for preset in (presets.REGULAR_SPIKING, presets.CHATTERING, presets.RESONATOR):
        assert preset == Izhikevich(name=preset.name, **presets.CLASSES[preset.name])
    assert presets.INTRINSICALLY_BURSTING.parameters["c"].value == -0.055
    assert presets.FAST_SPIKING.parameters["a"].value == 0.1
    assert presets.LOW_THRESHOLD_SPIKING.parameters["b"].value == 0.25
