"""Every cell of the package that draws no random numbers against Brian 2 on the same equations, spike for spike."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

import spikegram.neurons
from spikegram.bridges.brian2_cells import noise_in
from spikegram.networks import Network, OneToOne, PopulationRecord, SpikeArray
from spikegram.neurons import NeuronModel

TOLERANCE = 1e-9  # of the largest value of a trace
CELLS = {n: m for n in spikegram.neurons.__all__ if isinstance(m := getattr(spikegram.neurons, n), NeuronModel)}
RANDOM = {n for n, m in CELLS.items() if noise_in(m.threshold, m.update, m.reset, *(line.expr for line in m.lines))}
# cell: input variable and what is injected (a multiple of it into each of four), target and weight of spikes on top
CASES = {
    "ALIF": ("I_ext", 0.2, "I", 0.05), "AdEx": ("I_ext", 0.8, "I", 0.2), "BellecALIF": ("x", 0.11, "x", 0.2),
    "HodgkinHuxley": ("I_ext", 10, "I", 5), "IFCondExp": ("I_ext", 1.2, "g_I", 0.01),
    "IFCurrExp": ("I_ext", 1.2, "I_I", -0.1), "Izhikevich": ("I_ext", 12, "v", 2),
    "IzhikevichOriginal": ("I_ext", 12, "v", 2), "LIF": ("I_ext", 0.2, "I", 0.05),
    "LIFAlpha": ("I_ext", 0.2, "J", 0.05),
    "LIFCond": ("I_ext", 0.5, "g_I", 0.02), "LIFCondAlpha": ("I_ext", 0.5, "h_E", 0.02),
    "LIFCondDelta": ("I_ext", 0.5, "x_E", 0.05), "LIFDelta": ("I_ext", 0.2, "v", 2),
    "LeakyIntegrator": ("I_ext", 0.2, "I", 0.05), "MihalasNiebur": ("I_ext", 0.2, "I", 0.05),
    "Regular": ("", 0, "", 0), "ResonateAndFire": ("I_ext", 300, "x", 0.8), "SpiNNakerLIF": ("in_E", 0.4, "in_I", 0.2),
    "TwoCompartment": ("I_s", 0.2, "x_nmda", 0.005),
    "AMSU": ("x", 0.3, "x", 0.2), "LiRinzel": ("", 0, "", 0), "RectifiedUnit": ("drive_ext", 0.5, "drive_ext", 0.2),
}  # fmt: skip
# with their synapses in test_brian2_plasticity.py, plasticity/test_tripartite.py, oracles/test_plasticity_brian2.py
ELSEWHERE = {"ClopathAdEx", "GChI", "LIFGap", "LIFIntrinsic", "LIFNMDA", "RateUnit"}

# Brian 2 needs seconds for the closed form of a large linear system, and has none where it oscillates; the same
# equations by another method on both sides are no less equal.
BY_EULER = ("MihalasNiebur", "ResonateAndFire")
# Compared in every run of the tests; the others, whose kinds of equations test_brian2.py has, in slow ones.
QUICK = ("LIFCondAlpha", "LIFCondDelta", "LeakyIntegrator", *BY_EULER, "TwoCompartment")


def network(names: Iterable[str], by_euler: Iterable[str] = BY_EULER) -> Network:
    net = Network(dt=0.1, seed=1)
    source = net.population(4, SpikeArray([[3.0, 3.3, 9.1, 25.0], [4.0], [30.0, 32.0], [2.0, 20.0]]), name="source")
    for name in names:
        variable, amplitude, target, weight = CASES[name]
        model = CELLS[name](method="euler") if name in by_euler else CELLS[name]
        start = {"C": 0.000499} if name == "LiRinzel" else {}  # just below its threshold
        cells = net.population(4, model(interval=7) if name == "Regular" else model, name=name, init=start)
        if variable:
            net.inject(cells, amplitude * np.array([[1.0, 1.1, 1.3, 1.6]]), target=variable, interval=60)
            net.project(source, cells, OneToOne(), weight=weight, target=target, delay=0.4)
        net.record(cells, [*(["spikes"] if CELLS[name].threshold else []), *CELLS[name].states])
    return net


@pytest.fixture(scope="module")
def both():
    return network(QUICK).run(50, backend="brian2"), network(QUICK).run(50, backend="reference")


def test_each_cell_is_compared_or_random() -> None:
    assert set(CASES) | RANDOM | ELSEWHERE == set(CELLS) and not set(CASES) & (RANDOM | ELSEWHERE)
    assert len(RANDOM) >= 5


@pytest.mark.parametrize("name", QUICK)
def test_spikes_and_traces(both, name: str) -> None:
    check(name, *(result[name] for result in both))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name in CASES if name not in (*QUICK, "ResonateAndFire")] + ["MihalasNiebur"]
)
def test_the_other_cells_and_exact_integration(name: str) -> None:
    check(name, *(network([name], by_euler=()).run(50, backend=b)[name] for b in ("brian2", "reference")))


def check(name: str, brian: PopulationRecord, ours: PopulationRecord) -> None:
    if CELLS[name].threshold:
        assert len(ours.spikes) > 0
        assert brian.spikes == ours.spikes
    for variable in CELLS[name].states:
        a, b = brian.trace(variable).values, ours.trace(variable).values
        assert np.abs(a - b).max() <= TOLERANCE * max(np.abs(b).max(), 1e-3)
