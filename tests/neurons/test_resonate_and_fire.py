"""ResonateAndFire: rotation, the least pulse, doublets at and off the rhythm, inhibition that makes it fire."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import Network, OneToOne, SpikeArray
from spikegram.neurons import ResonateAndFire

OMEGA, TAU, PERIOD = 2 * math.pi * 0.04, 10.0, 25.0  # per ms, ms, ms
T_PEAK = math.atan(OMEGA * TAU) / OMEGA  # of exp(-t/tau) sin(omega t)
LEAST = math.exp(T_PEAK / TAU) / math.sin(OMEGA * T_PEAK)  # a pulse that just reaches the threshold


def pulses(trains: list[list[float]], weights: list[float], duration: float = 80.0):
    """Spikes and y of cells that get pulses of one weight each at the given times."""
    net = Network(dt=0.05)
    cells = net.population(len(trains), ResonateAndFire, name="cells")
    source = net.population(len(trains), SpikeArray(trains))
    net.project(source, cells, OneToOne(), weight=np.array(weights), target="x", delay=0.05)
    net.record(cells, ["spikes", "y", "x"])
    return net.run(duration, backend="reference")["cells"]


@pytest.mark.parametrize("dt", [0.1, 1.0, 5.0])
def test_a_step_turns_and_shrinks(dt: float) -> None:
    net = Network(dt=dt)
    cell = net.population(1, ResonateAndFire(v_th=2), name="cell", init=dict(x=0.6, y=-0.3))
    net.record(cell, ["x", "y"])
    record = net.run(40, backend="reference")["cell"]
    t = np.arange(len(record.x)) * dt
    z = (0.6 - 0.3j) * np.exp((-1 / TAU + 1j * OMEGA) * t)
    assert np.abs(record.x[:, 0] + 1j * record.y[:, 0] - z).max() < 1e-12


def test_constant_input_shifts_the_fixed_point() -> None:
    net = Network(dt=0.5)
    cell = net.population(1, ResonateAndFire(v_th=9), name="cell")
    net.inject(cell, 100)  # per second
    net.run(300, backend="reference")
    z = -0.1 / complex(-1 / TAU, OMEGA)
    assert complex(cell.get("x")[0], cell.get("y")[0]) == pytest.approx(z, abs=1e-9)


def test_least_pulse_and_its_latency() -> None:
    record = pulses([[5.0]] * 3, [0.999 * LEAST, 1.001 * LEAST, 3 * LEAST])
    assert record.spikes.counts().tolist() == [0, 1, 1]
    assert record.y[:, 0].max() == pytest.approx(0.999, abs=1e-4)
    # delivered at the end of the step at 5.05; y passes 1 within the step noted
    assert record.spikes[1][0] - 5.05 == pytest.approx(T_PEAK, abs=0.3)
    t = np.arange(0, 10, 1e-4)
    crossing = t[np.argmax(3 * LEAST * np.exp(-t / TAU) * np.sin(OMEGA * t) >= 1)]
    assert crossing - 0.05 - 1e-6 <= record.spikes[2][0] - 5.1 <= crossing + 1e-6


def test_doublets_are_heard_at_the_rhythm_only() -> None:
    """Two pulses of 0.95 of the least add where they are a whole period apart, by 1 + exp(-period/tau)."""
    gaps = [PERIOD / 2, 0.75 * PERIOD, PERIOD, 1.5 * PERIOD]
    record = pulses([[5.0, 5.0 + gap] for gap in gaps], [0.95 * LEAST] * 4)
    assert record.spikes.counts().tolist() == [0, 0, 1, 0]


def test_inhibition_makes_it_fire() -> None:
    """A strong inhibitory pulse fires it on the rebound, a weak one helps a pulse half a period later."""
    record = pulses([[5.0], [5.0], [5.0]], [-10.0, 10.0, -1.0])
    assert [len(record.spikes[k]) > 0 for k in range(3)] == [True, True, False]
    assert PERIOD / 2 < record.spikes[0][0] - 5 < 0.75 * PERIOD and record.spikes[1][0] - 5 < PERIOD / 4
    net = Network(dt=0.05)
    cells = net.population(2, ResonateAndFire, name="cells")
    minus = net.population(2, SpikeArray([[5.0], []]))
    plus = net.population(2, SpikeArray([[17.5], [17.5]]))
    net.project(minus, cells, OneToOne(), weight=-0.95 * LEAST, target="x")
    net.project(plus, cells, OneToOne(), weight=0.95 * LEAST, target="x")
    net.record(cells, "spikes")
    assert net.run(60, backend="reference")["cells"].spikes.counts().tolist() == [1, 0]


def test_reset() -> None:
    net = Network(dt=0.1)
    cell = net.population(1, ResonateAndFire, name="cell", init=dict(x=8, y=0.9))
    net.record(cell, "spikes")
    assert len(net.run(0.1, backend="reference")["cell"].spikes) == 1
    assert (cell.get("x")[0], cell.get("y")[0]) == (0.0, 1.0)
