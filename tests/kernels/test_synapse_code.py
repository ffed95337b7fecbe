"""Generated synapse modules: layout, event order, what a model without on_post leaves out."""

import pytest

from spikegram.kernels.build import build_synapse
from spikegram.kernels.synapse_code import numba_synapse, reference_synapse
from spikegram.plasticity import SynapseModel
from spikegram.units import CURRENT, DIMENSIONLESS, VOLTAGE

PRE, POST = {"x": DIMENSIONLESS}, {"v": VOLTAGE, "I": CURRENT}
PAIR = SynapseModel(
    "w : weight\ndy/dt = -y/tau : 1 (event-driven)\n"
    "dz/dt = -z/tau : 1 (clock-driven)\nI_post = w*z*x_pre : amp (summed)",
    on_pre="target_post += w*int(v_post > v_0)", on_post="y += 1; w = clip(w + rand()*y*a, 0*a, 2*a)",
    parameters=dict(tau="10*ms", a="1*weight", v_0="-50*mV"), order=("post", "pre"), name="pair",
).bind("I", CURRENT)  # fmt: skip


@pytest.mark.parametrize("printer", [numba_synapse, reference_synapse])
def test_layout_of_a_rich_model(printer: object) -> None:
    space: dict = {}
    text = printer(build_synapse(PAIR, PRE, POST))
    exec(compile(text.split("\n\n\n")[0], "module", "exec"), space)  # the head of our own generated module
    assert space["VARIABLES"] == ("w", "y", "z")
    assert (space["PRE"], space["POST"], space["TARGETS"], space["SUMS"]) == (("x",), ("v",), ("I",), ("I",))
    assert space["EVENT_DRIVEN"] and space["CLOCKED"] and space["ON_POST"] and space["RANDOM"]
    assert space["ORDER"] == ("post", "pre")
    compile(text, "module", "exec")


def test_static_synapse_touches_nothing_but_its_weight() -> None:
    text = numba_synapse(build_synapse(SynapseModel().bind("I", CURRENT), {}, POST))
    pre = text.split("def on_pre")[1].split("def on_post")[0]
    assert "w = _Y[0, _s]" in pre and "_when" not in pre.split("= _syn")[1] and "_Y[0, _s] =" not in pre
    assert text.split("def on_post")[1].split("@_njit")[0].rstrip().endswith("return")
