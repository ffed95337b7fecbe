"""Generated synapse modules: layout, event order, what a model without on_post leaves out."""

import pytest

from spikegram.kernels.build import build_synapse
from spikegram.kernels.synapse_form import SynapseForm
from spikegram.kernels.synapse_numba import numba_synapse
from spikegram.kernels.synapse_numpy import reference_synapse
from spikegram.plasticity import SynapseModel
from spikegram.units import CURRENT, DIMENSIONLESS, VOLTAGE

PRE, POST = {"x": DIMENSIONLESS}, {"v": VOLTAGE, "I": CURRENT}
PAIR = SynapseModel(
    "w : weight\ndy/dt = -y/tau : 1 (event-driven)\n"
    "dz/dt = -z/tau : 1 (clock-driven)\nI_post = w*z*x_pre : amp (summed)",
    on_pre="target_post += w*int(v_post > v_0)", on_post="y += 1; w = clip(w + rand()*y*a, 0*a, 2*a)",
    parameters=dict(tau="10*ms", a="1*weight", v_0="-50*mV"), order=("post", "pre"), name="pair",
).bind("I", CURRENT)  # fmt: skip


GENERAL = SynapseForm()


def texts(program, form=GENERAL):
    return numba_synapse(program, form, False), reference_synapse(program, form)


@pytest.mark.parametrize("place", [0, 1])
def test_layout_of_a_rich_model(place: int) -> None:
    space: dict = {}
    text = texts(build_synapse(PAIR, PRE, POST))[place]
    exec(compile(text.split("\n\n\n")[0], "module", "exec"), space)  # the head of our own generated module
    assert space["VARIABLES"] == space["VARYING"] == ("w", "y", "z")
    assert (space["PRE"], space["POST"], space["TARGETS"], space["SUMS"]) == (("x",), ("v",), ("I",), ("I",))
    assert space["EVENT_DRIVEN"] and space["CLOCKED"] and space["ON_POST"] and space["RANDOM"] and space["AGES"]
    assert space["ORDER"] == ("post", "pre") and space["FIXED"] == () and space["PRIVATE"] == ((), ("y",))
    compile(text, "module", "exec")
