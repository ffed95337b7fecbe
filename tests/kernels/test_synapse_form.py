"""Each form of a synapse model says in both texts where its values lie."""

import pytest

from spikegram.kernels.build import build_synapse
from spikegram.kernels.synapse_form import SynapseForm
from spikegram.kernels.synapse_numba import numba_synapse
from spikegram.kernels.synapse_numpy import reference_synapse
from spikegram.plasticity import STDP, SynapseModel
from spikegram.units import CURRENT, VOLTAGE

POST = {"v": VOLTAGE, "I": CURRENT}

TIMED = SynapseModel(
    "w : weight\ndy/dt = -y/tau : 1 (event-driven)", on_pre="target_post += w",
    on_post="y += 1; w = clip(w + y*a, 0*a, 2*a)", parameters=dict(tau="10*ms", a="1*weight"), name="timed",
).bind("I", CURRENT)  # fmt: skip


def texts(model, form):
    program = build_synapse(model, {}, POST)
    return numba_synapse(program, form, False), reference_synapse(program, form)


def head(text):
    space: dict = {}
    exec(compile(text.split("\n\n\n")[0], "module", "exec"), space)  # the head of our own generated module
    return space


@pytest.mark.parametrize("place", [0, 1])
def test_a_trace_that_only_one_side_changes_is_kept_per_neuron(place: int) -> None:
    text = texts(TIMED, SynapseForm(traces=True))[place]
    assert head(text)["POST_TRACES"] == ("y",) and head(text)["VARYING"] == ("w",) and not head(text)["AGES"]
    assert "_when" not in text and "_now_y = _ytr[0, _c, _j]" in text and "_ytr[0, _c, _j] = y" in text
    general = texts(TIMED, SynapseForm())[place]
    assert head(general)["VARYING"] == ("w", "y") and head(general)["AGES"] and "_when[_s] = _now" in general


def test_a_trace_that_another_variable_follows_stays_with_the_synapse() -> None:
    """y between two events depends on x at y's last event."""
    model = SynapseModel(
        "w : 1\ndx/dt = -x/(5*ms) : 1 (event-driven)\ndy/dt = (x - y)/(3*ms) : 1 (event-driven)",
        "x += 1; v_post += w*y*volt",
    )
    assert head(texts(model, SynapseForm())[0])["PRIVATE"] == ((), ())
    both = build_synapse(STDP.bind("I", CURRENT), {}, POST)
    assert (set(both.pre_traces), set(both.post_traces)) == ({"x"}, {"y"})


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_constant_comes_from_the_kinds_and_direct_sums_have_no_slots(place: int) -> None:
    static = SynapseModel().bind("I", CURRENT)
    text = texts(static, SynapseForm(constant=("w",), direct=("I",)))[place]
    assert head(text)["VARYING"] == () and head(text)["SCALARS"] == ("w",)
    assert "w = _C[_ckind[_c], 0]" in text and "_At" not in text.split("def on_pre")[0].split("def _rows")[-1]
    mixed = texts(static, SynapseForm(constant=("w",), mixed=True))[place]
    assert "w = _C[_kind[_s], 0]" in mixed
