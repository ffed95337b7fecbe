"""`NeuronModel`: a value, and what it refuses, with the model's name and the line."""

import pickle

import pytest

from spikegram.neurons import NeuronModel

LEAKY = dict(
    equations="dv/dt = (v_rest - v + R*I)/tau_m : volt (unless refractory)\ndI/dt = -I/tau_s : amp\nI_ext : amp (input)",
    threshold="v > v_th", reset="v = v_reset", refractory="t_ref", init=dict(v="v_rest"), name="leaky", source="Lapicque",
    parameters=dict(tau_m=("20*ms", "membrane"), tau_s="5*ms", R="100*Mohm", v_rest="-60*mV", v_th="-50*mV",
                    v_reset="-60*mV", t_ref="5*ms"),
)  # fmt: skip


def test_called_with_values_it_gives_another_model() -> None:
    model = NeuronModel(**LEAKY)
    faster = model(tau_m=10, name="faster")
    assert faster.parameters["tau_m"].value == 0.01 and model.parameters["tau_m"].value == 0.02
    assert faster.name == "faster" and faster != model and model(tau_m=20) == model
    assert hash(model(tau_m=20)) == hash(model)
    assert faster.reference == "Lapicque"


def test_is_a_value() -> None:
    model = NeuronModel(**LEAKY)
    assert pickle.loads(pickle.dumps(model)) == model
    assert (model.states, model.inputs, model.subexpressions) == (("v", "I"), ("I_ext",), ())
    assert "tau_m" in model.table() and "membrane" in model.table() and "20 ms" in model.table()
    assert "tau_m=20 ms" in repr(model)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(equations="dv/dt = -v/tau : volt"), "unknown name 'tau'"),
        (dict(reset=""), "needs a reset"),
        (dict(threshold=""), "need a threshold"),
        (dict(threshold="v > v_thr"), "unknown name 'v_thr'"),
        (dict(reset="R = 2*R"), "'R' is a parameter"),
        (dict(reset="q = 1"), "'q' is no"),
        (dict(reset="I_ext = 0*amp"), "input"),
        (dict(method="magic"), "method: expected one of exact"),
        (dict(refractory=-1), "refractory: expected a time >= 0"),
        (dict(refractory=""), "refractory"),
        (dict(init=dict(q=1)), "init: 'q' is no state variable"),
        (dict(update="v = v"), "not both"),
        (dict(equations=LEAKY["equations"] + "\nR : ohm"), "both a parameter and a line"),
        (dict(equations=LEAKY["equations"] + "\nx : parsec"), "unknown unit 'parsec'"),
        (dict(equations=LEAKY["equations"] + "\ndw/dt = -w/tau_m : 1 (event-driven)"), "belongs to synapses"),
    ],
)  # fmt: skip
def test_refusals_name_the_model(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        NeuronModel(**{**LEAKY, **change})
    assert "model 'leaky'" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(equations="dv/dt = -v/tau_m : volt\ndI/dt = -I*tau_s : amp"), "dI/dt = -I\\*tau_s : amp.*expected.*amp"),
        (dict(threshold="v > t_ref"), "v > t_ref"),
        (dict(threshold="v"), "condition"),
        (dict(reset="v = t_ref"), "v = t_ref"),
        (dict(refractory="v_rest"), "refractory"),
    ],
)  # fmt: skip
def test_unit_errors_name_model_and_line(change: dict, message: str) -> None:
    fields = {**LEAKY, **change}
    if "unless refractory" not in fields["equations"]:
        fields = {**fields, "refractory": "", "init": {}}
    with pytest.raises(ValueError, match=message) as caught:
        NeuronModel(**fields).check()
    assert "leaky" in str(caught.value)


def test_methods_that_do_not_hold_are_refused() -> None:
    square = NeuronModel("dv/dt = v*v/(tau*mV) : volt", parameters=dict(tau="1*ms"), name="square")
    with pytest.raises(ValueError, match="model 'square'.*exact.*does not hold"):
        square.check()
    assert square(method="rk4").check().name == "square"
    noisy = NeuronModel("dv/dt = -v/tau + xi*tau**-0.5 : 1", parameters=dict(tau="1*ms"), name="noisy")
    with pytest.raises(ValueError, match="noise"):
        noisy.check()
    noisy(method="euler").check()
