"""Synapse models bound to a variable of a cell, and what must not be bound."""

from __future__ import annotations

import pytest

from spikegram.networks import AllToAll, Network
from spikegram.networks.synapse_target import bind_synapse
from spikegram.neurons import NeuronModel
from spikegram.plasticity import STDP, SynapseModel
from spikegram.units import CURRENT, VOLTAGE

CELL = NeuronModel(
    "dv/dt = -v/tau : volt\nx : 1\nI : amp (input)", threshold="x > 1", reset="pass", name="cell",
    parameters=dict(tau="1*ms"),
)  # fmt: skip
OWN = SynapseModel("u : 1", "x_post += u")


def test_the_weight_takes_the_unit_of_the_target() -> None:
    for target, dims in (("v", VOLTAGE), ("I", CURRENT)):
        model, name = bind_synapse(None, None, target, CELL, "p")
        assert name == target and model.dims("w") == dims
    assert bind_synapse(OWN, None, None, CELL, "p")[1] == ""


def test_a_model_with_other_values_is_bound() -> None:
    model, _ = bind_synapse(STDP, dict(tau_plus=7), "v", CELL, "p")
    assert model.parameters["tau_plus"].value == pytest.approx(7e-3)
    assert bind_synapse(STDP, dict(tau_plus=7), "v", CELL, "q")[0] is model


@pytest.mark.parametrize(
    ("synapse", "target", "error", "match"),
    [
        (None, None, ValueError, "target: name the variable of 'cell' that spikes act on; one of v, x, I"),
        (None, "tau", ValueError, "target: model 'cell' has no variable 'tau'; expected one of v, x, I"),
        (None, 5, ValueError, "target: model 'cell' has no variable 5"),
        (CELL, "v", TypeError, "synapse: expected a SynapseModel, got NeuronModel"),
        (OWN, "v", ValueError, "target: .* itself; leave it out"),
    ],
)
def test_refusals(synapse, target, error, match) -> None:
    with pytest.raises(error, match=f"projection 'p': {match}"):
        bind_synapse(synapse, None, target, CELL, "projection 'p'")


def test_sums_go_to_variables_that_the_cell_leaves_alone() -> None:
    net = Network(dt=0.1, seed=2)
    cell = NeuronModel("dv/dt = -v/tau : 1\nI : 1 (input)\nfree : 1", parameters=dict(tau="1*ms"), name="cell")
    p = net.population(2, cell, name="p")
    for n in ("v", "I", "free"):
        rule = SynapseModel(f"w : 1\n{n}_post = w : 1 (summed)", on_pre="", name="rule")
        if n == "free":
            net.project(p, p, AllToAll(), weight="1 + i + j", synapse=rule)
            continue
        with pytest.raises(ValueError, match=f"'{n}' of 'cell' is set by the cell itself in each step"):
            net.project(p, p, AllToAll(), weight=1, synapse=rule)
    net.run(0.1, backend="reference")
    assert p.get("free").tolist() == [1 + 2, 2 + 3]
