"""Cells with more variables: what is added, what is kept, what is refused."""

from __future__ import annotations

import math

import pytest

from spikegram.networks import Network
from spikegram.neurons import LIF, NeuronModel, extend

CALCIUM = dict(
    equations="dca/dt = -ca/tau_ca : 1", parameters=dict(tau_ca=("50*ms", "decay of calcium")), reset="ca += step",
    init=dict(ca=0.25),
)  # fmt: skip


def test_lines_parameters_and_resets_are_added() -> None:
    cell = extend(
        LIF, CALCIUM["equations"], {**CALCIUM["parameters"], "step": 0.5}, "ca += step", dict(ca=0.25), "LIFCa"
    )
    assert cell.states == (*LIF.states, "ca") and cell.inputs == LIF.inputs
    assert set(cell.parameters) == {*LIF.parameters, "tau_ca", "step"}
    assert cell.parameters["tau_ca"].meaning == "decay of calcium"
    assert (cell.name, cell.reference, cell.refractory, cell.method) == (
        "LIFCa",
        LIF.reference,
        LIF.refractory,
        "exact",
    )
    assert extend(LIF, "ca : 1").name == "LIF" and "ca" not in LIF.states


def test_the_cell_does_as_before_and_the_variable_what_it_says() -> None:
    cell = extend(LIF, CALCIUM["equations"], {**CALCIUM["parameters"], "step": 0.5}, "ca += step", dict(ca=0.25))
    found = []
    for model in (LIF, cell):
        net = Network(dt=0.1)
        p = net.population(1, model(i_offset=0.2), name="cell")
        net.record(p, "spikes")
        found.append(net.run(100, backend="reference")["cell"].spikes.times)
    assert found[0].tolist() == found[1].tolist() and len(found[0]) > 2
    expected = 0.25 * math.exp(-100 / 50) + 0.5 * sum(math.exp(-(99.9 - t) / 50) for t in found[0])
    assert p.get("ca")[0] == pytest.approx(expected, rel=1e-12)


def test_a_reset_that_does_nothing_is_replaced() -> None:
    fires = NeuronModel("v : 1", threshold="v > 1", reset="pass")
    assert extend(fires, "n : 1", reset="n += 1").reset == "n += 1"
    assert extend(fires, "n : 1").reset == "pass"


def test_what_is_refused() -> None:
    with pytest.raises(TypeError, match="extend: model: expected a NeuronModel, got str"):
        extend("LIF", "x : 1")
    with pytest.raises(ValueError, match="extend: parameters: model 'LIF' has 'tau_m' already"):
        extend(LIF, "x : 1", dict(tau_m="1*ms"))
    with pytest.raises(ValueError, match="'v' is defined twice"):
        extend(LIF, "v : volt")
