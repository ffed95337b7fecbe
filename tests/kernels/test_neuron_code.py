"""Generated cell modules: what is hoisted, what is left out, that the text is readable Python."""

import re

import numpy as np
import pytest

from spikegram.kernels.build import build_neuron
from spikegram.kernels.neuron_code import constant_names, numba_neuron, reference_neuron
from spikegram.networks import Network
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


# Names that the generated code uses for itself behind an underscore, and names that differ in a joint only.
ODD = NeuronModel(
    """dn/dt = (drive*X - n)/tau : 1
       dm/dt = (n - m)/tau : 1
       dn_new/dt = (m - n_new)/tau + noise : 1
       noise = 0.1*k/tau : Hz
       dk0/dt = -k0/tau : 1
       last : integer
       fired : boolean
       A : 1
       j : 1
       hit = n > first and not fired : boolean""",
    threshold="hit or m > 0.5 + 0.1*rand()",
    reset="old = n; n = old*0.1 + 0.05*rand(); A += step; last += 1; fired = not fired; k0 += old; j = last % 3; m = 0",
    refractory="n > 0.2 and t - lastspike < 2*ms", method="rk4",
    parameters=dict(tau="5*ms", X=2.0, k=1.0, step=0.5, first=0.6, drive=1.0), name="odd",
)  # fmt: skip


def test_names_of_a_model_cannot_collide_with_those_of_the_module() -> None:
    for text in (numba_neuron(build_neuron(ODD)), reference_neuron(build_neuron(ODD))):
        compile(text, "module", "exec")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_both_targets_compute_the_same(dtype: str) -> None:
    def run(backend: str) -> object:
        net = Network(dt=0.1, seed=4, dtype=dtype)
        net.population(3, ODD(drive=0.2), name="quiet")
        many = net.population(600, ODD, name="many", parameters=dict(X=np.linspace(0.5, 3, 600)), init=dict(n="rand()"))
        net.record(many, "spikes")
        net.record(many[::50], list(ODD.states))
        return net.run(30, backend=backend)["many"]

    reference, numba = run("reference"), run("numba")
    assert len(numba.spikes) > 500
    for name in ODD.states:
        assert numba.trace(name).values.dtype == np.dtype(dtype) and np.ptp(numba.trace(name).values) > 0
    if dtype == "float32":  # NumPy computes parts in double precision: rounding decides some spikes
        assert len(numba.spikes) == pytest.approx(len(reference.spikes), rel=0.01)
        return
    assert reference.spikes == numba.spikes
    for name in ODD.states:
        np.testing.assert_allclose(reference.trace(name).values, numba.trace(name).values, rtol=1e-12, atol=1e-30)


def test_source_is_shown_for_each_target() -> None:
    assert "_njit" in MODEL.source("numba")
    assert "_np.where(not_refractory" in MODEL.source("reference")
    with pytest.raises(ValueError, match="target: expected one of numba, reference, got 'cuda'"):
        MODEL.source("cuda")
