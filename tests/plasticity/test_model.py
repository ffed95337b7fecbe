"""`SynapseModel`: a value, binding to a target, and what it refuses."""

import pickle

import pytest

from spikegram.plasticity import SynapseModel
from spikegram.units import CURRENT, VOLTAGE

PAIR = dict(
    equations="w : weight\ndx/dt = -x/tau : 1 (event-driven)", on_pre="target_post += w; x += 1",
    on_post="w = clip(w + a*x, 0*a, w_max)", parameters=dict(tau="20*ms", a="0.1*weight", w_max="1*weight"),
    bounds=dict(w=(0, "w_max")), name="pair",
)  # fmt: skip


def test_is_a_value() -> None:
    model = SynapseModel(**PAIR)
    assert pickle.loads(pickle.dumps(model)) == model
    assert model(a=0.1) == model and model(a=0.2) != model
    assert model.variables == ("w", "x") and model.uses_target


@pytest.mark.parametrize(("dims", "scale"), [(CURRENT, 1e-9), (VOLTAGE, 1e-3)])
def test_binding_gives_the_weight_its_unit(dims: tuple, scale: float) -> None:
    bound = SynapseModel(**PAIR).bind("I", dims)
    assert bound.parameters["a"].value == pytest.approx(0.1 * scale)
    assert bound.dims("w") == tuple(map(float, dims))
    assert "I_post += w" in bound.on_pre and "weight" not in bound.equations


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(order=("pre", "pre")), "order: expected"),
        (dict(on_pre="v_post = 0*mV"), "may only add"),
        (dict(on_pre="v_pre += 1*mV"), "presynaptic"),
        (dict(on_pre="tau = 2*tau"), "'tau' is a parameter"),
        (dict(on_pre="w += unknown"), "unknown name 'unknown'"),
        (dict(on_post="q += 1"), "'q' is no variable"),
        (dict(equations="w : weight\ndx/dt = -x/tau : 1"), "event-driven.* or .*clock-driven"),
        (dict(equations="w : weight\nx : 1 (input)"), "belongs to cells"),
        (dict(equations="w : weight\nx : 1\ng = w : weight (summed)"), "g_post"),
        (dict(equations="weight : 1"), "pseudo-unit"),
        (dict(init=dict(q=1)), "'q' is no variable"),
    ],
)  # fmt: skip
def test_refusals_name_the_model(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        SynapseModel(**{**PAIR, **change})
    assert "synapse model 'pair'" in str(caught.value)
