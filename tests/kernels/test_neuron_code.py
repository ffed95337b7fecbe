"""Generated cell modules: what is hoisted, what is left out, that the text is readable Python."""

import re

import pytest

from spikegram.kernels.build import build_neuron
from spikegram.kernels.neuron_code import constant_names, numba_neuron, reference_neuron
from spikegram.neurons import NeuronModel

MODEL = NeuronModel(
    "dv/dt = (v_rest - v + R*I)/tau_m : volt (unless refractory)\ndI/dt = -I/tau_syn : amp",
    threshold="v > v_th", reset="v = v_reset", refractory="t_ref",
    parameters=dict(tau_m="20*ms", tau_syn="5*ms", R="100*Mohm", v_rest="-60*mV", v_th="-50*mV", v_reset="-60*mV",
                    t_ref="5*ms"),
)  # fmt: skip


def body(text: str) -> str:
    return text.split("def _tile")[1].split("return _count")[0]


def test_time_constants_do_not_reach_the_loop() -> None:
    inner = body(numba_neuron(build_neuron(MODEL)))
    assert "exp(" not in inner and "tau_" not in inner and "/" not in inner


def test_structural_zeros_cost_nothing() -> None:
    scalars, vectors = constant_names(build_neuron(MODEL))
    assert set(scalars) == {"_P_v_v", "_P_v_I", "_P_v_1", "_P_I_I", "v_th", "v_reset"}
    assert vectors == ()


def test_varying_parameter_makes_its_constants_vary() -> None:
    scalars, vectors = constant_names(build_neuron(MODEL, frozenset({"tau_m"})))
    assert {"_P_v_v", "_P_v_I", "_P_v_1"} <= set(vectors)
    assert {"v_th", "v_reset"} <= set(scalars)


@pytest.mark.parametrize("single", [False, True])
def test_text_is_python_and_says_its_layout(single: bool) -> None:
    program = build_neuron(MODEL)
    for text in (numba_neuron(program, single), reference_neuron(program)):
        compile(text, "module", "exec")
        assert "STATES = ('v', 'I')" in text
        assert re.search(r"REFRACTORY = 'duration'", text)


def test_names_of_a_model_cannot_collide_with_those_of_the_module() -> None:
    odd = NeuronModel(
        "dn/dt = -n/X : 1\ndA/dt = -A/X : 1", threshold="n > k", reset="n = 0; A += step",
        parameters=dict(X="10*ms", k=1.0, step=0.5), method="euler",
    )  # fmt: skip
    for text in (numba_neuron(build_neuron(odd)), reference_neuron(build_neuron(odd))):
        compile(text, "module", "exec")


def test_source_is_shown_for_each_target() -> None:
    assert "_njit" in MODEL.source("numba")
    assert "_np.where(not_refractory" in MODEL.source("reference")
    with pytest.raises(ValueError, match="target: expected one of numba, reference, got 'cuda'"):
        MODEL.source("cuda")
