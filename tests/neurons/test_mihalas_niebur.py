"""MihalasNiebur: closed forms, the order of the reset, and the 20 patterns against a solver of the closed solution."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikegram.networks import Network
from spikegram.neurons import MihalasNiebur
from spikegram.neurons.mihalas_niebur import PATTERNS, pattern

DT = 0.1  # ms


class Closed:
    """The cell of the paper in mV and ms, by its closed solution: each potential is a sum of exponentials."""

    def __init__(self, a: float, A_1: float, A_2: float) -> None:
        self.a, self.A = a / 1e3, np.array([A_1, A_2])  # 1/ms; V/s = mV/ms
        self.rates = np.array([0.0, 0.05, 0.2, 0.02, 0.01])  # of 1, v, I_1, I_2, theta in 1/ms
        self.v, self.theta, self.I = 0.0, 20.0, np.zeros(2)  # above E_L

    def terms(self, drive: float) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients of exp(-rates t) in v and in theta."""
        v = np.zeros(5)
        v[0] = drive / 0.05
        v[2:4] = self.I / (0.05 - self.rates[2:4])
        v[1] = self.v - v.sum()
        theta = np.zeros(5)
        theta[:4] = self.a * v[:4] / (0.01 - self.rates[:4])
        theta[0] += 20.0
        theta[4] = self.theta - theta.sum()
        return v, theta

    def advance(self, drive: float, duration: float) -> list[float]:
        """Spike times from now on; the state goes on to the end."""
        spikes, now = [], 0.0
        while True:
            v, theta = self.terms(drive)
            t = np.arange(1, round((duration - now) / 0.01) + 1) * 0.01
            gap = np.exp(-t[:, None] * self.rates) @ (v - theta)
            above = np.flatnonzero(gap >= 0)
            step = t[above[0]] if len(above) else duration - now
            if len(above):  # the crossing between two points of the grid, by halving
                low, high = step - 0.01, step
                for _ in range(40):
                    middle = (low + high) / 2
                    low, high = (low, middle) if np.exp(-middle * self.rates) @ (v - theta) >= 0 else (middle, high)
                step = high
            decay = np.exp(-step * self.rates)
            self.v, self.theta, self.I = decay @ v, decay @ theta, self.I * decay[2:4]
            now += step
            if not len(above):
                return spikes
            spikes.append(now)
            self.I = np.array([0, self.I[1]]) + self.A
            self.v, self.theta = 0.0, max(10.0, self.theta)


@pytest.fixture(scope="module")
def spikes():
    """All patterns in one population."""
    models = [pattern(name) for name in PATTERNS]
    values = {p: np.array([m.parameters[p].value for m in models]) for p in ("a", "A_1", "A_2")}
    currents = np.zeros((1000, len(PATTERNS)))  # nA in each ms
    ends = []
    for k, (*_, pulses) in enumerate(PATTERNS.values()):
        slopes = np.repeat([slope for slope, _ in pulses], [length for _, length in pulses])
        currents[: len(slopes), k] = slopes / 10
        ends.append(len(slopes))
    net = Network(dt=DT)
    parameters = dict(a=values["a"], A_1=values["A_1"] * 1e9, A_2=values["A_2"] * 1e9)
    cells = net.population(len(PATTERNS), MihalasNiebur, name="cells", parameters=parameters)
    net.inject(cells, currents, interval=1)
    net.record(cells, "spikes")
    trains = net.run(1000, backend="reference")["cells"].spikes
    return {name: trains.between(0, ends[k])[k] for k, name in enumerate(PATTERNS)}


def test_one_step_by_hand() -> None:
    """Without coupling of the threshold each part has a closed form."""
    net = Network(dt=2)
    cell = net.population(1, MihalasNiebur, init=dict(v=-60, theta=-45, I_1=0.1, I_2=-0.05, I=0.02))
    net.inject(cell, 0.03)
    net.run(2, backend="reference")
    e = {rate: math.exp(-2 * rate) for rate in (0.05, 0.2, 0.02, 0.01)}
    v = -70 + 10 * e[0.05] + 0.03 / 0.005 * (1 - e[0.05])
    for current, rate in ((0.1, 0.2), (-0.05, 0.02), (0.02, 0.2)):
        v += current / 0.1 * (e[rate] - e[0.05]) / (0.05 - rate)
    assert cell.get("v")[0] == pytest.approx(v, abs=1e-11)
    assert cell.get("theta")[0] == pytest.approx(-50 + 5 * e[0.01], abs=1e-11)
    assert (cell.get("I_1")[0], cell.get("I_2")[0]) == pytest.approx((0.1 * e[0.2], -0.05 * e[0.02]), rel=1e-12)


def test_reset_by_hand() -> None:
    net = Network(dt=1e-6)
    model = MihalasNiebur(R_1=0.5, R_2=0.25, A_1=0.3, A_2=-0.1)
    cells = net.population(2, model, init=dict(v=-10, theta=[-65, -20], I_1=0.2, I_2=0.4))
    net.run(1e-6, backend="reference")
    assert cells.get("I_1") == pytest.approx([0.4, 0.4]) and cells.get("I_2") == pytest.approx([0.0, 0.0], abs=1e-6)
    assert cells.get("v").tolist() == [-70, -70]
    assert cells.get("theta") == pytest.approx([-60, -20], abs=1e-4)  # raised to theta_reset, or left


def test_tonic_interval_and_class_1_latency(spikes) -> None:
    """a = 0: constant threshold, v towards -40 mV (1.5 V/s) or 2e-5 mV above the threshold."""
    interval = 20 * math.log(30 / 10)
    tonic = spikes["tonic_spiking"]
    assert len(tonic) == 9
    assert tonic == pytest.approx(interval * np.arange(1, 10), abs=9 * DT)
    latency = 20 * math.log(20.00002 / 0.00002)
    assert spikes["class_1"] == pytest.approx([latency], abs=0.1)


def test_least_current_of_class_2() -> None:
    """a = 5, b = 10: v_inf passes the threshold that follows it at G/C 20 mV/(1 - a/b) = 2 V/s."""
    net = Network(dt=0.1)
    drive = np.array([0.1999, 0.2001])
    v = drive / 0.005
    start = dict(v=-70 + v, theta=-50 + 0.5 * v)
    cells = net.population(2, MihalasNiebur(a=5), name="cells", parameters=dict(i_offset=drive), init=start)
    net.record(cells, "spikes")
    counts = net.run(300, backend="reference")["cells"].spikes.counts()
    assert counts[0] == 0 and counts[1] > 0


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_as_the_closed_solution(spikes, name: str) -> None:
    """Spikes of the table of the paper, each within a step for every spike before it."""
    a, A_1, A_2, currents = PATTERNS[name]
    cell, expected, now = Closed(a, A_1, A_2), [], 0.0
    for drive, length in currents:
        expected += [now + t for t in cell.advance(drive, length)]
        now += length
    came = spikes[name] + DT  # noted with the beginning of the step at whose end v is above theta
    assert len(came) == len(expected)
    assert all(abs(x - y) <= 2 * DT * (k + 1) for k, (x, y) in enumerate(zip(came, expected, strict=True)))


def test_patterns_show_what_their_names_say(spikes) -> None:
    """Figure 1 of the paper, as far as spikes show it."""

    def isi(name: str) -> np.ndarray:
        return np.diff(spikes[name])

    adapting = isi("spike_frequency_adaptation")
    assert np.all(np.diff(adapting) > -2 * DT) and adapting[-1] > 1.3 * adapting[0]
    assert spikes["phasic_spiking"][-1] < 250  # and silence from there to 500 ms
    assert 0 < spikes["accommodation"][-1] < 100  # a step fires it, a slow rise to the same current does not
    assert len(spikes["threshold_variability"]) == 1 and spikes["threshold_variability"][0] > 250
    assert len(spikes["rebound_spike"]) == 1 and spikes["rebound_spike"][0] > 806
    assert len(spikes["integrator"]) == 1 and 30 < spikes["integrator"][0] < 50  # two pulses that are close
    burst = isi("tonic_bursting")
    assert (burst < 10).sum() > 5 and (burst > 30).sum() >= 2
    assert len(spikes["phasic_bursting"]) > 2 and spikes["phasic_bursting"][-1] < 100
    assert len(spikes["rebound_burst"]) > 1 and spikes["rebound_burst"][0] > 600
    mixed = isi("mixed_mode")
    assert mixed[0] < 0.5 * mixed[-1]
    assert len(spikes["hyperpolarization_induced_spiking"]) > 2
    assert (isi("hyperpolarization_induced_bursting") < 10).any()
    latency = spikes["spike_latency"]
    assert len(latency) == 1 and latency[0] > 5  # well after the pulse of 2 ms
    basal = spikes["basal_bistability"]
    assert len(basal) > 3 and basal[-1] < 150  # the first pulse starts it, the second ends it


def test_permuting_neurons_permutes_results() -> None:
    drive, order = np.linspace(0.12, 0.4, 6), np.array([3, 0, 5, 1, 4, 2])
    trains = []
    for values in (drive, drive[order]):
        net = Network(dt=0.1)
        model = MihalasNiebur(a=5, A_1=0.5, A_2=-0.03)
        net.record(net.population(6, model, name="cells", parameters=dict(i_offset=values)), "spikes")
        trains.append(net.run(100, backend="reference")["cells"].spikes)
    assert len(trains[0]) > 20
    assert all(np.array_equal(trains[1][k], trains[0][int(order[k])]) for k in range(6))


def test_an_unknown_pattern_is_refused() -> None:
    with pytest.raises(ValueError, match=r"pattern: expected one of tonic_spiking, .*, got 'tonic'"):
        pattern("tonic")
